"""XML 1.0: the text of elements, attributes, comments, sections and instructions are fields; paths are those of the elements.

The rule: strict well-formedness, for what one reader repairs another reads otherwise. Of a document type only its name may be
given: declarations define entities, which swell (billion laughs) and read files. Values are decoded: references are characters;
white space stays as it came. ``order.customer.email`` is an element's text, ``order.@id`` an attribute; prefixes are names' parts.
"""

from codecs import BOM_UTF8
from collections.abc import Sequence

import re2

from ringfence.carriers._markup import Kind, MarkupCarrier, Offsets
from ringfence.carriers._paths import Paths, join
from ringfence.carriers._spans import offsets_of
from ringfence.carriers.model import Fault

MAX_DEPTH = 256
MAX_ATTRIBUTES = 1024

_START_CHARACTERS = (
    r":A-Z_a-z\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{2FF}\x{370}-\x{37D}\x{37F}-\x{1FFF}\x{200C}-\x{200D}\x{2070}-\x{218F}"
    r"\x{2C00}-\x{2FEF}\x{3001}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFFD}\x{10000}-\x{EFFFF}"
)
_NAME = f"[{_START_CHARACTERS}][{_START_CHARACTERS}\\-.0-9\\x{{B7}}\\x{{300}}-\\x{{36F}}\\x{{203F}}-\\x{{2040}}]*"
_SPACE = r"[ \t\r\n]"
_VALUE = "(?:\"[^<\"]*\"|'[^<']*')"
_ATTRIBUTE = re2.compile(f"{_SPACE}+({_NAME}){_SPACE}*={_SPACE}*({_VALUE})".encode())
_START_TAG = re2.compile(f"<({_NAME})((?:{_SPACE}+{_NAME}{_SPACE}*={_SPACE}*{_VALUE})*){_SPACE}*(/?)>".encode())
_END_TAG = re2.compile(f"</({_NAME}){_SPACE}*>".encode())
_TARGET = re2.compile(f"({_NAME})(?:{_SPACE}+|$)".encode())
_DOCTYPE = re2.compile(f"<!DOCTYPE{_SPACE}+{_NAME}{_SPACE}*>".encode())


def _quoted(pattern: str) -> str:
    return f"""{_SPACE}*={_SPACE}*(?:"{pattern}"|'{pattern}')"""


_ENCODING = "([A-Za-z][A-Za-z0-9._\\-]*)"
_DECLARATION = re2.compile(
    (
        f"version{_quoted('1[.][0-9]')}(?:{_SPACE}+encoding{_quoted(_ENCODING)})?"
        f"(?:{_SPACE}+standalone{_quoted('(?:yes|no)')})?{_SPACE}*"
    ).encode()
)
_REFERENCE = re2.compile(rb"&(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|(lt|gt|amp|quot|apos));")
_NAMED = {b"lt": b"<", b"gt": b">", b"amp": b"&", b"quot": b'"', b"apos": b"'"}
_SPACES = b" \t\r\n"
_WRONG = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0D})
_OPENINGS = (b"<!--", b"<![CDATA[", b"<!DOCTYPE", b"<?", b"</")
_DIGITS = b"0123456789"
_KNOWN = 1024  # tags that are remembered: a document has few that differ


