"""Words that vouch for a candidate: how they are compiled, found and told.

The rule: evidence names a word of the table, never what stood in the text. A word is found in any case, with or without
accents, and inside names (``homePhone``, ``date_of_birth``), but not inside other words (``telemetry`` is no ``tel``).
"""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from ringfence.detect._bytes import is_word_after, is_word_before, line_end, line_start
from ringfence.detect._engine import UNANCHORED, Match, Search, prefix, searcher

_GAP = r"[ ._-]?"  # between the words of a phrase
_LOWER = frozenset(b"abcdefghijklmnopqrstuvwxyz")
_UPPER = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = frozenset(b"0123456789")


def folded(text: str) -> str:
    """Give a text's letters and digits in lower case without accents: `Fecha de Nacimiento` and `fechaDeNacimiento` agree."""
    if text.isascii():  # as most are
        return text.lower() if text.isalnum() else "".join(filter(str.isalnum, text.lower()))
    parts = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l"))
    return "".join(character for character in parts if character.isalnum())


@cache
def _spelt(character: str) -> str:
    """Give the pattern of one letter in both cases, with and without its accent."""
    if character.isascii():
        return _GAP if character in " ." else character
    plain = folded(character)
    return "(?:" + "|".join(dict.fromkeys((character, character.upper(), plain, plain.upper()))) + ")"


def _pattern(word: str) -> str:
    return _rest(word.rstrip("-"))


_END = r"(?:[^A-Za-z\xc3-\xc9]|\z)"
"""What may follow a word: no letter, and no first byte of an accented one. A capital may follow a small letter."""


_NOBODY: set[int] = set()
_REMEMBERED = 4096  # spellings of words: each word has few in practice, and as many as one likes in theory


class Vocabulary:
    """The context words of all patterns: which of them stand in a text, and whom they announce.

    The triggers must fit wherever `Words` finds a word: else a candidate would be found only where another word stands near.
    They may fit elsewhere, too.
    """

    __slots__ = ("_announces", "_inner", "_known", "_spelt", "_stems", "_words", "triggers")

    def __init__(self, words: Sequence[Iterable[str]]) -> None:
        """Take each pattern's words, in the order of the patterns' numbers."""
        spelt = {word: folded(word) for each in words for word in each}
        self._stems = frozenset(key for word, key in spelt.items() if word.endswith("-"))
        self._announces: dict[str, set[int]] = {key: set() for key in spelt.values()}
        for number, each in enumerate(words):
            for word in each:
                self._announces[spelt[word]].add(number)
        self._inner: dict[str, set[int]] = {key: set() for key in self._announces}
        # Their beginnings announce, too: `date` in `date of birth`, `tel` in `telephone`, `cartão` in `cartao cidadao`.
        for key, inner in self._inner.items():
            for size in range(1, len(key)):
                inner |= self._announces.get(key[:size], _NOBODY)
        ordered = sorted(spelt, key=lambda word: (-len(spelt[word]), word))
        self._words = "(?i)(?:" + "|".join(map(_pattern, ordered)) + ")" if spelt else ""
        self.triggers = _triggers(spelt)
        # Compiled when a word was seen: it takes a tenth of what it takes to begin.
        self._spelt: Callable[[bytes, int, int], int] | None = None
        self._known: dict[bytes, tuple[set[int], set[int], bool]] = {}

    def announced(self, data: bytes, start: int, end: int, first: Match) -> Iterable[int]:
        """Give the numbers of the patterns of which a word stands between two offsets.

        `first` finds the triggers, and may find others: it is the first pass's own, so that they are compiled once.
        """
        if not self._words:
            return _NOBODY
        spelt = self._spelt = self._spelt or prefix(self._words)
        numbers: set[int] = set()
        at = first(UNANCHORED, data, max(0, start - 1), end)[0][0]  # a trigger may take in the sign before its word
        while at >= 0:
            for begin in (at, at + 1):
                if not _begins(data, begin):  # of the two, one as a rule: it costs a fifth of a search
                    continue
                stop = spelt(data, begin, end)
                if stop > begin and not _is_chance(data, begin, stop):
                    inner, whole, is_stem = self._known.get(data[begin:stop]) or self._announced_by(data[begin:stop])
                    numbers |= inner
                    if is_stem or _ends(data, stop):
                        numbers |= whole
            at = first(UNANCHORED, data, at + 1, end)[0][0]
        return numbers

    def _announced_by(self, spelt: bytes) -> tuple[set[int], set[int], bool]:
        """Give whom the beginnings of a word and the word itself announce, and whether it may go on; remember some spellings."""
        text = folded(spelt.decode(errors="replace"))
        known = self._inner.get(text, _NOBODY), self._announces.get(text, _NOBODY), text in self._stems
        if len(self._known) < _REMEMBERED:
            self._known[spelt] = known
        return known


