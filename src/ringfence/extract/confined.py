"""Readers that are libraries in other languages, or that hold what they like: each file in a process of its own.

The rule: a foreign file can cost that process its life, and the scan one `Unreadable`. The process gets the file on its standard
input, and nothing else: it can write no file, and the system ends it when it has taken too much memory or time, or has been silent
for too long. What it finds it sends as frames, and what comes out of them is charged to the budget that everything else is charged
to; members of archives come back whole, and are looked at here.

A frame is the length of its head (4 bytes), the length of its content (4 bytes), the head in JSON, the content.
"""

import json
import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
from array import array
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from itertools import accumulate, pairwise
from typing import IO, Any, BinaryIO, Final, TypeAlias, cast

from ringfence.extract.members import count_in, held, look_into, member_of, name_faults, name_text, named, spent
from ringfence.extract.model import (
    Bounds,
    Budget,
    Extracted,
    Fault,
    Kind,
    LeftOut,
    Source,
    Text,
    Unreadable,
    Values,
    Why,
)
from ringfence.extract.unpacking import SPLIT, MissingExtra

KINDS: Final = {
    "pdf": "pdfs:take",
    "parquet": "parquets:take_parquet",
    "arrow": "parquets:take_arrow",
    "7z": "sevenzips:take",
}
_MEMORY: Final = 640 << 20  # bytes that the process may write to
_SECONDS: Final = 120  # of the processor
_SILENT: Final = (
    600  # by the clock, from one frame to the next: a library that waits for itself takes no time of the processor
)
_PARTING: Final = 10  # by the clock, between the end of what it says and its own
_LENGTHS: Final = struct.Struct("<II")
_LONGEST_HEAD: Final = 64 << 20


@dataclass(frozen=True, slots=True, repr=False)
class Given:
    """A file that stands in the file, whole."""

    name: bytes
    content: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Columns:
    """Values of fields: each field's path, and its values one after another."""

    columns: Sequence[tuple[str, Sequence[bytes]]]
    where: str = ""

    def values(self, members: tuple[str, ...]) -> Values:
        """Give them as what a scan takes."""
        paths: list[str] = []
        values: list[bytes] = []
        for path, each in self.columns:
            paths += [path] * len(each)
            values += each
        where = self.where

        def make(number: int) -> Text:
            return Text(values[number], paths[number], Kind.VALUE, where=where, members=members)

        return Values(paths, values, make)


Found: TypeAlias = "Sequence[Text] | LeftOut | Unreadable | Given | Columns"
Emit: TypeAlias = Callable[[Found], None]
Take: TypeAlias = Callable[[BinaryIO, Bounds, Emit], None]


def confined(kind: str, source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read a file in a process of its own."""
    file = given_file(source, budget)
    if isinstance(file, LeftOut | Unreadable):
        yield file
        return
    bounds = budget.bounds
    said = json.dumps([bounds.unpacked, bounds.ratio, bounds.members, bounds.depth, bounds.document, bounds.nesting])
    command = [sys.executable, "-P", "-m", __name__, kind, said]
    with file, subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        try:
            if not (yield from heard(cast("IO[bytes]", child.stdout), source, budget)):
                yield _died(child, source)
        finally:
            child.kill()


def given_file(source: Source, budget: Budget) -> BinaryIO | LeftOut | Unreadable:
    """Give an open file of the system's: the source itself, or its bytes under no name."""
    opened = source.open()
    try:
        opened.fileno()
    except (OSError, AttributeError):
        opened.close()
    else:
        os.lseek(opened.fileno(), 0, os.SEEK_SET)
        return opened
    whole = held(source, budget)
    if not isinstance(whole, bytes):
        return whole
    if hasattr(os, "memfd_create"):
        file: Any = os.fdopen(os.memfd_create("ringfence"), "w+b")
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by who asked)
    file.write(whole)
    file.seek(0)
    return cast("BinaryIO", file)


def heard(pipe: IO[bytes], source: Source, budget: Budget) -> Generator[Extracted, None, bool]:
    """Give what frames hold. Returns False where they break off before the last word."""
    longest = max(budget.bounds.unpacked, budget.bounds.document)
    while len(lengths := pipe.read(_LENGTHS.size)) == _LENGTHS.size:
        head_size, size = _LENGTHS.unpack(lengths)
        if head_size > _LONGEST_HEAD or size > longest:
            yield Unreadable(Fault.BOMB, "more comes out of it at once than may", SPLIT, source.members)
            return True
        raw = pipe.read(head_size)
        content = pipe.read(size)
        if len(raw) < head_size or len(content) < size:
            break
        head = json.loads(raw)
        if head["is"] == "end":
            return True
        yield from _step(head, content, source, budget)
        rest = spent(source, budget)
        if rest is not None:
            yield rest
            return True
    return False


