"""Character sets around a text format: decoded to UTF-8 for the carrier inside, and changed in the set that they came in.

The rule: only the found spans change, so each edit is taken back to the bytes that it stands for and encoded there; nothing else
is encoded anew. Sets are stateless and keep ASCII, or are UTF-16 and UTF-32; the rest (UTF-7, ISO-2022) hides text from whoever
does not know it, and is refused. So is a byte order mark that says another set than was declared, and UTF-16 without one that
does not say its order, and text with a NUL in it: UTF-16 of plain letters is valid UTF-8 with a NUL beside each, in which nothing
is found. What a set cannot spell is escaped as the format inside does it, or refused.
"""

import codecs
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ringfence.carriers._json_grammar import escape_ascii
from ringfence.carriers.model import Carrier, Change, Edit, Fault, Field, Layer, Undecodable, Unit, splice

_SETS: Mapping[str, str] = {
    **dict.fromkeys(("utf-8", "utf8", "unicode-1-1-utf-8"), "utf-8"),
    **dict.fromkeys(("us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us"), "ascii"),
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "l1", "cp819"), "latin-1"),
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (*range(2, 12), *range(13, 17))},
    **{f"windows-{page}": f"cp{page}" for page in (874, *range(1250, 1259))},
    **{f"cp{page}": f"cp{page}" for page in range(1250, 1259)},
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "ms_kanji"), "cp932"),
    **dict.fromkeys(("gb18030", "gbk", "gb2312", "x-gbk", "gb_2312-80"), "gb18030"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "windows-949"), "cp949"),
    **dict.fromkeys(("big5", "big5-hkscs", "cn-big5"), "cp950"),
    **{name: name for name in ("euc-jp", "koi8-r", "koi8-u", "utf-16le", "utf-16be", "utf-32le", "utf-32be")},
    **{name: name for name in ("utf-16", "utf-32")},
}
"""Each set's names, as senders write them in lower case, and Python's codec. One is given for all that readers take for it."""

_MARKS = (  # the longer before those that begin them
    (codecs.BOM_UTF32_LE, "utf-32le"),
    (codecs.BOM_UTF32_BE, "utf-32be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16le"),
    (codecs.BOM_UTF16_BE, "utf-16be"),
)
_LONGEST_MARK = 4

Escape = Callable[[str], str]

ESCAPES: Mapping[str, Escape] = {
    "json": escape_ascii,
    "ndjson": escape_ascii,
    "html": lambda text: text.encode("ascii", "xmlcharrefreplace").decode(),
    "xml": lambda text: text.encode("ascii", "xmlcharrefreplace").decode(),
}
"""How formats spell a character in ASCII."""


@dataclass(slots=True, repr=False)
class _TranscodedUnit(Unit):
    """A unit; `mark` bytes of `raw` are a byte order mark."""

    mark: int = 0


