"""From samples to judged fields.

The rule: `detect.classify` judges each field by its name, type, comment and sample; here is only what a source adds to that: what
could not be read is unknown, whatever its name promises; a document as a whole is `scan`, so that parts which nobody has seen yet
are searched; and where a field's values come from another field, it is judged no weaker than that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ringfence.atlas.gathering import Samples
from ringfence.atlas.model import Mapped, MappedTable
from ringfence.detect import OF_PEOPLE, Detector, classify, tells_its_kind
from ringfence.policy.model import NONE, SCAN, UNKNOWN
from ringfence.taxonomy import is_within

DOCUMENT: Final = "shape:document"
NAMES_ARE_DATA: Final = "shape:names are data"
TOO_LONG: Final = "shape:too long to be read"
REVIEWED: Final = "reviewed"
COMPUTED: Final = "computed"
_SURE: Final = 0.8
_NAMES: Final = ("user.name",)
_TELLING: Final = ("user.demographic.date_of_birth", "user.contact", "user.government_id")
_SORTING: Final = (("shape:few values",), ("shape:numbers",))
"""Evidence of what is harmless in a table of things, and of people cannot be told."""
_LINEAGE_ROUNDS: Final = 16  # views upon views


class Judge:
    """Judges fields with one detector."""

    def __init__(self, detector: Detector | None = None) -> None:
        self.detector = detector if detector is not None else Detector()

    def field(self, path: str, kind: str, comment: str, sample: Sequence[str], *, inner: bool = False) -> Mapped:
        """Judge one field."""
        found = classify(path, kind, comment, sample, detector=self.detector)
        return Mapped(path, kind, found.judgement, round(found.confidence, 2), tuple(found.evidence), inner=inner)

    def documents(self, samples: Samples, *, inner: bool = True) -> list[Mapped]:
        """Judge all fields of documents."""
        odd = samples.settle(self.detector)
        judged = [
            self.field(path, samples.type_of(path), "", samples.values(path), inner=inner) for path in samples.paths()
        ]
        return judged + [Mapped(path, "object", SCAN, 0.5, (NAMES_ARE_DATA,), inner=inner) for path in odd if path]


def unread(path: str, kind: str, why: str) -> Mapped:
    """Give a field that could not be read."""
    return Mapped(path, kind, UNKNOWN, 0.0, (why,))


def whole_document(path: str, kind: str, *evidence: str) -> Mapped:
    """Give a column of documents, whose parts are judged by their own paths."""
    return Mapped(path, kind, SCAN, 0.5, (DOCUMENT, *evidence))


def concluded(tables: Iterable[MappedTable], reviewed: Mapping[str, str]) -> tuple[MappedTable, ...]:
    """Put persons' judgements (by path) in the place of the program's, then follow lineage."""
    return follow_lineage(
        replace(table, fields=tuple(_reviewed(one, reviewed) for one in table.fields))
        for table in map(doubt_of_people, tables)
    )


def doubt_of_people(table: MappedTable) -> MappedTable:
    """Doubt what sorts people in a table that has their names and how to reach them, though its own name does not say so."""
    if tells_its_kind(table.path):
        return table
    sure = [one.judgement for one in table.fields if one.is_personal and one.confidence >= _SURE]
    named, told = (any(is_within(one, kind) for one in sure for kind in kinds) for kinds in (_NAMES, _TELLING))
    if not (named and told):
        return table
    return replace(
        table,
        fields=tuple(
            replace(one, judgement=UNKNOWN, confidence=0.5, evidence=(OF_PEOPLE,))
            if one.judgement == NONE and one.evidence in _SORTING
            else one
            for one in table.fields
        ),
    )


def _reviewed(one: Mapped, reviewed: Mapping[str, str]) -> Mapped:
    if one.path not in reviewed:
        return one
    return replace(one, judgement=reviewed[one.path], confidence=1.0, evidence=(REVIEWED,), reviewed=True)


def doubt_computed(table: MappedTable, reads: Iterable[str], known: Mapping[str, Mapped]) -> MappedTable:
    """Doubt that a column which a view computes is harmless, where the view is made from personal ones and little speaks for it."""
    if not any(path in known and known[path].is_personal for path in reads):
        return table
    return replace(table, fields=tuple(_doubted(one) for one in table.fields))


def _doubted(one: Mapped) -> Mapped:
    copied = any(each.how == "copy" for each in one.lineage)
    if one.judgement != NONE or one.reviewed or copied or one.confidence >= _SURE:
        return one
    return replace(one, judgement=UNKNOWN, confidence=0.5, evidence=(COMPUTED,))


def follow_lineage(tables: Iterable[MappedTable]) -> tuple[MappedTable, ...]:
    """Give each copy, and each key of a personal field, its source's category where its own judgement is weaker.

    A copy says `copy of`, a join key `key of`. Lineage that leads to nothing personal stays on copies, and goes from keys: every
    table has keys, and most say nothing.
    """
    listed = tuple(tables)
    known = {one.path: one for table in listed for one in table.fields}
    for _ in range(_LINEAGE_ROUNDS):
        changed = {one.path: after for one in known.values() if (after := _followed(one, known)) != one}
        if not changed:
            break
        known |= changed
    return tuple(
        replace(table, fields=tuple(_shown(known[one.path], known) for one in table.fields)) for table in listed
    )


def _followed(one: Mapped, known: Mapping[str, Mapped]) -> Mapped:
    if one.reviewed:
        return one
    sources = [(each, known[each.path]) for each in one.lineage if each.path in known]
    personal = [(each, source) for each, source in sources if source.is_personal]
    if one.is_personal or not personal:
        copies = [source for each, source in sources if each.how == "copy"]
        if one.judgement == UNKNOWN and len(copies) == 1 and copies[0].judgement in (NONE, SCAN):
            return replace(one, judgement=copies[0].judgement, confidence=copies[0].confidence, evidence=_by(copies[0]))
        return one
    _, source = max(personal, key=lambda pair: (pair[0].how == "copy", pair[1].confidence))
    return replace(one, judgement=source.judgement, confidence=source.confidence, evidence=_by(source))


def _by(source: Mapped) -> tuple[str, ...]:
    return (f"lineage:{source.path}",)


def _shown(one: Mapped, known: Mapping[str, Mapped]) -> Mapped:
    kept = tuple(
        each
        for each in one.lineage
        if each.how == "copy" or ((source := known.get(each.path)) is not None and source.is_personal)
    )
    return one if kept == one.lineage else replace(one, lineage=kept)
