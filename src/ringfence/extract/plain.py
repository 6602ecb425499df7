"""Running text of any charset: documents, logs, everything that has no structure.

The rule: texts are blocks of whole lines, so that a file of any size takes the memory of one block. The cells of tables in it are
given once more, by column (`text_tables`).
"""

from collections.abc import Iterable, Iterator

from ringfence.extract.model import BATCH, Budget, Extracted, Kind, Source, Text
from ringfence.extract.reading import Block, blocks
from ringfence.extract.text_tables import TextTables


def read_text(source: Source, budget: Budget) -> Iterator[Extracted]:  # noqa: ARG001 (the seam of all readers)
    """Read running text."""
    return as_prose(blocks(source), source)


def as_prose(given: Iterable[Block], source: Source, where: str = "") -> Iterator[Extracted]:
    """Give blocks as running text, those of a batch together."""
    batch: list[Text] = []
    size = 0
    tables = TextTables()
    for block in given:
        batch.append(Text(block.value, "", Kind.PROSE, block.line, block.column, block.start, where, source.members))
        batch += tables.cells(block, source.members, where)
        size += len(block.value)
        if size >= BATCH // 2:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
