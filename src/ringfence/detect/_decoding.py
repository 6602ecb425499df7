"""One layer of disguise undone in a stretch: what stands there, and what it means.

The rule: a code is told by its token, and decoded as far as it runs; whatever is no code after all stays as it is. Nothing raises.
"""

from binascii import a2b_base64, a2b_hex
from collections.abc import Iterable, Iterator, Sequence
from zlib import MAX_WBITS, decompressobj, error

from ringfence.detect._bytes import is_digit
from ringfence.detect._engine import Search, prefix, searcher
from ringfence.detect._signs import DIGITS, HIDDEN, LETTERS, LOOKALIKE, LOOKALIKES, SIGNS, WIDE, plain_sign
from ringfence.detect._tells import ANY, AT, BASE64, DOT, GROUPS, HEXADECIMALS, LONG_GROUPS, MARK, QUOTES, SINGLE

MOST = 4  # times the length of a stretch, or of what was packed: what is decoded of it in all

Edit = tuple[int, int, bytes, int]
"""Begin and end, what stands there instead, and how many signs its groups were: 4 for three bytes, 2 for one, 0 for all of it."""

_TOKEN = searcher(
    "|".join(
        (
            r"%(?:25)*[0-9A-Fa-f]{2}",
            r"&(?:#[xX][0-9A-Fa-f]{1,8}|#[0-9]{1,9}|[A-Za-z]{2,10});",
            r"\\+u[dD][89abAB][0-9A-Fa-f]{2}\\+u[dD][c-fC-F][0-9A-Fa-f]{2}",
            r"\\+(?:u\{[0-9A-Fa-f]{1,6}\}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})",
            "[" + DIGITS + LETTERS + HIDDEN + LOOKALIKES + SIGNS + WIDE + "]",
            BASE64,
            HEXADECIMALS,
            AT + "|" + DOT,
        )
    ),
    unicode=True,
)
_QUOTED = searcher(QUOTES)
_QUOTED_SIGN = searcher(r"=[2-9A-Fa-f][0-9A-Fa-f]")
_APART = searcher(GROUPS + "|" + SINGLE, unicode=True)
_MARKS = searcher(MARK, unicode=True)
_SPOKEN_AT = searcher(r"(?i: at )")
RUN = prefix(ANY + "*(?:=(?:3[Dd])?){0,2}")  # with its padding, which may be quoted in turn
_HEX_RUN = prefix(r"(?:[0-9A-Fa-f]{2})*")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_STANDARD = bytes.maketrans(b"-_", b"+/")
_IS_REGROUPED = searcher(r"\b(?:" + LONG_GROUPS + r")\b")
_ONE = searcher(r"[ ._/-]")
_IS_SIGN = searcher("[" + DIGITS + LETTERS + HIDDEN + SIGNS + WIDE + "]", unicode=True)
_CODED = "[" + DIGITS + LETTERS + HIDDEN + LOOKALIKES + "]"
_SIGN_MOST = 4  # bytes
_SIGN_AFTER = prefix(_CODED, unicode=True)
_SIGN_BEFORE = searcher(_CODED + r"\z", unicode=True)
_QUOTED_IN_SIGNS = searcher("=[0-9A-Fa-f]?" + _CODED + "|" + _CODED + "[0-9A-Fa-f]{1,2}=", unicode=True)
_IS_AT = searcher(r"(?i:at|@|arroba|chez)")
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@")
_HEX_ALPHABET = b"0123456789ABCDEFabcdef"
_HEXADECIMAL = frozenset(_HEX_ALPHABET)
_JOINING = (b".", b"/", b"-")
_HIGH = 0x80
_BESIDE = 24  # bytes of a word in which a plain sign is looked for beside a look-alike
_LAST, _SURROGATES = 0x10FFFF, (0xD800, 0xDFFF)
_LONGEST = 6  # hexadecimal digits of one sign
_SHORTEST, _SHORTEST_64 = 10, 4  # signs of a token in hexadecimal, in base64


def edits_in(data: bytes, begin: int, stop: int, *, is_quoted: bool = False) -> list[Edit]:
    """Give what is to be replaced in a stretch, in order and apart. `is_quoted`: it is known to be quoted-printable."""
    edits: list[Edit] = []
    at = begin
    while at < stop:
        low, high = _TOKEN(data, at, stop)
        if low < 0:
            break
        edit = _edit(data, low, high, at, stop)
        if edit is None:
            at = low + 1 if data[low] < _HIGH else high
            continue
        edits.append(edit)
        at = edit[1]
    if (is_quoted or _QUOTED(data, begin, stop)[0] >= 0) and _QUOTED_IN_SIGNS(data, begin, stop)[0] < 0:
        edits = _together(
            edits,
            ((low, high, a2b_hex(data[low + 1 : high]), 0) for low, high in _each(_QUOTED_SIGN, data, begin, stop)),
        )
    if any(instead in (b"@", b".") and last - first > 2 for first, last, instead, _ in edits):
        edits = _together(edits, ((low, high, b"@", 0) for low, high in _each(_SPOKEN_AT, data, begin, stop)))
    apart: list[Edit] = []
    for low, high in _each(_APART, data, begin, stop):
        is_group = data[low + 1 : low + 2].isalnum()  # signs one by one are one number; groups stay groups
        marks, instead = (_MARKS, b" ") if is_group else (_ONE, b"")
        apart += [(one, after, instead, 0) for one, after in _each(marks, data, low, high)]
    for low, high in _each(_IS_REGROUPED, data, begin, stop):
        before, after = data[low - 1 : low], data[high : high + 1]
        if before in _JOINING or after >= b"\x80" or (after in _JOINING and is_digit(data, high + 1)):
            continue  # a part of something longer, or of what another sign goes on with
        apart += [(at, at + 1, b"", 0) for at in range(low, high) if data[at] in b"./_-"]
    return _together(edits, apart) if apart else edits


