"""Hooks before a commit and before a push, in real repositories."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from git_repositories import Repo
from hooked import PEOPLE, VALUE, Pair, entries_of, kinds, ringfence, run_by

from ringfence.alert.deriving import derive
from ringfence.alert.volumes import Volumes
from ringfence.policy.alerts import AlertKind

ODD = "it's a \"folder\"\nof $HOME `x` 'y'"


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Give a repository with hooks, in a folder whose name has quotes, a space and a line feed, and its server."""
    made = Pair(tmp_path / ODD)
    made.install()
    return made


def test_a_commit_with_people_is_refused_and_recorded_and_nothing_says_the_value(pair: Pair) -> None:
    pair.client.stage(people_csv=PEOPLE)
    done = pair.run("commit", "--message=people")
    assert done.returncode == 1
    said = done.stderr.decode()
    assert "people.csv:2:13  EMAIL_ADDRESS  user.contact.email" in said
    assert "scan --fix" in said
    assert VALUE not in said
    assert pair.run("rev-parse", "--verify", "--quiet", "HEAD").returncode == 1
    (entry,) = pair.entries()
    assert entry["kind"] == "refused"
    assert entry["category"] == "user.contact.email"
    assert entry["client"] == {"files": "people.csv", "hook": "pre-commit", "ref": "refs/heads/main"}
    assert VALUE not in json.dumps(entry)
    assert f"`ringfence explain {entry['crossing']}" in said


def test_a_reason_lets_a_commit_and_a_push_go_and_is_recorded_without_what_it_names(pair: Pair) -> None:
    pair.client.stage(people_csv=PEOPLE)
    allow = {"RINGFENCE_ALLOW": "asked klaus.weber@web.de himself"}
    assert pair.run("commit", "--message=people", env=allow).returncode == 0
    assert pair.run("push", "origin", "main").returncode == 1
    assert pair.run("push", "origin", "main", env=allow).returncode == 0
    assert "refs/heads/main" in pair.refs()
    commit, refused, push = pair.entries()
    assert kinds([commit, refused, push]) == ["crossed", "refused", "crossed"]
    for entry in (commit, push):
        assert entry["reason"] == "asked [redacted:email] himself"
        assert entry["client"]["through"] == "RINGFENCE_ALLOW"  # type: ignore[index]
        assert entry["found"][0]["form"] == "clear"  # type: ignore[index]
        assert entry["found"][0]["rule"] == "overridden: flows.without-policy.else"  # type: ignore[index]
    assert push["client"]["remote"] == "origin"  # type: ignore[index]


def test_an_empty_reason_overrides_nothing(pair: Pair) -> None:
    pair.client.stage(people_csv=PEOPLE)
    assert pair.run("commit", "--message=people", env={"RINGFENCE_ALLOW": " "}).returncode == 1


def test_a_message_is_looked_at_but_for_comments_the_diff_below_and_those_who_had_a_part_in_it(pair: Pair) -> None:
    commit = ("commit", "--allow-empty")
    assert pair.run(*commit, "--message=for klaus.weber@web.de").returncode == 1
    assert pair.run(*commit, "--message=fine\n\nSigned-off-by: Klaus Weber <klaus.weber@web.de>").returncode == 0
    editor = pair.folder / "editor"
    scissors = "# ------------------------ >8 ------------------------"
    editor.write_text(
        f"#!/bin/sh\nprintf 'fine\\n# klaus.weber@web.de\\n{scissors}\\nklaus.weber@web.de\\n' > \"$1\"\n"
    )
    editor.chmod(0o700)
    done = pair.run(*commit, "--verbose", env={"GIT_EDITOR": "../editor"})
    assert done.returncode == 0, done.stderr
    assert kinds(pair.entries()) == ["refused"]


@pytest.mark.parametrize(
    "message", ["#12 for {}", "fine\n\n# ------------------------ >8 ------------------------\n{}"]
)
def test_what_git_keeps_of_a_message_that_nobody_edits_is_looked_at(pair: Pair, message: str) -> None:
    done = pair.run("commit", "--allow-empty", f"--message={message.format('klaus.weber@web.de')}")
    assert done.returncode == 1
    assert b"the commit's message" in done.stderr


