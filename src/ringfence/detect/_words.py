"""Words that vouch for a candidate: how they are compiled, found and told.

The rule: evidence names a word of the table, never what stood in the text. A word is found in any case, with or without
accents, and inside names (``homePhone``, ``date_of_birth``), but not inside other words (``telemetry`` is no ``tel``).
"""

import unicodedata
from collections.abc import Iterable

from ringfence.detect._bytes import is_word_after, is_word_before, line_start
from ringfence.detect._engine import searcher

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


def triggers_of(words: Iterable[str]) -> tuple[str, ...]:
    """Give triggers for words where they can begin: after no letter, or with a capital after a small one.

    They must fit wherever `Words` finds one: else a candidate would be found only where another word stands near.
    """
    ordered = sorted(set(words), key=len, reverse=True)
    capital = (_spelt(word[0]).upper() + "(?i:" + _pattern(word[1:]) + ")" for word in ordered)
    return (
        r"(?:\b|_|[0-9])(?i:" + "|".join(map(_pattern, ordered)) + ")",
        r"[a-z](?:" + "|".join(capital) + ")",
    )


class Words:
    """The context words of one entity."""

    __slots__ = ("_known", "_near", "_search", "_stems")

    def __init__(self, words: Iterable[str], near: int) -> None:
        words = tuple(words)
        self._near = near
        self._known = {folded(word): word.rstrip("-") for word in words}
        self._stems = frozenset(folded(word) for word in words if word.endswith("-"))
        ordered = sorted(words, key=len, reverse=True)
        self._search = searcher("(?i)(?:" + "|".join(_pattern(word) for word in ordered) + ")") if words else None

    def before(self, data: bytes, at: int) -> str | None:
        """Give the nearest word that ends at most `near` bytes before an offset, on its line."""
        if self._search is None:
            return None
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
