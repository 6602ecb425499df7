"""Made-up values that look like the ones they stand for: what a file has in it after personal data was taken out.

The rule: what is written here is known again here. A value is made of what is reserved or impossible, in the spelling of the one
that it stands for, drawn under a key, so that the same value has the same stand-in wherever and whenever the key is the same,
and nobody without it can go from one to the other by trying. `alike` gives several: who asks takes the first that a scan lets be.

Reserved are ``example.com`` (RFC 2606), the addresses of `stand_ins`, the telephone numbers of `_FICTIONAL`, and the card numbers
that payment services print. Impossible is an IBAN of bank 0000 or TEST. Names and places say what they are (``Maria Example``);
of a birth date only the year is kept, within two years, and it is the first of January. A number for which nobody reserves
anything gets other digits, whose check digits are not made to hold, or nothing but zeros.

It hides the value; not its length where its kind has several, nor that two values are equal.
"""

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from hmac import new as hmac_of
from typing import Final

import re2

from ringfence.transform import alike_dates, alike_numbers
from ringfence.transform.alike_numbers import Draw
from ringfence.transform.stand_ins import FIRST_NAMES, LAST_NAMES

TRIES: Final = 12
"""How many stand-ins of a kind are drawn before what is less like it is given."""

_DOMAINS: Final = ("example.com", "example.org", "example.net")
_SURNAMES: Final = (
    *("Example", "Exemplar", "Mustermann", "Beispiel", "Exemple"),
    *("Ejemplo", "Esempio", "Voorbeeld", "Specimen", "Placeholder"),
)
_SCRIPTS: Final[tuple[tuple[int, int, tuple[str, ...], str], ...]] = (
    (0x0370, 0x03FF, ("Μαρία", "Ελένη", "Γιώργος", "Νίκος", "Άννα"), "Παράδειγμα"),
    (0x0400, 0x04FF, ("Анна", "Мария", "Иван", "Пётр", "Елена", "Олег"), "Примеров"),
    (0x0590, 0x05FF, ("דוד", "שרה", "רחל", "יוסף"), "דוגמה"),
    (0x0600, 0x06FF, ("سارة", "أحمد", "ليلى", "عمر"), "مثال"),
    (0x0900, 0x097F, ("राम", "सीता", "रवि", "प्रिया"), "उदाहरण"),
    (0x3040, 0x30FF, ("太郎", "花子"), "記入例"),
    (0x4E00, 0x9FFF, ("一", "二", "三"), "示例"),
    (0xAC00, 0xD7AF, ("민준", "서연"), "예시"),
)
"""First and last code point of a script, given names in it, and its word for an example."""

_SAYS_SO: Final = re2.compile(
    r"(?i)(?:\b|[_\d])(?:exampl|exemplar|exempl[eo]|muster(?:mann|frau|stra|stadt|ort)|beispiel|ejempl|esempi|voorbeeld|specimen|"
    r"placeholder|παράδειγμα|пример|דוגמה|مثال|उदाहरण)|記入例|示例|예시"
)
_EMAIL: Final = re2.compile(r"(?i)^(.+?)(@|%40)([^@]+)$")
_CREDENTIALS: Final = "user.authorization"
_NOTHING: Final = frozenset("0xX")
_NUMBER: Final = re2.compile(r"^-?(?:0|[1-9]\d*)(?:\.\d+)?$")
_SHORT: Final = 3  # digits of a number that becomes zero
_LONGEST_WORD: Final = 30


