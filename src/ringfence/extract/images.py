"""Pictures: what stands beside the picture. EXIF with its place and its owner, IPTC, XMP, comments, the text chunks of PNG and
WebP.

The rule: pixels are not looked at. Only the parts that hold words are read, each within bounds; EXIF is read by a library, which
is asked for only where there is EXIF.
"""

import io
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, Literal

from ringfence.extract.members import count_in, exactly, look_into, member_of, too_deep
from ringfence.extract.model import Budget, Extracted, Fault, Kind, LeftOut, Source, Text, Unreadable, Why
from ringfence.extract.reading import is_utf8
from ringfence.extract.strings import NO_END, packets, strings
from ringfence.extract.unpacking import MissingExtra

_JPEG: Final = b"\xff\xd8"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PART: Final = 1 << 20  # bytes of one part that are read
_ALL: Final = 16 << 20  # of all parts of one picture
_TIMES: Final = (
    3  # that a library may read some bytes: to find EXIF in them, to read it, and its maker's notes once more
)
_EXIF: Final = b"Exif\0\0"
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_MORE: Final = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP: Final = b"Photoshop 3.0\0"
_IPTC: Final = b"8BIM\x04\x04"
_PERSONS: Final = {"Image Artist", "EXIF CameraOwnerName", "Image XPAuthor", "EXIF OwnerName"}
_SERIALS: Final = {"EXIF BodySerialNumber", "EXIF LensSerialNumber", "Image CameraSerialNumber"}
_PLACE: Final = "EXIF.GPS.coordinates"
_WIDTHS: Final = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # of TIFF's types, where not 1
_IPTC_PERSONS: Final = {80: "author_name", 122: "author_name"}


