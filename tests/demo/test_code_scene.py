"""The scenes about code: they hold where the hook does, fail where a value gets by, and are left out in words."""

import io
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ringfence.demo.api_stage import EnvoyMissing
from ringfence.demo.code_scenes import show_commit, show_history
from ringfence.demo.code_stage import CodeStage, GitMissing, Shop, perform_code, seen_in
from ringfence.demo.place import Place
from ringfence.demo.postgres_server import ServerMissing
from ringfence.demo.screen import Screen
from ringfence.demo.stage import Stage

SCENES = (show_commit, show_history)


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> CodeStage:
    made = perform_code(tmp_path_factory.mktemp("demo") / "code")
    assert isinstance(made, CodeStage)
    return made


def shown(scene: Callable[[Stage, Screen], bool], code: CodeStage | GitMissing) -> tuple[bool, str]:
    """Show a scene; give whether it held, and what was seen."""
    out = io.StringIO()
    stage = Stage(Place(Path()), False, [], [], {}, ServerMissing(), EnvoyMissing(), code)
    held = scene(stage, Screen(Console(file=out, width=200)))
    return held, out.getvalue()


@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_holds_where_the_hook_does(code: CodeStage, scene: Callable[[Stage, Screen], bool]) -> None:
    held, text = shown(scene, code)
    assert held, text
    assert "[FAILED]" not in text
    assert seen_in(text.encode(), [*code.planted, *code.noted]) == 0


def test_a_commit_that_is_taken_at_once_fails_the_scene(code: CodeStage) -> None:
    assert not shown(show_commit, replace(code, refused=replace(code.refused, code=0)))[0]
    moved = (code.refused_at[0], code.first[0])
    assert not shown(show_commit, replace(code, refused_at=moved))[0]


def test_a_value_that_stays_in_the_commit_fails_the_scene(code: CodeStage) -> None:
    held, text = shown(show_commit, replace(code, after=code.before))
    assert not held
    assert "[FAILED]" in text


def test_a_program_whose_test_no_longer_passes_fails_the_scene(code: CodeStage) -> None:
    held, text = shown(show_commit, replace(code, tested=(0, 1)))
    assert not held
    assert "does not pass any more" in text


def test_a_refusal_that_nobody_recorded_fails_the_scene(code: CodeStage) -> None:
    assert not shown(show_commit, replace(code, entries=[]))[0]


def test_an_output_that_history_does_not_tell_fails_the_scene(code: CodeStage) -> None:
    assert not shown(show_history, replace(code, kept=[one for one in code.kept if one["entity"] != "PHONE_NUMBER"]))[0]


@pytest.mark.parametrize("scene", SCENES)
def test_without_git_a_scene_says_what_to_install_and_does_not_fail(scene: Callable[[Stage, Screen], bool]) -> None:
    held, text = shown(scene, GitMissing())
    assert held
    assert "Left out: no git is here. To see it: install git" in text


@pytest.mark.parametrize(
    ("said", "what"),
    [("git version 2.20.1", "git 2.20 is here"), ("something else", "git does not say its version")],
)
def test_a_git_that_is_too_old_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, what: str) -> None:
    git = tmp_path / "git"
    git.write_text(f"#!/bin/sh\necho {said}\n")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    made = perform_code(tmp_path / "code")
    assert isinstance(made, GitMissing)
    assert made.what == what


def test_where_none_is_installed_the_stage_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ringfence.demo.code_stage.shutil.which", lambda _: None)
    assert isinstance(perform_code(tmp_path / "code"), GitMissing)


def test_what_a_hook_above_says_of_its_repository_does_not_reach_the_demos(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    outer = tmp_path / "outer"
    subprocess.run(["git", "init", "--quiet", outer], check=True)
    monkeypatch.setenv("GIT_DIR", str(outer / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(outer / ".git" / "index"))
    monkeypatch.setenv("RINGFENCE_ALLOW", "everything")
    code = perform_code(tmp_path / "code")
    assert isinstance(code, CodeStage)
    assert code.refused.code == 1
    assert not (outer / ".git" / "hooks" / "pre-commit").exists()
    assert (Shop(tmp_path / "code").home / "ledger.db").is_file()
