"""A map of endpoints: written as the policy declares them, reviewed by people, kept, compared; of any size, in any script."""

import json
from pathlib import Path
from typing import Any

import pytest

from command_line import Cli
from ringfence.atlas import map_openapi, read_map, write_map
from ringfence.policy import AssetName, Policy
from ringfence.policy.reading import read

POLICY = "version: 1\ninclude: [ringfence.map.yaml]\nzones: {core: {label: core}}\n"


def service(properties: dict[str, Any], path: str = "/customers/{id}", **more: Any) -> dict[str, Any]:
    parameter = {"name": "id", "in": "path", "schema": {"type": "integer"}}
    operation = {
        "parameters": [parameter] if "{id}" in path else [],
        "responses": {"200": {"content": {"application/json": {"schema": {"properties": properties}}}}},
    }
    return {"openapi": "3.1.0", "info": {"title": "Shop"}, "paths": {path: {"get": operation}, **more}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ringfence.yaml").write_text(POLICY)
    (tmp_path / "api.json").write_text(json.dumps(service({"email": {"type": "string"}, "nick": {"type": "string"}})))
    return tmp_path


def policy(folder: Path) -> Policy:
    return read("ringfence.yaml", {file.name: file.read_text() for file in folder.glob("*.yaml")}, {})


def test_what_is_written_is_what_the_policy_declares_and_what_a_person_judged_stays(cli: Cli, folder: Path) -> None:
    assert cli("map", "--openapi", "api.json").returncode == 0
    endpoint = policy(folder).assets[AssetName("api")].endpoints["GET /customers/{id}"]
    assert endpoint.response["email"] == "user.contact.email"
    assert endpoint.request == {"path.id": "none"}
    assert cli("map", "accept", "GET /customers/{id} response.nick", "--as", "user.name").returncode == 0
    assert cli("map", "reject", "response.email").returncode == 0  # by its end, which is clear
    for _ in range(2):
        endpoint = policy(folder).assets[AssetName("api")].endpoints["GET /customers/{id}"]
        assert endpoint.response == {"email": "none", "nick": "user.name"}
        assert cli("map", "--openapi", "api.json", "--check").returncode == 0
        assert cli("map", "--openapi", "api.json").returncode == 0
    assert (folder / "ringfence.map.yaml").read_text().count("reviewed:") == 1


@pytest.mark.parametrize(
    ("changed", "how", "path"),
    [
        (service({"email": {}, "nick": {}, "phone": {}}), "new", "GET /customers/{id} response.phone"),
        (service({"nick": {}}), "gone", "GET /customers/{id} response.email"),
        (service({"email": {}, "nick": {}}, **{"/health": {"get": {}}}), "new", "GET /health"),
        (service({"email": {}, "nick": {}}, "/people/{id}"), "gone", "GET /customers/{id} response.email"),
    ],
)
def test_a_description_that_changed_has_drifted(
    cli: Cli, folder: Path, changed: dict[str, Any], how: str, path: str
) -> None:
    assert cli("map", "--openapi", "api.json").returncode == 0
    (folder / "api.json").write_text(json.dumps(changed))
    done = cli("map", "--openapi", "api.json", "--check", "--format", "json")
    assert done.returncode == 1
    assert (how, path) in [(each["how"], each["path"]) for each in json.loads(done.stdout)["drift"]]


def test_an_endpoint_without_fields_that_went_has_drifted(cli: Cli, folder: Path) -> None:
    (folder / "api.json").write_text(json.dumps(service({}, "/x", **{"/health": {"get": {}}})))
    assert cli("map", "--openapi", "api.json").returncode == 0
    assert list(policy(folder).assets[AssetName("api")].endpoints) == ["GET /x", "GET /health"]
    (folder / "api.json").write_text(json.dumps(service({}, "/x")))
    done = cli("map", "--openapi", "api.json", "--check")
    assert done.returncode == 1
    assert b"GET /health" in done.stdout


def test_what_a_person_wrote_beside_the_endpoints_stays(cli: Cli, folder: Path) -> None:
    (folder / "ringfence.map.yaml").write_text(
        "version: 1\nassets:\n  api:\n    zone: core  # ours\n    kind: http\n    undeclared: observe\n"
        "    fields:\n      note: scan # by hand\n"
    )
    for _ in range(2):
        assert cli("map", "--openapi", "api.json").returncode == 0
        text = (folder / "ringfence.map.yaml").read_text()
        assert "zone: core  # ours" in text
        assert "note: scan # by hand" in text
    asset = policy(folder).assets[AssetName("api")]
    assert (asset.undeclared, asset.fields, list(asset.endpoints)) == (
        "observe",
        {"note": "scan"},
        ["GET /customers/{id}"],
    )


NAMES = ("größe", "メール", "a: b", "#x", "x\ty", "true", "'q\"", "[0]", "- y", "a.b", "{z}", "null", "*")


def test_names_in_any_script_and_with_yamls_own_signs_come_back_as_they_went(tmp_path: Path) -> None:
    paths = {
        f"/{name.replace(' ', '%20').replace(chr(9), '%09').replace('#', '%23')}/é": {"get": {}}
        for name in NAMES
        if "{" not in name
    }
    document = service({name: {"type": "string"} for name in NAMES}, **paths)
    (tmp_path / "api.json").write_text(json.dumps(document))
    found = map_openapi(tmp_path / "api.json", asset="api")
    assert not found.left_out
    write_map(tmp_path / "ringfence.map.yaml", found)
    accepted = read_map(tmp_path / "ringfence.map.yaml")["api"]
    assert set(accepted.fields) == {one.path for one in found.fields}
    assert set(accepted.endpoints) == {table.path for table in found.tables}
    (tmp_path / "ringfence.yaml").write_text(POLICY)
    assert set(policy(tmp_path).assets[AssetName("api")].endpoints) == set(accepted.endpoints)


def test_a_map_that_is_too_long_for_one_file_goes_on_in_others(tmp_path: Path) -> None:
    operation = service({f"flag_{number}": {"type": "boolean"} for number in range(30)})["paths"]["/customers/{id}"]
    document = {"paths": {f"/r{number}/{{id}}": operation for number in range(350)}}
    (tmp_path / "api.json").write_text(json.dumps(document))
    found = map_openapi(tmp_path / "api.json", asset="api")
    written = write_map(tmp_path / "ringfence.map.yaml", found)
    assert len(written) == 2
    assert len(read_map(written[0])["api"].fields) == 350 * 31
    (tmp_path / "ringfence.yaml").write_text(POLICY)
    assert len(policy(tmp_path).assets[AssetName("api")].endpoints) == 350
