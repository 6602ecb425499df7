"""A server's hook, asked by real pushes: what is sent is judged before it is taken, whatever the pusher's own hooks said."""

import json
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from git_repositories import Repo
from hooked import PEOPLE, VALUE, ZONES, Pair, kinds, ringfence, run_by

from ringfence.gates.git.hook_settings import read_settings
from ringfence.gates.git.repository import find

SEARCH = "SELECT * FROM people WHERE email = 'klaus.weber@web.de'\n"


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Give a repository without hooks, and a server with one."""
    made = Pair(tmp_path)
    made.install(server=True)
    return made


def loose(pair: Pair) -> set[str]:
    """Give the objects that the server holds."""
    said = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch-check=%(objectname)"],
        cwd=pair.server, capture_output=True, check=True,
    )  # fmt: skip
    return set(said.stdout.decode().split())


def test_a_push_with_people_is_refused_with_the_place_and_the_mend_and_nothing_is_kept(pair: Pair) -> None:
    commit = pair.client.commit("people", people_csv=PEOPLE)
    done = pair.push()
    assert done.returncode == 1
    said = done.stderr.decode()
    line = next(line for line in said.splitlines() if "people.csv" in line)
    assert line.startswith("remote:   people.csv:2:13  EMAIL_ADDRESS  user.contact.email  xxxxx.xxxxx@xxx.xx")
    assert f"commit {commit[:12]}" in line
    assert "git commit --amend" in said
    assert VALUE not in said
    assert "RINGFENCE_ALLOW" not in said  # of a server nobody's environment counts
    assert pair.refs() == {}
    assert loose(pair) == set()
    (entry,) = pair.entries(server=True)
    assert entry["kind"] == "refused"
    assert entry["client"]["commits"] == commit[:12]  # type: ignore[index]
    assert VALUE not in json.dumps(entry)


def test_what_was_taken_back_in_a_later_commit_is_refused_all_the_same(pair: Pair) -> None:
    pair.client.commit("people", people_csv=PEOPLE)
    pair.client.git("rm", "--quiet", "people.csv")
    pair.client.commit("taken back")
    assert pair.push().returncode == 1
    pair.client.git("reset", "--quiet", "--soft", "HEAD~2", check=False)
    pair.client.git("checkout", "--quiet", "--orphan", "clean")
    pair.client.commit("clean", a_txt="a\n")
    assert pair.push("origin", "clean:main").returncode == 0


def test_merges_octopus_amended_and_forced_tags_and_submodules_go_where_nothing_personal_is(pair: Pair) -> None:
    client = pair.client
    client.commit("first", a_txt="a\n")
    for name in ("x", "y", "z"):
        client.git("switch", "--quiet", f"--create={name}", "main")
        client.commit(name, **{f"{name}_txt": f"{name}\n"})
    client.git("switch", "--quiet", "main")
    client.git("merge", "--quiet", "--no-ff", "x", "y", "z", "--message=octopus")
    assert pair.push().returncode == 0
    client.git("commit", "--quiet", "--amend", "--message=amended")
    assert pair.push().returncode == 1  # git's own no: it is no fast-forward
    assert pair.push("--force", "origin", "main").returncode == 0
    client.git("tag", "--annotate", "--message=the first", "v1")
    assert pair.push("origin", "v1").returncode == 0
    client.git("tag", "--annotate", "--message=for klaus.weber@web.de", "v2")
    assert pair.push("origin", "v2").returncode == 1
    inner = Repo(pair.folder / "inner")
    inner.commit("inner", i_txt="i\n")
    client.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.top), "inner")
    client.commit("submodule")
    assert pair.push().returncode == 0
    assert set(pair.refs()) == {"refs/heads/main", "refs/tags/v1", "refs/tags/v1^{}"}
    # of several refs at once one refuses all
    client.git("switch", "--quiet", "x")
    client.commit("clean", more_txt="more\n")
    client.git("switch", "--quiet", "y")
    client.commit("not clean", q_sql=SEARCH)
    assert pair.push("origin", "x", "y").returncode == 1
    assert "refs/heads/x" not in pair.refs()
    assert pair.push("origin", "x").returncode == 0
    assert pair.push("origin", ":x").returncode == 0


def test_a_merge_that_mends_nothing_of_what_it_merges_is_refused(pair: Pair) -> None:
    client = pair.client
    client.commit("first", a_txt="a\n")
    assert pair.push().returncode == 0
    client.git("switch", "--quiet", "--create=side")
    client.commit("people", people_csv=PEOPLE)
    client.git("switch", "--quiet", "main")
    client.commit("main", b_txt="b\n")
    client.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
    assert pair.push().returncode == 1
    client.git("reset", "--quiet", "--hard", "HEAD~1")
    client.git("rebase", "--quiet", "side", check=False)
    assert pair.push("--force", "origin", "main").returncode == 1


def test_a_reason_counts_only_where_the_server_takes_one(pair: Pair) -> None:
    pair.client.commit("people", people_csv=PEOPLE)
    reason = "ringfence.allow=klaus.weber@web.de agreed"
    pair.client.git("--git-dir", str(pair.server), "config", "receive.advertisePushOptions", "true")
    done = pair.push("-o", reason, "origin", "main", env={"RINGFENCE_ALLOW": "me"})
    assert done.returncode == 1
    assert b"takes no word that overrides" in done.stderr
    pair.install("--allow-override", server=True)
    done = pair.push()
    assert done.returncode == 1
    assert b"git push -o ringfence.allow=REASON" in done.stderr
    assert pair.push("-o", reason, "origin", "main").returncode == 0
    refused, _, crossed = pair.entries(server=True)
    assert kinds([refused, crossed]) == ["refused", "crossed"]
    assert crossed["reason"] == "[redacted:email] agreed"
    assert "reason" not in refused


def test_what_the_pusher_says_may_stay_does_not_count_what_the_server_has_does(pair: Pair) -> None:
    client = pair.client
    client.commit("inline", a_py='MAIL = "klaus.weber@web.de"  # ringfence: allow EMAIL_ADDRESS he agreed\n')
    assert pair.push().returncode == 1
    client.git("commit", "--quiet", "--amend", "--message=ignored")
    client.write(".ringfenceignore", "*.py\n")
    client.git("add", "--all")
    client.git("commit", "--quiet", "--amend", "--no-edit")
    assert pair.push().returncode == 1  # it is not there yet
    client.git("reset", "--quiet", "--soft", "HEAD~1", check=False)
    client.git("checkout", "--quiet", "--orphan", "fresh")
    client.git("rm", "--quiet", "-r", "--cached", ".")
    client.git("add", ".ringfenceignore")
    client.git("commit", "--quiet", "--message=what may stay")
    assert pair.push("origin", "fresh:main").returncode == 0
    client.git("add", "--all")
    client.git("commit", "--quiet", "--message=now it may")
    assert pair.push("origin", "fresh:main").returncode == 0


def test_comments_count_on_a_server_that_was_told_so(pair: Pair) -> None:
    pair.install("--inline", server=True)
    pair.client.commit("inline", a_py='MAIL = "klaus.weber@web.de"  # ringfence: allow EMAIL_ADDRESS he agreed\n')
    assert pair.push().returncode == 0
    (entry,) = pair.entries(server=True)
    assert entry["found"][0]["rule"] == "allowed: inline"  # type: ignore[index]


def test_a_pushers_settings_choose_nothing(pair: Pair) -> None:
    pair.client.commit("people", people_csv=PEOPLE)
    for setting in (
        "ringfence.overriding=true",
        "ringfence.inline=true",
        "ringfence.server=false",
        "ringfence.home=/nowhere",
    ):
        done = pair.run("-c", setting, "push", "--no-verify", "origin", "main")
        assert done.returncode == 1
    env = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "ringfence.server", "GIT_CONFIG_VALUE_0": "false"}
    assert pair.push(env=env).returncode == 1
    assert kinds(pair.entries(server=True)) == ["refused"] * 5
    assert read_settings(find(git_dir=str(pair.server))).server


def test_what_no_ref_reaches_and_comes_along_is_judged_too(pair: Pair) -> None:
    client = pair.client
    first = client.commit("first", a_txt="a\n")
    blob = client.git("hash-object", "-w", "--stdin", given=SEARCH)
    pack = subprocess.run(
        ["git", "pack-objects", "--stdout", "--quiet", "--revs"], cwd=client.top, input=f"{first}\n".encode(),
        capture_output=True, check=True,
    )  # fmt: skip
    del pack
    names = client.git("rev-list", "--objects", "--no-object-names", first).split()
    sent = subprocess.run(
        ["git", "pack-objects", "--stdout", "--quiet"], cwd=client.top, input="\n".join([*names, blob, ""]).encode(),
        capture_output=True, check=True,
    )  # fmt: skip
    command = f"{'0' * 40} {first} refs/heads/main\0report-status".encode()
    lines = f"{len(command) + 4:04x}".encode() + command + b"0000"
    done = subprocess.run(
        ["git", "receive-pack", str(pair.server)], input=lines + sent.stdout, capture_output=True, check=False
    )
    assert b"pre-receive hook declined" in done.stdout
    assert pair.refs() == {}


def test_a_part_that_cannot_be_read_is_refused_until_the_server_leaves_it_out(pair: Pair) -> None:
    pair.client.commit("broken", b_zip=b"PK\x03\x04" + b"\0" * 30)
    done = pair.push()
    assert done.returncode == 1
    assert b"not read" in done.stderr
    (entry,) = pair.entries(server=True)
    assert entry["refused"] == "undecodable"
    ignoring = pair.folder / "ignoring"
    ignoring.write_text("*.zip  # made by hand\n")
    pair.install("--ignore-file", str(ignoring), server=True)
    assert pair.push().returncode == 0


def test_very_many_findings_are_few_lines(pair: Pair) -> None:
    rows = "".join(f"person {n},person{n}.weber@web.de\n" for n in range(3000))
    pair.client.commit("many", many_csv=f"name,email\n{rows}", **{f"f{n}_sql": SEARCH for n in range(30)})
    done = pair.push()
    said = done.stderr.decode()
    assert done.returncode == 1
    assert len(said.splitlines()) < 40
    assert max(map(len, said.splitlines())) < 400
    assert "more" in said
    (entry,) = pair.entries(server=True)
    assert len(json.dumps(entry)) < 4000


def test_names_that_nobody_thinks_of_are_told_on_one_line_and_hold_no_address(pair: Pair) -> None:
    for name in ("line\nfeed.sql", 'quo"te.sql', "klaus.weber@web.de.csv", os.fsdecode(b"l\xe4tin.sql")):
        pair.client.write(name, SEARCH)
    pair.client.commit("odd")
    done = pair.push()
    assert done.returncode == 1
    assert VALUE.encode() not in done.stderr
    assert rb"line\nfeed.sql" in done.stderr
    assert VALUE not in json.dumps(pair.entries(server=True))


def test_several_who_push_at_once_are_each_judged_and_recorded(pair: Pair) -> None:
    pair.client.commit("first", a_txt="a\n")
    branches = [f"b{n}" for n in range(6)]
    for n, branch in enumerate(branches):
        pair.client.git("switch", "--quiet", f"--create={branch}", "main")
        pair.client.commit(branch, **{f"{branch}_sql": SEARCH if n % 2 else "SELECT 1\n"})
    with ThreadPoolExecutor(6) as many:
        codes = list(many.map(lambda branch: pair.push("origin", branch).returncode, branches))
    assert codes == [0, 1, 0, 1, 0, 1]
    assert set(pair.refs()) == {"refs/heads/b0", "refs/heads/b2", "refs/heads/b4"}
    assert sorted(map(str, kinds(pair.entries(server=True)))) == ["counted"] * 3 + ["refused"] * 3
    verified = ringfence(pair.server, "ledger", "verify", "--home", "ringfence")
    assert verified.returncode == 0, verified.stdout


def test_a_hook_that_is_killed_in_the_middle_leaves_nothing_accepted(pair: Pair) -> None:
    pair.client.commit("clean", a_txt="a\n")
    started = pair.folder / "started"
    python = pair.folder / "python"
    python.write_text(f'#!/bin/sh\necho $$ > "{started}"\nexec sleep 60\n')
    python.chmod(0o700)
    run_by(pair.server / "hooks" / "pre-receive", python)
    with subprocess.Popen(
        ["git", "push", "--quiet", "origin", "main"], cwd=pair.client.top, stderr=subprocess.DEVNULL
    ) as pushing:
        deadline = time.monotonic() + 20
        while not (started.exists() and started.read_text().strip()) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(int(started.read_text()), signal.SIGKILL)
        assert pushing.wait(20) == 1
    assert pair.refs() == {}
    assert loose(pair) == set()


POLICY = (
    ZONES
    + """flows:
  - {id: drafts, from: developers, to: repo, via: {gate: git, match: {ref: refs/heads/draft/*}}, mode: observe, carry: {}}
  - {id: people, from: developers, to: repo, via: {gate: git, match: {path: people/*}}, carry: {user.contact.email: clear}}
  - {id: push, from: developers, to: repo, via: {gate: git}, carry: {}, else: deny}
"""
)


def test_a_policys_flows_decide_by_ref_and_path(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    policy = tmp_path / "ringfence.yaml"
    policy.write_text(POLICY)
    pair.install("--policy", str(policy), "--gate", "git", server=True)
    pair.client.write("people/a.sql", SEARCH)
    pair.client.commit("carried")
    assert pair.push().returncode == 0
    pair.client.commit("elsewhere", q_sql=SEARCH)
    done = pair.push("origin", "main", "main:draft/x")
    assert done.returncode == 1
    assert pair.push("origin", "main:draft/x").returncode == 0
    entries = pair.entries(server=True)
    by_flow = [(entry["flow"], entry["kind"], entry.get("would")) for entry in entries if entry["kind"] != "counted"]
    assert by_flow == [
        ("people", "crossed", None),
        ("push", "refused", None),
        ("drafts", "crossed", "category-denied"),
    ]
    assert {entry["gate"] for entry in entries} == {"git"}
    assert pair.push("origin", "main").returncode == 1  # what an observed ref took, no other has
    pair.client.git("reset", "--quiet", "--hard", "HEAD~1")
    policy.write_text(
        POLICY.replace("carry: {user.contact.email: clear}", "carry: {user.contact.email: clear}, mode: closed")
    )
    pair.client.write("people/b.txt", "nobody\n")
    pair.client.commit("closed")
    done = pair.push("origin", "main")
    assert done.returncode == 1
    assert b"not-allowed" in done.stderr
    policy.write_text("version: 1\nzones: [")
    assert pair.push("origin", "main").returncode == 1


def test_a_flow_that_was_named_decides_alone(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    policy = tmp_path / "ringfence.yaml"
    policy.write_text(
        POLICY.split("  - {id: drafts", maxsplit=1)[0] + "  - {id: push, from: developers, to: repo, via: {gate: git}, "
        "carry: {user.contact.email: clear}, else: deny}\n"
    )
    pair.install("--policy", str(policy), "--flow", "push", server=True)
    pair.client.commit("carried", q_sql=SEARCH)
    assert pair.push().returncode == 0
    (entry,) = pair.entries(server=True)
    assert (entry["flow"], entry["found"][0]["rule"]) == ("push", "flows.push.carry[user.contact.email][0]")  # type: ignore[index]


def test_a_server_without_its_ledger_takes_nothing(pair: Pair) -> None:
    pair.client.commit("clean", a_txt="a\n")
    (pair.server / "ringfence" / "ledger.db").unlink()
    assert pair.push().returncode == 1
    assert pair.refs() == {}


VENDORED = {"node_modules/people/people.csv": PEOPLE, "web/app.min.js": f'const mail="{VALUE}@web.de"\n'}


def test_what_is_left_out_by_rule_is_said_by_reason_and_stands_in_the_entry(pair: Pair) -> None:
    for name, content in VENDORED.items():
        pair.client.write(name, content)
    pair.client.write("blob.bin", bytes(range(256)) * 8)
    pair.client.commit("code of others")
    done = pair.push()
    assert done.returncode == 0
    (line,) = [line for line in done.stderr.decode().splitlines() if "ringfence" in line]
    assert line.rstrip() == ("remote: ringfence: left out by rule, and not looked at: 1 binary, 1 minified, 1 vendored")
    pair.client.write("vendor/people.csv", PEOPLE)
    pair.client.commit("people", people_csv=PEOPLE)
    done = pair.push()
    assert done.returncode == 1
    assert b"left out by rule, and not looked at: 1 vendored" in done.stderr
    crossed, refused = pair.entries(server=True)
    assert kinds([crossed, refused]) == ["crossed", "refused"]
    assert "found" not in crossed
    assert crossed["client"]["left_out"] == "1 binary, 1 minified, 1 vendored"  # type: ignore[index]
    assert refused["client"]["left_out"] == "1 vendored"  # type: ignore[index]
    assert pair.client.git("rev-parse", "HEAD~1")[:12] not in json.dumps(refused)


def test_a_server_that_was_told_so_looks_at_everything(pair: Pair) -> None:
    pair.install("--everything", server=True)
    assert b"everything" in ringfence(pair.client.top, "git", "status", "--server", str(pair.server)).stdout
    for name, content in VENDORED.items():
        pair.client.write(name, content)
    pair.client.commit("code of others")
    done = pair.push()
    assert done.returncode == 1
    assert all(name.encode() in done.stderr for name in VENDORED)
    assert b"left out" not in done.stderr
