"""Taking one file apart, whatever it is: which rule leaves it out, which reader reads it, and what is said where that fails.

The rule: it ends, and says something. What a reader did not foresee becomes `Unreadable`, which names the kind of error and nothing
of what stood in the file; what the reader gave before stands.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO, Final

from ringfence.extract.model import Budget, Extracted, Fault, LeftOut, Source, Unreadable, Why
from ringfence.extract.recognising import reader, recognise
from ringfence.extract.skipping import left_out

_HEAD: Final = 8192
_NO_MORE: Final = "what follows the last text that was read is not looked at"


def extract(source: Source, budget: Budget | None = None) -> Iterator[Extracted]:
    """Give what is in a file, in its order: texts that are looked at together, what is left out, what cannot be read.

    Readers of archives call it again for their members, with the same budget. It raises nothing.

    >>> from io import BytesIO
    >>> source = Source("notes.txt", 5, lambda: BytesIO(b"hello"))
    >>> [[text.value for text in step] for step in extract(source)]
    [[b'hello']]
    """
    budget = budget or Budget()
    begun = False
    try:
        for step in _extract(source, budget):
            begun = True
            yield step
    except FileNotFoundError:
        yield Unreadable(Fault.GONE, "the file is no longer there", members=source.members)
    except PermissionError:
        yield Unreadable(Fault.DENIED, "the file may not be read", "give the scan the right to read it", source.members)
    except MemoryError:
        yield Unreadable(Fault.DAMAGED, "it takes more memory than there is", _NO_MORE if begun else "", source.members)
    except Exception as error:  # noqa: BLE001 (a rim: a reader takes foreign bytes, and one file must not end a scan)
        what = f"it cannot be read as what it seems to be ({type(error).__name__})"
        yield Unreadable(Fault.DAMAGED, what, _NO_MORE if begun else "", source.members)


def _extract(source: Source, budget: Budget) -> Iterator[Extracted]:
    stream = source.open()
    try:
        head = stream.read(_HEAD)
        told = left_out(source, head, budget.bounds)
        name = "" if told is not None or not head else recognise(source.name, head)
        if told is not None:
            yield told
        elif head and not name:
            yield LeftOut(Why.BINARY, source.members, "no text, and of no format that is read here")
        if not name:
            return
        yield from reader(name)(replace(source, open=_again(source, stream)), budget)
    finally:
        stream.close()


def _again(source: Source, stream: BinaryIO) -> Callable[[], BinaryIO]:
    """Give what opens a source whose stream is open already: that one first, if it can go back."""
    opened = [stream] if stream.seekable() else []

    def once() -> BinaryIO:
        if not opened:
            return source.open()
        first = opened.pop()
        first.seek(0)
        return first

    return once
