"""Which carrier a body needs, by what its sender says of it: ``Content-Type`` and ``Content-Encoding``.

The rule: what is said is believed only as far as the body bears it out: the carrier refuses what it is not. A type that no carrier
is for raises `UnknownFormat`, and a header that readers read in different ways `Undecodable`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ringfence.carriers._markup_encoding import declared_in_html, declared_in_xml
from ringfence.carriers._mime import Parametrised, read_parameters
from ringfence.carriers._paths import below
from ringfence.carriers.charset import ESCAPES, TranscodedCarrier
from ringfence.carriers.coding import FLUSHED, HOLD, CodedCarrier
from ringfence.carriers.csv_text import CsvCarrier
from ringfence.carriers.form import FormCarrier
from ringfence.carriers.formats import FORMATS, UnknownFormat
from ringfence.carriers.model import Carrier, Fault, Undecodable
from ringfence.carriers.multipart import MultipartCarrier
from ringfence.carriers.opaque import OpaqueCarrier, ValueCarrier
from ringfence.carriers.xml import XmlCarrier

TYPES: Mapping[str, str] = {
    "application/json": "json",
    "text/json": "json",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/jsonlines": "ndjson",
    "application/x-jsonlines": "ndjson",
    "application/x-www-form-urlencoded": "form",
    "text/event-stream": "sse",
    "text/csv": "csv",
    "text/tab-separated-values": "csv",
    "application/xml": "xml",
    "text/xml": "xml",
    "text/html": "html",
}
"""Media types and formats. Types that end in ``+json`` and ``+xml`` are those, all other ``text/`` is text."""

STREAMED = frozenset(("ndjson", "sse"))
"""Formats whose readers take each line or event when it comes: none of it waits for what follows."""

OpaqueMaker = Callable[[str], Carrier]
"""Makes the carrier of a part that no format is for, from the path at which it stands."""

_SNIFFED = {"xml": declared_in_xml, "html": declared_in_html}


def format_of(media_type: str) -> str | None:
    """Name the format of a media type without parameters, in lower case; None where there is no carrier for it.

    >>> format_of("application/problem+json"), format_of("text/markdown"), format_of("image/png")
    ('json', 'text', None)
    """
    known = TYPES.get(media_type)
    if known is not None:
        return known
    for suffix, name in (("+json", "json"), ("+xml", "xml")):
        if media_type.endswith(suffix):
            return name
    if media_type.startswith("multipart/"):
        return "multipart"
    return "text" if media_type.startswith("text/") else None


def is_streamed(content_type: str) -> bool:
    """Whether a body of a type goes on as it comes.

    >>> is_streamed("text/event-stream; charset=utf-8"), is_streamed("application/json")
    (True, False)
    """
    return format_of(content_type.partition(";")[0].strip().lower()) in STREAMED


def make_body_carrier(
    content_type: str,
    codings: Sequence[str] = (),
    *,
    hold: int | None = None,
    assumed: str | None = None,
    opaque: OpaqueMaker | None = None,
) -> Carrier:
    """Make the carrier of one body.

    `content_type` is the header's value, `codings` the names in ``Content-Encoding``, in order and in lower case. `hold` is how
    many encoded bytes may wait for what follows, see `CodedCarrier`: 0 encodes a stream anew rather than let it wait, which events
    and lines of JSON never do. `assumed` is the charset of text that does not say its own; without it such text is bytes.
    `opaque` makes the carriers of parts that have no format, else `OpaqueCarrier`.

    >>> carrier = make_body_carrier("application/json; charset=utf-8", ["gzip"])
    """
    carrier = _Maker(assumed, opaque or _opaque).typed(content_type, 0, "")
    codings = [coding for coding in codings if coding != "identity"]
    if not codings:
        return carrier
    if hold is None:
        hold = 0 if is_streamed(content_type) and (len(codings) > 1 or codings[0] not in FLUSHED) else HOLD
    return CodedCarrier(carrier, codings, hold=hold)


@dataclass(frozen=True, slots=True)
class _Maker:
    """What a body and its parts have in common."""

    assumed: str | None
    opaque: OpaqueMaker

    def typed(self, content_type: str, depth: int, path: str) -> Carrier:
        """Make the carrier of what stands at a path."""
        read = read_parameters(content_type.encode("latin-1", "replace"))
        name = format_of(read.value)
        if name is None:
            raise UnknownFormat(read.value)
        return self._named(name, read, depth, path)

    def _named(self, name: str, read: Parametrised, depth: int, path: str) -> Carrier:
        if name == "multipart":
            boundary = read.text("boundary")
            if boundary is None:
                raise Undecodable(Fault.MALFORMED, "a multipart type without a boundary", 0)
            return MultipartCarrier(
                boundary, lambda kind, deep, part: self._part(kind, deep, below(path, part)), depth=depth
            )
        charset = read.text("charset")
        return TranscodedCarrier(
            _inner(name, read, charset),
            charset,
            assumed=self.assumed,
            escape=ESCAPES.get(name),
            sniff=_SNIFFED.get(name),
        )

    def _part(self, content_type: str, depth: int, path: str) -> Carrier:
        """Make the carrier of a part: text is one value, and what has no format is opaque."""
        read = read_parameters(content_type.encode("latin-1", "replace"))
        name = format_of(read.value)
        if name is None:
            return self.opaque(path)
        if name == "text":
            return TranscodedCarrier(ValueCarrier(), read.text("charset"), assumed=self.assumed)
        return self._named(name, read, depth, path)


def _opaque(path: str) -> Carrier:  # noqa: ARG001 (the seam of what makes opaque parts)
    return OpaqueCarrier()


def _inner(name: str, read: Parametrised, charset: str | None) -> Carrier:
    match name:
        case "csv":
            delimiter = "\t" if read.value == "text/tab-separated-values" else ","
            return CsvCarrier(delimiter, header=(read.text("header") or "").lower() != "absent")
        case "form":
            return FormCarrier()
        case "xml":
            return XmlCarrier(declared=charset)
        case _:
            return FORMATS[name]()
