"""Mail: headers, texts and attachments, of one message or of a mailbox.

The rule: a message is read as the library reads it, which repairs what is broken; one that it gives up on is running text. What is
attached is looked at as any other file is. Lines are those of the file; what was encoded is told to be where its encoding begins.
"""

import io
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

import re2

from ringfence.extract.markup_text import page_text
from ringfence.extract.members import count_in, look_into, member_of, named, spent, too_deep
from ringfence.extract.model import BATCH, Budget, Extracted, Kind, Source, Text
from ringfence.extract.plain import as_prose
from ringfence.extract.reading import Block, BlockLines

if TYPE_CHECKING:
    from email.message import Message

_NEXT: Final = b"\nFrom "
_HEADER: Final = re2.compile(rb"(?m)^([!-9;-~]{1,128}):[ \t]*((?:[^\n]*)(?:\n[ \t][^\n]*)*)")
_MOST_PARTS: Final = 2000
_MOST_HEADERS: Final = 2000


class _Letter(NamedTuple):
    """One message and where it stands."""

    raw: bytes
    lines: BlockLines
    source: Source
    budget: Budget


def read_mail(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read a message, or all messages of a mailbox."""
    deep = too_deep(source, budget)
    with source.open() as file:
        for block in _messages(file, budget.bounds.document):
            letter = _Letter(block.value, BlockLines(block), source, budget)
            try:
                parsed = message_from_bytes(block.value)
                parts = [part for part, _ in zip(parsed.walk(), range(_MOST_PARTS), strict=False)]
            except (MessageError, ValueError, LookupError, RecursionError):
                yield from as_prose([block], source)
                continue
            yield from _headers(letter)
            if deep is not None:
                yield deep
            yield from _parts(letter, parts, is_deep=deep is not None)
            rest = spent(source, budget)
            if rest is not None:
                yield rest
                return


def _messages(file: BinaryIO, most: int) -> Iterator[Block]:
    """Cut a mailbox into its messages."""
    held, line, start, searched = bytearray(), 1, 0, 0
    while True:
        piece = file.read(BATCH)
        held += piece
        at = 0
        while (end := held.find(_NEXT, max(searched, at)) + 1) or (len(held) - at > most and (end := len(held))):
            yield Block(bytes(held[at:end]), line, 1, start + at)
            line += held.count(b"\n", at, end)
            at = searched = end
        start += at
        del held[:at]
        searched = max(len(held) - len(_NEXT), 0)
        if not piece:
            break
    if held:
        yield Block(bytes(held), line, 1, start)


def _headers(letter: _Letter) -> Iterator[Extracted]:
    raw = letter.raw
    ends = [at for at in (raw.find(b"\n\n"), raw.find(b"\n\r\n")) if at >= 0]
    head = raw[: min(ends)] if ends else raw[:BATCH]
    texts: list[Text] = []
    for found in _HEADER.finditer(head):
        value = _meant(found[2].rstrip(b"\r"))
        if value:
            texts.append(_text(letter, value, found.start(2), found[1].decode("ascii").lower(), "header"))
        if len(texts) >= _MOST_HEADERS:
            break
    if raw.startswith(b"From "):
        texts.append(_text(letter, raw.partition(b"\n")[0], 0, "", "header"))
    if texts:
        yield texts


def _meant(value: bytes) -> bytes:
    """Give what a header says: on one line, and in UTF-8."""
    if b"\n" in value:
        value = b" ".join(value.split())
    if b"=?" not in value:
        return value
    try:
        words = decode_header(value.decode("latin-1"))
        return "".join(
            word if isinstance(word, str) else word.decode(charset or "latin-1", "replace") for word, charset in words
        ).encode("utf-8", "replace")
    except (MessageError, LookupError, ValueError):
        return value


def _parts(letter: _Letter, parts: "list[Message]", *, is_deep: bool) -> Iterator[Extracted]:
    at = 0
    for number, part in enumerate(parts):
        if number and (inner := _inner_headers(letter, part, at)):
            yield inner
        if part.is_multipart():
            continue
        spelt = part.get_payload()
        encoded = spelt.encode("utf-8", "surrogateescape") if isinstance(spelt, str) else b""
        found = letter.raw.find(encoded, at) if encoded else -1
        at = found if found >= 0 else at
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes) or not content:
            continue
        name = _meant((part.get_filename() or "").encode("utf-8", "replace"))
        kind = part.get_content_type()
        if name:
            yield [Text(name, "", Kind.NAME, where="attachment", members=letter.source.members)]
        if kind.startswith("text/") and not (name and part.get_content_disposition() == "attachment"):
            yield [_body(letter, part, content, at, kind)]
            at += len(encoded)
            continue
        at += len(encoded)
        if is_deep:
            continue
        many = count_in(letter.source, letter.budget)
        if many is not None:
            yield many
            return
        called = named(name or b"part %d" % number)
        member = member_of(letter.source, called, letter.budget)
        letter.budget.unpacked += len(content)
        yield from look_into(called, len(content), partial(io.BytesIO, content), member)


def _inner_headers(letter: _Letter, part: "Message", at: int) -> list[Text]:
    """Give the headers of a message in a message; other parts have none but those that say what they are."""
    return [
        _text(letter, _meant(str(value).encode("utf-8", "replace")), at, name.lower(), "header")
        for name, value in islice(part.items(), _MOST_HEADERS)
        if not name.lower().startswith("content-")
    ]


def _body(letter: _Letter, part: "Message", content: bytes, at: int, kind: str) -> Text:
    value = content
    if not content.isascii():
        try:
            value = content.decode(part.get_content_charset() or "utf-8", "replace").encode("utf-8", "replace")
        except LookupError:
            value = content.decode("latin-1").encode()
    if kind == "text/html":
        value = page_text(value)
    return _text(letter, value, at, "", kind)


def _text(letter: _Letter, value: bytes, at: int, path: str, where: str) -> Text:
    line, column, start = letter.lines.place(at, value)
    kind = Kind.VALUE if path else Kind.PROSE
    return Text(value, path, kind, line, column, start, where, letter.source.members)
