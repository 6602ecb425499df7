"""Files that are no text, made by the programs and libraries that people make them with; and what a reader gave of them."""

import bz2
import gzip
import io
import lzma
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from ringfence.extract import Bounds, Budget, LeftOut, Source, Text, Unreadable, extract

PERSON = "Ada Testperson, ada.testperson@corp-x.de"


class Taken:
    """What came out of a file."""

    def __init__(self, data: bytes, name: str, bounds: Bounds | None = None) -> None:
        self.budget = Budget(bounds or Bounds())
        source = Source(name, len(data), lambda: io.BytesIO(data))
        self.texts: list[Text] = []
        self.faults: list[Unreadable] = []
        self.left: list[LeftOut] = []
        for step in extract(source, self.budget):
            match step:
                case Unreadable():
                    self.faults.append(step)
                case LeftOut():
                    self.left.append(step)
                case _:
                    self.texts += step

    @property
    def words(self) -> str:
        return "\n".join(text.value.decode("utf-8", "replace") for text in self.texts)

    @property
    def kinds(self) -> list[str]:
        return [fault.fault.value for fault in self.faults]

    def by_path(self, path: str) -> list[str]:
        return [text.value.decode() for text in self.texts if text.path == path]


def zipped(files: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def tarred(files: Mapping[str, bytes], kind: int = tarfile.PAX_FORMAT, mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=kind) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def database(*statements: str, encoding: str = "utf-8") -> bytes:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(f"pragma encoding = '{encoding}'")
    connection.execute("pragma secure_delete = off")
    for statement in statements:
        connection.execute(statement)
    return bytes(connection.serialize())


PEOPLE = (
    "create table customer (id integer primary key, email text, full_name text)",
    "insert into customer (email, full_name) values ('ada.testperson@corp-x.de', 'Ada Testperson')",
    "insert into customer (email, full_name) values ('bob.testperson@corp-x.de', 'Bob Testperson')",
)


def zstandard(data: bytes) -> bytes:
    from backports import zstd

    return bytes(zstd.compress(data))


def seven(files: Mapping[str, bytes], password: str | None = None) -> bytes:
    import py7zr

    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", password=password) as archive:
        for name, content in files.items():
            archive.writestr(content, name)
    return out.getvalue()


def parquet(columns: Mapping[str, Sequence[object]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), out, row_group_size=2)
    return out.getvalue()


def feather(columns: Mapping[str, Sequence[object]]) -> bytes:
    import pyarrow as pa
    from pyarrow import feather as written

    out = io.BytesIO()
    written.write_feather(pa.table(dict(columns)), out)
    return out.getvalue()


def pdf(password: str = "") -> bytes:
    from fpdf import FPDF

    document = FPDF()
    document.set_author("Ada Testperson")
    if password:
        document.set_encryption(password, password)
    document.add_page()
    document.set_font("helvetica", size=12)
    document.cell(0, 10, PERSON)
    document.add_page()
    document.cell(0, 10, "second", link="mailto:bob.testperson@corp-x.de")
    document.text_annotation(50, 50, "a note to carol.testperson@corp-x.de")
    document.embed_file(bytes=b"attached dora.testperson@corp-x.de", basename="people.txt")
    return bytes(document.output())


def picture(kind: str) -> bytes:
    from PIL import Image

    image = Image.new("RGB", (8, 8))
    exif = image.getexif()
    exif[0x13B] = "Ada Testperson"
    exif[0x10E] = "seen by bob.testperson@corp-x.de"
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (52.0, 31.0, 12.34), "E", (13.0, 24.0, 18.56)
    exif.get_ifd(0x8769)[0xA430] = "Carol Testperson"
    out = io.BytesIO()
    image.save(out, kind, exif=exif)
    return out.getvalue()


_DOCX = {
    "[Content_Types].xml": "<Types/>",
    "word/document.xml": (
        "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>Ada Testperson, ada.test</w:t></w:r><w:r><w:rPr><w:b/></w:rPr>"
        "<w:t>person@corp-x.de</w:t></w:r></w:p><w:p><w:del w:author='Bob Testperson'><w:r><w:delText>old words</w:delText>"
        "</w:r></w:del></w:p></w:body></w:document>"
    ),
    "word/header1.xml": "<w:hdr xmlns:w='w'><w:p><w:r><w:t>a head</w:t></w:r></w:p></w:hdr>",
    "word/comments.xml": (
        "<w:comments xmlns:w='w'><w:comment w:author='Carol'><w:p><w:t>a comment</w:t></w:p></w:comment></w:comments>"
    ),
    "word/_rels/document.xml.rels": (
        "<Relationships><Relationship Id='1' Target='mailto:dora@corp-x.de' TargetMode='External'/>"
        "<Relationship Id='2' Target='header1.xml'/></Relationships>"
    ),
    "docProps/core.xml": (
        "<cp:p xmlns:cp='c' xmlns:dc='d'><dc:creator>Ada Testperson</dc:creator>"
        "<cp:lastModifiedBy>Eve Testperson</cp:lastModifiedBy></cp:p>"
    ),
    "word/embeddings/list.csv": "name,email\nFay Testperson,fay@corp-x.de\n",
}
_XLSX = {
    "[Content_Types].xml": "<Types/>",
    "xl/workbook.xml": "<workbook xmlns:r='r'><sheets><sheet name='Kunden' r:id='r1'/></sheets></workbook>",
    "xl/_rels/workbook.xml.rels": "<Relationships><Relationship Id='r1' Target='worksheets/sheet1.xml'/></Relationships>",
    "xl/sharedStrings.xml": (
        "<sst><si><t>name</t></si><si><t>email</t></si><si><r><t>Ada </t></r><r><t>Testperson</t></r></si>"
        "<si><t>deleted@corp-x.de</t></si></sst>"
    ),
    "xl/worksheets/sheet1.xml": (
        "<worksheet><sheetData><row><c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>1</v></c></row>"
        "<row><c r='A2' t='s'><v>2</v></c><c r='B2' t='inlineStr'><is><t>ada.testperson@corp-x.de</t></is></c></row>"
        "<row><c r='A3'><v>7</v></c></row></sheetData></worksheet>"
    ),
}
_ODS = {
    "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
    "content.xml": (
        "<office:doc xmlns:office='o' xmlns:table='t' xmlns:text='x'><table:table table:name='Leute'>"
        "<table:table-row><table:table-cell><text:p>name</text:p></table:table-cell><table:table-cell><text:p>email</text:p>"
        "</table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>Ada</text:p></table:table-cell>"
        "<table:table-cell><text:p>ada.testperson@<text:span>corp-x.de</text:span></text:p></table:table-cell></table:table-row>"
        "</table:table><text:p>Ada Testperson</text:p></office:doc>"
    ),
}


def docx(**changed: str) -> bytes:
    return zipped(_DOCX | changed)


def xlsx() -> bytes:
    return zipped(_XLSX)


def ods() -> bytes:
    return zipped(_ODS, zipfile.ZIP_STORED)


_TEXT = {"people.txt": PERSON.encode() * 20}
_COLUMNS = {"email": ["ada.testperson@corp-x.de", None, "bob@corp-x.de"], "orders": [[{"city": "Ort"}], [], None]}

MADE: Mapping[str, Callable[[], bytes]] = {
    "a.zip": lambda: zipped(_TEXT),
    "a.tar": lambda: tarred(_TEXT),
    "a.txt.gz": lambda: gzip.compress(_TEXT["people.txt"]),
    "a.txt.bz2": lambda: bz2.compress(_TEXT["people.txt"]),
    "a.txt.xz": lambda: lzma.compress(_TEXT["people.txt"]),
    "a.txt.zst": lambda: zstandard(_TEXT["people.txt"]),
    "a.7z": lambda: seven(_TEXT),
    "a.sqlite": lambda: database(*PEOPLE),
    "a.parquet": lambda: parquet(_COLUMNS),
    "a.feather": lambda: feather(_COLUMNS),
    "a.docx": docx,
    "a.xlsx": xlsx,
    "a.ods": ods,
    "a.pdf": pdf,
    "a.jpg": lambda: picture("jpeg"),
    "a.png": lambda: picture("png"),
    "a.webp": lambda: picture("webp"),
    "a.tiff": lambda: picture("tiff"),
}
"""One file of each format, by name."""

CONFINED = frozenset(("a.7z", "a.parquet", "a.feather", "a.pdf"))
"""Those that are read in a process of their own, which costs."""


@cache
def made(name: str) -> bytes:
    return MADE[name]()
