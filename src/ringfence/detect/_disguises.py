r"""Values in disguise: written in another code, in other signs, or with something between their signs.

The rule: a buffer is read once for what hardly any ordinary text holds (an encoded letter or digit, printable text in base64, a
digit of another script). Around that, and only there, the line is written anew with everything decoded at once, and searched as if
it had come so; what is found is told where it stands in the original. What is decoded is looked at again, `DEPTH` times in all;
each time it is at most as long as before, but for what is unpacked, and all of it together is bounded by `MOST`.

Measured on one core: 600 to 750 MB/s on logs, JSON and sources, in which there is next to nothing to decode.

Nothing is decoded across a line's end: a finding depends on its own line. What was found without decoding stays as it is.
"""

from array import array
from binascii import a2b_base64, a2b_hex
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zlib import MAX_WBITS, decompressobj, error

from ringfence.detect._bytes import BREAKS, is_digit
from ringfence.detect._engine import Search, prefix, searcher
from ringfence.detect._signs import CAPITALS, DIGITS, HIDDEN, LETTERS, LOOKALIKE, LOOKALIKES, SIGNS, WIDE, plain_sign

DEPTH = 3
MOST = 4  # times the length of a buffer, or of what was packed: what is decoded of it in all
_SIGHT = 160  # bytes beside what is decoded: the longest value's beginning, and words that speak for it

_CODE = r"(?:2[BDEbde]|3[0-9]|40|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff])"
"""Two hexadecimal digits of what ordinary text has no reason to encode: letters, digits, ``@ + - . _``."""
_NUMBER = r"0{0,4}(?:4[3568-9]|45|46|5[0-7]|6[4-9]|[78][0-9]|90|9[5-9]|1[01][0-9]|12[0-2])"
_ANY = r"[0-9A-Za-z+/_-]"
_TEXT = r"[I-Za-f][C-HS-Xi-ny-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589]" + _ANY
"""Four signs of base64 that are three printable characters of ASCII: one in fourteen of those that any four signs could be."""
_FIGURES = r"[MNO][DTjz][AEIMQUYcgkosw048][w-z0-5]"
_HEX = r"[2-7][0-9A-Fa-f]"
_FOREIGN = (
    (b"\xe2", b"\x80\x81", range(0x80, 0xB0)),  # what is not seen, blanks, hyphens
    (b"\xef", b"\xbb", b"\xbf"),
    (b"\xef", b"\xbc", range(0x90, 0xC0)),  # full width
    (b"\xe0", b"\xa5", range(0xA6, 0xB0)),
    (b"\xf0", b"\x9d", b"\x9f"),
    (b"\xc2", b"\xad\xa0", range(0x20, 0x7F)),
    (b"\xd9", range(0xA0, 0xAA), b"\xd9", range(0xA0, 0xAA)),
    (b"\xdb", range(0xB0, 0xBA), b"\xdb", range(0xB0, 0xBA)),
)
"""Bytes of other signs that numbers are disguised with, each as a set: what tells them in base64 and in hexadecimal, too."""
_LEADS = (0xCE, 0xD0, 0xD1)
_LATIN = b"0123456789@.+_-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ALIKE = (
    _LEADS,
    {sign.encode()[1] for sign in LOOKALIKE if sign.encode()[0] in _LEADS},
    *[_LATIN] * 4,
)
"""A look-alike of Greek or Cyrillic and three plain signs: a letter without these is a text of its own alphabet."""
_DIGITS_64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _in_base64(sets: Sequence[Iterable[int]], phase: int) -> str:
    """Give the groups of base64 that hold such bytes, behind so many others of the first group."""
    every = range(0x100)
    known = [every] * phase + [list(one) for one in sets]
    known += [every] * (-len(known) % 3)
    signs: list[set[int]] = []
    for at in range(0, len(known), 3):
        first, second, third = known[at : at + 3]
        signs += (
            {one >> 2 for one in first},
            {one << 4 | two for one in {one & 3 for one in first} for two in {two >> 4 for two in second}},
            {two << 2 | three for two in {two & 15 for two in second} for three in {three >> 6 for three in third}},
            {three & 63 for three in third},
        )
    return "".join(
        _ANY if len(each) == len(_DIGITS_64) else "[" + "".join(_DIGITS_64[one] for one in sorted(each)) + "]"
        for each in signs
    )


