"""What a push brings, asked by real hooks of real pushes, and of repositories that mean harm."""

import subprocess
import sys
from pathlib import Path

import pytest
from git_repositories import HOSTILE, Repo, contents, items, lines

from ringfence.extract.model import Fault
from ringfence.gates.git.history import history
from ringfence.gates.git.items import between, staged
from ringfence.gates.git.model import Failed, Item, Origin
from ringfence.gates.git.objects import Unread
from ringfence.gates.git.opening import Opener
from ringfence.gates.git.pushes import commits, outgoing, pushing, received
from ringfence.gates.git.repository import find
from ringfence.gates.git.walking import walk
from ringfence.home import Problem

HOOK = f"""#!{sys.executable}
import sys
from ringfence.gates.git.model import Item, Origin
from ringfence.gates.git.opening import Opener
from ringfence.gates.git.pushes import outgoing, pushed, pushing, received
from ringfence.gates.git.repository import find
repository = find()
if sys.argv[0].endswith("pre-push"):
    given = outgoing(repository, pushing(sys.stdin.buffer, repository), sys.argv[1])
elif sys.argv[0].endswith("update"):
    given = pushed(repository, received([" ".join((sys.argv[2], sys.argv[3], sys.argv[1])).encode()], repository))
else:
    given = pushed(repository, received(sys.stdin.buffer, repository))
for item, opened in Opener(repository).many(item for item in given if isinstance(item, Item)):
    said = opened.stream.read() if item.origin is not Origin.BLOB else item.name.encode()
    print("seen", ascii(said.decode().strip()), item.lines, file=sys.stderr)
raise SystemExit("refuse" in sys.argv[0])
"""


class Pair:
    """A repository and the server that it pushes to."""

    def __init__(self, folder: Path, hook: str) -> None:
        self.server = folder / "server.git"
        self.client = Repo(folder / "client")
        self.client.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.server))
        self.client.git("remote", "add", "origin", str(self.server))
        where = self.client.top / ".git" if hook == "pre-push" else self.server
        (where / "hooks").mkdir(exist_ok=True)
        (where / "hooks" / hook).write_text(HOOK)
        (where / "hooks" / hook).chmod(0o700)


def pushed_lines(client: Repo, *arguments: str) -> set[str]:
    """Push, and give what the hook has seen."""
    done = subprocess.run(
        ["git", "push", "--force", "origin", *arguments], cwd=client.top, capture_output=True, check=False
    )
    said = done.stderr.decode().replace("remote: ", "").splitlines()
    assert not any("Traceback" in line for line in said), done.stderr.decode()
    seen = [line.strip().removeprefix("seen ") for line in said if line.strip().startswith("seen ")]
    assert len(seen) == len(set(seen))
    return set(seen)


@pytest.mark.parametrize("hook", ["pre-receive", "update", "pre-push"])
def test_a_hook_sees_just_what_is_new(tmp_path: Path, hook: str) -> None:
    pair = Pair(tmp_path, hook)
    client = pair.client
    client.commit("one", a_txt="a\n")
    client.commit("two", a_txt="a\nb\n")
    assert pushed_lines(client, "main") == {"'one' None", "'a.txt' ((1, 2),)", "'two' None", "'a.txt' ((2, 3),)"}
    assert pushed_lines(client, "main") == set()
    # a new branch brings its own commits alone; a deleted one brings nothing
    client.git("switch", "--quiet", "--create=side")
    client.commit("three", b_txt="b\n")
    assert pushed_lines(client, "side") == {"'three' None", "'b.txt' ((1, 2),)"}
    assert pushed_lines(client, ":side") == set()
    # a merge brings its own lines, and what is merged, once
    client.git("switch", "--quiet", "main")
    client.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    client.commit("merged", c_txt="c\n")
    seen = pushed_lines(client, "main")
    assert {"'merged' None", "'c.txt' ((1, 2),)"} <= seen
    # a force push, an annotated tag, one of a blob
    client.git("commit", "--quiet", "--amend", "--message=amended")
    assert pushed_lines(client, "main") >= {"'amended' None", "'c.txt' ((1, 2),)"}
    client.git("tag", "--annotate", "--message=the tag", "v1")
    assert pushed_lines(client, "v1") == {"'the tag' None"}
    blob = client.git("hash-object", "-w", "--stdin", given="only tagged")
    client.git("tag", "--annotate", "--message=of a blob", "v2", blob)
    tagged = pushed_lines(client, "v2")
    assert "'of a blob' None" in tagged
    assert len(tagged) == 2