def _died(child: "subprocess.Popen[bytes]", source: Source) -> Unreadable:
    try:
        code = child.wait(_PARTING)
    except subprocess.TimeoutExpired:
        code = -signal.SIGKILL  # which it gets from who asked
    if code in (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGALRM):
        return Unreadable(Fault.BOMB, "to read it takes more time or memory than it may", SPLIT, source.members)
    return Unreadable(Fault.DAMAGED, "the library that reads it broke off", "fetch it anew", source.members)


def _step(head: Any, content: bytes, source: Source, budget: Budget) -> Iterator[Extracted]:
    members = source.members
    match head["is"]:
        case "texts":
            budget.unpacked += len(content)
            ends = [0, *accumulate(each[4] for each in head["texts"])]
            yield [
                Text(content[at:to], path, Kind(kind), line, where=where, members=members)
                for (at, to), (path, kind, where, line, _) in zip(pairwise(ends), head["texts"], strict=True)
            ]
        case "columns":
            columns = _columns(head, content).values(members)
            budget.unpacked += sum(map(len, columns.values))
            yield columns
        case "left":
            yield LeftOut(Why(head["why"]), members, head["note"])
        case "bad":
            yield Unreadable(Fault(head["fault"]), head["what"], head["mend"], members)
        case _:
            yield from _given(head["name"].encode("latin-1"), content, source, budget)


def _given(name: bytes, content: bytes, source: Source, budget: Budget) -> Iterator[Extracted]:
    many = count_in(source, budget)
    if many is not None:
        yield many
        return
    called = named(name)
    member = member_of(source, called, budget)
    budget.unpacked += len(content)
    yield [name_text(source, name)]
    yield from name_faults(name, member.members)
    yield from look_into(called, len(content), lambda: BytesIO(content), member)


def _columns(head: Any, content: bytes) -> Columns:
    count = sum(number for _, number in head["columns"])
    lengths = array("I")
    lengths.frombytes(content[: 4 * count])
    ends = list(accumulate(lengths, initial=4 * count))
    cells = [content[at:to] for at, to in pairwise(ends)]
    columns = []
    at = 0
    for path, number in head["columns"]:
        columns.append((path, cells[at : at + number]))
        at += number
    return Columns(columns, head["where"])


# --- in the process ---------------------------------------------------------------------------------------------------------


def _frame(found: Found) -> tuple[dict[str, Any], bytes]:
    match found:
        case LeftOut():
            return {"is": "left", "why": found.why.value, "note": found.note}, b""
        case Unreadable():
            return {"is": "bad", "fault": found.fault.value, "what": found.what, "mend": found.mend}, b""
        case Given():
            return {"is": "given", "name": found.name.decode("latin-1")}, found.content
        case Columns():
            cells = [cell for _, each in found.columns for cell in each]
            lengths = array("I", map(len, cells)).tobytes()
            columns = [[path, len(each)] for path, each in found.columns]
            return {"is": "columns", "columns": columns, "where": found.where}, lengths + b"".join(cells)
        case _:
            texts = [[text.path, text.kind.value, text.where, text.line, len(text.value)] for text in found]
            return {"is": "texts", "texts": texts}, b"".join(text.value for text in found)


def send(out: BinaryIO, found: "Found | None") -> None:
    """Write a frame, as `heard` reads it; None is the last word."""
    head, content = ({"is": "end"}, b"") if found is None else _frame(found)
    written = json.dumps(head).encode()
    out.write(_LENGTHS.pack(len(written), len(content)) + written)
    out.write(content)
    out.flush()


def taken(kind: str, file: BinaryIO, bounds: Bounds, emit: Emit) -> None:
    """Read a file, whatever its library does: every error becomes a word."""
    module, _, function = KINDS[kind].partition(":")
    take: Take = getattr(import_module(f"ringfence.extract.{module}"), function)
    try:
        take(file, bounds, emit)
    except MissingExtra as missing:
        emit(missing.told())
    except MemoryError:
        emit(Unreadable(Fault.BOMB, "to read it takes more memory than it may", SPLIT))
    except Exception as error:  # noqa: BLE001 (a rim: libraries have each their own errors, and their words hold content)
        emit(Unreadable(Fault.DAMAGED, f"it is damaged ({type(error).__name__})", "fetch it anew"))


def main(arguments: Sequence[str]) -> None:
    """Read standard input, write frames to standard output."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    unpacked, ratio, members, depth, document, nesting = json.loads(arguments[1])
    out = sys.stdout.buffer

    def emit(found: Found) -> None:
        signal.alarm(0)  # who listens may take its time
        send(out, found)
        signal.alarm(_SILENT)

    signal.alarm(_SILENT)
    taken(arguments[0], sys.stdin.buffer, Bounds(unpacked, ratio, members, depth, document, nesting), emit)
    signal.alarm(0)
    send(out, None)
    os._exit(0)  # nothing is left to tidy up, and some libraries do not like to


if __name__ == "__main__":
    from ringfence.extract.confined import main as run  # the one that the readers import, not this copy of it

    run(sys.argv[1:])
