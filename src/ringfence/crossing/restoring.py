"""What one direction of an exchange replaced reversibly, so that the other can put it back.

The rule: clear values live here only as long as the exchange does, in memory, bounded, and in no `repr`.
"""

import re2

REMEMBERED = 10_000  # values of one exchange; what is beyond is not restored, which shows a token, never a clear value


class Surrogates:
    """The values that stood in for clear ones in one exchange."""

    __slots__ = ("_clear", "_pattern")

    def __init__(self) -> None:
        self._clear: dict[bytes, tuple[str, str]] = {}
        self._pattern: re2._Regexp[bytes] | None = None

    def remember(self, stand_in: str, category: str, clear: str) -> None:
        """Note that a value went out as `stand_in`."""
        if len(self._clear) < REMEMBERED and stand_in:
            self._clear[stand_in.encode()] = (category, clear)
            self._pattern = None

    def spans(self, value: bytes) -> list[tuple[int, int, str, str]]:
        """Find what was issued: (start, end, category, clear value), in order, in bytes of `value`."""
        if not self._clear:
            return []
        if self._pattern is None:
            options = re2.Options()
            options.encoding = re2.Options.Encoding.LATIN1
            options.longest_match = True  # of two stand-ins that begin alike, the longer one
            self._pattern = re2.compile(b"|".join(map(re2.escape, self._clear)), options)
        return [(match.start(), match.end(), *self._clear[match.group()]) for match in self._pattern.finditer(value)]

    def __len__(self) -> int:
        return len(self._clear)

    def __repr__(self) -> str:
        return f"<{len(self._clear)} surrogates>"
