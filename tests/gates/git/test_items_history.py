"""All of history: every object once, with a name and the commit that brought it; what is lacking or damaged is told."""

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from git_repositories import Repo, contents, items, lines

from ringfence.extract.model import Fault, Why
from ringfence.gates.git.history import Extent, history, message
from ringfence.gates.git.items import between, staged
from ringfence.gates.git.model import Failed, Item, Origin, Passed
from ringfence.gates.git.objects import HELD, Objects, Unread
from ringfence.gates.git.opening import Opener, spoken
from ringfence.gates.git.pushes import commits
from ringfence.gates.git.repository import find
from ringfence.home import Problem


def blobs(repository: Repo, extent: Extent | None = None) -> dict[str, str]:
    """Give each blob's content and its name; that none is given twice is held here."""
    found = repository.found()
    given = [item for item in history(found, extent) if isinstance(item, Item)]
    assert max(Counter(item.object for item in given).values()) == 1
    taken = [item for item in given if item.origin in {Origin.BLOB, Origin.NOTE}]
    return {content.decode(): item.name for item, content in zip(taken, contents(found, taken), strict=True)}


@pytest.fixture(params=["sha1", "sha256"])
def rich(tmp_path: Path, request: pytest.FixtureRequest) -> Repo:
    """Give a repository with something in every corner."""
    rich = Repo(tmp_path / "rich", f"--object-format={request.param}")
    rich.commit("first", a_txt="a1")
    rich.commit("second", a_txt="a2", b_txt="a1")
    rich.git("tag", "--annotate", "--message=what the tag says", "v1")
    rich.git("notes", "add", "--message=what the note says")
    for number in (1, 2):
        rich.write("a.txt", f"stash {number}")
        rich.write("new.txt", f"untracked {number}")
        rich.git("stash", "push", "--quiet", "--include-untracked")
    rich.git("switch", "--quiet", "--create=side")
    rich.commit("on the side", side_txt="side")
    rich.git("switch", "--quiet", "main")
    rich.git("branch", "--quiet", "-D", "side")
    rich.commit("to be amended", c_txt="amended away")
    rich.write("c.txt", "amended")
    rich.git("commit", "--quiet", "--all", "--amend", "--message=amended")
    rich.git("hash-object", "-w", "--stdin", given="dangling")
    return rich


ALL = {
    "a1": "a.txt",
    "a2": "a.txt",
    "stash 1": "a.txt",
    "stash 2": "a.txt",
    "untracked 1": "new.txt",
    "untracked 2": "new.txt",
    "side": "side.txt",
    "amended away": "c.txt",
    "amended": "c.txt",
}


@pytest.mark.parametrize("packed", [False, True])
def test_each_object_is_given_once_from_every_corner(rich: Repo, packed: bool) -> None:
    if packed:
        rich.git("repack", "-a", "-d", "-k", "--quiet")
    given = blobs(rich)
    assert {content: name for content, name in given.items() if content in ALL} == ALL
    assert {content.strip() for content in given} == {*ALL, "what the note says", "dangling"}
    messages = [
        item for item in history(rich.found()) if isinstance(item, Item) and item.origin in {Origin.COMMIT, Origin.TAG}
    ]
    said = {content.decode().strip() for content in contents(rich.found(), messages)}
    assert {"first", "second", "what the tag says", "on the side", "to be amended", "amended"} <= said


def test_without_reflogs_what_only_they_name_has_its_name_all_the_same(rich: Repo) -> None:
    rich.git("reflog", "expire", "--expire=now", "HEAD", "refs/heads/main")
    given = blobs(rich)
    assert {content: name for content, name in given.items() if content in ALL} == ALL


def test_by_option_only_what_refs_and_stashes_reach_is_given(rich: Repo) -> None:
    given = blobs(rich, Extent(reflogs=False, dangling=False))
    assert {content.strip() for content in given} == {*ALL, "what the note says"} - {"side", "amended away"}


def test_notes_are_told_from_files(rich: Repo) -> None:
    notes = [item for item in history(rich.found()) if isinstance(item, Item) and item.origin is Origin.NOTE]
    assert [content.strip() for content in contents(rich.found(), notes)] == [b"what the note says"]


