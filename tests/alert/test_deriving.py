"""What an entry has to tell, and what it has not."""

from dataclasses import asdict

import pytest
from alert_plays import fact

from ringfence.alert.deriving import Sighting, derive
from ringfence.alert.volumes import COLD, FEW, FLOOR, HOURS, TIMES, Volumes, hour_of
from ringfence.policy.alerts import AlertKind

AT = "2031-01-01T10:00:00.000000Z"


def entry(kind: str, **more: object) -> dict[str, object]:
    common = {"kind": kind, "at": AT, "crossing": "01x", "flow": "reads", "gate": "pg", "from": "core", "to": "outside"}
    return {**common, "principal": "ada", "role": "support", **more}


def told(kind: str, **more: object) -> list[Sighting]:
    return list(derive(entry(kind, **more), Volumes()))


def test_a_refusal_is_told_with_who_where_and_why() -> None:
    (one,) = told("refused", refused="category-denied", category="user.name", rule="flows.reads.else")
    assert asdict(one) == {
        "kind": "refused", "since": AT, "until": AT, "count": 1, "first": "01x", "last": "01x", "flow": "reads",
        "gate": "pg", "source": "core", "sink": "outside", "principal": "ada", "role": "support",
        "category": "user.name", "reason": "category-denied", "rule": "flows.reads.else", "usual": 0, "among": (),
    }  # fmt: skip


def test_a_client_that_hung_up_is_no_refusal() -> None:
    assert told("refused", refused="cut") == []


def test_counted_refusals_stand_for_as_many() -> None:
    (one,) = told("refused", refused="not-allowed", count=940, since="2031-01-01T09:59:00.000000Z", last="01z")
    assert (one.count, one.since, one.until, one.first, one.last) == (
        940,
        "2031-01-01T09:59:00.000000Z",
        AT,
        "01x",
        "01z",
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (fact("user.name", count=3), [("user.name", 3)]),
        (fact("user.name", rule="flows.reads.carry[*][0]"), [("user.name", 1)]),
        (fact("user.name", rule="flows.reads.carry[user.name][0]"), []),
        (fact("user.name", rule="flows.reads.carry[user][1]"), []),
        (fact("user.name", how="declared"), []),
        (fact("user.name", how="unknown", rule="flows.reads.unknown"), []),
    ],
)
def test_undeclared_is_what_content_shows_and_the_flow_does_not_name(
    found: object, expected: list[tuple[str, int]]
) -> None:
    for kind in ("crossed", "opened", "widened"):
        assert [(one.category, one.count) for one in told(kind, found=[found])] == expected
    assert told("closed", found=[found]) == [], "said by its `opened` and `widened`"


@pytest.mark.parametrize(
    ("body", "kind", "count"),
    [
        ({"kind": "drift", "new": ["a.b"], "gone": [], "changed": ["c.d", "e.f"]}, AlertKind.DRIFT, 3),
        ({"kind": "drift", "new": 2, "gone": 1}, AlertKind.DRIFT, 3),
        ({"kind": "drift"}, AlertKind.DRIFT, 1),
        ({"kind": "probe", "leaked": 4}, AlertKind.PROBE_LEAK, 4),
        ({"kind": "probe", "leaks": [{"route": "copy"}, {"route": "error"}]}, AlertKind.PROBE_LEAK, 2),
        ({"kind": "probe", "leaks": [{"route": "copy"}], "leaks_not_listed": 40}, AlertKind.PROBE_LEAK, 41),
    ],
)
def test_drift_and_leaks_are_told_with_how_many(body: dict[str, object], kind: AlertKind, count: int) -> None:
    assert [(one.kind, one.count) for one in derive({"at": AT, **body}, Volumes())] == [(kind, count)]


