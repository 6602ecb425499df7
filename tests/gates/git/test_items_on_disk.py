"""Files and folders: what git would leave out is left out, nothing is opened, no link followed, and every name goes through."""

import os
import socket
from pathlib import Path

import pytest
from git_repositories import HOSTILE, Repo, contents, items

from ringfence.extract.model import Fault, Why
from ringfence.gates.git.model import Failed, Item, Origin, Passed
from ringfence.gates.git.objects import Unread
from ringfence.gates.git.opening import Opener
from ringfence.gates.git.walking import walk
from ringfence.home import Problem


def tree(top: Path) -> None:
    for name in ["kept.txt", "left.log", "in/kept.txt", "in/left.log", "in/own.tmp", "out/any.txt"]:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(name)
    (top / ".gitignore").write_text("*.log\nout/\n")
    (top / "in" / ".gitignore").write_text("*.tmp\n")


KEPT = {".gitignore", "in/.gitignore", "in/kept.txt", "kept.txt"}


def test_ignored_files_are_left_out_inside_a_repository(repo: Repo) -> None:
    tree(repo.top)
    assert set(items(walk([str(repo.top)]))) == KEPT


def test_ignored_files_are_left_out_outside_of_one_too(tmp_path: Path) -> None:
    tree(tmp_path)
    assert {os.path.relpath(name, tmp_path) for name in items(walk([str(tmp_path)]))} == KEPT


def test_a_folder_that_is_in_no_repository_may_be_named_from_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(tmp_path / "t")
    monkeypatch.chdir(tmp_path)
    assert set(items(walk(["t"]))) == {f"t/{name}" for name in KEPT}


@pytest.mark.parametrize("inside", [True, False])
def test_all_files_are_given_where_ignoring_is_not_wanted(tmp_path: Path, inside: bool) -> None:
    top = Repo(tmp_path / "t").top if inside else tmp_path / "t"
    tree(top)
    names = {os.path.relpath(item.path, top) for item in items(walk([str(top)], ignore=False)).values()}
    assert names == KEPT | {"left.log", "in/left.log", "in/own.tmp", "out/any.txt"}


def test_a_tracked_file_is_given_though_it_is_ignored_and_a_named_one_as_well(repo: Repo) -> None:
    tree(repo.top)
    repo.git("add", "--force", "left.log")
    assert set(items(walk([str(repo.top)]))) == KEPT | {"left.log"}
    assert set(items(walk([str(repo.top / "in/own.tmp")]))) == {"in/own.tmp"}