def test_a_blob_is_told_with_the_commit_that_brought_it(repo: Repo) -> None:
    first = repo.commit(a_txt="a")
    second = repo.commit(b_txt="b")
    repo.commit(a_txt="b", c_txt="a")
    by_content = {"a": first, "b": second}
    given = [item for item in history(repo.found()) if isinstance(item, Item) and item.origin is Origin.BLOB]
    assert {
        content.decode(): item.commit for item, content in zip(given, contents(repo.found(), given), strict=True)
    } == by_content


def test_since_a_time_or_a_commit_only_what_came_later_is_given(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2031-01-01T00:00:00Z")
    old = repo.commit(a_txt="old", b_txt="stays")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2031-06-01T00:00:00Z")
    repo.commit(a_txt="new")
    assert blobs(repo, Extent(since=datetime(2031, 3, 1, tzinfo=UTC))) == {"new": "a.txt"}
    assert blobs(repo, Extent(after=old)) == {"new": "a.txt"}


def test_an_empty_repository_has_nothing(repo: Repo) -> None:
    assert list(history(repo.found())) == []


def test_from_a_bare_repository_a_worktree_or_inside_of_git_it_is_the_same(rich: Repo, tmp_path: Path) -> None:
    all_of_it = blobs(rich)
    rich.git("worktree", "add", "--quiet", "-b", "linked", str(tmp_path / "linked"))
    assert blobs(Repo(tmp_path / "linked")) == all_of_it
    inside = find(str(rich.top / ".git" / "refs"))
    assert len(items(history(inside))) == len(items(history(rich.found())))
    rich.git("clone", "--quiet", "--mirror", str(rich.top), str(tmp_path / "bare"))
    assert {"a1", "a2"} <= {
        content.decode() for content in contents(find(str(tmp_path / "bare")), history(find(str(tmp_path / "bare"))))
    }
    assert find(git_dir=str(tmp_path / "bare")).top == ""


def test_a_submodule_found_from_inside_is_its_own_repository(repo: Repo, tmp_path: Path) -> None:
    other = Repo(tmp_path / "other")
    other.commit(a_txt="of the module")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.top), "module")
    repo.commit("with a module")
    assert blobs(Repo(repo.top / "module")) == {"of the module": "a.txt"}
    assert "of the module" not in blobs(repo)


def test_a_replaced_object_hides_nothing(repo: Repo) -> None:
    old = repo.commit("first", a_txt="hidden")
    new = repo.commit("second", a_txt="shown")
    repo.git("replace", old, new)
    repo.git("replace", "--edit", new, GIT_EDITOR="sed -i s/second/changed/")
    assert {"hidden", "shown"} <= set(blobs(repo))


def test_of_a_shallow_clone_what_is_there_is_given(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a_txt="old")
    repo.commit(a_txt="new")
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.top}", str(tmp_path / "shallow"))
    assert blobs(Repo(tmp_path / "shallow")) == {"new": "a.txt"}


def test_of_a_partial_clone_what_lacks_is_told_and_not_fetched(repo: Repo, tmp_path: Path) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    repo.commit(a_txt="old")
    lacking = repo.git("rev-parse", "HEAD:a.txt")
    repo.commit(a_txt="new", b_txt="b")
    repo.git("clone", "--quiet", "--filter=blob:none", "--no-checkout", f"file://{repo.top}", str(tmp_path / "partial"))
    partial = Repo(tmp_path / "partial")
    before = partial.git("count-objects", "-v")
    given = list(history(partial.found()))
    assert sum(each.why is Why.ABSENT for each in given if isinstance(each, Passed)) == 3
    assert {item.origin for item in given if isinstance(item, Item)} == {Origin.COMMIT}
    with pytest.raises(Unread) as raised, Objects(partial.found()) as objects:
        objects.get(lacking)
    assert raised.value.absent
    assert partial.git("count-objects", "-v") == before


