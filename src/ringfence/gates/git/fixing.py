"""Mending the files of a scan: what is refused in each, replaced over all of them alike, and what has to be left.

The rule: nothing is written before all is known and somebody has said yes. A value has one stand-in in all files; where one file
needs another, the others are mended again. Values are held only while a file is mended, and never told.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ringfence.detect import detector_for
from ringfence.gates.git.mending import MOST, Left, Mended, Mender
from ringfence.gates.git.model import MOST_FOUND, Found, Item, Origin, Scanned
from ringfence.gates.git.opening import Opener
from ringfence.gates.git.replacing import Before, NotReplaced, put, read_before
from ringfence.gates.git.scanning import Digests, Scanner
from ringfence.gates.git.standing_in import StandIns, drawing_by
from ringfence.transform import KeyHandle, Keyring

_PASSES: Final = 4
_HELD: Final = 512 << 20  # bytes of files that are mended in one run
_PUT: Final = "see what the folder allows, and whether the disk is full"

_Place = tuple[int, int, int, int, str]


@dataclass(frozen=True, slots=True)
class Stays:
    """A file, or what is in it, that stays as it is. `count`: how many findings; 0: all of the file."""

    name: str
    why: str
    mend: str
    count: int = 0


@dataclass(slots=True)
class Fixing:
    """One run.

    Parameters
    ----------
    scanner
        By whose rules; its allowances count.
    handle
        The key that stand-ins are drawn by.
    """

    scanner: Scanner
    handle: KeyHandle
    files: dict[str, tuple[Before, Mended]] = field(default_factory=dict)
    stays: list[Stays] = field(default_factory=list)
    _wanted: dict[str, set[_Place] | None] = field(default_factory=dict)
    _further: list[Stays] = field(default_factory=list)
    _values: dict[str, set[str]] = field(default_factory=dict)
    _items: dict[str, Item] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Have findings named, so that one in the index is known again in a file."""
        self.scanner = Scanner(
            self.scanner.rules,
            self.scanner.bounds,
            Digests(Keyring([self.handle]), self.handle.name),
            self.scanner.allowances,
        )

    def take(self, scanned: Iterable[Scanned]) -> None:
        """Take what a scan found on disk."""
        for one in scanned:
            refused = [found for found in one.found if found.counts]
            if refused and one.item.path:
                self._items[one.item.name] = one.item
                self._wanted[one.item.name] = self._all(one, refused)

    def _all(self, one: Scanned, refused: list[Found]) -> "set[_Place] | None":
        """Give the places of what is to be mended; None: all. What a baseline has may be among what is told as one."""
        further = sum(found.count for found in refused if found.count > 1)
        if further and not any(found.digest for found in refused):
            return None
        if further:
            what = f"a file of more than {MOST_FOUND:,} findings is mended by so many at once where a baseline is asked"
            self._further.append(Stays(one.item.name, what, "run it again for these", further))
        return {_place(found) for found in refused if found.count == 1}

    def take_staged(self, scanned: Iterable[Scanned], top: str, opener: Opener) -> None:
        """Take what a scan found in the index: its values, wherever they stand in the files of the working tree."""
        for one in scanned:
            if not any(found.counts for found in one.found):
                continue
            item = one.item
            with opener.open(item).stream as stream:
                again = self.scanner.scan(item, lambda stream=stream: stream)  # type: ignore[misc]
            self._values[item.name] = {found.digest for found in again.found if found.counts}
            self._items[item.name] = Item(item.name, Origin.FILE, path=f"{top}/{item.name}")

    def prepare(self) -> None:
        """Mend all files, in memory."""
        stand_ins = StandIns(drawing_by(self.handle), detector_for(self.scanner.rules.policy.detect))
        for _ in range(_PASSES):
            before = stand_ins.changed
            self.files.clear()
            self.stays[:] = self._further
            held = 0
            for name, item in self._items.items():
                held += self._prepare(name, item, stand_ins, held)
            if stand_ins.changed == before:
                return

    def _prepare(self, name: str, item: Item, stand_ins: StandIns, held: int) -> int:
        try:
            before = read_before(item.path, MOST)
        except NotReplaced as kept:
            self.stays.append(Stays(name, kept.what, kept.mend))
            return 0
        except OSError:
            self.stays.append(Stays(name, "it cannot be read", "scan it again"))
            return 0
        if held + len(before.data) > _HELD:
            self.stays.append(Stays(name, "there are more files than are mended at once", "run it again for these"))
            return 0
        mended = Mender(self.scanner, stand_ins, lambda found: self._is_kept(name, found)).mend(item, before.data)
        self.stays.extend(_left(name, mended.left))
        if mended.data is None:
            return 0
        self.files[name] = before, mended
        return 3 * len(before.data)

    def _is_kept(self, name: str, found: Found) -> bool:
        values = self._values.get(name)
        if values is not None:
            return found.digest not in values
        wanted = self._wanted[name]
        return wanted is not None and _place(found) not in wanted

    def put(self) -> Iterator[str]:
        """Write the files; give the name of each that was written."""
        for name, (before, mended) in self.files.items():
            if mended.data is None:
                continue
            try:
                put(before, mended.data)
            except NotReplaced as kept:
                self.stays.append(Stays(name, kept.what, kept.mend))
            except OSError as error:
                self.stays.append(Stays(name, f"it cannot be written ({os.strerror(error.errno or 0)})", _PUT))
            else:
                yield name


def _place(found: Found) -> _Place:
    return found.line, found.column, found.end_line, found.end_column, found.category


def _left(name: str, left: Iterable[Left]) -> Iterator[Stays]:
    """Give what is left of a file, counted by reason."""
    counts: dict[tuple[str, str], int] = {}
    for one in left:
        counts[one.why, one.mend] = counts.get((one.why, one.mend), 0) + 1
    for (why, mend), count in counts.items():
        yield Stays(name, why, mend, count)
