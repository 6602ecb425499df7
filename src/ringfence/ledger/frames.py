r"""What the writer and its clients say to each other: bytes in, messages out, no socket anywhere.

The rule: whatever arrives is a message or `BadFrame`, after which the connection is closed; nothing is buffered beyond one
frame.

A frame is its length (four bytes, big-endian) and as many bytes: lines of JSON, joined by ``\n``. The first line is the
message; an append's entries follow, one canonical body on each line. So the writer hashes and stores bodies as they came,
without reading them (measured: reading and writing one anew would cost 21 µs, which is more than everything else that is done
for it). Each side begins with a hello that names the protocol's version.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from ringfence.ledger.entry import MOST_ENTRY_BYTES
from ringfence.ledger.faults import Fault, LedgerError

PROTOCOL = 1
MOST_FRAME_BYTES = 1024 * 1024
MOST_ENTRIES = 1024  # in a frame
LENGTH_BYTES = 4
MOST_NUMBER = 2**63 - 1


class BadFrame(LedgerError):
    """Bytes that are no message of this protocol."""

    def __init__(self, what: str) -> None:
        super().__init__(f"ledger protocol: {what}", "use the same ringfence for a ledger's writer and its clients")


@dataclass(frozen=True, slots=True)
class Hello:
    """A client's first message."""

    version: int = PROTOCOL


@dataclass(frozen=True, slots=True, repr=False)
class Append:
    """Write these bodies, all or none. `without_id`: the places of those that are never taken for repetitions."""

    request: int
    bodies: Sequence[bytes]
    without_id: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Expire:
    """Drop the bodies of the entries before index `through`, which are older than `before`."""

    request: int
    before: str
    through: int


@dataclass(frozen=True, slots=True)
class Welcome:
    """The writer's first message: which ledger, and which process writes it."""

    ledger: str
    process: int
    version: int = PROTOCOL


@dataclass(frozen=True, slots=True)
class Done:
    """The entries of a request are durable, at these indices, in a tree of that size."""

    request: int
    indices: Sequence[int]
    size: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A request was not done."""

    request: int
    fault: Fault


Request: TypeAlias = Hello | Append | Expire
Reply: TypeAlias = Welcome | Done | Failed

T = TypeVar("T")


class FrameReader:
    """Cuts a stream into frames' contents."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, piece: bytes) -> list[bytes]:
        """Take the next bytes and give the frames that are complete."""
        held = self._held
        held += piece
        frames: list[bytes] = []
        at = 0
        while len(held) - at >= LENGTH_BYTES:
            length = int.from_bytes(held[at : at + LENGTH_BYTES])
            if not 0 < length <= MOST_FRAME_BYTES:
                raise BadFrame(f"a frame of {length} bytes, of at most {MOST_FRAME_BYTES}")
            end = at + LENGTH_BYTES + length
            if len(held) < end:
                break
            frames.append(bytes(held[at + LENGTH_BYTES : end]))
            at = end
        del held[:at]
        return frames


def frame(message: Request | Reply) -> bytes:
    """Write a message as a frame."""
    content = _content(message)
    return len(content).to_bytes(LENGTH_BYTES) + content


def _content(message: Request | Reply) -> bytes:
    match message:
        case Append(request, bodies, without_id):
            head = _line({"do": "append", "request": request, "without_id": sorted(without_id)})
            return b"\n".join([head, *bodies])
        case Expire(request, before, through):
            return _line({"do": "expire", "request": request, "before": before, "through": through})
        case Hello(version):
            return _line({"do": "hello", "version": version})
        case Welcome(ledger, process, version):
            return _line({"ledger": ledger, "process": process, "version": version})
        case Done(request, indices, size):
            return _line({"request": request, "runs": runs_of(indices), "size": size})
        case Failed(request, fault):
            return _line({"request": request, "fault": fault.value})


def parse_request(content: bytes) -> Request:
    """Read what a client sent."""
    head, *lines = content.split(b"\n")
    fields = _object(head)
    match fields.get("do"):
        case "append":
            return Append(_number(fields, "request"), _bodies(lines), _places(fields.get("without_id"), len(lines)))
        case "expire" if not lines:
            return Expire(_number(fields, "request"), _text(fields, "before"), _number(fields, "through"))
        case "hello" if not lines:
            return Hello(_number(fields, "version"))
    raise BadFrame("an unknown message")


def parse_reply(content: bytes) -> Reply:
    """Read what the writer sent."""
    fields = _object(content)
    if "ledger" in fields:
        return Welcome(_text(fields, "ledger"), _number(fields, "process"), _number(fields, "version"))
    if "fault" in fields:
        try:
            return Failed(_number(fields, "request"), Fault(_text(fields, "fault")))
        except ValueError:
            raise BadFrame("an unknown fault") from None
    return Done(_number(fields, "request"), _indices(fields.get("runs")), _number(fields, "size"))


def runs_of(indices: Sequence[int]) -> list[list[int]]:
    """Write indices as runs of first and count: most appends are one."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][0] + runs[-1][1]:
            runs[-1][1] += 1
        else:
            runs.append([index, 1])
    return runs


def _line(fields: dict[str, object]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


def _object(line: bytes) -> dict[str, object]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        raise BadFrame("a message that is not JSON") from None
    if not isinstance(fields, dict):
        raise BadFrame("a message that is no JSON object")
    return fields


def _number(fields: dict[str, object], name: str) -> int:
    return _checked(fields.get(name))


def _checked(number: object) -> int:
    if type(number) is not int or not 0 <= number <= MOST_NUMBER:
        raise BadFrame("a number that is missing or out of range")
    return number


def _text(fields: dict[str, object], name: str) -> str:
    text = fields.get(name)
    if not isinstance(text, str) or len(text) > 256:
        raise BadFrame("a text that is missing or too long")
    return text


def _list(values: object) -> list[object]:
    if not isinstance(values, list) or len(values) > MOST_ENTRIES:
        raise BadFrame("a list that is missing or too long")
    return values


def _bodies(lines: list[bytes]) -> list[bytes]:
    if not 0 < len(lines) <= MOST_ENTRIES:
        raise BadFrame(f"an append of {len(lines)} entries, of at most {MOST_ENTRIES}")
    for line in lines:
        if line[:1] != b"{" or line[-1:] != b"}" or len(line) > MOST_ENTRY_BYTES:
            raise BadFrame("an entry that is no JSON object, or too large")
        if not line.isascii():
            try:
                line.decode()
            except UnicodeDecodeError:
                raise BadFrame("an entry that is not UTF-8") from None
    return lines


def _places(values: object, count: int) -> frozenset[int]:
    places = frozenset(map(_checked, _list(values)))
    if places and max(places) >= count:
        raise BadFrame("a place behind the last entry")
    return places


def _indices(values: object) -> list[int]:
    indices: list[int] = []
    for run in _list(values):
        first, count = map(_checked, _list(run)) if isinstance(run, list) and len(run) == 2 else (0, MOST_ENTRIES + 1)
        if len(indices) + count > MOST_ENTRIES:
            raise BadFrame("a run that is none, or too long")
        indices.extend(range(first, first + count))
    return indices
