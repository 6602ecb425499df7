"""HTML as the HTML Standard tokenizes it: text, attributes, comments, scripts and styles are fields.

The rule: what browsers repair passes where all of them read it alike; what they or older readers take in two ways is refused:
quotes in odd places, text between the cells of a table, NUL, ``<!-->``, sections outside of XML, a page that ends inside a tag.
Text stands at ``text``, whatever element holds it, and goes on over elements that do not part it (``<b>``, ``<span>``); attributes
at ``input.@value``.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from html import unescape
from html.entities import html5
from typing import TypeAlias

import re2

from ringfence.carriers._markup import Kind, MarkupCarrier, Offsets
from ringfence.carriers._paths import join
from ringfence.carriers._spans import offsets_of
from ringfence.carriers.model import Fault
from ringfence.carriers.xml import spell_xml

_BREAKING = frozenset(
    b"address article aside blockquote br center dd details dialog dir div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header "
    b"hr img li main menu nav ol p pre section summary table ul".split()
)
"""Elements that always stand where they are written, so that text before and after them is never joined. Browsers drop others where
they do not belong (``<td>`` outside of a table), and all end tags of what is not open: text goes on over them."""

_IN_TABLES = frozenset(b"tbody thead tfoot tr td th caption colgroup col".split())
_FOREIGN = frozenset((b"svg", b"math"))
_BACK_AGAIN = frozenset(b"foreignobject desc annotation-xml mi mo mn ms mtext".split())  # in which HTML begins anew
_CELLS = frozenset((b"td", b"th", b"caption"))
_RAW = frozenset((b"script", b"style", b"xmp", b"iframe", b"noembed", b"noframes"))
_REFERENCES_ONLY = frozenset((b"textarea", b"title"))

_NAME = rb"[A-Za-z][^\t\n\f\r />]*"
_BETWEEN = rb"[\t\n\f\r /]"
_ATTRIBUTE_NAME = rb"[^\t\n\f\r \"'<>`/=]+"
_QUOTED = rb"(\"[^\"]*\"|'[^']*')"
_UNQUOTED = rb"([^\t\n\f\r \"'<>`=][^\t\n\f\r \"'<>`]*)"
_SPACE = rb"[\t\n\f\r ]*"
_EQUALS = _SPACE + rb"=" + _SPACE
_latin = re2.Options()
_latin.encoding = re2.Options.Encoding.LATIN1
_TAG = re2.compile(rb"<(" + _NAME + rb")" + _BETWEEN + rb"*", _latin)
_ATTRIBUTE = re2.compile(
    rb"(" + _ATTRIBUTE_NAME + rb")(?:" + _EQUALS + _QUOTED + _BETWEEN + rb"*"
    # What has no quotes goes on to the next space: only there, or at the end, may something else begin.
    rb"|" + _EQUALS + _UNQUOTED + rb"(?:[\t\n\f\r ]" + _BETWEEN + rb"*|>)|(?:" + _BETWEEN + rb"+|>))",
    _latin,
)
_END_TAG = re2.compile(rb"</(" + _NAME + rb")" + _SPACE + rb">", _latin)
_REFERENCE = re2.compile(rb"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[A-Za-z][A-Za-z0-9]{1,31};?)", _latin)
_OPEN_REFERENCE = re2.compile(rb"&#?[A-Za-z0-9]{0,32}$", _latin)
_DIGITS = b"0123456789"
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class HtmlCarrier(MarkupCarrier):
    """One page, in UTF-8 or any charset that keeps ASCII."""

    def __init__(self) -> None:
        super().__init__()
        self._raw = b""  # the element whose text the next token is
        self._tables = 0  # that are open
        self._fosters = False  # whether browsers would move text out of the table that it stands in
        self._selects = False
        self._foreign = 0  # how many drawings and formulas are open
        self._mixed = False  # whether that can no longer be told

    def _token(self, at: int, *, final: bool) -> int:
        if self._raw:
            end = self._raw_text(at)
        elif self._buffer[at] != 0x3C:
            return self._text(at, at, final=final)
        else:
            head = bytes(self._buffer[at : at + 9])
            if not final and len(head) < 9 and b">" not in head[2:]:
                return -1
            second = head[1:2]
            if (second and second in b"!?") or (second == b"/" and head[2:3] and head[2] not in _LETTERS):
                end = self._comment(at, head)
            elif second == b"/":
                end = self._end_tag(at)
            elif second and second[0] in _LETTERS:
                end = self._start_tag(at)
            else:
                return self._text(at, at + 1, final=final)
        if end < 0 and final:
            raise self._fault(Fault.TRUNCATED, "the page ends inside a tag, comment or script", at)
        return end

    def _check_whole(self) -> None:
        if self._raw:
            raise self._fault(Fault.TRUNCATED, "the page ends inside a tag, comment or script", len(self._buffer))

    def _text(self, at: int, start: int, *, final: bool) -> int:
        """Read text up to the next thing that is none: a ``<`` before anything but a letter or mark is text."""
        buffer = self._buffer
        while True:
            end = self._find(b"<", start)
            if end < 0 or end + 1 == len(buffer):
                if not final:
                    self._seek = len(buffer) if end < 0 else end
                    return -1
                end = len(buffer)
                break
            if buffer[end + 1] in _LETTERS or buffer[end + 1] in b"/!?":
                break
            self._seek = start = end + 1
        content = self._checked(at, end)
        if self._fosters and content.strip():
            raise self._fault(
                Fault.AMBIGUOUS, "text in a table outside of its cells, which browsers move elsewhere", at
            )
        self._add_text("text", Kind.TEXT, at, end, _decoded(content, _in_text))
        return end

    def _raw_text(self, at: int) -> int:
        """Read what is in a script, a style or a title, up to its end tag."""
        name, buffer = self._raw, self._buffer
        start = at
        while (end := self._find(b"</", start)) >= 0:
            behind = bytes(buffer[end + 2 : end + 3 + len(name)]).lower()
            if len(behind) <= len(name):
                self._seek = end
                return -1
            if behind[:-1] == name and behind[-1] in b"\t\n\f\r />":
                break
            start = self._seek = end + 2
        if end < 0:
            return -1
        self._raw = b""
        content = self._checked(at, end)
        lowered = content.lower()
        if (self._foreign or self._mixed) and (b"<" in content or b"&" in content):
            raise self._fault(Fault.AMBIGUOUS, "a script or style in a drawing, which is read in another way there", at)
        if name == b"script" and b"<!--" in lowered and b"<script" in lowered:
            raise self._fault(Fault.AMBIGUOUS, "a script whose end browsers see in different places", at)
        if content.strip():
            read = _decoded(content, _in_text) if name in _REFERENCES_ONLY else None
            kind = Kind.TEXT if name in _REFERENCES_ONLY else Kind.RAW
            self._add(name.decode("ascii"), kind, at, end, read)
        return end

    def _comment(self, at: int, head: bytes) -> int:
        """Read a comment, or what browsers take for one."""
        if head.upper() == b"<!DOCTYPE":
            start, mark = at + 9, b">"
        elif head.startswith(b"<![CDATA["):
            raise self._fault(Fault.AMBIGUOUS, "a section outside of XML", at)
        elif head.startswith(b"<!--"):
            start, mark = at + 4, b"-->"
            if head.startswith((b"<!-->", b"<!--->")):
                raise self._fault(Fault.AMBIGUOUS, "a comment that browsers end in different places", at)
        else:
            start, mark = at + 1 if head[1:2] == b"?" else at + 2, b">"
        end = self._find(mark, start)
        if end < 0:
            return -1
        content = self._checked(at, end)
        if mark == b"-->" and b"--!>" in content:
            raise self._fault(Fault.AMBIGUOUS, "a comment that browsers end in different places", at)
        if content[start - at :].strip():
            self._add("doctype" if head[2:3] in b"dD" else "comment", Kind.COMMENT, start, end)
        return end + len(mark)

    def _start_tag(self, at: int) -> int:
        end = self._tag_end(at)
        if end < 0:
            return self._await_tag(at)
        tag = self._checked(at, end)
        read = _TAG.match(tag)
        if read is None:
            raise self._fault(Fault.AMBIGUOUS, "a tag that readers read in different ways", at)
        name = read[1].lower()
        if name == b"plaintext":
            raise self._fault(Fault.UNSUPPORTED, "an element that never ends", at)
        self._enter(name)
        self._add_name(read[1], at + 1)
        if read.end() < len(tag) - 1:
            self._attributes(tag, name, at, read.end())
        self._raw = name if name in _RAW or name in _REFERENCES_ONLY else b""
        return end

    def _end_tag(self, at: int) -> int:
        end = self._find(b">", at)
        if end < 0:
            return self._await_tag(at)
        read = _END_TAG.fullmatch(self._checked(at, end + 1))
        if read is None:
            raise self._fault(Fault.AMBIGUOUS, "a tag that readers read in different ways", at)
        self._leave(read[1].lower())
        self._add_name(read[1], at + 2)
        return end + 1

    def _enter(self, name: bytes) -> None:
        """Take note of an element that begins."""
        is_of_table = name in _IN_TABLES and self._tables > 0
        if (name in _BREAKING or is_of_table) and not self._selects:
            self._break()
        self._selects = self._selects or name == b"select"
        self._foreign += name in _FOREIGN
        self._mixed = self._mixed or (self._foreign > 0 and name in _BACK_AGAIN)
        self._tables += name == b"table"
        if name == b"table" or is_of_table:
            self._fosters = name not in _CELLS

    def _leave(self, name: bytes) -> None:
        """Take note of an element that ends."""
        self._selects = self._selects and name != b"select"
        self._foreign = max(self._foreign - (name in _FOREIGN), 0)
        if name == b"table":
            self._tables = max(self._tables - 1, 0)
            self._fosters = False
        elif name in _IN_TABLES and self._tables > 0:
            self._fosters = True

    def _attributes(self, tag: bytes, name: bytes, at: int, place: int) -> None:
        """Read what stands in a tag behind its name."""
        element = name.decode("latin-1")
        while place < len(tag) - 1:
            read = _ATTRIBUTE.match(tag, place)
            if read is None:
                raise self._fault(Fault.AMBIGUOUS, "a tag that readers read in different ways", at + place)
            place = read.end()
            self._add_name(read[1], at + read.start(1))
            kind, group = (Kind.QUOTED, 2) if read[2] else (Kind.UNQUOTED, 3)
            value = read[group]
            if not value:
                continue
            start, end = read.span(group)
            if kind is Kind.QUOTED:
                value, start, end = value[1:-1], start + 1, end - 1
            if value:
                path = join(element, "@" + read[1].decode("latin-1").lower())
                self._add(path, kind, at + start, at + end, _decoded(value, _in_attribute))

    def _add_name(self, name: bytes, start: int) -> None:
        """Add a name as a field, where it may hold something: most are words of the language."""
        if len(name) - len(name.translate(None, _DIGITS)) > 3 or b"@" in name or not name.isascii():
            self._add("", Kind.NAME, start, start + len(name))

    def _checked(self, start: int, end: int) -> bytes:
        content = bytes(self._buffer[start:end])
        if b"\x00" in content:
            raise self._fault(Fault.AMBIGUOUS, "a NUL, which some readers drop", start + content.index(b"\x00"))
        return content

    def _spell(self, raw: bytes, start: int, end: int, text: str, kind: Kind) -> bytes:
        text = text.replace("\x00", "")
        behind = raw[max(start - 34, 0) : start]
        if kind is Kind.RAW:
            kept = text.replace("<", "").encode("utf-8", "replace")
            return kept or (b"_" if b"<" in behind[-12:] else b"")
        if kind is Kind.UNQUOTED:
            spelt = "".join(mark if mark.isalnum() else f"&#{ord(mark)};" for mark in text).encode("utf-8", "replace")
            return spelt or (b"" if _is_part(raw, start, end) else b'""')
        spelt = spell_xml(raw, start, end, text, kind)
        if kind is Kind.COMMENT or not (behind.endswith(b"<") or _OPEN_REFERENCE.search(behind) is not None):
            return spelt
        # What stands before must not go on into it: neither a tag nor a reference may come of it.
        if not spelt:
            return b"_"
        made = spelt.decode("utf-8")
        return spelt if made[0] == "&" else f"&#{ord(made[0])};{made[1:]}".encode()


def _is_part(raw: bytes, start: int, end: int) -> bool:
    """Whether more of a value without quotes stands beside these places."""
    return raw[start - 1] not in b"=\t\n\f\r " or raw[end] not in b"\t\n\f\r >"


def _decoded(content: bytes, find: "_Find") -> tuple[bytes, Offsets] | None:
    """Give a value with its references decoded; None where it has none."""
    if b"&" not in content:
        return None
    parts: list[bytes] = []
    at = 0
    for start, end, character in find(content):
        parts += (content[at:start], character)
        at = end
    return (b"".join((*parts, content[at:])), partial(_offsets, find)) if parts else None


def _in_text(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Give the references in a text: where each starts and ends, and what it stands for."""
    for read in _REFERENCE.finditer(content):
        yield read.start(), read.end(), unescape(read[0].decode("ascii")).encode("utf-8", "replace")


def _in_attribute(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Give the references in an attribute, where ``&copy=1`` and ``&copyright`` are none: addresses are full of them."""
    for start, end, character in _in_text(content):
        name = content[start + 1 : end].decode("ascii")
        is_open = name[-1] != ";" and name[0] != "#"
        if name[0] == "#" or (name in html5 and not (is_open and content[end : end + 1] == b"=")):
            yield start, end, character


_Find: TypeAlias = Callable[[bytes], Iterator[tuple[int, int, bytes]]]


def _offsets(find: _Find, content: bytes, start: int) -> Sequence[int]:
    escapes = ((first, end, len(character)) for first, end, character in find(content))
    return offsets_of(escapes, start, len(content))
