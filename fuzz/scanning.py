"""Any bytes under any name, through all of a scan: it ends, says what it could not read, and tells no value to anybody.

A member's name that is printable is told as it is, but for what detection knows in it: a value that a mutation spoilt in such a
name is taken out of it before outputs are looked at, so that it may stand there, and nowhere else.

What readers in processes of their own do is done in a process of its own here, too, forked, because to start one takes as long as
a thousand other inputs. The first byte of an input chooses the name, the rest is the file.
"""

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import random
import re
import sys
import zipfile
from base64 import b85decode
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar, cast
from zlib import crc32

from fuzz import extract_binary, extract_text
from ringfence.detect import Detector
from ringfence.extract import confined, packed, parquets, pdfs
from ringfence.extract.model import Bounds, Budget, Extracted, LeftOut, Source, Unreadable
from ringfence.gates.git.model import Failed, Found, Item, Origin, Passed, Scanned
from ringfence.gates.git.resuming import _read, _written
from ringfence.gates.git.rules import Rules
from ringfence.gates.git.scanning import Scanner
from ringfence.report.scan_outputs import OUTPUTS, write_scan
from ringfence.report.scan_summary import About, Summary

_BOUNDS: Final = Bounds(unpacked=4 << 20, members=200, document=1 << 20, nesting=64)
_VALUES: Final = (b"@corp-x.de", b"30 1234567")
_VALUE: Final = re.compile("|".join(re.escape(value.decode()) for value in _VALUES))
_EVERY: Final = 16  # of so many inputs one is written out in all formats
_SECONDS: Final = 10
_UNFORESEEN: Final = "as what it seems"
_Told = TypeVar("_Told", Found, Passed, Failed)

_DUMP: Final = b85decode(
    "{Wp48S^xk9=GL@E0stWa761SMbT8$j;062wdR+i05yX^!W@go{36#3Ktco1F-0e4B<*2$yW-TD~gQ39?SZf&0>yO`fSzGq%ySbuC"
    ")h=4z+#}<WJZIgNjES8()S1v=7?Dz9(UEK=%c<{mZ29!!2{*IZ+vLB_j!<TUP^6l6HK{#X4xD;H+aAe4v?u}i&GMT8zz%kI;#C4o"
    "kjN<Q7k=+N?$@m=ve#4~N`aHLJ7E1Y$gBWLFKRu`<e`3s>2Oi%0%+F2P0lAP&Ii&ks=Q*cJ@wFAX`z}GEhwwhC@`qZE9uDeFN;gA"
    "ot)O`lK&Wp+)57=_AGNHRPg760?EReln3E{BO{#AF`SeJDq)({#goRAdSxhOIh=K^VG_;g+iERtw6t+jt<@^>QeS?cPPtCi(m4k8"
    "rjj{_^+lbyW_Zr>kr|8)cJ{+Bl(u?Jm-P4*l*EXH{ClS!5oOkcYmtClC$at)Os#}<iXZKWi4#t9bfkr6Rm4#d!nae0UwSEr(oTso"
    "$<2Xl^9PbVRFP!q+(nGtdm3dNxx-HUZ^Y_@1E1{*3EIc3rEEM0)F%;=TY0@Wa=#iN(?WwT>09i6_XaY9o!l|jH68s-+XKj|A?8Sy"
    "1Mlw3&ead}9<f6xr4@Z@G9mR0+Pjl<g@}MJx+%MotUc(ynZWHm<m1ds2u2;WvqKWH#heHH%sLa`Nc-Ze6sbVEMj#^v^>wEnEC(y4"
    "e&ibJ{w%=6>)_-W+9v%KZ<ln<6@c;d&UN?sd>LM12{gk$<eMfvikyDLEmtk@1-qpE(4gvq2~XpGFOdQ|=PppmTl~HLJ@0Wi((U*~"
    "II1((xbU0+vk4p=Qs<NMdoeH3Rid#54FCWDr0CYP5WQdW00EW-{R;p9XphslvBYQl0ssI200dcD"
)
"""What `pg_dump --format=custom --compress=0` wrote of a table with two rows."""


def _made() -> dict[str, bytes]:
    """Make a file of each binary format, as the tests do."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "extract"))
    try:
        made = import_module("binary_files")
    finally:
        sys.path.pop(0)
    return {name: made.made(name) for name in made.MADE} | {"a.pgdump": lzma.decompress(_DUMP)}


_TEXTS: Final = extract_text.FILES
_BINARIES: Final = _made()
NAMES: Final = (*_TEXTS, *_BINARIES)
SEEDS: Final[list[bytes]] = [
    bytes((number,)) + file
    for number, name in enumerate(NAMES)
    for file in (*_TEXTS.get(name, ()), *((_BINARIES[name],) if name in _BINARIES else ()))
] + [bytes((len(NAMES) + number,)) + file for number, file in enumerate(extract_binary.SEEDS)]
PIECES: Final = (
    *extract_binary.PIECES,
    *(b"ada.testperson@corp-x.de", b"+49 30 1234567", b"DE89370400440532013000", b"ringfence: allow EMAIL_ADDRESS x\n"),
    *(b"'" * 40, b"<" * 40, b"{{" * 20, b"\\" * 40, b"(" * 40, b"/*", b"<!--", b"<![CDATA[", b"$$", b"<<EOF\n"),
)


def disguise(data: bytes, rng: random.Random) -> bytes:
    """Give some inputs another name, cut some, splice some, pack some."""
    name, file = data[:1], data[1:]
    match rng.randrange(10):
        case 0:
            name = rng.randbytes(1)
        case 1:
            file = file[: rng.randrange(len(file) + 1)]
        case 2:
            other = rng.choice(SEEDS)[1:]
            at = rng.randrange(len(file) + 1)
            file = file[:at] + other[rng.randrange(len(other) + 1) :] + file[at:]
        case 3:
            file = rng.choice((_zipped, gzip.compress, bz2.compress, lzma.compress))(name + file)
        case _:
            pass
    return name + file


def _zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(NAMES[data[0] % len(NAMES)] if data else "a"), data[1:])
    return out.getvalue()


class _Forked:
    """A process that was forked, in the manner of those that are started."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._code: int | None = None

    def wait(self, timeout: float = 0) -> int:  # noqa: ARG002 (the seam)
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self._number, 0)[1])
        return self._code


