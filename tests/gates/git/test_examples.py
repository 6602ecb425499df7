"""What stands in `examples/` and for the pre-commit framework: valid by its schema, and doing what it says."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest
from git_repositories import Repo
from hooked import PEOPLE, VALUE
from ruamel.yaml import YAML

import command_line

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
PINNED = 40  # digits of a commit


def read(name: str) -> Mapping[str, object]:
    """Read an example. As its readers do it: `on` is a word."""
    text = (EXAMPLES / name).read_text()
    return json.loads(text) if name.endswith(".json") else YAML(typ="safe").load(text)


@cache
def schema(name: str) -> Mapping[str, object]:
    """Give a schema as its publisher has it."""
    return json.loads(files("check_jsonschema").joinpath(f"builtin_schemas/vendor/{name}.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("example", "of"),
    [
        ("github/workflow.yml", "github-workflows"),
        ("github/action/action.yml", "github-actions"),
        ("gitlab/ringfence.gitlab-ci.yml", "gitlab-ci"),
    ],
)
def test_an_example_is_valid_by_the_schema_of_what_reads_it(example: str, of: str) -> None:
    assert [error.message for error in jsonschema.Draft7Validator(schema(of)).iter_errors(read(example))] == []


def test_the_frameworks_own_check_takes_the_hooks_that_it_is_offered() -> None:
    from pre_commit.clientlib import load_config, load_manifest

    ids = [hook["id"] for hook in load_manifest(os.fspath(ROOT / ".pre-commit-hooks.yaml"))]
    config = load_config(os.fspath(EXAMPLES / "pre-commit-config.yaml"))
    assert {hook["id"] for hook in config["repos"][0]["hooks"]} <= set(ids)


@pytest.mark.parametrize(
    ("event", "looked_at"),
    [
        ({"created": False, "forced": False, "before": "b", "pull_request": None}, "b..n"),
        ({"created": True, "forced": False, "before": "0" * 40, "pull_request": None}, ""),
        ({"created": False, "forced": True, "before": "b", "pull_request": None}, ""),
        ({"pull_request": {"base": {"sha": "m"}, "head": {"sha": "h"}}}, "m...h"),
    ],
)
def test_the_workflow_looks_at_what_is_new_and_at_all_where_nothing_was_before(
    event: dict[str, object], looked_at: str
) -> None:
    told = {"event": event, "event_name": "pull_request" if event["pull_request"] else "push", "sha": "n"}
    github = json.loads(json.dumps(told), object_hook=lambda pairs: SimpleNamespace(**pairs))
    steps = read("github/workflow.yml")["jobs"]["personal-data"]["steps"]  # type: ignore[index]
    said = next(step["with"]["range"] for step in steps if step.get("id") == "ringfence")
    # GitHub's operators give an operand, and take "" for false, as Python's do.
    python = said.removeprefix("${{").removesuffix("}}").replace("&&", "and").replace("||", "or").replace("!(", "not (")
    assert eval(python.strip(), {"github": github, "format": str.format}) == looked_at  # noqa: S307 (text of this repository)


def test_every_action_is_pinned_to_a_commit_and_every_version_is_one() -> None:
    for name in ("github/workflow.yml", "github/action/action.yml"):
        lines = (EXAMPLES / name).read_text().splitlines()
        used = [line.partition("uses: ")[2] for line in lines if line.strip(" -").startswith("uses: ")]
        outside = [each for each in used if not each.startswith("./")]
        assert outside
        for each in outside:
            commit, _, version = each.partition("@")[2].partition(" # ")
            assert (len(commit), version[:1]) == (PINNED, "v"), each


def shim(folder: Path) -> dict[str, str]:
    """Give an environment in which `ringfence` is a command that is started already, and installing installs nothing."""
    folder.mkdir()
    client = Path(__file__).with_name("warm_python.py")
    call = shlex.join(
        [sys.executable, "-I", "-S", str(client), command_line.address(), "-P", "-c", command_line.PROGRAM]
    )
    for name, does in (("ringfence", f'exec {call} "$@"'), ("python", "exit 0"), ("apt-get", "exit 0")):
        (folder / name).write_text(f"#!/bin/sh\n{does}\n")
        (folder / name).chmod(0o700)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.fixture
def repo_of_two(tmp_path: Path) -> tuple[Repo, str, str, str]:
    """Give a repository with a clean state, one with people, and a clean one after the first."""
    repo = Repo(tmp_path / "repo")
    first = repo.commit("first", a_txt="a\n")
    clean = repo.commit("clean", b_txt="b\n")
    people = repo.commit("people", people_csv=PEOPLE)
    return repo, first, clean, people


def test_the_actions_step_fails_where_people_came_and_leaves_a_report(
    repo_of_two: tuple[Repo, str, str, str], tmp_path: Path
) -> None:
    repo, first, clean, people = repo_of_two
    step = read("github/action/action.yml")["runs"]["steps"][-1]  # type: ignore[index]
    environment = shim(tmp_path / "bin")
    (tmp_path / "ignoring").write_text("people.csv\n")
    for last, options, code in ((clean, "", 0), (people, "", 1), (people, "--ignore-file ../ignoring --every", 0)):
        env = {**environment, "RANGE": f"{first}...{last}", "OPTIONS": options, "SARIF": "ringfence.sarif"}
        bash = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]]
        done = subprocess.run(bash, cwd=repo.top, env=env, capture_output=True, check=False)
        assert done.returncode == code, done.stderr
        assert VALUE.encode() not in done.stdout + done.stderr
        report = json.loads((repo.top / "ringfence.sarif").read_text())
        assert len(report["runs"][0]["results"]) == code


def test_the_templates_script_fails_where_people_came_and_leaves_its_reports(
    repo_of_two: tuple[Repo, str, str, str], tmp_path: Path
) -> None:
    repo, first, clean, people = repo_of_two
    job = read("gitlab/ringfence.gitlab-ci.yml")["ringfence"]
    environment = shim(tmp_path / "bin")
    script = "\n".join(["set -e", *job["before_script"], *job["script"]])  # type: ignore[index]
    for before, last, code in (
        (first, clean, 0),
        (first, people, 1),
        ("0" * 40, people, 1),
        ("5" * 40, people, 1),
        ("", people, 1),
    ):
        env = {**environment, "RINGFENCE_VERSION": "0", "CI_COMMIT_BEFORE_SHA": before, "CI_COMMIT_SHA": last}
        done = subprocess.run(["sh", "-c", script], cwd=repo.top, env=env, capture_output=True, check=False)
        assert done.returncode == code, done.stderr
        assert len(json.loads((repo.top / "gl-code-quality-report.json").read_text())) == code
        assert (repo.top / "ringfence.xml").read_text().startswith("<?xml")
        repo.git("clean", "--quiet", "--force")


def test_agents_are_told_to_call_the_hook() -> None:
    for name in ("claude-settings", "cursor-hooks", "gemini-settings", "copilot-hooks"):
        said = json.dumps(read(f"agents/{name}.json"))
        assert said.count("ringfence hook") == said.count('"command": "') + said.count('"bash": "')


def test_pre_commit_runs_it_from_a_local_repository(tmp_path: Path) -> None:
    tool = Repo(tmp_path / "tool")
    tool.write(".pre-commit-hooks.yaml", (ROOT / ".pre-commit-hooks.yaml").read_text())
    rev = tool.commit("hooks")
    repo = Repo(tmp_path / "repo")
    # `language: system` takes the command that is there: making an environment would need a network.
    hooks = "".join(f"      - {{id: {name}, language: system}}\n" for name in ("ringfence", "ringfence-message"))
    repo.write(".pre-commit-config.yaml", f"repos:\n  - repo: {tool.top}\n    rev: {rev}\n    hooks:\n{hooks}")
    environment = {**shim(tmp_path / "bin"), "PRE_COMMIT_HOME": str(tmp_path / "cache"), "PRE_COMMIT_COLOR": "never"}
    environment |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.file.allow", "GIT_CONFIG_VALUE_0": "always"}
    (tmp_path / "bin" / "python").unlink()
    install = [sys.executable, "-m", "pre_commit", "install", "--hook-type", "pre-commit", "--hook-type", "commit-msg"]
    subprocess.run(install, cwd=repo.top, env=environment, capture_output=True, check=True)

    def commit(message: str = "x") -> "subprocess.CompletedProcess[bytes]":
        repo.git("add", "--all")
        arguments = ["git", "commit", "--message", message]
        return subprocess.run(arguments, cwd=repo.top, env=environment, capture_output=True, check=False)

    repo.write("people.csv", PEOPLE)
    refused = commit()
    assert refused.returncode == 1
    assert b"people.csv:2:13" in refused.stderr + refused.stdout
    assert VALUE.encode() not in refused.stderr + refused.stdout
    repo.write("people.csv", "name,email\n")
    assert commit(f"for {VALUE}@web.de").returncode == 1
    assert commit().returncode == 0
