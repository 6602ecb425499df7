"""Lines that are one: what is found over a line's end, in a whole text and in a stream cut anywhere, and what is not."""

import base64
import quopri
import random

import pytest

from ringfence.detect import Detector, Finding
from ringfence.detect._joints import MOST_JOINED, joint, last_border
from ringfence.detect.stream import BLOCK, MARGIN

DETECTOR = Detector()
MESSAGE = (
    b"Dear customer, " + b"lorem ipsum dolor sit amet " * 6 + b"write to anna.berg@mail.example or pay with "
    b"4111 1111 1111 1111 now. " + b"consetetur sadipscing elitr " * 9
)
MIME = base64.encodebytes(MESSAGE)


def wrapped(data: bytes, columns: int, mark: bytes = b"\n") -> bytes:
    return mark.join(data[at : at + columns] for at in range(0, len(data), columns))


BOTH = ["EMAIL_ADDRESS", "CREDIT_CARD"]
TEXTS = {
    "base64 at 76 columns": (b"Subject: x\n\n" + MIME + b"\nbye\n", BOTH),
    "base64 at 64 columns, behind a key": (b"body=" + wrapped(base64.b64encode(MESSAGE), 64), BOTH),
    "base64 at 60 columns, indented": (wrapped(base64.b64encode(MESSAGE), 60, b"\n    "), BOTH),
    "base64 with carriage returns": (MIME.replace(b"\n", b"\r\n"), BOTH),
    "base64 in a JSON string": (b'{"raw":"' + MIME.replace(b"\n", b"\\n") + b'"}', BOTH),
    "base64 twice": (base64.encodebytes(MIME), BOTH),
    "hexadecimal at 60 columns": (wrapped(MESSAGE.hex().encode(), 60), BOTH),
    "quoted-printable": (quopri.encodestring(MESSAGE), BOTH),
    "a soft break in an address": (b"to anna@ma=\nil.example, please", ["EMAIL_ADDRESS"]),
    "a soft break in a card, all encoded": (
        b"=34=31=31=31=20=31=31=31=31=\r\n=20=31=31=31=31=20=31=31=31=31",
        ["CREDIT_CARD"],
    ),
    "a card over two lines": (b"she pays by 4111 1111\n1111 1111 from now on\n", ["CREDIT_CARD"]),
    "a card with hyphens over two lines": (b"she pays by 4111-1111-\n  1111-1111.\n", ["CREDIT_CARD"]),
    "an account over two lines": (b"please pay to DE89 3704 0044\n0532 0130 00, thanks", ["IBAN"]),
}


def streamed(data: bytes, cuts: list[int]) -> list[Finding]:
    stream = DETECTOR.stream()
    found: list[Finding] = []
    at = 0
    for cut in [*cuts, len(data)]:
        found += stream.feed(data[at:cut])
        assert all(one.end <= stream.safe for one in found)
        at = cut
    found += stream.end()
    assert stream.safe == len(data)
    return found


@pytest.mark.parametrize("name", TEXTS)
def test_a_value_is_found_over_a_lines_end(name: str) -> None:
    data, entities = TEXTS[name]
    found = DETECTOR.find(data)
    assert [one.entity for one in found] == entities
    assert all("disguise:decoded" in one.evidence or b"\n" not in data[one.start : one.end] for one in found)


def test_a_finding_over_a_lines_end_tells_its_whole_span() -> None:
    data = b"she pays by 4111 1111\n    1111 1111 from now on"
    (found,) = DETECTOR.find(data)
    assert data[found.start : found.end] == b"4111 1111\n    1111 1111"


@pytest.mark.parametrize("name", TEXTS)
def test_a_stream_cut_at_every_byte_finds_it_too(name: str) -> None:
    data, _ = TEXTS[name]
    whole = DETECTOR.find(data)
    assert streamed(data, list(range(1, len(data)))) == whole
    for cut in range(0, len(data), 7):
        assert streamed(data, [cut]) == whole


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("piece", [1000, BLOCK, BLOCK + MARGIN + 1])
def test_many_of_them_give_the_same_in_pieces_of_any_size(name: str, piece: int) -> None:
    data = b"".join((b"an ordinary line\n" * (number % 40) + TEXTS[name][0] + b"\n") for number in range(300))[
        : 3 * BLOCK
    ]
    assert streamed(data, list(range(piece, len(data), piece))) == DETECTOR.find(data)


