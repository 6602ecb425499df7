"""Words that vouch for a candidate: how they are compiled, found and told.

The rule: evidence names a word of the table, never what stood in the text. A word is found in any case, with or without
accents, and inside names (``homePhone``, ``date_of_birth``), but not inside other words (``telemetry`` is no ``tel``).
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

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


_SHORT = 4  # letters of a word that is announced only where it ends: `ur`, but not the beginning of `url`
_END = r"(?:[^a-z\x80-\xff]|\z)"


class Vocabulary:
    """The context words of all patterns: which of them stand in a text, and whom they announce.

    The triggers must fit wherever `Words` finds a word: else a candidate would be found only where another word stands near.
    They may fit elsewhere, too.
    """

    __slots__ = ("_announces", "_search", "_stems", "triggers")

    def __init__(self, words: Sequence[Iterable[str]]) -> None:
        """Take each pattern's words, in the order of the patterns' numbers."""
        announces: dict[str, set[int]] = {}
        spelt: dict[str, str] = {}
        for number, each in enumerate(words):
            for word in each:
                announces.setdefault(folded(word), set()).add(number)
                spelt.setdefault(word.rstrip("-"), folded(word))
        self._stems = frozenset(folded(word) for each in words for word in each if word.endswith("-"))
        self._announces = {
            key: frozenset(announces[key].union(*(announces[inner] for inner in _heads(word, spelt))))
            for word, key in spelt.items()
        }
        ordered = sorted(spelt, key=lambda word: (-len(spelt[word]), word))
        self._search = searcher("(?i)(?:" + "|".join(map(_pattern, ordered)) + ")") if spelt else None
        self.triggers = _triggers(spelt)

    def announced(self, data: bytes, start: int, end: int) -> Iterable[int]:
        """Give the numbers of the patterns of which a word stands between two offsets."""
        numbers: set[int] = set()
        begin, stop = self._search(data, start, end) if self._search is not None else (-1, -1)
        while begin >= 0 and self._search is not None:
            if _begins(data, begin):
                text = folded(data[begin:stop].decode(errors="replace"))
                numbers |= self._announces.get(text, frozenset())
            begin, stop = self._search(data, begin + 1, end)
        return numbers


def _heads(word: str, known: Mapping[str, str]) -> list[str]:
    """Give the words that another one begins with: `date` in `date of birth`, `tel` in `telephone`."""
    return [key for head, key in known.items() if head != word and word.startswith(head)]


def _triggers(words: Iterable[str]) -> tuple[str, ...]:
    """Give triggers for words where they can begin: after no letter, or with a capital after a small one.

    A word that begins with another one needs none of its own. They are sorted, so that RE2 shares their beginnings.
    """
    long: list[str] = []
    for word in sorted(word for word in words if len(word) > _SHORT):
        if not long or not word.startswith(long[-1]):
            long.append(word)
    short = sorted(word for word in words if len(word) <= _SHORT)
    triggers = []
    for some, end in ((long, ""), (short, _END)):
        plain = [word for word in some if word[0].isascii()]
        if plain:
            capital = (_spelt(word[0]).upper() + "(?i:" + _pattern(word[1:]) + ")" for word in plain)
            triggers.append(r"(?:\b|_|[0-9])(?i:" + "|".join(map(_pattern, plain)) + ")" + end)
            triggers.append("[a-z](?:" + "|".join(capital) + ")" + end)
        other = [word for word in some if not word[0].isascii()]
        if other:
            triggers.append("(?i:" + "|".join(map(_pattern, other)) + ")" + end)
    return tuple(triggers)


class Words:
    """The context words of one entity."""

    __slots__ = ("_known", "_near", "_search", "_spelt", "_stems")

    def __init__(self, words: Iterable[str], near: int) -> None:
        words = tuple(words)
        self._near = near
        self._known = {folded(word): word.rstrip("-") for word in words}
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
            if text in self._known and _begins(data, begin) and (text in self._stems or _ends(data, end)):
                nearest = self._known[text]
        return nearest


def _begins(data: bytes, at: int) -> bool:
    if at == 0 or data[at - 1] in _DIGITS or not is_word_before(data, at):
        return True
    return data[at - 1] in _LOWER and data[at] in _UPPER


def _ends(data: bytes, at: int) -> bool:
    if at >= len(data) or data[at] in _DIGITS or not is_word_after(data, at):
        return data[at : at + 1] != b"/" or not data[at + 1 : at + 2].isdigit()  # Mobile/15E148 is a program
    return data[at - 1] in _LOWER and data[at] in _UPPER
