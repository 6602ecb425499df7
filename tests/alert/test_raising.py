"""The same is told once in a window, no more than the rate allows, and what is not told is counted: nothing is lost."""

from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.alert.deriving import Sighting
from ringfence.alert.raising import SUMMARY, Alert, Raiser
from ringfence.policy.alerts import AlertKind, AlertRule

REFUSED = frozenset({AlertKind.REFUSED})


def rule(most: int = 100, *, on: frozenset[AlertKind] = REFUSED, within: float = 300.0, **more: object) -> AlertRule:
    return AlertRule(on, ("ops",), within=within, most=most, per=3600.0, **more)  # type: ignore[arg-type]


def seen(principal: str = "ada", number: int = 0, *, kind: AlertKind = AlertKind.REFUSED, **more: object) -> Sighting:
    at = f"2031-01-01T10:00:{number:02d}.000000Z"
    return Sighting(kind, at, at, first=f"c{number}", last=f"c{number}", principal=principal, **more)  # type: ignore[arg-type]


def raiser(*rules: AlertRule) -> Raiser:
    numbers = count(1)
    return Raiser(rules, lambda: f"a{next(numbers)}")


def shown(alerts: Sequence[Alert]) -> list[tuple[str, str, int, str, str]]:
    return [(one.kind, one.about.principal, one.about.count, one.about.first, one.about.last) for one in alerts]


def test_the_first_is_told_at_once_and_what_is_like_it_is_summed_up_when_the_window_ends() -> None:
    made = raiser(rule())
    assert shown(made.take(seen(number=1), 0.0)) == [("refused", "ada", 1, "c1", "c1")]
    for number in range(2, 9):
        assert made.take(seen(number=number), float(number)) == []
    assert made.due(299.9) == []
    assert shown(made.due(300.0)) == [("refused", "ada", 7, "c2", "c8")]
    assert made.take(seen(number=9), 301.0) == [], "the summary began a window of its own"
    assert shown(made.due(600.0)) == [("refused", "ada", 1, "c9", "c9")]
    assert made.due(10_000.0) == []
    assert len(made.take(seen(), 10_001.0)) == 1


def test_others_flows_categories_and_reasons_are_told_apart() -> None:
    made = raiser(rule())
    different = [
        seen(),
        seen("ben"),
        seen(flow="reads"),
        seen(category="user.name"),
        seen(reason="expired"),
        seen(role="x"),
    ]
    assert [len(made.take(one, 0.0)) for one in different] == [1] * len(different)
    assert [len(made.take(one, 1.0)) for one in different] == [0] * len(different)


def test_rules_choose_by_kind_flow_and_category() -> None:
    made = raiser(
        rule(flows=frozenset({"reads"})),
        rule(categories=("user.contact",)),
        rule(on=frozenset({AlertKind.DRIFT, AlertKind.REFUSED})),
    )
    assert [one.rule for one in made.take(seen(flow="reads", category="user.contact.email"), 0.0)] == [
        "alert[0]",
        "alert[1]",
        "alert[2]",
    ]
    assert [one.rule for one in made.take(seen(flow="writes", category="user.contacts"), 0.0)] == ["alert[2]"]
    assert [one.rule for one in made.take(seen(kind=AlertKind.DRIFT), 0.0)] == ["alert[2]"]
    assert made.take(seen(kind=AlertKind.VOLUME), 0.0) == []


def test_beyond_the_rate_everything_is_one_summary_at_the_periods_end() -> None:
    made = raiser(rule(most=3))
    told = [alert for number in range(20) for alert in made.take(seen(f"user{number}", number), float(number))]
    assert len(told) == 3
    (summary,) = made.due(3600.0)
    assert (summary.kind, summary.alerts, summary.about.count) == (SUMMARY, 17, 17)
    assert (summary.about.first, summary.about.last) == ("c3", "c19")
    assert summary.about.principal == "ringfence", "they were several"
    assert len(made.take(seen("another"), 3601.0)) == 1


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0.0, 400.0)), max_size=80), st.integers(1, 5))
def test_whatever_comes_every_sighting_is_told_in_some_alert(steps: list[tuple[int, float]], most: int) -> None:
    made = raiser(rule(most=most))
    now, alerts = 0.0, []
    for who, wait in steps:
        now += wait
        alerts += made.due(now)
        alerts += made.take(seen(f"user{who}"), now)
    for _ in range(4):
        now += 3600.0
        alerts += made.due(now)
    assert sum(one.about.count for one in alerts) == len(steps)
    assert len({one.id for one in alerts}) == len(alerts)


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0.0, 400.0)), max_size=40), st.integers(0, 40))
def test_a_sender_that_was_ended_anywhere_goes_on_the_same(steps: list[tuple[int, float]], cut: int) -> None:
    rules = [rule(most=2), rule(within=60.0)]
    whole, first, now = raiser(*rules), raiser(*rules), 0.0
    kept: dict[str, str] = {}
    expected, told = [], []
    for number, (who, wait) in enumerate(steps):
        if number == cut:
            first = raiser(*rules)
            first.put_back(kept)
        now += wait
        for made, into in ((whole, expected), (first, told)):
            into += shown([*made.due(now), *made.take(seen(f"user{who}"), now)])
        for key, state in first.changes():
            if state is None:
                kept.pop(key, None)
            else:
                kept[key] = state
    assert told == expected


def test_a_rule_that_changed_begins_anew_and_its_old_counts_are_let_go() -> None:
    made = raiser(rule())
    made.take(seen(), 0.0)
    made.take(seen(), 1.0)
    kept = {key: state for key, state in made.changes() if state is not None}
    other = raiser(rule(within=60.0))
    other.put_back(kept)
    assert [state for _, state in other.changes()] == [None] * len(kept)
    assert len(other.take(seen(), 2.0)) == 1


def test_windows_are_bounded_and_what_exceeds_them_is_summed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.alert.raising.MOST_WINDOWS", 10)
    made = raiser(rule(most=1000))
    told = [alert for number in range(30) for alert in made.take(seen(f"user{number}"), 0.0)]
    assert len(told) == 10
    assert [one.about.count for one in made.due(3600.0) if one.kind == SUMMARY] == [20]
