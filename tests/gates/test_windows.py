"""Cutting a stream into windows: at line ends, never inside a trace, never without bound."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.gates.logs.windows import FULL, LONGEST_LINE, Windows

TRACE = b"""Traceback (most recent call last):
  File "/srv/app.py", line 3, in main
    pay(order)
ValueError: no such order
"""


def cut(payload: bytes, sizes: "list[int]") -> list[bytes]:
    windows = Windows()
    given_out: list[bytes] = []
    at = 0
    for size in sizes:
        given_out += windows.feed(payload[at : at + size])
        at += size
    given_out += windows.feed(payload[at:])
    return [*given_out, *windows.end()]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([b"plain line\n", TRACE, b"\n", b"x" * 3000 + b"\n"]), max_size=60),
    st.lists(st.integers(1, 90_000), max_size=6),
)
def test_windows_joined_are_the_stream_and_end_at_lines(lines: list[bytes], sizes: list[int]) -> None:
    payload = b"".join(lines)
    windows = cut(payload, sizes)
    assert b"".join(windows) == payload
    assert all(window.endswith(b"\n") for window in windows)


def test_a_trace_is_not_cut_where_a_window_is_full() -> None:
    filler = b"f" * 99 + b"\n"
    for before in range(FULL - 300, FULL, 50):
        payload = filler * (before // 100) + TRACE + filler * 1000
        for window in cut(payload, [4096] * 40):
            assert window.count(b"Traceback") == window.count(b"ValueError")


def test_a_line_beyond_every_bound_is_a_window_of_its_own_and_its_rest_is_dropped() -> None:
    windows = Windows()
    out = windows.feed(b"before\n" + b"x" * (LONGEST_LINE + 10))
    assert [len(window) for window in out] == [7, LONGEST_LINE + 10]
    for _ in range(200):
        assert windows.feed(b"x" * 100_000) == []
    assert windows.feed(b"tail of it\nafter\n") == []
    assert windows.flush() == b"after\n"


def test_an_unfinished_line_is_held_until_the_stream_ends() -> None:
    windows = Windows()
    assert windows.feed(b"whole\nhalf of an addr") == []
    assert windows.flush() == b"whole\n"
    assert not windows.ready
    assert windows.end() == [b"half of an addr"]


@pytest.mark.parametrize(
    "line",
    [b"Traceback (most recent call last):\n", b'  File "a.py", line 1\n', b"\tat com.example.Main(Main.java:3)\n"],
)
def test_a_stream_that_stands_in_a_trace_says_so_and_settles(line: bytes) -> None:
    windows = Windows()
    windows.feed(b"before\n" + line)
    assert windows.in_trace
    assert windows.settle().endswith(line)
    assert not windows.in_trace


def test_a_key_block_that_has_begun_is_held_until_it_ends() -> None:
    windows = Windows()
    windows.feed(b"-----BEGIN PRIVATE KEY-----\nQUJD\n")
    assert windows.settle() == b""
    assert not windows.ready
    assert not windows.in_trace
    windows.feed(b"-----END PRIVATE KEY-----\n")
    assert windows.flush().count(b"\n") == 3
