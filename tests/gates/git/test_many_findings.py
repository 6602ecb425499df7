"""Very many findings in one item: beyond a bound they are counted, and none is dropped."""

import csv
import io
import json
import os
import resource
from io import BytesIO
from pathlib import Path

import pytest

from command_line import call
from ringfence.gates.git.allowing import Allowances
from ringfence.gates.git.model import MOST_FOUND, Item, Origin, Scanned
from ringfence.gates.git.rules import Rules
from ringfence.gates.git.scanning import Scanner

MORE = 3_000
ROWS = MOST_FOUND + MORE
PEOPLE = "email\n" + "".join(f"p{number}.kerst@brieffalke.de\n" for number in range(ROWS))
FEW = """
import ringfence.gates.git.scanning as s, ringfence.gates.git.fixing as f, ringfence.cli as c
s.MOST_FOUND = f.MOST_FOUND = 4
c.main()
"""


def few(folder: Path, *arguments: str) -> "tuple[int, str, str]":
    """Run a command that tells four findings of a file one by one."""
    environment = {**os.environ, "RINGFENCE_SCAN_KEY": "S2V5IG9mIHRlc3RzLCB0aGlydHktdHdvIGJ5dGVzISE="}
    done = call(arguments, folder, environment, program=FEW)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def scanned(content: str, name: str = "people.csv") -> Scanned:
    data = content.encode()
    return Scanner(Rules(), allowances=Allowances()).scan(Item(name, Origin.FILE, len(data)), lambda: BytesIO(data))


def test_what_is_beyond_the_bound_is_one_finding_that_says_how_many() -> None:
    found = scanned(PEOPLE).found
    assert len(found) == MOST_FOUND + 1
    last = found[-1]
    assert (last.count, last.line, last.entity, last.counts) == (MORE, MOST_FOUND + 2, "EMAIL_ADDRESS", True)


def test_its_memory_does_not_grow_with_what_is_found() -> None:
    def held() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    scanned(PEOPLE)
    before = held()
    assert sum(one.count for one in scanned("email\n" + PEOPLE[6:] * 20).found) == 20 * ROWS
    assert held() - before < 40_000  # KiB; each held by itself they were 200 MB


@pytest.mark.parametrize("every", [(), ("--every",)])
def test_outputs_say_all_of_them(tmp_path: Path, every: tuple[str, ...]) -> None:
    rows = "".join(f"p{number}.kerst@brieffalke.de\n" for number in range(40))
    (tmp_path / "people.csv").write_text(f"email\n{rows}")
    code, out, _ = few(tmp_path, "scan", "people.csv", *every)
    assert code == 1
    assert "40 findings in 1 file" in out
    assert "user.contact.email 40" in out
    assert ("people.csv:6:1" in out, "and 35 more of these from here on" in out) == (True, True)
    told = [json.loads(line) for line in few(tmp_path, "scan", "people.csv", "--format", "json")[1].splitlines()]
    assert [one["count"] for one in told if one["kind"] == "finding"] == [1, 1, 1, 1, 36]
    assert told[-1]["findings"]["refused"] == 40
    table = csv.DictReader(io.StringIO(few(tmp_path, "scan", "people.csv", "--format", "csv")[1]))
    assert sum(int(row["count"]) for row in table) == 40
    for output in ("sarif", "junit", "gitlab", "html"):
        code, out, _ = few(tmp_path, "scan", "people.csv", "--format", output)
        assert (code, "35 more of these from here on" in out) == (1, True), output


def test_what_the_file_or_an_ignore_file_allows_is_told_from_what_is_not(tmp_path: Path) -> None:
    lines = [
        f'M = "p{number}.kerst@brieffalke.de"{"  # ringfence: allow EMAIL_ADDRESS ours" if number % 3 else ""}'
        for number in range(30)
    ]
    (tmp_path / "mails.py").write_text("\n".join(lines))
    code, out, said = few(tmp_path, "scan", "mails.py", "--format", "json")
    findings = json.loads(out.splitlines()[-1])["findings"]
    assert (code, findings["refused"], findings["allowed"]) == (1, 10, 20)
    assert "needs" not in said  # each comment was used
    (tmp_path / "ignore").write_text("mails.py : EMAIL_ADDRESS  # ours\n")
    assert few(tmp_path, "scan", "mails.py", "--ignore-file", "ignore")[0] == 0


def test_a_baseline_has_each_of_them_and_no_more(tmp_path: Path) -> None:
    def write(rows: int) -> None:
        text = "".join(f"p{number % 8}.kerst@brieffalke.de\n" for number in range(rows))
        (tmp_path / "people.csv").write_text(f"email\n{text}")

    write(40)
    base = ("scan", "people.csv", "--format", "json")
    assert few(tmp_path, *base, "--write-baseline", "base")[0] == 0
    entries = json.loads((tmp_path / "base").read_text())["findings"]
    assert sum(one["count"] for one in entries) == 40
    assert few(tmp_path, *base, "--baseline", "base")[0] == 0
    write(43)
    code, out, _ = few(tmp_path, *base, "--baseline", "base")
    assert (code, json.loads(out.splitlines()[-1])["findings"]["refused"]) == (1, 3)
    write(40)
    with (tmp_path / "people.csv").open("a") as file:
        file.write("new.kerst@brieffalke.de\n" * 12)
    _, _, said = few(tmp_path, "scan", "people.csv", "--fix", "--yes", "--baseline", "base")
    assert "12 of what is refused stay" in said
    assert "run it again for these" in said


def test_all_of_a_file_is_mended(tmp_path: Path) -> None:
    rows = "".join(f"p{number}.kerst@brieffalke.de\n" for number in range(40))
    (tmp_path / "people.csv").write_text(f"email\n{rows}")
    code, _, said = few(tmp_path, "scan", "people.csv", "--fix", "--yes")
    assert code == 0, said
    assert "brieffalke" not in (tmp_path / "people.csv").read_text()


def test_a_push_counts_all_of_them() -> None:
    from ringfence.gates.git.pushing import Judging

    judging = Judging()
    judging.take(scanned(PEOPLE), Rules())
    assert judging.refused == ROWS
