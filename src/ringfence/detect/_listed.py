"""Values that a user lists: those that are always findings, and those that never are.

The rule: a list is looked for in one pass over the text, however long it is: all its values are one automaton of RE2, over the text
in small letters. A value is found as a whole word, in any case, with any blanks between its words.

Measured with google-re2 1.1 on two shared cores: 670 MB/s with a thousand names, 440 with ten thousand, 240 with fifty thousand.
"""

from collections.abc import Iterable, Mapping, Sequence
from unicodedata import normalize

import re2

from ringfence.detect._bytes import is_word_after, is_word_before
from ringfence.detect._engine import UNANCHORED, Match
from ringfence.detect._lenience import Lenience
from ringfence.detect._overlap import Candidate
from ringfence.detect.own import LISTED, AllowList, DenyList
from ringfence.detect.recognizer import Certainty

_SMALL = bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in range(256))
_BLANK = r"[ \t\xa0\xc2]+"
"""Blanks between words: what else those bytes may be is seen afterwards. A bound (`{1,3}`) makes RE2 fifteen times slower."""

_END = r"(?:[^0-9a-z]|\z)"
"""What may follow a value: no letter or digit of ASCII. Other letters are seen afterwards, as is what stands before."""

_SHORTER = 8  # values that may begin another, as `Anna` begins `Anna Berg`: so many are tried at a place
_MEMORY = 64 << 20  # bytes of the automaton; and for each byte of the values so many more
_MEMORY_EACH = 200
_SCORE = 1.0
_EVIDENCE = (f"{LISTED}:deny",)


def _options(size: int) -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.longest_match = True
    options.max_mem = _MEMORY + _MEMORY_EACH * size
    options.log_errors = False
    return options


class Denied:
    """Values that are findings wherever they stand."""

    def __init__(self, lists: Iterable[DenyList]) -> None:
        self._entities: dict[str, str] = {}
        for one in lists:
            for value in one.values:
                if words := _small(value).split():
                    self._entities.setdefault(" ".join(words), one.entity)
        patterns = [_written(value) for value in self._entities]
        size = sum(map(len, patterns))
        text = "(?:" + "|".join(sorted(patterns)) + ")" + _END
        self._match: Match = re2.compile(text.encode("latin-1"), _options(size))._regexp.Match  # noqa: SLF001 (as in `_engine.matcher`)

    def find(self, data: bytes, start: int, end: int) -> list[Candidate]:
        """Find all values between two offsets."""
        small, found, at = data[start:end].translate(_SMALL), [], 0
        while at < len(small):
            begin, stop = self._match(UNANCHORED, small, at, len(small))[0]
            if begin < 0:
                break
            last, entity = self._whole(data, small, start, (begin, stop))
            if entity:
                found.append(Candidate(start + begin, start + last, Certainty.SHAPE, entity, _SCORE, _EVIDENCE))
            at = last if entity else begin + 1
        return found

    def _whole(self, data: bytes, small: bytes, shift: int, match: tuple[int, int]) -> tuple[int, str]:
        """Give where the longest value at a place ends that is no part of a longer word, and its entity; empty: there is none."""
        begin, stop = match
        if is_word_after(data, shift + begin) and is_word_before(data, shift + begin):
            return stop, ""
        for _ in range(_SHORTER):
            for last in (stop, stop - 1):  # where it ends with the text, and with one sign behind it
                value = _small(data[shift + begin : shift + last].decode(errors="replace"))
                entity = self._entities.get(" ".join(value.split()), "") if not value[-1:].isspace() else ""
                if entity and not (is_word_before(data, shift + last) and is_word_after(data, shift + last)):
                    return last, entity
            again, stop = self._match(UNANCHORED, small, begin, stop - 1)[0]
            if again != begin:
                break
        return stop, ""


def _written(value: str) -> str:
    """Write a value as RE2 reads it over the bytes of small letters: each letter that is not ASCII in either case."""
    return "".join(map(_letter, value.replace(_DOTTED.lower(), _DOTTED)))


_DOTTED = "\u0130"
"""The Turkish capital I with its dot: its small letter has two signs, and is written as one of them."""


def _small(text: str) -> str:
    """Give a text in small letters, each letter with its accent as one sign where there is one."""
    return text.lower() if text.isascii() else normalize("NFC", normalize("NFC", text).lower())


def _letter(sign: str) -> str:
    if sign == " ":
        return _BLANK
    if sign.isascii():
        return sign if sign.isalnum() else f"\\x{{{ord(sign):x}}}"
    cases = (sign, sign.upper(), sign.lower())
    apart = (normalize("NFD", one) for one in cases)  # the letter, and its accent as a sign of its own
    spellings = dict.fromkeys(one.encode().translate(_SMALL) for one in (*cases, *apart))
    return "(?:" + "|".join("".join(f"\\x{byte:02x}" for byte in one) for one in spellings) + ")"


class Allowed:
    """Values that are no findings, of one entity or of all."""

    def __init__(self, lists: Iterable[str | AllowList]) -> None:
        values: dict[str, set[bytes]] = {}
        patterns: dict[str, list[str]] = {}
        for one in lists:
            each = AllowList((one,)) if isinstance(one, str) else one
            values.setdefault(each.entity, set()).update(value.encode(errors="surrogatepass") for value in each.values)
            patterns.setdefault(each.entity, []).extend(map(written_allowed, each.patterns))
        self._values = {entity: frozenset(some) for entity, some in values.items() if some}
        self._patterns = {entity: _fitting(some) for entity, some in patterns.items() if some}

    def __bool__(self) -> bool:
        return bool(self._values or self._patterns)

    def covers(self, entity: str, value: bytes) -> bool:
        """Tell whether a value is no finding of an entity."""
        return any(_covers(self._values, self._patterns, name, value) for name in ("", entity))


def _covers(
    values: Mapping[str, frozenset[bytes]], patterns: Mapping[str, "re2._Regexp[bytes]"], name: str, value: bytes
) -> bool:
    if value in values.get(name, ()):
        return True
    pattern = patterns.get(name)
    return pattern is not None and pattern.fullmatch(value) is not None


def written_allowed(pattern: str) -> str:
    """Write a pattern of values that are allowed: it fits them as a whole, with its anchors or without. Raises `BadPattern`."""
    from ringfence.detect._regular import read_pattern, spelt

    return spelt(read_pattern(pattern.removeprefix("^").removesuffix("$"), Lenience.BREAKS))


def _fitting(patterns: Sequence[str]) -> "re2._Regexp[bytes]":
    options = re2.Options()
    options.log_errors = False
    return re2.compile("|".join(f"(?:{one})" for one in patterns).encode(), options)
