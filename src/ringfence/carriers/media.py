"""Which carrier a body needs, by what its sender says of it: ``Content-Type`` and ``Content-Encoding``.

The rule: what is said is believed only as far as the body bears it out: the carrier refuses what it is not. A type that no carrier
is for raises `UnknownFormat`, and a header that readers read in different ways `Undecodable`.
"""

from collections.abc import Mapping, Sequence

from ringfence.carriers._markup_encoding import declared_in_html, declared_in_xml
from ringfence.carriers._mime import Parametrised, read_parameters
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


def make_body_carrier(content_type: str, codings: Sequence[str] = (), *, hold: int | None = None) -> Carrier:
    """Make the carrier of one body.

    `content_type` is the header's value, `codings` the names in ``Content-Encoding``, in order and in lower case. `hold` is how
    many encoded bytes may wait for what follows, see `CodedCarrier`: 0 encodes a stream anew rather than let it wait, which events
    never do.

    >>> carrier = make_body_carrier("application/json; charset=utf-8", ["gzip"])
    """
    carrier = _typed(content_type, 0)
    codings = [coding for coding in codings if coding != "identity"]
    if not codings:
        return carrier
    if hold is None:
        is_stream = format_of(content_type.partition(";")[0].strip().lower()) == "sse"
        hold = 0 if is_stream and (len(codings) > 1 or codings[0] not in FLUSHED) else HOLD
    return CodedCarrier(carrier, codings, hold=hold)


def _typed(content_type: str, depth: int) -> Carrier:
    read = read_parameters(content_type.encode("latin-1", "replace"))
    name = format_of(read.value)
    if name is None:
        raise UnknownFormat(read.value)
    if name == "multipart":
        boundary = read.text("boundary")
        if boundary is None:
            raise Undecodable(Fault.MALFORMED, "a multipart type without a boundary", 0)
        return MultipartCarrier(boundary, _part, depth=depth)
    charset = read.text("charset")
    inner = _inner(name, read, charset)
    return TranscodedCarrier(inner, charset, escape=ESCAPES.get(name), sniff=_SNIFFED.get(name))


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


def _part(content_type: str, depth: int) -> Carrier:
    """Make the carrier of a part: text is one value, and what has no format is opaque."""
    read = read_parameters(content_type.encode("latin-1", "replace"))
    name = format_of(read.value)
    if name is None:
        return OpaqueCarrier()
    if name == "text":
        return TranscodedCarrier(ValueCarrier(), read.text("charset"))
    return _typed(content_type, depth)
