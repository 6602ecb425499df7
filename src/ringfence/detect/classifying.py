"""What a column, a field or a JSON path holds, judged by its name, type, comment and a sample of its values.

The rule: pure, linear, and silent about values: what is said of a field is a category, a confidence and codes. Where a name and
its values disagree, values win if they have check digits or a shape that nothing else has. What cannot be told is `unknown`,
never `none`: a field that is `none` passes unscanned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ringfence.detect import _naming
from ringfence.detect._naming import Meaning
from ringfence.detect._places import Context, Place, place_of
from ringfence.detect._samples import Profile, profiled
from ringfence.detect._types import Kind, kind_of
from ringfence.detect.detector import Detector
from ringfence.detect.recognizer import listed
from ringfence.taxonomy import is_within

NONE, SCAN, UNKNOWN = "none", "scan", "unknown"

_MOST_CERTAIN = 0.98
_ENOUGH = 0.7  # share of a sample from which it is what the detector finds in it
OF_PEOPLE = "sample:of people"
_LONG = 6  # digits that are no count
_FEW = 5  # values from which a sample says something against a name


@dataclass(frozen=True, slots=True)
class Classified:
    """A judgement of a field.

    Attributes
    ----------
    judgement
        A category's path, ``none`` (nothing personal), ``scan`` (free text: content decides) or ``unknown``.
    confidence
        0.0 to 1.0: about what share of the answers with this figure are right.
    evidence
        Codes that say why: ``field:email``, ``values:EMAIL_ADDRESS:0.97`` (the share of the sample), ``type:boolean``,
        ``comment:date of birth``, ``shape:free text``, ``sample:empty``. Words in them come from ringfence's own tables.
    """

    judgement: str
    confidence: float
    evidence: tuple[str, ...]


def classify(
    name: str,
    type: str,  # noqa: A002 (the word that every source has for it)
    comment: str,
    sample: Sequence[str],
    *,
    detector: Detector | None = None,
) -> Classified:
    """Judge a field.

    Parameters
    ----------
    name
        Its whole path: what stands above it is context (``public.customer.email``, ``$.patient.name[].given``).
    type
        What the source calls its type; empty where it has none.
    comment
        What is written about it.
    sample
        Values as text. They are looked at, and not kept.
    detector
        Whose findings count; by default one that looks for everything.

    >>> classify("public.customer.e_mail", "text", "", ["anna@mail.example", "ben@mail.example"]).judgement
    'user.contact.email'
    >>> classify("public.film.title", "text", "", ["Blue Chair", "The Long Way"]).judgement
    'none'
    """
    place = place_of(name)
    kind = kind_of(type)
    by_type = _by_format(type) or _by_type(place, kind)
    if by_type is not None:
        return by_type
    meaning = _naming.meaning_of(place) or _naming.lookup_of(place)
    said = _naming.said_by(comment) if comment else None
    if meaning is None and (owned := _naming.owned(place, comment)) is not None:
        meaning = _naming.meaning_of(owned)
    detector = detector or _everything()
    told = detector.told_by_field(name)
    hint = told[1] if told is not None else _hint(meaning or said)
    seen = profiled(sample, detector, hint) if sample else None
    return (
        _by_told(seen, told, detector)
        or _by_proof(seen, meaning, kind, detector)
        or _by_name(place, kind, meaning, seen)
        or _by_key(place, kind, seen)
        or _by_comment(place, kind, said, seen)
        or _by_ends(place, kind, comment, seen)
        or _by_values(place, kind, seen, detector)
        or _without(place, kind, seen)
    )


def tells_its_kind(table: str) -> bool:
    """Whether a table's name says whom or what it is of.

    >>> tells_its_kind("public.customers"), tells_its_kind("public.orders"), tells_its_kind("public.tbl_07")
    (True, True, False)
    """
    return place_of(f"{table}.field").context is not Context.NOTHING


@lru_cache(maxsize=1)
def _everything() -> Detector:
    return Detector()


def _hint(meaning: Meaning | None) -> str:
    """Give the field's name that the detector is told, so that what it takes only beside a word is found."""
    match meaning.category if meaning is not None else "":
        case "user.contact.phone_number" | "user.contact.fax_number":
            return "phone"
        case "user.demographic.date_of_birth":
            return "birth_date"
        case "user.government_id.national_identification_number":
            return "ssn"
        case "user.financial.credit_card":
            return "card"
    return ""


