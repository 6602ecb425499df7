"""Media types and the headers of parts: RFC 9110 parameters, read strictly.

The rule: a parameter that comes twice, a quoted quote, a folded line, a character that is no part of a token: each is read in one
way by one reader and in another by the next, so none of them passes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import re2

from ringfence.carriers.model import Fault, Undecodable

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_NAME = re2.compile(_TOKEN)
_TYPE = re2.compile(rb"(" + _TOKEN + rb"(?:/" + _TOKEN + rb")?)[ \t]*")
_PARAMETER = re2.compile(rb";[ \t]*(?:(" + _TOKEN + rb')=(?:"([^"\r\n\x00]*)"|([^\s";]+)))?[ \t]*')


@dataclass(frozen=True, slots=True, repr=False)
class Parameter:
    """A parameter's value, and where it stands in the text."""

    value: bytes
    start: int


@dataclass(frozen=True, slots=True, repr=False)
class Parametrised:
    """A value with its parameters, names in lower case: ``text/csv; charset=utf-8``."""

    value: str
    parameters: Mapping[str, Parameter]

    def text(self, name: str) -> str | None:
        """Give a parameter as text."""
        parameter = self.parameters.get(name)
        return None if parameter is None else parameter.value.decode("latin-1")


def read_parameters(text: bytes, at: int = 0) -> Parametrised:
    """Read a media type or disposition; `at` is where it stands, for errors."""
    found = _TYPE.match(text)
    if found is None:
        raise Undecodable(Fault.MALFORMED, "a header whose value cannot be read", at)
    parameters: dict[str, Parameter] = {}
    place = found.end()
    while place < len(text):
        more = _PARAMETER.match(text, place)
        if more is None or more.end() == place:
            raise Undecodable(Fault.AMBIGUOUS, "a header's parameter that readers read in different ways", at + place)
        if more[1] is not None:
            name = more[1].decode("ascii").lower()
            group = 2 if more[2] is not None else 3
            if name in parameters or b'\\"' in text[place : more.end() + 1] or name[-2:] in ("*0", "*1"):
                raise Undecodable(
                    Fault.AMBIGUOUS, "a header's parameter that readers read in different ways", at + place
                )
            parameters[name] = Parameter(more[group], more.start(group))
        place = more.end()
    return Parametrised(found[1].decode("ascii").lower(), parameters)


def read_headers(raw: bytes, at: int, most: int) -> Sequence[tuple[str, int, bytes]]:
    """Read header lines, each ended by CRLF: (name in lower case, where its value starts, its value)."""
    headers: list[tuple[str, int, bytes]] = []
    place = 0
    for line in raw.split(b"\r\n")[:-1]:
        name, colon, value = line.partition(b":")
        if not colon or _NAME.fullmatch(name) is None or any(mark in line for mark in (b"\r", b"\n", b"\x00")):
            raise Undecodable(Fault.AMBIGUOUS, "a header line that readers read in different ways", at + place)
        start = place + len(name) + 1 + len(value) - len(value.lstrip(b" \t"))
        headers.append((name.decode("ascii").lower(), start, value.strip(b" \t")))
        place += len(line) + 2
        if len(headers) > most:
            raise Undecodable(Fault.TOO_LARGE, f"more than {most} header lines", at + place)
    return headers
