"""Where in a file something in a text stands."""

from ringfence.extract.model import Text


class Lines:
    r"""The lines of a text, asked for from its beginning on: what was counted once is not counted again.

    >>> lines = Lines(Text(b"one\ntwo", line=7, column=3))
    >>> lines.at(1), lines.at(5)
    ((7, 4), (8, 2))
    """

    __slots__ = ("_at", "_breaks", "_last", "_text")

    def __init__(self, text: Text) -> None:
        self._text = text
        self._at = self._breaks = 0  # how far was counted, and what
        self._last = -1  # where the last line break before that stands

    def at(self, offset: int) -> tuple[int, int]:
        """Give line and column, from 1 and in bytes, of a byte; (0, 0) where the format has no lines."""
        text = self._text
        if not text.line:
            return 0, 0
        if offset < self._at:
            self._at = self._breaks = 0
            self._last = -1
        breaks = text.value.count(b"\n", self._at, offset)
        if breaks:
            self._breaks += breaks
            self._last = text.value.rindex(b"\n", self._at, offset)
        self._at = offset
        if self._last < 0:
            return text.line, text.column + offset
        return text.line + self._breaks, offset - self._last
