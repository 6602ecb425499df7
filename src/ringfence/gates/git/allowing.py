"""What people say may stay, applied: comments in files, the ignore file's lines, a baseline's entries; and what nobody needed.

The rule: an allowance turns a refusal into a finding that is allowed, with its reason; it hides nothing, and what is wrong with it
or of no use is told. What one file says, and what the ignore file says of it, is applied where the file is looked at; a baseline
counts over all files, so it is applied where they come together, in their order. Both parts are plain data: they may be forked.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, Final

from ringfence.crossing import scrub
from ringfence.detect import Detection, Detector, detector_for
from ringfence.extract.model import Fault, Why
from ringfence.gates.git.further import Lines, alike, told_apart
from ringfence.gates.git.ignoring import Ignoring, Line, deciding, left_out
from ringfence.gates.git.inline import Marks, in_lines, in_utf8, may_have, read_marks
from ringfence.gates.git.model import Allowance, By, Failed, Found, Item, Origin, Passed, Scanned, Standing
from ringfence.gates.git.naming import Names
from ringfence.gates.git.objects import Unread

if TYPE_CHECKING:
    from ringfence.gates.git.baseline import Applying, Baseline

KEPT: Final = 4 << 20  # bytes of a file that are held, so that it is read once; a larger one is read twice
MOST_KEPT: Final = 1 << 30
"""Bytes of standard input that are kept in a file while they are looked at."""

_PIECE: Final = 1 << 20
_AS_A_FILE: Final = "write it to a file, and name that: it is read where it is"
_PATHS: Final = frozenset((Origin.FILE, Origin.INPUT, Origin.INDEX, Origin.BLOB))  # origins whose names are paths
_MOST_TOLD: Final = 10_000

Opened = Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class Allowances:
    """What is allowed by files themselves and by an ignore file. Built once, and the same in every process.

    `inline`: whether comments in files count; where a server judges what others push, they may not.
    """

    names: Names = field(default_factory=Names.of)
    ignoring: Ignoring | None = None
    inline: bool = True

    def about(self, item: Item, opened: Opened, detector: Detector) -> "Reading":
        """Begin to look at an item."""
        ignoring = self.ignoring if item.origin in _PATHS else None
        lines = ignoring.about(ignoring.path_of(item)) if ignoring is not None else ()
        inline = self.inline and may_have(item.name)
        return Reading(self, item, opened, detector, lines, inline)


@dataclass(slots=True)
class Reading:
    """One item while it is looked at."""

    allowances: Allowances
    item: Item
    source: Opened
    detector: Detector
    lines: tuple[Line, ...]
    inline: bool
    _data: bytes = b""
    _is_whole: bool = False
    _was_opened: bool = False
    _file: BinaryIO | None = None

    def left_out(self) -> Scanned | None:
        """Give what becomes of an item that the ignore file leaves out whole; None where it is to be looked at."""
        line, ignoring = left_out(self.lines), self.allowances.ignoring
        if line is None or ignoring is None:
            return None
        reason = ignoring.reason(line, self.detector)
        note = f"by {ignoring.file}:{line.number}" + (f" ({reason})" if reason else "")
        passed = Passed(self.item.name, Why.IGNORED, note=note)
        return Scanned(self.item, passed=(passed,), allowances=(ignoring.told(line, 1, self.detector),))

    def held(self) -> Scanned | None:
        """Hold what can be read only once; give what becomes of it where it is more than is kept."""
        if self.item.origin is not Origin.INPUT:
            return None
        try:
            self.source, self._file = _held(self.source())
        except Unread as unread:
            failed = Failed(self.item.name, unread.fault, unread.what, unread.mend)
            return Scanned(self.item, failed=(failed,))
        return None

    def open(self) -> BinaryIO:
        """Open the item for whoever reads it."""
        self._was_opened, is_first = True, not self._was_opened
        if not self.inline:
            return self.source()
        if self._is_whole:
            return BytesIO(self._data)
        opened = self.source()
        if not is_first or self.item.size > KEPT:
            return opened
        with opened:
            data = _read(opened, KEPT + 1)
        if len(data) > KEPT:  # nobody knew its size, or it has grown
            return self.source()
        self._data, self._is_whole = data, True
        return BytesIO(data)

    def settled(self, scanned: Scanned, lines: Lines | None = None) -> Scanned:
        """Give what becomes of the item, once it has been looked at; `lines`: where those findings stand that are told as one."""
        is_left_out = scanned.passed and not scanned.size and not scanned.found
        marks = None if is_left_out else self._marks()  # of what was left out nobody reads the rest
        if self._file is not None:
            self._file.close()
        ignoring = self.allowances.ignoring
        if marks is None and not self.lines:
            return scanned
        used = Counter[Line]()
        found = tuple(chain.from_iterable(self._each(one, marks, used, lines or {}) for one in scanned.found))
        allowances = marks.told(self.item.name) if marks is not None else ()
        taken_back = next((line for line in self.lines if not line.names), None)
        if taken_back is not None and taken_back.takes_back:
            used[taken_back] += 1  # without it the file might be left out
        if ignoring is not None:
            told = (ignoring.told(line, count, self.detector) for line, count in used.items())
            allowances = (*allowances, *told)
        return replace(scanned, found=found, allowances=allowances)

    def _each(self, found: Found, marks: Marks | None, used: Counter[Line], lines: Lines) -> Iterator[Found]:
        if found.count == 1:
            yield self._settled(found, marks, used)
        else:
            yield from told_apart(found, lines[alike(found)], lambda one: self._settled(one, marks, used))

    def _settled(self, found: Found, marks: Marks | None, used: Counter[Line]) -> Found:
        if found.standing is not Standing.REFUSED:
            return found
        reason = marks.allowing(found) if marks is not None else None
        if reason is not None:
            return replace(found, standing=Standing.ALLOWED, why=By.INLINE.value, reason=reason)
        line, ignoring = deciding(self.lines, found), self.allowances.ignoring
        if line is None or ignoring is None:
            return found
        used[line] += 1
        if line.takes_back:
            return found
        reason = ignoring.reason(line, self.detector)
        return replace(found, standing=Standing.ALLOWED, why=By.IGNORED.value, reason=reason)

    def _marks(self) -> Marks | None:
        if not self.inline or not self._was_opened:
            return None
        names, detector = self.allowances.names, self.detector
        if self._is_whole:
            return read_marks(self.item.name, (in_utf8(self._data),), names, detector)
        try:
            with self.source() as opened:
                return read_marks(self.item.name, in_lines(opened), names, detector)
        except OSError:
            return None  # whoever read it has said so


def _held(stream: BinaryIO) -> tuple[Opened, BinaryIO | None]:
    """Hold what can be read only once, so that it can be opened again: in memory, or in a file that has no name."""
    head = _read(stream, KEPT + 1)
    if len(head) <= KEPT:
        return partial(BytesIO, head), None
    from tempfile import TemporaryFile

    file = TemporaryFile()  # noqa: SIM115 (closed when the item has been looked at)
    file.write(head)
    left = MOST_KEPT - len(head)
    while left > 0 and (piece := stream.read(min(left, _PIECE))):
        file.write(piece)
        left -= len(piece)
    if left <= 0 and stream.read(1):
        file.close()
        raise Unread(Fault.BOMB, f"standard input is more than {MOST_KEPT >> 20:,} MiB, which is not kept", _AS_A_FILE)
    file.flush()
    return partial(_from_the_beginning, file), file


def _from_the_beginning(file: BinaryIO) -> BinaryIO:
    again = os.fdopen(os.dup(file.fileno()), "rb")
    again.seek(0)
    return again


def _read(opened: BinaryIO, most: int) -> bytes:
    """Read up to so many bytes, however few come at a time."""
    pieces, left = list[bytes](), most
    while left and (piece := opened.read(left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


@dataclass(slots=True)
class Settling:
    """A scan's items where they come together, in their order.

    Attributes
    ----------
    whole
        Whether all was looked at that the ignore file and the baseline are for: neither named paths nor only what is staged.
    history
        Whether it is a history: there nothing is counted, and of comments in old versions nothing is told.
    """

    allowances: Allowances = field(default_factory=Allowances)
    baseline: "Baseline | None" = None
    whole: bool = True
    history: bool = False
    detection: Detection = field(default_factory=Detection)
    _applying: "Applying | None" = field(default=None, init=False)
    _used: Counter[int] = field(default_factory=Counter, init=False)
    _inline: list[Allowance] = field(default_factory=list, init=False)
    _all_read: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        if self.baseline is not None:
            from ringfence.gates.git.baseline import Applying

            self._applying = Applying(self.baseline, counting=not self.history)

    def take(self, scanned: Scanned) -> Scanned:
        """Take the next item; give it with what the baseline allows."""
        self._all_read = self._all_read and not scanned.unread
        complete = scanned.item.lines is None and not scanned.unread
        for one in scanned.allowances:
            if one.by is By.IGNORED:
                self._used[one.line] += one.used
            elif not self.history and len(self._inline) < _MOST_TOLD and (one.wrong or (complete and not one.used)):
                self._inline.append(one)
        if self._applying is None:
            return scanned
        applying = self._applying
        return replace(scanned, found=tuple(chain.from_iterable(self._each(one, applying) for one in scanned.found)))

    def _each(self, found: Found, applying: "Applying") -> Iterator[Found]:
        if found.count == 1 or found.standing is not Standing.REFUSED:
            yield self._settled(found, applying)
            return
        one = replace(found, count=1)
        given = [self._settled(one, applying) for _ in range(found.count)]  # those that the baseline has come first
        allowed = [each for each in given if each.standing is Standing.ALLOWED]
        if allowed:
            yield replace(allowed[0], count=len(allowed))
        if len(allowed) < len(given):
            yield replace(found, count=len(given) - len(allowed))

    def _settled(self, found: Found, applying: "Applying") -> Found:
        if found.standing is not Standing.REFUSED:
            return found
        entry = applying.allowing(found)
        if entry is None:
            return found
        reason = scrub(entry.reason, detector_for(self.detection)) if entry.reason else ""
        return replace(found, standing=Standing.ALLOWED, why=By.BASELINE.value, reason=reason)

    def wrong(self) -> tuple[Allowance, ...]:
        """Give the comments that allow nothing because something is wrong with them."""
        return tuple(one for one in self._inline if one.wrong)

    def unused(self) -> tuple[Allowance, ...]:
        """Give the allowances that nothing needed, where all was looked at that they could be for."""
        inline = (one for one in self._inline if not one.wrong)
        return (*inline, *self._unused_elsewhere()) if self.whole and self._all_read else tuple(inline)

    def _unused_elsewhere(self) -> Iterator[Allowance]:
        detector = detector_for(self.detection)
        ignoring, applying = self.allowances.ignoring, self._applying
        if ignoring is not None:
            for line in ignoring.lines:
                if not self._used[line.number]:
                    yield ignoring.told(line, 0, detector)
        if applying is not None:
            for entry, spare in applying.spare():
                yield applying.told(entry, spare, scrub(entry.reason, detector) if entry.reason else "")
