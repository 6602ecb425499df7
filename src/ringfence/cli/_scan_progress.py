"""How far a scan is, on a terminal: bytes of files, or objects of a history, with the time that is left."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from ringfence.gates.git.model import Item
from ringfence.gates.git.scans import Listed, Scan

_AHEAD: Final = 50_000  # items that are listed before the first is looked at, so that a share can be told


@contextmanager
def watched(scan: Scan, *, history: bool) -> Iterator[None]:
    """Show a bar while a scan runs. Nothing runs beside it: it is drawn when an item is through."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task("history" if history else "files", total=None)
        first, total, rest = _listed_ahead(scan)
        scan.listed = chain(first, _counted(rest, bar, task))
        bar.update(task, total=total or None)

        def seen(item: Item) -> None:
            bar.update(task, advance=_weight(item))
            if not bar.disable:
                bar.refresh()

        scan.seen = seen
        yield


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
