"""What is renamed is judged anew where its name decides how it is judged, and brings nothing elsewhere."""

from pathlib import Path

import pytest
from git_repositories import Repo
from hooked import PEOPLE, Pair
from test_pushes_server import POLICY

from ringfence.detect.own import Detection
from ringfence.gates.git.allowing import Allowances, Settling
from ringfence.gates.git.ignoring import parse_ignoring
from ringfence.gates.git.items import between, staged
from ringfence.gates.git.model import Item
from ringfence.gates.git.naming import Names
from ringfence.gates.git.opening import Opener
from ringfence.gates.git.pushes import commits
from ringfence.gates.git.rules import Rules
from ringfence.gates.git.scanning import Scanner
from ringfence.gates.git.scans import Listed, Scan

IGNORING = parse_ignoring(b"fixtures/\n", ".ringfenceignore", Names.of(Detection()))


def refused(repo: Repo, listed: list[Listed]) -> list[tuple[str, str]]:
    """Give file and entity of what a scan of items refuses."""
    allowances = Allowances(ignoring=IGNORING)
    with Opener(repo.found()) as opener:
        scanned = list(Scan(listed, Scanner(Rules(), allowances=allowances), opener, Settling(allowances)).run())
    return [(found.file, found.entity) for one in scanned for found in one.found if found.counts]


@pytest.mark.parametrize(
    ("before", "after", "is_judged"),
    [
        ("a.csv", "in/b.csv", False),
        ("vendor/a.csv", "a.csv", True),
        ("fixtures/a.csv", "a.csv", True),
        ("a.min.js", "a.csv", True),
        ("a.py", "a.csv", True),
        ("a.csv", "vendor/a.csv", False),  # there it is left out
    ],
)
@pytest.mark.parametrize("more", ["", "and,more\n"])
def test_a_renamed_file_is_looked_at_whole_where_its_old_name_said_otherwise(
    repo: Repo, before: str, after: str, is_judged: bool, more: str
) -> None:
    content = PEOPLE + "x,y\n" * 20
    repo.write(before, content)
    repo.commit("there")
    (repo.top / after).parent.mkdir(exist_ok=True)
    repo.git("mv", before, after)
    repo.write(after, content + more)
    repo.git("add", "--all")
    expected = [(after, "EMAIL_ADDRESS")] if is_judged else []
    assert refused(repo, list(staged(repo.found()))) == expected
    commit = repo.commit("renamed")
    assert refused(repo, list(between(repo.found(), "HEAD~1..HEAD"))) == expected
    assert refused(repo, list(commits(repo.found(), [commit]))) == expected


@pytest.mark.parametrize("sides", [("vendor/a.csv", "vendor/a.csv"), ("vendor/a.csv", "b.txt")])
def test_what_a_merge_renames_is_looked_at_whole(repo: Repo, sides: tuple[str, str]) -> None:
    repo.commit("nothing", readme="x")
    for side, name in zip(("one", "two"), sides, strict=True):
        repo.git("switch", "--quiet", f"--create={side}", "main")
        repo.write(name, PEOPLE if name.endswith("csv") else "nothing\n")
        repo.commit(f"on {side}")
    repo.git("merge", "--quiet", "--no-commit", "--strategy=ours", "one", check=False)
    repo.git("rm", "--quiet", "-r", "--cached", "--ignore-unmatch", "vendor")
    repo.write("people.csv", PEOPLE)
    repo.git("add", "people.csv")
    expected = [("people.csv", "EMAIL_ADDRESS")]
    assert refused(repo, list(staged(repo.found()))) == expected
    repo.git("commit", "--quiet", "--message=merged")
    merged = [each for each in commits(repo.found(), ["HEAD"]) if isinstance(each, Item)]
    assert refused(repo, list(merged)) == expected


def test_what_one_path_may_have_does_not_go_from_there_to_another(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    policy = tmp_path / "ringfence.yaml"
    policy.write_text(POLICY)
    pair.install("--policy", str(policy), "--gate", "git", server=True)
    pair.client.write("people/a.txt", "klaus.weber@web.de\n")
    pair.client.commit("carried")
    assert pair.push().returncode == 0
    pair.client.git("mv", "people/a.txt", "people/b.txt")
    pair.client.commit("there it may be")
    assert pair.push().returncode == 0
    pair.client.git("mv", "people/b.txt", "b.txt")
    pair.client.commit("there it may not be")
    done = pair.push()
    assert done.returncode == 1
    assert b"b.txt:1:1  EMAIL_ADDRESS" in done.stderr
