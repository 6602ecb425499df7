"""Mapping what a service's OpenAPI description says of its endpoints: the fields of their requests and responses.

The rule: the description is all there is: names, formats, descriptions, examples and its authors' marks; nothing is fetched. What
comes out is what a policy declares of an HTTP asset: an endpoint is method and path, with the base path of the service, and a
field is called as a gate calls it: ``GET /v1/customers/{id} response.customer.email``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ringfence.atlas.faults import Unmappable
from ringfence.atlas.gathering import ANY
from ringfence.atlas.judging import DOCUMENT, NAMES_ARE_DATA, Judge, concluded
from ringfence.atlas.model import ENDPOINT, AssetMap, Mapped, MappedTable, endpoint_field
from ringfence.atlas.openapi_marks import OWN
from ringfence.atlas.openapi_reading import line_of, read_description
from ringfence.atlas.openapi_walk import Described, Schema, Walk, listed
from ringfence.atlas.postgres import Progress, asset_name
from ringfence.carriers import join_path
from ringfence.policy.endpoints import BadTemplate, clashes, segments_of
from ringfence.policy.model import NONE, SCAN, UNKNOWN, Endpoint
from ringfence.policy.problems import nearest
from ringfence.taxonomy import CATEGORIES

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
MOST_FIELDS: Final = 5_000  # of one endpoint
_SURE: Final = 0.7  # confidence from which a name says more than a format
_SHOWN: Final = 3  # of what was left out, by name

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

_UNREAD: Final = frozenset({"accept", "authorization", "content-type", "set-cookie"})
"""Header fields that OpenAPI does not describe as parameters, or a gate does not read as fields."""

_ORDER: Final = {UNKNOWN: 1, SCAN: 2, NONE: 3}
"""Of two judgements of one path the one that lets less pass; a category before all."""


@dataclass(frozen=True, slots=True)
class _Operation:
    endpoint: str
    method: str
    path: str  # as the description has it
    item: Schema
    said: Schema


def map_openapi(
    file: Path,
    *,
    asset: str = "",
    zone: str = "core",
    progress: Progress | None = None,
    judge: Judge | None = None,
    reviewed: Mapping[str, str] | None = None,
    base: str | None = None,
) -> AssetMap:
    """Map a description, JSON or YAML, of OpenAPI 3 or 2. Raises `Unreachable` and `Unmappable`.

    `base` is the path below which the service is reached; None: the description's own (`servers`, `basePath`).
    """
    judge = judge if judge is not None else Judge()
    document = read_description(file)
    walk = Walk(document)
    left_out: list[str] = []
    operations = list(_operations(document, walk, base, left_out))
    if not operations and not walk.resolved(document.get("components")):
        raise Unmappable(f"{file}: not an OpenAPI description", "name one that has `paths`, in JSON or YAML")
    tables = []
    for number, operation in enumerate(operations):
        if progress is not None:
            progress(number, len(operations))
        tables.append(_table(file, operation, walk, judge, left_out))
    if progress is not None:
        progress(len(operations), len(operations))
    if walk.left_out:
        left_out.append(f"{walk.left_out} parts of schemas, nested too deep or too many")
    info = walk.resolved(document.get("info"))
    title = str(info.get("title") or file.stem)
    return AssetMap(
        asset or asset_name(title), zone, "http", concluded(tables, reviewed or {}), left_out=tuple(left_out)
    )


# ---------------------------------------------------------------- endpoints


def _operations(document: Schema, walk: Walk, base: str | None, left_out: list[str]) -> Iterator[_Operation]:
    paths = document.get("paths")
    found: list[_Operation] = []
    for path, raw in paths.items() if isinstance(paths, Mapping) else ():
        item = walk.resolved(raw)
        for method in METHODS:
            operation = item.get(method)
            if isinstance(operation, Mapping):
                below = base if base is not None else _base(document, item, operation)
                name = f"{method.upper()} {below.rstrip('/')}{path}"
                found.append(_Operation(name, method, str(path), item, operation))
    webhooks = document.get("webhooks")
    if isinstance(webhooks, Mapping) and webhooks:
        left_out.append(f"{len(webhooks)} webhooks: the service sends those, and is not asked for them")
    yield from _distinct(found, left_out)


def _distinct(found: Sequence[_Operation], left_out: list[str]) -> Iterator[_Operation]:
    """Give the operations that a policy can declare beside each other; say which ones it cannot."""
    valid: dict[str, _Operation] = {}
    bad: list[str] = []
    for each in found:
        try:
            segments_of(each.endpoint.partition(" ")[2])
        except BadTemplate as why:
            bad.append(f"{each.endpoint}: {why.what}")
            continue
        valid[each.endpoint] = each
    for first, second in clashes([_endpoint(name) for name in valid]):
        bad.append(f"{second.name}: it is {first.name} by another name")
        valid.pop(second.name, None)
    left_out += bad[:_SHOWN]
    if len(bad) > _SHOWN:
        left_out.append(f"and {len(bad) - _SHOWN} more endpoints")
    yield from valid.values()


def _endpoint(name: str) -> Endpoint:
    method, _, path = name.partition(" ")
    return Endpoint(method, path)


def _base(document: Schema, item: Schema, operation: Schema) -> str:
    """Give the path below which an operation's path stands: the first server's, of the nearest place that names servers."""
    for place in (operation, item, document):
        for server in listed(place.get("servers"))[:1]:
            if isinstance(server, Mapping):
                return _path_of(str(server.get("url") or ""), server.get("variables"))
    own = document.get("basePath")  # of version 2
    return own if isinstance(own, str) and own.startswith("/") else ""


def _path_of(url: str, variables: object) -> str:
    for name, variable in variables.items() if isinstance(variables, Mapping) else ():
        if isinstance(variable, Mapping):
            url = url.replace(f"{{{name}}}", str(variable.get("default") or ""))
    after = url.partition("://")[2]
    path = "/" + after.partition("/")[2] if after else url
    path = path.partition("?")[0].partition("#")[0].strip("/.")
    return f"/{path}" if path else ""


# ---------------------------------------------------------------- fields


def _table(file: Path, operation: _Operation, walk: Walk, judge: Judge, left_out: list[str]) -> MappedTable:
    begin = join_path(join_path("", operation.path), operation.method)
    fields: list[Mapped] = []
    for way, described in (
        ("request", _request(walk, begin, operation)),
        ("response", _response(walk, begin, operation.said)),
    ):
        by_path: dict[str, list[tuple[Mapped, bool]]] = {}
        for one in described:
            if not one.path:
                continue  # a body that is one value: nothing can name it
            if one.path not in by_path and len(by_path) >= MOST_FIELDS:
                left_out.append(f"{operation.endpoint} {way}: more than {MOST_FIELDS} fields")
                break
            name = endpoint_field(operation.endpoint, way, one.path)
            by_path.setdefault(one.path, []).append((_judged(file, judge, name, one), one.apart))
        fields += (_one_of(several) for several in by_path.values())
    return MappedTable(operation.endpoint, ENDPOINT, tuple(fields))


def _request(walk: Walk, begin: str, operation: _Operation) -> Iterator[Described]:
    """Give the fields of a request: its parameters, its body of each media type."""
    declared = (*listed(operation.item.get("parameters")), *listed(operation.said.get("parameters")))
    own = {
        (str(each.get("in")), str(each.get("name"))): each for each in map(walk.resolved, declared) if "name" in each
    }
    for (place, name), parameter in own.items():
        match place:
            case "path" | "query" | "cookie":
                yield from _parameter(walk, begin, parameter, place, name)
            case "header" if name.lower() not in _UNREAD:
                yield from _parameter(walk, begin, parameter, place, name.lower())
            case "body":  # of version 2
                yield from walk.fields(parameter.get("schema"), f"{begin}.request")
            case "formData":  # of version 2
                for each in walk.fields(parameter, join_path(f"{begin}.request", name), path=join_path("", name)):
                    yield replace(each, path=each.path.replace(ANY, ""))
            case _:
                pass
    yield from _content(walk, f"{begin}.request", operation.said.get("requestBody"))


def _parameter(walk: Walk, begin: str, parameter: Schema, place: str, name: str) -> Iterator[Described]:
    schema = parameter.get(
        "schema", {key: value for key, value in parameter.items() if key not in ("schema", "in", "name")}
    )
    for each in walk.fields(_with_words(schema, parameter, walk), join_path(f"{begin}.parameters", name)):
        below = each.path.replace(ANY, "")
        if below and parameter.get("style") == "deepObject":
            named = f"{name}[{below}]"
        else:
            is_spread = place == "query" and parameter.get("explode", True) is not False
            named = below if below and is_spread else name
        yield replace(each, path=join_path(place, named))


def _with_words(schema: object, parameter: Schema, walk: Walk) -> object:
    """Give a parameter's schema with what the parameter says of itself: description, examples, marks."""
    said = {key: value for key, value in parameter.items() if key in ("description", "example") or key.startswith("x-")}
    return {**walk.resolved(schema), **said}


