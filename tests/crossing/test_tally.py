"""Counting what left no entry of its own."""

from datetime import timedelta

from crossing_plays import BEGAN, planned

from ringfence.crossing import CrossingId, Tally

MINUTE = timedelta(seconds=60)


def tally() -> Tally:
    return Tally(planned("logs"), "log", lambda: CrossingId("01count"))


def test_each_minutes_count_is_one_entry() -> None:
    one = tally()
    one.add(1, 8, BEGAN)
    one.add(40, 4000, BEGAN)
    assert one.due(BEGAN + timedelta(seconds=59)) is None
    body = one.due(BEGAN + MINUTE)
    assert body is not None
    assert (body["payloads"], body["bytes_out"]) == (41, 4008)
    one.settle(body)
    assert one.is_empty
    assert one.due(BEGAN + timedelta(days=1)) is None


def test_an_entry_is_given_again_as_it_was_until_it_is_settled_and_what_comes_meanwhile_is_counted_for_the_next() -> (
    None
):
    one = tally()
    one.add(1, 8, BEGAN)
    body = one.due(BEGAN + MINUTE)
    assert body is not None
    one.add(2, 16, BEGAN + MINUTE)
    assert one.due(BEGAN + 3 * MINUTE) is body
    one.settle({**body})  # another
    assert one.due(BEGAN + 3 * MINUTE, closing=True) is body
    one.settle(body)
    further = one.due(BEGAN + 3 * MINUTE)
    assert further is not None
    assert (further["payloads"], further["bytes_out"]) == (2, 16)
    assert not one.is_empty


def test_a_gate_that_closes_takes_its_count_at_once() -> None:
    one = tally()
    one.add(1, 8, BEGAN)
    body = one.due(BEGAN, closing=True)
    assert body is not None
    one.settle(body)
    assert one.due(BEGAN, closing=True) is None
