"""What is attacked: for each category a column that holds it, with a few of its values where somebody lent them.

The rule: values are held in memory while the run lasts, have no readable form, and are bounded in number. Where no reference
was given there are none: then only what needs none can be tried, and the rest is said to be not runnable.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ringfence.detect import Detector
from ringfence.policy import Asset
from ringfence.policy.announcing import judge_path
from ringfence.policy.model import NONE, SCAN, UNKNOWN
from ringfence.probe.asking import Client
from ringfence.probe.attacks import Filling
from ringfence.probe.catalogue import Column, literal, quoted, texts_of

SAMPLE = 12  # rows of each table
MOST_COLUMNS = 400
NOBODY = "zq nobody vx"  # a value that no field has

_NOBODY = (  # the same, of types that are no text
    ("date", "1801-01-01"),
    ("timestamp", "1801-01-01"),
    ("time", "00:00:00.001"),
    ("inet", "192.0.2.255"),
    ("cidr", "192.0.2.255/32"),
    ("uuid", "00000000-0000-0000-0000-000000000000"),
    ("numeric", "0"),
    ("integer", "0"),
    ("bigint", "0"),
    ("smallint", "0"),
    ("double", "0"),
    ("real", "0"),
    ("bytea", "\\x00"),
    ("json", "{}"),
    ("boolean", "f"),
)

WHOLE = "*"
"""The category of attacks that are after no column, but after a way round the gate."""


@dataclass(frozen=True, slots=True)
class Target:
    """A column, or a path into it."""

    category: str
    path: str
    filling: Filling
    is_text: bool
    column: str = ""  # the path of the column that it lies in
    values: Sequence[str] = field(default=(), repr=False)  # of the first rows, in the order of `filling.keys`
    found: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)  # by category: what is to be watched

    @property
    def first(self) -> str:
        """The value in the first of the rows, which questions are asked about."""
        return self.values[0] if self.values else ""


def targets(
    columns: Sequence[Column],
    asset: Asset,
    detector: Detector,
    client: Client,
    *,
    with_values: bool,
    planted: Mapping[tuple[str, str], Sequence[Mapping[str, str]]],
) -> list[Target]:
    """Give everything that a policy judges personal, free text or unknown, and that the database has.

    `client` reads keys, and values too where `with_values`; of a table in which something was planted, that alone.
    """
    made: list[Target] = []
    for relation in dict.fromkeys(column.relation for column in columns):
        own = [column for column in columns if column.relation == relation]
        judged = [one for column in own for one in _judged(column, asset)][:MOST_COLUMNS]
        if judged:
            rows = planted.get((own[0].schema, own[0].table), ())
            made += _filled(judged, asset, detector, client, rows, with_values=with_values)
    return made


def representatives(found: Sequence[Target], readable: Collection[str] | None) -> list[Target]:
    """Give one target of each category: of those that a login may read, where that is known, the one of which most is known."""
    best: dict[str, Target] = {}
    for target in sorted(found, key=lambda one: (readable is not None and one.column not in readable, *_rank(one))):
        best.setdefault(target.category, target)
    return [best[category] for category in sorted(best)]


def _rank(target: Target) -> tuple[int, bool, bool, bool]:
    kinds = sum(bool(values) for values in target.found.values())
    return (-kinds, not target.filling.keys, not target.is_text, target.path != target.column)


def _judged(column: Column, asset: Asset) -> Iterator[tuple[str, Column, str, str]]:
    """Give a column, and what is declared below it, each as judgement, column, path and expression."""
    longest = max(map(len, asset.fields), default=0)
    judgement = judge_path(asset.fields, column.path, longest)
    if judgement != NONE:
        yield judgement, column, column.path, quoted(column.name)
    for path, below in asset.fields.items():
        if path.startswith(f"{column.path}.") and below not in (NONE, judgement) and column.type in ("json", "jsonb"):
            steps = path.removeprefix(f"{column.path}.").split(".")
            yield below, column, path, f"({quoted(column.name)} #>> {literal('{' + ','.join(steps) + '}')})"


def _filled(
    judged: Sequence[tuple[str, Column, str, str]],
    asset: Asset,
    detector: Detector,
    client: Client,
    planted: Sequence[Mapping[str, str]],
    *,
    with_values: bool,
) -> Iterator[Target]:
    first = judged[0][1]
    longest = max(map(len, asset.fields), default=0)
    key_path = f"{first.schema}.{first.table}.{first.key}"
    has_key = bool(first.key) and judge_path(asset.fields, key_path, longest) == NONE
    key = quoted(first.key) if has_key else ""
    shown = [f"{key}::text" if has_key else "''", *(f"({value})::text" for *_, value in judged if with_values)]
    chosen = [literal(row[first.key]) for row in planted if first.key in row][:SAMPLE]
    where = f"where {quoted(first.key)} in ({', '.join(chosen)}) " if chosen else ""
    rows = texts_of(client.ask(f"select {', '.join(shown)} from {first.relation} {where}limit {SAMPLE}"))  # noqa: S608 (names are quoted)
    for number, (category, column, path, value) in enumerate(judged, 1):
        held = [(row[0], _readable(row[number], column.type)) for row in rows if with_values and row[number]]
        if category == SCAN:  # the first row is asked about: one in which something is found
            held.sort(key=lambda each: not detector.find(each[1]))
        keys = [one for one, _ in held] if with_values else [row[0] for row in rows]
        filling = Filling(
            table=column.relation,
            column=quoted(column.name),
            value=value,
            key=key,
            keys=[literal(one) for one in keys if one],
            view=".".join(map(quoted, column.view)) if column.view else "",
            name=literal(column.table),
            literal=literal(
                next(
                    (one for kind, one in _NOBODY if column.type.startswith(kind) and value == quoted(column.name)),
                    NOBODY,
                )
            ),
        )
        values = [text for _, text in held]
        target = Target(category, path, filling, column.is_text, column.path, values)
        yield replace(target, found=_watched(target, column, detector))


def _watched(target: Target, column: Column, detector: Detector) -> Mapping[str, Sequence[str]]:
    if target.category != SCAN:
        return {target.category: target.values}
    found: dict[str, list[str]] = {}
    field_name = column.path if column.is_text else ""
    for text in target.values:
        for finding in detector.find(text, field=field_name):
            found.setdefault(finding.category, []).append(text[finding.start : finding.end])
    return found


def _readable(text: str, kind: str) -> str:
    """Give bytes as the text that they are, where they are one."""
    if kind != "bytea" or not text.startswith("\\x"):
        return text
    try:
        return bytes.fromhex(text[2:]).decode()
    except ValueError:
        return text


def values_by_category(found: Sequence[Target]) -> Mapping[str, Sequence[str]]:
    """Give all values that are known, by category."""
    known: dict[str, list[str]] = {}
    for target in found:
        for category, values in target.found.items():
            known.setdefault(category, []).extend(values)
    return known


__all__ = ["NOBODY", "SAMPLE", "UNKNOWN", "WHOLE", "Target", "representatives", "targets", "values_by_category"]
