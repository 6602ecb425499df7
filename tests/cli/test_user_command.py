"""`ringfence user`: as a user types it."""

import io
import json
import os
import pty
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scramp import ScramClient

from ringfence.access.api_keys import find_holder
from ringfence.access.faults import Denied
from ringfence.access.scram import ScramExchange
from ringfence.access.users import read_users
from ringfence.cli._program import run

POLICY = """
version: 1
zones: {core: {label: core}, staff: {label: staff}}
assets: {db: {zone: core, kind: postgres}}
principals: {users: {scram: "file:users.scram", zone: staff}}
flows: [{id: reads, from: db, to: staff, carry: {}}]
"""
SEVERAL = POLICY.replace("principals: {", 'principals: {partners: {scram: "file:partners.scram", zone: staff}, ')


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with a policy, and stand in it."""
    monkeypatch.delenv("RINGFENCE_POLICY", raising=False)
    monkeypatch.delenv("RINGFENCE_OVERLAY", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ringfence.yaml").write_text(POLICY)
    return tmp_path


def type_in(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    """Put bytes on standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))


def opens(file: Path, name: str, password: str) -> bool:
    """Whether a password opens the door for a user of the file."""
    users = read_users(file.read_text(), "x")
    client = ScramClient(["SCRAM-SHA-256"], "x", password)
    exchange = ScramExchange(users, name, b"")
    client.set_server_first(exchange.first("SCRAM-SHA-256", client.get_client_first().encode()).decode())
    try:
        client.set_server_final(exchange.final(client.get_client_final().encode()).decode())
    except Denied:
        return False
    return True