def _in_hex(sets: Sequence[Iterable[int]], lead: str = "") -> str:
    return "(?i:" + "".join(lead + "(?:" + "|".join(f"{one:02x}" for one in each) + ")" for each in sets) + ")"


_BASE64 = "|".join(
    (
        "(?:" + _TEXT + "){3}|(?:" + _FIGURES + "){2}|H4sI" + _ANY + "{12}",
        *(_in_base64(sets, phase) for sets in (*_FOREIGN, _ALIKE) for phase in range(3)),
    )
)
_HEX_VALUE = r"(?:3[0-9]|2[0DEFdef]|[45][0-9A-Fa-f])"
_GROUP = r"[0-9A-Z]{2,4}[0-9]{2,4}"
_HEXADECIMALS = "|".join(
    (
        _HEX_VALUE + r"{7}|(?:" + _HEX + "){3}40(?:" + _HEX + "){4}|(?:" + _HEX + "){11}",
        *(_in_hex(sets) + "[0-9A-Fa-f]{6}" for sets in _FOREIGN),
        "(?:[dD][01]|[cC][eE])[89ABab][0-9A-Fa-f](?:" + _HEX_VALUE + "|[67][0-9A-Fa-f]){3}",
    )
)
_ALIKE_QUOTED = "=(?:D[01]|CE)=[89AB][0-9A-F]"
_QUOTES = "|".join(
    (
        "(?:=[2-7][0-9A-F]){4}|(?:=3D[2-7][0-9A-F]){3}|[0-9A-Za-z]=40[0-9A-Za-z-]{1,63}(?:=2E|\\.)[A-Za-z]|[0-9]=20[0-9]{2,6}=20[0-9]",
        *(_in_hex(sets[:3], "=") for sets in _FOREIGN if sets[0] != b"\xc2"),
        "[0-9A-Za-z@.]" + _ALIKE_QUOTED + "|" + _ALIKE_QUOTED + "[0-9A-Za-z@.]",
        "=C2=A[0D]",
    )
)
_BETWEEN = (r"\.", "_", "/", r"\|", r"\*", r"\+", "·", "•", " {2,3}", "-{2,3}", " [-/|.] ")
"""What may stand between the groups of a number, the same between all: no comma and no colon, which lists and addresses have."""
_MARK = "(?:" + "|".join(_BETWEEN) + ")"
_GROUPS = r"\b(?:" + "|".join(f"{_GROUP}(?:{mark}{_GROUP}){{2,8}}(?:{mark}[0-9]{{1,4}})?" for mark in _BETWEEN) + r")\b"
_SINGLE = r"\b[0-9](?:[ ._/-][0-9]){7,40}\b"
_AT = r"(?i:[ _]{0,2}[\[({<][ ]?(?:at|@|arroba|chez)[ ]?[\])}>][ _]{0,2})"
_DOT = r"(?i:[ _]{0,2}[\[({<][ ]?(?:dot|punkt|\.)[ ]?[\])}>][ _]{0,2}|[ _]+(?:dot|punkt)[ _]+)"

