"""From an entry of the ledger to what should be told: a pure function, and the only place that says what an alert is about.

The rule: an alert is derived from what the ledger says, so that whoever has the ledger can say why there was one, and why there was
none. Names that stand in entries were scrubbed before they were written, and are once more here, whoever wrote the ledger; nothing
else of an entry goes on from here.

- refused: an entry `refused`, with the `count` of those that were counted. A client that hung up was not refused (`cut`).
- undeclared: a fact that was found by its content, of a category that the flow does not carry by name. The map said nothing of it
  (or `scan`), or the detector found another category than the map says.
- drift: an entry `drift`. probe-leak: an entry `probe` with at least one leak. Both are of several categories at once (`among`).
- volume: the hour in which a principal got more of a category than `Volumes` takes for usual.

In `observe` nothing is refused, so that there is no `refused` alert; the others are derived as in `enforce`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ringfence.alert.volumes import Volumes, hour_of
from ringfence.crossing import scrub
from ringfence.detect import Detector
from ringfence.gates.refusals import is_cut, times_of
from ringfence.ledger import JsonValue
from ringfence.policy.alerts import AlertKind

Entry = Mapping[str, JsonValue]

_WITH_NEWS = frozenset({"crossed", "opened", "widened", "refused"})  # `closed` names nothing that these have not
_WITH_TOTALS = frozenset({"crossed", "closed"})
NOBODY = "ringfence"
WHOLE = "*"  # of a leak that is of no category: a way round the gate


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something that may be told. `first` and `last` are crossings; `usual` is said of a volume."""

    kind: AlertKind
    since: str
    until: str
    count: int = 1
    first: str = ""
    last: str = ""
    flow: str = ""
    gate: str = ""
    source: str = ""
    sink: str = ""
    principal: str = NOBODY
    role: str = ""
    category: str = ""
    reason: str = ""
    rule: str = ""
    usual: int = 0
    among: tuple[str, ...] = ()  # categories, where it is of several at once


def derive(entry: Entry, volumes: Volumes) -> Iterator[Sighting]:
    """Give what an entry has to tell; `volumes` takes note of what crossed."""
    kind = _text(entry, "kind")
    if kind == "refused" and not is_cut(entry):
        yield _sighting(
            AlertKind.REFUSED,
            entry,
            times_of(entry),
            category=_text(entry, "category"),
            reason=_text(entry, "refused"),
            rule=_text(entry, "rule"),
        )
    if kind in _WITH_NEWS:
        yield from _undeclared(entry)
    if kind in _WITH_TOTALS:
        yield from _beyond_the_usual(entry, volumes)
    if kind == "drift":
        drifted = _how_many(entry, ("count", "new", "gone", "changed"))
        yield _sighting(AlertKind.DRIFT, entry, drifted, among=_texts(entry, "categories"))
    if kind == "probe" and (leaks := _leaks(entry)):
        flows = _texts(entry, "flows")
        found = _sighting(
            AlertKind.PROBE_LEAK, entry, leaks, category=_text(entry, "category"), among=_leaked_categories(entry)
        )
        yield replace(found, flow=flows[0]) if len(flows) == 1 else found


def _undeclared(entry: Entry) -> Iterator[Sighting]:
    flow = _text(entry, "flow")
    for fact in _facts(entry):
        category, rule = _text(fact, "category"), _text(fact, "rule")
        named = rule.startswith(f"flows.{flow}.carry[") and not rule.startswith(f"flows.{flow}.carry[*]")
        if fact.get("how") == "found" and not named:
            yield _sighting(AlertKind.UNDECLARED, entry, _count(fact), category=category, rule=rule)


def _beyond_the_usual(entry: Entry, volumes: Volumes) -> Iterator[Sighting]:
    hour = hour_of(_text(entry, "at"))
    if hour is None:
        return
    totals: dict[str, int] = {}
    for fact in _facts(entry):
        category = _text(fact, "category")
        totals[category] = totals.get(category, 0) + _count(fact)
    for category, count in totals.items():
        beyond = volumes.take(_text(entry, "principal") or NOBODY, category, hour, count)
        if beyond is not None:
            yield _sighting(AlertKind.VOLUME, entry, beyond.total, category=category, usual=beyond.usual)


def _sighting(
    kind: AlertKind,
    entry: Entry,
    count: int,
    *,
    category: str = "",
    reason: str = "",
    rule: str = "",
    usual: int = 0,
    among: tuple[str, ...] = (),
) -> Sighting:
    at, crossing = _text(entry, "at"), _text(entry, "crossing")
    return Sighting(
        kind=kind,
        since=_text(entry, "since") or at,
        until=at,
        count=count,
        first=crossing,
        last=_text(entry, "last") or crossing,
        flow=_text(entry, "flow"),
        gate=_text(entry, "gate"),
        source=_text(entry, "from"),
        sink=_text(entry, "to"),
        principal=_text(entry, "principal") or NOBODY,
        role=_text(entry, "role"),
        category=category,
        reason=reason,
        rule=rule,
        usual=usual,
        among=among,
    )


def _leaks(entry: Entry) -> int:
    """Count the leaks of a run: those that are listed, and the rest of many."""
    listed = _how_many(entry, ("leaked", "leaks"), least=0)
    return listed + _how_many(entry, ("leaks_not_listed",), least=0)


def _leaked_categories(entry: Entry) -> tuple[str, ...]:
    """Give what was read; where nothing was, what was asked about."""
    leaks = entry.get("leaks")
    found: set[str] = set()
    for leak in leaks if isinstance(leaks, Sequence) and not isinstance(leaks, str) else ():
        if isinstance(leak, Mapping):
            found |= {*(_texts(leak, "read") or (_text(leak, "category"),))}
    return tuple(sorted(found - {"", WHOLE}))


def _texts(entry: Entry, name: str) -> tuple[str, ...]:
    value = entry.get(name)
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    return tuple(sorted({_scrubbed(one) for one in value if isinstance(one, str)}))


def _facts(entry: Entry) -> Iterator[Entry]:
    found = entry.get("found")
    for fact in found if isinstance(found, Sequence) and not isinstance(found, str) else ():
        if isinstance(fact, Mapping):
            yield fact


def _how_many(entry: Entry, names: Sequence[str], least: int = 1) -> int:
    """Count what stands under these names, as a number or as a list of what was counted."""
    total = 0
    for name in names:
        value = entry.get(name)
        if isinstance(value, Sequence) and not isinstance(value, str):
            total += len(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            total = max(total, value) if name in ("count", "leaked") else total + value
        if total and name in ("count", "leaked"):
            return total
    return max(total, least)


def _text(entry: Entry, name: str) -> str:
    value = entry.get(name)
    return _scrubbed(value) if isinstance(value, str) else ""


@lru_cache(maxsize=4096)  # names come again and again
def _scrubbed(text: str) -> str:
    return scrub(text, _DETECTOR)


_DETECTOR = Detector()


def _count(fact: Entry) -> int:
    value = fact.get("count")
    return value if isinstance(value, int) and not isinstance(value, bool) else 1
