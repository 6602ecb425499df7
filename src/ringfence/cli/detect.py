"""`ringfence detect`: personal data in files or standard input, told without telling it.

The rule: a value is shown by its shape and length alone, unless it is asked for. Files of any size take bounded memory: they are
read in pieces, and only the bytes whose findings are not yet certain are kept.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from ringfence.cli._errors import Problem, in_words
from ringfence.cli._evidence import for_and_against
from ringfence.cli._formats import Format
from ringfence.cli._home import PolicyOfOwnOption
from ringfence.detect import Detection, Detector, Finding
from ringfence.detect.own import DECLARED, LISTED, POLICYS, categories_told
from ringfence.detect.shapes import shape_of
from ringfence.traces import leave_no_image

app = typer.Typer(add_completion=False)

_PIECE = 1 << 18  # bytes read at a time
_LARGE = 32 << 20  # bytes of a file from which progress is shown
_PROBE = 8192  # first bytes in which a NUL marks a binary file
_STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is shown of a finding beside its place."""

    values: bool = False
    reasons: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """A finding with where it stands. Lines and columns count from 1, columns in bytes."""

    file: str
    line: int
    column: int
    finding: Finding
    value: bytes = field(repr=False)

    def as_text(self, shown: _Shown, detector: Detector) -> str:
        one = self.finding
        where = f"{self.file}:{self.line}:{self.column}"
        what = _printable(self.value) if shown.values else shape_of(self.value)
        line = "  ".join((where, one.entity, one.category, f"{one.score:.2f}", ",".join(one.evidence), what))
        return "\n".join([line, *_reasons(one, detector)]) if shown.reasons else line

    def as_json(self, shown: _Shown, detector: Detector) -> str:
        one = self.finding
        document: dict[str, object] = {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "start": one.start,
            "end": one.end,
            "entity": one.entity,
            "category": one.category,
            "score": one.score,
            "evidence": one.evidence,
            "shape": shape_of(self.value),
        }
        if shown.values:
            document["value"] = self.value.decode(errors="replace")
        if shown.reasons:
            speaks_for, against = for_and_against(one.evidence)
            document |= {
                "for": speaks_for,
                "against": against,
                "threshold": detector.least_score(one.entity),
                "source": _source(one, detector),
            }
        return json.dumps(document)


def _reasons(one: Finding, detector: Detector) -> Iterator[str]:
    speaks_for, against = for_and_against(one.evidence)
    yield f"    for      {'; '.join(speaks_for)}"
    if against:
        yield f"    against  {'; '.join(against)}"
    yield f"    score    {one.score:.2f}, and at least {detector.least_score(one.entity):.2f} counts"
    yield f"    source   {_source(one, detector)}"


def _source(one: Finding, detector: Detector) -> str:
    """Say who says what such a value looks like."""
    kinds = {code.partition(":")[0] for code in one.evidence}
    if kinds & {DECLARED, LISTED}:
        return POLICYS
    return next((each.source for each in detector.recognizers if each.entity == one.entity), "a model")


