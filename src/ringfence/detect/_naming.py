"""What a field's name means, with what stands above it.

The rule: a name is read from its end, and the longest one that is known counts. A short one (`name`, `state`, `card`) needs
people or addresses above it, or a word before it that says whose it is (`buyer_name`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType

from ringfence.detect import _meanings, _speaking
from ringfence.detect._places import Context, Place, context_of, singular
from ringfence.detect._words import folded
from ringfence.detect.recognizer import listed
from ringfence.taxonomy import is_within


@dataclass(frozen=True, slots=True)
class Meaning:
    """A category that a name speaks of, the word of the table that it was known by, and how surely it means it (0 to 1)."""

    category: str
    word: str
    surety: float


def _table(rows: Iterable[tuple[str, str]]) -> MappingProxyType[str, tuple[str, str]]:
    known: dict[str, tuple[str, str]] = {}
    for category, names in rows:
        for name in listed(names):
            known.setdefault(folded(name), (category, name))
    return MappingProxyType(known)


def _words(words: Iterable[str]) -> frozenset[str]:
    return frozenset(map(folded, words))


_PLAIN = _table(_meanings.PLAIN)
_BESIDE = {Context.PEOPLE: _table(_meanings.BESIDE_PEOPLE), Context.ADDRESSES: _table(_meanings.BESIDE_ADDRESSES)}
_HARMLESS, _FREE = _words(_speaking.HARMLESS), _words(_speaking.FREE)
_NEGATING, _NO_ADDRESS = _words(_speaking.NEGATING), _words(_speaking.NO_ADDRESS)
_SAID = _table(_speaking.SAID)
_TURNING, _FOLLOWING, _DOERS = _speaking.TURNING, _speaking.FOLLOWING, _speaking.DOERS
_SAID_WITHIN = 12  # words of a comment that are read
_SAID_LONGEST = 5  # words of a phrase

_HEADS = _table(
    (
        ("user.contact.address", "adresse, adres, direccion, domicilio, indirizzo, endereco, adresa"),
        ("user.contact.phone_number", "telephone, telefono, telefone, telefon, telefoon"),
        ("user.contact.email", "correo, courriel"),
        ("user.name.last", "apellido, apellidos, cognome, nazwisko, sobrenome"),
        ("user.name.first", "prenom, imie"),
    )
)
"""Names at the beginning of others, in languages that put them there. `nom_produit` is why the bare names are not among them."""
_COMPOUNDS = _table(
    (
        ("user.contact.address", "adresse, anschrift, adres"),
        ("user.contact.phone_number", "telefon, telefonnummer, handynummer, telefoonnummer"),
        ("user.demographic.date_of_birth", "geburtsdatum"),
        ("user.financial.bank_account", "kontonummer, rekeningnummer"),
    )
)
"""Ends of compounds that are written as one word."""

_TAILS = _words(
    listed(
        "home, work, office, private, primary, secondary, main, business, mobile, personal, raw, value, values, text, hash, "
        "hashed, encrypted, enc, old, new, current, previous, original, normalized, formatted, clean, lower, full, other, alt, "
        "txt, str, string, field, col, nr, no, num, number, list, array, display, en, de, fr, es, it, data, "
        "privat, prive, privee, privado, perso, pro, movil, movel, brut, brutto, bruto, netto, neto, gross"
    )
)
"""Last words without which a name means the same. A hashed address is one still: a pseudonym."""

_BARE_NAMES = frozenset(("name", "nom", "nombre", "nome", "naam", "nazwa", "nev", "names"))
_PARTS = frozenset(("given", "family", "first", "last", "middle"))
_LINKS = frozenset(("url", "web", "site", "title", "number", "code", "key", "no", "nr", "height", "weight"))
"""Names that mean something only right under the one that speaks of people."""
_OWN = _words(
    listed("full, legal, preferred, real, official, native, latin, complete, own, alternative, former, public, sort")
)
"""Words before a bare `name` that leave it whose it was."""
_WHOSE = _words(
    listed(
        "birth, home, residence, private, shipping, billing, ship, bill, mailing, delivery, invoice, contact, origin"
    )
)
"""Words before a place that make it a person's: `ship_country`."""