def _response(walk: Walk, begin: str, operation: Schema) -> Iterator[Described]:
    """Give the fields of the responses of all statuses: their bodies and header fields."""
    responses = operation.get("responses")
    for raw in responses.values() if isinstance(responses, Mapping) else ():
        yield from _content(walk, f"{begin}.response", raw)
        headers = walk.resolved(raw).get("headers")
        for name, header in headers.items() if isinstance(headers, Mapping) else ():
            lower = str(name).lower()
            if lower not in _UNREAD:
                said = walk.resolved(header)
                schema = _with_words(said.get("schema", said), said, walk)
                for each in walk.fields(schema, join_path(f"{begin}.response", str(name))):
                    yield replace(each, path=join_path("header", lower))


def _content(walk: Walk, begin: str, raw: object) -> Iterator[Described]:
    """Give the fields of a body, as the gate calls them in each media type."""
    body = walk.resolved(raw)
    content = body.get("content")
    if not isinstance(content, Mapping):
        if "schema" in body:  # of version 2
            yield from walk.fields(body["schema"], begin)
        return
    for kind, said in content.items():
        media = str(kind).partition(";")[0].strip().lower()
        one = walk.resolved(said)
        schema = one.get("schema", one.get("itemSchema"))
        xml = media.endswith(("/xml", "+xml"))
        for each in walk.fields(schema, begin, path=_root(schema, walk) if xml else "", xml=xml):
            yield replace(each, path=_in_media(each.path, media))