@pytest.mark.parametrize(
    "text",
    [
        "1234 5678\n9012 3456 7890\n",  # rows of a table
        "status 200 1234\n2024-05-17 10:05:50 started\n",
        "status 200 1234\n10.20.30.40 - - ok\n",
        "heading\n" + "-" * 70 + "\ntext\n",
        "=" * 70 + "\ntext\n",
        "PASSWORD =\nUSER\n",
        "a" * 54 + "1\nnext line\n",
        "x" * 60 + " QUJD\nQUJD\n",
    ],
)
def test_ordinary_lines_are_not_joined(text: str) -> None:
    data = text.encode()
    assert [at for at, byte in enumerate(data) if byte == 0x0A and joint(data, at) is not None] == []


def test_what_is_put_together_from_a_number_needs_its_check_digit() -> None:
    assert DETECTOR.find("she pays by 4111 1111\n1111 1112 from now on") == []


def test_a_line_that_may_go_on_is_held_until_that_is_known_and_no_other_is() -> None:
    stream = DETECTOR.stream()
    stream.feed(b"an ordinary line\n")
    assert stream.safe == 17
    stream.feed(b"she pays by 4111 1111\n")
    assert stream.safe == 17
    stream.feed(b"and so")
    assert stream.safe == 17
    stream.feed(b" on\n")
    assert stream.safe == 17 + 22 + 10


def test_lines_that_go_on_without_end_are_let_go_in_groups() -> None:
    rng = random.Random(3)
    data = base64.encodebytes(rng.randbytes(200_000))
    stream = DETECTOR.stream()
    most = 0
    for at in range(0, len(data), 1000):
        stream.feed(data[at : at + 1000])
        most = max(most, at + 1000 - stream.safe)
    assert most <= 2 * MOST_JOINED + 1000
    assert streamed(data, list(range(777, len(data), 777))) == DETECTOR.find(data)


@pytest.mark.parametrize("seed", range(6))
def test_borders_between_groups_are_those_that_a_walk_over_all_lines_gives(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(20):
        lines: list[bytes] = []
        for _ in range(rng.randrange(1, 25)):
            code = wrapped(base64.b64encode(rng.randbytes(rng.randrange(10, 4000))), rng.choice((60, 64, 76, 90)))
            lines.append(rng.choice((code, code, b"wor\x1eds", b"card 4111 1111\n1111 1111 a@b=\nc", b"x" * 70 + b"=")))
        data = b"\n".join(lines) + b"\n"
        starts = [0]
        for at, byte in enumerate(data):
            if byte in b"\n\x1e" and (at - starts[-1] > MOST_JOINED or joint(data, at) is None):
                starts.append(at + 1)
        for _ in range(20):
            at = rng.randrange(len(data))
            begins = [start for start in starts if start <= at]
            assert last_border(data, rng.choice(begins), at) == begins[-1]


def test_a_bomb_is_judged_alike_in_any_company() -> None:
    bomb = base64.b64encode(MESSAGE) + b" " + base64.b64encode(b"anna@mail.example " * 40)
    alone = DETECTOR.find(bomb)
    shift = len(b"an ordinary line\n") * 50
    assert [
        one._replace(start=one.start - shift, end=one.end - shift)
        for one in DETECTOR.find(b"an ordinary line\n" * 50 + bomb)
    ] == alone


def test_lines_that_go_on_one_behind_another_are_judged_a_few_times_each(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = 0

    def counted(data: bytes, at: int) -> object:
        nonlocal judged
        judged += 1
        return joint(data, at)

    monkeypatch.setattr("ringfence.detect._joints.joint", counted)
    lines = 4000
    Detector(entities=["CREDIT_CARD"]).find(b"=41=\n" * lines)
    assert lines <= judged <= 5 * lines


@pytest.mark.parametrize("end", ["=\n", "=\r\n"])
def test_the_end_of_a_line_between_two_values_is_no_finding(end: str) -> None:
    first, second = "anna.berg@mail.de", "otto@firma.de"
    text = first + end + second
    assert [text[one.start : one.end] for one in DETECTOR.find(text)] == [first, second]
