"""Office documents: OOXML (docx, xlsx, pptx) and OpenDocument (odt, ods, odp), which are ZIP archives of XML.

The rule: every XML part is read, known or not: text by paragraph, attributes that hold words of people, tables of sheets by
column. What an author deleted and the program keeps (tracked changes, hidden rows, notes, comments, strings that no cell shows
any more) is text as any other. Other parts (pictures, embedded files) are read as members of any archive. Old .doc, .xls and
.ppt: what can be read in their bytes, as running text.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final

from ringfence.extract.members import count_in, held, look_into, member_of, seekable, spent
from ringfence.extract.model import BATCH, Budget, Extracted, Fault, LeftOut, Source, Text, Unreadable
from ringfence.extract.office_sheets import Names, OpenSheets, Shared, Sheet
from ringfence.extract.office_xml import BadXml, Handler, Paragraphs, parse
from ringfence.extract.strings import batches
from ringfence.extract.unpacking import Member, is_spent
from ringfence.extract.zip_directory import Entry, read_head
from ringfence.extract.zips import listing, name_of, opening, read_members

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_XML: Final = (b".xml", b".rels", b".vml")
_SHARED: Final = b"xl/sharedStrings.xml"
_WORKBOOK: Final = b"xl/workbook.xml"
_RELATIONS: Final = b"xl/_rels/workbook.xml.rels"
_SHEETS: Final = b"xl/worksheets/"
_MIMETYPE: Final = b"mimetype"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_STRINGS: Final = 4  # times as much memory may the strings of a workbook take as a document may that is held whole
_LOOK: Final = "look at it by hand"
_DECRYPT: Final = "save it without a password where that is allowed, and scan that"
_PLACES: Final = (
    ("docProps/", "properties"),
    ("meta.xml", "properties"),
    ("header", "header"),
    ("footer", "footer"),
    ("footnotes", "footnotes"),
    ("endnotes", "endnotes"),
    ("omments", "comments"),
    ("slideLayout", "layout"),
    ("slideMaster", "layout"),
    ("notesSlide", "notes"),
    ("slide", "slide"),
    ("person", "people"),
    (".rels", "links"),
)
"""What a part's name holds, and what people call that part."""