# --- types that settle it -------------------------------------------------------------------------------------------------

_SENSITIVE_FLAGS = ("user.health", "user.demographic", "user.criminal_history")
_MOMENTS = ("user.demographic.date_of_birth",)
_DAYS = (*_MOMENTS, "user.financial.credit_card.expiration_date", "user.professional_information")
_EXPIRES = frozenset(("expires", "expiry", "expiration", "exp", "expire", "validthru", "gultigbis"))
_PAYING = frozenset(("card", "cards", "payment", "payments", "cc", "creditcard", "billing"))


_FORMATS = {
    "email": "user.contact.email",
    "idn-email": "user.contact.email",
    "phone-number": "user.contact.phone_number",
    "phone": "user.contact.phone_number",
    "password": "user.authorization.password",
}
"""Formats of OpenAPI and JSON Schema that say what a string is."""


def _by_format(type: str) -> Classified | None:  # noqa: A002 (see `classify`)
    category = _FORMATS.get(type.strip().casefold())
    return None if category is None else Classified(category, 0.9, (f"type:{type.strip().casefold()}",))


def _by_type(place: Place, kind: Kind) -> Classified | None:
    evidence = f"type:{kind.value}"
    match kind:
        case Kind.BOOLEAN:
            asked = (
                Place(place.words[1:], place.above, place.context, near=place.near)
                if _naming.is_negated(place)
                else place
            )
            meaning = _naming.meaning_of(asked)
            if meaning is not None and any(is_within(meaning.category, one) for one in _SENSITIVE_FLAGS):
                return Classified(meaning.category, 0.6, (f"field:{meaning.word}", evidence))
            return Classified(NONE, 0.97, (evidence,))
        case Kind.NETWORK:
            return Classified("user.device.ip_address", 0.9, (evidence,))
        case Kind.HARDWARE:
            return Classified("user.device.mac_address", 0.95, (evidence,))
        case Kind.MOMENT | Kind.DATE:
            return _by_day(place, kind, evidence)
        case Kind.SEARCH:
            return Classified(SCAN, 0.7, (evidence,))
        case Kind.RANGE:
            return Classified(NONE, 0.8, (evidence,))
        case Kind.BYTES:
            return _by_bytes(place, evidence)
        case Kind.GEOMETRY:
            if place.context in (Context.PEOPLE, Context.ADDRESSES):
                return Classified("user.location.precise", 0.8, (evidence,))
    return None


def _by_day(place: Place, kind: Kind, evidence: str) -> Classified:
    meaning = _naming.meaning_of(place)
    if meaning is not None and meaning.category in (_MOMENTS if kind is Kind.MOMENT else _DAYS):
        return Classified(meaning.category, 0.93, (f"field:{meaning.word}", evidence))
    expires = any(word in _EXPIRES for word in ("".join(place.words[-2:]), *place.words))
    if kind is Kind.DATE and expires and any(word in _PAYING for word in (*place.words, *sum(place.above[:1], ()))):
        return Classified("user.financial.credit_card.expiration_date", 0.8, ("field:expires", evidence))
    return Classified(NONE, 0.95 if kind is Kind.MOMENT else 0.9, (evidence,))


def _by_bytes(place: Place, evidence: str) -> Classified:
    meaning = _naming.meaning_of(place)
    if meaning is not None:
        return Classified(meaning.category, 0.85, (f"field:{meaning.word}", evidence))
    return Classified(UNKNOWN, 0.5, (evidence,))


# --- what its user tells of it ---------------------------------------------------------------------------------------------


def _by_told(seen: Profile | None, told: tuple[str, str] | None, detector: Detector) -> Classified | None:
    """Judge by the recognizers and lists that the detector's user gave it: by their fields, or by what fills the values."""
    for entity, share in seen.whole[:1] if seen is not None else ():
        if detector.is_own(entity) and share >= _ENOUGH and (seen is None or seen.count >= 3 or told is not None):
            return Classified(detector.category_of(entity), 0.9, (_values(entity, share),))
    if told is None:
        return None
    entity, word = told
    return Classified(detector.category_of(entity), 0.85 if seen is None else 0.6, (f"field:{word}",))


