r"""`.ringfenceignore`: paths that are not looked at, or in which some entities may stay.

    # what is no data of ours
    vendor/
    tests/fixtures/**  : EMAIL_ADDRESS, user.name   # made with Faker
    !tests/fixtures/live.csv

The rule: a line is a pattern as in ``.gitignore``, and means what it means there. Behind `` : `` stand the entities and categories
that it is narrowed to; without them files are left out whole. Behind `` #`` stands the reason. `!` takes back what lines above it
said; the last line that fits decides, also in a folder that is left out (git would not look there). ``\#``, ``\:``, ``\!``,
``\ `` are these characters. A file with a line that cannot be understood counts as a whole for nothing, and that is an error.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from ringfence.crossing import scrub
from ringfence.detect import Detector
from ringfence.gates.git.model import Allowance, By, Found, Item, Origin
from ringfence.gates.git.naming import Names, covers
from ringfence.gates.git.patterns import BadPattern, Matches, compile_pattern, path_bytes

FILE: Final = ".ringfenceignore"
LONGEST: Final = 1 << 20  # bytes
MOST: Final = 2_000  # lines that say something
_TOLD: Final = 10  # errors of one file


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that cannot be understood."""

    line: int
    what: str
    mend: str


class BadIgnoreFile(Exception):
    """An ignore file that cannot be used. `what` says what is wrong and where, `mend` what to do."""

    def __init__(self, file: str, wrongs: Sequence[Wrong]) -> None:
        self.file = file
        self.wrongs = tuple(wrongs)
        first = self.wrongs[0]
        self.what = f"{file}:{first.line}: {first.what}" if first.line else f"{file}: {first.what}"
        more = len(self.wrongs) - 1
        self.mend = first.mend + (f" (so many more lines are wrong: {more})" if more else "")
        said = [
            f"{file}:{one.line}: {one.what}\n  {one.mend}" if one.line else f"{file}: {one.what}\n  {one.mend}"
            for one in self.wrongs[:_TOLD]
        ]
        if len(self.wrongs) > _TOLD:
            said.append(f"{file}: {len(self.wrongs) - _TOLD} more lines are wrong")
        super().__init__("\n".join(said))


@dataclass(frozen=True, slots=True)
class Line:
    """One line that says something. Without `names` it is said of everything."""

    number: int
    pattern: str = field(repr=False)
    takes_back: bool
    names: tuple[str, ...]
    reason: str = field(repr=False)
    matches: Matches = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Ignoring:
    """The lines of an ignore file, and which of them decides.

    `content` is a hash of all that it says: two that say the same are one. `top` is the folder on disk that its paths begin at.
    """

    file: str
    lines: tuple[Line, ...]
    content: str = ""
    top: str = ""

    def about(self, path: str) -> tuple[Line, ...]:
        """Give the lines that fit a path, the last first: those that decide."""
        spelt = path_bytes(path)
        return tuple(line for line in reversed(self.lines) if line.matches(spelt))

    def path_of(self, item: Item) -> str:
        """Give an item's path as the lines have it, from the top, wherever the item was named from."""
        if not (self.top and item.path and item.origin is Origin.FILE):
            return item.name
        whole = os.path.join(os.path.realpath(os.path.dirname(item.path)), os.path.basename(item.path))  # noqa: PTH118, PTH119, PTH120
        return whole.removeprefix(self.top + "/") if whole.startswith(self.top + "/") else item.name

    def told(self, line: Line, used: int, detector: Detector) -> Allowance:
        """Tell a line and how often it was used."""
        return Allowance(By.IGNORED, self.file, line.number, line.names, self.reason(line, detector), used)

    @staticmethod
    def reason(line: Line, detector: Detector) -> str:
        """Give a line's reason as it may be told."""
        return scrub(line.reason, detector) if line.reason else ""


def left_out(lines: Sequence[Line]) -> Line | None:
    """Of lines that fit a path, the last first: the one by which the file is left out whole; None where it is looked at."""
    for line in lines:
        if not line.names:
            return None if line.takes_back else line
        if line.takes_back:
            return None  # something in it counts: it has to be read
    return None


