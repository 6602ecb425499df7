"""The heads of a request and its response, and how their fields change, whatever becomes of the bodies behind them.

The rule: what tells of octets goes where these change, or may. Nothing is said here of what is personal in a field: that crosses
(`ringfence.gates.http.passage`).
"""

from dataclasses import dataclass
from typing import Final

from ringfence.gates.http.asking import CLIENT_CERTIFICATE
from ringfence.gates.http.media import Fields
from ringfence.policy import Plan
from ringfence.policy.model import Mode

_NOT_MODIFIED: Final = 304
_NOTED: Final = ("x-envoy-external-address", CLIENT_CERTIFICATE)  # by Envoy, of the client
NOT_SENT: Final = ("range", "if-range", *_NOTED)
OF_THE_OCTETS: Final = ("content-digest", "content-md5", "digest", "etag", "repr-digest")


@dataclass(frozen=True, slots=True, repr=False)
class RequestHead:
    """A request without its body. `ends`: there is none."""

    method: str
    path: str  # without a query
    fields: Fields
    ends: bool
    query: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class ResponseHead:
    """A response without its body."""

    status: int
    fields: Fields
    ends: bool


@dataclass(frozen=True, slots=True)
class HeadEdits:
    """How header fields are changed."""

    set: Fields = ()
    remove: tuple[str, ...] = ()  # before anything is set or added
    add: Fields = ()  # each beside others of its name


def request_edits(head: RequestHead, *, observes: bool = False) -> HeadEdits:
    """Say how a request's header fields change before anything of its body is known: not at all where both its flows observe.

    The service is asked for the whole, and uncompressed: a part may begin within a value, and what is compressed has to be undone
    and done again. A service that compresses all the same is read all the same.
    """
    there = {name for name, _ in head.fields}
    if observes:
        return HeadEdits(remove=tuple(name for name in _NOTED if name in there))
    return HeadEdits((("accept-encoding", "identity"),), tuple(name for name in NOT_SENT if name in there))


def response_edits(head: ResponseHead, method: str, decided: Plan) -> HeadEdits:
    """Say how a response's header fields change whatever becomes of its body: no parts of it are to be asked for.

    What tells of octets that are not here (HEAD, 304) tells of those that the service would send. Others may come through the
    gate, and a digest of what may not cross gives it away to whoever guesses: it goes, unless no octet can change. A 304 keeps
    the `ETag`: whoever asked has it.
    """
    if decided.mode is Mode.OBSERVE:
        return HeadEdits()
    gone = ["accept-ranges"]
    is_same = head.status == _NOT_MODIFIED
    if head.ends and (method == "HEAD" or is_same) and not decided.passes_unread:
        gone += [name for name in ("content-length", *OF_THE_OCTETS) if not (is_same and name == "etag")]
    there = {name for name, _ in head.fields}
    return HeadEdits(remove=tuple(name for name in gone if name in there))


def edits_of_change(fields: Fields) -> HeadEdits:
    """Say which header fields have to go because the body's octets change: what was computed from them."""
    there = {name for name, _ in fields}
    return HeadEdits(remove=tuple(name for name in OF_THE_OCTETS if name in there))


def joined(one: HeadEdits, other: HeadEdits) -> HeadEdits:
    """Make one of two changes."""
    return HeadEdits(one.set + other.set, one.remove + other.remove, one.add + other.add)
