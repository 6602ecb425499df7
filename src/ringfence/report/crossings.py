"""Who received which categories, from where to where, why, in which form: the record of processing, counted out of the ledger."""

from collections import defaultdict
from collections.abc import Iterable

from ringfence.gates.refusals import is_cut
from ringfence.ledger import Entry
from ringfence.report.basis import Basis
from ringfence.report.document import NOT_YET, Column, Document, Table, several
from ringfence.report.gathering import COUNTED, Gathered, in_order
from ringfence.report.passing import Outcome, Passage, passages

_WHO = (
    Column("principal", "who"),
    Column("role", "role"),
    Column("purpose", "purpose"),
    Column("flow", "flow"),
    Column("endpoint", "endpoint"),
    Column("from", "from"),
    Column("to", "to"),
)
_OBSERVED = "clear (observed)"


def report_crossings(basis: Basis, entries: Iterable[Entry]) -> Document:
    """Count what crossed and what was refused."""
    crossed: dict[tuple[str, ...], Gathered] = defaultdict(Gathered)
    refused: dict[tuple[str, ...], Gathered] = defaultdict(Gathered)
    plain: dict[tuple[str, str, str], int] = defaultdict(int)
    total = Gathered()
    expired = 0

    def kept() -> Iterable[Entry]:
        nonlocal expired
        for entry in entries:
            body = entry.body
            expired += body is None
            if body is not None and body.get("kind") == "counted":
                payloads = body.get("payloads")
                flow, source, sink = (str(body.get(key)) for key in ("flow", "from", "to"))
                plain[flow, source, sink] += payloads if isinstance(payloads, int) else 0
            yield entry

    for passage in passages(kept()):
        who = _who(passage)
        if passage.outcome in (Outcome.REFUSED, Outcome.CUT) and not is_cut(passage.body):
            why = (passage.text("refused"), passage.text("category"), passage.text("rule"))
            refused[*who, *why].add(passage)
        if passage.outcome is Outcome.REFUSED:
            continue
        total.add(passage, sum(each.count for each in passage.found))
        sums: dict[tuple[str, str], int] = defaultdict(int)
        for each in passage.found:
            sums[each.category, _OBSERVED if passage.observed else each.form] += each.count
        for (category, form), count in sums.items():
            crossed[*who, category, form].add(passage, count)
    receivers = len({row[0] for row in crossed})
    return Document(
        "crossings",
        "Crossings of personal data",
        basis,
        (
            (
                f"{several(total.crossings, 'payload')} with personal data crossed, with {several(total.values, 'value')}, "
                f"to {several(receivers, 'receiver')}."
            ),
            f"{several(sum(each.crossings for each in refused.values()), 'was', 'were')} refused.",
        ),
        (
            Table(
                "crossed",
                "What crossed, to whom, why, and in which form",
                (*_WHO, Column("category", "category"), Column("form", "form"), *COUNTED),
                in_order(((*key, *each.cells) for key, each in crossed.items()), len(_WHO) + 2),
            ),
            Table(
                "refused",
                "What was refused",
                (
                    *_WHO,
                    Column("reason", "because"),
                    Column("category", "category"),
                    Column("rule", "by rule"),
                    Column("times", "times"),
                    Column("first_at", "first"),
                    Column("last_at", "last"),
                    Column("entries", "entries"),
                ),
                in_order(
                    (
                        (*key, each.crossings, each.first_at, each.last_at, each.entries)
                        for key, each in refused.items()
                    ),
                    len(_WHO) + 3,
                ),
            ),
            Table(
                "plain",
                "Payloads in which nothing personal was declared or found",
                (Column("flow", "flow"), Column("from", "from"), Column("to", "to"), Column("payloads", "payloads")),
                in_order(((*key, count) for key, count in plain.items()), 3),
            ),
        ),
        _notes(expired, crossed),
    )


def _who(passage: Passage) -> tuple[str, ...]:
    return tuple(passage.text(column.key) for column in _WHO)


def _notes(expired: int, crossed: dict[tuple[str, ...], Gathered]) -> tuple[str, ...]:
    notes = [
        "Values are counted as the gate met them: the same value in two crossings counts twice.",
        "What took another way than a declared gate is not in the ledger, and so not here.",
        NOT_YET,
        "The canaries that a gate sends through itself before it serves hold no person's data: they are not counted.",
    ]
    if expired:
        notes.append(f"The content of {expired:,} entries of the period has expired: they are not counted in.")
    if any(each.unknown for each in crossed.values()):
        notes.append("Crossings of unknown outcome were opened and cut off: their figures are the least that crossed.")
    if any(key[-1] == _OBSERVED for key in crossed):
        notes.append("Where a flow observes, everything crosses as it is: it protects nothing.")
    return tuple(notes)
