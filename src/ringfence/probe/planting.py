"""Planting: synthetic people in the tables that a policy judges to hold people, so that a leak can be told for certain.

The rule: what will be inserted is in the manifest, durable, before it is; keys are chosen here, so that a row can be found
again. A table that refuses a row is told, with the SQLSTATE, and the others are filled all the same. Nothing of anybody real
is read but one key of a table that has to be referred to and holds nobody.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg
import re2

from ringfence.policy import Asset
from ringfence.policy.announcing import judge_path
from ringfence.policy.model import NONE, SCAN, UNKNOWN
from ringfence.probe.manifest import Manifest, Planted
from ringfence.probe.people import Person, make_person
from ringfence.probe.tables import Name, Place, Reference, Tables, read_tables, spelt

_LENGTH = re2.compile(r"\(([0-9]{1,5})\)")
_WHOLE = {"smallint": (30_000, 2_700), "integer": (1_900_000_000, 200_000_000), "bigint": (4 * 10**15, 10**15)}
_MEANT = {
    "user.demographic.date_of_birth": "date",
    "user.financial.credit_card.expiration_date": "date",
    "user.device.ip_address": "inet",
}


@dataclass(frozen=True, slots=True)
class Sown:
    """What came of planting: rows by table, and tables that took none, each with why."""

    rows: Mapping[str, int]
    refused: Mapping[str, str]


@dataclass
class _Planting:
    connection: psycopg.Connection
    tables: Tables
    asset: Asset
    manifest: Manifest
    keys: dict[tuple[Name, int], dict[str, str]] = field(default_factory=dict)  # of what was planted: column -> text


def plant(connection: psycopg.Connection, asset: Asset, manifest: Manifest, secret: bytes, people: int) -> Sown:
    """Plant so many people, but those that are there. The connection must be one that commits by itself."""
    planting = _Planting(connection, read_tables(connection), asset, manifest)
    there = manifest.rows()
    for row in there:
        planting.keys[(row.schema, row.table), row.person] = dict(row.key)
    known = {row.person for row in there}
    names = planting.tables.ordered([name for name in planting.tables.places if _holds_people(planting, name)])
    rows: dict[str, int] = {}
    refused: dict[str, str] = {}
    for number in range(1, people + 1):
        if number in known:
            continue
        person = make_person(secret, number)
        for name in names:
            label = ".".join(name)
            if label in refused:
                continue
            why = _sow(planting, name, person)
            if why:
                refused[label] = why
            else:
                rows[label] = rows.get(label, 0) + 1
    return Sown(rows, refused)


def _holds_people(planting: _Planting, name: Name) -> bool:
    judged = (_judgement(planting.asset, name, place) for place in planting.tables.places[name])
    return any(judgement not in (NONE, SCAN, UNKNOWN) for judgement in judged)


def _judgement(asset: Asset, name: Name, place: Place) -> str:
    longest = max(map(len, asset.fields), default=0)
    return judge_path(asset.fields, f"{name[0]}.{name[1]}.{place.name}", longest)


def _sow(planting: _Planting, name: Name, person: Person) -> str:
    """Plant one row; say why where it is refused."""
    key = planting.tables.key(name)
    if not key:
        return "it has no primary key by which a row could be found again"
    try:
        filled = dict(_filled(planting, name, person))
    except _NoParent as missing:
        return f"it refers to {missing}, which has no row"
    chosen = tuple((place.name, filled[place.name]) for place in key)
    row = Planted(*name, person.number, chosen)
    if _is_taken(planting, row):
        return "a key that was chosen for it is taken"
    planting.manifest.add([row])
    types = {place.name: place.type for place in planting.tables.places[name]}
    columns = ", ".join('"' + column.replace('"', '""') + '"' for column in filled)
    values = ", ".join(f"%s::{types[column]}" for column in filled)
    always = "overriding system value " if any(place.is_always for place in key) else ""
    statement = f"insert into {spelt(name)} ({columns}) {always}values ({values})"
    try:
        planting.connection.execute(statement.encode(), list(filled.values()))
    except psycopg.Error as error:
        planting.manifest.withdraw(row)  # or cleaning would take whatever else comes to have that key
        return f"it took no row ({error.sqlstate or 'no answer'})"
    planting.keys[name, person.number] = dict(filled)
    return ""


def _is_taken(planting: _Planting, row: Planted) -> bool:
    condition = " and ".join('"' + column.replace('"', '""') + '" = %s' for column, _ in row.key)
    query = f"select 1 from {spelt((row.schema, row.table))} where {condition} limit 1"  # noqa: S608 (names are quoted)
    return planting.connection.execute(query.encode(), [value for _, value in row.key]).fetchone() is not None


class _NoParent(Exception):
    """A table that must be referred to is empty."""


def _filled(planting: _Planting, name: Name, person: Person) -> Iterator[tuple[str, str]]:
    """Give what stands in each column that is given a value."""
    referring = {
        column: value
        for reference in planting.tables.parents(name)
        for column, value in _referring(planting, name, reference, person)
    }
    for place in planting.tables.places[name]:
        if place.is_generated or (place.is_always and not place.is_key):
            continue
        if place.name in referring:
            yield place.name, referring[place.name]
            continue
        judgement = _judgement(planting.asset, name, place)
        if place.is_key:
            yield place.name, _key(place, name, person)
        elif judgement not in (NONE, UNKNOWN):
            below = _below(planting.asset, name, place)
            yield place.name, _fitting(place, judgement, person, below)
        elif place.is_needed and not place.has_default:
            yield place.name, _filler(place, person)


def _referring(planting: _Planting, name: Name, reference: Reference, person: Person) -> list[tuple[str, str]]:
    """Give the key that is referred to: of the same person where it was planted, else of any row, else none where that may be."""
    own = planting.keys.get((reference.parent, person.number))
    if own is not None and all(column in own for column in reference.named):
        return [(column, own[named]) for column, named in zip(reference.columns, reference.named, strict=True)]
    needed = {place.name for place in planting.tables.places[name] if place.is_needed or place.is_key}
    if not needed & set(reference.columns):
        return []
    columns = ", ".join('"' + column.replace('"', '""') + '"::text' for column in reference.named)
    query = f"select {columns} from {spelt(reference.parent)} limit 1"  # noqa: S608 (names are quoted)
    found = planting.connection.execute(query.encode()).fetchone()
    if found is None:
        raise _NoParent(".".join(reference.parent))
    return list(zip(reference.columns, found, strict=True))


def _key(place: Place, name: Name, person: Person) -> str:
    """Choose a key that nobody else has."""
    what = f"key {name[0]}.{name[1]}.{place.name}"
    if place.type in _WHOLE:
        start, room = _WHOLE[place.type]
        return str(start + person.seed.below(what, room))
    if place.type.startswith("numeric"):
        return person.seed.digits(what, 8)
    if place.type == "uuid":
        return person.value("user.unique_id")
    if place.type.startswith(("text", "character")):
        return f"{person.mark}{person.seed.letters(what, 6)}"[: _most(place) or 64]
    return _filler(place, person)


def _fitting(place: Place, judgement: str, person: Person, below: Mapping[str, str]) -> str:
    """Give a person's value in the type of its column."""
    if judgement == SCAN:
        said = f"Write to {person.value('user.contact.email')} or pay with {person.value('user.financial.credit_card')}"
        value = said if place.type not in ("json", "jsonb") else ""
        return value[: _most(place) or len(value)] if value else _document(person, below, said)
    if place.type.startswith(("text", "character", "citext")):
        return person.value(judgement, _most(place))
    if place.type in ("json", "jsonb"):
        return _document(person, below, person.value(judgement))
    if place.type == "bytea":
        return "\\x" + person.value(judgement).encode().hex()
    if place.parts:
        return "(" + ",".join([f'"{person.value(judgement)}"', *[""] * (place.parts - 1)]) + ")"
    if place.type.endswith("[]"):
        return '{"' + person.value(judgement) + '"}'
    if _MEANT.get(judgement) == place.type:
        return person.value(judgement)
    return _filler(place, person)