def read_image(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read what stands beside a picture."""
    deep = too_deep(source, budget)
    if deep is not None:
        yield deep
        return
    with source.open() as file:
        head = file.read(12)
        reading = _Reading(source, budget)
        if head.startswith(_JPEG):
            yield from reading.jpeg(_After(head[2:], file))
        elif head.startswith(_PNG):
            yield from reading.png(_After(head[8:], file))
        elif head[8:12] == b"WEBP":
            yield from reading.webp(_After(b"", file))
        else:
            yield from reading.exif_file(head, file)
    yield from reading.rest()


class _After:
    """A file with some bytes before it that were read already."""

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        self._head, self._file = head, file

    def exactly(self, size: int) -> bytes:
        """Give so many bytes, or what is left."""
        head, self._head = self._head[:size], self._head[size:]
        return head + exactly(self._file, size - len(head))

    def skip(self, size: int) -> int:
        """Go on; give how much was missing."""
        while size > 0 and (data := self.exactly(min(size, 1 << 16))):
            size -= len(data)
        return max(size, 0)


class _TooMuch(Exception):
    """More is read of some bytes than stands in them."""


class _Once(io.BytesIO):
    """Some bytes, of which little more may be read than there are: there end values that lie over one another, and false counts."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._left = _TIMES * len(data) + (1 << 16)

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self._left -= max(len(data), 1)
        if self._left < 0:
            raise _TooMuch
        return data


class _Reading:
    def __init__(self, source: Source, budget: Budget) -> None:
        self._source, self._budget = source, budget
        self._members = source.members
        self._texts: list[Text] = []
        self._read = 0

    def rest(self) -> Iterator[Extracted]:
        """Give what was found."""
        if self._texts:
            yield self._texts

    def _text(self, value: bytes, where: str, path: str = "") -> None:
        value = value.strip(b"\0 \r\n\t")
        if value:
            kind = Kind.VALUE if path else Kind.PROSE
            self._texts.append(Text(value, path, kind, where=where, members=self._members))

    def _damaged(self, what: str) -> Unreadable:
        return Unreadable(Fault.DAMAGED, what, "fetch it anew", self._members)

    def _much(self) -> Unreadable:
        what = f"more stands beside the picture than may: {_PART >> 20} MiB at once, {_ALL >> 20} MiB in all"
        return Unreadable(Fault.BOMB, what, "look at it by hand", self._members)

    # --- containers ---------------------------------------------------------------------------------------------------------

    def jpeg(self, file: _After) -> Iterator[Extracted]:
        """Read the segments before the picture's own data."""
        while True:
            mark = file.exactly(2)
            while mark == b"\xff\xff":
                mark = b"\xff" + file.exactly(1)
            if len(mark) < 2 or mark[0] != 0xFF:
                yield self._damaged("it ends early, or is damaged, before the picture itself")
                return
            kind = mark[1]
            if kind in (0xD9, 0xDA):  # the end; the picture's own data, behind which words stand seldom
                yield from self._behind(file)
                return
            if kind == 0x01 or 0xD0 <= kind <= 0xD8:
                continue
            size = int.from_bytes(file.exactly(2), "big") - 2
            if not 0xE0 <= kind <= 0xEF and kind != 0xFE:
                file.skip(size)
                continue
            self._read += size
            if self._read > _ALL:
                yield self._much()
                return
            yield from self._segment(kind, file.exactly(max(size, 0)))

    def _behind(self, file: _After) -> Iterator[Extracted]:
        """Look behind a picture's end, where other files are hidden, or added: a ZIP archive, a film, a second picture."""
        tail = b""
        while data := file.exactly(1 << 16):
            both = tail + data
            at = both.find(b"\xff\xd9")
            while at >= 0:
                if both[at + 2 : at + 6] in (b"PK\x03\x04", b"7z\xbc\xaf", b"Rar!", b"%PDF"):
                    yield from self._added(both[at + 2 :] + file.exactly(_ALL), file)
                    return
                at = both.find(b"\xff\xd9", at + 2)
            tail = both[-8:]

    def _added(self, data: bytes, file: _After) -> Iterator[Extracted]:
        """Look at what stands behind a picture, whatever it is."""
        many = count_in(self._source, self._budget)
        if many is not None:
            yield many
            return
        member = member_of(self._source, "(behind the picture)", self._budget)
        yield from look_into("behind.bin", len(data), lambda: io.BytesIO(data), member)
        if file.exactly(1):
            note = f"of what stands behind the picture no more than {_ALL >> 20} MiB are read"
            yield LeftOut(Why.LARGE, self._members, note)

    def _segment(self, kind: int, data: bytes) -> Iterator[Extracted]:
        if kind == 0xFE:
            self._text(_words(data), "comment")
        elif kind == 0xE1 and data.startswith(_EXIF):
            yield from self._exif(data[len(_EXIF) :])
        elif kind == 0xE1 and data.startswith((_XMP, _XMP_MORE)):
            self._text(_words(data.partition(b"\0")[2]), "XMP")
        elif kind == 0xED and data.startswith(_PHOTOSHOP):
            self._iptc(data)

    def png(self, file: _After) -> Iterator[Extracted]:
        """Read PNG's chunks."""
        while True:
            head = file.exactly(8)
            if len(head) < 8:
                yield self._damaged("it ends early")
                return
            size, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind == b"IEND":
                file.skip(4)
                behind = file.exactly(_ALL)
                if behind.strip(b"\0\r\n "):
                    yield from self._added(behind, file)
                return
            if kind not in (b"tEXt", b"zTXt", b"iTXt", b"eXIf"):
                file.skip(size + 4)
                continue
            data = file.exactly(min(size, _PART))
            file.skip(size - len(data) + 4)
            self._read += len(data)
            if self._read > _ALL or size > _PART:
                yield self._much()
                return
            if kind == b"eXIf":
                yield from self._exif(data)
            else:
                yield from self._png_text(kind, data)

    def _png_text(self, kind: bytes, data: bytes) -> Iterator[Extracted]:
        key, _, value = data.partition(b"\0")
        packed = kind == b"zTXt"
        if packed:
            value = value[1:]
        elif kind == b"iTXt":
            packed = value[:1] == b"\1"
            value = value[2:].partition(b"\0")[2].partition(b"\0")[2]
        if packed:
            try:
                stream = zlib.decompressobj()
                value = stream.decompress(value, _PART)
            except zlib.error:
                yield self._damaged("a text beside the picture is damaged")
                return
            self._budget.unpacked += len(value)
            self._read += len(value)
            if stream.unconsumed_tail:
                yield Unreadable(
                    Fault.BOMB,
                    "a text beside the picture unpacks to more than may be",
                    "look at it by hand",
                    self._members,
                )
        if kind != b"iTXt" and not is_utf8(value):
            value = value.decode("latin-1").encode()
        name = key.decode("latin-1")[:80]
        if name.startswith("Raw profile type "):  # what ImageMagick makes of EXIF and IPTC: hexadecimal
            digits = b"".join(value.split()[2:])
            try:
                raw = bytes.fromhex(digits.decode("ascii", "replace"))
            except ValueError:
                return
            if raw.startswith(_EXIF):
                yield from self._exif(raw[len(_EXIF) :])
            else:
                self._iptc(raw)
            return
        self._text(
            value,
            "XMP" if name.startswith("XML:com.adobe.xmp") else "PNG text",
            "author_name" if name == "Author" else "",
        )

    def webp(self, file: _After) -> Iterator[Extracted]:
        """Read WebP's chunks."""
        while head := file.exactly(8):
            kind, size = head[:4], int.from_bytes(head[4:], "little")
            wanted = kind in (b"EXIF", b"XMP ")
            self._read += size * wanted
            if wanted and (size > _PART or self._read > _ALL):
                yield self._much()
                return
            data = file.exactly(size) if wanted else b""
            if file.skip(size - len(data) + size % 2) or len(head) < 8 or len(data) < size * wanted:
                yield self._damaged("it ends early")
            if not wanted:
                continue
            if kind == b"EXIF":
                yield from self._exif(data.removeprefix(_EXIF))
            else:
                self._text(_words(data), "XMP")

    # --- what they hold -----------------------------------------------------------------------------------------------------

    def exif_file(self, head: bytes, rest: BinaryIO) -> Iterator[Extracted]:
        """Read a picture that the library reads whole: TIFF, HEIF."""
        data = head + exactly(rest, _ALL)
        if head[:2] in (b"II", b"MM") or b"Exif" in data:
            yield from self._tags(data)
        for packet, ends in packets(data):
            self._text(packet, "XMP")
            if not ends:
                yield self._damaged(NO_END)
        if rest.read(1):
            note = f"of a picture of this kind no more than the first {_ALL >> 20} MiB are read"
            yield LeftOut(Why.LARGE, self._members, note)

    def _exif(self, data: bytes) -> Iterator[Extracted]:
        if data[:2] in (b"II", b"MM"):
            yield from self._tags(data)

    def _tags(self, data: bytes) -> Iterator[Extracted]:
        try:
            import exifread
        except ImportError:
            yield MissingExtra("EXIF in pictures", "documents").told(self._members)
            return
        import logging

        logging.getLogger("exifread").disabled = True  # its warnings hold what stands in the picture
        try:
            tags: dict[str, Any] = exifread.process_file(_Once(data), details=True, extract_thumbnail=False)
        except Exception as error:  # noqa: BLE001 (the library has no word of its own for damage)
            yield self._damaged(f"its EXIF is damaged ({type(error).__name__})")
            self._text(strings(data[:_PART]), "EXIF, damaged")
            return
        if not tags or _is_cut(data):
            yield self._damaged("its EXIF cannot be read")
        self._position(tags)
        for name, tag in tags.items():
            if name.startswith(("GPS", "Thumbnail", "Interoperability")) or name == "JPEGThumbnail":
                continue
            value = _tag_text(tag)
            path = "owner_name" if name in _PERSONS else "device_serial" if name in _SERIALS else ""
            self._text(value, f"EXIF, {name}"[:80], path)

    def _position(self, tags: dict[str, Any]) -> None:
        from exifread.utils import get_gps_coords

        try:
            position = get_gps_coords(tags)
        except Exception:  # noqa: BLE001 (numbers that are none, divisions by nothing)
            position = None
        if position:
            self._text(f"{position[0]:.6f}, {position[1]:.6f}".encode(), "EXIF, GPS", _PLACE)
        for name in ("GPS GPSProcessingMethod", "GPS GPSAreaInformation"):
            if name in tags:
                self._text(_tag_text(tags[name]), "EXIF, GPS")

    def _iptc(self, data: bytes) -> None:
        at = max(data.find(_IPTC), 0)
        at = data.find(b"\x1c", at)
        while 0 <= at <= len(data) - 5 and data[at] == 0x1C:
            size = int.from_bytes(data[at + 3 : at + 5], "big")
            if data[at + 1] == 2 and size < 0x8000 and data[at + 2]:
                value = data[at + 5 : at + 5 + size]
                self._text(_words(value), "IPTC", _IPTC_PERSONS.get(data[at + 2], ""))
            at += 5 + size


def _is_cut(data: bytes) -> bool:
    """Whether a value of TIFF's first directory lies behind the end, which the library passes over in silence."""
    if data[:2] not in (b"II", b"MM"):
        return False
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    at = int.from_bytes(data[4:8], order)
    count = int.from_bytes(data[at : at + 2], order)
    if len(data) < at + 2 + 12 * count:
        return True
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        width = _WIDTHS.get(int.from_bytes(data[entry + 2 : entry + 4], order), 1)
        size = width * int.from_bytes(data[entry + 4 : entry + 8], order)
        if size > 4 and int.from_bytes(data[entry + 8 : entry + 12], order) + size > len(data):
            return True
    return False


def _tag_text(tag: Any) -> bytes:
    """Give a tag's value where it is words; "" for numbers."""
    values = getattr(tag, "values", "")
    if isinstance(values, str):
        return _words(values.encode("utf-8", "surrogateescape"))
    kind = getattr(tag, "field_type", 0)
    if (
        isinstance(values, list)
        and int(kind) in (1, 7)
        and values
        and all(isinstance(each, int) and 0 <= each < 256 for each in values)
    ):
        return strings(bytes(values))
    if isinstance(values, bytes):
        return strings(values)
    return b""


def _words(data: bytes) -> bytes:
    return data if is_utf8(data) else data.decode("latin-1").encode()
