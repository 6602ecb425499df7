"""Going through the schemas of an OpenAPI description, field by field.

The rule: nothing is fetched, and a reference leads only within the file. Schemas refer to each other in circles, so depth and the
number of visits are bounded, and what did not fit is counted. A field's path is the one by which a gate knows it in the payload; of
what has no path of its own there, because its name is data, what it stands in is the field.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from ringfence.atlas.gathering import ANY, CHARACTERS, MOST_PATH
from ringfence.atlas.openapi_marks import NOTHING, Marked, marks_of
from ringfence.carriers import join_path

MOST_VISITS: Final = 400_000  # of schemas
MOST_DEPTH: Final = 16
_COMMENT: Final = 600  # characters of a description that are read

RECURSIVE: Final = "shape:recursive"
ELSEWHERE: Final = "shape:described elsewhere"
TOO_DEEP: Final = "shape:nested too deep"

_TYPES: Final = frozenset({"date", "date-time", "uuid", "byte", "binary", "time", "duration"})
"""Formats that are types of their own."""

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Described:
    """A field as it is described. `why` says that it could not be read; `apart`: one of several that only share this path."""

    path: str
    name: str  # by which it is judged: the path with all that it stands in
    type: str = ""
    format: str = ""
    comment: str = ""
    sample: tuple[str, ...] = ()
    marked: Marked = NOTHING
    why: str = ""
    apart: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk is. `path` and `name` part where a name is data: there the path goes no further."""

    path: str
    name: str
    within: tuple[str, ...] = ()  # the references that led here: none is followed into itself
    marked: Marked = NOTHING
    apart: bool = False
    xml: bool = False

    def below(self, name: str) -> "_Place":
        path = self.path if self.apart else join_path(self.path, name)
        return _Place(path, join_path(self.name, name), self.within, self.marked, self.apart, self.xml)

    def items(self) -> "_Place":
        path = self.path if self.apart or self.xml else f"{self.path}{ANY}"
        return _Place(path, f"{self.name}{ANY}", self.within, self.marked, self.apart, self.xml)

    def any(self) -> "_Place":
        return _Place(self.path, join_path(self.name, "*"), self.within, self.marked, apart=True, xml=self.xml)

    def led(self, reference: str) -> "_Place":
        return _Place(self.path, self.name, (*self.within, reference), self.marked, self.apart, self.xml)

    def said(self, schema: Schema) -> "_Place":
        return _Place(self.path, self.name, self.within, marks_of(schema, self.marked), self.apart, self.xml)


