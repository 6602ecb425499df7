"""Marks: a canary in every personal cell of the shop, and the search for them in whatever comes back.

The rule: a mark looks like what stands in such a cell, so that recognizers and checksums take it for real, and is told from
everything else by a part that no form may show. It is sought raw in any case, reversed, in base64 (three alignments), hexadecimal,
with separators taken out and with URL and JSON escapes undone. Marks are of kinds; which kinds may come back depends on the role.
"""

from base64 import b64encode
from collections.abc import Iterable
from datetime import date
from itertools import chain
from urllib.parse import unquote_to_bytes

import re2
from stdnum import luhn
from stdnum.iso7064 import mod_97_10

from ringfence.demo.postgres_shop import Customer

NAME, EMAIL, STREET, CITY, POSTCODE = "nm", "em", "st", "ct", "pc"  # words: zqnm00042vx
PHONE, CARD, IBAN, SSN, IP, BIRTH = "phone", "card", "iban", "ssn", "ip", "birth"
WORDS = (NAME, EMAIL, STREET, CITY, POSTCODE)
KINDS = (*WORDS, PHONE, CARD, IBAN, SSN, IP, BIRTH)

CLEAR = {  # which kinds the shop's policy lets a role see
    "support": frozenset({NAME, STREET, CITY, POSTCODE}),
    "analyst": frozenset({CITY}),
    "privacy": frozenset({NAME, STREET, CITY, POSTCODE, EMAIL, PHONE, BIRTH}),
}

_SHOWN = {  # the beginning of a mark: of digits those that no masked form keeps
    **{kind: f"zq{kind}0" for kind in WORDS},
    PHONE: "4915179",
    CARD: "453977",
    IBAN: "37040044077",
    SSN: "52377",
}
_PATTERNS = {
    **{kind: rf"(?i:zq{kind}[0-9]{{5}})" for kind in WORDS},
    PHONE: r"4915179[0-9]{5}|01517 ?9[0-9]{5}",
    CARD: r"453977[0-9]{10}",
    IBAN: r"370400440[0-9]{7}",
    SSN: r"52377[0-9]{4}",
    IP: r"84\.77\.[0-9]{1,3}\.[1-9]",
    BIRTH: r"191[1-9]-[01][0-9]-[0-3][0-9]|191[1-9][01][0-9][0-3][0-9]|[0-3][0-9][./][01][0-9][./]191[1-9]",
}
_BINARY = {
    BIRTH: r"\x00\x00\x00\x04\xff\xff[\x80-\x8f][\x00-\xff]",
    IP: r"\x02\x20[\x00\x01]\x04\x54\x4d[\x00-\xff][\x01-\xff]",
}
_SEPARATORS = b" -/()."
_JSON_ESCAPE = re2.compile(rb"\\u00([0-7][0-9a-fA-F])")


def marked(count: int) -> list[Customer]:
    """Make customers of marks."""
    return [_customer(number) for number in range(1, count + 1)]


def word(kind: str, number: int) -> str:
    """Give a mark that is a word."""
    return f"zq{kind}{number:05}vx"


def _customer(number: int) -> Customer:
    card = f"453977{number:09}"
    account = f"370400440{number:09}"
    check = mod_97_10.calc_check_digits(account + "DE")
    return Customer(
        name=f"{word(NAME, number)} {word(NAME, number)}",
        email=f"{word(EMAIL, number)}@posta-nova.net",
        phone=f"+4915179{number:06}",
        birth_date=date(1911 + number % 9, 1 + number % 12, 1 + number % 28),
        ssn=f"523-77-{1000 + number:04}",
        iban=f"DE{check}{account}",
        card=card + luhn.calc_check_digit(card),
        ip=f"84.77.{number // 250}.{1 + number % 250}",
        street=word(STREET, number),
        city=word(CITY, number),
        postcode=word(POSTCODE, number),
        country="DE",
    )


class Seeker:
    """Seeks marks of some kinds."""

    def __init__(self, hidden: Iterable[str]) -> None:
        self._kinds = sorted(hidden)
        self._plain = re2.compile("|".join(f"(?P<{kind}>{_PATTERNS[kind]})" for kind in self._kinds).encode())
        encoded = {kind: _encodings(_SHOWN[kind]) for kind in self._kinds if kind in _SHOWN}
        binary = [f"(?P<{kind}>{_BINARY[kind]})" for kind in self._kinds if kind in _BINARY]
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.dot_nl = True
        self._binary = re2.compile("|".join(binary).encode(), options) if binary else None
        spelt = [f"(?P<{kind}>{'|'.join(map(re2.escape, some))})" for kind, some in encoded.items()]
        self._encoded = re2.compile("|".join(spelt).encode()) if spelt else None

    def seek(self, raw: bytes) -> list[str]:
        """Give what was found: kinds, each with how it stood there."""
        found: list[str] = []
        for way, text in _ways(raw):
            found += [f"{_kind(match.lastgroup)} {way}" for match in self._plain.finditer(text)]
        if self._encoded is not None:
            found += [f"{_kind(match.lastgroup)} encoded" for match in self._encoded.finditer(raw.replace(b"\n", b""))]
        if self._binary is not None:
            found += [f"{_kind(match.lastgroup)} binary" for match in self._binary.finditer(raw)]
        return sorted(set(found))


def hidden_from(role: str) -> frozenset[str]:
    """Give the kinds that a role must never see."""
    return frozenset(KINDS) - CLEAR[role]


def _kind(group: str | bytes) -> str:
    return group.decode() if isinstance(group, bytes) else group


def _ways(raw: bytes) -> Iterable[tuple[str, bytes]]:
    yield "raw", raw
    yield "reversed", raw[::-1]
    yield "without separators", raw.translate(None, _SEPARATORS)
    if b"%" in raw:
        yield "URL-escaped", unquote_to_bytes(raw)
    if b"\\u" in raw:
        yield "JSON-escaped", _JSON_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), raw)


def _encodings(beginning: str) -> list[str]:
    """Give what a mark's beginning looks like when encoded, in both cases."""
    spellings = {beginning, beginning.upper()}
    shown = chain.from_iterable((_hex(one), _hex(one).upper(), *_base64(one)) for one in spellings)
    return sorted(set(shown))


def _hex(text: str) -> str:
    return text.encode().hex()


def _base64(text: str) -> Iterable[str]:
    raw = text.encode()
    for shift in range(3):
        encoded = b64encode(bytes(shift) + raw).decode()
        yield encoded[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
