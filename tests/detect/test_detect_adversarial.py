"""Input made to be slow: the work that the engine does grows no faster than the input."""

from itertools import pairwise

import pytest

from ringfence.detect import RECOGNIZERS, Detector
from ringfence.detect._overlap import Candidate, resolve
from ringfence.detect.recognizer import Certainty, Recognizer
from ringfence.detect.stream import BLOCK, MARGIN

PATTERNS = sum(len(one.patterns) for one in RECOGNIZERS)
SMALL, LARGE = 120_000, 480_000  # both are read in blocks: a single one may pass over what a second one has to look at

UNITS = {
    "digits": b"1",
    "digits with blanks": b"1 ",
    "groups of four": b"4111 ",
    "valid cards": b"4111 1111 1111 1111 ",
    "at signs": b"@",
    "a@a@a@": b"a@",
    "addresses in a chain": b"a.b@c.de@",
    "colons": b"::",
    "hexadecimal groups": b"ab:",
    "points": b"1.1.1.",
    "addresses without a break": b"10.0.0.1.",
    "plus signs": b"+1 ",
    "telephone numbers": b"+4930231250",
    "words and numbers": b"tel 123456789 ",
    "birth words": b"born ",
    "dates": b"born 1980-03-12 ",
    "accounts": b"DE89 ",
    "account heads": b"DE89370400440532013",
    "tokens": b"eyJhbGciOiJIUzI1NiJ9.",
    "key beginnings": b"-----BEGIN PRIVATE KEY-----",
    "key bodies": b"-----BEGIN PRIVATE KEY-----" + b"QUJD" * 300 + b" ",
    "keys over lines": b"-----BEGIN PRIVATE KEY-----\nQUJD\n",
    "user info": b"a://a:b@",
    "user info in a chain": b"://a@",
    "one letter": b"a",
    "high bytes": b"\xc3\xa9",
    "broken bytes": b"\xff\xc3",
    "line feeds": b"\n",
    "joints": b"\x1e",
    "plus, encoded": b"%2B1%40a",
    "numbers of nine": b"ssn 536228712 ",
    "points and hyphens": b"123.456.789-",
    "letters and digits": b"AB12CD34",
    "hyphens": b"12-34-",
    "upper case": b"ABCDEF",
    "Base58": b"1A1zP1eP5Q",
    "0x": b"0x0123456789abcdef",
    "prefixes of tokens": b"sk_live_ghp_AKIA",
    "passwords to be": b"; password =",
    "keywords and values": b"host=a; user=b; pwd=c; ",
    "labels": b"Name: A ",
    "labels without an end": b"Address: 1 a ",
    "words of all countries": b"dni nif nie curp cpf rut vat pps ",
    "words alone": "cédula дата паспорт 身份证 ".encode(),
    "words and ages": b"age 34 years old ",
    "degrees": "52° 31' ".encode(),
    "percent": b"%34%31%31%31",
    "percent of percent": b"%25252534",
    "references": b"&#52;&#x34;&commat;",
    "escapes": b"\\u0034\\x34",
    "base64": b"NDExMSAxMTEx",
    "base64 of base64": b"TkRFeE1TQXhNVEV4",
    "hexadecimal text": b"34313131",
    "gzip beginnings": b"H4sIAAAAAAAA",
    "full width": "４１１１ ".encode(),
    "zero width": "4\u200b1".encode(),
    "look-alikes": "aаa".encode(),
    "spoken": b"a (at) b dot c ",
    "groups with points": b"4111.1111.",
    "digits one by one": b"4 1 1 1 1 ",
    "quoted": b"=34=31",
    "tracks": b"%B4111111111111111^A/",
}


def work_on(unit: bytes, size: int) -> tuple[int, int]:
    detector = Detector()
    detector.find(unit * (size // len(unit)))
    return detector.work.scanned, detector.work.candidates


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_the_work_grows_with_the_input_and_no_faster(unit: bytes) -> None:
    small, large = work_on(unit, SMALL), work_on(unit, LARGE)
    # A stream's blocks are scanned with margins, hence the factor that does not depend on the size.
    overhead = (BLOCK + 2 * MARGIN) / BLOCK
    for little, much in zip(small, large, strict=True):
        assert much <= (little + 100) * (LARGE / SMALL) * overhead * 1.1
    assert large[0] <= LARGE * PATTERNS * overhead, "no pattern reads a byte twice"


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
        assert much <= 8 * (little + 100) * (BLOCK + 2 * MARGIN) / BLOCK


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
