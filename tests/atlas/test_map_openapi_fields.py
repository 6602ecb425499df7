"""A description's fields have the paths by which a gate knows them: media types, parameters, marks, what has no path of its own."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.atlas import Mapped, Unmappable, map_openapi
from ringfence.atlas.openapi_marks import MARKS, NOTHING, marks_of
from ringfence.carriers.media import make_body_carrier
from ringfence.gates.http.heads import HeadCarrier, parts_of, payload_of
from ringfence.policy.endpoints import Endpoints
from ringfence.policy.model import Endpoint

ORDER = {
    "type": "object",
    "xml": {"name": "order"},
    "properties": {
        "id": {"type": "integer", "xml": {"attribute": True}},
        "customer": {"type": "object", "properties": {"email": {"type": "string"}}},
        "tags": {"type": "array", "items": {"type": "string"}},
        "a.b": {"type": "string"},
    },
}
FLAT = {
    "type": "object",
    "properties": {"email": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
}


def described(
    tmp_path: Path, operation: dict[str, Any], path: str = "/x", method: str = "post", **more: Any
) -> dict[str, Mapped]:
    document = {"openapi": "3.1.0", "info": {"title": "t"}, "paths": {path: {method: operation}}, **more}
    (tmp_path / "d.json").write_text(json.dumps(document))
    return {one.path: one for one in map_openapi(tmp_path / "d.json").fields}


def body(kind: str, schema: object) -> dict[str, Any]:
    return {"requestBody": {"content": {kind: {"schema": schema}}}}


def names(found: dict[str, Mapped], way: str = "request") -> set[str]:
    return {path.partition(f" {way}")[2].removeprefix(".") for path in found if f" {way}" in path}


@pytest.mark.parametrize(
    ("kind", "schema", "payload"),
    [
        ("application/json", ORDER, b'{"id": 1, "customer": {"email": "x"}, "tags": ["a"], "a.b": "c"}'),
        (
            "application/json",
            {"type": "array", "items": ORDER},
            b'[{"id": 1, "customer": {"email": "x"}, "tags": ["a"]}]',
        ),
        ("application/problem+json; charset=utf-8", FLAT, b'{"email": "x", "tags": ["b"]}'),
        ("application/x-ndjson", FLAT, b'{"email": "x", "tags": ["b"]}\n{"email": "y"}\n'),
        ("application/x-ndjson", {"type": "array", "items": FLAT}, b'{"email": "x"}\n'),
        ("text/csv", {"type": "array", "items": FLAT}, b"email,tags\r\nx,a\r\ny,b\r\n"),
        ("text/csv; charset=utf-8; header=present", FLAT, b"email,tags\nx,a\n"),
        ("text/tab-separated-values", {"type": "array", "items": FLAT}, b"email\ttags\nx\ta\n"),
        ("application/x-www-form-urlencoded", FLAT, b"email=x&tags=a&tags=b"),
        (
            "application/xml",
            ORDER,
            b'<order id="1"><customer><email>x</email></customer><tags>a</tags><tags>b</tags></order>',
        ),
        ("text/event-stream", FLAT, b'data: {"email": "x", "tags": ["a"]}\n\n'),
        (
            "multipart/form-data; boundary=b",
            FLAT,
            (
                b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\nx\r\n'
                b'--b\r\nContent-Disposition: form-data; name="tags"\r\n\r\ny\r\n--b--\r\n'
            ),
        ),
    ],
)
def test_a_bodys_fields_have_the_paths_that_its_carrier_gives(
    tmp_path: Path, kind: str, schema: object, payload: bytes
) -> None:
    found = names(described(tmp_path, body(kind, schema)))
    carrier = make_body_carrier(kind, [], assumed="utf-8", opaque=lambda _path: (_ for _ in ()).throw(AssertionError))
    units = [*carrier.feed(payload), *carrier.end()]
    met = {field.path for unit in units for field in unit.fields if not field.is_key and field.value.strip()}
    assert met
    assert {path for path in met if "@" not in path or "order" in path} - {"preamble", "epilogue"} <= found


def test_parameters_are_fields_of_the_head_as_a_gate_reads_them(tmp_path: Path) -> None:
    parameters = [
        {"name": "id", "in": "path", "schema": {"type": "string"}},
        {"name": "q.r", "in": "query", "schema": {"type": "string"}},
        {"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
        {"name": "filter", "in": "query", "style": "deepObject", "schema": FLAT},
        {"name": "page", "in": "query", "schema": {"type": "object", "properties": {"size": {"type": "integer"}}}},
        {"name": "X-Who", "in": "header", "schema": {"type": "string"}},
        {"name": "Authorization", "in": "header", "schema": {"type": "string"}},
        {"name": "sid", "in": "cookie", "schema": {"type": "string"}},
    ]
    found = names(described(tmp_path, {"parameters": parameters}, "/x/{id}"))
    endpoint = Endpoints([Endpoint("POST", "/x/{id}")]).find("POST", "/x/7")
    assert endpoint is not None
    query = "q.r=1&ids=1&ids=2&filter[email]=x&filter[tags]=y&size=2"
    parts = parts_of((("x-who", "a"), ("cookie", "sid=b")), "/x/7", query, endpoint.params)
    carrier = HeadCarrier(parts)
    carrier.feed(payload_of(parts))
    [unit] = carrier.end()
    assert {field.path for field in unit.fields if not field.is_key} == found


def test_an_operations_parameter_stands_in_the_place_of_the_paths(tmp_path: Path) -> None:
    document = {
        "paths": {
            "/x": {
                "parameters": [{"name": "q", "in": "query", "schema": {"type": "string"}}],
                "get": {"parameters": [{"name": "q", "in": "query", "schema": {"type": "string", "format": "email"}}]},
            }
        }
    }
    (tmp_path / "d.json").write_text(json.dumps(document))
    [one] = map_openapi(tmp_path / "d.json").fields
    assert one.judgement == "user.contact.email"


@pytest.mark.parametrize(
    ("schema", "path", "judgement"),
    [
        (
            {"properties": {"a": {"type": "object", "additionalProperties": {"format": "email"}}}},
            "a",
            "user.contact.email",
        ),
        (
            {"properties": {"a": {"additionalProperties": {"properties": {"email": {}, "n": {"type": "integer"}}}}}},
            "a",
            "unknown",
        ),
        ({"properties": {"a": {"patternProperties": {"x": {"type": "boolean"}}}}}, "a", "none"),
        ({"properties": {"a": {"type": "object"}}}, "a", "scan"),
        ({"properties": {"a": {"type": "array"}}}, "a", "unknown"),
        ({"properties": {"a": {"$ref": "other.json#/X"}}}, "a", "unknown"),
        ({"properties": {"a": {"$ref": "#/nowhere"}}}, "a", "unknown"),
        ({"properties": {"flag": {"type": "array", "prefixItems": [{"type": "boolean"}]}}}, "flag[]", "none"),
        (
            {"allOf": [{"properties": {"a": {"type": "boolean"}}}, {"properties": {"a": {"format": "email"}}}]},
            "a",
            "user.contact.email",
        ),
        ({"if": {}, "then": {"properties": {"email": {}}}}, "email", "user.contact.email"),
        ({"properties": {"owner": {"type": "string", "format": "email"}}}, "owner", "user.contact.email"),
    ],
)
def test_what_is_joined_or_has_no_path_takes_the_strictest_judgement(
    tmp_path: Path, schema: object, path: str, judgement: str
) -> None:
    found = described(tmp_path, body("application/json", schema))
    assert found[f"POST /x request{'' if path.startswith('[') else '.'}{path}"].judgement == judgement


def test_statuses_and_media_types_are_joined_and_headers_of_answers_are_fields(tmp_path: Path) -> None:
    def answer(schema: object) -> dict[str, Any]:
        return {
            "headers": {"X-Owner-Email": {"schema": {"type": "string"}}, "Set-Cookie": {"schema": {"type": "string"}}},
            "content": {"application/json": {"schema": {"properties": {"a": schema}}}},
        }

    found = described(tmp_path, {"responses": {"200": answer({"format": "email"}), "404": answer({"type": "boolean"})}})
    assert {path.partition("response.")[2]: one.judgement for path, one in found.items()} == {
        "a": "user.contact.email",
        "header.x-owner-email": "user.contact.email",
    }


@pytest.mark.parametrize(
    ("mark", "judgement"),
    [
        ({"x-ringfence-category": "user.health"}, "user.health"),
        ({"x-ringfence-category": "none"}, "none"),
        ({"x-twilio": {"pii": {"handling": "standard", "deleteSla": 30}}}, "user"),
        ({"x-twilio": {"other": 1}}, "none"),
        ({"x-pii": True}, "user"),
        ({"x-pii": "email"}, "user.contact.email"),
        ({"x-pii": "user.health"}, "user.health"),
        ({"x-pii": False}, "none"),
        ({"x-pii": "false"}, "none"),
        ({"x-sensitive": True}, "user"),
        ({"x-data-classification": "PII"}, "user"),
        ({"x-data-classification": "public"}, "none"),
        ({"x-ms-secret": True}, "user.authorization.credentials"),
    ],
)
def test_a_mark_says_that_a_field_is_personal(tmp_path: Path, mark: dict[str, Any], judgement: str) -> None:
    field = {"type": "boolean", **mark}
    found = described(tmp_path, body("application/json", {"properties": {"flag": field}}))
    assert found["POST /x request.flag"].judgement == judgement
    around = described(
        tmp_path, body("application/json", {"properties": {"o": {"properties": {"flag": {"type": "boolean"}}, **mark}}})
    )
    assert around["POST /x request.o.flag"].judgement == judgement
    parameter = {"name": "flag", "in": "query", "schema": {"type": "boolean"}, **mark}
    assert described(tmp_path, {"parameters": [parameter]})["POST /x request.query.flag"].judgement == judgement


def test_every_mark_is_tried_and_has_a_source() -> None:
    for mark in MARKS:
        first, _, second = mark.name.partition(".")
        value: object = {second: {"handling": "standard"}} if second else "pii"
        assert marks_of({first: value}, NOTHING).name == mark.name
        assert mark.source
        assert f"`{mark.name}" in (Path(__file__).parents[2] / "docs" / "map.md").read_text()


def test_a_field_that_is_personal_by_its_name_keeps_its_kind_beside_a_mark(tmp_path: Path) -> None:
    found = described(tmp_path, body("application/json", {"properties": {"email": {"type": "string", "x-pii": True}}}))
    one = found["POST /x request.email"]
    assert (one.judgement, one.evidence[-1]) == ("user.contact.email", "mark:x-pii")


def test_a_category_that_is_none_is_told_with_its_line(tmp_path: Path) -> None:
    document = {
        "paths": {
            "/x": {
                "post": body("application/json", {"properties": {"a": {"x-ringfence-category": "user.contact.emial"}}})
            }
        }
    }
    (tmp_path / "d.json").write_text(json.dumps(document, indent=1))
    with pytest.raises(Unmappable) as caught:
        map_openapi(tmp_path / "d.json")
    line = next(n for n, each in enumerate((tmp_path / "d.json").read_text().splitlines(), 1) if "emial" in each)
    said = str(caught.value)
    assert f"d.json:{line}: POST /x request.a: x-ringfence-category is no category" in said
    assert 'did you mean "user.contact.email"?' in said


@pytest.mark.parametrize(
    ("more", "base", "name"),
    [
        ({}, None, "GET /x"),
        ({"servers": [{"url": "https://api.example.com/v1/"}, {"url": "/v2"}]}, None, "GET /v1/x"),
        ({"servers": [{"url": "/"}]}, None, "GET /x"),
        (
            {
                "servers": [
                    {"url": "https://{host}/{v}?a=b", "variables": {"host": {"default": "h"}, "v": {"default": "3"}}}
                ]
            },
            None,
            "GET /3/x",
        ),
        ({"servers": [{"url": "./v1"}]}, None, "GET /v1/x"),
        ({"basePath": "/old"}, None, "GET /old/x"),
        ({"servers": [{"url": "/v1"}]}, "/gate", "GET /gate/x"),
        ({"servers": [{"url": "/v1"}]}, "", "GET /x"),
        ({"servers": "nonsense"}, None, "GET /x"),
    ],
)
def test_the_base_path_of_the_service_stands_before_its_paths(
    tmp_path: Path, more: dict[str, Any], base: str | None, name: str
) -> None:
    (tmp_path / "d.json").write_text(json.dumps({"paths": {"/x": {"get": {}}}, **more}))
    [table] = map_openapi(tmp_path / "d.json", base=base).tables
    assert table.path == name


def test_what_a_policy_could_not_declare_is_left_out_and_said(tmp_path: Path) -> None:
    paths = {path: {"get": {}} for path in ("/a/{x}", "/a/{y}", "/b/../c", "/d e", "/{", "/ok")}
    (tmp_path / "d.json").write_text(json.dumps({"paths": paths, "webhooks": {"w": {"post": {}}}}))
    found = map_openapi(tmp_path / "d.json")
    assert [table.path for table in found.tables] == ["GET /a/{x}", "GET /ok"]
    assert len(found.left_out) == 5
    assert found.left_out[0].startswith("1 webhooks")


def test_ten_thousand_endpoints_with_one_schema_are_mapped(tmp_path: Path) -> None:
    operation = {
        "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/C"}}}}}
    }
    paths = {f"/r{number}/{{id}}": {"get": operation} for number in range(10_000)}
    document = {"paths": paths, "components": {"schemas": {"C": {"properties": {"email": {"type": "string"}}}}}}
    (tmp_path / "d.json").write_text(json.dumps(document))
    found = map_openapi(tmp_path / "d.json")
    assert (len(found.tables), found.left_out) == (10_000, ())


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["#/paths", "#/x", "object", "", "é", "/a"]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "$ref",
                    "properties",
                    "items",
                    "allOf",
                    "schema",
                    "content",
                    "in",
                    "name",
                    "type",
                    "xml",
                    "servers",
                    "x-pii",
                    "get",
                ]
            ),
            below,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(operation=ANY_JSON, item=ANY_JSON, more=ANY_JSON)
def test_no_document_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, operation: object, item: object, more: object
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.json"
    said = {"parameters": [operation, more], "requestBody": operation, "responses": {"200": more, "404": operation}}
    file.write_text(
        json.dumps({"paths": {"/a": {"get": said, "post": operation}, "/b": item}, "servers": more, "components": more})
    )
    found = None
    with suppress(Unmappable):
        found = map_openapi(file)
    assert found is None or (found.kind, found.zone) == ("http", "core")
