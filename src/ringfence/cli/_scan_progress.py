"""How far a scan is, on a terminal: bytes of files, or objects of a history, with the time that is left.

The rule: the bar is on standard error alone. What is written to standard output goes there, whole, wherever that leads; where it is
a terminal too, the bar makes way for it.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Final, TextIO, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from ringfence.gates.git.model import Item
from ringfence.gates.git.scans import Listed, Scan

_AHEAD: Final = 50_000  # items that are listed before the first is looked at, so that a share can be told


@contextmanager
def watched(scan: Scan, *, history: bool) -> Iterator[None]:
    """Show a bar while a scan runs. Nothing runs beside it: it is drawn when an item is through."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with (
        _above(console) as flush,
        Progress(*columns, console=console, transient=True, auto_refresh=False, redirect_stdout=False) as bar,
    ):
        task = bar.add_task("history" if history else "files", total=None)
        first, total, rest = _listed_ahead(scan)
        scan.listed = chain(first, _counted(rest, bar, task))
        bar.update(task, total=total or None)

        def seen(item: Item) -> None:
            bar.update(task, advance=_weight(item))
            flush()
            bar.refresh()

        scan.seen = seen
        yield


class _Above:
    """Standard output on a terminal where a bar is: what is written takes its line, and the bar is drawn anew below."""

    def __init__(self, out: TextIO, console: Console) -> None:
        self._out, self._console = out, console
        self._is_clear = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._out, name)

    def write(self, text: str) -> int:
        """Write in the place of the bar."""
        if text and not self._is_clear:
            self._console.file.write("\r\x1b[2K")
            self._console.file.flush()
            self._is_clear = True
        return self._out.write(text)

    def give_way(self) -> None:
        """Bring out what was written, before the bar is drawn."""
        self._out.flush()
        self._is_clear = False


@contextmanager
def _above(console: Console) -> Iterator[Callable[[], None]]:
    """Have standard output stand above a bar, where both are terminals; give what brings it out."""
    out = sys.stdout
    if not out.isatty() or not console.is_terminal:
        yield lambda: None
        return
    above = _Above(out, console)
    sys.stdout = cast("TextIO", above)
    try:
        yield above.give_way
    finally:
        above.give_way()
        sys.stdout = out


def _listed_ahead(scan: Scan) -> tuple[list[Listed], int, Iterator[Listed]]:
    first: list[Listed] = []
    total = 0
    rest = iter(scan.listed)
    for one in rest:
        first.append(one)
        total += _weight(one) if isinstance(one, Item) else 0
        if len(first) >= _AHEAD:
            break
    return first, total, rest


def _counted(rest: Iterator[Listed], bar: Progress, task: TaskID) -> Iterator[Listed]:
    """Add what is listed later to the whole."""
    for one in rest:
        if isinstance(one, Item):
            known = bar.tasks[0].total or 0
            bar.update(task, total=known + _weight(one))
        yield one


def _weight(item: Item) -> int:
    return max(item.size, 1)
