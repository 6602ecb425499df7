"""Bodies in codings, charsets and parts, through a whole crossing: what is decoded is judged, and only what passed goes out."""

import gzip
import json
import zlib
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

import pytest

from ringfence.carriers import Carrier, CodedCarrier, make_body_carrier
from ringfence.crossing import Crossing, CrossingId, Ending, Head, Reason, Record, Recorded, Refuse, Release
from ringfence.policy import Asker, FlowId, Plan, plan, read
from ringfence.transform import Keyring

AT = datetime(2026, 1, 1, tzinfo=UTC)
MAIL = "ada.nowak@posta-nova.net"

POLICY = """\
version: 1
zones: {core: {label: a}, outside: {label: b, controlled: false}}
assets: {app: {zone: core, kind: service}, saas: {zone: outside, kind: log}}
flows:
  - {id: f, from: app, to: saas, mode: MODE, carry: {}, else: redact, unknown: scan}
"""


@cache
def planned(mode: str = "enforce") -> Plan:
    return plan(read("p", {"p": POLICY.replace("MODE", mode)}, {}), FlowId("f"), Asker())


def through(
    carrier: Carrier, pieces: Sequence[bytes], mode: str = "enforce", hold: int = 1 << 17
) -> tuple[bytes, Reason | None, list[dict[str, object]]]:
    made = planned(mode)
    head = Head(CrossingId("x"), made.policy_hash, AT, "g", "p")
    crossing = Crossing(made, head, Keyring([]), carrier, hold=hold)
    out, reason, entries = b"", None, []
    left = deque(crossing.start())
    steps = deque([*pieces, None])
    while left or steps:
        if not left:
            piece = steps.popleft()
            left.extend(crossing.end(Ending.COMPLETE, AT) if piece is None else crossing.feed(piece, AT))
            continue
        match left.popleft():
            case Record(id=number, body=body):
                entries.append(dict(body))
                left.extend(crossing.answer(Recorded(number, "r"), AT))
            case Release(payload=part):
                assert reason is None
                assert isinstance(part, bytes)
                out += part
            case Refuse(refusal=refusal):
                reason = refusal.reason
    return out, reason, entries


def pieces_of(raw: bytes, size: int = 1000) -> list[bytes]:
    return [raw[at : at + size] for at in range(0, len(raw), size)]


CLEAN = json.dumps([{"id": number, "sku": f"A-{number * 7919 % 1000}"} for number in range(20_000)]).encode()
FOUND = CLEAN.replace(b"A-1}", b"A-1}")[:-1] + f', {{"mail": "{MAIL}"}}]'.encode()


@pytest.mark.parametrize("hold", [64, 1 << 17])
def test_a_coded_body_with_nothing_in_it_passes_bit_identical(hold: int) -> None:
    raw = gzip.compress(CLEAN)
    out, reason, _ = through(make_body_carrier("application/json", ["gzip"]), pieces_of(raw), hold=hold)
    assert reason is None
    assert out == raw


@pytest.mark.parametrize("hold", [64, 1 << 17])
def test_what_is_found_in_a_coded_body_is_changed_in_it(hold: int) -> None:
    raw = gzip.compress(FOUND)
    out, reason, entries = through(
        make_body_carrier("application/json; charset=utf-8", ["gzip"]), pieces_of(raw), hold=hold
    )
    assert reason is None
    assert MAIL.encode() not in gzip.decompress(out)
    assert json.loads(gzip.decompress(out))[:-1] == json.loads(CLEAN)
    assert entries[-1]["changes"] == 1


def test_a_coded_body_in_another_charset_is_changed_in_both() -> None:
    text = f"Zoë wrote {MAIL}\n"
    raw = zlib.compress(text.encode("utf-16"))
    out, reason, _ = through(make_body_carrier("text/plain; charset=utf-16", ["deflate"]), pieces_of(raw, 7))
    assert reason is None
    assert zlib.decompress(out).decode("utf-16").startswith("Zoë wrote [redacted")


def test_a_form_with_a_file_loses_what_may_not_cross_and_keeps_the_rest() -> None:
    raw = (
        b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\ncall ' + MAIL.encode() + b"\r\n"
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="'
        + MAIL.encode()
        + b' cv.txt"\r\nContent-Type: application/json\r\n\r\n'
        b'{"mail":"' + MAIL.encode() + b'"}\r\n--b--\r\n'
    )
    out, reason, _ = through(make_body_carrier("multipart/form-data; boundary=b"), pieces_of(raw, 11))
    assert reason is None
    assert MAIL.encode() not in out
    assert out.count(b"redacted") == 3


def test_what_is_refused_releases_nothing_of_what_was_held() -> None:
    whole = gzip.compress(FOUND)
    for raw in (whole[:-1], whole + b"x", whole[:-6] + b"\0" + whole[-5:], b"x" + whole):
        out, reason, entries = through(make_body_carrier("application/json", ["gzip"]), pieces_of(raw))
        assert (out, reason) == (b"", Reason.UNDECODABLE)
        assert entries[-1]["refused"] == "undecodable"


def test_a_bomb_is_refused_as_too_large() -> None:
    raw = gzip.compress(b'["' + b"0" * 30_000_000)
    out, reason, _ = through(CodedCarrier(make_body_carrier("text/plain"), ["gzip"]), pieces_of(raw))
    assert (out, reason) == (b"", Reason.TOO_LARGE)


def test_a_character_that_the_charset_does_not_have_refuses_the_body() -> None:
    raw = b"\xff\xfe" + f"{MAIL}\n".encode("utf-16-le")
    out, reason, _ = through(make_body_carrier("text/plain"), [raw])
    assert reason is None
    assert out.decode("utf-16").startswith("[redacted")


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("size", [1, 1000, 1 << 20])
def test_a_flow_that_observes_passes_every_byte_as_it_came(broken: bool, size: int) -> None:
    raw = gzip.compress(FOUND[:30] + FOUND[-60:]) if size == 1 else gzip.compress(FOUND)
    raw = raw[:-9] + b"\0" * 9 if broken else raw
    out, reason, entries = through(
        make_body_carrier("application/json", ["gzip"]), pieces_of(raw, size), mode="observe"
    )
    assert reason is None
    assert out == raw
    assert entries
    assert ("would" in entries[-1]) is broken or size == 1
