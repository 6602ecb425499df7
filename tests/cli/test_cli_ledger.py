"""`ringfence ledger`: what is shown, what is found, what is saved, and the exit codes."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from command_line import RINGFENCE, Cli
from ringfence.ledger import Ledger, read_signing_key

EMAIL = {"category": "user.contact.email", "form": "mask", "count": 2}


def body(number: int) -> dict[str, object]:
    return {
        "id": f"c{number}.1",
        "kind": ("crossed", "refused")[number % 2],
        "crossing": f"c{number}",
        "flow": "app-logs",
        "principal": "svc",
        "at": f"2031-01-{number + 1:02d}T00:00:00.000000Z",
        "found": [EMAIL] if number % 3 == 0 else [],
    }


@pytest.fixture
def home(installed: Path) -> Iterator[Path]:
    """An installation with twenty entries; its writer does not outlive the test."""
    folder = installed / ".ringfence"
    with Ledger(folder / "ledger.db", read_signing_key(folder / "ledger.key")) as ledger:
        ledger.append([body(number) for number in range(20)])
    yield folder
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(folder / "ledger.db").encode() in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGTERM)


def lines(out: bytes) -> list[str]:
    return out.decode().splitlines()


def test_tail_shows_the_newest_entries(cli: Cli, home: Path) -> None:
    done = cli("ledger", "tail", "-n", "3")
    assert done.returncode == 0
    shown = lines(done.stdout)
    assert [line.split()[0] for line in shown] == ["17", "18", "19"]
    assert "user.contact.email=maskx2" in shown[1]
    assert "c19" in shown[2]
    assert len(lines(cli("ledger", "tail").stdout)) == 10


def test_tail_as_json_is_one_document_a_line(cli: Cli, home: Path) -> None:
    shown = [json.loads(line) for line in lines(cli("ledger", "tail", "-n", "20", "--format", "json").stdout)]
    assert [one["body"] for one in shown] == [body(number) for number in range(20)]


def test_tail_follows_what_is_written(home: Path) -> None:
    process = subprocess.Popen(
        [*RINGFENCE, "ledger", "tail", "-n", "0", "-f"], cwd=home.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    with Ledger(home / "ledger.db", read_signing_key(home / "ledger.key")) as ledger:
        number = 20
        end = time.monotonic() + 30
        os.set_blocking(process.stdout.fileno(), False)
        shown = b""
        while not shown and time.monotonic() < end:  # its start is not known: write until it shows something
            ledger.append([{"id": str(number), "kind": "crossed", "crossing": "followed"}])
            number += 1
            time.sleep(0.05)
            shown = process.stdout.read() or b""
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert b"followed" in shown
    assert process.returncode == 130
    assert err == b""


def test_show_gives_an_entry_by_index_and_by_crossing(cli: Cli, home: Path) -> None:
    by_index, by_crossing = cli("ledger", "show", "7"), cli("ledger", "show", "c7")
    assert by_index.stdout == by_crossing.stdout
    assert b'"crossing": "c7"' in by_index.stdout
    one = json.loads(cli("ledger", "show", "7", "--format", "json").stdout)
    assert one["body"] == body(7)
    assert one["inclusion"]["size"] == 20
    assert len(one["inclusion"]["proof"]) == 5


@pytest.mark.parametrize("which", ["20", "nothing", "9" * 5000, "-1", "٣"])
def test_show_says_that_there_is_no_such_entry(cli: Cli, home: Path, which: str) -> None:
    done = cli("ledger", "show", "--", which)
    assert done.returncode == 2
    assert b"no entry" in done.stderr
    assert len(lines(done.stderr)) == 2


@pytest.mark.parametrize(
    ("conditions", "numbers"),
    [
        (["--kind", "refused"], list(range(1, 20, 2))),
        (["--flow", "another"], []),
        (["--principal", "svc", "--limit", "2"], [18, 19]),
        (["--category", "user.contact"], list(range(0, 20, 3))),
        (["--since", "2031-01-05", "--until", "2031-01-07"], [4, 5]),
        (["--since", "2031-01-05T01:00:00+01:00", "--until", "2031-01-06T00:00:00Z"], [4]),
        (["--kind", "refused", "--category", "user.contact.email"], [3, 9, 15]),
    ],
)
def test_query_narrows_by_its_conditions(cli: Cli, home: Path, conditions: list[str], numbers: list[int]) -> None:
    done = cli("ledger", "query", *conditions, "--format", "json")
    assert done.returncode == 0
    assert [json.loads(line)["index"] for line in lines(done.stdout)] == numbers


def test_a_ledger_that_holds_verifies_with_the_public_key_alone(cli: Cli, home: Path, tmp_path: Path) -> None:
    assert cli("ledger", "checkpoint", "--out", "kept.txt").returncode == 0
    assert cli("ledger", "backup", "copy.db").returncode == 0
    key = tmp_path / "elsewhere.pub"
    key.write_bytes((home / "ledger.pub").read_bytes())
    (home / "ledger.key").unlink()
    done = cli(
        "ledger",
        "verify",
        "--ledger",
        "copy.db",
        "--public-key",
        str(key),
        "--checkpoint",
        "kept.txt",
        "--home",
        "nowhere",
    )
    assert done.returncode == 0, done.stderr
    assert b"the ledger holds: 20 entries" in done.stdout
    assert b"first 20 entries" in done.stdout
    alone = cli("ledger", "verify")
    assert alone.returncode == 0
    assert b"a checkpoint kept elsewhere" in alone.stdout


def test_a_checkpoint_is_printed_or_written_once(cli: Cli, home: Path, tmp_path: Path) -> None:
    printed = cli("ledger", "checkpoint").stdout
    cli("ledger", "checkpoint", "--out", "kept.txt")
    assert (tmp_path / "kept.txt").read_bytes() == printed
    assert printed.decode().splitlines()[1] == "20"
    again = cli("ledger", "checkpoint", "--out", "kept.txt")
    assert again.returncode == 2
    assert b"is there already" in again.stderr


def tamper(home: Path, statement: str) -> None:
    import apsw

    db = apsw.Connection(str(home / "ledger.db"))
    db.execute(statement)
    db.close()


def test_tampering_is_told_with_index_and_mend_and_exits_1(cli: Cli, home: Path) -> None:
    tamper(home, "UPDATE entries SET body = replace(body, 'svc', 'sva') WHERE number = 7")
    done = cli("ledger", "verify")
    assert done.returncode == 1
    assert b"entry 7 is not what was committed to" in done.stdout
    assert b"find the entry in a backup" in done.stdout
    said = json.loads(cli("ledger", "verify", "--format", "json").stdout)
    assert (said["holds"], said["found"], said["problems"][0]["index"]) == (False, 1, 7)


def test_a_cut_tail_is_found_against_a_kept_checkpoint(cli: Cli, home: Path) -> None:
    cli("ledger", "backup", "older.db")
    with Ledger(home / "ledger.db", read_signing_key(home / "ledger.key")) as ledger:
        ledger.append([body(20)])
    cli("ledger", "checkpoint", "--out", "kept.txt")
    done = cli("ledger", "verify", "--ledger", "older.db", "--checkpoint", "kept.txt")
    assert done.returncode == 1
    assert b"only 20 are left" in done.stdout
    assert cli("ledger", "verify", "--ledger", "older.db").returncode == 0


def test_bodies_expire_and_the_ledger_still_verifies(cli: Cli, home: Path) -> None:
    done = cli("ledger", "expire", "--before", "2031-01-11")
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"the bodies of 10 entries are gone; entry 20 says so\n"
    verified = cli("ledger", "verify")
    assert verified.returncode == 0
    assert b"21 entries, 10 of them without" in verified.stdout
    assert b"expired" in cli("ledger", "show", "3").stdout
    assert lines(cli("ledger", "tail", "-n", "21").stdout)[9].split() == ["9", "expired"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["tail", "--home", "nowhere"],
        ["tail", "--ledger", "nowhere.db"],
        ["verify", "--public-key", "nowhere.pub"],
        ["verify", "--checkpoint", "nowhere.txt"],
        ["verify", "--checkpoint", "ringfence.yaml"],
        ["verify", "--public-key", "ringfence.yaml"],
        ["verify", "--ledger", "ringfence.yaml"],
        ["query", "--since", "yesterday"],
        ["query", "--limit", "0"],
        ["expire", "--before", "2031-13-01"],
        ["backup", "ringfence.yaml"],
        ["show"],
        ["nothing"],
    ],
)
def test_what_cannot_be_done_is_said_in_at_most_two_lines_and_exits_2(
    cli: Cli, home: Path, arguments: list[str]
) -> None:
    done = cli("ledger", *arguments)
    assert done.returncode == 2
    assert done.stdout == b""
    assert 1 <= len(lines(done.stderr)) <= 2
    assert b"Traceback" not in done.stderr


def test_control_characters_of_an_entry_do_not_reach_the_terminal(cli: Cli, home: Path) -> None:
    with Ledger(home / "ledger.db", read_signing_key(home / "ledger.key")) as ledger:
        ledger.append([{"id": "x", "kind": "cr\x1b[2Jossed", "crossing": "c\x9b31m"}])
    for arguments in (("tail", "-n", "1"), ("show", "20"), ("query", "--limit", "1")):
        out = cli("ledger", *arguments).stdout
        assert b"\x1b" not in out
        assert "\x9b".encode() not in out


def test_verifying_tells_its_progress_on_a_terminal_only(home: Path) -> None:
    main, other = pty.openpty()
    with Ledger(home / "ledger.db", read_signing_key(home / "ledger.key")) as ledger:
        ledger.append([{"id": str(number)} for number in range(9000)])
    done = subprocess.run(
        [*RINGFENCE, "ledger", "verify"], cwd=home.parent, stdout=subprocess.PIPE, stderr=other, check=True
    )
    os.close(other)
    told = os.read(main, 4096)
    os.close(main)
    assert b"8,192 entries" in told
    assert b"9020 entries" in done.stdout
    assert sys.executable