def _document(person: Person, below: Mapping[str, str], said: str) -> str:
    whole: dict[str, object] = {"note": said}
    for path, judgement in below.items():
        at = whole
        *steps, last = path.split(".")
        for step in steps:
            deeper = at.setdefault(step, {})
            if not isinstance(deeper, dict):
                break
            at = deeper
        at[last] = person.value(judgement)
    return json.dumps(whole)


def _below(asset: Asset, name: Name, place: Place) -> Mapping[str, str]:
    start = f"{name[0]}.{name[1]}.{place.name}."
    return {
        path.removeprefix(start): judgement
        for path, judgement in asset.fields.items()
        if path.startswith(start) and judgement not in (NONE, SCAN, UNKNOWN)
    }


def _filler(place: Place, person: Person) -> str:
    """Give something that a column takes, and that says nothing of anybody."""
    fillers: Sequence[tuple[str, str]] = (
        ("date", person.value("user.demographic.date_of_birth")),
        ("timestamp", "2001-01-01 00:00:00+00"),
        ("time", "12:00"),
        ("interval", "1 day"),
        ("inet", person.value("user.device.ip_address")),
        ("cidr", f"{person.value('user.device.ip_address')}/32"),
        ("uuid", person.value("user.unique_id")),
        ("bool", "f"),
        ("json", "{}"),
        ("bytea", f"\\x{person.mark.encode().hex()}"),
    )
    if place.is_enum:
        return place.label
    if place.type.endswith("[]"):
        return "{}"
    if place.parts:
        return "(" + "," * (place.parts - 1) + ")"
    if place.type in _WHOLE or place.type.startswith(("numeric", "double", "real")):
        return "1"
    found = next((value for kind, value in fillers if place.type.startswith(kind)), None)
    return found if found is not None else f"probe {person.mark}"[: _most(place) or 64]


def _most(place: Place) -> int | None:
    found = _LENGTH.search(place.type) if place.type.startswith("character") else None
    return int(found[1]) if found else (1 if place.type == "character" else None)