def test_names_count_from_the_top_of_the_repository_wherever_one_stands(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(repo.top)
    monkeypatch.chdir(repo.top / "in")
    assert set(items(walk(["."]))) == {"in/.gitignore", "in/kept.txt"}
    assert contents(None, walk(["kept.txt"])) == [b"in/kept.txt"]


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("ignore", [True, False])
def test_every_name_that_a_file_may_have_goes_through(tmp_path: Path, inside: bool, ignore: bool) -> None:
    top = Repo(tmp_path / "t").top if inside else tmp_path / "t"
    top.mkdir(exist_ok=True)
    for number, name in enumerate(HOSTILE):
        (top / name).write_bytes(b"%d" % number)
    given = list(walk([str(top)], ignore=ignore))
    assert {
        Path(item.path).name: int(content)
        for item, content in zip(items(given).values(), contents(None, given), strict=True)
    } == {name: number for number, name in enumerate(HOSTILE)}


def test_a_name_with_a_leading_dash_can_be_named(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.write("-rf/a", "x")
    monkeypatch.chdir(repo.top)
    assert set(items(walk(["-rf"]))) == {"-rf/a"}


@pytest.mark.parametrize("ignore", [True, False])
def test_links_are_not_followed_so_a_loop_ends(tmp_path: Path, ignore: bool) -> None:
    top = tmp_path / "t"
    (top / "in").mkdir(parents=True)
    (top / "in" / "loop").symlink_to(top)
    (top / "self").symlink_to("self")
    (top / "out").symlink_to("/etc/passwd")
    given = list(walk([str(top)], ignore=ignore))
    assert {(Path(each.file).name, each.why) for each in given if isinstance(each, Passed)} == {
        ("loop", Why.LINK),
        ("self", Why.LINK),
        ("out", Why.LINK),
    }
    assert len(given) == 3


def test_a_link_that_was_named_itself_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_text("a")
    (tmp_path / "link").symlink_to("real")
    assert contents(None, walk([str(tmp_path / "link")])) == [b"a"]


def test_pipes_and_sockets_are_passed_over_and_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        given = list(walk(["pipe", "socket", "/dev/null"]))
        assert [each.why for each in given if isinstance(each, Passed)] == [Why.SPECIAL] * 3
        assert {each.file for each in walk(["."], ignore=False) if isinstance(each, Passed)} == {"pipe", "socket"}


def test_a_file_that_became_a_pipe_meanwhile_is_told_and_nobody_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unread, match="was a file"):
        Opener().open(Item("pipe", Origin.FILE, path=str(tmp_path / "pipe")))


def test_what_is_gone_is_told(tmp_path: Path) -> None:
    (missing,) = walk([str(tmp_path / "missing")])
    assert isinstance(missing, Failed)
    assert missing.fault is Fault.GONE
    (tmp_path / "a").write_text("a")
    (item,) = walk([str(tmp_path / "a")])
    assert isinstance(item, Item)
    (tmp_path / "a").unlink()
    with pytest.raises(Unread, match="gone"):
        Opener().open(item)


def test_a_path_of_very_many_folders_is_told_as_any_other() -> None:
    (told,) = walk(["a/" * 1500 + "b"])
    assert isinstance(told, Failed)
    assert told.fault is Fault.GONE


def test_a_file_that_git_has_and_the_folder_no_longer_has_is_nothing(repo: Repo) -> None:
    repo.commit(a_txt="a", b_txt="b")
    (repo.top / "a.txt").unlink()
    assert set(items(walk([str(repo.top)]))) == {"b.txt"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("ignore", [True, False])
def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path, ignore: bool) -> None:
    (tmp_path / "t" / "shut").mkdir(parents=True)
    (tmp_path / "t" / "shut").chmod(0)
    try:
        (told,) = walk([str(tmp_path / "t")], ignore=ignore)
    finally:
        (tmp_path / "t" / "shut").chmod(0o700)
    assert isinstance(told, Failed)
    assert (told.fault, Path(told.file).name) == (Fault.DENIED, "shut")


@pytest.mark.parametrize("ignore", [True, False])
def test_a_folder_whose_name_is_too_long_to_be_opened_is_told(tmp_path: Path, ignore: bool) -> None:
    (tmp_path / "t").mkdir()
    within = os.open(tmp_path / "t", os.O_RDONLY)
    for _ in range(1 + 4096 // 200):
        os.mkdir("d" * 200, dir_fd=within)
        within, above = os.open("d" * 200, os.O_RDONLY, dir_fd=within), within
        os.close(above)
    os.close(os.open("people.csv", os.O_CREAT, dir_fd=within))
    os.close(within)
    (told,) = walk([str(tmp_path / "t")], ignore=ignore)
    assert isinstance(told, Failed)
    assert (told.fault, told.what) == (Fault.DAMAGED, "it cannot be read: File name too long")


def test_submodules_are_passed_over_and_a_repository_that_only_lies_there_is_walked(repo: Repo, tmp_path: Path) -> None:
    other = Repo(tmp_path / "other")
    other.commit(a_txt="a")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.top), "module")
    lying = Repo(repo.top / "lying")
    lying.commit(b_txt="b")
    lying.write(".gitignore", "c.txt")
    lying.write("c.txt", "c")
    given = list(walk([str(repo.top)]))
    assert [each for each in given if isinstance(each, Passed)] == [Passed("module", Why.SUBMODULE)]
    assert {each.name for each in given if isinstance(each, Item)} == {".gitmodules", "lying/.gitignore", "lying/b.txt"}


def test_an_unmerged_file_is_given_once(repo: Repo) -> None:
    repo.commit(a_txt="a\n")
    repo.git("switch", "--quiet", "--create=side")
    repo.commit(a_txt="b\n")
    repo.git("switch", "--quiet", "main")
    repo.commit(a_txt="c\n")
    repo.git("merge", "side", check=False)
    assert [each.name for each in walk([str(repo.top)]) if isinstance(each, Item)] == ["a.txt"]


def test_a_bare_repository_is_walked_as_it_lies_there(tmp_path: Path) -> None:
    Repo(tmp_path / "r").git("init", "--quiet", "--bare", str(tmp_path / "bare"))
    assert any(name.endswith("HEAD") for name in items(walk([str(tmp_path / "bare")])))


def test_without_git_it_is_said_what_to_do_and_without_ignoring_none_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("a")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Problem, match="install git"):
        list(walk([str(tmp_path)]))
    assert len(items(walk([str(tmp_path)], ignore=False))) == 1