def _in_media(path: str, media: str) -> str:
    match media:
        case "application/x-www-form-urlencoded" | "multipart/form-data" | "multipart/mixed":
            return path.replace(ANY, "")
        case "text/csv" | "text/tab-separated-values":  # an array of rows: each cell is a field, by its column
            return path.removeprefix(ANY).removeprefix(".").replace(ANY, "")
        case "application/ndjson" | "application/x-ndjson" | "application/jsonl" | "application/jsonlines":
            return path.removeprefix(ANY).removeprefix(".")
        case "text/event-stream":
            below = path.removeprefix(ANY).removeprefix(".")
            return (
                below
                if below.partition(".")[0] in ("data", "event", "id", "retry")
                else f"data.{below}"
                if below
                else "data"
            )
        case _:
            return path


def _root(schema: object, walk: Walk) -> str:
    """Give the name of the element that an XML document consists of."""
    said = walk.resolved(schema).get("xml")
    named = said.get("name") if isinstance(said, Mapping) else None
    reference = schema.get("$ref") if isinstance(schema, Mapping) else None
    return str(named or (reference.rpartition("/")[2] if isinstance(reference, str) else ""))


# ---------------------------------------------------------------- judgements


def _judged(file: Path, judge: Judge, name: str, field: Described) -> Mapped:
    marked = field.marked
    if marked.own is not None:
        return Mapped(name, field.type, _own(file, name, marked.own), 1.0, (f"mark:{OWN}",))
    if field.why:
        found = Mapped(name, field.type, UNKNOWN, 0.0, (field.why,))
    else:
        found = replace(judge.field(field.name, field.type, field.comment, field.sample), path=name)
        category = FORMATS.get(field.format)
        if category is not None and not (found.is_personal and found.confidence >= _SURE):
            found = replace(found, judgement=category, confidence=0.8, evidence=(f"format:{field.format}",))
        if found.judgement == NONE and field.type in ("", "object", "array") and not field.sample:
            found = replace(found, judgement=SCAN, confidence=0.5, evidence=(DOCUMENT,))  # it may hold anything
    if not marked.name:
        return found
    evidence = f"mark:{marked.name}"
    if found.is_personal:
        return replace(found, confidence=max(found.confidence, 0.9), evidence=(*found.evidence, evidence))
    return replace(found, judgement=_kind(judge, marked.word, marked.category), confidence=0.9, evidence=(evidence,))


def _kind(judge: Judge, word: str, category: str) -> str:
    """Say what a mark means by its word: a category of ours, or what a field of that name would hold."""
    if word in CATEGORIES:
        return word
    by_word = judge.field(word, "string", "", ()) if word else None
    return by_word.judgement if by_word is not None and by_word.is_personal else category


def _own(file: Path, name: str, said: object) -> str:
    if isinstance(said, str) and (said in CATEGORIES or said in (NONE, SCAN, UNKNOWN)):
        return said
    mend = nearest(said, (*CATEGORIES, NONE, SCAN, UNKNOWN)) if isinstance(said, str) else "give it one category"
    raise Unmappable(f"{file}{line_of(file, OWN, said)}: {name}: {OWN} is no category", mend)


def _one_of(several: Sequence[tuple[Mapped, bool]]) -> Mapped:
    """Make one field of all that have its path: the strictest. Where names are data, it is personal of one kind or unknown."""
    found = [one for one, _ in several]
    strictest = min(found, key=lambda one: (_ORDER.get(one.judgement, 0), -one.confidence))
    if not any(apart for _, apart in several):
        return strictest
    judgements = {one.judgement for one in found}
    if len(judgements) == 1:
        return strictest
    mixed = UNKNOWN if any(one.is_personal or one.judgement == UNKNOWN for one in found) else SCAN
    return replace(strictest, type="object", judgement=mixed, confidence=0.5, evidence=(NAMES_ARE_DATA, *_kinds(found)))


def _kinds(found: Iterable[Mapped]) -> tuple[str, ...]:
    kinds = sorted({one.judgement for one in found if one.is_personal})
    return (f"below:{', '.join(kinds)}",) if kinds else ()
