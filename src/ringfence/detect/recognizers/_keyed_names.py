"""Names of people behind the keys of programs, logs and documents in text: ``first_name: "Anna"``, ``setLastName('Berg')``.

The rule: a key says that a name stands behind it, and what stands there is one only where it is written as names are: no type, no
label of a form, no word of a program.
"""

from collections.abc import Sequence

from ringfence.detect._bytes import is_word_before
from ringfence.detect._engine import prefix
from ringfence.detect._words import folded
from ringfence.detect.recognizer import Hit, Pattern, listed
from ringfence.detect.recognizers.labelled import PERSONS_NAME

_KEYS = (
    r"(?i:(?:first|last|full|given|family|middle|maiden|sur|fore|vor|nach|familien|geburts)[ _.-]?names?|prenom|prénom|apellidos?|"
    r"cognome|sobrenome|voornaam|achternaam|nazwisko|cardholder)"
)
_LONGEST_KEY = 20  # bytes, with what closes it
_JOINT = (
    r"[\"'`]?[\])>]?[\"'`]?(?:,?[ \t]{0,16}(?:=>|->|:=|[:=({,])?[ \t]{0,4}(?:[A-Za-z_:]{0,24}[(\[]|[NLURBFnlurbfc@])?[\"'`]"
    r"|[ \t]{0,16}[:=][ \t]{0,4})"
)
_FORE = r"(?:(?:(?:de|da|do|dos|del|della|di|la|las|los|le|van|von|der|den|ter|zu|bin|al|el) ){1,3}|[dDoO]['’])?"
_VALUE = _FORE + PERSONS_NAME.replace(r"\p{Lu}", r"[\p{Lu}\p{Lo}]", 1)

_NO_NAMES = frozenset(
    map(
        folded,
        listed(
            # labels and messages
            "name, names, first, last, full, given, family, middle, maiden, surname, forename, firstname, lastname, "
            "fullname, vorname, nachname, familienname, nom, prénom, prénoms, nombre, nombres, apellido, apellidos, "
            "nome, cognome, sobrenome, apelido, naam, voornaam, achternaam, imię, nazwisko, user, your, the, a, an, is, "
            "must, please, enter, invalid, required, missing, unknown, optional, default, empty, blank, field, label, "
            "value, title, column, customer, person, contact, email, phone, address, date, and, or, not, new, this, "
            "test, example, sample, none, null, nil, true, false, "
            # types
            "string, str, text, char, varchar, nvarchar, character, integer, int, any, object, optional, maybe, option, list, "
            "array, type, schema, faker, model, models, "
            "undefined, redacted, filtered, masked, anonymous, nobody, somebody, doe"
        ),
    )
)
_ENDS = frozenset(b",;&)]}<|\n\r\x1e")
_QUOTES = frozenset(b"\"'`")
_LONGEST = 80  # bytes of a name
_JOINING = ("Mc", "Mac", "De", "Di", "Du", "La", "Le", "Van", "Von", "Fitz", "O'", "D'", "O’", "D’")
_FULL_NAME = 2  # words of what is called a full one

_key = prefix(_KEYS + _JOINT, unicode=True)
_name = prefix(_VALUE, unicode=True)


def _is_name(text: str, *, quoted: bool) -> bool:
    """Tell a name from what else stands behind such keys: types, labels, names of programs' things."""
    words = text.replace("-", " ").split()
    if any(folded(word.strip(".")) in _NO_NAMES for word in words):
        return False
    if text.isupper() and not quoted and text.isascii():
        return False
    for word in words:
        rest = next((word[len(one) :] for one in _JOINING if word.startswith(one)), word)
        if not word.isupper() and any(letter.isupper() for letter in rest[1:]):
            return False
    return len(text) > 1


def _behind_key(data: bytes, start: int, end: int) -> Sequence[Hit]:
    if is_word_before(data, start) and not (data[start - 1 : start].islower() and data[start : start + 1].isupper()):
        return ()
    begin = _key(data, start, end)
    if begin < 0:
        return ()
    quote = data[begin - 1] if data[begin - 1] in _QUOTES else 0
    if quote:
        stop = data.find(quote, begin, begin + _LONGEST)
        while stop > 0 and quote == 0x27 and data[stop + 1 : stop + 2].isalpha():  # O'Hara
            stop = data.find(quote, stop + 1, begin + _LONGEST)
        if stop < 0 or _name(data, begin, stop) != stop:
            return ()
    else:
        stop = _name(data, begin, end)
        goes_on = data[stop : stop + 1]
        if stop < 0 or not (not goes_on or goes_on[0] in _ENDS or (goes_on == b" " and b"=" in data[start:begin])):
            return ()
        while stop > begin and data[stop - 1] in b".'-":
            stop -= 1
    text = data[begin:stop].decode(errors="replace")
    is_full = data[start : start + 4].lower() == b"full"
    if not _is_name(text, quoted=bool(quote)) or (is_full and len(text.split()) < _FULL_NAME):
        return ()
    return (Hit(begin, stop),)


BEHIND_KEYS = Pattern(
    "person-keyed",
    _KEYS + _JOINT + _VALUE,
    *(0.6, 0.6),
    trigger=_KEYS + r"[\"'`\]) \t:=({>,|]",
    before=1,
    after=200,
    check=_behind_key,
    unicode=True,
)