def test_an_octopus_merge_answers_for_its_own_lines_alone(repo: Repo) -> None:
    repo.commit(a_txt="".join(f"{n}\n" for n in range(9)))
    for name, line in (("x", 1), ("y", 4), ("z", 7)):
        repo.git("switch", "--quiet", f"--create={name}", "main")
        repo.commit(name, a_txt="".join(f"{n}\n" + (f"{name}\n" if n == line else "") for n in range(9)))
    repo.git("switch", "--quiet", "main")
    repo.git("merge", "--quiet", "--no-ff", "x", "y", "z", "--message=octopus")
    repo.write("a.txt", (repo.top / "a.txt").read_text().replace("z\n", "z\nown\n"))
    repo.git("commit", "--quiet", "--all", "--amend", "--message=octopus")
    assert len(repo.git("rev-list", "--parents", "--max-count=1", "HEAD").split()) >= 4
    found = repo.found()
    brought = lines(commits(found, ["HEAD"]))
    assert [spans for name, spans in brought.items() if name == "a.txt"] == [((12, 13),)]


def test_single_commits_bring_what_they_change(repo: Repo) -> None:
    first = repo.commit("one", a_txt="a\n")
    second = repo.commit("two", a_txt="a\nb\n")
    repo.commit("three", a_txt="a\nb\nc\n")
    given = [item for item in commits(repo.found(), [second, first]) if isinstance(item, Item)]
    assert [(item.commit, item.lines) for item in given if item.origin is Origin.BLOB] == [
        (second, ((2, 3),)),
        (first, ((1, 2),)),
    ]
    assert contents(repo.found(), given) == [b"two\n", b"a\nb\n", b"one\n", b"a\n"]
    with pytest.raises(Problem, match="no commit"):
        list(commits(repo.found(), ["nothing"]))


def test_what_the_remote_has_and_nobody_here_knows_is_no_hindrance(repo: Repo) -> None:
    head = repo.commit("one", a_txt="a\n")
    found = repo.found()
    refs = pushing([f"refs/heads/main {head} refs/heads/main {'1' * 40}\n".encode()], found)
    assert set(items(outgoing(found, refs, "https://example.com/new"))) == {f"commit {head[:12]}", "a.txt"}
    gone = pushing([f"(delete) {'0' * 40} refs/heads/main {head}\n".encode()], found)
    assert list(outgoing(found, gone)) == []
    lost = pushing([f"refs/heads/main {'2' * 40} refs/heads/main {'0' * 40}\n".encode()], found)
    (told,) = outgoing(found, lost)
    assert isinstance(told, Failed)
    assert told.fault is Fault.DAMAGED


@pytest.mark.parametrize(
    "line", ["x", "a b c", f"{'0' * 40} -x refs/heads/main", f"{'0' * 64} {'1' * 64} refs/heads/main"]
)
def test_what_is_no_line_of_a_hook_is_said_clearly(repo: Repo, line: str) -> None:
    with pytest.raises(Problem, match="hook"):
        received([line.encode()], repo.found())


def test_every_name_that_a_file_may_have_goes_through_a_push(repo: Repo) -> None:
    for name in HOSTILE:
        repo.write(name, name.encode("utf-8", "surrogateescape"))
    repo.commit("all names")
    given = [item for item in commits(repo.found(), ["HEAD"]) if isinstance(item, Item) and item.origin is Origin.BLOB]
    assert sorted(item.name for item in given) == sorted(HOSTILE)


def test_a_name_longer_than_any_line_hides_no_file_that_stands_behind_it(repo: Repo) -> None:
    repo.commit(a_txt="a\n")
    blobs = [repo.git("hash-object", "-w", "--stdin", given=content) for content in ("b\n", "c\n")]
    long = "b" * 200_000
    tree = repo.git("mktree", given=f"100644 blob {blobs[0]}\t{long}\n100644 blob {blobs[1]}\tc.txt\n")
    commit = repo.git("commit-tree", tree, "-p", "HEAD", "-m", "two files")
    expected = {long: ((1, 2),), "c.txt": ((1, 2),)}
    assert lines(between(repo.found(), f"HEAD..{commit}")) == expected
    assert lines(item for item in commits(repo.found(), [commit]) if isinstance(item, Item) and item.lines) == expected


