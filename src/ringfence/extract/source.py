"""Programs: their whole text, with the strings and comments in it found when they are asked for.

The rule: a program is given as it stands, in one text where it is of a usual size, so that what is found can be told with the line
around it. What stands in a block that does not begin a file cannot be told apart into strings and the rest: all of it counts.
"""

from collections.abc import Iterator
from typing import Final

from ringfence.extract.languages import language_of
from ringfence.extract.lexing import parts_of
from ringfence.extract.model import Budget, Extracted, Kind, Source, Text
from ringfence.extract.reading import Block, blocks, joined

_ONE: Final = 4 << 20  # bytes of a program that is one text


def read_code(source: Source, budget: Budget) -> Iterator[Extracted]:  # noqa: ARG001 (the seam of all readers)
    """Read a program."""
    yield from code(source, "")


def code(source: Source, language: str) -> Iterator[Extracted]:
    """Read a program of a language; "" for that which its name says."""
    held: Block | None = None
    is_first = True
    for block in blocks(source):
        if held is not None and len(held.value) + len(block.value) > _ONE:
            yield [_text(held, source, language, is_first=is_first)]
            held, is_first = None, False
        held = joined(held, block)
    if held is not None and held.value:
        yield [_text(held, source, language, is_first=is_first)]


def _text(block: Block, source: Source, language: str, *, is_first: bool) -> Text:
    value = block.value
    parts = parts_of(value, language or language_of(source.name, value)) if is_first else None
    return Text(value, "", Kind.CODE, block.line, block.column, block.start, "", source.members, parts)
