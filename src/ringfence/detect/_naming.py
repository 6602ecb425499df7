"""What a field's name means, with what stands above it.

The rule: a name is read from its end, and the longest one that is known counts. A short one (`name`, `state`, `card`) needs
people or addresses above it, or a word before it that says whose it is (`buyer_name`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType

from ringfence.detect import _meanings
from ringfence.detect._places import Context, Place, context_of, singular
from ringfence.detect._words import folded
from ringfence.detect.recognizer import listed


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
_HARMLESS, _FREE = _words(_meanings.HARMLESS), _words(_meanings.FREE)
_NEGATING, _NO_ADDRESS = _words(_meanings.NEGATING), _words(_meanings.NO_ADDRESS)
_SAID = sorted(
    ((phrase, category) for category, phrases in _meanings.SAID for phrase in listed(phrases)),
    key=lambda one: -len(one[0]),
)

_TAILS = _words(
    listed(
        "home, work, office, private, primary, secondary, main, business, mobile, personal, raw, value, values, text, hash, "
        "hashed, encrypted, enc, old, new, current, previous, original, normalized, formatted, clean, lower, full, other, alt, "
        "txt, str, string, field, col, nr, no, num, number, list, array, display, en, de, fr, es, it"
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

_KEYS = frozenset(("id", "ids", "uuid", "guid", "sid", "key", "pk", "fk", "ref", "reference", "oid", "identifier"))
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
        if len(words) == 1 or not (words[-1].isdigit() or words[-1] in _TAILS):
            return
        words = words[:-1]


def meaning_of(place: Place) -> Meaning | None:
    """Say what a field's name means; None where it says nothing of a person."""
    if not place.words or (len(place.words) > 1 and place.words[0] in _NEGATING):
        return None
    for ending, before in endings(place.words):
        if (known := _PLAIN.get(ending)) is not None and not _is_other(ending, before, place):
            return Meaning(*known, 0.9 if not before or len(ending) > 3 else 0.75)
        if (meant := _beside(ending, before, place)) is not None:
            return meant
    return None


def _is_other(ending: str, before: tuple[str, ...], place: Place) -> bool:
    """Tell a known name that the words around it make something else: `city` in a table of airports is no person's."""
    if ending in ("city", "town", "district", "ort", "county", "province") and not before:
        return (
            place.context is Context.THINGS and place.near and context_of((ending,)) is not context_of(place.above[0])
        )
    if ending in (
        "token",
        "secret",
        "race",
        "via",
        "cap",
        "str",
        "mac",
        "rue",
        "geo",
        "handle",
        "pan",
        "faith",
        "nir",
        "rut",
        "cookie",
    ):
        return bool(before) and ending not in ("token", "secret")
    return False


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
    if not words or words[-1] not in _KEYS:
        return None
    if len(words) > 1:
        return context_of(words[:-1])
    if words[0] in ("reference", "ref") and place.above:
        return context_of(place.above[0])
    return place.context if place.near else Context.NOTHING


def person_named(place: Place) -> str | None:
    """Give the word by which a field is named after a person: `buyer`, `created_by`."""
    words = tuple(word for word in place.words if not word.isdigit())
    if words and words[-1] in ("by", "von") and len(words) > 1:
        return "by"
    if words and context_of((words[-1],)) is Context.PEOPLE:
        one = singular(words[-1])
        return None if one in _UNSURE and not (len(words) > 1 and one in ("contact", "user")) else one
    return None


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
    """Say what a comment speaks of."""
    text = comment[:4_000].casefold()
    for phrase, category in _SAID:
        if phrase in text:
            return Meaning(category, phrase, 0.6)
    return None
