"""What flows that observe would have changed or refused: the basis to decide on `ringfence enforce`.

The rule: the figures are those of what would be seen. A payload that would have been refused counts as refused and not as changed,
for nothing of it would have crossed.
"""

from collections import defaultdict
from collections.abc import Iterable

from ringfence.ledger import Entry
from ringfence.report.basis import Basis
from ringfence.report.document import NOT_YET, Column, Document, Table, several
from ringfence.report.gathering import Gathered, in_order
from ringfence.report.passing import passages

_CLEAR = "clear"
_DENY = "deny"
_WHO = (Column("flow", "flow"), Column("principal", "who"), Column("role", "role"), Column("client", "client"))


def report_observed(basis: Basis, entries: Iterable[Entry], flow: str = "") -> Document:
    """Count what would have been; of one flow where one is named."""
    refused: dict[tuple[str, ...], Gathered] = defaultdict(Gathered)
    changed: dict[tuple[str, ...], Gathered] = defaultdict(Gathered)
    flows: dict[str, _Flow] = defaultdict(_Flow)

    def kept() -> Iterable[Entry]:
        for entry in entries:
            body = entry.body
            if body is None or body.get("mode") != "observe" or (flow and body.get("flow") != flow):
                continue
            if body.get("kind") == "counted":
                payloads = body.get("payloads")
                flows[str(body.get("flow"))].passed += payloads if isinstance(payloads, int) else 0
            yield entry

    for passage in passages(kept()):
        who = (passage.text("flow"), passage.text("principal"), passage.text("role"), passage.client)
        of_flow = flows[who[0]]
        would = passage.text("would")
        if would:
            of_flow.refused += passage.times
            key = (*who, would, passage.text("category"), passage.text("rule"), passage.text("why"))
            refused[key].add(passage)
            continue
        sums: dict[tuple[str, str], int] = defaultdict(int)
        for each in passage.found:
            if each.form not in (_CLEAR, _DENY):
                sums[each.category, each.form] += each.count
        of_flow.changed += bool(sums)
        of_flow.passed += not sums
        for (category, form), count in sums.items():
            changed[*who, category, form].add(passage, count)
    return Document(
        "observe",
        "What would have been changed or refused",
        basis,
        tuple(each.sentence(name) for name, each in sorted(flows.items()))
        or ("No flow observed anything in that time.",),
        (
            Table(
                "refused",
                "What would have been refused",
                (
                    *_WHO,
                    Column("would", "because"),
                    Column("category", "category"),
                    Column("rule", "by rule"),
                    Column("why", "in words"),
                    Column("times", "times"),
                    Column("last_at", "last"),
                    Column("mend", "mend"),
                    Column("example", "example"),
                    Column("entries", "entries"),
                ),
                in_order((_refused_row(key, each) for key, each in refused.items()), len(_WHO) + 4),
                "nothing would have been refused",
            ),
            Table(
                "changed",
                "What would have been changed",
                (
                    *_WHO,
                    Column("category", "category"),
                    Column("form", "form"),
                    Column("crossings", "payloads"),
                    Column("values", "values"),
                    Column("last_at", "last"),
                    Column("example", "example"),
                    Column("entries", "entries"),
                ),
                in_order(
                    (
                        (*key, each.crossings, each.values, each.last_at, each.example, each.entries)
                        for key, each in changed.items()
                    ),
                    len(_WHO) + 3,
                ),
                "nothing would have been changed",
            ),
        ),
        (
            NOT_YET,
            "A payload that would have been refused is not counted among those that would have been changed.",
            "`ringfence explain EXAMPLE` says of each why; `ringfence enforce FLOW` makes the verdicts bind.",
        ),
    )


def _refused_row(key: tuple[str, ...], each: Gathered) -> tuple[str | int, ...]:
    return (*key, each.crossings, each.last_at, each.mend, each.example, each.entries)


class _Flow:
    """What became of a flow's payloads, or would have."""

    __slots__ = ("changed", "passed", "refused")

    def __init__(self) -> None:
        self.refused = self.changed = self.passed = 0

    def sentence(self, name: str) -> str:
        """Say it."""
        total = self.refused + self.changed + self.passed
        return (
            f"{name}: of {several(total, 'payload')} {self.refused:,} would have been refused and {self.changed:,} changed; "
            f"{self.passed:,} would have passed as they are."
        )
