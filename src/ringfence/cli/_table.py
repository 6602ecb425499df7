"""Tables: drawn on a terminal, plain and aligned where another program reads them."""

import sys
from collections.abc import Sequence


def show_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, warned: Sequence[int] = ()) -> None:
    """Write a table to standard output. The rows whose numbers are in `warned` stand out on a terminal."""
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(*heads, box=None, header_style="bold cyan")
        for number, row in enumerate(rows):
            # Text, not str: brackets in a cell are brackets, not markup.
            table.add_row(*(Text(cell) for cell in row), style="bold red" if number in warned else None)
        Console().print(table)
        return
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
