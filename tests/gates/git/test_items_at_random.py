"""New lines against texts made at random, and a history of a million objects."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from git_repositories import Repo, items

from ringfence.gates.git.items import between, staged
from ringfence.gates.git.model import Item, Origin
from ringfence.gates.git.pushes import commits

WORDS = ["a", "b", "+c", "-d", "@@ -1 +1 @@", "\\ no", " ", "", "diff --git a/x b/x", ":100644", "\tx", "ü"]


def text(chance: random.Random) -> list[str]:
    return [chance.choice(WORDS) for _ in range(chance.randrange(12))]


def changed(chance: random.Random, lines: list[str]) -> list[str]:
    lines = list(lines)
    for _ in range(chance.randrange(5)):
        at = chance.randrange(len(lines) + 1)
        lines[at : at + chance.randrange(3)] = text(chance)[: chance.randrange(4)]
    return lines


def written(chance: random.Random, lines: list[str]) -> str:
    return "\n".join(lines) + (chance.choice(["\n", ""]) if lines else "")


def split(content: str) -> list[str]:
    return content.split("\n")[:-1] + ([last] if (last := content.split("\n")[-1]) else [])


def within(small: list[str], large: list[str]) -> bool:
    rest = iter(large)
    return all(line in rest for line in small)


def without(content: str, item: Item | None) -> list[str]:
    """Give the lines of a file that are not new. A last line that lost or won its end is new to git, and not looked at here."""
    new = {line for start, end in (item.lines or ()) for line in range(start, end)} if item else set()
    return [line for number, line in enumerate(split(content), 1) if number not in new]


@pytest.mark.parametrize("seed", range(2))
def test_without_its_new_lines_a_file_is_made_of_old_ones(repo: Repo, seed: int) -> None:
    chance = random.Random(seed)
    names = [f"{n:03}.txt" for n in range(200)]
    olds = {name: text(chance) for name in names}
    news = {name: written(chance, changed(chance, lines)) for name, lines in olds.items()}
    for name in names:
        repo.write(name, written(chance, olds[name]))
    repo.commit("old")
    for name in names:
        repo.write(name, news[name])
    repo.stage()
    in_index = items(staged(repo.found()))
    for name in names:
        assert within(without(news[name], in_index.get(name)), olds[name])
    repo.commit("new")
    as_diff = items(between(repo.found(), "HEAD~1..HEAD"))
    assert {name: item.lines for name, item in as_diff.items()} == {name: item.lines for name, item in in_index.items()}


@pytest.mark.parametrize("seed", [7, 8])
def test_of_a_merge_made_at_random_a_line_that_is_not_new_is_some_parents(repo: Repo, seed: int) -> None:
    chance = random.Random(seed)
    names = [f"{n:03}.txt" for n in range(150)]
    sides = []
    for side in ("base", "one", "two"):
        texts = {name: text(chance) for name in names}
        if side != "base":
            repo.git("switch", "--quiet", f"--create={side}", "main")
        for name in names:
            repo.write(name, written(chance, texts[name]))
        repo.commit(side)
        sides.append(texts)
    repo.git("merge", "--quiet", "--no-commit", "--strategy=ours", "one")
    merged = {name: written(chance, changed(chance, sides[1][name] + sides[2][name])) for name in names}
    for name in names:
        repo.write(name, merged[name])
    repo.stage()
    in_index = items(staged(repo.found()))
    repo.commit("merged")
    in_commit = {
        item.name: item
        for item in commits(repo.found(), ["HEAD"])
        if isinstance(item, Item) and item.origin is Origin.BLOB
    }
    assert all(item.lines is not None for item in [*in_index.values(), *in_commit.values()])
    for name in names:
        for given in (in_index, in_commit):
            assert set(without(merged[name], given.get(name))) <= {*sides[1][name], *sides[2][name]}


STREAM = """
import sys
number = 0
for commit in range(int(sys.argv[1])):
    sys.stdout.write(f"commit refs/heads/main\\ncommitter A <a@example.com> {1700000000 + commit} +0000\\ndata 2\\nm\\n")
    for file in range(90):
        number += 1
        blob = f"blob {number}"
        sys.stdout.write(f"M 100644 inline d{commit % 50}/f{file}\\ndata {len(blob)}\\n{blob}\\n")
"""
COUNT = """
import resource, sys
from ringfence.gates.git.history import history
from ringfence.gates.git.repository import find
count = sum(1 for _ in history(find(git_dir=sys.argv[1])))
held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if sys.platform == "linux":  # where that is of the process that began this one, too, if it held more
    held = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(count, held)
"""


@pytest.mark.parametrize("size", [20, pytest.param(11_000, marks=pytest.mark.soak)])
def test_a_long_history_is_listed_in_bounded_memory(tmp_path: Path, size: int) -> None:
    bare = tmp_path / "bare"
    Repo(tmp_path / "r").git("init", "--quiet", "--bare", str(bare))
    with subprocess.Popen([sys.executable, "-c", STREAM, str(size)], stdout=subprocess.PIPE) as stream:
        subprocess.run(["git", "fast-import", "--quiet"], cwd=bare, stdin=stream.stdout, check=True)
    said = subprocess.run([sys.executable, "-c", COUNT, str(bare)], capture_output=True, check=True).stdout.split()
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(said[0]) == size * 91
    assert int(said[1]) * unit < 150 << 20