_TRIGGER = searcher(
    "|".join(
        (
            r"%(?:25)*" + _CODE + r"|[0-9]%(?:25)*20[0-9]",
            r"&#(?:[xX]0{0,4}" + _CODE + "|" + _NUMBER + r");|&(?:commat|period|hyphen|plus|lowbar|shy|zwnj|zwj);",
            r"(?:&#[0-9]{2,7};){2}|(?:&#[xX][0-9A-Fa-f]{2,6};){2}|%(?:25)*[cC]2%(?:25)*[aA][0dD]",
            r"[0-9]&(?:nbsp|#160|#32|#x20|#xa0|ensp|emsp|thinsp);[0-9]",
            r"\\(?:u00|x|u\{)"
            + _CODE
            + r"|\\u(?:[fF]{2}[0-5]|06[6fF]|09[67]|[dD]835\\+u[dD][fF][c-fC-F]|200[b-fB-F]|00[aA][dD]|206|[fF][eE][fF][fF])",
            _QUOTES,
            *(_in_hex(sets, lead) for sets in _FOREIGN for lead in (r"%(?:25)*", r"\\+x")),
            "[" + DIGITS + LETTERS + "]",
            "[0-9A-Za-z@.][" + HIDDEN + "]|[" + HIDDEN + "][0-9A-Za-z@.]",
            "[0-9] [" + CAPITALS + "] [0-9]",
            "[0-9A-Z@][" + LOOKALIKES + "]|[" + LOOKALIKES + "][0-9A-Z@]|[a-z][" + LOOKALIKES + "][a-z]",
            "[0-9][" + SIGNS + "][0-9]",
            _BASE64,
            _HEXADECIMALS,
            r"\b(?:"
            + "|".join(f"{_GROUP}(?:{mark}{_GROUP}){{2}}" for mark in _BETWEEN)
            + r")|\b(?:[0-9][ ._/-]){7}[0-9]",
            _AT + "[0-9A-Za-z]|" + _DOT + r"[A-Za-z]{2,12}\b",
        )
    ),
    unicode=True,
)

_TOKEN = searcher(
    "|".join(
        (
            r"%(?:25)*[0-9A-Fa-f]{2}",
            r"&(?:#[xX][0-9A-Fa-f]{1,8}|#[0-9]{1,9}|[A-Za-z]{2,10});",
            r"\\+u[dD][89abAB][0-9A-Fa-f]{2}\\+u[dD][c-fC-F][0-9A-Fa-f]{2}",
            r"\\+(?:u\{[0-9A-Fa-f]{1,6}\}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})",
            "[" + DIGITS + LETTERS + HIDDEN + LOOKALIKES + SIGNS + WIDE + "]",
            _BASE64,
            _HEXADECIMALS,
            _AT + "|" + _DOT,
        )
    ),
    unicode=True,
)
_QUOTED = searcher(_QUOTES)
_QUOTED_SIGN = searcher(r"=[2-9A-Fa-f][0-9A-Fa-f]")
_APART = searcher(_GROUPS + "|" + _SINGLE, unicode=True)
_MARKS = searcher(_MARK, unicode=True)
_SPOKEN_AT = searcher(r"(?i: at )")
_RUN = prefix(_ANY + "*(?:=(?:3[Dd])?){0,2}")  # with its padding, which may be quoted in turn
_HEX_RUN = prefix(r"(?:[0-9A-Fa-f]{2})*")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_STANDARD = bytes.maketrans(b"-_", b"+/")
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
_HIGH = 0x80
_BESIDE = 24  # bytes of a word in which a plain sign is looked for beside a look-alike
_LAST, _SURROGATES = 0x10FFFF, (0xD800, 0xDFFF)
_LONGEST = 6  # hexadecimal digits of one sign
_SHORTEST, _SHORTEST_64 = 10, 4  # signs of a token in hexadecimal, in base64


