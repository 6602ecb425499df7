"""What is planted, and how it is sought on the far side.

The rule: a value counts as arrived when it can be read off there, be it raw or in an encoding that anybody would try. The same
search runs over what the service itself wrote, where it must find everything: a search that finds nothing anywhere proves nothing.

Sought are: the value as it was planted, case folded, in the text as it came, with percent-encoding undone and with JSON's escapes
undone; numbers also without separators, IP addresses also in their other spellings, birth dates in five; and, from `LONG_ENOUGH`
bytes on, each of these in base64 (at all three alignments, in both alphabets) and in hexadecimal. Not sought: parts of a value,
compressed or encrypted text.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from ipaddress import ip_address
from urllib.parse import quote, unquote

import re2

LONG_ENOUGH = 7  # bytes: fewer are found by chance among a token's base32 when encoded
SEPARATORS = str.maketrans("", "", " -./()+")
ENCODINGS = "raw, percent-encoded, JSON-escaped, base64, hexadecimal, without separators, in any case"

_ESCAPE = re2.compile(r"\\u([0-9a-fA-F]{4})")
_WORD = re2.compile(r"[\pL\pN]+")


class Kind(Enum):
    """What is planted, with the title that it has in the account."""

    EMAIL = "e-mail address"
    PHONE = "telephone number"
    CARD = "payment card"
    IBAN = "bank account (IBAN)"
    SSN = "social security number"
    IP = "IP address"
    BIRTH_DATE = "date of birth"
    NAME = "name, in a field of that name"
    KEY = "private key, its lines"
    NAME_IN_PROSE = "name, bare in prose"
    STREET = "street, bare in prose"


COVERED = tuple(kind for kind in Kind if kind not in (Kind.NAME_IN_PROSE, Kind.STREET))
"""What recognizers know. The others are planted too, and shown for what they are."""

_NUMBERS = frozenset((Kind.PHONE, Kind.CARD, Kind.IBAN, Kind.SSN))
_WORDS = frozenset((Kind.NAME, Kind.NAME_IN_PROSE))


@dataclass(frozen=True, slots=True)
class Planted:
    """A value of a synthetic person that was sent to the service."""

    kind: Kind
    value: str = field(repr=False)


@dataclass(slots=True)
class Account:
    """Of one kind: how many values were planted, are in the service's own log, and arrived."""

    kind: Kind
    planted: int = 0
    written: int = 0
    arrived: int = 0


class Sight:
    """A text, made ready to be searched for many values."""

    def __init__(self, raw: bytes) -> None:
        text = raw.decode(errors="replace")
        unescaped = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text).replace("\\/", "/").replace("\\n", "\n")
        self._exact = text
        self._folded = "\n".join(
            dict.fromkeys(one.casefold() for one in (text, unquote(text), unescaped, unquote(unescaped)))
        )
        self._bare = "\n".join(line.translate(SEPARATORS) for line in self._folded.splitlines())
        self._words = " ".join(["", *_WORD.findall(self._folded), ""])

    def shows(self, planted: Planted) -> bool:
        """Whether the value can be read off this text."""
        folded = planted.value.casefold()
        if planted.kind in _WORDS:
            return f" {' '.join(_WORD.findall(folded))} " in self._words or self._shows_encoded(planted.value)
        if planted.kind in _NUMBERS and bare(planted) in self._bare:
            return True
        return any(one.casefold() in self._folded or self._shows_encoded(one) for one in spellings(planted))

    def _shows_encoded(self, value: str) -> bool:
        if len(value.encode()) < LONG_ENOUGH:
            return False
        return value.encode().hex() in self._folded or any(one in self._exact for one in _base64_of(value))


def spellings(planted: Planted) -> Iterator[str]:
    """Give the ways to write a value that are sought."""
    value = planted.value
    yield value
    yield quote(value, safe="")
    if planted.kind is Kind.IP:
        address = ip_address(value)
        yield from {address.exploded, address.compressed} - {value}
    if planted.kind is Kind.BIRTH_DATE:
        day = date.fromisoformat(value)
        yield from (f"{day:%Y%m%d}", f"{day:%d.%m.%Y}", f"{day:%d/%m/%Y}", f"{day:%m/%d/%Y}")
    if planted.kind in _NUMBERS:
        yield bare(planted)


def bare(planted: Planted) -> str:
    """Give a number without separators, and a telephone number without its country too: as it is dialled at home."""
    text = planted.value.casefold().translate(SEPARATORS)
    if planted.kind is not Kind.PHONE:
        return text
    import phonenumbers

    return str(phonenumbers.parse(planted.value).national_number)


def _base64_of(value: str) -> Iterator[str]:
    """Give what base64 shows of a value wherever it stands in the encoded bytes, in both alphabets."""
    raw = value.encode()
    for shift in range(3):
        encoded = b64encode(bytes(shift) + raw)
        first = -(-shift * 8 // 6)  # characters that the bytes before have a part in
        whole = (shift + len(raw)) * 8 // 6  # characters that no byte behind has a part in
        stable = encoded[first:whole].decode()
        yield stable
        if "+" in stable or "/" in stable:
            yield stable.replace("+", "-").replace("/", "_")


def take_account(planted: Iterable[Planted], own_log: bytes, arrived: bytes) -> Sequence[Account]:
    """Count, for each kind, what was planted, what the service wrote, and what can be read off on the far side."""
    inside, outside = Sight(own_log), Sight(arrived)
    accounts = {kind: Account(kind) for kind in Kind}
    for one in dict.fromkeys(planted):
        account = accounts[one.kind]
        account.planted += 1
        account.written += inside.shows(one)
        account.arrived += outside.shows(one)
    return list(accounts.values())
