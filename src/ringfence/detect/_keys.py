r"""Where a private key in PEM form ends: the one entity that runs over lines.

The rule: a key ends at its end marker; where that is missing, at the last line that a key could have; in any case within
`KEY_MOST` bytes. Line feeds may be real, or written as in JSON and logs (``\n``), or replaced by blanks.
"""

from dataclasses import dataclass

from ringfence.detect._engine import prefix

KEY_MOST = 32_768
"""Bytes of the longest key: RSA with 16,384 bits takes 13,000."""

KEY_START = b"-----BEGIN "
KEY_BEGIN = r"-----BEGIN (?:[0-9A-Z]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----"

_HEADER = r"(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|MessageID): [^\n\x1e\\\"]*"
_BODY = prefix(
    r"(?:" + _HEADER + r"|[0-9A-Za-z+/=]|\\+[nrt]|\r|\n[ \t]*|[ \t]+[0-9A-Za-z+/=]{24})*"
    r"(?:[ \t]*[0-9A-Za-z+/=]*[ \t\r\n]*)"
)
_END = prefix(r"-----END [0-9A-Z ]*-----")
_END_MOST = 64
_LINE_ENDS = (b"\n", rb"\n", rb"\r")


@dataclass(frozen=True, slots=True)
class KeyEnd:
    """Where a key ends. `open`: the bytes at hand end before the key is known to."""

    end: int
    open: bool


def key_end(data: bytes, at: int) -> KeyEnd:
    """Give the end of the key whose begin marker ends at an offset."""
    limit = min(len(data), at + KEY_MOST)
    body = _BODY(data, at, limit)
    closed = _END(data, body, min(len(data), body + _END_MOST))
    if closed >= 0:
        return KeyEnd(closed, open=False)
    ahead = data[body:limit].lstrip(b" \t")
    may_go_on = limit == len(data) and len(ahead) < _END_MOST  # a header, an escape or the end marker may have begun
    return KeyEnd(_whole_lines(data, at, body), open=may_go_on and body < at + KEY_MOST)


def _whole_lines(data: bytes, at: int, body: int) -> int:
    """Take back what is no key's line: the beginning of the sentence that follows a key cut short."""
    rest = data[body : body + 5]
    ends_line = not rest or rest[:1] in (b"\n", b'"', b"'", b"<", b",", b"\x1e") or rest == b"-----"[: len(rest)]
    if not ends_line and data[body - 1 : body] != b"\n":
        body = max(at, *(data.rfind(mark, at, body) for mark in _LINE_ENDS))
    while body > at:
        if data[body - 1 : body].isspace():
            body -= 1
        elif data[body - 2 : body] in (rb"\n", rb"\r", rb"\t"):
            body -= 2
        else:
            break
    return body