class TranscodedCarrier(Layer):
    """A text format in a character set. Without one, what a byte order mark says, else `assumed`, else bytes as they are.

    `sniff`, where given, looks for a declaration in the first bytes of a payload that came without one.
    """

    def __init__(
        self,
        inner: Carrier,
        charset: str | None = None,
        *,
        assumed: str | None = None,
        escape: Escape | None = None,
        sniff: Callable[[bytes], str | None] | None = None,
    ) -> None:
        self._inner = inner
        self._declared = None if charset is None else _set_of(charset)
        self._assumed = None if assumed is None else _set_of(assumed)
        self._escape = escape
        self._sniff = sniff
        self._codec: str | None = None
        self._begun = False
        self._head = b""  # until it is known what it is
        self._mark = b""
        self._decode: codecs.IncrementalDecoder | None = None
        self._pending = b""  # bytes of a character that is not whole
        self._chunks: deque[tuple[bytes, bytes]] = deque()  # raw and decoded, of what no unit has been given for
        self._at = 0

    @property
    def held(self) -> int:
        """How many bytes are held back."""
        return self._inner.held + len(self._head) + len(self._pending)

    def feed(self, piece: bytes) -> list[Unit]:
        """Take the next bytes and give the units that are complete."""
        return list(self.stream(piece))

    def stream(self, piece: bytes) -> Iterator[Unit]:
        """Take the next bytes and give the units that are complete."""
        if not self._begun:
            self._head += piece
            if len(self._head) < self._wanted:
                return
            piece = self._begin()
        units = self._inner.feed(self._plain(piece, final=False))
        if self._is_plain:
            yield from units
            return
        for unit in units:
            yield self._unit(unit)

    def end(self) -> list[Unit]:
        """Take the end of the payload and give what was still held."""
        units: list[Unit] = []
        if not self._begun:
            units += self._inner.feed(self._plain(self._begin(), final=False))
        units += self._inner.feed(self._plain(b"", final=True))
        units += self._inner.end()
        if self._is_plain:
            return units
        given: list[Unit] = [self._unit(unit) for unit in units]
        return [*given, Unit(self._mark)] if self._mark else given

    def write(self, unit: Unit, field: Field, changes: Sequence[Change]) -> list[Edit]:
        """Encode changes of one field as edits of the decoded bytes."""
        return self._inner.write(unit.within or unit, field, changes)

    def render(self, unit: Unit, edits: Sequence[Edit]) -> bytes:
        """Apply edits of the decoded bytes to those that came."""
        if not edits or unit.within is None:
            return splice(unit.raw, edits)
        plain = unit.within.raw
        parts: list[bytes] = []
        mark = unit.mark if isinstance(unit, _TranscodedUnit) else 0
        at_plain, at = 0, mark
        for edit in edits:
            start = at + self._length(unit.raw[at:], plain[at_plain:], edit.start - at_plain)
            end = start + self._length(unit.raw[start:], plain[edit.start :], edit.end - edit.start)
            parts += (unit.raw[at:start], self._encoded(edit.raw))
            at_plain, at = edit.end, end
        return unit.raw[:mark] + b"".join(parts) + unit.raw[at:]

    @property
    def _is_plain(self) -> bool:
        """Whether what comes is what is read: its units are the format's own."""
        return self._codec in (None, "utf-8") and not self._mark

    @property
    def _wanted(self) -> int:
        """How many bytes say what follows: a mark's, or those of a declaration."""
        return _LONGEST_MARK if self._sniff is None or self._declared is not None else 1024

    def _begin(self) -> bytes:
        """Settle what the set is; give what follows the mark."""
        self._begun = True
        head, self._head = self._head, b""
        declared = self._declared
        for mark, codec in _MARKS:
            if head.startswith(mark):
                if declared not in (None, codec, codec[:6]):
                    raise Undecodable(Fault.AMBIGUOUS, "a byte order mark of another charset than was declared", 0)
                self._mark, declared = mark, codec
                break
        if declared is None and self._sniff is not None:
            sniffed = self._sniff(head)
            declared = None if sniffed is None else _set_of(sniffed)
        declared = declared or self._assumed
        if declared in ("utf-16", "utf-32"):
            raise Undecodable(Fault.AMBIGUOUS, "UTF-16 or UTF-32 that does not say in which order its bytes are", 0)
        self._codec = declared
        self._at = len(self._mark)
        if declared is not None:
            self._decode = codecs.getincrementaldecoder(declared)("strict")
        return head[len(self._mark) :]

    def _plain(self, piece: bytes, *, final: bool) -> bytes:
        if self._decode is None:
            return piece
        try:
            plain = self._decode.decode(piece, final).encode("utf-8")
        except UnicodeError as error:
            start = error.start if isinstance(error, UnicodeDecodeError) else 0
            raise Undecodable(Fault.ENCODING, "not of the charset that was declared", self._at + start) from None
        if b"\0" in plain:
            raise Undecodable(Fault.ENCODING, "text with a NUL in it", self._at)
        self._at += len(piece)
        raw = self._pending + piece
        pending = self._decode.getstate()[0]
        self._pending = bytes(pending)
        if plain and self._codec != "utf-8":
            self._chunks.append((raw[: len(raw) - len(pending)], plain))
        return plain

    def _unit(self, within: Unit) -> _TranscodedUnit:
        fields, within.fields = within.fields, []
        mark, self._mark = self._mark, b""
        raw = mark + (self._taken(len(within.raw)) if self._chunks else within.raw)
        return _TranscodedUnit(raw, fields, within.repeats, within, len(mark))

    def _taken(self, size: int) -> bytes:
        """Give the bytes that the next `size` decoded ones came from."""
        parts: list[bytes] = []
        while size:
            raw, plain = self._chunks.popleft()
            if len(plain) > size:
                cut = self._length(raw, plain, size)
                self._chunks.appendleft((raw[cut:], plain[size:]))
                raw, plain = raw[:cut], plain[:size]
            parts.append(raw)
            size -= len(plain)
        return b"".join(parts)

    def _length(self, raw: bytes, plain: bytes, size: int) -> int:
        """Say how many of the bytes that came stand for the first `size` decoded ones."""
        if self._codec in (None, "utf-8"):
            return size
        text = plain[:size].decode("utf-8")
        codec = self._codec or ""
        try:
            spelt = text.encode(codec)
        except UnicodeEncodeError:
            spelt = b""
        if raw.startswith(spelt) and (spelt or not text):
            return len(spelt)
        # Spelt in another way than is usual: some sets have two for one character.
        return _walked(codec, raw, len(text))

    def _encoded(self, new: bytes) -> bytes:
        if self._codec is None:
            return new
        text = new.decode("utf-8")
        try:
            return text.encode(self._codec)
        except UnicodeEncodeError:
            if self._escape is None:
                what = "what would be written there is not in the charset of the payload"
                raise Undecodable(Fault.ENCODING, what, 0) from None
        return "".join(self._spelt(character) for character in text).encode(self._codec)

    def _spelt(self, character: str) -> str:
        try:
            character.encode(self._codec or "")
        except UnicodeEncodeError:
            return character if self._escape is None else self._escape(character)
        return character


def _walked(codec: str, raw: bytes, characters: int) -> int:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    at = 0
    while characters > 0:
        characters -= len(decoder.decode(raw[at : at + 1]))
        at += 1
    return at


def _set_of(charset: str) -> str:
    codec = _SETS.get(charset.strip().strip('"').lower())
    if codec is None:
        raise Undecodable(Fault.UNSUPPORTED, "a charset that is not read here", 0)
    return codec