class Walk:
    """Goes through the schemas of one description."""

    def __init__(self, document: Schema) -> None:
        self._document = document
        self._visits = 0
        self.left_out = 0

    def fields(self, raw: object, name: str, *, path: str = "", xml: bool = False) -> Iterator[Described]:
        """Give the fields of a schema. `name` is where it stands, for those who judge; `path` where its fields begin."""
        return self._schema(_Place(path, name, xml=xml), raw)

    def _schema(self, at: _Place, raw: object) -> Iterator[Described]:
        if not isinstance(raw, Mapping):
            return
        self._visits += 1
        reference = raw.get("$ref")
        if isinstance(reference, str):
            if reference in at.within:
                yield Described(at.path, at.name, "object", why=RECURSIVE, apart=at.apart)
                return
            if not self._leads(reference):
                yield Described(at.path, at.name, marked=marks_of(raw, at.marked), why=ELSEWHERE, apart=at.apart)
                return
            at = at.led(reference)
        schema = self.resolved(raw)
        if isinstance(schema.get("schema"), Mapping):
            schema = self.resolved(schema["schema"])
        at = at.said(schema)
        if (
            len(at.within) > MOST_DEPTH
            or at.name.count(".") > 4 * MOST_DEPTH
            or len(at.path) > MOST_PATH
            or self._visits > MOST_VISITS
        ):
            self.left_out += 1
            if len(at.path) <= MOST_PATH and self._visits <= 2 * MOST_VISITS:
                yield Described(at.path, at.name, marked=at.marked, why=TOO_DEEP, apart=at.apart)
            return
        yield from self._parts(at, schema)

    def _parts(self, at: _Place, schema: Schema) -> Iterator[Described]:
        parts = [part for key in ("allOf", "oneOf", "anyOf") for part in listed(schema.get(key))]
        parts += [schema[key] for key in ("then", "else") if isinstance(schema.get(key), Mapping)]
        for part in parts:
            yield from self._schema(at, _described(part, schema))
        properties = schema.get("properties")
        for name, below in properties.items() if isinstance(properties, Mapping) else ():
            resolved = self.resolved(below)
            yield from self._schema(at.below(_spelt(str(name), resolved, xml=at.xml)), _described(below, resolved))
        items = [schema["items"]] if isinstance(schema.get("items"), Mapping) else []
        for item in (*items, *listed(schema.get("prefixItems"))):
            yield from self._schema(at.items(), _described(item, schema))
        patterns = schema.get("patternProperties")
        others = [*(patterns.values() if isinstance(patterns, Mapping) else ()), schema.get("additionalProperties")]
        for other in others:
            if isinstance(other, Mapping):
                yield from self._schema(at.any(), other)
        named = isinstance(properties, Mapping) and properties
        if not parts and not named and not items and not any(isinstance(other, Mapping) for other in others):
            yield _leaf(at, schema)

    def _leads(self, reference: str) -> bool:
        return bool(_target(self._document, reference))

    def resolved(self, raw: object) -> Schema:
        """Follow references within the file; what leads nowhere is empty."""
        seen = 0
        while isinstance(raw, Mapping) and isinstance(raw.get("$ref"), str) and seen < MOST_DEPTH:
            said = {
                key: value for key, value in raw.items() if key != "$ref" and (key in _KEPT or key.startswith("x-"))
            }
            raw = {**_target(self._document, raw["$ref"]), **said}
            seen += 1
        return raw if isinstance(raw, Mapping) else {}


_KEPT: Final = ("description", "example", "examples", "xml")


def _target(document: Schema, reference: str) -> Schema:
    if not reference.startswith("#/"):
        return {}
    found: object = document
    for step in unquote(reference[2:]).split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list):
            found = found[int(name)] if name.isdecimal() and len(name) < 7 and int(name) < len(found) else None
        else:
            found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _described(below: object, around: Schema) -> object:
    """Give a part the description of what it is a part of, where it has none of its own."""
    if isinstance(below, Mapping) and "description" not in below and "description" in around:
        return {**below, "description": around["description"]}
    return below


def _spelt(name: str, schema: Schema, *, xml: bool) -> str:
    """Give a property's name as the payload has it."""
    said = schema.get("xml")
    if not xml or not isinstance(said, Mapping):
        return name
    own = str(said.get("name") or name)
    return f"@{own}" if said.get("attribute") is True else own


def _leaf(at: _Place, schema: Schema) -> Described:
    kinds = schema.get("type")
    kind = next((each for each in kinds if each != "null"), "") if isinstance(kinds, list) else kinds
    form = str(schema.get("format") or "")
    examples = [
        schema.get("example"),
        schema.get("default"),
        schema.get("const"),
        *listed(schema.get("examples")),
        *listed(schema.get("enum")),
    ]
    sample = tuple(str(each)[:CHARACTERS] for each in examples if isinstance(each, str | int | float))
    comment = f"{schema.get('title') or ''} {schema.get('description') or ''}".strip()[:_COMMENT]
    typed = form if form in _TYPES else str(kind or "")
    return Described(at.path, at.name, typed, form, comment, sample, at.marked, apart=at.apart)


def listed(raw: object) -> Sequence[Any]:
    """Give a list, or an empty one in the place of anything else."""
    return raw if isinstance(raw, list) else ()
