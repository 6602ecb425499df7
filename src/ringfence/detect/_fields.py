"""What a field's name says of its value.

The rule: a name is read as words (``homePhone``, ``HOME-PHONE``, ``home_phone`` are the same), from its end, where languages put
what a thing is; ``filename`` and ``product_name`` are no persons' names. A bare ``name`` counts only where its path says whose.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import re2

from ringfence.detect._against import AGAINST, against_by_name
from ringfence.detect._words import folded
from ringfence.detect.recognizer import listed

_TAILS = frozenset(
    (
        "number",
        "no",
        "nr",
        "num",
        "nummer",
        "numero",
        "value",
        "home",
        "work",
        "office",
        "private",
        "primary",
        "secondary",
    )
)
"""Last words that add nothing to what a field is; neither does a count."""

_PEOPLE = frozenset(
    listed(
        "user, customer, client, person, people, patient, employee, member, owner, contact, recipient, sender, "
        "guest, passenger, student, pupil, teacher, driver, subscriber, holder, beneficiary, applicant, "
        "candidate, player, spouse, child, parent, father, mother, doctor, physician, nurse, practitioner, "
        "author, actor, staff, manager, buyer, seller, payer, payee, tenant, borrower, donor, visitor, attendee, "
        "participant, creditor, debtor, insured, cardholder, billing, shipping, kunde, kundin, mitarbeiter, "
        "mitarbeiterin, benutzer, inhaber, empfanger, cliente, utente, usuario, klient, persona, personne, "
        "paciente, paziente, empleado, impiegato, klant, pasjent, pacjent, pracownik, medewerker, persoon, osoba, "
        "pessoa, funcionario"
    )
)
"""Whose name a bare ``name`` is."""

_BARE = frozenset(("name", "nom", "nombre", "nome", "naam", "nazwa"))
_PARTS = frozenset(("given", "family", "first", "last", "middle"))
"""Parts of a name, under a field that is called one: FHIR's ``patient.name.given``."""

_MOST = 512  # characters of a path that are read: paths come from payloads
_PATHS = 8192  # paths remembered


def words_of(segment: str) -> list[str]:
    """Split one name of a path into words, folded.

    >>> words_of("homePhone_2"), words_of("DATE-OF-BIRTH"), words_of("SSNumber")
    (['home', 'phone', '2'], ['date', 'of', 'birth'], ['ss', 'number'])
    """
    words: list[str] = []
    word = ""
    text = unicodedata.normalize("NFC", segment)
    for at, character in enumerate(text):
        after = text[at + 1 : at + 2]
        starts = bool(word) and (
            (character.isupper() and (not word[-1].isupper() or after.islower()))
            or character.isdigit() != word[-1].isdigit()
        )
        if starts or not character.isalnum():
            words.append(word)
            word = ""
        if character.isalnum():
            word += character
    words.append(word)
    return [folded(word) for word in words if word]


_GENERIC = frozenset(("number", "no", "nr", "num", "nummer", "numero", "value", "date", "datum"))
"""Names that say nothing without the one above: ``mobile.number``, ``birth.date``, ``telecom.value``."""

_WRAPPERS = frozenset(
    (
        "value",
        "example",
        "examples",
        "default",
        "stringvalue",
        "s",
        "n",
        "text",
        "date",
        "numberlong",
        "numberint",
        "timestampvalue",
    )
)
"""Names of what only wraps a value: of DynamoDB's, Firestore's and MongoDB's documents, of schemas' examples, FHIR's XML."""


_ASIDE = re2.compile(r"\s*\([^()]*\)")


def segments_of(path: str) -> list[list[str]]:
    """Split a path into its names, each as words; places in lists say nothing."""
    path = path[-_MOST:]
    if "(" in path:
        path = _ASIDE.sub("", path)  # ``date of birth (dd/mm/yyyy)``
    names = path.replace("[", ".").replace("]", ".").replace("/", ".").replace('"', "").split(".")
    read = [words_of(name) for name in names]
    return [words for words in read if words and not all(word.isdigit() for word in words)]


def _endings(words: list[str]) -> Iterable[str]:
    """Give the names that a segment ends in: all its words joined, then all but the first, and so on."""
    while words:
        for at in range(len(words)):
            ending = "".join(words[at:])
            yield ending
            if ending.endswith("s"):
                yield ending[:-1]  # a list of them
        if len(words) == 1 or not (words[-1].isdigit() or words[-1] in _TAILS):
            return
        words = words[:-1]


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and word not in _PEOPLE else word


def _is_persons_name(segments: list[list[str]]) -> bool:
    last = segments[-1]
    above = segments[-2] if len(segments) > 1 else []
    if last[-1] in _PARTS and len(last) == 1:
        return bool(above) and (above[-1] in _BARE or above == ["names"])
    if last[-1] not in _BARE and _singular(last[-1]) not in _BARE:
        return False
    if len(last) > 1:
        # `user_name` is what a person signs in with, not what they are called.
        return last[-2] != "user" and _singular(last[-2]) in _PEOPLE
    return bool(above) and _singular(above[-1]) in _PEOPLE


class FieldNames:
    """The field names of all entities, and what a path means by them."""

    def __init__(self, fields: Iterable[tuple[str, Iterable[str]]]) -> None:
        self._known: dict[str, tuple[tuple[str, str], ...]] = {}
        for entity, names in fields:
            for name in names:
                key = folded(name)
                self._known[key] = (*self._known.get(key, ()), (entity, name))
        self.entities = lru_cache(maxsize=_PATHS)(self._entities)
        self.says = lru_cache(maxsize=_PATHS)(self._says)

    def _says(self, path: str) -> dict[str, str]:
        """Give the entities that a path speaks of; where it speaks of none, under `AGAINST`, what it says its value is instead."""
        found = self.entities(path)
        segments = segments_of(path)
        name = against_by_name(segments[-1]) if segments and not found else None
        return found if name is None else {AGAINST: name}

    def _is_known(self, words: list[str]) -> bool:
        return any(ending in self._known for ending in _endings(words))

    def _entities(self, path: str) -> dict[str, str]:
        """Give the entities that a path speaks of, each with the name in the table that it was known by."""
        segments = segments_of(path)
        if not segments:
            return {}
        found: dict[str, str] = {}
        while len(segments) > 1 and "".join(segments[-1]) in _WRAPPERS and self._is_known(segments[-2]):
            segments = segments[:-1]
        words = segments[-1]
        if len(words) == 1 and words[0] in _GENERIC and len(segments) > 1:
            words = [*segments[-2], *words]
        for ending in _endings(words):
            for entity, name in self._known.get(ending, ()):
                found.setdefault(entity, name)
        if "PERSON" not in found and _is_persons_name(segments):
            found["PERSON"] = "name"
        return found