# --- values that prove it -------------------------------------------------------------------------------------------------

_PROVING = frozenset(
    listed(
        "EMAIL_ADDRESS, IBAN, CREDIT_CARD, JWT, PRIVATE_KEY, URL_CREDENTIALS, MAC_ADDRESS, CLOUD_KEY, FORGE_TOKEN, "
        "SERVICE_TOKEN, CRYPTO, BE_NATIONAL_NUMBER, BR_CPF, CH_AHV, CN_RESIDENT_ID, ES_NIE, FI_PERSONAL_IDENTITY_CODE, "
        "IT_FISCAL_CODE, MX_CURP"
    )
)
_SHOWING = frozenset((*_PROVING, "PHONE_NUMBER", "IP_ADDRESS", "US_SSN", "DATE_OF_BIRTH"))


def _values(entity: str, share: float) -> str:
    return f"values:{entity}:{share:.2f}"


def _by_proof(seen: Profile | None, meaning: Meaning | None, kind: Kind, detector: Detector) -> Classified | None:
    if seen is None or not seen.whole:
        return None
    entity, share = seen.whole[0]
    category = detector.category_of(entity)
    agrees = meaning is not None and (is_within(meaning.category, category) or is_within(category, meaning.category))
    if entity in _SHOWING and agrees and meaning is not None and share >= 0.3:
        narrower = meaning.category if is_within(meaning.category, category) else category
        return Classified(
            narrower, min(_MOST_CERTAIN, 0.9 + share / 10), (f"field:{meaning.word}", _values(entity, share))
        )
    if entity in _PROVING and share >= _ENOUGH and (seen.count >= 3 or meaning is None):
        if entity == "CREDIT_CARD" and kind is Kind.NUMBER and share < 0.9:
            return None  # one in ten numbers has a good check digit by chance, and their first digits may fit, too
        return Classified(category, min(0.95, 0.6 + share / 3 + min(seen.count, 20) / 400), (_values(entity, share),))
    return None


# --- what the name says ---------------------------------------------------------------------------------------------------

_NEVER_NUMBERS = (
    "user.name",
    "user.contact.email",
    "user.contact.address.city",
    "user.contact.address.state",
    "user.contact.address.country",
    "user.contact.social_url",
    "user.content",
    "user.professional_information",
    "user.behavior",
)
_SECRETS = ("user.authorization", "user.biometrics")


def _by_name(place: Place, kind: Kind, meaning: Meaning | None, seen: Profile | None) -> Classified | None:
    if meaning is None:
        if _naming.names_firm(place) and kind in (Kind.TEXT, Kind.OTHER):
            return Classified("user.professional_information.workplace", 0.5, ("field:name of an organisation",))
        return None
    evidence = [f"field:{meaning.word}"]
    category, surety = meaning.category, meaning.surety
    if kind is Kind.NUMBER and any(is_within(category, one) for one in _NEVER_NUMBERS):
        return None
    if kind is Kind.UUID and not (is_within(category, "user.unique_id") or is_within(category, "user.device")):
        return None
    if (
        kind is Kind.DOCUMENT
        and not is_within(category, "user.contact.address")
        and not is_within(category, "user.name")
    ):
        return None
    if seen is None:
        return Classified(category, surety * 0.88, (*evidence, "sample:empty"))
    if seen.truths == 1 and seen.count >= _FEW and not is_within(category, "user.demographic.gender"):
        return None  # an answer or a switch, whatever it is called
    if seen.times >= 0.9 and category != "user.demographic.date_of_birth":
        return None  # when something was, as in `phone: 2031-05-01T10:00:00`
    against, for_it = _shape_of(category, seen)
    if against and seen.count >= _FEW:
        return Classified(category, surety * 0.6, (*evidence, f"shape:{against}"))
    if for_it:
        return Classified(category, min(0.96, surety + 0.06), (*evidence, f"shape:{for_it}"))
    return Classified(category, surety, tuple(evidence))


