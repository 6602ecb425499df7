"""XML of office documents: text by paragraph, and attributes that hold words of people. By expat, piece by piece.

The rule: a document that declares entities or attributes is refused, no other file is ever asked for, and depth is bounded. What a
paragraph is, no table of any one format says: text goes on over the elements that stand inside a line, and ends with any other.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final, Protocol
from xml.parsers import expat

from ringfence.extract.model import BATCH, Bounds, Kind, Text
from ringfence.extract.unpacking import CHUNK

_INSIDE: Final = frozenset(
    [
        "t",
        "r",
        "a",
        "s",
        "span",
        "tab",
        "br",
        "cr",
        "delText",
        "instrText",
        "hyperlink",
        "ins",
        "del",
        "moveFrom",
        "moveTo",
        "smartTag",
        "sdt",
        "sdtContent",
        "fld",
        "fldSimple",
        "fldChar",
        "rPr",
        "rFonts",
        "b",
        "i",
        "u",
        "sz",
        "szCs",
        "lang",
        "color",
        "latin",
        "ea",
        "cs",
        "sym",
        "bookmarkStart",
        "bookmarkEnd",
        "proofErr",
        "noBreakHyphen",
        "softHyphen",
        "lastRenderedPageBreak",
        "commentRangeStart",
        "commentRangeEnd",
        "bookmark",
        "bookmark-start",
        "bookmark-end",
        "soft-page-break",
        "line-break",
        "solidFill",
        "srgbClr",
        "schemeClr",
        "vertAlign",
        "highlight",
        "bCs",
        "iCs",
        "strike",
        "noProof",
        "rStyle",
    ]
)
"""Elements that a paragraph goes on over."""

_GAPS: Final = {"tab": "\t", "br": "\n", "cr": "\n", "s": " ", "line-break": "\n"}
_WORDS: Final = frozenset(
    [
        "author",
        "initials",
        "Target",
        "descr",
        "title",
        "displayName",
        "userId",
        "providerId",
        "email",
        "href",
        "string-value",
        "alt",
        "name-and-extension",
        "user",
        "userName",
        "lastModifiedBy",
        "content",
    ]
)
"""Attributes that hold words of people, or addresses."""

_PEOPLE: Final = frozenset(
    [
        "creator",
        "lastModifiedBy",
        "author",
        "initial-creator",
        "printed-by",
        "sender-initials",
        "Manager",
        "userName",
        "displayName",
        "user",
    ]
)
"""Elements and attributes that hold a person's name."""

_LINES: Final = 50_000  # in one text
_PERSON: Final = "author_name"  # as a path: told by it that what stands there is a name


class BadXml(Exception):
    """A part that is no XML, or none that is read here. The message says what is wrong."""


class Handler(Protocol):
    """What takes a part's elements."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element's beginning; names are without prefixes, but those of attributes."""

    def end(self, name: str) -> None:
        """Take an element's end."""

    def data(self, text: str) -> None:
        """Take text."""


def parse(file: BinaryIO, handler: Handler, bounds: Bounds) -> Iterator[None]:
    """Parse a part; stop after each piece, so that what was found can be taken. Raises `BadXml`."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > bounds.nesting:
            raise BadXml(f"elements lie more than {bounds.nesting} levels deep")
        handler.start(name.rpartition(":")[2], attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        handler.end(name.rpartition(":")[2])

    def entity(*_: object) -> None:
        raise BadXml("it declares entities")

    def attribute(*_: object) -> None:
        raise BadXml("it declares attributes")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = handler.data
    parser.EntityDeclHandler = entity
    parser.AttlistDeclHandler = attribute  # whose values every element would be given, however often
    try:
        while piece := file.read(CHUNK):
            parser.Parse(piece, False)
            yield
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError):
        raise BadXml("it is no well-formed XML") from None
    yield


class Paragraphs:
    """Gathers the text of a part by paragraph."""

    def __init__(self, where: str, members: tuple[str, ...]) -> None:
        self._where, self._members = where, members
        self._texts: list[Text] = []
        self._prose: list[bytes] = []
        self._line: list[str] = []
        self._size = 0
        self._gathered = 0  # of the line

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element's beginning."""
        if name not in _INSIDE:
            self._flush()
        elif name in _GAPS and not self._is_run_of_sheet(name, attributes):
            self.data(_GAPS[name])
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            return  # to another part
        for key, value in attributes.items():
            local = key.rpartition(":")[2]
            if local in _WORDS and value:
                self._give(value, local)

    def end(self, name: str) -> None:
        """Take an element's end."""
        if name not in _INSIDE:
            self._flush(name)

    def data(self, text: str) -> None:
        """Take text."""
        self._line.append(text)
        self._gathered += len(text)
        if self._gathered > BATCH:  # no paragraph is so long: what is made so is cut
            self._flush()

    @staticmethod
    def _is_run_of_sheet(name: str, attributes: dict[str, str]) -> bool:
        return name == "s" and bool(attributes) and not any(key.endswith(":c") for key in attributes)

    def _flush(self, name: str = "") -> None:
        if self._line:
            line = "".join(self._line)
            self._line.clear()
            self._gathered = 0
            if line.strip():
                self._give(line, name)

    def _give(self, value: str, name: str) -> None:
        raw = value.encode("utf-8", "replace")
        self._size += len(raw)
        if name not in _PEOPLE:
            self._prose.append(raw)
            return
        where = f"{self._where}, {name}" if self._where else name
        self._texts.append(Text(raw, _PERSON, Kind.VALUE, where=where, members=self._members))

    def take(self, least: int = BATCH) -> Iterator[list[Text]]:
        """Give what was gathered, if it is so much: the paragraphs as lines of one text, the names of people by themselves."""
        if self._size < least and len(self._prose) + len(self._texts) < _LINES:
            return
        if self._prose:
            whole = b"\n".join(self._prose)
            self._texts.append(Text(whole, where=self._where, members=self._members))
        if self._texts:
            yield self._texts
        self._texts, self._prose, self._size = [], [], 0

    def rest(self) -> Iterator[list[Text]]:
        """Give what is left, at the end, be it an early one."""
        self._flush()
        yield from self.take(0)