def test_what_is_sent_and_no_ref_reaches_is_seen(tmp_path: Path) -> None:
    pair = Pair(tmp_path, "pre-receive")
    client = pair.client
    base = client.commit("one", a_txt="a\n" * 500)
    pushed_lines(client, "main")
    client.commit("two", a_txt="a\n" * 499 + "b\n")
    hidden = client.git("hash-object", "-w", "--stdin", given="hidden")
    # A pack as no `git push` makes it: with a blob that no commit names, sent by hand.
    head = client.git("rev-parse", "HEAD")
    names = client.git("rev-list", "--objects", "--no-object-names", f"{base}..HEAD").split()
    pack = subprocess.run(
        ["git", "pack-objects", "--stdout", "--quiet", "--thin"],
        input="\n".join([*names, hidden]).encode() + b"\n",
        cwd=client.top,
        capture_output=True,
        check=True,
    ).stdout
    line = f"{base} {head} refs/heads/main\0report-status".encode()
    done = subprocess.run(
        ["git", "receive-pack", str(pair.server)],
        input=b"%04x" % (len(line) + 4) + line + b"0000" + pack,
        capture_output=True,
        check=False,
    )
    said = done.stderr.decode()
    assert f"'blob {hidden[:12]}' None" in said, said
    assert said.count("seen") == 3, said  # the message, the line, the hidden one; nothing that was there before


PROGRAMS = [
    "core.fsmonitor",
    "core.sshCommand",
    "core.pager",
    "core.editor",
    "diff.external",
    "diff.own.command",
    "diff.own.textconv",
    "filter.own.clean",
    "filter.own.smudge",
    "filter.own.process",
    "uploadpack.packObjectsHook",
    "core.alternateRefsCommand",
    "gpg.program",
    "core.gitProxy",
    "core.askPass",
    "credential.helper",
    "interactive.diffFilter",
    "merge.own.driver",
    "alias.cat-file",
    "alias.rev-list",
    "alias.ls-files",
    "pager.diff-tree",
    "pager.rev-list",
    "remote.origin.uploadpack",
]
"""Settings whose value is a program."""


def test_reading_a_repository_runs_nothing_that_it_names_and_changes_nothing(repo: Repo, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {ran}\n')
    program.chmod(0o700)
    repo.commit("one", a_txt="a\n", b_bin=b"\0")
    lacking = repo.commit("two", a_txt="a\nb\n")
    repo.write(".gitattributes", "* diff=own filter=own merge=own\n")
    repo.git("add", ".gitattributes")
    repo.write("a.txt", "c\n")
    repo.git("add", "a.txt")
    for hook in ("post-index-change", "pre-commit", "reference-transaction", "fsmonitor-watchman", "post-checkout"):
        path = repo.write(f".git/hooks/{hook}", program.read_text())
        path.chmod(0o700)
    for name in PROGRAMS:
        repo.git("config", name, str(program))
    for name, value in {
        "extensions.partialClone": "origin", "remote.origin.promisor": "true", "remote.origin.url": "ssh://example.invalid/x",
        "core.repositoryFormatVersion": "1", "log.showSignature": "true",
        "submodule.recurse": "true", "diff.submodule": "log", "core.untrackedCache": "true",
    }.items():  # fmt: skip
        repo.git("config", name, value)
    ran.unlink(missing_ok=True)
    blob = repo.top / ".git" / "objects"
    oid = repo.git("-c", "core.fsmonitor=false", "rev-parse", f"{lacking}:a.txt")
    (blob / oid[:2] / oid[2:]).unlink()
    (repo.top / "a.txt").touch()
    before = sorted((path, path.stat().st_mtime_ns) for path in (repo.top / ".git").rglob("*"))
    ran.unlink(missing_ok=True)
    found = find(str(repo.top))
    given = [
        *walk([str(repo.top)]),
        *staged(found),
        *history(found),
        *between(found, "HEAD~1..HEAD"),
        *commits(found, ["HEAD"]),
    ]
    given += outgoing(
        found, pushing([f"refs/heads/main {lacking} refs/heads/main {'0' * 40}".encode()], found), "origin"
    )
    with Opener(found) as opener:
        for _, opened in opener.many(item for item in given if isinstance(item, Item)):
            if not isinstance(opened, Unread):
                opened.stream.close()
    assert not ran.exists(), ran.read_text()
    assert sorted((path, path.stat().st_mtime_ns) for path in (repo.top / ".git").rglob("*")) == before
