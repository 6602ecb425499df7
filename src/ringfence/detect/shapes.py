"""A value drawn, so that a person knows it again and nobody learns it."""

from typing import Final

_MOST: Final = 40  # characters of a shape that are shown


def shape_of(value: bytes) -> str:
    """Draw a value: ``x`` for each letter, ``9`` for each digit, marks as they are, and its length where it is cut short.

    >>> shape_of(b"anna.b@mail.example"), shape_of("+49 30 1234".encode())
    ('xxxx.x@xxxx.xxxxxxx', '+99 99 9999')
    """
    text = value.decode(errors="replace")
    drawn = "".join(
        "9" if c.isdecimal() else "x" if c.isalnum() else c if c.isprintable() else "." for c in text[:_MOST]
    )
    return drawn if len(text) <= _MOST else f"{drawn}… ({len(text)} characters)"