_TOLD = 6  # letters by which a word inside a name is announced: few others have the same


def _triggers(words: Iterable[str]) -> tuple[str, ...]:
    """Give triggers for words where they can begin, after no letter or with a capital after a small one, and where they end.

    Words with one first and one last letter stand together. What may follow them is written once for each last letter, so that
    RE2 has a third less to compile; and at any place where a word may begin it has one way for each first letter to try, not one
    for each of either, which makes its automaton half as dear. A word boundary is one of ASCII's: other letters are looked for
    anywhere.
    """
    ordered = sorted(words)
    plain = [word for word in ordered if folded(word[0]).isascii()]
    whole = [word for word in plain if not word.endswith("-")]
    stems = [word.rstrip("-") for word in plain if word.endswith("-")]
    inside = sorted(dict.fromkeys([word[:_TOLD] for word in whole if len(word) > _TOLD] + stems))
    other = [word.rstrip("-") for word in ordered if not word[0].isascii()]
    sides = (
        (r"(?:\b|_|[0-9])", [*_ended(whole, _in_any_case), *map(_in_any_case, stems)]),
        ("[a-z]", [*_ended([word for word in whole if len(word) <= _TOLD], _capital), *map(_with_capital, inside)]),
        ("", ["(?i:" + _accented(word[0]) + _rest(word[1:]) + ")" for word in other]),
    )
    return tuple(before + "(?:" + "|".join(some) + ")" for before, some in sides if some)


def _ended(words: Iterable[str], written: Callable[[str], str]) -> Iterable[str]:
    """Give the patterns of words with what may follow them; `written` gives the pattern of a first letter."""
    by_ends: dict[str, dict[str, list[str]]] = {}
    for word in words:
        middles = by_ends.setdefault(_first(word), {}).setdefault(word[1:][-1:], [])
        middles.append("(?i:" + _rest(word[1:-1]) + ")" if len(word) > 2 else "")
    for first, by_last in by_ends.items():
        ways = ["(?:" + "|".join(middles) + ")" + _end(last) for last, middles in by_last.items()]
        yield written(first) + "(?:" + "|".join(ways) + ")"


@cache
def _end(last: str) -> str:
    """Give the pattern of a word's last letter with what may follow it."""
    small = folded(last)[-1:]
    goes_on = "|" + small + "[A-Z]" if last and small.isascii() else ""
    return "(?:(?i:" + _rest(last) + ")" + _END + goes_on + ")"


def _accented(letter: str) -> str:
    """Give the pattern of a first letter that is not ASCII. Where it is one without its accent, that is looked for elsewhere."""
    return f"(?:{letter}|{letter.upper()})" if folded(letter).isascii() else _spelt(letter)


def _in_any_case(word: str) -> str:
    return "(?i:" + _first(word) + _rest(word[1:]) + ")"


def _with_capital(word: str) -> str:
    return _capital(_first(word)) + "(?i:" + _rest(word[1:]) + ")"


def _capital(letter: str) -> str:
    return letter.upper()


