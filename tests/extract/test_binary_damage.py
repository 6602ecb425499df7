"""Damaged files of every format: cut at every 64th byte, bits flipped: each is read to its end, and never ends with an error.

Whatever is done to a file, the rules of `_broken` hold. They are tried under bounds that nothing here reaches, and under such as
every whole file goes beyond.
"""

import io
import random
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.binary_files import CONFINED, MADE, made
from ringfence.extract import Bounds, Budget, LeftOut, Source, Text, Unreadable, extract
from ringfence.extract.confined import confined, heard, send, taken
from ringfence.extract.model import Fault, Kind, Why

_BOUNDS = Bounds(unpacked=8 << 20, members=200)
_TIGHT = Bounds(unpacked=40, members=1)
_AT_ONCE = 1 << 17  # bytes that may come out, or be claimed to, before they are counted
_PEOPLE = ("ada.test", "bob.test", "carol.test", "dora", "testperson", "corp-x")
_KINDS = {"a.7z": "7z", "a.parquet": "parquet", "a.feather": "arrow", "a.pdf": "pdf"}
_ALL_READ = {"a.tar": 2048, "a.tiff": 256}
"""From how many bytes on nothing is missing that is looked at: zeros of a tar, pixels. (A single byte is a text, of a letter.)"""
_HERE = [name for name in MADE if name not in CONFINED]


def _flipped(whole: bytes, places: list[int]) -> bytes:
    changed = bytearray(whole)
    for place in places:
        changed[place // 8 % len(changed)] ^= 1 << place % 8
    return bytes(changed)


def _steps(name: str, data: bytes, budget: Budget) -> list[object]:
    """Give every step of a reading. What a confined reader says goes through frames, but no process: each costs."""
    source = Source(name, len(data), lambda: io.BytesIO(data))
    if name not in CONFINED:
        return list(extract(source, budget))
    pipe = io.BytesIO()
    taken(_KINDS[name], io.BytesIO(data), budget.bounds, lambda found: send(pipe, found))
    send(pipe, None)
    pipe.seek(0)
    return list(heard(pipe, source, budget))


def _broken(steps: list[object], data: bytes, budget: Budget) -> list[str]:
    """Say which rules of a reading were broken."""
    bounds = budget.bounds
    faults = [step for step in steps if isinstance(step, Unreadable)]
    left = [step for step in steps if isinstance(step, LeftOut)]
    others = [step for step in steps if not isinstance(step, Unreadable | LeftOut)]
    broken = [f"a step is a {type(step).__name__}" for step in others if not isinstance(step, Sequence)]
    texts = [text for step in others if isinstance(step, Sequence) for text in step]
    broken += [f"a text is a {type(text).__name__}" for text in texts if not isinstance(text, Text)]
    for fault in faults:
        if not isinstance(fault.fault, Fault) or not fault.what:
            broken.append("a fault says nothing")
        if "it cannot be read as what it seems" in fault.what:
            broken.append(f"something was not foreseen: {fault.what}")
    broken += ["nothing says why something is left out" for each in left if not isinstance(each.why, Why)]
    said = [words.lower() for each in faults for words in (each.what, each.mend)] + [each.note.lower() for each in left]
    broken += ["a word holds what stands in the file" for words in said if any(person in words for person in _PEOPLE)]
    if (budget.unpacked > bounds.unpacked or budget.members > bounds.members) and not any(
        fault.fault is Fault.BOMB for fault in faults
    ):
        broken.append("more came out than may, and nothing says so")
    if budget.unpacked > bounds.unpacked + _AT_ONCE:
        broken.append("it went on when more had come out than may")
    if budget.members > bounds.members + bounds.depth:
        broken.append("it went on when there had been more members than may be")
    if any(len(text.members) > bounds.depth for text in texts):
        broken.append("it went deeper than may be")
    return broken + [rule for text in texts for rule in _misplaced(text, data, budget)]


def _misplaced(text: Text, data: bytes, budget: Budget) -> Iterator[str]:
    if not isinstance(text.value, bytes) or not isinstance(text.kind, Kind):
        yield "a text is none"
    if text.line < 0 or text.column < 0 or text.start < -1:
        yield "a text stands nowhere"
    if text.start < 0:
        return
    end = text.start + len(text.value)
    if not text.members and data[text.start : end] != text.value:
        yield "a text does not stand where it says"
    if end > max(len(data), budget.unpacked):  # of a member there is no more than the file holds, or than came out
        yield "a text stands behind the end of its file"


def _rules_broken(name: str, data: bytes, bounds: Bounds) -> list[str]:
    budget = Budget(bounds)
    return _broken(_steps(name, data, budget), data, budget)


@pytest.mark.parametrize("name", MADE)
def test_a_whole_file_keeps_the_rules_under_any_bounds(name: str) -> None:
    assert _rules_broken(name, made(name), _BOUNDS) == []
    assert _rules_broken(name, made(name), _TIGHT) == []


@pytest.mark.parametrize("name", MADE)
def test_a_file_that_is_whole_is_read_without_a_word(name: str) -> None:
    steps = _steps(name, made(name), Budget(_BOUNDS))
    assert not [step for step in steps if isinstance(step, Unreadable | LeftOut)]
    assert sum(len(step) for step in steps if isinstance(step, Sequence)) > 0


@pytest.mark.parametrize("name", MADE)
def test_a_file_cut_at_every_64th_byte_is_told_and_keeps_the_rules(name: str) -> None:
    whole = made(name)
    step = 64 if len(whole) < 20_000 else 64 * 17
    for size in range(1, len(whole), step):
        for bounds in (_BOUNDS, _TIGHT):
            budget = Budget(bounds)
            steps = _steps(name, whole[:size], budget)
            assert steps, size
            assert _broken(steps, whole[:size], budget) == [], size
            told = any(isinstance(each, Unreadable) for each in steps)
            assert told or size == 1 or size >= _ALL_READ.get(name, len(whole)), size


@pytest.mark.parametrize("name", _HERE)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.lists(st.integers(0, 1 << 24), min_size=1, max_size=8),
    bounds=st.sampled_from((_BOUNDS, _TIGHT)),
)
def test_a_file_with_bits_flipped_keeps_the_rules(name: str, places: list[int], bounds: Bounds) -> None:
    assert _rules_broken(name, _flipped(made(name), places), bounds) == []


