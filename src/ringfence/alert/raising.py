"""From sightings to alerts: the same is told once in a window, no rule tells more than its rate allows, and nothing is dropped.

The rule: what is not told at once is counted, and the count is told. A window begins with an alert; what is like it is counted
until the window ends, and then told as one alert with the count, which begins a new window. Alerts beyond a rule's rate are
counted for the rest of its period, and told as one `summary`. Everything here is values and times that are handed in; what
changes is given out, so that it can be kept.

Alike are sightings of one rule with the same kind, flow, gate, principal, role, category and reason. The state is bounded:
`MOST_WINDOWS` windows; what would need another one goes to its rule's summary.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from pydantic import TypeAdapter

from ringfence.alert.deriving import NOBODY, Sighting
from ringfence.policy.alerts import AlertKind, AlertRule
from ringfence.taxonomy import is_within

MOST_WINDOWS = 5_000
SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Alert:
    """What is told. `alerts` is of a summary: how many alerts it stands for."""

    id: str
    kind: str  # one of AlertKind, `summary` or `test`
    rule: str  # of the policy: alert[0]
    to: tuple[str, ...]
    about: Sighting
    alerts: int = 1


@dataclass(slots=True)
class _Window:
    until: float
    more: Sighting | None = None  # those that were counted, as one


@dataclass(slots=True)
class _Rate:
    began: float
    told: int = 0
    alerts: int = 0  # that were not told
    more: Sighting | None = None


_WINDOW: TypeAdapter[_Window] = TypeAdapter(_Window)
_RATE: TypeAdapter[_Rate] = TypeAdapter(_Rate)


@dataclass(slots=True)
class _Rule:
    number: int
    rule: AlertRule
    name: str = field(init=False)  # the same as long as the rule says the same

    def __post_init__(self) -> None:
        said = [sorted(self.rule.on), self.rule.to, sorted(self.rule.flows), self.rule.categories]
        times = [self.rule.within, self.rule.most, self.rule.per]
        self.name = sha256(json.dumps([said, times]).encode()).hexdigest()[:16]


class Raiser:
    """Decides what is told, and when. `new_id` names an alert."""

    def __init__(self, rules: Sequence[AlertRule], new_id: Callable[[], str]) -> None:
        self._rules = [_Rule(number, rule) for number, rule in enumerate(rules)]
        self._new_id = new_id
        self._windows: dict[str, tuple[_Rule, _Window]] = {}
        self._rates: dict[str, tuple[_Rule, _Rate]] = {}
        self._changed: set[str] = set()
        self._soonest = float("inf")

    def take(self, sighting: Sighting, now: float) -> list[Alert]:
        """Give the alerts that a sighting raises at once."""
        return [
            alert for rule in self._rules if _fits(rule.rule, sighting) for alert in self._told(rule, sighting, now)
        ]

    def due(self, now: float) -> list[Alert]:
        """Give the alerts that sum up what was counted and whose time has come."""
        if now < self._soonest:
            return []
        alerts: list[Alert] = []
        for key, (rule, rate) in list(self._rates.items()):
            if rate.began + rule.rule.per <= now:
                del self._rates[key]
                self._changed.add(key)
                alerts += self._summary(rule, rate)
        for key, (rule, window) in list(self._windows.items()):
            if window.until <= now:
                del self._windows[key]
                self._changed.add(key)
                if window.more is not None:
                    alerts += self._told(rule, window.more, now)
        ends = [window.until for _, window in self._windows.values()]
        ends += [rate.began + rule.rule.per for rule, rate in self._rates.values()]
        self._soonest = min(ends, default=float("inf"))
        return alerts

    def changes(self) -> list[tuple[str, str | None]]:
        """Give what has changed since it was last asked, as it is kept; None where it is over."""
        changed, self._changed = self._changed, set()
        return [(key, self._kept(key)) for key in sorted(changed)]

    def put_back(self, kept: Mapping[str, str]) -> None:
        """Take back what was kept. What belongs to a rule that is no longer the same is let go."""
        rules = {rule.name: rule for rule in self._rules}
        for key, state in kept.items():
            rule = rules.get(key.partition(" ")[0])
            if rule is None:
                self._changed.add(key)
            elif " " in key:
                self._windows[key] = (rule, _WINDOW.validate_json(state))
            else:
                self._rates[key] = (rule, _RATE.validate_json(state))
        self._soonest = 0.0

    def _told(self, rule: _Rule, sighting: Sighting, now: float) -> Iterator[Alert]:
        key = f"{rule.name} {_like(sighting)}"
        known = self._windows.get(key)
        if known is not None and now < known[1].until:
            known[1].more = _joined(known[1].more, sighting)
            self._changed.add(key)
            return
        if known is not None and known[1].more is not None:
            sighting = _joined(known[1].more, sighting)
        rate = self._rate(rule, now)
        if known is None and len(self._windows) >= MOST_WINDOWS:
            rate.alerts += 1
            rate.more = _joined(rate.more, sighting)
            return
        self._windows[key] = (rule, _Window(now + rule.rule.within))
        self._changed.add(key)
        self._soonest = min(self._soonest, now + rule.rule.within)
        if rate.told >= rule.rule.most:
            rate.alerts += 1
            rate.more = _joined(rate.more, sighting)
            return
        rate.told += 1
        yield Alert(self._new_id(), sighting.kind.value, f"alert[{rule.number}]", rule.rule.to, sighting)

    def _rate(self, rule: _Rule, now: float) -> _Rate:
        self._changed.add(rule.name)
        known = self._rates.get(rule.name)
        if known is None:  # a period that is over was ended by `due`
            known = self._rates[rule.name] = (rule, _Rate(now))
            self._soonest = min(self._soonest, now + rule.rule.per)
        return known[1]

    def _summary(self, rule: _Rule, rate: _Rate) -> Iterator[Alert]:
        if rate.more is not None:
            yield Alert(self._new_id(), SUMMARY, f"alert[{rule.number}]", rule.rule.to, rate.more, rate.alerts)

    def _kept(self, key: str) -> str | None:
        window, rate = self._windows.get(key), self._rates.get(key)
        if window is not None:
            return _WINDOW.dump_json(window[1]).decode()
        return _RATE.dump_json(rate[1]).decode() if rate is not None else None


def _fits(rule: AlertRule, sighting: Sighting) -> bool:
    if sighting.kind not in rule.on or (rule.flows and sighting.flow not in rule.flows):
        return False
    return not rule.categories or any(is_within(sighting.category, each) for each in rule.categories)


def _like(sighting: Sighting) -> str:
    about = (sighting.kind.value, sighting.flow, sighting.gate, sighting.principal, sighting.role)
    return json.dumps([*about, sighting.category, sighting.reason], separators=(",", ":"))


def _joined(before: Sighting | None, more: Sighting) -> Sighting:
    """Sum two sightings up; of what differs between them nothing is said."""
    if before is None:
        return more
    return replace(
        before,
        since=min(before.since, more.since),
        until=max(before.until, more.until),
        count=before.count + more.count if more.kind is not AlertKind.VOLUME else max(before.count, more.count),
        last=more.last,
        principal=before.principal if before.principal == more.principal else NOBODY,
        flow=_same(before.flow, more.flow),
        gate=_same(before.gate, more.gate),
        source=_same(before.source, more.source),
        sink=_same(before.sink, more.sink),
        role=_same(before.role, more.role),
        category=_same(before.category, more.category),
        reason=_same(before.reason, more.reason),
        rule=_same(before.rule, more.rule),
    )


def _same(one: str, other: str) -> str:
    return one if one == other else ""