_ALONE = _words(
    listed(
        "age, race, sex, via, cap, str, mac, rue, geo, handle, pan, faith, nir, rut, cookie, ort, tin, cell, lat, mail, alter"
    )
)
"""Short names that mean it alone, or after a word for people: `waiting_age` is nobody's."""
_PAGING = _words(listed("page, next, previous, prev, continuation, sync, csrf, xsrf, cursor, delta, resume"))
_JOINING = _words(listed("to, for, or, and, sid, id, per, max, min, total, unique, concurrent, self"))
_TREES = frozenset(("parent", "child", "children", "family", "relative"))
"""Words for people that, in a key, are mostly of a tree: `parent_id`."""
_PLACES_OF = tuple(f"user.contact.address.{part}" for part in ("city", "state", "postal_code"))
_DEALINGS = frozenset(
    listed(
        "order, invoice, payment, shipment, ticket, session, policy, claim, coverage, encounter, auftrag, rechnung, commande, "
        "pedido, ordine, event"
    )
)
"""Things that are somebody's, so that a place in them is where he is."""
_CHANNELS = frozenset(("email", "mail", "ip", "mac"))
_ENDS = _words(listed("to, from, cc, bcc, von, an, de, para"))
_TALK = _words(
    listed(
        "message, call, sms, mms, mail, email, fax, party, caller, callee, sender, recipient, verification, voice, chat, "
        "conversation, e164, e.164, nachricht, mensaje, correo"
    )
)
"""Words beside which `to` and `from` are people, not a span of time."""

_KEYS = frozenset(("id", "ids", "uuid", "guid", "sid", "key", "pk", "fk", "ref", "reference", "oid", "identifier"))
_COUNTED = frozenset(("no", "nr", "num", "number", "nummer", "numero"))
"""Words that make a key of a person's: `emp_no`."""
_HEADING_KEYS = frozenset(("id", "cod", "codigo", "num", "numero", "nro", "no", "nr"))
_SHORTEST = 3  # letters of a word that stands for a longer one
_UNSURE = frozenset(
    listed(
        "subject, agent, operator, identity, cast, parent, editor, family, lead, profile, relative, human, "
        "individual, child, children, login, username, contact, user, account, label, friend, party"
    )
)
"""Words for people that, alone as a field's name, may well mean something else."""
_FIRMS_NAMED = frozenset(
    listed(
        "organization, organisation, company, employer, firm, firma, hospital, clinic, school, university, "
        "institution, unternehmen"
    )
)
_PLACES = frozenset(("user.contact.address", "user.contact.address.state", "user.contact.address.country"))


