"""Allowances in whole scans: as a user has them at the command line, and the same however many processes look."""

import json
import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from ringfence.gates.canary import MARK_DOMAINS
from ringfence.gates.git.allowing import Allowances, Settling
from ringfence.gates.git.baseline import Recording
from ringfence.gates.git.ignoring import parse_ignoring
from ringfence.gates.git.model import Item, Origin, Standing
from ringfence.gates.git.naming import Names
from ringfence.gates.git.opening import Opener
from ringfence.gates.git.pool import scan_all
from ringfence.gates.git.rules import Rules
from ringfence.gates.git.scanning import Digests, Scanner
from ringfence.probe.people import forged
from ringfence.transform import KeyHandle, Keyring

Cli = Callable[..., "subprocess.CompletedProcess[bytes]"]
VALUES = ("nadia.kerst", "olav.brandvik", "mira.oduya", "23456789", "234 567")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "tests" / "fixtures").mkdir(parents=True)
    (tmp_path / "app.py").write_text(
        'CONTACT = "nadia.kerst@brieffalke.de"  # ringfence: allow EMAIL_ADDRESS our own imprint\n', encoding="utf-8"
    )
    (tmp_path / "tests" / "fixtures" / "people.csv").write_text(
        "email,phone\nolav.brandvik@listolot.pl,+49 151 23456789\nmira.oduya@cartaveloz.es,+48 601 234 567\n",
        encoding="utf-8",
    )
    return tmp_path


def scan(
    cli: Cli, *arguments: str, code: int, env: dict[str, str] | None = None
) -> tuple[list[dict[str, object]], str]:
    """Scan; give the documents that were written, and what was said beside them. No value is in either."""
    done = cli("scan", *arguments, "--format", "json", env={"RINGFENCE_SCAN_KEY": "", **(env or {})})
    said = done.stderr.decode()
    assert done.returncode == code, said
    for value in VALUES:
        assert value not in said
        assert value not in done.stdout.decode()
    return [json.loads(line) for line in done.stdout.splitlines()], said


def standings(documents: list[dict[str, object]]) -> dict[str, int]:
    return {name: number for name, number in documents[-1]["findings"].items() if number}  # type: ignore[attr-defined]


def test_a_user_allows_by_comment_then_by_file_then_by_baseline(cli: Cli, repository: Path) -> None:
    documents, said = scan(cli, "--allowed", code=1)
    assert standings(documents) == {"refused": 4, "allowed": 1}
    assert [one["reason"] for one in documents if one.get("why") == "inline"] == ["our own imprint"]
    assert said == ""

    (repository / ".ringfenceignore").write_text("tests/** : EMAIL_ADDRESS  # made up\nold/\n", encoding="utf-8")
    documents, said = scan(cli, code=1)
    assert standings(documents) == {"refused": 2, "allowed": 3}
    assert said == "ringfence: .ringfenceignore:2: nothing needs this line that allows everything; take it out\n"
    assert [(one["by"], one["line"]) for one in documents[-1]["allowances"]] == [("ignored", 2)]  # type: ignore[index, attr-defined, union-attr]
    assert scan(cli, "tests", code=1)[1] == ""

    documents, said = scan(cli, "--write-baseline", "known.json", code=0)
    assert standings(documents) == {"allowed": 5}
    assert "wrote known.json: 2 entries, 2 new, 0 gone" in said
    assert "made the key of the baseline: .ringfence/keys/k-scan.v1.key" in said
    assert not any(value in (repository / "known.json").read_text(encoding="utf-8") for value in VALUES)
    status = subprocess.run(["git", "status", "--short", "-uall"], cwd=repository, capture_output=True, check=True)
    assert b"k-scan" not in status.stdout

    people = repository / "tests" / "fixtures" / "people.csv"
    people.write_text("\n\n" + people.read_text(encoding="utf-8"), encoding="utf-8")
    people.rename(repository / "tests" / "moved.csv")
    assert standings(scan(cli, "--baseline", "known.json", code=0)[0]) == {"allowed": 5}
    shutil.copy(repository / "tests" / "moved.csv", repository / "tests" / "again.csv")
    assert standings(scan(cli, "--baseline", "known.json", code=1)[0]) == {"allowed": 7, "refused": 2}
    (repository / "tests" / "again.csv").unlink()
    (repository / "tests" / "moved.csv").unlink()
    _, said = scan(cli, "--baseline", "known.json", code=0)
    assert said.count("nothing needs this entry that allows PHONE_NUMBER; write the baseline again") == 2


