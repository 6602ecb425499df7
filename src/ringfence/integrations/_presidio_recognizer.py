"""Ringfence's detection as one recognizer of Presidio's; imported only where Presidio is installed."""

from presidio_analyzer import AnalysisExplanation, EntityRecognizer, RecognizerResult

from ringfence.detect import Detector, Finding
from ringfence.integrations.presidio import presidio_name

_NAME = "RingfenceRecognizer"


class RingfenceRecognizer(EntityRecognizer):  # type: ignore[misc]  # Presidio has no types
    """All that a detector finds. It needs no linguistic analysis, and has a score of its own: Presidio's context adds nothing."""

    def __init__(self, detector: Detector, language: str) -> None:
        self._detector = detector
        entities = sorted(presidio_name(entity) for entity in detector.entities)
        super().__init__(supported_entities=entities, name=_NAME, supported_language=language)

    def load(self) -> None:
        """Load nothing: a detector is whole when it is made."""

    def analyze(self, text: str, entities: list[str] | None, nlp_artifacts: object = None) -> list[RecognizerResult]:  # noqa: ARG002 (Presidio's signature)
        """Find the entities that are asked for; none: all."""
        asked = set(entities) if entities else None
        found = ((presidio_name(one.entity), one) for one in self._detector.find(text))
        return [_result(name, one) for name, one in found if asked is None or name in asked]


def _result(name: str, one: Finding) -> RecognizerResult:
    explanation = AnalysisExplanation(
        recognizer=_NAME, original_score=one.score, textual_explanation=", ".join(one.evidence)
    )
    metadata = {RecognizerResult.RECOGNIZER_NAME_KEY: _NAME}
    return RecognizerResult(name, one.start, one.end, one.score, explanation, metadata)