def test_drift_and_leaks_name_the_categories_and_a_probe_of_one_flow_that_flow() -> None:
    leaks = [
        {"category": "scan", "route": "copy", "read": ["user.name", "user.contact.email"]},
        {"category": "user.name", "route": "error", "read": []},
        {"category": "*", "route": "way-round", "read": []},
    ]
    (leak,) = told("probe", leaks=leaks, flows=["reads"], flow="")
    assert (leak.among, leak.flow) == (("user.contact.email", "user.name"), "reads")
    (leak,) = told("probe", leaks=leaks, flows=["reads", "others"], flow="")
    assert leak.flow == ""
    (drift,) = told("drift", categories=["user.name"], new=1)
    assert drift.among == ("user.name",)


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "probe"},
        {"kind": "probe", "leaked": 0},
        {"kind": "probe", "leaks": []},
        {"kind": "policy"},
        {"kind": "alert", "alert": "refused"},
        {"kind": "crossed", "would": "category-denied", "mode": "observe"},
        {"kind": "crossed", "found": "nonsense"},
        {"kind": "crossed", "found": [1, None, {"count": True}], "at": 7},
        {},
    ],
)
def test_everything_else_is_silent(body: dict[str, object]) -> None:
    assert list(derive(body, Volumes())) == []


def used(volumes: Volumes, hours: int, count: int, principal: str = "ada") -> None:
    for hour in range(hours):
        assert volumes.take(principal, "user.name", hour, count) is None


def test_far_above_the_usual_is_told_once_an_hour() -> None:
    volumes = Volumes()
    used(volumes, FEW, 1_000)
    assert volumes.take("ada", "user.name", FEW, TIMES * 1_000) is None
    beyond = volumes.take("ada", "user.name", FEW, 1)
    assert beyond is not None
    assert (beyond.total, beyond.usual) == (TIMES * 1_000 + 1, 1_000)
    assert volumes.take("ada", "user.name", FEW, 99_999) is None
    assert volumes.take("ada", "user.name", FEW + 1, TIMES * 1_000 + 1) is not None


def test_one_wild_hour_does_not_become_usual() -> None:
    volumes = Volumes()
    used(volumes, FEW, 1_000)
    volumes.take("ada", "user.name", FEW, 1_000_000)
    assert volumes.take("ada", "user.name", FEW + 1, TIMES * 1_000 + 1) is not None


def test_a_clock_that_was_ahead_and_is_set_back_silences_nobody() -> None:
    volumes = Volumes()
    assert volumes.take("ada", "user.name", 5_000, 20_000) is not None, "told in an hour that is years ahead"
    assert volumes.take("ada", "user.name", 4_999, 1) is None, "what comes late counts for the newest"
    assert volumes.take("ada", "user.name", 100, 20_000) is not None


def test_little_is_never_unusual_and_of_nobody_known_only_very_much_is() -> None:
    volumes = Volumes()
    used(volumes, FEW, 1)
    assert volumes.take("ada", "user.name", FEW, FLOOR) is None
    assert volumes.take("ada", "user.name", FEW, 1) is not None
    assert volumes.take("new", "user.name", FEW, COLD) is None
    beyond = volumes.take("new", "user.name", FEW, 1)
    assert beyond is not None
    assert beyond.usual == 0


def test_hours_that_are_too_old_are_forgotten_and_so_is_what_they_made_usual() -> None:
    volumes = Volumes()
    used(volumes, FEW, 9_000)
    assert volumes.take("ada", "user.name", FEW + HOURS + 1, COLD) is None
    assert volumes.take("ada", "user.name", FEW + HOURS + 1, 1) is not None, "nothing is known of her any more"


def test_what_was_kept_goes_on_as_if_nothing_had_been() -> None:
    volumes = Volumes()
    used(volumes, FEW, 1_000)
    other = Volumes()
    for key, kept in volumes.changes():
        assert kept is not None
        other.put_back(key, kept)
    assert volumes.changes() == []
    assert other.take("ada", "user.name", FEW, TIMES * 1_000 + 1) == volumes.take(
        "ada", "user.name", FEW, TIMES * 1_000 + 1
    )


def test_the_state_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.alert.volumes.MOST", 10)
    volumes = Volumes()
    for number in range(25):
        volumes.take(f"user{number}", "user.name", 1, 1)
    kept = {key: state for key, state in volumes.changes() if state is not None}
    assert set(kept) == {(f"user{number}", "user.name") for number in range(15, 25)}


def test_a_volume_is_derived_from_what_crossed() -> None:
    volumes = Volumes()
    hour = hour_of(AT)
    assert hour is not None
    found = [fact("user.name", how="declared", count=6_000), fact("user.name", how="declared", count=5_000)]
    (one,) = derive(entry("closed", found=found), volumes)
    assert (one.kind, one.count, one.category, one.principal) == (AlertKind.VOLUME, 11_000, "user.name", "ada")