def test_a_baseline_written_again_keeps_reasons_and_where_only_a_part_was_looked_at_all_of_it(
    cli: Cli, repository: Path
) -> None:
    file = repository / "known.json"
    scan(cli, "--write-baseline", "known.json", code=0)
    text = file.read_text(encoding="utf-8").replace('"count": 1}', '"count": 1, "reason": "nobody\'s"}', 1)
    file.write_text(text, encoding="utf-8")
    assert "0 gone; not all was looked at" in scan(cli, "app.py", "--write-baseline", "known.json", code=0)[1]
    assert file.read_text(encoding="utf-8") == text
    scan(cli, "--write-baseline", "known.json", code=0)
    assert file.read_text(encoding="utf-8") == text
    (repository / "tests" / "fixtures" / "people.csv").unlink()
    assert "0 entries, 0 new, 4 gone" in scan(cli, "--write-baseline", "known.json", code=0)[1]


def test_without_the_key_or_with_another_one_the_error_says_what_to_do_and_nothing_is_lost(
    cli: Cli, repository: Path
) -> None:
    scan(cli, "--write-baseline", "known.json", code=0)
    before = (repository / "known.json").read_bytes()
    line = (repository / ".ringfence" / "keys" / "k-scan.v1.key").read_text(encoding="utf-8")
    shutil.rmtree(repository / ".ringfence")
    for option in ("--baseline", "--write-baseline"):
        said = scan(cli, option, "known.json", code=2)[1]
        assert "key k-scan version 1 is neither in .ringfence/keys nor in RINGFENCE_SCAN_KEY" in said
        wrong = {"RINGFENCE_SCAN_KEY": "A" * 43 + "="}
        assert "known.json: it was made under another key" in scan(cli, option, "known.json", code=2, env=wrong)[1]
    assert (repository / "known.json").read_bytes() == before
    assert not (repository / ".ringfence").exists()
    right = {"RINGFENCE_SCAN_KEY": line}
    assert standings(scan(cli, "--baseline", "known.json", code=0, env=right)[0]) == {"allowed": 5}


def test_a_wrong_ignore_file_or_baseline_ends_a_scan_with_its_place_and_the_mend(cli: Cli, repository: Path) -> None:
    (repository / ".ringfenceignore").write_text("a\nb : EMAIL_ADRESS\n", encoding="utf-8")
    said = scan(cli, code=2)[1]
    assert '.ringfenceignore:2: no entity or category has that name\n  did you mean "EMAIL_ADDRESS"?' in said
    (repository / ".ringfenceignore").write_text("/\n[\n", encoding="utf-8")
    assert "write a path: tests/fixtures/** (so many more lines are wrong: 1)" in scan(cli, code=2)[1]
    (repository / ".ringfenceignore").unlink()
    (repository / "known.json").write_text("{", encoding="utf-8")
    assert (
        "known.json:1: it is not JSON from here on\n  mend the line" in scan(cli, "--baseline", "known.json", code=2)[1]
    )
    assert "none.json: No such file" in scan(cli, "--baseline", "none.json", code=2)[1]
    assert "none: No such file" in scan(cli, "--ignore-file", "none", code=2)[1]


def test_a_comment_in_what_is_staged_counts_and_what_only_a_part_could_need_is_not_told(
    cli: Cli, repository: Path
) -> None:
    (repository / ".ringfenceignore").write_text("tests/** : user.contact\nold/\n", encoding="utf-8")
    subprocess.run(["git", "add", "app.py", "tests"], cwd=repository, check=True)
    documents, said = scan(cli, "--staged", code=0)
    assert standings(documents) == {"allowed": 5}
    assert said == ""


def test_in_a_history_nothing_is_counted(cli: Cli, repository: Path) -> None:
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com"]
    people = repository / "tests" / "fixtures" / "people.csv"
    for number in range(3):
        people.write_text(people.read_text(encoding="utf-8") + f"{number}\n", encoding="utf-8")
        subprocess.run([*git, "add", "app.py", "tests"], cwd=repository, check=True)
        subprocess.run([*git, "commit", "-q", "-m", f"change {number}"], cwd=repository, check=True)
    scan(cli, "--write-baseline", "known.json", code=0)
    assert standings(scan(cli, "--history", "--baseline", "known.json", code=0)[0])["allowed"] == 13
    scan(cli, "--history", "--write-baseline", "past.json", code=0)
    assert '"count"' not in (repository / "past.json").read_text(encoding="utf-8")
    assert standings(scan(cli, "--baseline", "past.json", code=0)[0]) == {"allowed": 5}


