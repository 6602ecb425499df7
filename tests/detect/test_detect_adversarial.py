"""Input made to be slow: the work that the engine does grows no faster than the input."""

from itertools import pairwise

import pytest
from benchmarks._adversarial import UNITS, prefixes

from ringfence.detect import RECOGNIZERS, Detector
from ringfence.detect._disguises import MOST
from ringfence.detect._overlap import Candidate, resolve
from ringfence.detect.recognizer import Certainty, Recognizer
from ringfence.detect.stream import BLOCK, MARGIN

PATTERNS = sum(len(one.patterns) for one in RECOGNIZERS)
SMALL, LARGE = 120_000, 480_000  # both are read in blocks: a single one may pass over what a second one has to look at
OVERHEAD = (BLOCK + 2 * MARGIN) / BLOCK  # a stream's blocks are scanned with margins, whatever the size


def work_on(detector: Detector, data: bytes) -> tuple[int, int, int]:
    before = detector.work.scanned, detector.work.candidates, detector.work.decoded
    detector.find(data)
    work = detector.work
    return work.scanned - before[0], work.candidates - before[1], work.decoded - before[2]


def repeated(unit: bytes, size: int) -> bytes:
    return unit * (size // len(unit))


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_the_work_grows_with_the_input_and_no_faster(unit: bytes) -> None:
    detector = Detector()
    small, large = work_on(detector, repeated(unit, SMALL)), work_on(detector, repeated(unit, LARGE))
    for little, much in zip(small, large, strict=True):
        assert much <= (little + 100) * (LARGE / SMALL) * OVERHEAD * 1.1
    assert large[0] <= LARGE * PATTERNS * OVERHEAD, "no pattern reads a byte twice"
    assert large[2] <= LARGE * MOST * OVERHEAD, "what is decoded is bounded"


def test_the_beginning_of_each_pattern_costs_what_it_is_long() -> None:
    units = prefixes()
    assert len(units) > 1.5 * PATTERNS, "nearly each pattern has an example, hence a beginning, in two texts"
    detector = Detector()
    for name, unit in units.items():
        small, large = work_on(detector, repeated(unit, 2_500)), work_on(detector, repeated(unit, 25_000))
        for little, much in zip(small, large, strict=True):
            assert much <= 10 * (little + 100) * OVERHEAD * 1.1, name


@pytest.mark.parametrize("size", [1_000_000, pytest.param(10_000_000, marks=pytest.mark.soak)])
@pytest.mark.parametrize("unit", [b"a", b"4111 ", b"NDExMSAxMTEx"], ids=repr)
def test_megabytes_without_a_break_are_read_a_few_times(unit: bytes, size: int) -> None:
    detector = Detector(entities=["CREDIT_CARD", "EMAIL_ADDRESS", "PHONE_NUMBER"])
    scanned, candidates, decoded = work_on(detector, repeated(unit, size))
    patterns = len(detector._ready)
    assert scanned <= size * (1 + patterns) * (1 + MOST) * OVERHEAD
    assert candidates <= size / 2
    assert decoded <= size * MOST * OVERHEAD


@pytest.mark.parametrize("recognizer", RECOGNIZERS, ids=lambda one: one.entity)
def test_an_example_told_over_and_over_costs_what_it_is_long(recognizer: Recognizer) -> None:
    unit = next(one.text for one in recognizer.examples if one.found).replace("\n", " ").encode() + b" "
    detector = Detector(entities=[recognizer.entity])
    work = []
    for times in (40, 320):
        before = detector.work.scanned, detector.work.candidates
        detector.find(unit * times)
        work.append((detector.work.scanned - before[0], detector.work.candidates - before[1]))
    for little, much in zip(*work, strict=True):
        assert much <= 8 * (little + 100) * OVERHEAD


def test_a_streams_memory_is_bounded_whatever_comes() -> None:
    for unit in UNITS.values():
        stream = Detector().stream()
        piece = (unit * (8192 // len(unit) + 1))[:8192]
        most = 0
        for _ in range(25):
            stream.feed(piece)
            most = max(most, stream.held)
        assert most <= BLOCK + 2 * MARGIN + len(piece)


def test_many_findings_inside_one_cost_no_more_than_they_are() -> None:
    data = b"a " * 200_000
    inner = [Candidate(at, at + 1, Certainty.SHAPE, "IP_ADDRESS", 0.9, ()) for at in range(0, 200_000, 4)]
    whole = Candidate(0, len(data), Certainty.FIELD, "PERSON", 0.8, ())
    found = resolve(data, [whole, *inner])
    assert len(found) == 2 * len(inner)
    assert all(before.end <= after.start for before, after in pairwise(found))


def test_of_two_alike_the_higher_score_wins() -> None:
    rivals = [Candidate(0, 9, Certainty.CHECKED, name, score, ()) for name, score in (("A", 0.6), ("B", 0.9))]
    assert [one.entity for one in resolve(b"123456782", rivals)] == ["B"]


@pytest.mark.parametrize("before", [b"b\xad", b"\xff", b"b\xbf\xbf", b"\xe9", b"\xc3"])
@pytest.mark.parametrize("value", [b"ada.example@posta-nova.net", b"4539578763621486"])
def test_octets_that_are_no_character_hide_nothing_that_stands_beside_them(before: bytes, value: bytes) -> None:
    text = before + value + b" "
    assert [(one.start, one.end) for one in Detector().find(text)] == [(len(before), len(text) - 1)]


@pytest.mark.timeout(20)
def test_a_column_of_many_values_that_its_name_tells_is_searched_in_one_pass() -> None:
    count = 60_000
    found = Detector().find_in(["age"] * count, [b"%d" % (20 + number % 60) for number in range(count)])
    assert len(found) == count
