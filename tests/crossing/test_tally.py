"""Counting what left no entry of its own."""

from datetime import timedelta

from crossing_plays import BEGAN, planned, play

from ringfence.crossing import CrossingId, Tally


def test_payloads_with_nothing_personal_are_counted_and_each_minutes_count_is_one_entry() -> None:
    tally = Tally(planned("logs"), "log", lambda: CrossingId("01count"))
    quiet = play("logs", "text", b"nothing\n").crossing.summary
    loud = play("logs", "text", b"ada.nowak@posta-nova.net\n").crossing.summary
    for summary in (quiet, loud, quiet):
        tally.add(summary, BEGAN)
    assert tally.due(BEGAN + timedelta(seconds=59)) is None
    body = tally.due(BEGAN + timedelta(seconds=60))
    assert body is not None
    assert (body["payloads"], body["bytes_out"]) == (2, 16)
    assert tally.due(BEGAN + timedelta(days=1)) is None


def test_a_gate_that_closes_takes_its_count_at_once() -> None:
    tally = Tally(planned("logs"), "log", lambda: CrossingId("01count"))
    tally.add(play("logs", "text", b"nothing\n").crossing.summary, BEGAN)
    assert tally.due(BEGAN, closing=True) is not None
    assert tally.due(BEGAN, closing=True) is None


def test_payloads_that_had_no_crossing_are_counted_with_the_others() -> None:
    tally = Tally(planned("logs"), "pg", lambda: CrossingId("01count"))
    tally.add_many(40, 4000, BEGAN)
    tally.add(play("logs", "text", b"nothing\n").crossing.summary, BEGAN)
    body = tally.due(BEGAN, closing=True)
    assert body is not None
    assert (body["payloads"], body["bytes_out"]) == (41, 4008)
