"""A scan from its first item to its last: what is listed, looked at, settled, and remembered for the next time.

The rule: everything that was listed is told, whether it was looked at, left out or not readable. What a history's scan has done
under the same rules counts as done together with what it found, so one that was ended goes on where it was.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from ringfence.gates.git.allowing import Settling
from ringfence.gates.git.model import Failed, Item, Origin, Passed, Scanned
from ringfence.gates.git.opening import Opener
from ringfence.gates.git.pool import scan_all
from ringfence.gates.git.scanning import Scanner

if TYPE_CHECKING:
    from ringfence.gates.git.resuming import Progress

Listed: TypeAlias = Item | Passed | Failed
_MARKED: Final = 4 << 20  # bytes looked at, or
_MARKED_ITEMS: Final = 500  # items, that may have to be looked at again


@dataclass(slots=True)
class Scan:
    """A scan.

    Attributes
    ----------
    done
        Of a history: what was looked at before, and what is from now on.
    """

    listed: Iterable[Listed]
    scanner: Scanner
    opener: Opener
    settling: Settling
    processes: int | None = None
    done: "Progress | None" = None
    seen: Callable[[Item], None] = lambda _: None
    _told: list[Scanned] = field(default_factory=list, init=False)
    _unmarked: list[Scanned] = field(default_factory=list, init=False)

    def run(self) -> Iterator[Scanned]:
        """Look at everything; give what became of each."""
        if self.done is not None:
            for before in self.done.results():
                yield self.settling.take(before)
        size = 0
        try:
            for scanned in scan_all(self._items(), self.scanner, self.opener, processes=self.processes):
                yield from self._others()
                if self.done is not None:
                    self._unmarked.append(scanned)
                    size += scanned.size
                    if size >= _MARKED or len(self._unmarked) >= _MARKED_ITEMS:
                        self._mark()
                        size = 0
                self.seen(scanned.item)
                yield self.settling.take(scanned)
            yield from self._others()
        finally:
            self._mark()

    def _mark(self) -> None:
        if self.done is not None and self._unmarked:
            self.done.mark(self._unmarked)
            self._unmarked = []

    def _others(self) -> Iterator[Scanned]:
        told, self._told = self._told, []
        yield from map(self.settling.take, told)

    def _items(self) -> Iterator[Item]:
        """Give what is to be looked at; what was only listed is told as it comes."""
        for one in self.listed:
            match one:
                case Item():
                    large, meant = self.scanner.too_large(one), self.scanner.meant(one)
                    if meant is None:
                        continue
                    if large is not None:
                        self._tell(large, one)
                    elif self.done is None or not one.object or not self.done.done(one.object):
                        yield meant
                case _:
                    self._tell(one)

    def _tell(self, one: Passed | Failed, item: Item | None = None) -> None:
        told = item if item is not None else Item(one.file, Origin.FILE)
        passed, failed = ((one,), ()) if isinstance(one, Passed) else ((), (one,))
        self._told.append(Scanned(told, passed=passed, failed=failed))