def _each(search: Search, data: bytes, begin: int, stop: int) -> Iterator[tuple[int, int]]:
    low, high = search(data, begin, stop)
    while low >= 0:
        yield low, high
        low, high = search(data, high, stop)


def _together(edits: Sequence[Edit], more: Iterable[Edit]) -> list[Edit]:
    """Add replacements where none stands yet."""
    kept = sorted([*edits, *more], key=lambda edit: edit[:2])
    apart: list[Edit] = []
    for edit in kept:
        if not apart or edit[0] >= apart[-1][1]:
            apart.append(edit)
    return apart


def _edit(data: bytes, low: int, high: int, floor: int, stop: int) -> Edit | None:
    """Decode what a token announces; None where it is nothing after all."""
    token = data[low:high]
    match token[:1]:
        case b"%":
            return low, high, a2b_hex(token[-2:]), 0
        case b"&":
            from html import unescape

            sign = unescape(token.decode())
            return (low, high, _plain(sign), 0) if sign != token.decode() else None
        case b"\\":
            kind, digits = token.lstrip(b"\\")[:1], token.lstrip(b"\\")[1:].strip(b"{}")
            if kind == b"x":
                return low, high, a2b_hex(digits), 0
            if len(digits) > _LONGEST:  # two halves of one sign
                halves = bytes.fromhex(digits[:4].decode() + digits[-4:].decode())
                return low, high, _plain(halves.decode("utf-16-be")), 0
            number = int(digits, 16)
            is_sign = number <= _LAST and not _SURROGATES[0] <= number <= _SURROGATES[1]
            return low, high, _plain(chr(number)) if is_sign else b"\x1f", 0
    if data[low] >= _HIGH:
        return _sign(data, low, high)
    if token.strip().isalnum() and high - low >= _SHORTEST:
        end = _HEX_RUN(data, low, stop)
        if end - low >= _SHORTEST and all(byte in _HEXADECIMAL for byte in token):
            before = data[floor:low]
            more = len(before) - len(before.rstrip(_HEX_ALPHABET))
            begin = low - more // 2 * 2
            rest = end + (data[end : end + 1] in _HEX_ALPHABET)
            return None if _is_in_signs(data, low - more, rest) else (begin, end, a2b_hex(data[begin:end]), 2)
    if all(byte in _ALPHABET for byte in token) and high - low >= _SHORTEST_64:
        return _base64(data, low, floor, stop)
    return low, high, b"@" if _IS_AT(data, low, high)[0] >= 0 else b".", 0


def _plain(text: str) -> bytes:
    """Give what a sign stands for that was written in a code."""
    data = text.encode(errors="ignore")
    return plain_sign(text) if len(text) == 1 and _IS_SIGN(data, 0, len(data))[0] >= 0 else data


def _sign(data: bytes, low: int, high: int) -> Edit | None:
    """Give the plain sign for one of another script; a look-alike is one in a word that holds plain signs, too."""
    sign = data[low:high].decode()
    if sign in LOOKALIKE:
        begin, end = low, high
        while begin > max(0, low - _BESIDE) and (data[begin - 1] >= _HIGH or data[begin - 1] in _PLAIN):
            begin -= 1
        while end < min(len(data), high + _BESIDE) and (data[end] >= _HIGH or data[end] in _PLAIN):
            end += 1
        if not any(byte in _PLAIN for byte in data[begin:end]) and not _is_between_digits(data, begin, end):
            return None
    return low, high, plain_sign(sign), 0


def _is_between_digits(data: bytes, begin: int, end: int) -> bool:
    """Tell whether a word is one sign that stands between the groups of a number."""
    return (
        data[begin - 2 : begin - 1].isdigit()
        and data[begin - 1 : begin] + data[end : end + 1] == b"  "
        and is_digit(data, end + 1)
    )


def _is_in_signs(data: bytes, begin: int, end: int) -> bool:
    """Tell whether a code goes on in other signs: these are undone first, and the code in the next layer."""
    after, before = data[end : end + _SIGN_MOST], data[max(0, begin - _SIGN_MOST) : begin]
    return (after[:1] >= b"\x80" and _SIGN_AFTER(after, 0, len(after)) >= 0) or (
        before[-1:] >= b"\x80" and _SIGN_BEFORE(before, 0, len(before))[0] >= 0
    )


def _base64(data: bytes, low: int, floor: int, stop: int) -> Edit | None:
    """Decode a run of base64 whose groups of four begin where one of them was seen."""
    before = data[floor:low]
    more = len(before) - len(before.rstrip(_ALPHABET))
    begin, end = low - more // 4 * 4, RUN(data, low, stop)
    if _is_in_signs(data, low - more, end):
        return None
    packed = data[begin:end].partition(b"=")[0].translate(_STANDARD)
    packed = packed[: len(packed) - (len(packed) % 4 == 1)]
    text = a2b_base64(packed + b"=" * (-len(packed) % 4))
    if text[:2] != b"\x1f\x8b":
        return begin, end, text, 4
    try:
        return begin, end, decompressobj(MAX_WBITS | 16).decompress(text, MOST * len(packed)), 0
    except error:
        return None
