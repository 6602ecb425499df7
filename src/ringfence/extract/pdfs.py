"""PDF: the text of pages, form fields and notes, what the document says of itself, and files attached to it. By PDFium, in the
confined process (`confined`).

The rule: a page's text is what a reader can mark and copy, in the order in which the file draws it. Text in pictures is not read.
"""

import ctypes
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO, Final

from ringfence.extract.confined import Emit, Given, confined
from ringfence.extract.members import too_deep
from ringfence.extract.model import (
    Bounds,
    Budget,
    Extracted,
    Fault,
    Kind,
    LeftOut,
    Source,
    Text,
    Unreadable,
    Why,
)
from ringfence.extract.strings import NO_END, batches, packets
from ringfence.extract.unpacking import SPLIT, MissingExtra

_PERSON: Final = "author_name"
_PACKETS: Final = 1000
_ATTACHMENTS: Final = 1000
_BOOKMARKS: Final = 10_000
_LEVELS: Final = 15  # of bookmarks
_NOTES_OF_A_PAGE: Final = 10_000
_PASSWORD: Final = 4  # FPDF_ERR_PASSWORD
_SECURITY: Final = 5  # FPDF_ERR_SECURITY: a way of encrypting that is not known


def read_pdf(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read a PDF document."""
    deep = too_deep(source, budget)
    if deep is not None:
        yield deep
        return
    yield from confined("pdf", source, budget)


def take(file: BinaryIO, bounds: Bounds, emit: Emit) -> None:
    """Give a document's texts and attachments."""
    try:
        import pypdfium2
    except ImportError:
        raise MissingExtra("PDF", "documents") from None
    whole = file.read(bounds.document + 1)
    if len(whole) > bounds.document:
        emit(LeftOut(Why.LARGE, note=f"a PDF is read whole, and it has more than {bounds.document >> 20} MiB"))
        return
    try:
        pdf = pypdfium2.PdfDocument(whole)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", 0) in (_PASSWORD, _SECURITY):
            emit(
                Unreadable(
                    Fault.ENCRYPTED,
                    "it is encrypted",
                    "save it without a password where that is allowed, and scan that",
                )
            )
        else:
            emit(Unreadable(Fault.DAMAGED, "it is damaged, and no page of it can be read", "fetch it anew"))
            _damaged(whole, emit)
        return
    _Reading(pypdfium2, pdf, bounds, emit).all(whole)


def _damaged(whole: bytes, emit: Emit) -> None:
    """Give what can be read in a document's bytes, where there is no other way into it."""
    for found in batches(whole):
        emit([Text(found, where="damaged document")])


class _Reading:
    """The reading of one document, within bounds."""

    def __init__(self, library: Any, pdf: Any, bounds: Bounds, emit: Emit) -> None:
        self._library, self._raw, self._pdf, self._bounds, self._emit = library, library.raw, pdf, bounds, emit
        self._out = 0

    def all(self, whole: bytes) -> None:
        """Read everything."""
        self._said(whole)
        if self._pdf.get_formtype():
            self._pdf.init_forms()
        bad = 0
        for number in range(len(self._pdf)):
            try:
                self._page(number)
            except self._library.PdfiumError:
                bad += 1
            if self._out > self._bounds.unpacked:
                self._emit(Unreadable(Fault.BOMB, "more text comes out of it than may", SPLIT))
                return
        if bad:
            self._emit(Unreadable(Fault.DAMAGED, f"{bad} of its pages cannot be read", "fetch it anew"))
        self._attachments()

    def _said(self, whole: bytes) -> None:
        texts = []
        for key, value in self._pdf.get_metadata_dict(skip_empty=True).items():
            path = _PERSON if key == "Author" else ""
            texts.append(Text(_utf8(value), path, Kind.VALUE if path else Kind.PROSE, where=f"properties, {key}"))
        for number, (packet, ends) in enumerate(packets(whole)):
            if number == _PACKETS:
                self._more("XMP")
                break
            texts.append(Text(packet, where="XMP"))
            if not ends:
                self._emit(Unreadable(Fault.DAMAGED, NO_END, "look at it by hand"))
        texts += self._bookmarks()
        if texts:
            self._emit(texts)

    def _bookmarks(self) -> Iterator[Text]:
        deeper = False
        for number, bookmark in enumerate(self._pdf.get_toc(max_depth=_LEVELS)):
            if number == _BOOKMARKS:
                self._more("bookmarks")
                break
            title = _utf8(bookmark.get_title() or "")
            if title:
                yield Text(title, where="bookmarks")
            if bookmark.level == _LEVELS - 1:
                deeper = deeper or bool(self._raw.FPDFBookmark_GetFirstChild(self._pdf.raw, bookmark.raw))
        if deeper:
            self._more("levels of bookmarks")

    def _more(self, of: str) -> None:
        self._emit(Unreadable(Fault.BOMB, f"it has more {of} than are read", "look at it by hand"))

    def _page(self, number: int) -> None:
        page = self._pdf[number]
        where = f"page {number + 1}"
        try:
            text_page = page.get_textpage()
            text = _utf8(text_page.get_text_range())
            text_page.close()
            texts = [Text(text, where=where)] if text.strip() else []
            texts += self._notes(page, where)
        finally:
            page.close()
        self._out += sum(len(each.value) for each in texts)
        if texts:
            self._emit(texts)

    def _notes(self, page: Any, where: str) -> Iterator[Text]:
        """Give what stands in a page's notes and form fields."""
        raw = self._raw
        count = raw.FPDFPage_GetAnnotCount(page.raw)
        if count > _NOTES_OF_A_PAGE:
            self._more("notes and fields on a page")
        for number in range(min(count, _NOTES_OF_A_PAGE)):
            annotation = raw.FPDFPage_GetAnnot(page.raw, number)
            if not annotation:
                continue
            try:
                for key in (b"Contents", b"T", b"V"):
                    value = self._string(partial(raw.FPDFAnnot_GetStringValue, annotation, key))
                    if value:
                        yield Text(value, where=f"{where}, {'field' if key == b'V' else 'note'}")
                link = raw.FPDFAnnot_GetLink(annotation)
                action = raw.FPDFLink_GetAction(link) if link else None
                if action:
                    address = self._bytes(partial(raw.FPDFAction_GetURIPath, self._pdf.raw, action))
                    if address:
                        yield Text(address.rstrip(b"\0"), where=f"{where}, link")
            finally:
                raw.FPDFPage_CloseAnnot(annotation)

    def _bytes(self, ask: Any) -> bytes:
        size = ask(None, 0)
        if not 0 < size <= self._bounds.document:
            return b""
        buffer = ctypes.create_string_buffer(size)
        ask(buffer, size)
        return buffer.raw

    def _string(self, ask: Any) -> bytes:
        size = ask(None, 0)
        if not 2 < size <= self._bounds.document:
            return b""
        buffer = ctypes.create_string_buffer(size)
        ask(ctypes.cast(buffer, ctypes.POINTER(self._raw.FPDF_WCHAR)), size)
        return buffer.raw[:-2].decode("utf-16-le", "replace").encode()

    def _attachments(self) -> None:
        count = self._pdf.count_attachments()
        if count > _ATTACHMENTS:
            self._more("attached files")
        for number in range(min(count, _ATTACHMENTS)):
            try:
                attachment = self._pdf.get_attachment(number)
                name, content = attachment.get_name(), bytes(attachment.get_data())
            except self._library.PdfiumError:
                self._emit(Unreadable(Fault.DAMAGED, "an attached file cannot be read", "fetch it anew"))
                continue
            self._emit(Given(_utf8(name or "attachment"), content))


def _utf8(text: str) -> bytes:
    return text.replace("\0", "").encode("utf-8", "replace")
