"""Attacks on an HTTP gate as data: messages with a value in them, each played from one end of the gate to the other.

The rule: an attack is one entry of `attacks.yaml`, and says nothing about any policy: it is a template, whose gaps take a
value, a path and a method. The same entry is played both ways where it makes sense both ways: as a request that the service
must not get, and as an answer that the client must not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, TypeAlias

from ruamel.yaml import YAML

from ringfence.probe.http.spelling import CODINGS, PARTS, SPELLINGS

_REASONS: Final = {200: "OK", 206: "Partial Content", 304: "Not Modified", 500: "Internal Server Error"}


_LONG: Final[Mapping[str, str]] = {
    "long": "lorem ipsum " * 11_500,
    "pad": "x" * 9_000,
    "keys": "".join(f'"k{number}": {number}, ' for number in range(1000)),
    "deep": "[" * 400,
    "shallow": "]" * 400,
}
"""What stands beside a value."""


class Way(StrEnum):
    """Which way a message goes."""

    REQUEST = "request"
    RESPONSE = "response"


Framing: TypeAlias = Literal["length", "chunked", "close", "none"]
"""How the end of a body is told: `close` by the end of the connection, `none` not at all."""


@dataclass(frozen=True, slots=True)
class HttpAttack:
    """One attack. Text has gaps; `raw` is a whole message, and then nothing else counts but `body`."""

    name: str
    route: str
    ways: tuple[Way, ...] = (Way.REQUEST, Way.RESPONSE)
    type: str = ""  # of its content; "": none is said
    body: str = ""
    charset: str = "utf-8"  # the codec in which the body is written
    coding: tuple[str, ...] = ()  # what the body is put into, in this order
    says: str = ""  # what `content-encoding` says of it
    fields: tuple[str, ...] = ()  # more header fields, whole lines
    trailers: tuple[str, ...] = ()
    framing: Framing = "length"
    cut: int = 0  # octets of each chunk, and of each piece that is sent at once; 0: whole
    method: str = ""  # "": as the flow asks for
    path: str = "{path}"
    status: int = 200
    version: str = "1.1"
    raw: str = ""
    before: str = ""  # sent before the message: another one
    over: Literal["http1", "http2"] = "http1"
    resets: bool = False  # HTTP/2: the stream is reset in the middle of its body
    alone: bool = False  # an answer without a body: to HEAD, 304

    @property
    def id(self) -> str:
        """Its name, with its route: what reports and the ledger call it."""
        return f"{self.route}/{self.name}"


@dataclass(frozen=True, slots=True, repr=False)
class Target:
    """What stands in a template's gaps."""

    value: str
    path: str
    method: str


@dataclass(slots=True, repr=False)
class Played:
    """A message as octets: what is sent, in pieces, and how the value is spelt in it."""

    pieces: list[bytes] = field(default_factory=list)
    spelt: set[bytes] = field(default_factory=set)
    head: tuple[tuple[str, str], ...] = ()  # of HTTP/2: names and values
    body: bytes = b""
    trailers: tuple[tuple[str, str], ...] = ()


def play(attack: HttpAttack, way: Way, target: Target) -> Played:
    """Make an attack's message."""
    played = Played()
    body = _body(attack, target, played)
    played.body = body
    if attack.raw:
        told = {"n": str(len(body)), "body": _text(body), "chunked": _text(_chunks(body, attack.cut, ()))}
        played.pieces = [_fill(attack.raw, target, played, told)]
        return played
    is_http2 = attack.over == "http2" and way is Way.REQUEST  # services are spoken to in HTTP/1
    lines = _lines(attack, target, played, len(body), is_http2=is_http2)
    trailers = [_filled(line, target, played) for line in attack.trailers]
    if way is Way.REQUEST:
        method = attack.method or target.method
        path = _filled(attack.path, target, played)
        start = f"{method} {path} HTTP/{attack.version}"
        if is_http2:
            pseudo = ((":method", method), (":scheme", "http"), (":path", path), (":authority", "shop.example"))
            played.head = (*pseudo, *_pairs(lines))
            played.trailers = _pairs(trailers)
            return played
        lines[:0] = [start, "Host: shop.example", "Connection: close"]
    else:
        lines.insert(0, f"HTTP/{attack.version} {attack.status} {_REASONS[attack.status]}")
    head = "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
    before = _fill(attack.before, target, played, {}) if attack.before else b""
    framed = _chunks(body, attack.cut, trailers) if attack.framing == "chunked" else body
    played.pieces = [before + head, *_cut(framed, attack.cut)] if attack.cut else [before + head + framed]
    return played


