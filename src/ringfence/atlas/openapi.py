"""Mapping what a service's OpenAPI description says of its requests and responses.

The rule: the description is all there is: names, formats, descriptions and examples; nothing is fetched, and a reference leads
only within the file. Schemas refer to each other in circles, so depth and the number of visits are bounded, and what did not fit
is said.
A field's path is its operation's, then where it stands: ``"/customers/{id}".get.response.email``.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ringfence.atlas.faults import Unmappable, Unreachable
from ringfence.atlas.gathering import ANY, CHARACTERS, MOST_PATH
from ringfence.atlas.judging import Judge, concluded
from ringfence.atlas.model import AssetMap, Mapped, MappedTable
from ringfence.atlas.postgres import Progress, asset_name
from ringfence.carriers import join_path

MOST_BYTES: Final = 32 << 20
MOST_VISITS: Final = 400_000  # of schemas
MOST_DEPTH: Final = 16
METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_COMMENT: Final = 600  # characters of a description that are read

FORMATS: Final[Mapping[str, str]] = {
    "email": "user.contact.email",
    "idn-email": "user.contact.email",
    "ipv4": "user.device.ip_address",
    "ipv6": "user.device.ip_address",
    "password": "user.authorization.password",
    "phone": "user.contact.phone_number",
    "phone-number": "user.contact.phone_number",
}
"""Formats that say what a field holds, where its name does not."""

_TYPES: Final = frozenset({"date", "date-time", "uuid", "byte", "binary", "time", "duration"})
"""Formats that are types of their own."""

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Field:
    path: str
    type: str
    format: str
    comment: str
    sample: tuple[str, ...]


def map_openapi(
    file: Path,
    *,
    asset: str = "",
    zone: str = "core",
    progress: Progress | None = None,
    judge: Judge | None = None,
    reviewed: Mapping[str, str] | None = None,
) -> AssetMap:
    """Map a description, JSON or YAML. Raises `Unreachable` and `Unmappable`."""
    judge = judge if judge is not None else Judge()
    document = _read(file)
    walk = _Walk(document)
    operations = list(_operations(document))
    if not operations and not walk.resolved(document.get("components")):
        raise Unmappable(f"{file}: not an OpenAPI description", "name one that has `paths`, in JSON or YAML")
    tables = []
    for number, (path, method, operation, shared) in enumerate(operations):
        if progress is not None:
            progress(number, len(operations))
        begin = join_path(join_path("", path), method)
        fields = {each.path: each for each in walk.operation(begin, operation, shared)}
        judged = tuple(_judged(judge, each) for each in fields.values())
        if judged:
            tables.append(MappedTable(begin, "operation", judged))
    if progress is not None:
        progress(len(operations), len(operations))
    info = walk.resolved(document.get("info"))
    title = str(info.get("title") or file.stem)
    left_out = (f"{walk.left_out} parts of schemas, nested too deep or too many",) if walk.left_out else ()
    return AssetMap(asset or asset_name(title), zone, "http", concluded(tables, reviewed or {}), left_out=left_out)


def _judged(judge: Judge, field: _Field) -> Mapped:
    found = judge.field(field.path, field.type, field.comment, field.sample)
    category = FORMATS.get(field.format)
    if category is not None and not found.is_personal:
        return replace(found, judgement=category, confidence=0.8, evidence=(f"format:{field.format}",))
    return found


def _operations(document: Schema) -> Iterator[tuple[str, str, Schema, Sequence[Any]]]:
    for section in ("paths", "webhooks"):
        paths = document.get(section)
        for path, item in paths.items() if isinstance(paths, Mapping) else ():
            if not isinstance(item, Mapping):
                continue
            shared = item.get("parameters")
            for method in METHODS:
                operation = item.get(method)
                if isinstance(operation, Mapping):
                    yield str(path), method, operation, shared if isinstance(shared, list) else ()


class _Walk:
    """Goes through schemas, with the references that it is within."""

    def __init__(self, document: Schema) -> None:
        self._document = document
        self._visits = 0
        self.left_out = 0

    def operation(self, begin: str, operation: Schema, shared: Sequence[Any]) -> Iterator[_Field]:
        """Give the fields of an operation: its parameters, what it takes and what it gives."""
        own = operation.get("parameters")
        for each in (*shared, *(own if isinstance(own, list) else ())):
            parameter = self.resolved(each)
            if "name" in parameter:
                schema = {**self.resolved(parameter.get("schema", parameter)), **_said(parameter)}
                body = parameter.get("in") == "body"  # of version 2
                yield from self.schema(begin + ".request" if body else self._named(begin, parameter), schema, ())
        yield from self._content(f"{begin}.request", operation.get("requestBody"))
        responses = operation.get("responses")
        for response in responses.values() if isinstance(responses, Mapping) else ():
            yield from self._content(f"{begin}.response", response)

    def _named(self, begin: str, parameter: Schema) -> str:
        return join_path(f"{begin}.parameters", str(parameter["name"]))

    def _content(self, begin: str, raw: object) -> Iterator[_Field]:
        body = self.resolved(raw)
        content = body.get("content")
        if not isinstance(content, Mapping):
            if "schema" in body:  # of version 2
                yield from self.schema(begin, self.resolved(body), ())
            return
        for media in content.values():
            schema = self.resolved(media).get("schema")
            if schema is not None:
                yield from self.schema(begin, schema, ())

    def schema(self, path: str, raw: object, within: tuple[str, ...]) -> Iterator[_Field]:
        """Give the fields of a schema. `within` are the references that led here: none is followed into itself."""
        if not isinstance(raw, Mapping):
            return
        self._visits += 1
        reference = raw.get("$ref")
        if isinstance(reference, str):
            if reference in within:
                return
            within = (*within, reference)
        schema = self.resolved(raw)
        if isinstance(schema.get("schema"), Mapping):
            schema = self.resolved(schema["schema"])
        if (
            len(within) > MOST_DEPTH
            or path.count(".") > 4 * MOST_DEPTH
            or len(path) > MOST_PATH
            or self._visits > MOST_VISITS
        ):
            self.left_out += 1
            return
        parts = [part for key in ("allOf", "oneOf", "anyOf") for part in _listed(schema.get(key))]
        for part in parts:
            yield from self.schema(path, part, within)
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            for name, below in properties.items():
                yield from self.schema(join_path(path, str(name)), _described(below, self.resolved(below)), within)
        if isinstance(schema.get("items"), Mapping):
            yield from self.schema(f"{path}{ANY}", _described(schema["items"], schema), within)
        if isinstance(schema.get("additionalProperties"), Mapping):
            yield from self.schema(join_path(path, "*"), schema["additionalProperties"], within)
        if not parts and not isinstance(properties, Mapping) and "items" not in schema:
            yield _field(path, schema)

    def resolved(self, raw: object) -> Schema:
        """Follow references within the file; what leads nowhere is empty."""
        seen = 0
        while isinstance(raw, Mapping) and isinstance(raw.get("$ref"), str) and seen < MOST_DEPTH:
            raw = {**_said(raw), **_target(self._document, raw["$ref"])}
            seen += 1
        return raw if isinstance(raw, Mapping) else {}


def _target(document: Schema, reference: str) -> Schema:
    if not reference.startswith("#/"):
        return {}
    found: object = document
    for step in reference[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _said(raw: Schema) -> dict[str, Any]:
    return {key: raw[key] for key in ("description", "example", "examples") if key in raw}


def _described(below: object, around: Schema) -> object:
    """Give a list's items the list's description, where they have none of their own."""
    if isinstance(below, Mapping) and "description" not in below and "description" in around:
        return {**below, "description": around["description"]}
    return below


def _field(path: str, schema: Schema) -> _Field:
    kinds = schema.get("type")
    kind = next((each for each in kinds if each != "null"), "") if isinstance(kinds, list) else kinds
    form = str(schema.get("format") or "")
    examples = [
        schema.get("example"),
        schema.get("default"),
        *_listed(schema.get("examples")),
        *_listed(schema.get("enum")),
    ]
    sample = tuple(str(each)[:CHARACTERS] for each in examples if isinstance(each, str | int | float))
    comment = f"{schema.get('title') or ''} {schema.get('description') or ''}".strip()[:_COMMENT]
    return _Field(path, form if form in _TYPES else str(kind or ""), form, comment, sample)


def _listed(raw: object) -> Sequence[Any]:
    return raw if isinstance(raw, list) else ()


def _read(file: Path) -> Schema:
    try:
        with file.open("rb") as opened:
            raw = opened.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise Unreachable(f"{file}: there is no such file", "name the service's OpenAPI description") from None
    except IsADirectoryError:
        raise Unreachable(f"{file}: a folder", "name the file in it") from None
    if len(raw) > MOST_BYTES:
        raise Unmappable(f"{file}: it has more than {MOST_BYTES >> 20} MiB", "split it by its paths")
    read = _parsed(file, raw)
    if not isinstance(read, Mapping):
        raise Unmappable(f"{file}: not an OpenAPI description", "name one that has `paths`, in JSON or YAML")
    return read


def _parsed(file: Path, raw: bytes) -> object:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        text = raw.decode("utf-8-sig")
        if text.lstrip()[:1] == "{":
            return json.loads(text)
        return YAML(typ="safe").load(text)
    except UnicodeDecodeError:
        raise Unmappable(f"{file}: not UTF-8", "save it as UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise Unmappable(
            f"{file}:{error.lineno}:{error.colno}: not valid JSON", "mend it there, or export it anew"
        ) from None
    except (YAMLError, ValueError, RecursionError, LookupError, TypeError, AttributeError, AssertionError):
        raise Unmappable(f"{file}: neither JSON nor YAML", "name the service's OpenAPI description") from None
