"""What a changed description newly exposes: categories in new places, and nothing that only has another name."""

import json
from pathlib import Path
from typing import Any

import pytest

from command_line import Cli
from ringfence.atlas import Shift, Shifted, compare, map_openapi

JSON = "application/json"
EMAIL, FLAG = {"type": "string", "format": "email"}, {"type": "boolean"}


def operation(response: dict[str, Any] | None = None, request: dict[str, Any] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"responses": {"200": {"content": {JSON: {"schema": {"properties": response or {}}}}}}}
    if request is not None:
        made["requestBody"] = {"content": {JSON: {"schema": {"properties": request}}}}
    return made


def differences(folder: Path, old: dict[str, Any], new: dict[str, Any]) -> list[Shifted]:
    made = []
    for name, paths in (("old", old), ("new", new)):
        (folder / f"{name}.json").write_text(json.dumps({"servers": [{"url": f"/{name}"}], "paths": paths}))
        made.append(map_openapi(folder / f"{name}.json", base=""))
    return compare(*made)


@pytest.mark.parametrize(
    ("old", "new", "shifts"),
    [
        ({"a": FLAG}, {"a": FLAG}, []),
        ({"a": FLAG}, {"a": EMAIL}, [(Shift.EXPOSED, "response.a", "none")]),
        ({}, {"a": EMAIL}, [(Shift.EXPOSED, "response.a", "")]),
        ({"a": EMAIL}, {}, [(Shift.GONE, "response.a", "user.contact.email")]),
        (
            {"a": EMAIL},
            {"b": EMAIL},
            [(Shift.EXPOSED, "response.b", ""), (Shift.GONE, "response.a", "user.contact.email")],
        ),
        (
            {"a": EMAIL},
            {"a": {"x-ringfence-category": "user.contact"}},
            [(Shift.EXPOSED, "response.a", "user.contact.email")],
        ),
        ({"a": {"x-ringfence-category": "user.contact"}}, {"a": EMAIL}, []),
        ({"a": {"x-ringfence-category": "user.contact"}}, {"a": {"properties": {"b": EMAIL}}}, []),
        ({"a": {"x-ringfence-category": "scan"}}, {"a": EMAIL}, [(Shift.EXPOSED, "response.a", "scan")]),
        ({}, {"a": {"x-ringfence-category": "scan"}}, [(Shift.UNSURE, "response.a", "")]),
        ({"a": {"x-ringfence-category": "unknown"}}, {"a": {"x-ringfence-category": "scan"}}, []),
        ({"a": {"x-ringfence-category": "unknown"}}, {"a": FLAG}, []),
    ],
)
def test_a_category_in_a_new_place_is_newly_exposed(
    tmp_path: Path, old: dict[str, Any], new: dict[str, Any], shifts: list[tuple[Shift, str, str]]
) -> None:
    found = differences(tmp_path, {"/x": {"get": operation(old)}}, {"/x": {"get": operation(new)}})
    assert [(each.shift, each.field, each.before) for each in found] == shifts
    assert all(each.endpoint == "GET /x" for each in found)


def test_a_request_collects_and_a_whole_endpoint_is_new_or_gone(tmp_path: Path) -> None:
    old = {"/x": {"post": operation(request={})}, "/gone": {"get": operation({"a": EMAIL})}}
    new = {
        "/x": {"post": operation(request={"a": EMAIL})},
        "/health": {"get": {}},
        "/y": {"get": operation({"a": EMAIL})},
    }
    found = differences(tmp_path, old, new)
    assert [(each.shift, each.endpoint) for each in found] == [
        (Shift.EXPOSED, "GET /y"),
        (Shift.COLLECTED, "POST /x"),
        (Shift.ADDED, "GET /health"),
        (Shift.GONE, "GET /gone"),
    ]
    assert [each.is_finding for each in found] == [True, True, False, False]


def test_another_name_of_a_path_parameter_and_another_base_path_are_no_change(tmp_path: Path) -> None:
    def item(name: str) -> dict[str, Any]:
        parameter = {"name": name, "in": "path", "schema": {"type": "string"}}
        return {f"/customers/{{{name}}}": {"parameters": [parameter], "get": operation({"a": EMAIL})}}

    assert differences(tmp_path, item("id"), item("customer_email")) == []


def test_the_command_says_file_endpoint_field_and_category_and_exits_by_it(cli: Cli, tmp_path: Path) -> None:
    differences(tmp_path, {"/x": {"get": operation()}}, {"/x": {"get": operation({"a": EMAIL})}})
    done = cli("openapi", "diff", "old.json", "new.json")
    assert done.returncode == 1
    said = done.stdout.decode()
    for word in (
        "newly exposed",
        "GET /x",
        "response.a",
        "user.contact.email",
        "old.json -> new.json: 1 newly exposed",
    ):
        assert word in said
    made = json.loads(cli("openapi", "diff", "old.json", "new.json", "--format", "json").stdout)
    assert made["counts"]["newly exposed"] == 1
    [change] = made["changes"]
    assert (change["endpoint"], change["field"], change["holds"], change["before"]) == (
        "GET /x",
        "response.a",
        "user.contact.email",
        "",
    )
    same = cli("openapi", "diff", "new.json", "old.json")  # what is gone is told, and is no finding
    assert (same.returncode, b"1 gone" in same.stdout) == (0, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "new.json: there is no such file"),
        ('{"paths": {,', "new.json:1:12: not valid JSON"),
        ("a: [\nb: {", "new.json:2:5: neither JSON nor YAML"),
        ("\ud800", "new.json: not UTF-8"),
        (
            '{"paths": {"/x": {"get": {"parameters": [{"name": "a", "in": "query", "x-ringfence-category": "no"}]}}}}',
            "new.json:1: ",
        ),
        ('{"paths": ' * 2_000, "new.json"),
        ("a: " * 50_000, "new.json"),
    ],
)
def test_what_cannot_be_read_is_told_in_two_lines(cli: Cli, tmp_path: Path, content: str | None, said: str) -> None:
    (tmp_path / "old.json").write_text('{"paths": {"/x": {"get": {}}}}')
    if content is not None:
        (tmp_path / "new.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    done = cli("openapi", "diff", "old.json", "new.json")
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert len(done.stderr.decode().splitlines()) == 2
    assert "internal" not in done.stderr.decode()
