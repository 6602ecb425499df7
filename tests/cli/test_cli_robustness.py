"""Wrong commands, wrong files, closed and broken streams: one or two lines, the right code, no traceback, no value."""

import errno
import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path

import pytest

from command_line import RINGFENCE, Cli
from ringfence.cli._errors import Problem, in_words
from ringfence.cli._program import COMMANDS, run
from ringfence.cli._session import principal
from ringfence.detect import Detector

EMAIL = "ada.nowak@posta-nova.net"
CARD = "4111 1111 1111 1111"
PLANTED = (EMAIL, "ada.nowak", "posta-nova", CARD)

NO_FILE = "No such file or directory"
NO_FLOW = "--flow: the policy has no flow of that id"
NO_HOME = "no such folder of keys and ledger"
NO_OPTION = "no option of that name"
TOO_MANY = "more arguments than the command takes"
NOT_A_FORMAT = "this is not one of 'text', 'json'"
PIPE = ("pipe", "--flow", "app-logs")
RUN = ("run", "--flow", "app-logs")
DECIDE = ("policy", "decide", "--flow", "app-logs")

WRONG: list[tuple[tuple[str, ...], int, str]] = [
    # words that are no commands
    ((EMAIL,), 2, "no such command"),
    (("pip",), 2, "did you mean `ringfence pipe`?"),
    (("--flow",), 2, "no such command"),
    (("policy", EMAIL), 2, "no command of that name"),
    (("key", "lst"), 2, "did you mean 'list'"),
    (("ledger", EMAIL), 2, "`ringfence ledger --help`"),
    # options and arguments that are not there, are missing, or are too many
    (("version", EMAIL), 2, TOO_MANY),
    (("version", f"--{EMAIL}"), 2, NO_OPTION),
    (("init", "--polcy", "x"), 2, "no option --polcy; did you mean --policy?"),
    (("init", "--policy"), 2, "requires an argument"),
    (("pipe",), 2, "Missing option '--flow'"),
    ((*PIPE, EMAIL), 2, TOO_MANY),
    ((*PIPE, f"--{EMAIL}=x"), 2, NO_OPTION),
    ((*PIPE, "--flow", "other"), 2, NO_FLOW),
    (("ledger", "show"), 2, "`ringfence ledger show --help`"),
    (("ledger", "expire"), 2, "Missing option '--before'"),
    (("explain", "a", EMAIL), 2, TOO_MANY),
    # values of options
    (("pipe", "--flow", EMAIL), 2, NO_FLOW),
    (("pipe", "--flow", "app-log"), 2, "did you mean app-logs?"),
    ((*PIPE, "--as", EMAIL), 2, "this is not one of 'log'"),
    ((*PIPE, "--as", "yaml"), 2, "\"yaml\" is not one of 'log'"),
    ((*PIPE, "--role", EMAIL), 2, "no-role"),
    ((*PIPE, "--purpose", EMAIL), 2, "no-purpose"),
    (("detect", "--format", EMAIL), 2, NOT_A_FORMAT),
    (("detect", "--min-score", EMAIL), 2, "valid number"),
    (("detect", "--min-score", "nan"), 2, "less than or equal to 1"),
    (("detect", "--entities", EMAIL), 2, "no entity of that name"),
    (("entities", "--format", EMAIL), 2, NOT_A_FORMAT),
    (("categories", "--format", EMAIL), 2, NOT_A_FORMAT),
    (("key", "list", "--format", EMAIL), 2, NOT_A_FORMAT),
    (("key", "add", EMAIL), 2, "not a name for a key"),
    (("key", "rotate", "k-nobody"), 2, "there is no key k-nobody"),
    (("policy", "lint", "--format", EMAIL), 2, NOT_A_FORMAT),
    (("policy", "decide", "--flow", EMAIL, "--category", "user"), 2, "--flow: there is none of that name"),
    ((*DECIDE, "--category", EMAIL), 2, "--category: there is none of that name"),
    (DECIDE, 2, "give --category or --field"),
    (("explain", EMAIL), 2, "no crossing of that id"),
    (("ledger", "show", EMAIL), 2, "no entry of that index"),
    (("ledger", "tail", "-n", EMAIL), 2, "valid integer"),
    (("ledger", "query", "--since", EMAIL), 2, "--since: not a time"),
    (("ledger", "query", "--since", "0001-01-01T00:00:00+14:00"), 2, "--since: not a time"),
    (("ledger", "expire", "--before", "9999-12-31T23:59:59-12:00"), 2, "--before: not a time"),
    (("ledger", "query", "--limit", "9" * 40), 2, "'--limit'"),
    # files and folders
    ((*PIPE, "--policy", f"{EMAIL}.yaml"), 2, "there is no such policy file"),
    ((*PIPE, "--policy", "."), 2, "a folder, not a policy"),
    ((*PIPE, "--policy", os.devnull), 2, "the file says nothing"),
    ((*PIPE, "--home", EMAIL), 2, NO_HOME),
    ((*PIPE, "--home", os.devnull), 2, NO_HOME),
    ((*PIPE, "--home", "empty"), 2, "no such ledger"),
    (("policy", "show", "binary"), 2, "not UTF-8"),
    (("policy", "lint", "--overlay", f"{EMAIL}.yaml"), 2, "there is no such policy file"),
    (("policy", "lint", "bad\udcff/ringfence.yaml"), 2, "there is no such policy file"),
    (("key", "list", "--home", "bad\udcff"), 2, "not UTF-8"),
    (("detect", EMAIL), 2, NO_FILE),
    (("detect", "new\nline\x1b[31m"), 2, NO_FILE),
    (("detect", "."), 2, "a folder"),
    (("detect", "binary"), 2, "a binary file"),
    (("ledger", "tail", "--ledger", EMAIL), 2, "no such ledger"),
    (("ledger", "tail", "--ledger", "ringfence.yaml"), 2, "not a ledger"),
    (("ledger", "verify", "--checkpoint", EMAIL), 2, NO_FILE),
    (("ledger", "verify", "--checkpoint", os.devnull), 2, f"{os.devnull}: not a checkpoint"),
    (("ledger", "verify", "--checkpoint", "binary"), 2, "not a checkpoint"),
    (("ledger", "verify", "--checkpoint", "."), 2, "name a file, not a folder"),
    (("ledger", "verify", "--public-key", ".ringfence/ledger.key"), 2, "not a ledger's public key"),
    (("ledger", "checkpoint", "--out", "ringfence.yaml"), 2, "is there already"),
    (("ledger", "checkpoint", "--out", f"nowhere/{EMAIL}"), 2, "check the path"),
    (("ledger", "backup", "ringfence.yaml"), 2, "is there already"),
    (("ledger", "backup", f"{EMAIL}/x"), 2, NO_FILE),
    (("init", "--policy", f"nowhere/{EMAIL}.yaml"), 2, "no such folder"),
    (("init", "--policy", f"{EMAIL}/x.yaml"), 2, "no such folder"),
    # `run` has its program's codes, so its own is another
    (("run",), 125, "Missing argument"),
    (("run", "--", "true"), 125, "Missing option '--flow'"),
    (("run", f"--{EMAIL}"), 125, NO_OPTION),
    (("run", "--flow", EMAIL, "--", "true"), 125, NO_FLOW),
    ((*RUN, "--policy", EMAIL, "--", "true"), 125, "there is no such policy file"),
    ((*RUN, "--home", EMAIL, "--", "true"), 125, NO_HOME),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation."""
    folder = tmp_path_factory.mktemp("made")
    with redirect_stdout(StringIO()):
        assert run(["init", "--policy", str(folder / "ringfence.yaml")]) == 0
    (folder / "empty").mkdir()
    (folder / "binary").write_bytes(b"\x00\xff\xfe" + EMAIL.encode())
    return folder


@pytest.fixture
def there(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same installation for all, as the current folder: for what changes nothing."""
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation of one's own, as the current folder."""
    shutil.copytree(
        made, tmp_path, dirs_exist_ok=True
    )  # no writer was started for the other one: there is no socket in it
    monkeypatch.chdir(tmp_path)
    return tmp_path


def short(err: str) -> list[str]:
    """Check that an error is one or two lines for a person, and give them."""
    lines = err.splitlines()
    assert 1 <= len(lines) <= 2, err
    assert lines[0].startswith("ringfence: ")
    assert all(line.startswith("  ") for line in lines[1:])
    assert "Traceback" not in err
    assert "internal error" not in err
    assert not any(value in err for value in PLANTED), "an error repeats a value"
    return lines


@pytest.mark.parametrize(("arguments", "code", "words"), WRONG, ids=[ascii(" ".join(each[0])) for each in WRONG])
def test_what_is_wrong_is_said_in_two_lines_without_repeating_it(
    there: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, words: str
) -> None:
    assert run(arguments) == code
    printed = capsys.readouterr()
    assert words in "\n".join(short(printed.err))
    assert printed.out == ""
    assert all(char.isprintable() or char == "\n" for char in printed.err)


def _wrong_installation(folder: Path, what: str) -> None:
    ledger, key = folder / ".ringfence" / "ledger.db", folder / ".ringfence" / "keys" / "k-logs.v1.key"
    signing = folder / ".ringfence" / "ledger.key"
    match what:
        case "key others may read":
            key.chmod(0o644)
        case "key is empty":
            key.write_bytes(b"")
        case "key is a pipe":
            key.unlink()
            os.mkfifo(key, 0o600)
        case "key named like a person":
            key.with_name(f"{EMAIL}.key").write_text("x")
        case "key is gone":
            key.unlink()
        case "ledger is gone":
            ledger.unlink()
        case "ledger is a folder":
            ledger.unlink()
            ledger.mkdir()
        case "signing key is gone":
            signing.unlink()
        case "signing key is none":
            signing.write_text(f"{EMAIL}\n")
        case "signing key others may read":
            signing.chmod(0o644)
        case "lock is a folder":
            ledger.with_name("ledger.db.lock").mkdir()
        case "log is a folder":
            ledger.with_name("ledger.db.log").mkdir()
        case "policy with a value for a key":
            (folder / "ringfence.yaml").write_text(f"version: 1\n{EMAIL}: {CARD}\n")
        case "policy with a variable that is not set":
            (folder / "ringfence.yaml").write_text(
                'version: 1\nzones: {core: {label: x}}\nassets:\n  a: {zone: core, kind: http, at: "${NOT_SET_ANYWHERE}"}\n'
            )
        case _:
            raise AssertionError(what)


INSTALLATIONS = {
    "key others may read": "chmod 600",
    "key is empty": "put the file back",
    "key is a pipe": "not a regular file",
    "key named like a person": "rename it",
    "key is gone": "ringfence key add k-logs",
    "ledger is gone": "ringfence init",
    "ledger is a folder": "no such ledger",
    "signing key is gone": "ledger.key: No such file",
    "signing key is none": "not a signing key",
    "signing key others may read": "chmod 600",
    "lock is a folder": "ledger.db.lock: Is a directory",
    "log is a folder": "ledger.db.log: Is a directory",
    "policy with a value for a key": "ringfence.yaml:2:1:",
    "policy with a variable that is not set": "NOT_SET_ANYWHERE",
}


@pytest.mark.parametrize("what", INSTALLATIONS)
def test_a_wrong_installation_is_named_with_its_mend(here: Path, capfd: pytest.CaptureFixture[str], what: str) -> None:
    _wrong_installation(here, what)
    assert run([*RUN, "--", "echo", f"mail {EMAIL}"]) == 125
    printed = capfd.readouterr()
    assert INSTALLATIONS[what] in "\n".join(short(printed.err))
    assert printed.out == ""


def test_init_makes_no_new_key_for_a_ledger_that_is_there(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = here / ".ringfence"
    (home / "ledger.key").unlink()
    assert run(["init"]) == 2
    assert "put the key back" in "\n".join(short(capsys.readouterr().err))
    assert not (home / "ledger.key").exists()


def test_init_writes_a_lost_public_key_again(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    public = here / ".ringfence" / "ledger.pub"
    lost = public.read_text()
    public.unlink()
    assert run(["init"]) == 0
    assert public.read_text() == lost
    assert run(["ledger", "verify"]) == 0


def test_nobody_else_may_write_the_policy_that_init_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    before = os.umask(0)
    try:
        assert run(["init"]) == 0
    finally:
        os.umask(before)
    assert not (tmp_path / "ringfence.yaml").stat().st_mode & 0o022
    assert not (tmp_path / ".ringfence").stat().st_mode & 0o077


def test_the_principal_is_not_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    before = principal()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert principal() == before


def test_a_folder_that_is_gone_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run(["ledger", "tail", "--ledger", "ledger.db"]) == 2
    assert "no longer there" in short(capsys.readouterr().err)[0]


def test_errors_of_the_system_have_a_mend_and_no_value() -> None:
    for number in sorted(errno.errorcode):
        said = short(f"ringfence: {in_words(OSError(number, 'raw', f'/var/{EMAIL}/x'))}")
        assert len(said) == 2
        assert "[redacted:email]" in said[0]
    assert in_words(ExceptionGroup("several", [ExceptionGroup("deeper", [Problem("this", "that")])])) == "this\n  that"
    assert in_words(ValueError(EMAIL)) == in_words(ValueError(CARD)).replace(CARD, "")


def test_the_words_of_ringfence_itself_are_no_personal_data(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for arguments, _, _ in WRONG:
        if EMAIL not in " ".join(arguments):
            run(arguments)
            said.append(capsys.readouterr().err)
    assert Detector().find("\n".join(said)) == []
    assert "redacted" not in "".join(said)


def _sub_commands(name: str) -> Iterator[list[str]]:
    yield [name]
    yield from (
        [name, sub]
        for sub in {
            "policy": ["lint", "show", "decide", "schema"],
            "key": ["add", "list", "rotate"],
            "ledger": ["tail", "show", "query", "verify", "checkpoint", "backup", "expire"],
        }.get(name, [])
    )


@pytest.mark.parametrize("command", [each for name in COMMANDS for each in _sub_commands(name)], ids=" ".join)
def test_every_help_has_an_example_of_itself(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Example: " in out
    assert f"ringfence {' '.join(command)}" in out.partition("Example: ")[2]


def test_what_is_listed_as_json_is_json(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["entities"], ["categories"], ["key", "list"], ["policy", "lint"], ["policy", "show"]):
        assert run([*arguments, "--format", "json"]) == 0
        json.loads(capsys.readouterr().out)
    assert run(["ledger", "verify", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["holds"] is True


# What depends on the descriptors of a process needs one.

SOME_INPUT = f"mail {EMAIL}\n"


def _shell(folder: Path, script: str) -> "subprocess.CompletedProcess[str]":
    """Run a script in which "$@" is ringfence."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = ["bash", "-c", f"set -o pipefail; {script}", "bash", *RINGFENCE]
    return subprocess.run(
        command, input=SOME_INPUT, capture_output=True, text=True, cwd=folder, env=environment, timeout=60
    )


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ('"$@" version >/dev/full', 2, "standard output: No space left"),
        ('"$@" --help >/dev/full', 2, "standard output: No space left"),
        ('"$@" entities --format json >/dev/full', 2, "No space left"),
        ('"$@" key list >&-', 2, "standard output: Bad file descriptor"),
        ('"$@" pipe -f app-logs >/dev/full', 2, "standard output: No space left"),
        ('"$@" pipe -f app-logs >&-', 2, "standard output: Bad file descriptor"),
        ('"$@" pipe -f app-logs --as csv >/dev/full', 2, "standard output: No space left"),
        ('timeout -s KILL 30 "$@" pipe -f app-logs <&-', 2, "standard input: Bad file descriptor"),
        ('"$@" detect <&-', 2, "(standard input): Bad file descriptor"),
        ('"$@" run -f app-logs -- echo hello >/dev/full', 125, "standard output: No space left"),
        ('"$@" run -f app-logs -- ./no-program/there', 127, "the program was not found"),
        ('"$@" run -f app-logs -- ./ringfence.yaml/there', 127, "the program was not found"),
        ('"$@" run -f app-logs -- ./empty', 126, "chmod +x"),
        ('cp binary b; chmod +x b; "$@" run -f app-logs -- ./b', 126, "#!/bin/sh"),
    ],
)
def test_streams_that_cannot_be_used_are_named(here: Path, script: str, code: int, words: str) -> None:
    done = _shell(here, script)
    assert done.returncode == code, done.stderr
    assert words in "\n".join(short(done.stderr))
    assert EMAIL not in done.stdout


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("init --policy new.yaml --home empty", "new.yaml"),
        ("key add k-new", ".ringfence/keys/k-new.v1.key"),
        ("ledger checkpoint --out new.txt", "new.txt"),
        ("ledger backup new.db", "new.db"),
    ],
)
def test_a_file_that_cannot_be_written_whole_is_not_left_in_part(here: Path, command: str, file: str) -> None:
    done = _shell(here, f'ulimit -f 0; "$@" {command}')
    assert done.returncode == 2, done.stderr
    assert Path(file).name in short(done.stderr)[0]
    assert not (here / file).exists()
    again = _shell(here, f'"$@" {command}')
    assert again.returncode == 0, again.stderr
    assert (here / file).stat().st_size > 0


@pytest.mark.parametrize(
    "command",
    ["--help", "entities --format json", "policy show", "ledger checkpoint", "key --help", "pipe -f app-logs"],
)
def test_a_reader_that_goes_is_no_error_and_no_finding(here: Path, command: str) -> None:
    done = _shell(here, f'"$@" {command} | true')
    assert done.returncode == 141, done.stderr
    assert done.stderr == ""


def test_messages_never_take_the_place_of_output(here: Path) -> None:
    done = _shell(here, '"$@" pipe -f nowhere 2>&-')
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")
    done = _shell(here, '"$@" pipe -f app-logs 2>&-')
    assert done.returncode == 0
    assert done.stdout.startswith("mail tok_")


def test_a_terminal_gets_colour_unless_it_asked_for_none(here: Path) -> None:
    assert b"\x1b[" in _on_a_terminal(here, {})
    plain = _on_a_terminal(here, {"NO_COLOR": "1"})
    assert not any(f"\x1b[{code}".encode() in plain for code in range(30, 50))


def _on_a_terminal(folder: Path, more: dict[str, str]) -> bytes:
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment |= {"TERM": "xterm-256color", **more}
    shown = b""
    with subprocess.Popen([*RINGFENCE, "key", "list"], cwd=folder, stdout=theirs, env=environment):
        os.close(theirs)
        with suppress(OSError):  # Linux's way to say that a terminal has ended
            while piece := os.read(ours, 65536):
                shown += piece
    os.close(ours)
    return shown


def test_an_ascii_world_is_no_reason_to_fail(cli: Cli, here: Path) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    for arguments in (["pipe", "--help"], ["categories"], ["policy", "show"]):
        done = cli(*arguments, env=ascii_only)
        assert done.returncode == 0, done.stderr
        assert done.stdout.isascii()


def test_a_folder_made_anew_keeps_its_own_socket(tmp_path: Path) -> None:
    """A writer whose folder was removed ends without taking away the socket of the one that came after it."""
    program = (
        "import sys; from pathlib import Path; from ringfence.ledger import Ledger, create_ledger, make_keys;"
        "from ringfence.ledger.writer import listen, serve;"
        "home = Path(sys.argv[1]); file = home / 'ledger.db';"
        "key = make_keys(home / 'ledger.key', home / 'ledger.pub'); create_ledger(file, key);"
        "ledger = Ledger(file, key); listener = listen(file);"
        "anew = lambda: (home.rename(home.with_name('gone')), home.mkdir(), listen(file));"
        "serve(ledger, listener, 0.0, lambda writer: anew());"
        "sys.exit(not (home / 'ledger.db.sock').exists())"
    )
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run([sys.executable, "-c", program, str(home)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