def _shape_of(category: str, seen: Profile) -> tuple[str, str]:
    """Say what in the values' shape speaks against a category, and what for it."""
    if category.startswith("user.name"):
        if seen.numbers > 0.5 or seen.links > 0.3 or seen.documents > 0.5 or seen.words > 6:
            return "no names", ""
        return "", "names" if seen.given >= 0.1 else ""
    if category == "user.contact.email" and not any(entity == "EMAIL_ADDRESS" for entity, _ in seen.whole):
        return "no addresses", ""
    if category == "user.contact.phone_number" and seen.numbers < 0.2 and not seen.whole:
        return "no numbers", ""
    if category.startswith("user.authorization") and seen.hashes > 0.5:
        return "", "hashes"
    return "", ""


# --- keys -----------------------------------------------------------------------------------------------------------------


def _by_key(place: Place, kind: Kind, seen: Profile | None) -> Classified | None:
    if kind not in (Kind.NUMBER, Kind.UUID, Kind.TEXT, Kind.OTHER):
        return None
    owner = _naming.key_of(place)
    if owner is Context.PEOPLE:
        return Classified("user.unique_id", 0.85, ("key:of a person",))
    if owner is Context.NOTHING and place.words[0] == "identifier":
        return Classified("user.unique_id", 0.5, ("key:of nobody named",))
    if owner is not None and (kind in (Kind.NUMBER, Kind.UUID) or seen is None or seen.words < 2):
        return Classified(NONE, 0.85 if owner is not Context.NOTHING else 0.7, ("key:of a thing",))
    person = _naming.person_named(place)
    if person is None:
        return None
    evidence = f"field:{person}"
    if kind is Kind.NUMBER and _naming.is_plural(place):
        return None  # how many they are
    if kind in (Kind.NUMBER, Kind.UUID):
        return Classified("user.unique_id", 0.7, (evidence, f"type:{kind.value}"))
    if seen is None:  # who did something is mostly written as a number or a user's name
        return Classified("user.unique_id" if person == "by" else "user.name", 0.5, (evidence, "sample:empty"))
    if seen.numbers > 0.8 or seen.uuids > 0.8:
        return Classified("user.unique_id", 0.75, (evidence, "shape:keys"))
    if (seen.names >= 0.5 and seen.given >= 0.05) or seen.given >= 0.2:
        return Classified("user.name", 0.85, (evidence, "shape:names"))
    return None


# --- comments, values without a name, and the rest ------------------------------------------------------------------------


def _by_comment(place: Place, kind: Kind, said: Meaning | None, seen: Profile | None) -> Classified | None:
    if said is None or _naming.is_negated(place) or kind in (Kind.NUMBER, Kind.DOCUMENT):
        return None
    if seen is not None:
        if seen.is_enumeration or seen.truths == 1 or seen.times >= 0.9 or seen.is_prose:
            return None
        return Classified(said.category, 0.65, (f"comment:{said.word}",))
    if _naming.is_harmless(place) or _naming.is_free(place):
        return None
    return Classified(said.category, 0.55, (f"comment:{said.word}", "sample:empty"))


def _by_ends(place: Place, kind: Kind, comment: str, seen: Profile | None) -> Classified | None:
    """Judge who sends and who receives: what stands there reaches somebody, whatever it is."""
    if kind not in (Kind.TEXT, Kind.OTHER) or (
        seen is not None and (seen.is_enumeration or seen.numbers + seen.times > 0.9)
    ):
        return None
    word = _naming.reaches_somebody(place, comment)
    return None if word is None else Classified("user.contact", 0.6, (f"field:{word}",))


