"""What a breach of a zone reaches: the categories and forms that crossed into it, how many people, and what undoes each form.

The rule: numbers of people are bounds. Where a flow keeps blind indexes, the distinct ones are the least; those that did not fit
into an entry are added to the most, for they may be people already counted. Without an index nothing is said of people at all.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ringfence.ledger import Entry
from ringfence.policy import Policy, ZoneName
from ringfence.policy.knowing import knowledge
from ringfence.policy.model import FormKind
from ringfence.report.basis import Basis
from ringfence.report.document import Cell, Column, Document, Table, several
from ringfence.report.gathering import COUNTED, Gathered, in_order
from ringfence.report.passing import Outcome, Passage, passages
from ringfence.taxonomy import CATEGORIES

_NO_INDEX = "no index kept"

UNDOING: Mapping[FormKind, str] = {
    FormKind.CLEAR: "it is the value itself",
    FormKind.MASK: "not by itself; the characters that it keeps are clear",
    FormKind.TRUNCATE: "not by itself; what it keeps is clear",
    FormKind.BUCKET: "not by itself; it says in which range the value lies",
    FormKind.REDACT: "nothing: the value is not in it",
    FormKind.NULL: "nothing: the value is not in it",
    FormKind.HASH: "trying every value with the key {key}",
    FormKind.TOKEN: "the key {key}, with ringfence",
    FormKind.PLACEHOLDER: "the vault and the key {key}, as long as the vault keeps it",
    FormKind.SURROGATE: "the vault and the key {key}, as long as the vault keeps it",
    FormKind.DENY: "nothing: it does not cross",
}
"""What gives a form's value back."""


@dataclass(slots=True)
class Reach:
    """The people whom a row is about."""

    kept: set[str]
    more: int = 0
    indexed: bool = False
    unindexed: bool = False

    def add(self, passage: Passage) -> None:
        """Add a passage's people."""
        subjects = passage.subjects
        self.kept |= subjects
        self.more += passage.more_subjects
        if subjects or passage.more_subjects:
            self.indexed = True
        else:
            self.unindexed = True

    def __str__(self) -> str:
        if not self.indexed:
            return _NO_INDEX
        least = len(self.kept)
        people = f"{least:,}" if not self.more else f"{least:,} to {least + self.more:,}"
        return f"{people}, and those of crossings without index" if self.unindexed else people


def report_breach(basis: Basis, entries: Iterable[Entry], zone: ZoneName, policy: Policy) -> Document:
    """Count what crossed into a zone. `policy`: the one now in force, for what its forms mean and what it would let cross."""
    rows: dict[tuple[str, ...], Gathered] = defaultdict(Gathered)
    reached: dict[tuple[str, ...], Reach] = defaultdict(lambda: Reach(set()))
    receivers: dict[tuple[str, str], Gathered] = defaultdict(Gathered)
    everyone = Reach(set())
    seen: set[str] = set()
    for passage in passages(entry for entry in entries if entry.body is not None and entry.body.get("to") == zone):
        if passage.outcome is Outcome.REFUSED or not passage.found:
            continue
        everyone.add(passage)
        sums: dict[tuple[str, str], int] = defaultdict(int)
        for each in passage.found:
            sums[each.category, "clear" if passage.observed else each.form] += each.count
        receivers[passage.text("principal"), passage.text("role")].add(passage, sum(sums.values()))
        for (category, form), count in sums.items():
            key = (category, form, passage.text("from"), passage.text("flow"))
            rows[key].add(passage, count)
            reached[key].add(passage)
            seen.add(category)
    payloads = sum(each.crossings for each in receivers.values())
    return Document(
        "breach",
        f"What a breach of zone {zone} reaches",
        basis,
        (
            (
                f"{several(len(seen), 'category', 'categories')} crossed into {zone}, in {several(payloads, 'payload')}, "
                f"to {several(len(receivers), 'receiver')}."
            ),
            f"People who could be affected: {everyone}.",
        ),
        (
            Table(
                "reached",
                f"What crossed into {zone}",
                (
                    Column("category", "category"),
                    Column("form", "form"),
                    Column("from", "from"),
                    Column("flow", "flow"),
                    *COUNTED,
                    Column("people", "people"),
                    Column("undone_by", "what gives the value back"),
                    Column("regulations", "named by"),
                ),
                in_order(
                    (
                        (*key, *each.cells, str(reached[key]), _undone_by(policy, key[1]), _regulations(key[0]))
                        for key, each in rows.items()
                    ),
                    5,
                ),
                "nothing personal crossed into it in that time",
            ),
            Table(
                "receivers",
                "Who received it",
                (Column("principal", "who"), Column("role", "role"), *COUNTED),
                in_order(((*key, *each.cells) for key, each in receivers.items()), 3),
                "nobody",
            ),
            Table(
                "could",
                f"What could cross into {zone} by the policy now in force, and was not seen to",
                (Column("category", "category"), Column("forms", "forms")),
                _could(policy, zone, seen),
                "nothing more",
            ),
        ),
        (
            "The period bounds what crossed in it: what had crossed before, and was kept, is reached as well.",
            "People are counted by blind indexes, where the flow keeps them (`index:` in the policy).",
            "What took another way than a declared gate is not in the ledger, and so not here.",
        ),
    )


def _undone_by(policy: Policy, form: str) -> str:
    known = policy.forms.get(form)
    if known is None:
        return "not in the policy now in force"
    key = policy.keys.get(known.key) if known.key is not None else None
    held = f"{known.key} (held by {', '.join(sorted(key.zones))})" if key is not None else str(known.key)
    return UNDOING[known.kind].replace("{key}", held)


def _regulations(category: str) -> str:
    info = CATEGORIES.get(category)
    return "; ".join(map(str, info.regulations)) if info is not None else ""


def _could(policy: Policy, zone: ZoneName, seen: set[str]) -> list[tuple[Cell, ...]]:
    held = knowledge(policy)
    rows: list[tuple[Cell, ...]] = []
    for category in sorted(CATEGORIES):
        if category in seen:
            continue
        forms = sorted({form.name for form in held.forms(zone, category)})
        if forms and forms not in (["redact"], ["null"]):
            rows.append((category, ", ".join(forms)))
    return rows
