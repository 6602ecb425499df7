"""The index and diffs: what is to be committed, with the lines that are new."""

import sys
from pathlib import Path

import pytest
from git_repositories import HOSTILE, Repo, contents, items, lines

from ringfence.extract.model import Why
from ringfence.gates.git.items import between, staged
from ringfence.gates.git.model import Origin, Passed
from ringfence.home import Problem


@pytest.fixture(params=["sha1", "sha256"])
def either(tmp_path: Path, request: pytest.FixtureRequest) -> Repo:
    return Repo(tmp_path / "either", f"--object-format={request.param}")


def test_before_the_first_commit_every_line_is_new(either: Repo) -> None:
    either.stage(a_txt="one\ntwo\n", b_txt="three")
    found = list(staged(either.found()))
    assert lines(found) == {"a.txt": ((1, 3),), "b.txt": ((1, 2),)}
    assert contents(either.found(), found) == [b"one\ntwo\n", b"three"]
    assert {item.origin for item in items(found).values()} == {Origin.INDEX}


def test_only_what_is_staged_counts_and_of_it_only_the_new_lines(either: Repo) -> None:
    either.commit(a_txt="".join(f"{n}\n" for n in range(100)))
    text = "".join(f"{n}\n" + ("new\nnew\n" if n in {3, 50} else "") for n in range(100))
    either.stage(a_txt="first\n" + text)
    either.write("a.txt", "what is in the working tree")
    found = list(staged(either.found()))
    assert lines(found) == {"a.txt": ((1, 2), (6, 8), (55, 57))}
    assert contents(either.found(), found) == [("first\n" + text).encode()]


def test_what_is_deleted_renamed_or_has_other_rights_brings_no_line(repo: Repo) -> None:
    repo.commit(a_txt="a\n" * 50, b_txt="b\n" * 50, c_txt="c\n", d_txt="d\nd\n")
    repo.git("rm", "--quiet", "c.txt")
    repo.git("mv", "a.txt", "moved.txt")
    repo.stage(d_txt="d\n")
    repo.git("update-index", "--chmod=+x", "b.txt")
    found = items(staged(repo.found()))
    assert {name: (item.lines, item.before) for name, item in found.items()} == {"moved.txt": ((), "a.txt")}


def test_of_a_renamed_file_the_changed_lines_are_new(repo: Repo) -> None:
    repo.commit(a_txt="".join(f"line {n}\n" for n in range(50)))
    repo.git("mv", "a.txt", "moved.txt")
    repo.stage(moved_txt="".join(f"line {n}\n" for n in range(50)) + "one more")
    assert lines(staged(repo.found())) == {"moved.txt": ((51, 52),)}


def test_a_binary_file_is_looked_at_whole(repo: Repo) -> None:
    repo.commit(a_bin=b"a\0b\n" * 100)
    repo.stage(a_bin=b"a\0b\n" * 101, b_txt="text".encode("utf-16"))
    assert lines(staged(repo.found())) == {"a.bin": None, "b.txt": None}


def test_a_link_is_looked_at_as_the_text_it_is_even_where_it_was_a_file(repo: Repo) -> None:
    repo.commit(a_txt="a")
    (repo.top / "a.txt").unlink()
    (repo.top / "a.txt").symlink_to("somewhere else")
    repo.stage()
    found = list(staged(repo.found()))
    assert lines(found) == {"a.txt": None}
    assert contents(repo.found(), found) == [b"somewhere else"]


def test_what_is_only_meant_to_be_added_is_not_to_be_committed(repo: Repo) -> None:
    repo.commit(a_txt="a")
    repo.write("later.txt", "later")
    repo.git("add", "--intent-to-add", "later.txt")
    assert list(staged(repo.found())) == []


def test_a_submodule_is_passed_over(repo: Repo, tmp_path: Path) -> None:
    other = Repo(tmp_path / "other")
    other.commit(a_txt="a")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.top), "module")
    assert Passed("module", Why.SUBMODULE) in list(staged(repo.found()))


def test_every_name_that_a_file_may_have_goes_through(repo: Repo) -> None:
    for name in HOSTILE:
        repo.write(name, name.encode("utf-8", "surrogateescape"))
    repo.git("add", "--all")
    found = list(staged(repo.found()))
    assert sorted(items(found)) == sorted(HOSTILE)
    assert sorted(contents(repo.found(), found)) == sorted(name.encode("utf-8", "surrogateescape") for name in HOSTILE)


def test_lines_that_look_like_a_patch_are_lines_of_the_file(repo: Repo) -> None:
    patch = (
        "diff --git a/x b/x\nindex 0000000..1111111 100644\n--- a/x\n+++ b/x\n@@ -1 +1,99 @@\n-a\n+b\n"
        + "0" * 40
        + "\n:x\n\\ no\n"
    )
    repo.commit(a_txt="a\nb\nc\nd")
    repo.stage(a_txt="a\n" + patch + "b\nc\nd", b_txt=patch)
    assert lines(staged(repo.found())) == {"a.txt": ((2, 12),), "b.txt": ((1, 11),)}


