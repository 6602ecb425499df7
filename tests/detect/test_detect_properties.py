"""What holds for every text: spans, cuts, units, determinism."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.detect import RECOGNIZERS, Detector, Finding
from ringfence.detect._joints import joint
from ringfence.detect.stream import BLOCK, MARGIN

DETECTOR = Detector()
SNIPPETS = [example.text for one in RECOGNIZERS for example in one.examples]
PARTS = st.one_of(
    st.sampled_from(SNIPPETS),
    st.sampled_from(
        [
            "\n",
            "\x1e",
            " ",
            "é",
            "“",
            "-----BEGIN PRIVATE KEY-----\nQUJD\n",
            "-----END PRIVATE KEY-----",
            "\ud800",
            "A" * 70,
            "IDExMTEgMTExMQ" * 5 + "\n",
            "616e6e61406d61696c2e6578616d706c65" * 2 + "\n",
            "anna%40mail.exam=\nple",
            "by 4111 1111\n1111 1111 ",
            "４１１１\u200b１１１１ 1111 1111",
        ]
    ),
    st.text(max_size=20),
)
TEXTS = st.lists(PARTS, max_size=12).map("".join)
BYTES = st.lists(
    st.one_of(PARTS.map(lambda text: text.encode(errors="surrogatepass")), st.binary(max_size=12)), max_size=12
).map(b"".join)


def streamed(data: bytes, cuts: list[int]) -> list[Finding]:
    stream = DETECTOR.stream()
    found: list[Finding] = []
    at = 0
    for cut in [*sorted(cuts), len(data)]:
        found += stream.feed(data[at:cut])
        assert stream.safe <= cut
        assert all(one.end <= stream.safe or one.start >= stream.safe for one in found)
        at = cut
    found += stream.end()
    assert stream.safe == len(data)
    return found


@settings(max_examples=300, deadline=None)
@given(BYTES, st.data())
def test_a_stream_cut_anywhere_gives_what_the_whole_text_gives(data: bytes, draw: st.DataObject) -> None:
    cuts = draw.draw(st.lists(st.integers(0, len(data)), max_size=10))
    assert streamed(data, cuts) == DETECTOR.find(data)


@settings(max_examples=40, deadline=None)
@given(BYTES)
def test_a_stream_fed_byte_by_byte_gives_what_the_whole_text_gives(data: bytes) -> None:
    assert streamed(data, list(range(len(data)))) == DETECTOR.find(data)


@settings(max_examples=300, deadline=None)
@given(BYTES)
def test_findings_lie_in_the_text_in_order_and_apart(data: bytes) -> None:
    found = DETECTOR.find(data)
    at = 0
    for one in found:
        assert at <= one.start < one.end <= len(data)
        at = one.end


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_text_and_its_bytes_give_the_same_findings(text: str) -> None:
    data = text.encode(errors="surrogatepass")
    of_text, of_bytes = DETECTOR.find(text), DETECTOR.find(data)
    assert len(of_text) == len(of_bytes)
    for mine, theirs in zip(of_text, of_bytes, strict=True):
        assert text[mine.start : mine.end].encode(errors="surrogatepass") == data[theirs.start : theirs.end]
        assert (mine.entity, mine.score, mine.evidence) == (theirs.entity, theirs.score, theirs.evidence)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_finding_again_finds_the_same(text: str) -> None:
    assert DETECTOR.find(text) == DETECTOR.find(text) == Detector().find(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(PARTS.map(lambda text: text.replace("\n", " ").replace("\x1e", " ")), min_size=2, max_size=6))
def test_lines_are_judged_one_by_one(lines: list[str]) -> None:
    if any("BEGIN" in line for line in lines):
        return
    data = [line.encode(errors="surrogatepass") for line in lines]
    whole = b"\n".join(data)
    if any(joint(whole, at) for at, byte in enumerate(whole) if byte == ord("\n")):
        return
    apart: list[tuple[int, int, str]] = []
    at = 0
    for line in data:
        apart += [(one.start + at, one.end + at, one.entity) for one in DETECTOR.find(line)]
        at += len(line) + 1
    assert [(one.start, one.end, one.entity) for one in DETECTOR.find(b"\n".join(data))] == apart


@settings(max_examples=200, deadline=None)
@given(st.text(), st.sampled_from(["", "first_name", "user.phone", "dob"]))
def test_no_code_point_raises(text: str, field: str) -> None:
    assert all(0 <= one.start < one.end <= len(text) for one in DETECTOR.find(text, field=field))


@settings(max_examples=200, deadline=None)
@given(st.binary(), st.sampled_from(["", "first_name", "user.phone", "dob"]))
def test_no_bytes_raise_and_no_finding_cuts_a_character(data: bytes, field: str) -> None:
    for one in DETECTOR.find(data, field=field):
        try:
            data.decode()
        except UnicodeDecodeError:
            continue
        data[one.start : one.end].decode()


LARGE = 3 * BLOCK + 5000


def large_text(kind: str) -> bytes:
    rng = random.Random(kind)
    parts: list[str] = []
    size = 0
    while size < LARGE:
        part = rng.choice(SNIPPETS) if rng.random() < 0.3 else "lorem ipsum dolor " * rng.randrange(1, 40)
        if kind == "one line":
            part = part.replace("\n", " ")
        if kind == "mixed" and rng.random() < 0.9:
            part = part.replace("\n", " ")
        parts.append(part + (" " if kind == "one line" or rng.random() < 0.8 else "\n"))
        size += len(parts[-1])
    return "".join(parts).encode()


@pytest.mark.parametrize("kind", ["lines", "mixed", "one line"])
@pytest.mark.parametrize("piece", [1000, 4096, BLOCK, BLOCK + MARGIN + 1, 10**7])
def test_a_large_text_gives_the_same_in_pieces_of_any_size(kind: str, piece: int) -> None:
    data = large_text(kind)
    whole = DETECTOR.find(data)
    assert len(whole) > 90
    assert streamed(data, list(range(piece, len(data), piece))) == whole


@pytest.mark.parametrize("at", [BLOCK, 2 * BLOCK, BLOCK + MARGIN])
@pytest.mark.parametrize("shift", range(-30, 4))
def test_a_value_on_the_edge_of_a_block_is_found_whole(at: int, shift: int) -> None:
    start = at + shift
    value = b"anna@mail.example"
    data = b"x " * (start // 2) + b" " * (start % 2) + value + b" y" * BLOCK
    assert [(one.start, one.end) for one in DETECTOR.find(data)] == [(start, start + len(value))]
    assert streamed(data, list(range(5000, len(data), 5000))) == DETECTOR.find(data)


def test_a_large_text_is_found_like_its_lines() -> None:
    lines = [SNIPPETS[number % len(SNIPPETS)].replace("\n", " ").encode() for number in range(9000)]
    lines = [line for line in lines if b"BEGIN" not in line]
    data = b"\n".join(lines)
    assert len(data) > 3 * BLOCK
    apart: list[tuple[int, int, str]] = []
    at = 0
    known: dict[bytes, list[Finding]] = {}
    for line in lines:
        if line not in known:
            known[line] = DETECTOR.find(line)
        apart += [(one.start + at, one.end + at, one.entity) for one in known[line]]
        at += len(line) + 1
    assert [(one.start, one.end, one.entity) for one in DETECTOR.find(data)] == apart


@pytest.mark.parametrize("seed", range(8))
def test_cuts_in_long_lines_and_keys_are_made_by_content_alone(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("ringfence.detect.stream", "ringfence.detect.detector"):
        monkeypatch.setattr(f"{module}.BLOCK", 1500)
    monkeypatch.setattr("ringfence.detect.stream.MARGIN", 700)
    monkeypatch.setattr("ringfence.detect._keys.KEY_MOST", 400)
    monkeypatch.setattr("ringfence.detect._joints.MOST_JOINED", 250)
    rng = random.Random(seed)
    snippets = [*SNIPPETS, "\n", "\x1e", "x " * 200, "-----BEGIN PRIVATE KEY-----\n", "QUJD\n" * 60, "a@b.cc@", "4111 "]
    snippets += [
        "IDExMTEgMTExMQ" * 5 + "\n",
        "YW5uYUBtYWlsLmV4YW1wbGUg" * 3 + "\n",
        "anna@mail.exam=\nple",
        "by 4111 1111\n1111 1111",
    ] * 9
    for _ in range(60):
        text = "".join(rng.choice(snippets) + rng.choice(("", " ", "\n", " ")) for _ in range(rng.randrange(1, 200)))
        data = text.encode()
        if len(data) <= 1500:
            continue
        cuts, at = [], 0
        while at < len(data):
            at += rng.randrange(1, rng.choice((3, 40, 400, 3000)))
            cuts.append(min(at, len(data)))
        assert streamed(data, cuts) == DETECTOR.find(data)