def read_office(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read an office document, or a ZIP archive that turns out to be none."""
    file = seekable(source, budget)
    if isinstance(file, LeftOut | Unreadable):
        yield file
        return
    with file:
        file.seek(0)
        if file.read(len(OLE)) == OLE:
            yield from _old(source, budget)
            return
        listed = yield from listing(file, source, budget)
        yield from read_parts(file, listed, source, budget)


def read_parts(file: BinaryIO, listed: Sequence[Entry], source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read the parts of a document: XML here, everything else as members of an archive."""
    parts = [entry for entry in listed if entry.name.endswith(_XML) and not entry.is_encrypted and not entry.is_link]
    document = _Document(file, source, budget)
    yield from document.prepare({entry.name: entry for entry in parts})
    for entry in parts:
        many = count_in(source, budget)
        if many is not None:
            yield many
            return
        yield from document.part(entry)
        rest = spent(source, budget)
        if rest is not None:
            yield rest
            return
    yield from document.unused()
    kept = set(map(id, parts))
    yield from read_members(
        file, [entry for entry in listed if id(entry) not in kept and entry.name != _MIMETYPE], source, budget
    )


class _Document:
    """The XML parts of one document."""

    def __init__(self, file: BinaryIO, source: Source, budget: Budget) -> None:
        self._file, self._source, self._budget = file, source, budget
        self._sheets: dict[str, str] = {}
        self._shared = Shared(source.members, _STRINGS * budget.bounds.document)
        self._strings: Entry | None = None  # where they stand

    def prepare(self, parts: dict[bytes, Entry]) -> Iterator[Extracted]:
        """Read what the sheets of a workbook need: their names, and the strings that their cells stand for."""
        if _WORKBOOK not in parts:
            return
        names, relations = Names(self._source.members), Names(self._source.members)
        for name, handler in ((_WORKBOOK, names), (_RELATIONS, relations)):
            if name in parts:
                yield from self._read(parts[name], handler, self._member(parts[name]), handler.take)
        for number, target in relations.found.items():
            self._sheets["xl/" + target.removeprefix("/xl/")] = names.found.get(number, "")
        self._strings = parts.get(_SHARED)
        if self._strings is not None:
            yield from self._read(self._strings, self._shared, self._member(self._strings), self._shared.take)
            yield from self._shared.take(0)
            if self._shared.is_full:
                what = "it has more strings than are held: those behind are looked at, but not by column"
                yield Unreadable(Fault.BOMB, what, _LOOK, self._source.members, looked_at=True)

    def part(self, entry: Entry) -> Iterator[Extracted]:
        """Read one part."""
        if entry is self._strings:
            return  # its strings are given where they stand, and after the sheets those that stand nowhere
        name = name_of(entry)
        members = self._source.members
        member = self._member(entry)
        if entry.name.startswith(_SHEETS) and entry.name.endswith(b".xml"):
            called = self._sheets.get(name, "")
            where = f"sheet {called}" if called else "sheet"
            sheet = Sheet(where, members, self._shared, self._budget)
            yield from self._read(entry, sheet, member, sheet.take)
            yield from sheet.take(0)
        elif entry.name in (b"content.xml", b"styles.xml"):
            both = _Open(Paragraphs("", members), OpenSheets(members))
            yield from self._read(entry, both, member, both.take)
            yield from both.take(0)
        else:
            paragraphs = Paragraphs(place(member.members[-1]), members)
            yield from self._read(entry, paragraphs, member, paragraphs.take)
            yield from paragraphs.rest()

    def unused(self) -> Iterator[Extracted]:
        """Give the strings that no cell shows."""
        yield from self._shared.unused()

    def _member(self, entry: Entry) -> Member:
        return member_of(self._source, name_of(entry), self._budget)

    def _read(
        self, entry: Entry, handler: Handler, member: Member, take: Callable[[], Iterator[Extracted]] | None = None
    ) -> Iterator[Extracted]:
        head = read_head(self._file, entry.at)
        if head is None:
            yield Unreadable(Fault.DAMAGED, "a part is not where the directory says", "fetch it anew", member.members)
            return
        opened = opening(self._file, entry, head.starts, member)
        if not callable(opened):
            yield opened
            return
        try:
            with opened() as file:
                for _ in parse(file, handler, self._budget.bounds):
                    if take is not None:
                        yield from take()
                    if is_spent(self._budget):
                        break
        except BadXml as bad:
            if member.fault is None:
                yield Unreadable(Fault.DAMAGED, str(bad), "open it in its own program and save it anew", member.members)
            again = self._member(entry)
            opened = opening(self._file, entry, head.starts, again)
            if callable(opened):  # whatever it is, its text is looked at, under a name that asks for no reader
                yield from look_into("part.txt", entry.size, opened, again)
        else:
            if member.fault is not None:
                yield member.fault


class _Open:
    """OpenDocument's content: paragraphs, and tables in between."""

    def __init__(self, paragraphs: Paragraphs, sheets: OpenSheets) -> None:
        self._paragraphs, self._sheets = paragraphs, sheets

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element's beginning."""
        inside = self._sheets.start(name, attributes)
        self._paragraphs.start("t" if inside else name, attributes)

    def end(self, name: str) -> None:
        """Take an element's end."""
        if not self._sheets.end(name):
            self._paragraphs.end(name)

    def data(self, text: str) -> None:
        """Take text."""
        if not self._sheets.data(text):
            self._paragraphs.data(text)

    def take(self, least: int = BATCH) -> Iterator[Extracted]:
        """Give what was gathered, if it is so much."""
        yield from self._sheets.take(least)
        yield from self._paragraphs.take(least) if least else self._paragraphs.rest()


def place(name: str) -> str:
    """Say what people call a part.

    >>> place("word/header2.xml"), place("ppt/slides/slide12.xml"), place("word/document.xml")
    ('header', 'slide 12', '')
    """
    for mark, called in _PLACES:
        if mark in name:
            number = "".join(char for char in name.rpartition("/")[2] if char.isdigit())
            return f"{called} {number}" if called in ("slide", "notes") and number else called
    return ""


def _old(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read a file of the old kind: its streams are not told apart, what can be read is."""
    whole = held(source, budget)
    if not isinstance(whole, bytes):
        yield whole
        return
    if _ENCRYPTED in whole:
        yield Unreadable(Fault.ENCRYPTED, "it is encrypted", _DECRYPT, source.members)
        return
    for found in batches(whole):
        yield [Text(found, where="old office file", members=source.members)]
