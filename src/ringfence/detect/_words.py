"""Words that vouch for a candidate: how they are compiled, found and told.

The rule: evidence names a word of the table, never what stood in the text. A word is found in any case, with or without
accents, and inside names (``homePhone``, ``date_of_birth``), but not inside other words (``telemetry`` is no ``tel``).
"""

import unicodedata
from collections.abc import Iterable, Sequence

from ringfence.detect._bytes import is_word_after, is_word_before, line_start
from ringfence.detect._engine import Search, searcher

_GAP = r"[ ._-]?"  # between the words of a phrase
_LOWER = frozenset(b"abcdefghijklmnopqrstuvwxyz")
_UPPER = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = frozenset(b"0123456789")


def folded(text: str) -> str:
    """Give a text's letters and digits in lower case without accents: `Fecha de Nacimiento` and `fechaDeNacimiento` agree."""
    parts = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l"))
    return "".join(character for character in parts if character.isalnum())


def _spelt(character: str) -> str:
    """Give the pattern of one letter in both cases, with and without its accent."""
    if character.isascii():
        return _GAP if character in " ." else character
    plain = folded(character)
    return "(?:" + "|".join(dict.fromkeys((character, character.upper(), plain, plain.upper()))) + ")"


def _pattern(word: str) -> str:
    return "".join(_spelt(character) for character in word.rstrip("-"))


_END = r"(?:[^a-z\xc3-\xc9]|\z)"
"""What may follow a word: no small letter, and no first byte of an accented one."""


_NOBODY: set[int] = set()


class Vocabulary:
    """The context words of all patterns: which of them stand in a text, and whom they announce.

    The triggers must fit wherever `Words` finds a word: else a candidate would be found only where another word stands near.
    They may fit elsewhere, too.
    """

    __slots__ = ("_announces", "_inner", "_search", "_stems", "triggers")

    def __init__(self, words: Sequence[Iterable[str]]) -> None:
        """Take each pattern's words, in the order of the patterns' numbers."""
        spelt = {word: folded(word) for each in words for word in each}
        self._stems = frozenset(key for word, key in spelt.items() if word.endswith("-"))
        self._announces: dict[str, set[int]] = {key: set() for key in spelt.values()}
        for number, each in enumerate(words):
            for word in each:
                self._announces[spelt[word]].add(number)
        bare = {word.rstrip("-"): key for word, key in spelt.items()}
        self._inner: dict[str, set[int]] = {key: set() for key in spelt.values()}
        for word, key in bare.items():  # `date` in `date of birth`, `tel` in `telephone`
            for size in range(1, len(word)):
                self._inner[key] |= self._announces.get(bare.get(word[:size], ""), set())
        ordered = sorted(spelt, key=lambda word: (-len(spelt[word]), word))
        self._search = searcher("(?i)(?:" + "|".join(map(_pattern, ordered)) + ")") if spelt else None
        self.triggers = _triggers(spelt)

    def announced(self, data: bytes, start: int, end: int) -> Iterable[int]:
        """Give the numbers of the patterns of which a word stands between two offsets."""
        search = self._search
        if search is None:
            return ()
        begin, stop = search(data, start, end)
        if begin < 0:
            return ()
        numbers: set[int] = set()
        while begin >= 0:
            if _begins(data, begin) and not _is_chance(data, begin, stop):
                text = folded(data[begin:stop].decode(errors="replace"))
                numbers |= self._inner.get(text, _NOBODY)
                if text in self._stems or _ends(data, stop):
                    numbers |= self._announces.get(text, _NOBODY)
            begin, stop = search(data, begin + 1, end)
        return numbers


def _triggers(words: Iterable[str]) -> tuple[str, ...]:
    """Give triggers for words where they can begin, after no letter or with a capital after a small one, and where they end.

    They are sorted, so that RE2 shares their beginnings. A word boundary is one of ASCII's: other letters are looked for anywhere.
    """
    triggers = []
    for some, end in (
        (sorted(word for word in words if not word.endswith("-")), _END),
        (sorted(word.rstrip("-") for word in words if word.endswith("-")), ""),
    ):
        plain = [word for word in some if folded(word[0]).isascii()]
        if plain:
            capital = (_capital(word) + "(?i:" + _pattern(word[1:]) + ")" for word in plain)
            triggers.append(
                r"(?:\b|_|[0-9])(?i:" + "|".join(_first(word) + _pattern(word[1:]) for word in plain) + ")" + end
            )
            triggers.append("[a-z](?:" + "|".join(capital) + ")" + end)
        other = [word for word in some if not word[0].isascii()]
        if other:
            triggers.append("(?i:" + "|".join(map(_pattern_as_written, other)) + ")" + end)
    return tuple(triggers)


def _first(word: str) -> str:
    """Give a word's first letter without its accent."""
    return folded(word[0])[:1]


def _capital(word: str) -> str:
    return _first(word).upper()


def _pattern_as_written(word: str) -> str:
    """Give the pattern of a word that begins with a letter that is not of ASCII."""
    return "(?:" + word[0] + "|" + word[0].upper() + ")" + _pattern(word[1:])


class Words:
    """The context words of one entity."""

    __slots__ = ("_known", "_near", "_search", "_spelt", "_stems")

    def __init__(self, words: Iterable[str], near: int) -> None:
        words = tuple(words)
        self._near = near
        self._known = {folded(word): word.rstrip("-") for word in reversed(words)}  # the first of two spellings is told
        self._stems = frozenset(folded(word) for word in words if word.endswith("-"))
        self._spelt = sorted(words, key=lambda word: -len(folded(word)))
        self._search: Search | None = None  # compiled when it is first asked for: most never are

    def before(self, data: bytes, at: int) -> str | None:
        """Give the nearest word that ends at most `near` bytes before an offset, on its line."""
        if self._search is None:
            self._search = searcher("(?i)(?:" + "|".join(map(_pattern, self._spelt)) + ")")
        begin = end = line_start(data, at, self._near)
        nearest = None
        while end < at:
            begin, end = self._search(data, end, at)
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


_FEW = 4  # bytes of a word that stands by chance in a hash or a part's number: `cc` in 7cc9, `rg` in FH739OL8RG


def _is_chance(data: bytes, begin: int, end: int) -> bool:
    """Tell a short word that has grown together with digits, as in a hash, from one that is numbered: `tel2`."""
    if end - begin > _FEW:
        return False
    if data[begin - 1 : begin].isdigit():
        return True
    at = end
    while at < min(len(data), end + _FEW) and data[at] in _DIGITS:
        at += 1
    return at > end and is_word_after(data, at)


def _begins(data: bytes, at: int) -> bool:
    if at == 0 or data[at - 1] in _DIGITS or not is_word_before(data, at):
        return True
    return data[at - 1] in _LOWER and data[at] in _UPPER


def _ends(data: bytes, at: int) -> bool:
    if at >= len(data) or data[at] in _DIGITS or not is_word_after(data, at):
        return data[at : at + 1] != b"/" or not data[at + 1 : at + 2].isdigit()  # Mobile/15E148 is a program
    return data[at - 1] in _LOWER and data[at] in _UPPER