def _first(word: str) -> str:
    """Give a word's first letter without its accent."""
    return folded(word[0])[:1]


def _rest(rest: str) -> str:
    return "".join(map(_spelt, rest))


class Words:
    """The context words of one entity."""

    __slots__ = ("_known", "_near", "_search", "_stems", "_words")

    def __init__(self, words: Iterable[str], near: int) -> None:
        self._words = tuple(words)
        self._near = near
        self._known: dict[str, str] = {}
        self._stems: frozenset[str] = frozenset()
        self._search: Search | None = None  # made, with these, when it is first asked for: most never are

    def _made(self) -> Search:
        words = self._words
        self._known = {folded(word): word.rstrip("-") for word in reversed(words)}  # the first of two spellings is told
        self._stems = frozenset(folded(word) for word in words if word.endswith("-"))
        spelt = sorted(words, key=lambda word: -len(folded(word)))
        search = self._search = searcher("(?i)(?:" + "|".join(map(_pattern, spelt)) + ")")
        return search

    def before(self, data: bytes, at: int) -> str | None:
        """Give the nearest word that ends at most `near` bytes before an offset, on its line."""
        search = self._search or self._made()
        begin = end = line_start(data, at, self._near)
        nearest = None
        while end < at:
            begin, end = search(data, end, at)
            if begin < 0:
                break
            text = folded(data[begin:end].decode(errors="replace"))
            if (
                text in self._known
                and _begins(data, begin)
                and (text in self._stems or _ends(data, end))
                and not _is_chance(data, begin, end)
            ):
                nearest = self._known[text]
        return nearest

    def after(self, data: bytes, at: int) -> str | None:
        """Give the word that stands right behind a value and announces nothing else: ``123456789 (SSN)``."""
        if data[at : at + 1] not in _JOINS_AFTER:
            return None
        search = self._search or self._made()
        stop = line_end(data, at, AFTER_MOST + _AFTER_WORD)
        begin, end = search(data, at, stop)
        if not at < begin <= at + AFTER_MOST or data[at:begin].translate(None, _BETWEEN_AFTER):
            return None
        text = folded(data[begin:end].decode(errors="replace"))
        if text not in self._known or not _begins(data, begin) or not _ends(data, end) or _is_chance(data, begin, end):
            return None
        # What stands behind a word may be what it announces: then it speaks of that, and not of what stands before.
        announced = data[end:stop].lstrip(b" \t\"'")[:1]
        return None if announced in (b":", b"=", b"#") or announced.isdigit() else self._known[text]


AFTER_MOST = 12  # bytes between a value and a word behind it: "536228712 is my SSN"
_AFTER_WORD = 48  # bytes of that word and what follows it
_JOINS_AFTER = (b" ", b"(", b"[", b"_", b"-", b"\t")
_BETWEEN_AFTER = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz ([_-\t"

_FEW = 4  # bytes of a word that stands by chance in a hash or a part's number: `cc` in 7cc9, `rg` in FH739OL8RG


def _is_chance(data: bytes, begin: int, end: int) -> bool:
    """Tell a short word that has grown together with digits, as in a hash, from one that is numbered: `tel2`."""
    if end - begin > _FEW:
        return False
    if begin and data[begin - 1] in _DIGITS:
        return True
    at = end
    while at < min(len(data), end + _FEW) and data[at] in _DIGITS:
        at += 1
    return at > end and is_word_after(data, at)


def _begins(data: bytes, at: int) -> bool:
    if at >= len(data):
        return False
    if at == 0 or data[at - 1] in _DIGITS or not is_word_before(data, at):
        return True
    return data[at - 1] in _LOWER and data[at] in _UPPER


def _ends(data: bytes, at: int) -> bool:
    if at >= len(data) or data[at] in _DIGITS or not is_word_after(data, at):
        return data[at : at + 1] != b"/" or not data[at + 1 : at + 2].isdigit()  # Mobile/15E148 is a program
    return data[at - 1] in _LOWER and data[at] in _UPPER
