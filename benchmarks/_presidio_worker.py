"""What Presidio's pattern recognizers find: run by its own interpreter, `PYTHON _presidio_worker.py IN OUT`.

The rule: this file imports nothing of ringfence's. It reads lines of ``{"text", "lang"}`` and writes, for each, what the default
registry and what every recognizer of every country finds, at any score: ``{"default": [[start, end, entity, score], ...], "all":
...}``. No model is loaded: `spacy.blank` splits words, and each word is its own lemma, so that context words do count.
"""

import inspect
import json
import logging
import sys
from pathlib import Path
from typing import Any

import presidio_analyzer.predefined_recognizers as predefined
import spacy
from presidio_analyzer import AnalyzerEngine, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import PhoneRecognizer
from spacy.language import Language


@Language.component("itself_as_lemma")
def _itself_as_lemma(doc: Any) -> Any:
    for token in doc:
        token.lemma_ = token.text
    return doc


class _Blank(SpacyNlpEngine):  # type: ignore[misc]
    """Words without a model."""

    def __init__(self, lang: str) -> None:
        super().__init__()
        self.nlp = {lang: spacy.blank(lang)}
        self.nlp[lang].max_length = 10_000_000
        self.nlp[lang].add_pipe("itself_as_lemma")

    def load(self) -> None:
        """Nothing is loaded."""


def _engine(lang: str, registry: RecognizerRegistry) -> AnalyzerEngine:
    return AnalyzerEngine(nlp_engine=_Blank(lang), registry=registry, supported_languages=[lang])


def _default(lang: str) -> AnalyzerEngine:
    registry = RecognizerRegistry(supported_languages=[lang])
    registry.load_predefined_recognizers(languages=[lang])
    registry.recognizers = [one for one in registry.recognizers if isinstance(one, PatternRecognizer | PhoneRecognizer)]
    return _engine(lang, registry)


def _all(lang: str) -> AnalyzerEngine:
    """Every recognizer that is a table of patterns, told that the text is in its language."""
    recognizers = []
    for name, kind in inspect.getmembers(predefined, inspect.isclass):
        if not issubclass(kind, PatternRecognizer | PhoneRecognizer) or kind is PatternRecognizer:
            continue
        try:
            recognizers.append(kind(supported_language=lang))
        except (TypeError, ValueError) as problem:
            print(f"{name} cannot be made: {type(problem).__name__}", file=sys.stderr)
    return _engine(lang, RecognizerRegistry(recognizers=recognizers, supported_languages=[lang]))


def main() -> None:
    logging.disable(logging.WARNING)
    engines: dict[str, dict[str, AnalyzerEngine]] = {}
    with Path(sys.argv[1]).open(encoding="utf-8") as given, Path(sys.argv[2]).open("w", encoding="utf-8") as out:
        for line in given:
            row = json.loads(line)
            lang = row["lang"]
            if lang not in engines:
                engines[lang] = {"default": _default(lang), "all": _all(lang)}
            found = {
                name: [
                    [one.start, one.end, one.entity_type, round(one.score, 3)]
                    for one in engine.analyze(row["text"], language=lang)
                ]
                for name, engine in engines[lang].items()
            }
            out.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