def test_a_last_line_without_its_end_and_a_very_long_one_are_counted_right(repo: Repo) -> None:
    repo.commit(a_txt="a\nb", b_txt="b\n")
    repo.stage(a_txt="a\nb\nc", b_txt="b\n" + "+x" * 200_000 + "\nlast\n")
    assert lines(staged(repo.found())) == {"a.txt": ((2, 4),), "b.txt": ((2, 4),)}


def test_a_merge_answers_for_its_own_lines_alone(repo: Repo) -> None:
    base = "".join(f"{n}\n" for n in range(20))
    repo.commit(a_txt=base)
    repo.git("switch", "--quiet", "--create=side")
    repo.commit(a_txt=base + "theirs\n", b_txt="b\n")
    repo.git("switch", "--quiet", "main")
    repo.commit(a_txt="ours\n" + base)
    repo.git("merge", "--quiet", "--no-commit", "side")
    assert list(staged(repo.found())) == []
    repo.stage(a_txt="ours\n" + base + "own\ntheirs\n", c_txt="c\n")
    assert lines(staged(repo.found())) == {"a.txt": ((22, 23),), "c.txt": ((1, 2),)}


def test_during_a_conflict_nothing_of_the_unmerged_file_can_be_committed(repo: Repo) -> None:
    repo.commit(a_txt="a\n")
    repo.git("switch", "--quiet", "--create=side")
    repo.commit(a_txt="b\n")
    repo.git("switch", "--quiet", "main")
    repo.commit(a_txt="c\n")
    repo.git("merge", "side", check=False)
    assert list(staged(repo.found())) == []
    repo.stage(a_txt="c\nmended\nb\n")
    assert lines(staged(repo.found())) == {"a.txt": ((2, 3),)}


HOOK = f"""#!{sys.executable}
from ringfence.gates.git.items import staged
from ringfence.gates.git.repository import find
for item in staged(find()):
    print("seen", item.name, item.lines)
raise SystemExit(1)
"""


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        (["commit", "-m", "x"], {"seen b.txt ((2, 3),)"}),
        (["commit", "-a", "-m", "x"], {"seen a.txt ((2, 3),)", "seen b.txt ((2, 3),)"}),
        (["commit", "-m", "x", "--", "a.txt"], {"seen a.txt ((2, 3),)"}),
    ],
)
@pytest.mark.parametrize("linked", [False, True])
def test_a_hook_sees_what_this_very_commit_takes(
    repo: Repo, tmp_path: Path, arguments: list[str], seen: set[str], linked: bool
) -> None:
    repo.commit(a_txt="a\n", b_txt="b\n")
    hook = repo.write(".git/hooks/pre-commit", HOOK)
    hook.chmod(0o700)
    if linked:
        repo.git("worktree", "add", "--quiet", "-b", "linked", str(tmp_path / "linked tree"))
        repo = Repo(tmp_path / "linked tree")
    repo.stage(b_txt="b\nnew\n")
    repo.write("a.txt", "a\nnew\n")
    said = repo.git(*arguments, check=False)
    assert set(said.splitlines()) == seen


def test_a_diff_gives_what_is_new_from_one_to_the_other(either: Repo) -> None:
    first = either.commit(a_txt="a\n", b_txt="b\n")
    either.git("switch", "--quiet", "--create=side")
    either.commit(a_txt="a\nside\n")
    either.git("switch", "--quiet", "main")
    either.commit(b_txt="b\nmain\n", c_txt="c")
    found = either.found()
    assert lines(between(found, f"{first}..main")) == {"b.txt": ((2, 3),), "c.txt": ((1, 2),)}
    assert lines(between(found, "main..side")) == {"a.txt": ((2, 3),)}
    assert lines(between(found, "main...side")) == {"a.txt": ((2, 3),)}
    assert lines(between(found, "side...main")) == {"b.txt": ((2, 3),), "c.txt": ((1, 2),)}
    assert lines(between(found, "side...")) == lines(between(found, "side...HEAD"))
    assert lines(between(found, "HEAD~1")) == {"b.txt": ((2, 3),), "c.txt": ((1, 2),)}
    assert contents(found, between(found, f"{first}..main")) == [b"b\nmain\n", b"c"]


@pytest.mark.parametrize(
    "revisions", ["nothing..HEAD", "HEAD...nothing", "--output=x..HEAD", "HEAD..-x", "a b..c", "\n..HEAD"]
)
def test_a_revision_that_is_none_is_said_clearly(repo: Repo, revisions: str) -> None:
    repo.commit(a_txt="a")
    with pytest.raises(Problem, match=r"revision|no commit|no tree"):
        list(between(repo.found(), revisions))
    assert {path.name for path in repo.top.iterdir()} == {".git", "a.txt"}


def test_two_histories_without_a_common_commit_are_said_clearly(repo: Repo) -> None:
    repo.commit(a_txt="a")
    repo.git("switch", "--quiet", "--orphan=other")
    repo.commit(b_txt="b")
    with pytest.raises(Problem, match="in common"):
        list(between(repo.found(), "main...other"))
