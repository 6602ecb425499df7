"""Heads of any fields: what is hidden in them crosses in none, and what nothing was found in stays to the octet.

An input is lines: a target, then ``name: value`` each; the first byte chooses the direction. The head is changed as the gate says
and Envoy does; then the address that the policy hides is in none of it, each field is one of those that came, in their order, and
the path is the same. Nothing but a refusal comes of what cannot be read.
"""

import random
from collections import deque
from urllib.parse import quote

from fuzz.http_processing import HIDDEN, NOW, SIDE
from ringfence.crossing import Record, Recorded, Refuse, Release
from ringfence.gates.http.exchange import HeadEdits, HttpExchange, RequestHead, ResponseHead
from ringfence.gates.http.heads import FIXED, NOT_READ, as_octets, as_text

_MAIL = HIDDEN.decode()
_HEX = HIDDEN.hex()
HEADS = (
    f"/a/b?mail={_MAIL}&n=1&&x\ncookie: a=1; b={_MAIL};c\nx-who: <{_MAIL}>\nx-who: none\nuser-agent: x/1 (y; z)",
    f"/a?{quote(_MAIL, safe='')}=1&t={quote(_MAIL, safe='')}\nreferer: http://x/?mail={quote(_MAIL, safe='')}\nx-{_HEX}: 1",
    f'/a\nset-cookie: a={_MAIL}; Path=/\nset-cookie: b=1\netag: "{_MAIL}"\ncontent-type: text/plain; charset=utf-8',
    f"/a\ncontent-type: multipart/form-data; boundary=x; to={_MAIL}\ndate: {_MAIL}\ncontent-encoding: gzip",
    f"/a/{_MAIL}\nauthorization: Bearer x\nx-forwarded-for: 192.0.2.7, 198.51.100.9",
    '/a\nx-j: {"mail": "\\u0061"}\ncookie: =;;q="x y"\nx-b3-traceid: 80f198ee56343ba864fe8b2a57d3eff7',
)
SEEDS = [bytes((way,)) + head.encode() for head in HEADS for way in (0, 1)]
PIECES = (
    HIDDEN,
    HIDDEN.hex().encode(),
    b"; ",
    b"%40",
    b"%2540",
    b"\ncookie: ",
    b"\nset-cookie: ",
    b"\ncontent-type: ",
    b"?",
    b"&",
)


def disguise(data: bytes, rng: random.Random) -> bytes:
    """Write the hidden value in another way here and there."""
    ways = (HIDDEN, HIDDEN.upper(), quote(_MAIL, safe="").encode(), _HEX.encode())
    return data.replace(HIDDEN, rng.choice(ways), 1)


def target(data: bytes) -> None:
    if not data:
        return
    first, *lines = data[1:].replace(b"\r", b"").replace(b"\0", b"").split(b"\n")
    pairs = [line.partition(b":") for line in lines]
    fields = tuple((_name(name), as_text(value.strip())) for name, _, value in pairs if name.strip())
    path, mark, query = as_text(first.replace(b" ", b"") or b"/").partition("?")
    exchange = HttpExchange(SIDE)
    asked = RequestHead(
        "GET", path.partition("#")[0], fields if data[0] % 2 else (), ends=True, query=query if mark else None
    )
    way = exchange.request(asked).head
    if not data[0] % 2:
        way = exchange.response(ResponseHead(200, fields, ends=True)).head
    released: list[bytes] = []
    left = deque(way.start(NOW))
    while left:
        match left.popleft():
            case Refuse():
                return
            case Release(payload=bytes() as octets):
                released.append(octets)
            case Record(id=number):
                left.extendleft(reversed(way.answer(Recorded(number, "r"), NOW)))
    edits = way.edits(b"".join(released)) if way.summary is not None else HeadEdits()
    _check(asked if data[0] % 2 else None, fields, edits)


def _name(raw: bytes) -> str:
    return (
        "".join(one for one in raw.decode("latin-1").lower() if one.isascii() and (one.isalnum() or one in "-_")) or "x"
    )


def _check(asked: RequestHead | None, fields: tuple[tuple[str, str], ...], edits: HeadEdits) -> None:
    gone = set(edits.remove)
    stays = [field for field in fields if field[0] not in gone]
    after = [*stays, *edits.add]
    for name in {name for name, _ in fields}:
        before, now = (
            [value for each, value in fields if each == name],
            [value for each, value in after if each == name],
        )
        assert len(now) in (0, len(before)), "a field was lost or made"
        assert name in gone or now == before, "a field was changed that was not to go"
    assert {name for name, _ in edits.add} <= gone
    target_now = dict(edits.set).get(":path", "")
    if asked is not None and target_now:
        assert target_now.partition("?")[0] == asked.path, "a path was changed"
    looked_at = [value for name, value in after if name not in NOT_READ | FIXED]
    for value in (*looked_at, target_now):
        octets = as_octets(value)
        # Grown together with what follows (`.net2`) or stands before, it is no address, for nobody.
        assert all(rest[:1].isalnum() or rest[:1] in b"._-%" for rest in octets.split(HIDDEN)[1:] if rest), (
            "it is in clear"
        )
        assert not octets.endswith(HIDDEN), "it is in clear"
        assert "\n" not in value
        assert "\r" not in value
