"""Tables: drawn on a terminal, plain and aligned where another program reads them."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def is_plain() -> bool:
    """Whether NO_COLOR is set: then no escape is written, not even a bold one."""
    return bool(os.environ.get("NO_COLOR"))


def console() -> "Console":
    """Give the terminal, without any style where NO_COLOR says so."""
    return _console(stderr=False)


def error_console() -> "Console":
    """Give the terminal behind standard error, in the same way: for progress, which is no part of what is printed."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console

    return Console(highlight=False, emoji=False, color_system=None if is_plain() else "auto", stderr=stderr)


def printable(text: str) -> str:
    r"""Spell what would break a line or move the cursor: names of columns are whatever somebody called them.

    >>> printable("caf\u00e9"), printable("first\nname"), printable("\x1b[2J")
    ('café', 'first\\nname', '\\x1b[2J')
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def show_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, warned: Sequence[int] = ()) -> None:
    """Write a table to standard output. The rows whose numbers are in `warned` stand out on a terminal."""
    rows = [[printable(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        from rich.table import Table
        from rich.text import Text

        table = Table(*heads, box=None, header_style="bold cyan")
        for number, row in enumerate(rows):
            # Text, not str: brackets in a cell are brackets, not markup.
            table.add_row(*(Text(cell) for cell in row), style="bold red" if number in warned else None)
        console().print(table)
        return
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
