"""`ringfence tail`: which crossings are shown, how, and what it lives through."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from command_line import RINGFENCE, Cli
from ringfence.cli.tail import outcome_of
from ringfence.ledger import Ledger, create_ledger, make_keys, read_signing_key

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
MAIL = {"category": "user.contact.email", "form": "mask", "count": 3}
NAME = {"category": "user.name", "form": "clear", "count": 1}


def body(
    number: int, kind: str = "crossed", gate: str = "api", flow: str = "answers", **more: object
) -> dict[str, object]:
    return {
        "id": f"c{number}.1",
        "kind": kind,
        "crossing": f"c{number}",
        "at": f"2031-01-01T00:00:{number:02d}.000000Z",
        "gate": gate,
        "flow": flow,
        "principal": "anyone",
        **more,
    }


COUNTED = {name: value for name, value in body(6, "counted").items() if name != "principal"}
ENTRIES = [
    body(0, changes=3, found=[MAIL], client={"method": "GET"}, trace={"id": TRACE, "parent": "00f067aa0ba902b7"}),
    body(1, changes=0, found=[NAME], role="support", principal="sso:sam"),
    body(2, "refused", refused="category-denied", category="user.financial.credit_card", client={"method": "POST"}),
    body(3, gate="pg", flow="reads", changes=0, found=[MAIL], would="unknown-field", category="user.contact.email"),
    body(4, "opened", found=[MAIL]),
    body(5, "closed", changes=7),
    {**COUNTED, "payloads": 40},
    body(7, flow="ringfence-canary", changes=1, found=[MAIL]),
    {"id": "p", "kind": "policy", "crossing": "p", "at": "2031-01-01T00:00:08.000000Z"},
    body(9, "refused", refused="not-allowed", count=940, role="support"),
]


@pytest.fixture
def ledger(installed: Path) -> Path:
    folder = installed / ".ringfence"
    append(folder, ENTRIES)
    return folder


def append(folder: Path, entries: list[dict[str, object]]) -> None:
    with Ledger(folder / "ledger.db", read_signing_key(folder / "ledger.key")) as one:
        one.append(entries)


def shown(cli: Cli, *arguments: str) -> list[str]:
    done = cli("tail", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().splitlines()


def crossings(cli: Cli, *arguments: str) -> list[str]:
    return [line.split()[-1] for line in shown(cli, *arguments)]


def test_it_says_one_line_a_crossing_with_what_an_operator_looks_for(cli: Cli, ledger: Path) -> None:
    lines = [re.sub(" +", " ", line) for line in shown(cli)]
    assert lines == [
        "2031-01-01T00:00:00.000000Z api answers GET anyone changed user.contact.email=maskx3 trace 4bf92f3577b34da6 c0",
        "2031-01-01T00:00:01.000000Z api answers sso:sam/support passed user.name=clearx1 c1",
        "2031-01-01T00:00:02.000000Z api answers POST anyone refused category-denied user.financial.credit_card c2",
        "2031-01-01T00:00:03.000000Z pg reads anyone would unknown-field user.contact.email c3",
        "2031-01-01T00:00:04.000000Z api answers anyone opened user.contact.email=maskx3 c4",
        "2031-01-01T00:00:05.000000Z api answers anyone changed c5",
        "2031-01-01T00:00:06.000000Z api answers counted 40 with nothing personal c6",
        "2031-01-01T00:00:09.000000Z api answers anyone/support refused not-allowed 940 times c9",
    ]


FILTERS: dict[tuple[str, ...], list[str]] = {
    ("--gate", "pg"): ["c3"],
    ("--flow", "reads"): ["c3"],
    ("--flow", "ringfence-canary"): ["c7"],
    ("--outcome", "refused"): ["c2", "c9"],
    ("--outcome", "would"): ["c3"],
    ("--outcome", "counted"): ["c6"],
    ("--category", "user.contact"): ["c0", "c3", "c4"],
    ("--category", "user.con*"): ["c0", "c3", "c4"],
    ("--category", "user.contact*"): ["c0", "c3", "c4"],
    ("--category", "user.financial"): ["c2"],
    ("--category", "user.con"): [],
    ("--role", "support"): ["c1", "c9"],
    ("--principal", "sso:sam"): ["c1"],
    ("--since", "2031-01-01T00:00:05Z"): ["c5", "c6", "c9"],
    ("--since", "30d", "-n", "1"): ["c9"],
    ("--since", "2031-01-01", "-n", "1"): ["c9"],
    ("-n", "2"): ["c6", "c9"],
    ("-n", "0"): [],
    ("--gate", "api", "--outcome", "refused", "--role", "support"): ["c9"],
}


@pytest.mark.parametrize("arguments", FILTERS, ids=" ".join)
def test_filters_choose_and_the_newest_that_fit_are_shown(cli: Cli, ledger: Path, arguments: tuple[str, ...]) -> None:
    assert crossings(cli, *arguments) == FILTERS[arguments]


def test_as_json_it_is_what_the_ledger_says(cli: Cli, ledger: Path) -> None:
    assert shown(cli, "--outcome", "refused", "--format", "json") == [
        line
        for line in cli("ledger", "tail", "--format", "json").stdout.decode().splitlines()
        if json.loads(line)["body"]["kind"] == "refused"
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--since", "ada@example.com"), "--since: not a time"),
        (("--ledger", "none.db"), "no such ledger"),
        (("--outcome", "x"), ""),
    ],
)
def test_what_is_wrong_is_said_with_exit_code_two(
    cli: Cli, ledger: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = cli("tail", *arguments)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert b"ada@" not in done.stderr


class Following:
    """A tail that goes on."""

    def __init__(self, folder: Path, *arguments: str, command: tuple[str, ...] = ("tail",)) -> None:
        self.process = subprocess.Popen(
            [*RINGFENCE, *command, "--follow", *arguments],
            cwd=folder.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __enter__(self) -> "Following":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.process.kill()
        self.process.communicate()

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode()

    def interrupt(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said.decode()


def test_it_goes_on_with_what_happens_until_it_is_interrupted(ledger: Path) -> None:
    with Following(ledger, "--outcome", "refused", "-n", "1") as one:
        assert one.line().split()[-1] == "c9"
        append(ledger, [body(10), body(11, "refused", refused="not-allowed")])
        assert one.line().split()[-1] == "c11"
        assert one.interrupt() == (130, "")


@pytest.mark.parametrize("command", [("tail",), ("ledger", "tail")], ids=" ".join)
def test_another_ledger_in_the_files_place_is_gone_on_with_from_its_beginning(
    ledger: Path, command: tuple[str, ...]
) -> None:
    with Following(ledger, "-n", "1", command=command) as one:
        assert "c9" in one.line()
        for file in ledger.glob("ledger.*"):
            file.rename(file.with_name(f"old-{file.name}"))
        key = make_keys(ledger / "ledger.key", ledger / "ledger.pub", "ringfence/another/0")
        create_ledger(ledger / "ledger.db", key)
        append(ledger, [body(20)])
        assert "c20" in one.line()
        append(ledger, [body(21)])
        assert "c21" in one.line()
        code, said = one.interrupt()
        assert (code, said) == (130, "ringfence: the ledger was replaced by another file: going on with that\n")


def test_an_older_copy_of_the_same_ledger_is_not_shown_again(cli: Cli, ledger: Path) -> None:
    assert cli("ledger", "backup", "copy.db").returncode == 0
    append(ledger, [body(10)])
    with Following(ledger, "-n", "1") as one:
        assert "c10" in one.line()
        for file in ledger.glob("ledger.db*"):
            file.unlink()
        (ledger.parent / "copy.db").rename(ledger / "ledger.db")
        append(ledger, [body(30)])
        assert "c30" in one.line()


def test_a_slow_terminal_misses_nothing_and_holds_up_no_writer(ledger: Path) -> None:
    with Following(ledger, "-n", "1") as one:
        assert "c9" in one.line()
        append(ledger, [body(9, id=f"first.{number}", crossing=f"n{number}") for number in range(3000)])
        append(ledger, [body(9, id="second", crossing="last")])
        # Nothing was read meanwhile: its pipe, of 64 KiB, is full.
        log = ledger / "ledger.db-wal"
        assert not log.exists() or log.stat().st_size < 1 << 24
        read = []
        while not read or read[-1] != "last":
            read.append(one.line().split()[-1])
        assert read == [*(f"n{number}" for number in range(3000)), "last"]


@pytest.mark.parametrize("no_color", ["", "1"])
def test_on_a_terminal_it_follows_by_itself_in_colours_unless_they_are_unwanted(ledger: Path, no_color: str) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))  # narrow: a line is not cropped
    environment = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": no_color}
    command = [*RINGFENCE, "tail", "--outcome", "refused"]
    with subprocess.Popen(command, cwd=ledger.parent, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        said = b""
        while b"c9" not in said:
            said += os.read(ours, 4096)
        append(ledger, [body(12, "refused", refused="not-allowed")])
        while b"c12" not in said:
            said += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    os.close(ours)
    assert (b"\x1b[" in said) == (not no_color)
    assert "category-denied user.financial.credit_card" in re.sub("\x1b\\[[0-9;]*m", "", said.decode())


def test_a_crossing_whose_client_hung_up_was_not_refused() -> None:
    assert outcome_of({"kind": "refused", "refused": "cut"}) == "cut"
    assert outcome_of({"kind": "refused", "refused": "category-denied"}) == "refused"