def _forked(kind: str, source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read a file as `confined` does, without the start of an interpreter."""
    file = confined.given_file(source, budget)
    if isinstance(file, LeftOut | Unreadable):
        yield file
        return
    bounds = budget.bounds
    said = json.dumps([bounds.unpacked, bounds.ratio, bounds.members, bounds.depth, bounds.document, bounds.nesting])
    with file:
        heard, told = os.pipe()
        number = os.fork()
        if not number:
            _read_there(file, told, kind, said)
        os.close(told)
    child = _Forked(number)
    with os.fdopen(heard, "rb") as pipe:
        if not (yield from confined.heard(pipe, source, budget)):
            yield confined._died(cast("Any", child), source)  # noqa: SLF001 (what its other end says)
    child.wait()


def _read_there(file: BinaryIO, told: int, kind: str, said: str) -> None:
    try:
        os.dup2(file.fileno(), 0)
        os.dup2(told, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.stdin, sys.stdout = os.fdopen(0, "r"), os.fdopen(1, "w")
        confined.main([kind, said])
    finally:
        os._exit(1)


for library in ("pyarrow.parquet", "pyarrow.feather", "pypdfium2", "py7zr"):  # once, and not in each process
    import_module(library)
for each in (pdfs, packed, parquets):
    each.confined = _forked  # type: ignore[attr-defined]
confined._SECONDS = _SECONDS  # type: ignore[misc]  # noqa: SLF001 (so that a slow one is met soon)
_SCANNER: Final = Scanner(Rules(), _BOUNDS)
_DETECTOR: Final = Detector()


def target(data: bytes) -> None:
    number = data[0] if data else 0
    name, file = NAMES[number % len(NAMES)], data[1:]
    folder = "" if number < 0x80 else "f\udcfcr/"  # bytes that are no UTF-8
    scanned = _SCANNER.scan(Item(folder + name, Origin.FILE, len(file)), partial(io.BytesIO, file))
    for fault in scanned.failed:
        assert fault.what, "a fault without a word"
        assert _UNFORESEEN not in fault.what, f"what no reader foresaw: {fault.what}"
    assert all(member.isprintable() for member in _members(scanned)), "a member's name commands a terminal"
    said = pickle.dumps(scanned)
    assert pickle.loads(said) == scanned, "another comes out of another process"  # noqa: S301 (our own)
    assert not (kept := _written(scanned)) or _read(json.loads(kept)) == scanned, "another is remembered"
    if not any(_members(scanned)):  # which are scrubbed only where they are written
        assert not any(value in said for value in _VALUES), "a value is told"
    if crc32(data) % _EVERY == 0:
        _write(scanned)


def _members(scanned: Scanned) -> Iterator[str]:
    """Give the names of archive members that are in it."""
    for each in (*scanned.found, *scanned.passed, *scanned.failed):
        yield from each.members


def _write(scanned: Scanned) -> None:
    scanned = _without_unknown(scanned)
    for name in OUTPUTS:
        out = io.StringIO()
        code = write_scan(name, [scanned], Summary(About("0")), out)
        refused = any(one.counts for one in scanned.found)
        assert code == (2 if scanned.unread else 1 if refused else 0), "a wrong exit code"
        assert not any(value.decode() in out.getvalue() for value in _VALUES), f"a value is told in {name}"


def _without_unknown(scanned: Scanned) -> Scanned:
    """Take out of members' names the values that detection does not know there."""

    def given(some: tuple[_Told, ...]) -> tuple[_Told, ...]:
        return tuple(replace(each, members=tuple(map(_known, each.members))) for each in some)

    return replace(scanned, found=given(scanned.found), passed=given(scanned.passed), failed=given(scanned.failed))


def _known(name: str) -> str:
    """Give a member's name without the values that detection knows neither in all of it nor in it without its endings."""
    if not _VALUE.search(name):
        return name
    ends = [len(name), *(at for at, sign in enumerate(name) if sign == ".")]
    known = [(one.start, one.end) for end in ends for one in _DETECTOR.find(name[:end])]
    return _VALUE.sub(
        lambda value: value[0] if any(start < value.end() and value.start() < end for start, end in known) else "", name
    )
