"""Refusals that repeat are counted: the first of a minute are recorded one by one, the rest as one entry."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from ringfence.crossing import Body
from ringfence.gates.carrying import Unrecorded
from ringfence.gates.refusals import COUNTED, FIRST, MOST_ALIKE, PERIOD, CountedRefusals, times_of

BEGAN = datetime(2031, 1, 1, tzinfo=UTC)


class Ledger:
    def __init__(self) -> None:
        self.bodies: list[Body] = []
        self.fails = False

    async def record(self, body: Body) -> str:
        if self.fails:
            raise Unrecorded("timeout")
        self.bodies.append(body)
        return f"t:{len(self.bodies)}"


class Gate:
    """A gate that is refused, under a clock moved by hand."""

    def __init__(self) -> None:
        self.now = BEGAN
        self.ledger = Ledger()
        self.counted = CountedRefusals(self.ledger, lambda: self.now)
        self.number = 0

    def refuse(self, principal: str = "ada", **more: str) -> str:
        self.number += 1
        name = f"{self.number:026d}"
        body: Body = {
            "kind": "refused",
            "id": f"{name}.1",
            "crossing": name,
            "at": self.now.isoformat(),
            "flow": "reads",
        }
        return asyncio.run(self.counted.record({**body, "principal": principal, "refused": "not-allowed", **more}))

    def flush(self, *, closing: bool = False) -> None:
        asyncio.run(self.counted.flush(closing=closing))


def test_the_first_of_a_minute_are_recorded_one_by_one_and_the_rest_as_one_entry() -> None:
    gate = Gate()
    receipts = [gate.refuse() for _ in range(FIRST + 940)]
    assert receipts[FIRST:] == [COUNTED] * 940
    assert len(gate.ledger.bodies) == FIRST
    gate.flush()
    assert len(gate.ledger.bodies) == FIRST, "its minute is not over"
    gate.now += PERIOD
    gate.flush()
    summed = gate.ledger.bodies[FIRST:]
    assert [(body["count"], body["crossing"], body["last"]) for body in summed] == [
        (940, f"{FIRST + 1:026d}", f"{FIRST + 940:026d}")
    ]
    assert sum(map(times_of, gate.ledger.bodies)) == FIRST + 940
    gate.flush()
    assert len(gate.ledger.bodies) == FIRST + 1


def test_others_and_other_reasons_have_counts_of_their_own() -> None:
    gate = Gate()
    for _ in range(FIRST + 5):
        gate.refuse("ada")
        gate.refuse("ben")
        gate.refuse("ada", rule="flows.reads.else")
    gate.flush(closing=True)
    assert [body["count"] for body in gate.ledger.bodies if "count" in body] == [5, 5, 5]


def test_what_is_no_refusal_always_goes_to_the_ledger() -> None:
    gate = Gate()
    for number in range(FIRST * 2):
        assert asyncio.run(gate.counted.record({"kind": "crossed", "crossing": str(number)})) != COUNTED
    assert len(gate.ledger.bodies) == FIRST * 2


def test_a_new_minute_begins_with_single_entries_again() -> None:
    gate = Gate()
    for _ in range(FIRST + 1):
        gate.refuse()
    gate.now += PERIOD
    assert gate.refuse() != COUNTED
    assert sum(map(times_of, gate.ledger.bodies)) == FIRST + 2


def test_a_count_that_the_ledger_does_not_take_is_kept() -> None:
    gate = Gate()
    for _ in range(FIRST + 3):
        gate.refuse()
    gate.now += PERIOD
    gate.ledger.fails = True
    with pytest.raises(Unrecorded):
        gate.flush()
    gate.ledger.fails = False
    gate.flush()
    assert gate.ledger.bodies[-1]["count"] == 3


def test_the_state_is_bounded_and_what_exceeds_it_is_recorded_one_by_one() -> None:
    gate = Gate()
    for number in range(MOST_ALIKE + 50):
        gate.refuse(f"user{number}")
    receipts = [gate.refuse("one more") for _ in range(FIRST * 2)]
    assert COUNTED not in receipts


def test_an_hour_of_a_storm_grows_the_ledger_by_what_an_hours_minutes_take() -> None:
    gate = Gate()
    for _ in range(60):
        for _ in range(500):
            gate.refuse()
        gate.now += timedelta(minutes=1)
        gate.flush()
    assert len(gate.ledger.bodies) == 60 * (FIRST + 1)
    assert sum(map(times_of, gate.ledger.bodies)) == 60 * 500
    assert sum(len(json.dumps(body)) for body in gate.ledger.bodies) < 60 * (FIRST + 1) * 400