def test_a_user_is_added_listed_changed_and_removed(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = place / "users.scram"
    assert run(["user", "list"]) == 0
    assert "ringfence user add" in capsys.readouterr().out
    assert not file.exists()
    type_in(monkeypatch, b"first word\n")
    assert run(["user", "add", "ana", "--group", "support", "--group", "oncall", "--expires", "2031-12-31"]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().startswith("!mock ")
    assert opens(file, "ana", "first word")
    type_in(monkeypatch, b"second word\r\n")
    assert run(["user", "passwd", "ana"]) == 0
    assert opens(file, "ana", "second word")
    assert not opens(file, "ana", "first word")
    assert run(["user", "add", "batch", "--certificate", "--group", "etl"]) == 0
    capsys.readouterr()
    assert run(["user", "list"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["user", "groups", "by", "expires"],
        ["ana", "support,", "oncall", "password", "2031-12-31"],
        ["batch", "etl", "certificate"],
    ]
    assert run(["user", "remove", "ana"]) == 0
    assert list(read_users(file.read_text(), "x").users) == ["batch"]


def test_the_list_as_json_is_one_document(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["user", "list", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    type_in(monkeypatch, "wörd\n".encode())
    assert run(["user", "add", "anä", "--group", "a", "--expires", "2020-01-01"]) == 0
    capsys.readouterr()
    assert run(["user", "list", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"name": "anä", "groups": ["a"], "password": True, "api_key": False, "expires": "2020-01-01", "expired": True}
    ]


def test_a_password_is_made_and_shown_once(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["user", "add", "ana", "--generate"]) == 0
    said = capsys.readouterr().out
    password = said.strip().rpartition(": ")[2]
    assert len(password) == 24
    assert opens(place / "users.scram", "ana", password)
    assert password not in (place / "users.scram").read_text()
    assert run(["user", "passwd", "ana", "--generate"]) == 0
    assert not opens(place / "users.scram", "ana", password)


def test_an_api_key_is_made_shown_once_and_kept_as_a_hash(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    partners = '{partners: {api_keys: "file:partners.users", zone: staff}, users:'
    (place / "ringfence.yaml").write_text(POLICY.replace("{users:", partners))
    assert run(["user", "add", "acme", "--api-key", "--group", "shops", "--expires", "2031-12-31"]) == 0
    key = capsys.readouterr().out.strip().rpartition(": ")[2]
    file = place / "partners.users"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert key not in file.read_text()
    assert find_holder(read_users(file.read_text(), "x"), key).name == "acme"
    assert run(["user", "list", "--principals", "partners"]) == 0
    listed = capsys.readouterr().out
    assert "API key" in listed
    assert key not in listed
    for arguments in (["passwd", "acme", "--principals", "partners"], ["add", "ana", "--principals", "partners"]):
        before = file.read_bytes()
        assert run(["user", *arguments]) == 2
        assert "API key" in capsys.readouterr().err
        assert file.read_bytes() == before
    assert run(["user", "remove", "acme", "--principals", "partners"]) == 0
    assert "acme" not in file.read_text()


def test_a_password_that_was_given_is_never_shown(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch, b"unspoken word\n")
    assert run(["user", "add", "ana"]) == 0
    assert run(["user", "list"]) == 0
    said = capsys.readouterr()
    assert "unspoken" not in said.out + said.err
    assert read_users((place / "users.scram").read_text(), "x").users["ana"].verifier.spelt() not in said.out  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("arguments", "typed", "what", "mend"),
    [
        (["add", "ana"], b"", "the password is empty", "--generate"),
        (["add", "ana"], b"\n", "the password is empty", "--generate"),
        (["add", "ana"], b"bell\x07\n", "SASLprep", "take another one"),
        (["add", "ana"], b"\xff\n", "not UTF-8", "UTF-8 text"),
        (["add", "a:b"], b"word\n", "not a name for a user", "without colons"),
        (["add", "#a"], b"word\n", "not a name for a user", "not beginning with #"),
        (["add", "ana", "--group", "a,b"], b"word\n", "not a name for a group", "without commas"),
        (["add", "ana", "--expires", "soon"], b"word\n", "not a day", "2031-12-31"),
        (["add", "there"], b"word\n", "has a user of this name", "ringfence user passwd"),
        (["add", "ana", "--certificate", "--generate"], b"", "exclude each other", "no password"),
        (["remove", "ana"], b"", "has no user of this name", "ringfence user list"),
        (["passwd", "ana"], b"word\n", "has no user of this name", "ringfence user list"),
        (["list", "--principals", "else"], b"", "no principals with a users file by that name", "scram: file:"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    place: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    typed: bytes,
    what: str,
    mend: str,
) -> None:
    assert run(["user", "add", "there", "--certificate"]) == 0
    before = (place / "users.scram").read_bytes()
    capsys.readouterr()
    type_in(monkeypatch, typed)
    assert run(["user", *arguments]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert what in said[0]
    assert mend in said[1]
    assert (place / "users.scram").read_bytes() == before


def test_without_a_users_file_there_is_nobody_to_remove(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["user", "remove", "ana"]) == 2
    assert "there is no users file yet" in capsys.readouterr().err
    assert not (place / "users.scram").exists()


def test_of_several_files_one_has_to_be_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "ringfence.yaml").write_text(SEVERAL)
    assert run(["user", "add", "ana", "--certificate"]) == 2
    assert "partners, users" in capsys.readouterr().err
    assert run(["user", "add", "ana", "--certificate", "--principals", "partners"]) == 0
    assert (place / "partners.scram").exists()
    assert not (place / "users.scram").exists()


def test_the_file_lies_beside_the_policy_wherever_one_stands(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert run(["user", "add", "ana", "--certificate", "--policy", "../ringfence.yaml"]) == 0
    assert (place / "users.scram").exists()
    assert list(elsewhere.iterdir()) == []


def test_a_file_that_others_can_write_is_not_touched(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = place / "users.scram"
    file.write_text("# mine\n")
    file.chmod(0o666)
    assert run(["user", "add", "ana", "--certificate"]) == 2
    said = capsys.readouterr().err
    assert "can be written by others (mode 0666)" in said
    assert "chmod go-w" in said
    assert file.read_text() == "# mine\n"


def test_comments_stay_where_they_are(place: Path) -> None:
    file = place / "users.scram"
    file.write_text("# who is who\n\nbatch:-:etl  \n")
    file.chmod(0o600)
    assert run(["user", "add", "ana", "--certificate"]) == 0
    assert file.read_text().endswith("\n# who is who\n\nbatch:-:etl  \nana:-:\n")


TYPING = """
import sys
from ringfence.cli._program import run
sys.exit(run(["user", "add", sys.argv[1]]))
"""


@pytest.mark.parametrize(("typed", "code"), [(b"a word\na word\n", 0), (b"a word\nanother\n", 2)])
def test_on_a_terminal_the_password_is_typed_twice_and_not_echoed(place: Path, typed: bytes, code: int) -> None:
    control, terminal = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", TYPING, "ana"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(terminal)
    shown = b""
    for line, prompt in zip(typed.splitlines(keepends=True), (b"Password: ", b"Again: "), strict=True):
        while prompt not in shown:
            shown += os.read(control, 4096)
        os.write(control, line)
    assert child.wait(60) == code
    try:
        while piece := os.read(control, 4096):
            shown += piece
    except OSError:
        pass  # the terminal's other side is gone
    os.close(control)
    assert b"word" not in shown.replace(b"passwords", b"").replace(b"Password", b"")
    assert (b"differ" in shown) is (code == 2)
    assert (place / "users.scram").exists() is (code == 0)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_an_expired_user_is_shown_as_one(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["user", "add", "ana", "--certificate", "--expires", "2020-02-28"]) == 0
    assert run(["user", "add", "ben", "--certificate", "--expires", f"{datetime.now(UTC).year + 1}-02-28"]) == 0
    capsys.readouterr()
    assert run(["user", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith("expired")
    assert not lines[2].endswith("expired")