def test_what_goes_without_anything_personal_is_counted_when_it_is_pushed(pair: Pair) -> None:
    pair.client.commit("clean", a_txt="nothing\n")
    assert pair.entries() == []
    assert pair.run("push", "origin", "main").returncode == 0
    (entry,) = pair.entries()
    assert (entry["kind"], entry["payloads"]) == ("counted", 1)
    # a ref that is deleted brings nothing
    assert pair.run("push", "origin", "HEAD:refs/heads/side").returncode == 0
    assert pair.run("push", "origin", ":side").returncode == 0


def test_a_branch_named_after_a_person_does_not_go(pair: Pair) -> None:
    pair.client.commit("clean", a_txt="nothing\n")
    done = pair.run("push", "origin", "HEAD:refs/heads/for/klaus.weber@web.de")
    assert done.returncode == 1
    assert b"the ref's name" in done.stderr
    assert VALUE.encode() not in done.stderr.partition(b"error: failed to push")[0]
    assert VALUE not in json.dumps(pair.entries())


def test_an_inline_word_and_an_ignore_file_count_in_ones_own_repository(pair: Pair) -> None:
    pair.client.commit("inline", a_py='MAIL = "klaus.weber@web.de"  # ringfence: allow EMAIL_ADDRESS he agreed\n')
    pair.client.write(".ringfenceignore", "people.csv : EMAIL_ADDRESS, user.name  # he agreed\n")
    pair.client.commit("ignored", people_csv=PEOPLE)
    assert pair.run("push", "origin", "main").returncode == 0
    (entry,) = pair.entries()
    assert entry["kind"] == "crossed"
    assert {fact["rule"] for fact in entry["found"]} == {"allowed: inline", "allowed: ignored"}  # type: ignore[attr-defined]


def test_a_ledger_that_is_not_there_lets_nothing_go(pair: Pair) -> None:
    pair.client.commit("clean", a_txt="nothing\n")
    (pair.client.top / ".git" / "ringfence" / "ledger.db").unlink()
    done = pair.run("push", "origin", "main")
    assert done.returncode == 1
    assert b"`ringfence git install` makes one" in done.stderr
    assert pair.refs() == {}
    pair.client.stage(people_csv=PEOPLE)
    assert pair.run("commit", "--message=x", env={"RINGFENCE_ALLOW": "because"}).returncode == 1


def test_hooks_that_were_there_run_first_with_what_git_gives_them_and_their_failure_counts(tmp_path: Path) -> None:
    pair = Pair(tmp_path / "a b")
    hooks = pair.client.top / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("pre-commit", "pre-push"):
        (hooks / name).write_text(
            f'#!/bin/sh\necho "old {name}: $*" >&2\n[ {name} = pre-commit ] || cat >&2\nexit ${{OLD:-0}}\n'
        )
        (hooks / name).chmod(0o755)
    (hooks / "commit-msg").write_text("#!/bin/sh\nexit 1\n")  # not executable: git would not run it
    old = {hook.name: hook.read_bytes() for hook in hooks.iterdir() if hook.suffix != ".sample"}
    pair.install()
    again = pair.install()
    assert b"kept" in again.stdout
    done = pair.run("commit", "--allow-empty", "--message=x")
    assert b"old pre-commit: \n" in done.stderr
    assert done.returncode == 0, done.stderr
    head = pair.client.git("rev-parse", "HEAD")
    done = pair.run("push", "origin", "main")
    assert (
        f"old pre-push: origin ../server.git\nrefs/heads/main {head} refs/heads/main {'0' * 40}\n".encode()
        in done.stderr
    )
    assert pair.run("commit", "--allow-empty", "--message=x", env={"OLD": "3"}).returncode == 1
    removed = ringfence(pair.client.top, "git", "uninstall")
    assert removed.stdout.count(b"took away") == 3
    assert {hook.name: hook.read_bytes() for hook in hooks.iterdir() if hook.name in old} == old
    assert not list(hooks.glob("*.before-ringfence"))


