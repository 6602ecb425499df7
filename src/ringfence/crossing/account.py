"""What a crossing has seen so far: its facts and subjects, as they will stand in its entries."""

from collections.abc import Container, Sequence

from ringfence.crossing.effects import Json
from ringfence.crossing.entries import PLACES_KEPT, SUBJECTS_KEPT, Fact
from ringfence.crossing.scrubbing import scrub
from ringfence.crossing.sighting import Sighting
from ringfence.detect import Detector

_PATHS_KEPT = 1024


class Account:
    """The running account of one crossing. Bounded, however long the payload."""

    __slots__ = ("_declared", "_detector", "_facts", "_more_subjects", "_scrubbed", "_subjects", "_unrecorded")

    def __init__(self, detector: Detector, declared: Container[str] = ()) -> None:
        self._detector = detector
        self._declared = declared  # paths out of the policy, which need no scrubbing
        self._facts: dict[tuple[str, ...], Fact] = {}
        self._unrecorded: set[tuple[str, ...]] = set()
        self._subjects: dict[str, None] = {}
        self._more_subjects = 0
        self._scrubbed: dict[str, str] = {}

    @property
    def facts(self) -> list[Fact]:
        """Everything seen."""
        return list(self._facts.values())

    @property
    def news(self) -> list[Fact]:
        """What no entry names yet."""
        return [fact for key, fact in self._facts.items() if key in self._unrecorded]

    def recorded(self) -> None:
        """Note that an entry now names everything seen."""
        self._unrecorded.clear()

    def count(self, sighting: Sighting, position: int) -> None:
        """Add a sighting in a unit that begins at byte `position` of the payload; rows, in a batch that begins at that row."""
        form = sighting.decision.form.name
        key = (sighting.category, sighting.entity, form, sighting.decision.rule, sighting.how)
        fact = self._facts.get(key)
        if fact is None:
            fact = self._facts[key] = Fact(*key)
            self._unrecorded.add(key)
        fact.count += sighting.count
        fact.best_score = max(fact.best_score, sighting.score)
        fact.evidence.update(sighting.evidence)
        if sighting.path and len(fact.fields) < PLACES_KEPT:
            fact.fields.add(self._scrub(sighting.path))
        if sighting.place >= 0 and len(fact.places) < PLACES_KEPT:
            fact.places.append(position + sighting.place)

    def note_subjects(self, subjects: Sequence[str], more: int = 0) -> None:
        """Add blind indexes of the people that the payload is about, and the number of those that were not computed."""
        self._more_subjects += more
        for subject in subjects:
            if subject in self._subjects:
                continue
            if len(self._subjects) < SUBJECTS_KEPT:
                self._subjects[subject] = None
            else:
                self._more_subjects += 1

    def people(self) -> dict[str, Json]:
        """Give the subjects as they stand in an entry."""
        people: dict[str, Json] = {}
        if self._subjects:
            people["subjects"] = list(self._subjects)
        if self._more_subjects:
            people["more_subjects"] = self._more_subjects
        return people

    def _scrub(self, path: str) -> str:
        if path in self._declared:
            return path
        clean = self._scrubbed.get(path)
        if clean is None:
            clean = scrub(path, self._detector)
            if len(self._scrubbed) < _PATHS_KEPT:
                self._scrubbed[path] = clean
        return clean
