"""What was left out of a history by its name is looked at under its other names, and each object once."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from git_repositories import Repo
from hooked import ringfence

from ringfence.cli._rewriting import Rewriting
from ringfence.cli._scan_options import Asking, Made, listed_of, resume, scan_of
from ringfence.gates.git.model import Scanned
from ringfence.home import Home

PEOPLE = "name,email\nNadia Kerst,nadia.kerst@brieffalke.de\n"
OTHERS = "name,email\nOlav Brandvik,olav.brandvik@listolot.pl\n"
MINIFIED = "x" * 3000 + '="nadia.kerst@brieffalke.de";' + "y" * 3000


@contextmanager
def made(repo: Repo, since: str = "") -> Iterator[Made]:
    before = Path.cwd()
    os.chdir(repo.top)
    try:
        asking = Asking(place=Home(repo.top / "none.yaml", repo.top / "none"), history=True, since=since, processes=1)
        one = scan_of(asking, *listed_of(asking))
        with one.scan.opener:
            yield one
    finally:
        os.chdir(before)


def looked_at(repo: Repo, since: str = "") -> list[Scanned]:
    """Give what became of each object in which something was found; none is looked at twice."""
    with made(repo, since) as one:
        scanned = list(one.scan.run())
    looked = Counter(each.item.object for each in scanned if each.size)
    assert max(looked.values(), default=1) == 1
    return [each for each in scanned if each.found]


def moved(repo: Repo, first: str, then: str, content: str = PEOPLE) -> None:
    """Commit a file under a name, and under another one later."""
    repo.write(first, content)
    repo.commit("first")
    repo.git("rm", "-q", first)
    repo.write(then, content)
    repo.commit("then")


@pytest.mark.parametrize(
    ("first", "then", "content"),
    [
        ("vendor/people.csv", "data/people.csv", PEOPLE),
        ("Cargo.lock", "people.txt", "write to nadia.kerst@brieffalke.de\n"),
        ("app.min.js", "app.js", 'const mail = "nadia.kerst@brieffalke.de"\n'),
        ("app.js", "app.txt", MINIFIED),
        ("ignored/people.csv", "people.csv", PEOPLE),
    ],
)
def test_what_was_first_met_where_it_is_left_out_is_looked_at_where_it_is_not(
    repo: Repo, first: str, then: str, content: str
) -> None:
    repo.write(".ringfenceignore", "ignored/\n")
    moved(repo, first, then, content)
    assert [each.item.name for each in looked_at(repo)] == [then]


def test_it_is_told_with_the_commit_that_brought_it_there_and_every_kind_of_name_is_read(repo: Repo) -> None:
    for number, name in enumerate(("vendor/x.csv", "node_modules/x.csv", 'quo"te\nline.csv', "later.csv")):
        repo.write(name, PEOPLE)
        commit = repo.commit(name)
        if number == 2:
            wanted = commit
    (found,) = looked_at(repo)
    assert (found.item.name, found.item.commit) == ('quo"te\nline.csv', wanted)


@pytest.mark.parametrize("packed", [False, True])
def test_a_name_is_found_in_every_corner_where_an_object_is(repo: Repo, packed: bool) -> None:
    repo.write("vendor/a.csv", PEOPLE)
    repo.write("vendor/b.csv", OTHERS)
    repo.commit("both")
    repo.write("a.csv", PEOPLE)
    repo.commit("only a reflog names it")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.write("b.csv", OTHERS)
    lost = repo.commit("nothing names it")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.git("reflog", "delete", "HEAD@{1}", "HEAD@{0}", "main@{1}", "main@{0}")
    if packed:
        repo.git("repack", "-a", "-d", "-k", "-q")
    assert lost not in repo.git("reflog", "show", "--all", "--format=%H")
    assert sorted(each.item.name for each in looked_at(repo)) == ["a.csv", "b.csv"]


def test_a_merge_that_gives_it_a_name_of_its_own_is_read(repo: Repo) -> None:
    repo.write("vendor/a.csv", PEOPLE)
    repo.commit("first")
    repo.git("switch", "-q", "-c", "side")
    repo.commit("side", side_txt="side")
    repo.git("switch", "-q", "main")
    repo.commit("main", main_txt="main")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    repo.write("merged.csv", PEOPLE)
    repo.git("add", "--all")
    repo.git("commit", "-qm", "merged")
    assert [each.item.name for each in looked_at(repo)] == ["merged.csv"]


def test_only_names_of_the_same_extent_count(repo: Repo) -> None:
    moved(repo, "a.txt", "vendor/a.csv")
    repo.write("vendor/b.csv", OTHERS)
    repo.commit("later")
    assert looked_at(repo, since="HEAD~1") == []


def test_a_scan_that_was_ended_before_it_came_to_other_names_still_comes_to_them(repo: Repo) -> None:
    moved(repo, "vendor/people.csv", "people.csv")
    with made(repo) as one:
        resume(one)
        scanned = iter(one.scan.run())
        with suppress(StopIteration):
            while not any(each.item.name == "vendor/people.csv" for each in [next(scanned)]):
                pass
        scanned.close()  # type: ignore[attr-defined]
        assert one.scan.done is not None
        one.scan.done.close()
    for _ in range(2):  # the second time it is done already, and told as such
        with made(repo) as one:
            resume(one)
            found = [each for each in one.scan.run() if each.found]
            assert [each.item.name for each in found] == ["people.csv"]
            assert one.scan.done is not None
            one.scan.done.close()


def test_a_plan_names_it_and_its_rewriting_mends_it(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RINGFENCE_SCAN_KEY", "S2V5IG9mIHRlc3RzLCB0aGlydHktdHdvIGJ5dGVzISE=")
    moved(repo, "vendor/people.csv", "people.csv")
    monkeypatch.chdir(repo.top)
    done = ringfence(repo.top, "history", "plan", "-o", str(tmp_path / "plan"))
    assert done.returncode == 1, done.stderr
    (touched,) = json.loads((tmp_path / "plan" / "plan.json").read_text())["objects"]
    assert (touched["file"], touched["mend"]) == ("people.csv", "replace")
    mended = Rewriting(tmp_path / "plan").blob(touched["object"].encode(), PEOPLE.encode())
    assert mended != PEOPLE.encode()
    assert b"nadia" not in mended
