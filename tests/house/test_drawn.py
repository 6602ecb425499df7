"""What tests look past is an id, a hash or a time, and nothing besides."""

import pytest

from drawn import apart
from ringfence.gates.carrying import new_crossing_id, now


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ('{"crossing": "01m8rwtx6rfjp2mt54ezbdyada", "who": "ada"}', '{"crossing": "", "who": "ada"}'),
        ('"at": "2026-11-30T12:00:00.411100Z", "n": 4111', '"at": "", "n": 4111'),
        ("traceparent: 00-4bf92f3577b34da6a3ce929d0e0ada36-00f067aa0ba90ada-01", "traceparent: 00---01"),
        *((same, same) for same in ("01m8rwtx6rfjp2mt54ezbdyadaada", "4111 1111 1111 1111", "2026-11-30", "adaadaada")),
    ],
)
def test_ids_hashes_and_times_are_taken_out_and_nothing_else(told: str, left: str) -> None:
    assert apart(told) == left
    assert apart(told.encode()) == left.encode()


def test_what_is_taken_out_is_the_form_that_ids_have() -> None:
    assert apart(f"crossing {new_crossing_id(now())} of ada") == "crossing  of ada"