@dataclass(frozen=True, slots=True)
class Revealed:
    """A buffer in which disguises are undone: for each byte, where in the original that begins and ends which it came from."""

    data: bytes
    starts: "array[int]"
    ends: "array[int]"
    regions: Sequence[tuple[int, int, int]]  # begin and end here, begin in the original
    edits: Sequence[tuple[int, int]]  # what was decoded, in the original, in order

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Give the span in the original."""
        return self.starts[start], max(self.ends[start:end])

    def is_disguised(self, start: int, end: int) -> bool:
        """Tell whether something that was decoded lies in a span of the original."""
        at = bisect_right(self.edits, (end, -1)) - 1
        return at >= 0 and self.edits[at][1] > start

    def is_whole(self, start: int, end: int) -> bool:
        """Tell whether a span of this buffer lies in one stretch of the original."""
        at = bisect_right(self.regions, (start, len(self.data), 0)) - 1
        return at >= 0 and end <= self.regions[at][1]


Edit = tuple[int, int, bytes, int]
"""Begin and end, what stands there instead, and how many signs its groups were: 4 for three bytes, 2 for one, 0 for all of it."""


def reveal(data: bytes) -> Revealed | None:
    """Undo one layer of disguise; None where there is none, as in most texts."""
    low, high = _TRIGGER(data, 0, len(data))
    if low < 0:
        return None
    pieces: list[bytes] = []
    starts, ends = array("q"), array("q")
    regions: list[tuple[int, int, int]] = []
    edits: list[tuple[int, int]] = []
    size = 0
    for begin, stop in _regions(data, low, high):
        found = _edits(data, begin, stop)
        if not found:
            continue
        at, opened = begin, size
        for first, last, instead, ratio in [*found, (stop, stop, b"", 0)]:
            pieces += (data[at:first], instead)
            starts.extend(range(at, first))
            ends.extend(range(at + 1, first + 1))
            _place(starts, ends, (first, last), len(instead), ratio)
            size += first - at + len(instead)
            at = last
            if last > first:
                edits.append((first, last))
        regions.append((opened, size, begin))
        pieces.append(b"\n")
        starts.append(stop)
        ends.append(stop)
        size += 1
    return Revealed(b"".join(pieces), starts, ends, regions, edits) if edits else None


def _place(starts: "array[int]", ends: "array[int]", within: tuple[int, int], count: int, ratio: int) -> None:
    """Say where each byte of a replacement came from."""
    first, last = within
    match ratio:
        case 4:
            begins = [min(first + at // 3 * 4, last - 1) for at in range(count)]
            starts.extend(begins)
            ends.extend(min(begin + 4, last) for begin in begins)
            for at in range(max(0, count - 3), count):  # the padding belongs to what it fills up
                ends[at - count] = last if (count - 1) // 3 == at // 3 else ends[at - count]
        case 2:
            starts.extend(range(first, first + 2 * count, 2))
            ends.extend(range(first + 2, first + 2 * count + 2, 2))
        case _:
            starts.extend([first] * count)
            ends.extend([last] * count)


def _regions(data: bytes, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Give the stretches around triggers, each within its line, in order and apart."""
    begin = stop = -1
    while low >= 0:
        opens, closes = _line_from(data, max(0, low - _SIGHT), low), _line_to(data, high, high + _SIGHT)
        run = _RUN(data, low, closes)  # a long run is decoded whole
        if run == closes:
            closes = _line_to(data, _RUN(data, low, len(data)), _RUN(data, low, len(data)) + _SIGHT)
        if begin >= 0 and opens <= stop:
            stop = max(stop, closes)
        else:
            if begin >= 0:
                yield begin, stop
            begin, stop = max(opens, stop), closes
        low, high = _TRIGGER(data, max(high, stop - _SIGHT), len(data))
    yield begin, stop


def _line_from(data: bytes, low: int, at: int) -> int:
    return max(low, *(data.rfind(mark, low, at) + 1 for mark in BREAKS))


def _line_to(data: bytes, at: int, high: int) -> int:
    high = min(len(data), high)
    return min(high, *(found for mark in BREAKS if (found := data.find(mark, at, high)) >= 0), high)


def _edits(data: bytes, begin: int, stop: int) -> list[Edit]:
    """Give what is to be replaced in a stretch, in order and apart."""
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
    if _QUOTED(data, begin, stop)[0] >= 0 and _QUOTED_IN_SIGNS(data, begin, stop)[0] < 0:
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
    return data[begin - 2 : begin - 1].isdigit() and data[begin - 1 : begin] + data[end : end + 1] == b"  " and is_digit(data, end + 1)


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
    begin, end = low - more // 4 * 4, _RUN(data, low, stop)
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
