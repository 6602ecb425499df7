"""`ringfence key`: as a user types it."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.cli._program import run

NO_HOME = "no such folder of keys and ledger"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a home as `init` makes it, beside the policy, and stand in its folder."""
    monkeypatch.delenv("RINGFENCE_HOME", raising=False)
    monkeypatch.delenv("RINGFENCE_POLICY", raising=False)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / ".ringfence"
    folder.mkdir(mode=0o700)
    return folder


def test_a_key_is_added_listed_and_rotated(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["key", "list"]) == 0
    assert "ringfence key add" in capsys.readouterr().out
    assert run(["key", "add", "k-contact"]) == 0
    assert "Made key k-contact version 1 in .ringfence/keys" in capsys.readouterr().out
    assert run(["key", "add", "k-index"]) == 0
    assert run(["key", "rotate", "k-contact"]) == 0
    assert "Made key k-contact version 2" in capsys.readouterr().out
    assert run(["key", "list"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["key", "version", "created"]
    assert [(line[0], line[1], line[-1]) for line in lines[1:]] == [
        ("k-contact", "1", "UTC"),
        ("k-contact", "2", "current"),
        ("k-index", "1", "current"),
    ]


def test_the_list_as_json_is_one_document(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["key", "list", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    run(["key", "add", "k-contact"])
    run(["key", "rotate", "k-contact"])
    capsys.readouterr()
    assert run(["key", "list", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["version"], row["current"]) for row in listed] == [
        ("k-contact", 1, False),
        ("k-contact", 2, True),
    ]
    assert all(row["created"].endswith("+00:00") for row in listed)


def test_nothing_that_is_printed_holds_a_secret(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["add", "k-contact"], ["rotate", "k-contact"], ["list"], ["list", "--format", "json"]):
        assert run(["key", *command]) == 0
    printed = capsys.readouterr()
    for file in (home / "keys").iterdir():
        assert file.read_text().strip().rpartition(":")[2] not in printed.out + printed.err


@pytest.mark.parametrize(
    ("arguments", "what", "mend"),
    [
        (["add", "k-contact"], "key k-contact version 1 exists already", "ringfence key rotate k-contact"),
        (["rotate", "k-nobody"], "there is no key k-nobody", "ringfence key add k-nobody"),
        (["add", "K Contact"], "not a name for a key", "lower-case letters"),
        (["add"], "NAME", "ringfence key add --help"),
        (["list", "--format", "xml"], "xml", "ringfence key list --help"),
        (["remove", "k-contact"], "remove", "ringfence key --help"),
        (["list", "--home", "elsewhere"], f"elsewhere: {NO_HOME}", "ringfence init"),
        (["add", "k-new", "--home", "elsewhere"], f"elsewhere: {NO_HOME}", "ringfence init"),
        (["rotate", "k-contact", "--policy", "other/ringfence.yaml"], f"other/.ringfence: {NO_HOME}", "ringfence init"),
    ],
)
def test_a_wrong_command_is_two_lines_with_a_mend(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], what: str, mend: str
) -> None:
    run(["key", "add", "k-contact"])
    capsys.readouterr()
    assert run(["key", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    first, second = printed.err.splitlines()
    assert first.startswith("ringfence: ")
    assert what in first
    assert mend in second


def test_a_key_file_that_others_can_read_is_told_with_its_mend(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["key", "add", "k-contact"])
    (home / "keys" / "k-contact.v1.key").chmod(0o644)
    capsys.readouterr()
    assert run(["key", "list"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == "ringfence: .ringfence/keys/k-contact.v1.key can be reached by others (mode 0644)"
    assert second == "  chmod 600 .ringfence/keys/k-contact.v1.key"


def test_the_home_may_be_named_by_option_or_environment(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert run(["key", "add", "k-one", "--home", str(other)]) == 0
    monkeypatch.setenv("RINGFENCE_HOME", str(other))
    assert run(["key", "add", "k-two"]) == 0
    assert sorted(file.name for file in (other / "keys").iterdir()) == ["k-one.v1.key", "k-two.v1.key"]
    assert not (home / "keys").exists()


@pytest.mark.parametrize("command", [[], ["add"], ["list"], ["rotate"]])
def test_help_ends_with_an_example(home: Path, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    assert run(["key", *command, "--help"]) == 0
    assert "Example: ringfence key" in capsys.readouterr().out


def test_on_a_terminal_the_list_is_drawn_and_no_color_is_honoured(home: Path) -> None:
    run(["key", "add", "k-contact"])
    for extra, styled in (({}, True), ({"NO_COLOR": "1"}, False)):
        ours, theirs = pty.openpty()
        environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {
            "TERM": "xterm-256color",
            **extra,
        }
        child = [sys.executable, "-c", "import ringfence.cli as c; c.main()", "key", "list"]
        done = subprocess.run(
            child, stdout=theirs, stdin=subprocess.DEVNULL, env=environment, cwd=home.parent, timeout=60
        )
        os.close(theirs)
        shown = os.read(ours, 65536).decode()
        os.close(ours)
        assert done.returncode == 0
        assert "k-contact" in shown
        assert ("36m" in shown) == styled  # cyan
        assert ("\x1b[" in shown) == styled  # nor bold
