"""What readers of binary formats make of any bytes: they end, within bounds, and every step names what it is.

Confined readers run here without their process, so that a library's crash would show, except where it is known to leak.
"""

import bz2
import gzip
import io
import lzma
import sqlite3
import tarfile
import zipfile
from typing import Final

from ringfence.extract import Bounds, Budget, LeftOut, Source, Unreadable, extract
from ringfence.extract.confined import taken

_WORDS: Final = b"Ada Testperson, ada.testperson@corp-x.de, +49 30 1234567\n" * 4
_BOUNDS: Final = Bounds(unpacked=4 << 20, members=200)
_CONFINED: Final = {b"%PDF": "pdf", b"PAR1": "parquet", b"ARRO": "arrow", b"7z\xbc\xaf": "7z"}


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, method in enumerate(
            (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
        ):
            archive.writestr(zipfile.ZipInfo(f"{number}.txt"), _WORDS, method)
        archive.writestr("in.txt.gz", gzip.compress(_WORDS))
    return out.getvalue()


def _tar(kind: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for name in ("a.txt", "long/" * 30 + "b.txt"):
            entry = tarfile.TarInfo(name)
            entry.size = len(_WORDS)
            archive.addfile(entry, io.BytesIO(_WORDS))
    return out.getvalue()[:6144]


def _database() -> bytes:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("pragma page_size = 512")
    connection.execute("create table customer (id integer primary key, email text, content blob)")
    connection.executemany(
        "insert into customer (email) values (?)", [(f"person{number}@corp-x.de",) for number in range(60)]
    )
    connection.execute("delete from customer where id % 3 = 0")
    return bytes(connection.serialize())


def _office(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # stored: so that what is mutated is XML
    return out.getvalue()


def _exif() -> bytes:
    entries = b"\x3b\x01\x02\x00\x0f\x00\x00\x00\x26\x00\x00\x00" + b"\x25\x88\x04\x00\x01\x00\x00\x00\x35\x00\x00\x00"
    tiff = b"II*\0\x08\0\0\0\x02\0" + entries + bytes(4) + b"Ada Testperson\0" + b"\x00\x00" + bytes(4)
    segment = b"Exif\0\0" + tiff
    return b"\xff\xd8\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + b"\xff\xfe\x00\x08words\0\xff\xd9"


_PDF: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F<</Type/Font/Subtype/Type1"
    b"/BaseFont/Helvetica>>>>>>>>endobj\n4 0 obj<</Length 40>>stream\nBT /F 9 Tf (ada@corp-x.de) Tj ET        \nendstream endobj\n"
    b"trailer<</Root 1 0 R/Info<</Author(Ada)>>>>\n%%EOF"
)

SEEDS: Final = [
    _zip(),
    _tar(tarfile.GNU_FORMAT),
    _tar(tarfile.PAX_FORMAT),
    gzip.compress(_WORDS),
    bz2.compress(_WORDS),
    lzma.compress(_WORDS),
    _database(),
    _office({"[Content_Types].xml": "<a/>", "word/document.xml": "<w:d xmlns:w='w'><w:p><w:t>Ada</w:t></w:p></w:d>"}),
    _office(
        {
            "xl/workbook.xml": "<w xmlns:r='r'><sheet name='A' r:id='i'/></w>",
            "xl/sharedStrings.xml": "<s><si><t>name</t></si></s>",
            "xl/worksheets/sheet1.xml": "<w><row><c r='A1' t='s'><v>0</v></c></row><row><c r='B2'><v>1</v></c></row></w>",
            "[Content_Types].xml": "<a/>",
        }
    ),
    _office(
        {
            "content.xml": "<o xmlns:t='t'><t:table><t:table-row><t:table-cell>a</t:table-cell></t:table-row></t:table></o>"
        }
    ),
    _exif(),
    b"\x89PNG\r\n\x1a\n" + b"\0\0\0\x0atEXtAuthor\0Ada" + bytes(4) + b"\0\0\0\0IEND" + bytes(4),
    b"RIFF\x30\0\0\0WEBPXMP \x08\0\0\0<x>a</x>",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Ada Testperson".encode("utf-16-le"),
    _PDF,
]

PIECES: Final = (
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"ustar",
    b"\x1f\x8b\x08",
    b"\xff\xff\xff\xff",
    b"<!ENTITY a 'b'>",
    b"\xff\xe1",
)


def target(data: bytes) -> None:
    kind = _CONFINED.get(data[:4])
    if kind is not None:
        taken(kind, io.BytesIO(data), _BOUNDS, lambda _: None)
        return
    budget = Budget(_BOUNDS)
    for step in extract(Source("file", len(data), lambda: io.BytesIO(data)), budget):
        if isinstance(step, Unreadable):
            assert step.what
            assert "it cannot be read as what it seems" not in step.what, step.what
        elif not isinstance(step, LeftOut):
            for number in range(len(step)):
                assert isinstance(step[number].value, bytes)
    assert budget.unpacked <= _BOUNDS.unpacked + (2 << 20)
    assert budget.members <= _BOUNDS.members + 8