@pytest.mark.parametrize("name", sorted(CONFINED))
def test_a_file_of_a_confined_reader_with_bits_flipped_keeps_the_rules(name: str) -> None:
    rng = random.Random(name)
    for number in range(40):
        data = _flipped(made(name), [rng.randrange(1 << 24) for _ in range(rng.choice((1, 2, 8)))])
        bounds = (_BOUNDS, _TIGHT)[number % 2]
        assert _rules_broken(name, data, bounds) == [], number
        if number % 20 == 0:  # in the process of its own only now and then: that is what a crash would end
            budget = Budget(bounds)
            steps = list(extract(Source(name, len(data), lambda data=data: io.BytesIO(data)), budget))  # type: ignore[misc]
            assert _broken(steps, data, budget) == [], number


@pytest.mark.soak
@pytest.mark.parametrize("name", MADE)
def test_files_with_bits_flipped_keep_the_rules_by_the_thousand(name: str) -> None:
    rng = random.Random(7)
    for number in range(6000):
        data = _flipped(made(name), [rng.randrange(1 << 24) for _ in range(rng.choice((1, 2, 8, 64)))])
        assert _rules_broken(name, data, (_BOUNDS, _TIGHT)[number % 2]) == [], number


def test_a_reader_whose_process_ends_before_its_last_word_is_a_word_and_not_the_end() -> None:
    source = Source("a.x", 100, lambda: io.BytesIO(bytes(100)))
    told = list(confined("a kind that there is not, of which the process dies", source, Budget()))
    assert [each.fault for each in told if isinstance(each, Unreadable)] == [Fault.DAMAGED]