class XmlCarrier(MarkupCarrier):
    """One document in UTF-8. `declared` is the charset that it came in; None where whoever decoded it has read its declaration."""

    def __init__(self, declared: str | None = "utf-8") -> None:
        super().__init__()
        self._declared = None if declared is None else declared.lower()
        self._began = False
        self._rooted = False
        self._stack: list[tuple[bytes, str]] = []  # open elements, and their paths
        self._known: dict[bytes, bytes] = {}
        self._paths = Paths()

    def _token(self, at: int, *, final: bool) -> int:
        buffer = self._buffer
        if not self._began:
            if len(buffer) < 6 and not final:
                return -1
            self._began = True
            if buffer.startswith(BOM_UTF8):
                return at + len(BOM_UTF8)
        if buffer[at] != 0x3C:
            return self._text(at, final=final)
        head = bytes(buffer[at : at + 9])
        if not final and len(head) < 9 and any(opening.startswith(head) for opening in _OPENINGS):
            return -1
        if head.startswith(b"<!--"):
            end = self._comment(at)
        elif head == b"<![CDATA[":
            end = self._section(at)
        elif head.startswith(b"<?"):
            end = self._instruction(at)
        elif head == b"<!DOCTYPE":
            end = self._doctype(at)
        else:
            end = self._tag(at)
        if end < 0 and final:
            raise self._fault(Fault.TRUNCATED, "the document ends early", at)
        return end

    def _check_whole(self) -> None:
        if self._stack or not self._rooted:
            raise self._fault(Fault.TRUNCATED, "the document ends early", len(self._buffer))

    @property
    def _path(self) -> str:
        return self._stack[-1][1] if self._stack else ""

    def _text(self, at: int, *, final: bool) -> int:
        end = self._find(b"<", at)
        if end < 0:
            if not final:
                return -1
            end = len(self._buffer)
        content = self._checked(at, end)
        if not self._stack:
            if content.strip(_SPACES):
                raise self._fault(Fault.MALFORMED, "text outside of the document's element", at)
            return end
        if b"]]>" in content:
            raise self._fault(Fault.MALFORMED, "the end of a section outside of one", at)
        self._add_text(self._path, Kind.TEXT, at, end, self._decoded(content, at))
        return end

    def _comment(self, at: int) -> int:
        end = self._find(b"--", at + 4)
        if end < 0 or end + 2 >= len(self._buffer):
            return -1
        if self._buffer[end + 2] != 0x3E:
            raise self._fault(Fault.MALFORMED, "two dashes in a comment", end)
        self._checked(at, end)
        self._add(join(self._path, "#comment"), Kind.COMMENT, at + 4, end)
        return end + 3

    def _section(self, at: int) -> int:
        end = self._find(b"]]>", at + 9)
        if end < 0:
            return -1
        if not self._stack:
            raise self._fault(Fault.MALFORMED, "text outside of the document's element", at)
        self._checked(at, end)
        self._add_text(self._path, Kind.CDATA, at + 9, end)
        return end + 3

    def _instruction(self, at: int) -> int:
        end = self._find(b"?>", at + 2)
        if end < 0:
            return -1
        content = self._checked(at + 2, end)
        target = _TARGET.match(content)
        if target is None:
            raise self._fault(Fault.MALFORMED, "an instruction without a name", at)
        if target[1].lower() == b"xml":
            if self._at + at not in (0, len(BOM_UTF8)) or target[1] != b"xml":
                raise self._fault(Fault.MALFORMED, "a declaration that is not at the start", at)
            self._check_declaration(content[target.end() :], at)
        elif target.end() < len(content):
            self._add(join(self._path, "?" + target[1].decode()), Kind.COMMENT, at + 2 + target.end(), end)
        return end + 2

    def _check_declaration(self, content: bytes, at: int) -> None:
        read = _DECLARATION.fullmatch(content)
        if read is None:
            raise self._fault(Fault.MALFORMED, "a declaration that cannot be read", at)
        declared, says = self._declared, (read[1] or read[2] or b"").decode("ascii").lower()
        if declared and says and says not in (declared, "us-ascii" if declared == "utf-8" else declared[:6]):
            raise self._fault(Fault.AMBIGUOUS, "a declaration of another encoding than the document's", at)

    def _doctype(self, at: int) -> int:
        end = self._find(b">", at)
        if end < 0:
            return -1
        if self._rooted or _DOCTYPE.fullmatch(self._checked(at, end + 1)) is None:
            raise self._fault(Fault.UNSUPPORTED, "a document type with declarations", at)
        return end + 1

    def _tag(self, at: int) -> int:
        end = self._tag_end(at)
        if end < 0:
            return self._await_tag(at)
        self._break()
        tag = bytes(self._buffer[at:end])
        if tag.startswith(b"</"):
            self._close(tag, at)
            return end
        name = self._known.get(tag)  # of a tag without attributes that was read before
        attributes = (0, 0)
        closed = False
        if name is None:
            self._checked(at, end)
            read = _START_TAG.fullmatch(tag)
            if read is None:
                raise self._fault(Fault.MALFORMED, "a tag that cannot be read", at)
            name, inside, slash = read.groups()
            attributes = read.span(2) if inside else attributes
            closed = bool(slash)
            if not inside and not slash and len(self._known) < _KNOWN and len(tag) < 128:
                self._known[tag] = name
        if self._rooted and not self._stack:
            raise self._fault(Fault.MALFORMED, "a second element beside the document's", at)
        if len(self._stack) >= MAX_DEPTH:
            raise self._fault(Fault.TOO_DEEP, f"more than {MAX_DEPTH} elements in each other", at)
        self._rooted = True
        below = self._paths.below(self._path)
        path = below.get(name)
        if path is None:
            path = join(self._path, name.decode())
            self._paths.learn(self._path, name, path)
        self._add_name(name, at + 1)
        if attributes[1]:
            self._attributes(tag, path, at, attributes)
        if not closed:
            self._stack.append((name, path))
        return end

    def _close(self, tag: bytes, at: int) -> None:
        name = self._stack[-1][0] if self._stack else b""
        if not name or (tag != b"</%b>" % name and not _ends(tag, name)):
            raise self._fault(Fault.MALFORMED, "an end tag of another element than the open one", at)
        self._stack.pop()
        self._add_name(name, at + 2)

    def _attributes(self, tag: bytes, path: str, at: int, span: tuple[int, int]) -> None:
        seen: set[bytes] = set()
        for read in _ATTRIBUTE.finditer(tag, span[0], span[1]):
            if read[1] in seen or len(seen) >= MAX_ATTRIBUTES:
                raise self._fault(Fault.MALFORMED, "an attribute that comes twice, or too many of them", at)
            seen.add(read[1])
            start, end = read.span(2)
            value = read[2][1:-1]
            self._add_name(read[1], at + read.start(1))
            if value:
                place = join(path, "@" + read[1].decode())
                self._add(place, Kind.QUOTED, at + start + 1, at + end - 1, self._decoded(value, at + start + 1))

    def _add_name(self, name: bytes, start: int) -> None:
        """Add a name as a field, where it may hold something: most are words of a schema."""
        if len(name) - len(name.translate(None, _DIGITS)) > 3 or not name.isascii():
            self._add(self._path, Kind.NAME, start, start + len(name))

    def _checked(self, start: int, end: int) -> bytes:
        """Give bytes of the buffer, or raise where they are not characters of XML."""
        content = bytes(self._buffer[start:end])
        if not content.isascii():
            try:
                content.decode("utf-8")
            except UnicodeDecodeError as error:
                raise self._fault(Fault.ENCODING, "not UTF-8", start + error.start) from None
        if (
            len(content.translate(None, _WRONG)) != len(content)
            or b"\xef\xbf\xbe" in content
            or b"\xef\xbf\xbf" in content
        ):
            raise self._fault(Fault.MALFORMED, "a character that XML does not have", start)
        return content

    def _decoded(self, content: bytes, start: int) -> tuple[bytes, Offsets] | None:
        """Give a value with its references decoded; None where it has none."""
        if b"&" not in content:
            return None
        parts: list[bytes] = []
        at = count = 0
        for read in _REFERENCE.finditer(content):
            character = _character(read)
            if character is None:
                raise self._fault(
                    Fault.MALFORMED, "a reference to a character that XML does not have", start + read.start()
                )
            parts += (content[at : read.start()], character)
            at = read.end()
            count += 1
        if count != content.count(b"&"):
            raise self._fault(Fault.UNSUPPORTED, "a reference to an entity that is not defined in XML itself", start)
        return b"".join((*parts, content[at:])), _offsets

    def _spell(self, raw: bytes, start: int, end: int, text: str, kind: Kind) -> bytes:
        return spell_xml(raw, start, end, text, kind)