def deciding(lines: Sequence[Line], found: Found) -> Line | None:
    """Of lines that fit a path, the last first: the one that says something of a finding."""
    return next((line for line in lines if not line.names or covers(line.names, found.entity, found.category)), None)


def read_ignoring(file: Path, names: Names, *, shown: str = "", top: str = "") -> Ignoring:
    """Read an ignore file whose paths begin at a folder; "": as files are named. Raises `BadIgnoreFile`, and `OSError`."""
    told = shown or str(file)
    with file.open("rb") as opened:
        content = opened.read(LONGEST + 1)
    return replace(parse_ignoring(content, told, names), top=os.path.realpath(top) if top else "")


def parse_ignoring(content: bytes, file: str, names: Names) -> Ignoring:
    """Understand an ignore file's content: that of a file, or of a blob. Raises `BadIgnoreFile`."""
    if len(content) > LONGEST:
        raise BadIgnoreFile(file, [Wrong(0, f"it has more than {LONGEST} bytes", "name folders instead of files")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise BadIgnoreFile(file, [Wrong(number, "it is not UTF-8", "save it as UTF-8 text")]) from None
    lines, wrongs = list[Line](), list[Wrong]()
    for at, written in enumerate(text.split("\n"), 1):
        try:
            line = _line(at, written.removesuffix("\r"), names)
        except _NotUnderstood as error:
            wrongs.append(error.wrong)
        else:
            lines.extend([line] if line is not None else [])
    if len(lines) > MOST:
        wrongs.append(Wrong(lines[MOST].number, f"more than {MOST} lines", "name folders instead of files"))
    if wrongs:
        raise BadIgnoreFile(file, wrongs)
    return Ignoring(file, tuple(lines), sha256(content).hexdigest())


class _NotUnderstood(Exception):
    def __init__(self, number: int, what: str, mend: str) -> None:
        self.wrong = Wrong(number, what, mend)


def _line(number: int, written: str, names: Names) -> Line | None:
    if not written.strip() or written.startswith("#"):
        return None
    said, reason = _parted(written, "#")
    pattern, about = _parted(said, ":")
    if about is not None and not about.strip(" \t,"):
        raise _NotUnderstood(number, "nothing stands behind the colon", "name entities, or take the colon away")
    known = tuple(_known(number, names, about)) if about is not None else ()
    takes_back = pattern.startswith("!")
    bare = pattern[1:] if takes_back else pattern
    try:
        matches = _compiled(_git_spelling(bare))
    except BadPattern as error:
        raise _NotUnderstood(number, error.what, error.mend) from None
    return Line(number, pattern, takes_back, known, (reason or "").strip(), matches)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> Matches:
    return compile_pattern(pattern)


def _git_spelling(pattern: str) -> str:
    r"""Give a pattern as git writes it: ``\:`` is no escape there that anybody knows, and yet means the same."""
    return pattern.replace("\\:", ":")


def _known(number: int, names: Names, about: str) -> Iterator[str]:
    for each in about.split(","):
        name = each.strip()
        if not name:
            continue
        known = names.known(name)
        if known is None:
            raise _NotUnderstood(number, *names.unknown(name))
        yield known


def _parted(text: str, mark: str) -> tuple[str, str | None]:
    """Part a line at the first mark that stands behind a space and, for a colon, before one."""
    at = 0
    while (at := text.find(mark, at + 1)) > 0:
        behind = text[at + 1 : at + 2]
        if text[at - 1] in " \t" and not text[: at - 1].endswith("\\") and (mark == "#" or behind in ("", " ", "\t")):
            return _stripped(text[:at]), text[at + 1 :]
    return _stripped(text), None


def _stripped(text: str) -> str:
    r"""Take away spaces at the end, except one that is written ``\ ``."""
    bare = text.rstrip(" \t")
    escaped = len(bare) - len(bare.rstrip("\\"))
    return bare + " " if escaped % 2 and len(bare) < len(text) else bare