class Drawing:
    """Draws by a key of 16 bytes or more."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def digest(self, kind: str, value: str) -> bytes:
        """Name a value of a kind: 16 bytes, under the key."""
        return hmac_of(self._key, f"{kind}\x00{value}".encode("utf-8", "surrogatepass"), sha256).digest()[:16]

    def draw(self, name: bytes, turn: int) -> Draw:
        """Give what is drawn for a value of this name, the `turn`-th time."""
        return Draw(self._key, name + turn.to_bytes(4, "big"))

    def __repr__(self) -> str:
        return "<drawing>"


def kind_of(category: str, entity: str) -> str:
    """Name the kind of a value: what is of one kind is drawn alike, however it was found."""
    if entity == "IBAN":
        return "iban"
    found = _KINDS.get(category)
    if found is not None:
        return found
    if category.startswith("user.contact.address.") and not category.endswith("postal_code"):
        return "place"
    return "secret" if category.startswith(_CREDENTIALS) else category


def same(kind: str, value: str) -> str:
    """Give a value as it is drawn for: however it is spelt, as far as that is known."""
    if kind in {"phone", "card", "iban", "mac"}:
        return "".join(c for c in value if c.isalnum()).casefold()
    return " ".join(value.split()).casefold()


def alike(kind: str, value: str, drawing: Drawing) -> Iterator[str]:
    """Give stand-ins for a value, the best first; the last ones are less like it, and the very last nothing but zeros and X."""
    name = drawing.digest(kind, same(kind, value))
    make = _MAKERS.get(kind)
    if make is not None:
        for turn in range(TRIES):
            made = make(value, drawing.draw(name, turn), drawing)
            if made is None:
                break
            if made != value:
                yield made
    if any(c.isdigit() for c in value):
        if kind != "secret":
            for turn in range(TRIES, TRIES + 3):
                yield _shaped(value, drawing.draw(name, turn))
        yield _emptied(value)
    else:
        yield _cased(_word(value), value)
        yield _emptied(value)


def is_made_up(category: str, entity: str, value: str) -> bool:
    """Tell whether a value is what `alike` makes, or says itself that it is an example.

    >>> is_made_up("user.name", "PERSON", "Maria Example"), is_made_up("user.name", "PERSON", "Maria Curie")
    (True, False)
    """
    kind = kind_of(category, entity)
    signs = {c for c in value if c.isalnum()}
    if signs and signs <= _NOTHING:
        return True
    if _NUMBER.match(value) and len(value) > _SHORT and not value.strip("-").removeprefix("1").strip("0."):
        return True
    known = _KNOWN.get(kind)
    if known is not None and known(value):
        return True
    return kind != "email" and _SAYS_SO.search(value) is not None


def _email(value: str, draw: Draw, drawing: Drawing) -> str | None:
    parts = _EMAIL.match(value)
    if parts is None:
        return None
    local, sign, domain = parts.groups()
    first, last = draw.of(FIRST_NAMES), draw.of(LAST_NAMES)
    there = drawing.draw(drawing.digest("domain", domain.casefold()), 0).of(_DOMAINS)
    number = draw.below(1000)
    written = f"{first}.{last}{number}" if "." in local else f"{first}{number}"
    made = f"{written}{sign}{there}"
    return made.upper() if value.isupper() else made.lower() if local[:1].islower() or "." not in local else made


def _name(value: str, draw: Draw) -> str | None:
    script = _script(value)
    if script is not None:
        given, word = draw.of(script[2]), script[3]
        if script[0] >= 0x3040:  # without a space between, the family's name first
            return f"{word}{' ' if ' ' in value else ''}{given}"
        return _ordered(value, given, word)
    return _cased(_ordered(value, draw.of(FIRST_NAMES), draw.of(_SURNAMES)), value)


def _ordered(value: str, given: str, family: str) -> str:
    """Put two names as a value has them."""
    if "," in value:
        return f"{family}{', ' if ', ' in value else ','}{given}"
    return f"{given} {family}" if len(value.split()) > 1 else f"{given}-{family}"


def _given(value: str, draw: Draw) -> str | None:
    script = _script(value)
    if script is not None:
        return f"{draw.of(script[2])}-{script[3]}"
    return _cased(f"{draw.of(FIRST_NAMES)}-Example", value)


def _family(value: str, draw: Draw) -> str | None:
    script = _script(value)
    return script[3] if script is not None else _cased(draw.of(_SURNAMES), value)


def _place(value: str, draw: Draw) -> str | None:
    script = _script(value)
    word = script[3] if script is not None else "Example"
    digits = [c for c in value if c.isdigit()]
    if not digits:
        return _cased(
            f"{word} {draw.of(('Town', 'Village', 'Valley', 'Hill', 'Bay'))}" if script is None else word, value
        )
    number = 1 + draw.below(199)
    street = f"{word} {draw.of(('Street', 'Road', 'Lane', 'Avenue'))}" if script is None else word
    return _cased(f"{number} {street}" if value[:1].isdigit() else f"{street} {number}", value)


def _user(value: str, draw: Draw) -> str:  # noqa: ARG001 (a `_Maker`)
    return f"example{draw.below(10_000)}"


def _shaped(value: str, draw: Draw) -> str:
    """Draw a letter for each letter and a digit for each digit."""
    made = []
    for at, sign in enumerate(value):
        if sign.isdigit():
            is_first = sign != "0" and not (at and value[at - 1].isdigit())
            made.append(str(1 + draw.below(9)) if is_first else str(draw.below(10)))
        elif sign.isalpha() and sign.isascii():
            letter = chr(ord("a") + draw.below(26))
            made.append(letter.upper() if sign.isupper() else letter)
        else:
            made.append("X" if sign.isalpha() else sign)
    return "".join(made)


def _emptied(value: str) -> str:
    """Give zeros for digits and X for letters; what reads as a number still does."""
    if _NUMBER.match(value):
        whole, point, rest = value.partition(".")
        digits = whole.removeprefix("-")
        short = point or len(digits) <= _SHORT
        return ("0" if short else "1" + "0" * (len(digits) - 1)) + point + "0" * len(rest)
    return "".join("0" if c.isdigit() else ("x" if c.islower() else "X") if c.isalpha() else c for c in value)


def _word(value: str) -> str:
    script = _script(value)
    return script[3] if script is not None else "Example"


def _cased(made: str, value: str) -> str:
    if value.isupper() and len(value) > 1:
        return made.upper()
    return made.lower() if value.islower() else made


def _script(value: str) -> tuple[int, int, tuple[str, ...], str] | None:
    for sign in value[:_LONGEST_WORD]:
        for script in _SCRIPTS:
            if script[0] <= ord(sign) <= script[1]:
                return script
    return None


def _plain(make: Callable[[str, Draw], str | None]) -> "_Maker":
    return lambda value, draw, _: make(value, draw)


_Maker = Callable[[str, Draw, Drawing], str | None]

_KINDS: Final[Mapping[str, str]] = {
    "user.contact.email": "email",
    "user.contact.phone_number": "phone",
    "user.contact.fax_number": "phone",
    "user.contact.address": "place",
    "user.demographic.date_of_birth": "day",
    "user.device.ip_address": "address",
    "user.device.mac_address": "mac",
    "user.financial.credit_card": "card",
    "user.name": "name",
    "user.name.first": "given",
    "user.name.last": "family",
    "user.account.username": "user",
    "user": "day",
}

_MAKERS: Final[Mapping[str, _Maker]] = {
    "email": _email,
    "phone": _plain(alike_numbers.phone),
    "card": _plain(alike_numbers.card),
    "iban": _plain(alike_numbers.iban),
    "address": _plain(alike_numbers.address),
    "mac": _plain(alike_numbers.mac),
    "day": _plain(alike_dates.day),
    "name": _plain(_name),
    "given": _plain(_given),
    "family": _plain(_family),
    "place": _plain(_place),
    "user": _plain(_user),
}

_KNOWN: Final[Mapping[str, Callable[[str], bool]]] = {
    "phone": alike_numbers.is_fictional,
    "iban": alike_numbers.is_of_no_bank,
    "mac": alike_numbers.is_documented_mac,
    "day": alike_dates.is_first_of_year,
}