def _printable(value: bytes) -> str:
    """Write a value so that it stands on one line and commands no terminal."""
    text = value.decode(errors="backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


class _Reading:
    """One file on its way through a detector: knows the lines, and keeps what is not yet certain."""

    def __init__(self, name: str, detector: Detector) -> None:
        self._name = name
        self._stream = detector.stream()
        self._kept = b""
        self._base = 0  # where in the file the kept bytes begin
        self._line = 1  # the line of that offset
        self._line_at = 0  # and where in the file that line begins

    def take(self, piece: bytes) -> Iterator[_Place]:
        self._kept += piece
        yield from self._places(self._stream.feed(piece))
        self._forget(self._stream.safe)

    def end(self) -> Iterator[_Place]:
        yield from self._places(self._stream.end())

    def _places(self, findings: list[Finding]) -> Iterator[_Place]:
        for one in findings:
            self._forget(one.start)
            value = self._kept[: one.end - one.start]
            yield _Place(self._name, self._line, one.start - self._line_at + 1, one, value)

    def _forget(self, until: int) -> None:
        gone = self._kept[: until - self._base]
        lines = gone.count(b"\n")
        if lines:
            self._line += lines
            self._line_at = self._base + gone.rindex(b"\n") + 1
        self._kept = self._kept[len(gone) :]
        self._base += len(gone)


@contextmanager
def _progress(name: str, size: int) -> Iterator[Callable[[int], None]]:
    """Show how far a large file is read, where somebody watches standard error."""
    if size < _LARGE or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    # What is found is written meanwhile: to a file it must not go by way of the terminal.
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task(name, total=size)
        yield lambda count: bar.advance(task, count)


def _places_in(name: str, source: BinaryIO, size: int, detector: Detector) -> Iterator[_Place]:
    reading = _Reading(name, detector)
    first = True
    with _progress(name, size) as advance:
        while piece := _read(name, source):
            if first and b"\x00" in piece[:_PROBE]:
                raise Problem(f"{name}: a binary file", "give text; take archives and documents apart first")
            first = False
            yield from reading.take(piece)
            advance(len(piece))
    yield from reading.end()


def _read(name: str, source: BinaryIO) -> bytes:
    try:
        return source.read(_PIECE)
    except OSError as error:
        error.filename = name
        raise


def _places_of(file: str, detector: Detector) -> Iterator[_Place]:
    if file == _STANDARD_INPUT:
        yield from _places_in("(standard input)", sys.stdin.buffer, 0, detector)
        return
    path = Path(file)
    if path.is_dir():
        raise Problem(f"{file}: a folder", f"name its files, for example with `find {file} -type f`")
    with path.open("rb", buffering=0) as source:
        yield from _places_in(file, source, os.fstat(source.fileno()).st_size, detector)


def _told(policy: Path) -> Detection:
    from ringfence.cli._policy import (
        load_policy,
    )  # with a parser and a schema, which take longer than a scan of small files

    return load_policy(policy).detect


def _detector(entities: str, min_score: float | None, policy: Path | None) -> Detector:
    told = _told(policy) if policy is not None else Detection()
    names = [name.strip().upper() for name in entities.split(",") if name.strip()]
    thresholds = dict(told.thresholds)
    if min_score is not None:
        thresholds = dict.fromkeys(categories_told(told.recognizers, told.deny, {}), min_score)
    return Detector(
        entities=names or None, thresholds=thresholds, allow=told.allow, own=told.recognizers, deny=told.deny
    )


@app.command(
    help="Find personal data in files or standard input (json: one document a line). A value is shown by its shape only: "
    "x for a letter, 9 for a digit.\n\nExit code: 0 nothing found, 1 found, 2 an error.\n\n"
    "Example: ringfence detect app.log --entities EMAIL_ADDRESS,IBAN"
)
def detect(
    files: Annotated[list[str] | None, typer.Argument(metavar="FILE", help="Files; - is standard input.")] = None,
    entities: Annotated[str, typer.Option("--entities", metavar="A,B", help="Only these entities.")] = "",
    min_score: Annotated[
        float | None,
        typer.Option("--min-score", min=0.0, max=1.0, help="The least score, instead of each entity's own threshold."),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Say of each finding what speaks for it and against it, and by which source."),
    ] = False,
    show_values: Annotated[
        bool,
        typer.Option("--show-values", help="Show the values themselves. They end up in whatever keeps the output."),
    ] = False,
    policy: PolicyOfOwnOption = None,
    output: Annotated[Format, typer.Option("--format", help="How to write findings.")] = Format.TEXT,
) -> int:
    """Print every finding of every file; what cannot be read is told, and the others are still read."""
    leave_no_image()
    if not files and sys.stdin.isatty():
        raise Problem("nothing to read", "name files, or pipe text in: `my-service 2>&1 | ringfence detect`")
    detector, shown = _detector(entities, min_score, policy), _Shown(show_values, explain)
    found, failed = False, False
    for file in files or [_STANDARD_INPUT]:
        try:
            for place in _places_of(file, detector):
                found = True
                write = place.as_json if output is Format.JSON else place.as_text
                print(write(shown, detector))
        except (OSError, Problem) as error:
            if isinstance(error, OSError) and error.filename is None:
                raise  # writing failed, not reading
            failed = True
            print(f"ringfence: {in_words(error)}", file=sys.stderr)
    return 2 if failed else int(found)
