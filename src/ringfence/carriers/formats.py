"""The formats that need nothing but their name: what makes a carrier for one payload in each."""

from collections.abc import Callable, Mapping

from ringfence.carriers.csv_text import CsvCarrier
from ringfence.carriers.form import FormCarrier
from ringfence.carriers.html import HtmlCarrier
from ringfence.carriers.json_text import JsonCarrier
from ringfence.carriers.log import LogCarrier
from ringfence.carriers.model import Carrier
from ringfence.carriers.sse import EventsCarrier
from ringfence.carriers.text import TextCarrier
from ringfence.carriers.xml import XmlCarrier

FORMATS: Mapping[str, Callable[[], Carrier]] = {
    "csv": CsvCarrier,
    "form": FormCarrier,
    "html": HtmlCarrier,
    "json": JsonCarrier,
    "log": LogCarrier,
    "ndjson": lambda: JsonCarrier(ndjson=True),
    "sse": EventsCarrier,
    "text": TextCarrier,
    "xml": XmlCarrier,
}
"""Each format's name, and what makes a carrier for one payload in it."""


class UnknownFormat(LookupError):
    """A format that no carrier is for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.mend = f"use one of: {', '.join(FORMATS)}"
        super().__init__(f"no carrier for this format: {self.mend}")


def make_carrier(name: str) -> Carrier:
    """Make a carrier for one payload of a format, or raise `UnknownFormat`."""
    maker = FORMATS.get(name)
    if maker is None:
        raise UnknownFormat(name)
    return maker()
