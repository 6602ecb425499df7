"""A service's description is mapped by its operations' fields: references, joined schemas, circles, YAML, version 2."""

import json
from pathlib import Path

import pytest
from atlas_sources import CORPORA

from ringfence.atlas import AtlasError, map_openapi

CUSTOMER = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "email": {"type": "string"},
        "reachable_at": {"type": "string", "format": "email"},
        "birth": {"type": "string", "format": "date", "description": "Date of birth"},
        "ip": {"type": "string", "format": "ipv4"},
        "friends": {"type": "array", "items": {"$ref": "#/components/schemas/Customer"}},
        "active": {"type": "boolean"},
    },
}
DESCRIPTION = {
    "openapi": "3.0.3",
    "info": {"title": "Shop API", "version": "1"},
    "paths": {
        "/customers/{id}": {
            "parameters": [{"name": "phone", "in": "query", "schema": {"type": "string"}}],
            "get": {
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Wrapped"}}}}
                }
            },
            "post": {
                "requestBody": {"$ref": "#/components/requestBodies/New"},
                "responses": {"default": {"description": "nothing"}},
            },
        }
    },
    "components": {
        "schemas": {
            "Customer": CUSTOMER,
            "Wrapped": {
                "allOf": [
                    {"$ref": "#/components/schemas/Customer"},
                    {
                        "properties": {
                            "last_name": {"type": "string"},
                            "elsewhere": {"$ref": "https://example.org/x.json"},
                        }
                    },
                ]
            },
        },
        "requestBodies": {
            "New": {
                "content": {
                    "application/json": {
                        "schema": {
                            "oneOf": [
                                {"$ref": "#/components/schemas/Customer"},
                                {"type": "array", "items": {"type": "string"}},
                            ]
                        }
                    }
                }
            }
        },
    },
}


def judged(file: Path) -> dict[str, str]:
    return {one.path: one.judgement for one in map_openapi(file).fields}


def test_fields_of_requests_and_responses_are_mapped(tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(DESCRIPTION))
    by = judged(file)
    get, post = "GET /customers/{id}", "POST /customers/{id}"
    assert by[f"{get} request.query.phone"] == "user.contact.phone_number"
    assert by[f"{get} response.email"] == "user.contact.email"
    assert by[f"{get} response.reachable_at"] == "user.contact.email"
    assert by[f"{get} response.ip"] == "user.device.ip_address"
    assert by[f"{get} response.birth"] == "user.demographic.date_of_birth"
    assert by[f"{get} response.last_name"] == "user.name.last"
    assert by[f"{get} response.active"] == "none"
    assert by[f"{get} response.friends[]"] == "unknown"  # of itself, without end
    assert by[f"{get} response.elsewhere"] == "unknown"  # in another file
    assert by[f"{post} request.email"] == "user.contact.email"
    assert f"{post} request[]" in by
    assert map_openapi(file).asset == "Shop-API"
    assert map_openapi(file).kind == "http"


def test_a_description_in_yaml_is_the_same(tmp_path: Path) -> None:
    from ruamel.yaml import YAML

    (tmp_path / "shop.json").write_text(json.dumps(DESCRIPTION))
    with (tmp_path / "shop.yaml").open("w") as out:
        YAML(typ="safe", pure=True).dump(DESCRIPTION, out)
    assert judged(tmp_path / "shop.yaml") == judged(tmp_path / "shop.json")


def test_version_2_is_read_too(tmp_path: Path) -> None:
    description = {
        "swagger": "2.0",
        "paths": {
            "/c": {
                "post": {
                    "parameters": [{"in": "body", "name": "body", "schema": {"$ref": "#/definitions/C"}}],
                    "responses": {"200": {"schema": {"$ref": "#/definitions/C"}}},
                }
            }
        },
        "definitions": {"C": CUSTOMER | {"properties": {"email": {"type": "string"}}}},
    }
    (tmp_path / "a.json").write_text(json.dumps(description))
    by = judged(tmp_path / "a.json")
    assert by["POST /c request.email"] == by["POST /c response.email"] == "user.contact.email"


def test_schemas_in_circles_end(tmp_path: Path) -> None:
    """Twelve schemas that each name all others twice: more ways than anybody could go."""
    names = [f"S{number}" for number in range(12)]
    schemas = {
        name: {
            "properties": {f"{other}_{n}": {"$ref": f"#/components/schemas/{other}"} for other in names for n in (1, 2)}
        }
        for name in names
    }
    operation = {"responses": {"200": {"content": {"a/b": {"schema": {"$ref": "#/components/schemas/S0"}}}}}}
    (tmp_path / "a.json").write_text(
        json.dumps({"paths": {"/a": {"get": operation}}, "components": {"schemas": schemas}})
    )
    assert map_openapi(tmp_path / "a.json").left_out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        ("{", "not valid JSON"),
        ("a: [", "neither JSON nor YAML"),
        ("just words", "not an OpenAPI"),
        ('{"a": 1}', "not an OpenAPI"),
        ("[1]", "not an OpenAPI"),
    ],
)
def test_what_is_no_description_is_said_in_two_lines(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / "a.json").write_text(content)
    with pytest.raises(AtlasError) as caught:
        map_openapi(tmp_path / "a.json")
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2


TWILIO = CORPORA / "openapi" / "twilio" / "twilio_api_v2010.json"
CONTACT = {"phone_number", "email", "customer_name", "street", "city", "region", "postal_code", "street_secondary"}


@pytest.mark.skipif(not TWILIO.exists(), reason="the corpora are not beside this checkout")
def test_a_real_description_is_mapped_with_its_contact_fields() -> None:
    found = map_openapi(TWILIO)
    rows = (CORPORA / "openapi_twilio_fields.jsonl").read_text(encoding="utf-8").splitlines()
    marked = {row["field"] for row in map(json.loads, rows) if row["spec"] == TWILIO.name and row["pii"]} & CONTACT
    missed = {
        field
        for field in marked
        if not any(
            one.is_personal for one in found.fields if one.path.endswith(f".{field}") and " response." in one.path
        )
    }
    assert len(marked) >= 5
    assert not missed