def _body(attack: HttpAttack, target: Target, played: Played) -> bytes:
    if not attack.body:
        return b""
    text = _filled(attack.body, target, played, charset=attack.charset)
    body = text.encode(attack.charset, "surrogateescape")
    for name in attack.coding:
        body = CODINGS[name](body)
    return body


def _lines(attack: HttpAttack, target: Target, played: Played, size: int, *, is_http2: bool) -> list[str]:
    lines = [f"Content-Type: {attack.type}"] if attack.type else []
    lines += [f"Content-Encoding: {attack.says}"] if attack.says else []
    lines += [_filled(line, target, played) for line in attack.fields]
    has_body = size > 0 or attack.framing == "chunked"
    if attack.framing == "chunked":
        lines += [] if is_http2 else ["Transfer-Encoding: chunked"]
    elif attack.framing == "length" and (has_body or not attack.alone):
        lines.append(f"Content-Length: {size}")
    return lines


def _pairs(lines: Sequence[str]) -> tuple[tuple[str, str], ...]:
    split = [line.partition(":") for line in lines]
    return tuple((name.lower(), value.strip()) for name, _, value in split)


def _chunks(body: bytes, width: int, trailers: Sequence[str]) -> bytes:
    pieces = list(_cut(body, width or len(body) or 1))
    told = "".join(f"{line}\r\n" for line in trailers).encode("utf-8", "surrogateescape")
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + told + b"\r\n"


def _cut(octets: bytes, width: int) -> list[bytes]:
    return [octets[at : at + width] for at in range(0, len(octets), width)]


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


def _fill(template: str, target: Target, played: Played, told: Mapping[str, str]) -> bytes:
    return _filled(template, target, played, told).encode("utf-8", "surrogateescape")


def _filled(
    template: str, target: Target, played: Played, told: Mapping[str, str] | None = None, charset: str = "utf-8"
) -> str:
    """Put a target into a template, and note how the value is spelt there."""
    known = {**_LONG, "path": target.path, "method": target.method, "v": target.value, **(told or {})}

    first, *rest = template.split("{")
    made = [first]
    for piece in rest:
        gap, end, after = piece.partition("}")
        name, *ways = gap.split("|")
        if not end or name not in known:
            made.append("{" + piece)
            continue
        text = known[name]
        for way in ways:
            text = (SPELLINGS.get(way) or PARTS[way])(text)
        if name == "v" and not PARTS.keys() & set(ways):
            played.spelt.add(text.encode(charset, "surrogateescape"))
        made.append(text + after)
    return "".join(made)


@cache
def http_attacks() -> Sequence[HttpAttack]:
    """Give the table, each attack under a name of its own."""
    text = files("ringfence.probe.http").joinpath("attacks.yaml").read_text(encoding="utf-8")
    read: Mapping[str, Mapping[str, Mapping[str, Any]]] = YAML(typ="safe").load(text)
    return tuple(_attack(route, name, entry) for route, some in read.items() for name, entry in some.items())


def _attack(route: str, name: str, entry: Mapping[str, Any]) -> HttpAttack:
    told = dict(entry)
    ways = told.pop("way", None)
    told |= {key: tuple(told[key]) for key in ("coding", "fields", "trailers") if key in told}
    return HttpAttack(name, route, tuple(Way) if ways is None else (Way(ways),), **told)