def _ends(tag: bytes, name: bytes) -> bool:
    read = _END_TAG.fullmatch(tag)
    return read is not None and read[1] == name


def _character(read: "re2._Match[bytes]") -> bytes | None:
    if read[3] is not None:
        return _NAMED[read[3]]
    number = int(read[1]) if read[1] is not None else int(read[2], 16)
    is_character = number in (0x9, 0xA, 0xD) or 0x20 <= number <= 0xD7FF or 0xE000 <= number <= 0xFFFD
    return chr(number).encode() if is_character or 0x10000 <= number <= 0x10FFFF else None


def _offsets(content: bytes, start: int) -> Sequence[int]:
    references = _REFERENCE.finditer(content)
    escapes = ((read.start(), read.end(), len(_character(read) or b"")) for read in references)
    return offsets_of(escapes, start, len(content))


def spell_xml(raw: bytes, start: int, end: int, text: str, kind: Kind) -> bytes:
    """Spell a text where it will stand between two places of a page, so that it means itself and nothing around it changes."""
    text = "".join(character for character in text if character in "\t\n\r" or character >= " ").translate(
        _NO_CHARACTERS
    )
    if kind is Kind.COMMENT:
        return text.translate(_IN_COMMENT).encode("utf-8", "replace") or b"_"
    follows = raw[end : end + 2]
    if kind is Kind.CDATA:
        spelt = text.translate(_IN_SECTION)
        if follows.startswith((b">", b"]")) and not raw.startswith(b"]]>", end):
            spelt += "]]><![CDATA["
        return spelt.encode("utf-8", "replace")
    spelt = text.translate(_ESCAPED)
    if kind is Kind.TEXT and follows.startswith((b">", b"]>")) and raw[start - 1 : start] == b"]":
        spelt += "<!---->"
    return spelt.encode("utf-8", "replace")


_NO_CHARACTERS = {0xFFFE: None, 0xFFFF: None}
_IN_COMMENT = {ord("-"): "_", ord(">"): ")", ord("?"): "_"}
_IN_SECTION = {ord("]"): "]]]><![CDATA[", ord(">"): "]]><![CDATA[>"}
_ESCAPED = {ord(mark): f"&#{ord(mark)};" for mark in "&<>\"']\t\n\r"}