def endings(words: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give what a name ends in, the longest first, each with the words before it; then the same without an empty last word."""
    while words:
        for at in range(len(words)):
            ending = "".join(words[at:])
            yield ending, words[:at]
            if (one := singular(ending)) != ending:
                yield one, words[:at]
            if ending.endswith("nr") and len(ending) > 4:
                yield f"{ending[:-2]}nummer", words[:at]  # German and Dutch
        if len(words) == 1 or not (words[-1].isdigit() or words[-1] in _TAILS):
            return
        words = words[:-1]


def meaning_of(place: Place) -> Meaning | None:
    """Say what a field's name means; None where it says nothing of a person."""
    if not place.words or (len(place.words) > 1 and place.words[0] in _NEGATING):
        return None
    words = place.words
    if words in (("address",), ("addr",)) and place.above and singular(place.above[0][-1]) in _CHANNELS:
        words = (singular(place.above[0][-1]), *words)
    for ending, before in endings(words):
        if (known := _PLAIN.get(ending)) is not None and not _is_other(known[0], ending, before, place):
            return Meaning(*known, 0.9 if not before or len(ending) > 3 else 0.75)
        if (meant := _beside(ending, before, place)) is not None:
            return meant
    return _headed(words)


def _headed(words: tuple[str, ...]) -> Meaning | None:
    """Read names whose first word says what they are, and compounds: `adresse_livraison`, `lieferadresse`."""
    first, last = words[0], words[-1]
    if len(words) > 1 and first in _HEADS and not any(word in _NO_ADDRESS or word in _NEGATING for word in words[1:]):
        return Meaning(*_HEADS[first], 0.7)
    for end, known in _COMPOUNDS.items():
        if last.endswith(end) and last != end and last.removesuffix(end) not in _NO_ADDRESS:
            return Meaning(*known, 0.75)
    return None


def _is_other(known_as: str, ending: str, before: tuple[str, ...], place: Place) -> bool:
    """Tell a known name that the words around it make something else: `city` in a table of airports is no person's."""
    if any(is_within(known_as, one) for one in _PLACES_OF):
        if before:
            return before[-1] in ("in", "near")  # where something is looked for
        return (
            place.context is Context.THINGS
            and place.near
            and not is_lookup(place)
            and singular(place.above[0][-1]) not in _DEALINGS
        )
    if known_as.startswith("user.name") and before:
        return context_of(before) in (Context.ORGANISATIONS, Context.THINGS)
    if ending in ("token", "tokens"):
        return bool(before) and before[-1] in _PAGING
    return ending in _ALONE and bool(before) and context_of(before) is not Context.PEOPLE


def _beside(ending: str, before: tuple[str, ...], place: Place) -> Meaning | None:
    """Read a name that needs somebody whose it is."""
    if ending in ("address", "addr", "adresse") and before and before[-1] in _NO_ADDRESS:
        return None
    context = place.context
    surety = 0.9 if place.near else 0.7
    if before:
        said = context_of(before)
        if said in (Context.PEOPLE, Context.ADDRESSES):
            context, surety = said, 0.85
        elif before[-1] in _WHOSE:
            context, surety = Context.ADDRESSES, 0.85
        elif before[-1] not in _OWN and not before[-1].isdigit() and ending not in ("address", "addr", "adresse"):
            return None  # the word before says what it is of: `product_name`, `call_state`
    if not before and ending in _PARTS and place.above and place.above[0][-1] in _BARE_NAMES:
        context = Context.PEOPLE  # FHIR's `name.given`
    for one in (context, Context.PEOPLE if context is Context.ADDRESSES else context):
        if one in _BESIDE and (known := _BESIDE[one].get(ending)) is not None:
            return None if ending in _LINKS and not place.near else Meaning(*known, surety)
    return _elsewhere(ending, context)


def _elsewhere(ending: str, context: Context) -> Meaning | None:
    """Read a place's name where nobody is spoken of: a table of its own, or an organisation's."""
    if ending not in _BESIDE[Context.ADDRESSES]:
        return None
    category, word = _BESIDE[Context.ADDRESSES][ending]
    if category not in _PLACES or word in ("line", "label", "text", "area", "division", "subdivision", "formatted"):
        return None
    if context is Context.ORGANISATIONS:
        return Meaning(category, word, 0.6)
    if category == "user.contact.address":
        return Meaning(category, word, 0.65)
    return None


def is_lookup(place: Place) -> bool:
    """Whether a field is the name in a table of places, which a join leads to from a person's address: `country.country`."""
    return bool(place.above) and len(place.words) == 1 and singular(place.above[0][-1]) == singular(place.words[0])


def lookup_of(place: Place) -> Meaning | None:
    """Say what a table of places holds."""
    if not is_lookup(place):
        return None
    word = singular(place.words[0])
    known = _BESIDE[Context.ADDRESSES].get(word)
    return Meaning(*known, 0.55) if known is not None and known[0] in _PLACES else None


def key_of(place: Place) -> Context | None:
    """Say whose key a field is, if it is one: `customer_id`, `id` in a table of customers, `subject.reference`."""
    words = place.words[:-1] if place.words[-1:] == ("value",) else place.words
    if words and words[-1] not in _KEYS and len(words) == 1:
        for key in ("uuid", "guid", "id"):
            if words[0].endswith(key) and context_of((words[0].removesuffix(key),)) is Context.PEOPLE:
                return Context.PEOPLE
    if len(words) > 1 and words[-1] in _COUNTED and context_of(words[:-1]) is Context.PEOPLE:
        return Context.PEOPLE
    if len(words) > 1 and words[0] in _HEADING_KEYS and context_of(words[1:]) is Context.PEOPLE:
        return Context.PEOPLE  # as languages have it that put the key first: `id_cliente`
    if len(words) > 1 and words[-1] in (*_KEYS, *_COUNTED) and _shortens(words[:-1], place):
        return Context.PEOPLE
    if not words or words[-1] not in _KEYS:
        return None
    if len(words) > 1:
        return Context.NOTHING if words[0] in _TREES else context_of(words[:-1])
    if words[0] in ("reference", "ref") and place.above:
        return context_of(place.above[0])
    return place.context if place.near else Context.NOTHING


def _shortens(words: tuple[str, ...], place: Place) -> bool:
    """Whether a word is the beginning of the name of the table of people that it stands in: `pat_nr` in `patienten`."""
    if not place.near or place.context is not Context.PEOPLE or len(words) != 1:
        return False
    return len(words[0]) >= _SHORTEST and any(
        word.startswith(words[0]) and context_of((word,)) is Context.PEOPLE for word in place.above[0]
    )


def person_named(place: Place) -> str | None:
    """Give the word by which a field is named after a person: `buyer`, `created_by`."""
    words = tuple(word for word in place.words if not word.isdigit())
    if len(words) > 1 and words[-1] in ("display", "text", "value", "label"):
        words = words[:-1]  # FHIR's `patient.display`
    if len(words) > 1 and words[-1] in ("by", "von"):
        return "by" if words[-2] in _DOERS else None
    if words[-2:] == ("assigned", "to"):
        return "assigned to"
    if len(words) > 1 and (any(word in _JOINING for word in words[:-1]) or len(words) > 3):
        return None
    if words and context_of((words[-1],)) is Context.PEOPLE:
        one = singular(words[-1])
        return None if one in _UNSURE and not (len(words) > 1 and one in ("contact", "user")) else one
    return None


def is_plural(place: Place) -> bool:
    """Whether a name is of several: of a list, or of a count."""
    return bool(place.words) and singular(place.words[-1]) != place.words[-1]


def is_bare_name(place: Place) -> bool:
    """Whether a field is just a `name`."""
    return bool(place.words) and place.words[-1] in _BARE_NAMES


def names_firm(place: Place) -> bool:
    """Whether a field is the name of an organisation in a table of such."""
    return place.words in (("name",), ("title",)) and bool(place.above) and singular(place.above[0][-1]) in _FIRMS_NAMED


def is_harmless(place: Place) -> bool:
    """Whether a name is one that says nothing of a person by itself."""
    return any(ending in _HARMLESS for ending, _ in endings(place.words))


def is_free(place: Place) -> bool:
    """Whether a name is one under which people write what they like, or of a container."""
    return any(ending in _FREE for ending, _ in endings(place.words))


def is_negated(place: Place) -> bool:
    """Whether a name asks, counts or switches: `has_phone`."""
    return len(place.words) > 1 and place.words[0] in _NEGATING


def said_by(comment: str) -> Meaning | None:
    """Say what a comment says that its field is.

    >>> said_by("The caller's phone number, in E.164 format").category, said_by("The country of the phone number")
    ('user.contact.phone_number', None)
    """
    words = [folded(word) for word in comment[:400].replace("-", " ").split()[: _SAID_WITHIN + _SAID_LONGEST]]
    for at in range(min(_SAID_WITHIN, len(words))):
        for size in range(_SAID_LONGEST, 0, -1):
            known = _SAID.get("".join(words[at : at + size]))
            if known is not None and not (words[at + size : at + size + 1] and words[at + size] in _FOLLOWING):
                return Meaning(*known, 0.6)
        if words[at] in _TURNING:
            return None
    return None


def owned(place: Place, comment: str) -> Place | None:
    """Give the place as it is read where a comment says whose the field is: `The user's subdivision`."""
    first = [word.rstrip(",.:") for word in comment[:400].replace("\u2019", "'").split()[:4]]
    if place.context is Context.PEOPLE or not any(
        word.endswith("'s") and context_of((folded(word[:-2]),)) is Context.PEOPLE for word in first
    ):
        return None
    return Place(place.words, place.above, Context.PEOPLE, near=True)


def reaches_somebody(place: Place, comment: str) -> str | None:
    """Give the word by which a field is an end of a message or a call: `message.to`."""
    last = place.words[-1] if place.words else ""
    if last not in _ENDS or len(place.words) > 2:
        return None
    spoken = {singular(folded(word)) for word in comment[:400].split()}
    beside = {singular(word) for segment in (place.words[:-1], *place.above) for word in segment}
    return last if _TALK & (spoken | beside) else None