def _by_values(place: Place, kind: Kind, seen: Profile | None, detector: Detector) -> Classified | None:
    """Judge by what the values are where no name helps."""
    if seen is None:
        return None
    for entity, share in seen.whole[:1]:
        if share >= _ENOUGH and entity in _SHOWING and (seen.count >= 3 or share == 1):
            return Classified(detector.category_of(entity), 0.55 + share / 4, (_values(entity, share),))
    if kind is Kind.NUMBER:
        return None
    if seen.within > 0:
        return Classified(SCAN, 0.85, (f"values:some:{seen.within:.2f}",))
    if seen.hashes >= 0.9 and place.context is Context.PEOPLE:
        return Classified("user.authorization.password", 0.6, ("shape:hashes",))
    if place.context in (Context.THINGS, Context.ORGANISATIONS) and place.near:
        return None
    if seen.is_enumeration or seen.is_prose:
        return None
    if seen.count >= _FEW and seen.given >= 0.3 and seen.links == 0:
        return Classified("user.name", 0.65, ("shape:names",))
    if seen.count >= 3 and seen.names >= 0.7 and seen.given >= 0.15:
        return Classified("user.name", 0.7, ("shape:names",))
    return None


def _without(place: Place, kind: Kind, seen: Profile | None) -> Classified:
    """Judge a field of which neither its name nor its values say that it is personal."""
    if kind is Kind.NUMBER:
        return Classified(NONE, 0.85, (f"type:{kind.value}",))
    if kind is Kind.DOCUMENT:
        return Classified(SCAN, 0.8, (f"type:{kind.value}",))
    if seen is None:
        return _unseen(place)
    if seen.is_prose or seen.documents > 0.5:
        return Classified(SCAN, 0.8, ("shape:free text" if seen.is_prose else "shape:documents",))
    if _sorts_people(place, seen):
        return Classified(UNKNOWN, 0.5, (OF_PEOPLE,))
    harmless = _naming.is_harmless(place) or _is_count(place, seen)
    for share, code in (
        (seen.times, "moments"),
        (seen.dates, "dates"),
        (seen.truths, "truth values"),
        (seen.numbers, "numbers"),
    ):
        if share >= 0.95:
            return Classified(NONE, 0.8, ("field:nothing personal" if harmless else f"shape:{code}",))
    if _naming.is_free(place):
        return Classified(SCAN, 0.75, ("field:free text",))
    if (person := _naming.person_named(place)) is not None and not seen.is_enumeration:
        return Classified(UNKNOWN, 0.5, (f"field:{person}", "sample:says nothing"))
    if seen.is_enumeration:
        return Classified(NONE, 0.9, ("field:nothing personal" if harmless else "shape:few values",))
    if _naming.is_harmless(place):
        return Classified(NONE, 0.8, ("field:nothing personal",))
    if _naming.is_bare_name(place) and seen.firms >= 0.2:
        return Classified("user.professional_information.workplace", 0.5, ("shape:names of organisations",))
    if place.context is Context.THINGS and place.near and seen.given < 0.3:
        return Classified(NONE, 0.7, ("table:of things",))
    if seen.uuids >= 0.95 or seen.links >= 0.95:
        return Classified(NONE, 0.6, ("shape:links" if seen.links else "shape:keys",))
    return Classified(UNKNOWN, 0.5, ("sample:says nothing",))


def _sorts_people(place: Place, seen: Profile) -> bool:
    """Whether a text in a table of people tells them apart or sorts them, under a name that nobody here knows.

    Few values that come again are a status, or a religion, a union, a disability; digits are a count, or an insurance number. Of
    things that may pass as harmless. Of people it cannot be told, and `none` would pass it unscanned.
    """
    if place.context is not Context.PEOPLE or not place.near or seen.truths >= 0.95 or seen.times >= 0.95:
        return False
    if _naming.is_harmless(place) or _is_count(place, seen) or _naming.is_free(place):
        return False
    return seen.is_enumeration or seen.numbers >= 0.95


def _is_count(place: Place, seen: Profile) -> bool:
    """Whether a name asks, counts or switches, and the values can be its answers: `num_ss` of twelve digits counts nothing."""
    return _naming.is_negated(place) and not (seen.numbers >= 0.95 and seen.longest >= _LONG)


def _unseen(place: Place) -> Classified:
    if _naming.is_free(place):
        return Classified(SCAN, 0.65, ("field:free text", "sample:empty"))
    if _naming.is_harmless(place) or _naming.is_negated(place):
        return Classified(NONE, 0.65, ("field:nothing personal", "sample:empty"))
    return Classified(UNKNOWN, 0.5, ("sample:empty",))