def test_where_a_partial_clone_lacks_what_stood_there_before_whole_files_are_given(repo: Repo, tmp_path: Path) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    for number in range(3):
        repo.commit(f"{number}", a_txt="".join(f"{n}\n" for n in range(number + 1)))
    repo.git("clone", "--quiet", "--filter=blob:none", f"file://{repo.top}", str(tmp_path / "partial"))
    partial = Repo(tmp_path / "partial")
    partial.commit("3", a_txt="0\n1\n2\n3\n")
    partial.stage(a_txt="0\n1\n2\n3\n4\n")
    found = partial.found()
    assert lines(staged(found)) == {"a.txt": ((5, 6),)}
    assert lines(between(found, "HEAD~1..HEAD")) == {"a.txt": ((4, 5),)}
    assert lines(between(found, "HEAD~3..HEAD")) == {"a.txt": None}
    given = [item for item in commits(found, ["HEAD", "HEAD~1", "HEAD~2"]) if isinstance(item, Item)]
    assert [item.lines for item in given if item.origin is Origin.BLOB] == [((4, 5),), None, None]
    assert len([item for item in given if item.origin is Origin.COMMIT]) == 3


def test_a_damaged_object_is_told_and_the_others_are_read(repo: Repo) -> None:
    repo.commit(a_txt="a", b_txt="b" * 3000, c_txt=os.urandom(HELD + 1))
    repo.commit(d_txt="d")
    for name in ("b.txt", "c.txt"):
        oid = repo.git("rev-parse", f"HEAD:{name}")
        loose = repo.top / ".git" / "objects" / oid[:2] / oid[2:]
        whole = loose.read_bytes()
        loose.chmod(0o600)
        loose.write_bytes(whole[: len(whole) // 2] if name == "c.txt" else b"nothing of git's")
    given = list(history(repo.found()))
    read: dict[str, bytes] = {}
    faults: dict[str, Fault] = {}
    opener = Opener(repo.found())
    for item, opened in opener.many(item for item in given if isinstance(item, Item) and item.origin is Origin.BLOB):
        try:
            if isinstance(opened, Unread):
                raise opened
            read[item.name] = opened.stream.read()
        except Unread as unread:
            faults[item.name] = unread.fault
    opener.close()
    told = {each.file: each.fault for each in given if isinstance(each, Failed)}
    assert read == {"a.txt": b"a", "d.txt": b"d"}
    assert faults.get("c.txt") is Fault.DAMAGED
    assert told == {repo.git("rev-parse", "HEAD:b.txt"): Fault.DAMAGED}


def test_a_damaged_tree_hides_no_file(repo: Repo) -> None:
    repo.write("in/a.txt", "in")
    repo.commit(b_txt="b")
    oid = repo.git("rev-parse", "HEAD:in")
    (repo.top / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    given = list(history(repo.found()))
    assert {b"in", b"b"} <= set(contents(repo.found(), given))
    assert [each.fault for each in given if isinstance(each, Failed)] == [Fault.DAMAGED]


def test_a_ref_that_names_nothing_hides_nothing(repo: Repo) -> None:
    repo.commit(a_txt="a")
    repo.commit(a_txt="b")
    repo.write(".git/refs/heads/broken", "1" * 40 + "\n")
    given = list(history(repo.found()))
    assert [each.fault for each in given if isinstance(each, Failed)] == [Fault.DAMAGED]
    kept = [item for item in given if isinstance(item, Item) and item.origin is Origin.BLOB]
    assert [(item.name, bool(item.commit)) for item in kept] == [("a.txt", True)] * 2
    assert sorted(contents(repo.found(), kept)) == [b"a", b"b"]


def test_a_killed_child_is_begun_again_and_nothing_is_lost(repo: Repo) -> None:
    expected = []
    for number in range(300):
        expected.append(f"{number}".encode() * 50)
        repo.write(f"{number:03}.txt", expected[-1])
    repo.commit()
    objects = Objects(repo.found())
    names = [item.object for item in history(repo.found()) if isinstance(item, Item) and item.origin is Origin.BLOB]
    read = []
    for number, got in enumerate(objects.many(names)):
        assert not isinstance(got, Unread)
        read.append(got.stream.read())
        if number % 70 == 0:
            child = objects._child  # to be killed
            assert child is not None
            os.kill(child.pid, signal.SIGKILL)
    assert sorted(read) == sorted(expected)
    objects.close()


def test_a_large_object_is_a_stream_and_may_be_left_in_the_middle(repo: Repo) -> None:
    large = os.urandom(1 << 20) * 24
    repo.commit(a_bin=large, b_txt="b", c_bin=large[: HELD + 5])
    a, b, c = (repo.git("rev-parse", f"HEAD:{name}") for name in ("a.bin", "b.txt", "c.bin"))
    objects = Objects(repo.found())
    assert objects.get(a).stream.read(10) == large[:10]
    assert objects.get(b).stream.read() == b"b"
    opened = objects.get(c)
    assert (opened.size, opened.stream.read(10)) == (HELD + 5, large[:10])
    wanted = {a: large, b: b"b", c: large[: HELD + 5]}
    for name, got in zip([b, a, c, b], objects.many([b, a, c, b]), strict=True):
        assert not isinstance(got, Unread)
        assert got.stream.read() == wanted[name]
    objects.close()


def test_the_store_may_be_packed_anew_while_it_is_read(repo: Repo) -> None:
    for number in range(120):
        repo.write(f"{number}.txt", f"{number}" * 100)
    repo.commit()
    found = repo.found()
    given = [item for item in history(found) if isinstance(item, Item) and item.origin is Origin.BLOB]
    opener = Opener(found)
    read = 0
    for number, (_, opened) in enumerate(opener.many(given)):
        if number == 10:
            repo.git("gc", "--quiet", "--prune=now")
        assert not isinstance(opened, Unread)
        read += len(opened.stream.read())
    opener.close()
    assert read == sum(item.size for item in given)


def test_the_child_ends_with_the_process_that_began_it(repo: Repo) -> None:
    oid = repo.commit(a_txt="a")
    program = f"""
import os, sys
from ringfence.gates.git.objects import Objects
from ringfence.gates.git.repository import find
objects = Objects(find())
objects.get("{oid}")
print(objects._child.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=repo.top, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL  # it closed nothing itself
    child = int(done.stdout)
    for _ in range(1000):
        try:
            state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            break
        if state == "Z":
            break
        os.sched_yield()
    else:
        pytest.fail("it still runs")


def test_authors_are_given_only_where_they_are_asked_for(repo: Repo) -> None:
    repo.commit("what was done")
    found = repo.found()
    (item,) = items(history(found, Extent(dangling=False))).values()
    with Opener(found) as opener:
        assert opener.open(item).stream.read() == b"what was done\n"
    with Opener(found, authors=True) as opener:
        asked = opener.open(item)
        said = asked.stream.read()
    assert said.startswith(b"what was done\n\nauthor Author <author@example.com> ")
    assert len(said) == asked.size


def test_a_message_that_nobody_could_hold_is_told_as_not_read(repo: Repo) -> None:
    head = f"tree {repo.found().empty}\nauthor A <a@example.com> 0 +0000\ncommitter A <a@example.com> 0 +0000\n\n"
    commit = repo.git("hash-object", "-t", "commit", "-w", "--stdin", given=head + "x" * (64 << 20))
    with Opener(repo.found()) as opener:
        (told,) = [got for _, got in opener.many([message(commit)])]
        assert isinstance(told, Unread)
        assert (told.fault, told.absent) == (Fault.BOMB, False)
        assert opener.open(message(repo.commit("short"))).stream.read() == b"short\n"


def test_a_message_is_read_in_the_encoding_that_it_names() -> None:
    head = b"tree 0\nencoding ISO-8859-1\nmergetag object 0\n type commit\n \n what was merged\n\n"
    assert spoken(head + b"Gr\xfc\xdfe", authors=False) == "Grüße\n\nwhat was merged".encode()
    assert spoken(b"tree 0\nencoding nothing\n\nGr\xfc\xdfe", authors=False) == b"Gr\xfc\xdfe"


def test_another_users_repository_is_told_clearly(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(Problem, match=r"safe\.directory"):
        find(str(repo.top))


def test_a_folder_in_no_repository_an_unknown_one_and_a_git_that_is_too_old_are_told_clearly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Problem, match="no git repository"):
        find(str(tmp_path))
    with pytest.raises(Problem, match="no such folder"):
        find(str(tmp_path / "missing"))
    old = tmp_path / "git"
    old.write_text(
        "#!/bin/sh\ncase \"$*\" in version) echo git version 2.17.1;; *) echo 'fatal: unknown' >&2; exit 129;; esac\n"
    )
    old.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(Problem, match=r"git 2\.17\.1 is too old"):
        find(str(tmp_path))
