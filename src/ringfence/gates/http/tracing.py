"""W3C Trace Context in a head: the ids by which an operator goes from a trace to the ledger's entry, and back.

The rule: an id counts as one only where its field is valid to the last octet by the grammar of W3C Trace Context; such a field is
not looked at, for a random number may look like anything. Everything beside the ids is payload: what is not valid, what vendors
write into `tracestate` (some write a user's id), `baggage`. An id without a letter among its digits could be somebody's number that
was put there, so the ledger gets it only after a look.
"""

from collections.abc import Sequence
from typing import Final

from ringfence.crossing import Trace
from ringfence.gates.http.media import Fields, values

PARENT: Final = "traceparent"
STATE: Final = "tracestate"

_SIZES: Final = (2, 32, 16, 2)  # digits of version, trace, caller's span and flags
"""Of version 00. A later one may have more behind it, which nobody here can judge: with more, the field is read as any."""
_NO_VERSION: Final = "ff"
_STATE_IDS: Final = (16, 32)
_HEX: Final = frozenset("0123456789abcdef")


def trace_of(fields: Fields) -> Trace | None:
    """Give the trace that a request says it belongs to; None where it says none, or says it in another way than the grammar's.

    >>> trace_of((("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),))
    Trace(id='4bf92f3577b34da6a3ce929d0e0e4736', parent='00f067aa0ba902b7')
    >>> trace_of((("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"),)) is None
    True
    """
    told = values(fields, PARENT)
    parts = told[0].split("-", len(_SIZES)) if len(told) == 1 else []
    if tuple(map(len, parts)) != _SIZES or not _HEX.issuperset("".join(parts)):
        return None
    version, trace, parent, _ = parts
    if version == _NO_VERSION or not trace.strip("0") or not parent.strip("0"):
        return None
    return Trace(trace, parent)


def payload_of_state(octets: bytes) -> Sequence[tuple[int, bytes]]:
    """Give what is to be looked at in a `tracestate`, with where it begins: every member whose value is not just an id.

    >>> payload_of_state(b"rojo=00f067aa0ba902b7,dd=s:2;t.usr.id:ada")
    [(22, b'dd=s:2;t.usr.id:ada')]
    """
    found = []
    at = 0
    for member in octets.split(b","):
        if not _is_id(member.partition(b"=")[2].strip(b" \t")):
            found.append((at, member))
        at += len(member) + 1
    return found


def _is_id(value: bytes) -> bool:
    """Whether a vendor's value is the id of a span or trace, with or without flags behind it, and no number that may be more."""
    digits, _, flags = value.decode("latin-1").partition("-")
    is_number = digits.isdecimal()
    return len(digits) in _STATE_IDS and len(flags) <= _SIZES[-1] and not is_number and _HEX.issuperset(digits + flags)
