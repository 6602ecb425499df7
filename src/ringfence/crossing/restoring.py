"""What one direction of an exchange replaced reversibly, so that the other can put it back.

The rule: clear values live here only as long as the exchange does, in memory, bounded, and in no `repr`. Only what is known here is
ever put back: what nobody issued in this conversation is text like any other, whoever wrote it.

Readers change what they copy. So a stand-in is known again in another case; with the backslashes that markdown puts before brackets
and underscores; with a space for an underscore, or one within the brackets. Values and what is searched are *folded* alike:
lower case, ``_`` for a space, no such backslash. Beside a letter or digit more, it is another word, and stays.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import re2

from ringfence.carriers.model import Field
from ringfence.transform import Ask, label, series, stand_in
from ringfence.transform.types import TEXTUAL

REMEMBERED = 10_000  # values of one exchange; what is beyond is not restored, which shows a token, never a clear value

_FOLDED = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ ", b"abcdefghijklmnopqrstuvwxyz_")
_LATIN = re2.Options()
_LATIN.encoding = re2.Options.Encoding.LATIN1
_LOOSE = re2.compile(rb"\\{1,2}(\[)_{0,2}|(\[)_{1,2}|_{1,2}\\{0,2}(\])|\\{1,2}(\])|\\{1,2}([_.@+:-])", _LATIN)
_LOOSE_MOST = 64 * 1024  # octets of a value; a longer one is searched as it is spelt: each place costs a microsecond
_SIGNS = range(1, 6)  # its groups, of which one is the sign that stays
_LOOSENED = 6  # octets that may stand around a bracket without being part of a stand-in
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_PLACEHOLDERS = re2.compile(rb"\[([A-Z_]{1,64})_([0-9]{1,9})\]", _LATIN)
_BACKSLASH = 0x5C
_HEAD = 3  # octets by which a stand-in is looked for
_BEGIN = 8  # octets by which it is known which lengths there are
_HEADS = 64  # that are looked for one by one; of more, their first octets
_WINDOW = 64 * 1024  # octets that are searched at a time
_ESCAPED = tuple(bytes((sign,)) for sign in b"[]_.@+:-")


@dataclass(frozen=True, slots=True)
class Issued:
    """A stand-in with what it stands for."""

    stand_in: str
    category: str
    clear: str = field(repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class Span:
    """A place where a stand-in was found: octets of the text that was searched."""

    start: int
    end: int
    category: str
    clear: str


class Surrogates:
    """The values that stood in for clear ones in one exchange, and in its conversation before.

    `alone`: the exchange numbers its values itself as long as it is of no conversation; else the vault is asked. `conversation`
    says of which it is, where that is known: a text that only the vault reads, and only to look it up. `named_by`: by which fields
    of what goes out that may yet become known, each with what makes the text of its value.
    """

    __slots__ = (
        "_clear",
        "_firsts",
        "_given",
        "_heads",
        "_is_ready",
        "_lengths",
        "_longest",
        "_named_by",
        "_numbers",
        "_short",
        "_sorted",
        "alone",
        "conversation",
        "recalled",
    )

    def __init__(self, *, alone: bool = False, named_by: Mapping[str, Callable[[bytes], str]] | None = None) -> None:
        self._clear: dict[bytes, tuple[str, str]] = {}  # folded
        self._given: dict[tuple[str, str, str], str | None] = {}
        self._numbers: dict[str, int] = {}
        self._is_ready = False
        self._heads: list[bytes] = []
        self._lengths: dict[bytes, list[int]] = {}
        self._short: list[int] = []
        self._sorted: list[bytes] = []
        self._firsts: frozenset[int] = frozenset()
        self._longest = 0
        self._named_by = named_by or {}
        self.alone = alone
        self.conversation = ""
        self.recalled = False  # what the conversation holds from before is here

    def remember(self, stand_in: str, category: str, clear: str) -> None:
        """Note that a value went out as `stand_in`."""
        if len(self._clear) < REMEMBERED and stand_in:
            self._clear[_fold(stand_in.encode("utf-8", "replace"))[0]] = (category, clear)
            self._is_ready = False

    @property
    def looks_at_fields(self) -> bool:
        """Whether a field may still name the conversation."""
        return bool(self._named_by) and not self.conversation

    def note(self, fields: Iterable[Field]) -> None:
        """Look at a payload's fields for the one that names the conversation, as long as none has been named.

        What a head was numbered in this exchange alone, before its body named the conversation, gives way to what that holds.
        """
        if not self.looks_at_fields:
            return
        for item in fields:
            if item.path in self._named_by and item.value and item.type in TEXTUAL and not item.is_key:
                self.conversation = self._named_by[item.path](item.value)
                return

    def recall(self, issued: Iterable[Issued]) -> None:
        """Take what the conversation holds from before."""
        self.recalled = True
        for each in issued:
            self.remember(each.stand_in, each.category, each.clear)

    def assign(self, asks: Sequence[Ask], texts: Iterable[bytes]) -> tuple[str | None, ...]:
        """Answer asks from this exchange alone, numbered by first appearance.

        Numbers that stand in the payload's own `texts` are left out: what somebody wrote there means something else.
        """
        taken = {(found[1], int(found[2])) for text in texts for found in _PLACEHOLDERS.finditer(text)}
        return tuple(self._assign(ask, taken) for ask in asks)

    def _assign(self, ask: Ask, taken: set[tuple[bytes, int]]) -> str | None:
        known = (ask.category, ask.type.value, ask.value)
        if known not in self._given:
            if len(self._given) >= REMEMBERED:
                return None
            name, shown = series(ask), label(ask.category).encode()
            number = self._numbers.get(name, 0) + 1
            while (shown, number) in taken:
                number += 1
            self._numbers[name] = number
            self._given[known] = stand_in(ask, number)
        return self._given[known]

    def spans(self, value: bytes, before: int = 0) -> list[Span]:
        """Find what was issued, in order. `before` is the octet that stands before `value`; 0: none."""
        if not self._clear or not value:
            return []
        self._make_ready()
        folded, places = _fold(value)
        found: list[Span] = []
        free = 0  # where the last one found ends
        for window in range(0, len(folded), _WINDOW):
            for start in self._candidates(folded, window):
                end = self._end(folded, start, before) if start >= free else 0
                if end:
                    category, clear = self._clear[folded[start:end]]
                    found.append(Span(_raw(places, start, lead=True), _raw(places, end - 1) + 1, category, clear))
                    free = end
        return found

    def _candidates(self, folded: bytes, window: int) -> list[int]:
        """Give the places in a window of a folded text where one that was issued may begin, in order.

        Each is found by `find`: a pattern in re2 took ten times as long for each, and of ten thousand stand-ins had no memory left.
        """
        found: list[int] = []
        for head in self._heads:
            end = window + _WINDOW + len(head) - 1
            at = folded.find(head, window, end)
            while at >= 0:
                found.append(at)
                at = folded.find(head, at + 1, end)
        found.sort()
        return found

    def _end(self, folded: bytes, start: int, before: int) -> int:
        """Give the end of what was issued and stands at `start`, the longest; 0 where none does."""
        lengths = self._lengths.get(folded[start : start + _BEGIN], self._short)
        if _is_word(folded[start]) and _is_word(folded[start - 1] if start else before):
            return 0
        for length in lengths:
            end = start + length
            if end > len(folded) or folded[start:end] not in self._clear:
                continue
            if end == len(folded) or not (_is_word(folded[end - 1]) and _is_word(folded[end])):
                return end
        return 0

    def opening(self, value: bytes, before: int = 0) -> int:
        """Say from where on `value`, of which more follows, may be the beginning of what was issued; its length where nowhere.

        >>> known = Surrogates()
        >>> known.remember("[EMAIL_1]", "user.contact.email", "ada@example.org")
        >>> known.opening(b"write to [EMA"), known.opening(b"write to [EMAIL_1]"), known.opening(b"see [2")
        (9, 18, 6)
        """
        if not self._clear or not value:
            return len(value)
        self._make_ready()
        begin = max(0, len(value) - 2 * self._longest - _LOOSENED)
        folded, places = _fold(value[begin:])
        first = value[begin - 1] if begin else before
        escaped = len(folded.rstrip(b"\\"))
        for at in range(len(folded)):
            ahead = folded[at - 1] if at else first
            if _is_word(folded[at]) and _is_word(ahead):
                continue
            if self._may_begin(folded[at:], folded[at:escaped]):
                return begin + _raw(places, at, lead=True)
        return len(value)

    def _may_begin(self, text: bytes, unescaped: bytes) -> bool:
        """Whether a folded text may be the beginning of one that was issued. `unescaped`: without backslashes at its end."""
        if text[0] not in self._firsts and text[0] != _BACKSLASH:
            return False
        if self._begins(text) or (self._is_known(text) and _is_word(text[-1])):
            return True
        if len(text) != len(unescaped) and any(self._begins(unescaped + sign, whole=True) for sign in _ESCAPED):
            return True
        return any(
            unescaped.endswith(b"_" * spaces) and self._begins(unescaped[:-spaces] + b"]", whole=True)
            for spaces in (1, 2)
        )

    def _begins(self, text: bytes, *, whole: bool = False) -> bool:
        """Whether one that was issued begins so, and is longer; with `whole`, or is just that."""
        at = bisect_left(self._sorted, text) if whole else bisect_right(self._sorted, text)
        return at < len(self._sorted) and self._sorted[at].startswith(text)

    def _is_known(self, text: bytes) -> bool:
        return text in self._clear

    def _make_ready(self) -> None:
        """Make what is searched by: the beginnings of all that was issued, and for each the lengths that there are."""
        if self._is_ready:
            return
        self._is_ready = True
        self._sorted = sorted(self._clear)
        self._firsts = frozenset(each[0] for each in self._sorted)
        self._longest = max(map(len, self._sorted))
        self._short = sorted({len(each) for each in self._sorted if len(each) < _BEGIN}, reverse=True)
        begins: dict[bytes, set[int]] = {}
        for each in self._sorted:
            begins.setdefault(each[:_BEGIN], set(self._short)).add(len(each))
        self._lengths = {begin: sorted(lengths, reverse=True) for begin, lengths in begins.items()}
        head = min(_HEAD, *map(len, self._sorted))
        heads = {each[:head] for each in self._sorted}
        self._heads = sorted(heads if len(heads) <= _HEADS else {each[:1] for each in self._sorted})

    def __len__(self) -> int:
        return len(self._clear)

    def __repr__(self) -> str:
        return f"<{len(self._clear)} surrogates>"


_Places = list[tuple[int, int, int]]
"""Where stretches of a folded text begin: in it, in what was folded, and there with what was left out before it."""


def _fold(value: bytes) -> tuple[bytes, _Places]:
    folded = value.translate(_FOLDED)
    if (b"\\" not in folded and b"[_" not in folded and b"_]" not in folded) or len(value) > _LOOSE_MOST:
        return folded, []
    parts: list[bytes] = []
    places: _Places = [(0, 0, 0)]
    at = length = 0
    for match in _LOOSE.finditer(folded):
        sign = max(map(match.start, _SIGNS))
        parts += (folded[at : match.start()], folded[sign : sign + 1])
        length += match.start() - at
        places += ((length, sign, match.start()), (length + 1, match.end(), match.end()))
        length += 1
        at = match.end()
    return b"".join((*parts, folded[at:])), places


def _raw(places: _Places, at: int, *, lead: bool = False) -> int:
    """Give the place in what was folded of an octet of the folded text; with `lead`, of the backslashes before it."""
    if not places:
        return at
    start, raw, led = places[bisect_right(places, at, key=_first) - 1]
    return led if lead and at == start else raw + at - start


def _first(place: tuple[int, int, int]) -> int:
    return place[0]


def _is_word(octet: int) -> bool:
    return octet in _WORD