def test_the_ignore_file_counts_from_the_top_wherever_a_scan_is_started(cli: Cli, repository: Path) -> None:
    (repository / ".ringfenceignore").write_text("/tests/fixtures/*.csv : user.contact\n/app.py\n", encoding="utf-8")
    for path in (".", "tests", "tests/fixtures/people.csv", str(repository / "tests"), "./tests/../tests"):
        assert standings(scan(cli, path, code=0)[0]) == {"allowed": 4}


def test_what_is_allowed_is_the_same_alone_and_shared_by_processes(tmp_path: Path) -> None:
    names = Names.of()
    ignoring = parse_ignoring(b"b/ : PHONE_NUMBER # c\nc/\n!c/9.txt\nnobody/\n", ".ringfenceignore", names)
    allowances = Allowances(names, ignoring)
    keys = Digests(Keyring([KeyHandle("k-scan", 1, bytes(32))]), "k-scan")
    filling = b"x = 1\n" * 5000
    items = list[Item]()
    for number in range(60):
        mark = "" if number % 3 else "  # ringfence: allow EMAIL_ADDRESS a reason"
        text = f"nora.p{number % 7}@brieffalke.de{mark}\n+49 151 2345678{number % 5}\n# ringfence: allow PHONE_NUMBER\n"
        name = f"{'abc'[number % 3]}/{number}.txt"
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(filling + text.encode())
        items.append(Item(name, Origin.FILE, file.stat().st_size, path=str(file)))

    def run(processes: int) -> list[object]:
        scanner = Scanner(Rules(), digests=keys, allowances=allowances)
        recording = Recording()
        first = list(scan_all(items[:20], scanner, Opener(None), processes=processes))
        for one in first:
            recording.take(one)
        settling = Settling(allowances, recording.baseline(KeyHandle("k-scan", 1, bytes(32))))
        told = [settling.take(one) for one in scan_all(items, scanner, Opener(None), processes=processes)]
        return [told, settling.wrong(), settling.unused()]

    alone, shared = run(1), run(2)
    assert alone == shared
    assert {one.standing for item in alone[0] for one in item.found} == {Standing.REFUSED, Standing.ALLOWED}  # type: ignore[attr-defined]


def test_by_one_process_items_are_looked_at_as_they_are_listed(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"nothing")
    listed = iter([Item(f"{number}.txt", Origin.FILE, 7, path=str(file)) for number in range(1000)])
    assert next(scan_all(listed, Scanner(Rules()), Opener(None), processes=1)).item.name == "0.txt"
    assert len(list(listed)) == 999


def test_canaries_and_the_probes_people_are_known_for_what_they_are() -> None:
    secret = bytes(range(32))
    people = [forged("user.contact.email", secret, number) for number in range(len(MARK_DOMAINS))]
    text = "\n".join([*people, "0a1b2c3d4e5f@example.com", "anna.berg@brieffalke.de"]).encode()
    item = Item("a.txt", Origin.FILE, len(text))
    found = Scanner(Rules()).scan(item, lambda: BytesIO(text)).found
    assert [(one.standing.value, one.why) for one in found] == [("noted", "known:canary")] * 7 + [("refused", "")]


def test_standard_input_larger_than_what_is_held_is_looked_at_whole(cli: Cli, tmp_path: Path) -> None:
    text = b"anna.berg@brieffalke.de\n" + b"nothing here\n" * 450_000 + b"olav.brandvik@listolot.pl\n"
    for name in ("a.txt", "a.csv"):
        done = cli("scan", "-", "--name", name, "--format", "json", stdin=text)
        assert done.returncode == 1
        assert [json.loads(line).get("line") for line in done.stdout.splitlines()] == [1, 450_002, None]
    small = b"anna.berg@brieffalke.de # ringfence: allow EMAIL_ADDRESS a reason\n"
    assert cli("scan", "-", "--name", "a.py", stdin=small).returncode == 0
