"""`ringfence scan --fix`: the difference shown, somebody asked, the files written, and what stays told.

The rule: the difference shows stand-ins as they are and what they stand for by its shape: a terminal is read over shoulders, and a
log of continuous integration by everybody. What stands beside them is shown on a terminal only, for there may be more in it than
is found.
"""

import os
import shlex
import sys
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final, TextIO

from ringfence.cli._errors import Problem
from ringfence.cli._scan_options import Asking, Made, listed_of, scan_of
from ringfence.detect.shapes import shape_of
from ringfence.report.scan_words import Names, counted, plain

if TYPE_CHECKING:
    from ringfence.gates.git.fixing import Fixing
    from ringfence.gates.git.mending import Edit, Mended

_BESIDE: Final = 48  # bytes of a line that are shown before and behind what changes
_FEW: Final = 8  # files that are named
_MOST: Final = 40  # lines of a file that are shown


def fix(asking: Asking, *, yes: bool, to: TextIO) -> None:
    """Mend what is asked for. Raises `Problem`, and what a scan raises."""
    from ringfence.gates.git.fixing import Fixing
    from ringfence.gates.git.scan_key import key_or_passing

    if asking.diff or asking.message or asking.history or "-" in asking.paths:
        mend = "for history: ringfence history plan" if asking.history else "name files, or ask for --staged"
        raise Problem("--fix mends files of the working tree", mend)
    if asking.write_baseline is not None:
        raise Problem("--fix and --write-baseline are asked for at once", "fix first, then write what stays")
    listed, repository = listed_of(asking)
    made = scan_of(asking, listed, repository)
    fixing = Fixing(made.scan.scanner, key_or_passing(asking.place, os.environ))
    scanned = made.taken(made.scan.run())
    if asking.staged and repository is not None:
        found = [one for one in scanned if any(each.counts for each in one.found)]
        with made.scan.opener as opener:
            fixing.take_staged(found, repository.top, opener)
    else:
        fixing.take(scanned)
    fixing.prepare()
    _carry_out(fixing, made, yes=yes, to=to)


def _carry_out(fixing: "Fixing", made: Made, *, yes: bool, to: TextIO) -> None:
    names = Names(made.detector)
    for name, (_, mended) in fixing.files.items():
        to.writelines(f"{line}\n" for line in difference(name, mended, names, beside=to.isatty()))
    to.flush()
    count = sum(len(mended.edits) for _, mended in fixing.files.values())
    files = len(fixing.files)
    written: list[str] = []
    if files and (yes or _agreed(count, files)):
        written = list(fixing.put())
    for stays in fixing.stays:
        what = f"{stays.count:,} of what is refused stay" if stays.count else "it stays as it is"
        _say(f"{names.shown(stays.name)}: {what}: {stays.why}; {names.shown(stays.mend)}")
    if written:
        _say(f"replaced values in {counted(len(written), 'file')}")
        if made.asking.staged:
            files_again = " ".join(shlex.quote(names.shown(name)) for name in written) if files <= _FEW else "-u"
            _say(f"what is staged is as it was; stage them again: git add {files_again}")
    elif files:
        _say(f"nothing was changed; stand-ins are ready for {counted(count, 'value')} in {counted(files, 'file')}")
        if not sys.stdin.isatty() and not yes:
            _say("nobody can be asked here; say --yes to have it done")
    elif not fixing.stays:
        _say("there is nothing to fix")


def _agreed(count: int, files: int) -> bool:
    """Ask, where there is somebody to ask."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(f"Put stand-ins for {counted(count, 'value')} in {counted(files, 'file')}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _say(line: str) -> None:
    print(f"ringfence: {line}", file=sys.stderr)


def difference(name: str, mended: "Mended", names: Names, *, beside: bool) -> Iterator[str]:
    """Give the lines that change, before and after, with what is personal drawn, and with what stands beside it."""
    shown = names.shown(name)
    yield f"--- a/{shown}"
    yield f"+++ b/{shown}"
    lines = list(mended.lines)
    starts = _starts(mended.text)
    for number, edits in lines[:_MOST]:
        begin = starts[number - 1]
        end = starts[number] - 1 if number < len(starts) else len(mended.text)
        yield f"@@ line {number} @@"
        yield "-" + _line(mended, begin, end, edits, new=False, beside=beside)
        yield "+" + _line(mended, begin, end, edits, new=True, beside=beside)
    if len(lines) > _MOST:
        yield f"@@ {len(lines) - _MOST:,} more lines change @@"


def _starts(text: bytes) -> list[int]:
    from ringfence.gates.git.spelling import line_starts

    return line_starts(text)


def _line(mended: "Mended", begin: int, end: int, edits: "list[Edit]", *, new: bool, beside: bool) -> str:
    parts: list[str] = []
    at = begin
    for edit in edits:
        parts.append(_around(mended, at, edit.start, is_first=at == begin) if beside else "…")
        parts.append(edit.made.decode() if new else shape_of(mended.text[edit.start : edit.end]))
        at = edit.end
    parts.append(_around(mended, at, end, is_first=False, is_last=True) if beside else "…")
    return plain("".join(parts))


def _around(mended: "Mended", start: int, end: int, *, is_first: bool, is_last: bool = False) -> str:
    """Give what stands beside what changes, with what is personal in it drawn; the far parts of a long one cut out."""
    text = mended.text
    head = 0 if is_first else _BESIDE
    tail = 0 if is_last else _BESIDE
    spans = ((start, start + head), (end - tail, end)) if end - start > head + tail else ((start, end),)
    pieces = [_drawn(mended, text, *span) for span in spans]
    return "…".join(pieces).removesuffix("\r")


def _drawn(mended: "Mended", text: bytes, start: int, end: int) -> str:
    parts: list[str] = []
    at = start
    first = max(bisect_right(mended.seen, (start, -1)) - 1, 0)
    for begin, stop in islice(mended.seen, first, None):
        if begin >= end:
            break
        if stop > at:
            parts.append(text[at : max(begin, at)].decode("utf-8", "replace"))
            parts.append(shape_of(text[max(begin, at) : min(stop, end)]))
            at = min(stop, end)
    parts.append(text[at:end].decode("utf-8", "replace"))
    return "".join(parts)
