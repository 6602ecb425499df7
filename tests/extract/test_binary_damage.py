"""Damaged files of every format: cut at every 64th byte, bits flipped: each ends, with texts or a word, and never with an error."""

import io
import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.binary_files import CONFINED, MADE, Taken, made
from ringfence.extract import Bounds, Budget, LeftOut, Source, Unreadable
from ringfence.extract.confined import Columns, Given, confined, taken
from ringfence.extract.model import Fault

_BOUNDS = Bounds(unpacked=8 << 20, members=200)
_KINDS = {"a.7z": "7z", "a.parquet": "parquet", "a.feather": "arrow", "a.pdf": "pdf"}
_HERE = [name for name in MADE if name not in CONFINED]


def _read(name: str, data: bytes) -> tuple[int, list[Fault]]:
    """Read a file; give how much came out, and what was said. Confined readers are called here, for a process each would cost."""
    if name not in CONFINED:
        read = Taken(data, name, _BOUNDS)
        assert not [fault for fault in read.faults if "it cannot be read as what it seems" in fault.what], name
        return len(read.texts) + len(read.left), [fault.fault for fault in read.faults]
    told: list[object] = []
    taken(_KINDS[name], io.BytesIO(data), _BOUNDS, told.append)
    faults = [each.fault for each in told if isinstance(each, Unreadable)]
    others = [each for each in told if isinstance(each, Columns | Given | LeftOut | list)]
    return len(others), faults


@pytest.mark.parametrize("name", MADE)
def test_a_file_that_is_whole_is_read_without_a_fault(name: str) -> None:
    count, faults = _read(name, made(name))
    assert count
    assert not faults


@pytest.mark.parametrize("name", MADE)
def test_a_file_cut_at_every_64th_byte_ends_with_texts_or_a_word(name: str) -> None:
    whole = made(name)
    step = 64 if len(whole) < 20_000 else 64 * 17
    for size in range(1, len(whole), step):
        count, faults = _read(name, whole[:size])
        assert count or faults, size


def _flipped(whole: bytes, places: list[int]) -> bytes:
    changed = bytearray(whole)
    for place in places:
        changed[place // 8 % len(changed)] ^= 1 << place % 8
    return bytes(changed)


@pytest.mark.parametrize("name", _HERE)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.integers(0, 1 << 24), min_size=1, max_size=8))
def test_a_file_with_bits_flipped_ends(name: str, places: list[int]) -> None:
    _read(name, _flipped(made(name), places))


@pytest.mark.parametrize("name", sorted(CONFINED))
def test_a_file_of_a_confined_reader_with_bits_flipped_ends(name: str) -> None:
    _flip_many(name, 40, Taken)


@pytest.mark.soak
@pytest.mark.parametrize("name", MADE)
def test_files_with_bits_flipped_end_by_the_thousand(name: str) -> None:
    rng = random.Random(7)
    for _ in range(6000):
        _read(name, _flipped(made(name), [rng.randrange(1 << 24) for _ in range(rng.choice((1, 2, 8, 64)))]))


def _flip_many(name: str, count: int, read: Callable[..., object]) -> None:
    """In the process of its own only now and then: that is what a crash would end."""
    rng = random.Random(name)
    for number in range(count):
        data = _flipped(made(name), [rng.randrange(1 << 24) for _ in range(rng.choice((1, 2, 8)))])
        if number % 20 == 0:
            read(data, name, _BOUNDS)
        else:
            _read(name, data)


def test_a_reader_whose_process_ends_before_its_last_word_is_a_word_and_not_the_end() -> None:
    source = Source("a.x", 100, lambda: io.BytesIO(bytes(100)))
    told = list(confined("a kind that there is not, of which the process dies", source, Budget()))
    assert [each.fault for each in told if isinstance(each, Unreadable)] == [Fault.DAMAGED]
