"""Where in a file something in a text stands."""

from ringfence.extract.model import Text


def locate(text: Text, offset: int) -> tuple[int, int]:
    r"""Give line and column, from 1 and in bytes, of a byte of a text; (0, 0) where the format has no lines.

    >>> locate(Text(b"one\ntwo", line=7, column=3), 5)
    (8, 2)
    """
    if not text.line:
        return 0, 0
    breaks = text.value.count(b"\n", 0, offset)
    if not breaks:
        return text.line, text.column + offset
    return text.line + breaks, offset - text.value.rindex(b"\n", 0, offset)