def test_what_another_tool_writes_in_our_place_is_kept_when_ours_is_written_again(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    hook = pair.client.top / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    for said in ("one", "two"):
        hook.unlink(missing_ok=True)
        hook.write_text(f"#!/bin/sh\necho {said} >&2\n")
        hook.chmod(0o755)
        pair.install()
    done = pair.run("commit", "--allow-empty", "--message=x")
    assert done.returncode == 0
    assert b"two" in done.stderr
    assert b"one" not in done.stderr
    assert b"one" in hook.with_name("pre-commit.before-ringfence.1").read_bytes()


def test_where_its_interpreter_or_ringfence_is_gone_a_hook_refuses_and_says_how_to_mend_it(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    pair.install()
    (pair.client.top / ".git" / "hooks" / "warm-python").unlink()
    done = pair.run("commit", "--allow-empty", "--message=x")
    assert done.returncode == 1
    assert b"is gone" in done.stderr
    assert b"ringfence git install" in done.stderr
    status = ringfence(pair.client.top, "git", "status")
    assert status.returncode == 1
    assert b"its ringfence is gone" in status.stdout
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nshift\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o700)
    run_by(pair.client.top / ".git" / "hooks" / "pre-commit", bare)
    done = pair.run("commit", "--allow-empty", "--message=x")
    assert done.returncode == 1
    assert b"nothing passes" in done.stderr


def test_a_hook_that_somebody_broke_is_told_and_written_anew(pair: Pair) -> None:
    hook = pair.client.top / ".git" / "hooks" / "pre-commit"
    hook.write_text(hook.read_text().replace("\npython=", "\npython='", 1).replace("'\"'\"'", ""))
    status = ringfence(pair.client.top, "git", "status")
    assert (status.returncode, b"internal error" in status.stderr) == (1, False)
    assert b"its ringfence is gone" in status.stdout
    pair.install()
    assert ringfence(pair.client.top, "git", "status").returncode == 0


def test_nothing_of_the_repositorys_own_is_imported(pair: Pair) -> None:
    for name in ("ringfence/__init__.py", "typer.py", "sitecustomize.py"):
        pair.client.write(name, "raise SystemExit(0)\n")
    run_by(pair.client.top / ".git" / "hooks" / "pre-commit", sys.executable)
    pair.client.stage(people_csv=PEOPLE)
    assert pair.run("commit", "--message=x").returncode == 1
    assert kinds(pair.entries()) == ["refused"]


def test_hooks_of_worktrees_and_of_a_folder_of_its_own_are_found(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    pair.client.commit("first", a_txt="a\n")
    pair.client.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    pair.client.git("config", "core.hooksPath", ".husky/_")
    done = pair.install(where=pair.client.top / ".husky" / "_")
    assert b"husky writes this folder anew" in done.stderr
    linked = Repo(tmp_path / "linked")
    linked.stage(people_csv=PEOPLE)
    assert (
        linked.git("commit", "--message=x", check=False).count("is refused") == 0
    )  # no .husky is there: git finds none
    pair.client.git("config", "--unset", "core.hooksPath")
    pair.install()
    linked.git("reset", "--quiet", "--soft", "main")
    assert "is refused" in linked.git("commit", "--message=x", check=False)
    assert ringfence(linked.top, "git", "status").returncode == 0


def test_a_folder_of_hooks_that_all_repositories_share_is_left_alone(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[core]\n\thooksPath = {tmp_path}/everywhere\n")
    os.environ["GIT_CONFIG_GLOBAL"] = str(settings)  # the fixture puts it back
    done = ringfence(pair.client.top, "git", "install")
    assert done.returncode == 2
    assert b"for all repositories" in done.stderr
    assert not (tmp_path / "everywhere").exists()


def test_hooks_record_in_the_installation_at_the_top_and_where_they_are_told(tmp_path: Path, installed: Path) -> None:
    pair = Pair(tmp_path / "top")
    (installed / ".ringfence").rename(pair.client.top / ".ringfence")
    pair.install()
    pair.client.stage(people_csv=PEOPLE)
    assert pair.run("commit", "--message=x").returncode == 1
    assert not (pair.client.top / ".git" / "ringfence").exists()
    assert kinds(entries_of(pair.client.top / ".ringfence" / "ledger.db")) == ["refused"]
    pair.install("--home", str(tmp_path / "elsewhere"))
    assert pair.run("commit", "--message=x").returncode == 1
    assert kinds(entries_of(tmp_path / "elsewhere" / "ledger.db")) == ["refused"]


def test_a_hook_without_settings_and_one_of_no_name_refuse(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    for name in ("pre-commit", "post-update"):
        done = ringfence(repo.top, "git", "hook", name)
        assert done.returncode == 2
        assert b"git install" in done.stderr or b"one of" in done.stderr


def test_options_that_do_not_go_together_write_nothing(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    for options in (["--inline"], ["--flow", "push"], ["--gate", "git"], ["--policy", "nowhere.yaml", "--flow", "x"]):
        assert ringfence(repo.top, "git", "install", *options).returncode == 2
    assert not (repo.top / ".git" / "hooks" / "pre-commit").exists()
    assert not (repo.top / ".git" / "ringfence").exists()


@pytest.mark.parametrize(
    "command", [("merge", "--no-ff", "--no-edit", "side"), ("rebase", "side"), ("cherry-pick", "side")]
)
def test_a_merge_a_rebase_and_a_picked_commit_go_on(tmp_path: Path, command: tuple[str, ...]) -> None:
    pair = Pair(tmp_path)
    pair.client.commit("first", a_txt="a\n")
    pair.client.git("switch", "--quiet", "--create=side")
    pair.client.commit("side", b_txt="b\n")
    pair.client.git("switch", "--quiet", "main")
    pair.client.commit("main", c_txt="c\n")
    pair.install()
    done = pair.run(*command)
    assert done.returncode == 0, done.stderr
    assert pair.run("push", "origin", "main").returncode == 0


def test_everything_that_reads_a_ledger_reads_these_entries(pair: Pair) -> None:
    pair.client.stage(people_csv=PEOPLE)
    pair.run("commit", "--message=x")
    pair.run("commit", "--message=x", env={"RINGFENCE_ALLOW": "because"})
    home = ("--home", ".git/ringfence")
    top = pair.client.top
    explained = ringfence(top, "explain", *home).stdout.decode()
    assert "in       people.csv: email" in explained
    assert "reason     because" in explained
    for command in (["tail"], ["ledger", "tail"], ["ledger", "verify"]):
        done = ringfence(top, *command, *home)
        assert done.returncode == 0, done.stderr
    told = [one.kind for entry in pair.entries() for one in derive(entry, Volumes())]
    assert set(told) == {AlertKind.REFUSED, AlertKind.UNDECLARED}
    report = ringfence(top, "report", "crossings", *home)
    assert report.returncode == 0, report.stderr
    assert b"user.contact.email" in report.stdout


def test_an_interrupted_hook_refuses(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    pair.install()
    dying = tmp_path / "python"
    dying.write_text("#!/bin/sh\nkill -KILL $$\n")
    dying.chmod(0o700)
    for hook in (pair.client.top / ".git" / "hooks").iterdir():
        if "ringfence git hook" in hook.read_text():
            run_by(hook, dying)
    assert pair.run("commit", "--allow-empty", "--message=x").returncode == 1
    pair.run("commit", "--allow-empty", "--no-verify", "--message=x")
    assert pair.run("push", "origin", "main").returncode == 1
    assert pair.refs() == {}


def test_a_hook_is_a_script_that_any_shell_runs(tmp_path: Path) -> None:
    from ringfence.gates.git.hooks import LOCAL_HOOKS, SERVER_HOOKS, script

    for name in (*LOCAL_HOOKS, *SERVER_HOOKS):
        file = tmp_path / name
        file.write_text(script(name, "/opt/it's here\n/python"))
        assert subprocess.run(["sh", "-n", file], check=False).returncode == 0


def test_what_is_left_out_by_rule_is_said_before_a_commit_and_before_a_push(pair: Pair) -> None:
    pair.client.write("vendor/people.csv", PEOPLE)
    pair.client.git("add", "--all")
    done = pair.run("commit", "--message=code of others")
    assert done.returncode == 0
    assert b"ringfence: left out by rule, and not looked at: 1 vendored\n" in done.stderr
    assert pair.entries() == []
    done = pair.run("push", "origin", "main")
    assert b"ringfence: left out by rule, and not looked at: 1 vendored\n" in done.stderr
    (entry,) = pair.entries()
    assert (entry["kind"], entry["client"]["left_out"]) == ("crossed", "1 vendored")  # type: ignore[index]
    pair.install("--everything")
    pair.client.write("vendor/people.csv", f"{PEOPLE}{PEOPLE}")
    pair.client.git("add", "--all")
    assert pair.run("commit", "--message=code of others").returncode == 1
