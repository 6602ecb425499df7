"""The demo as a user sees it: a command that ends well, ends badly where a step does not hold, and leaves nothing behind."""

import http.client
import io
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from rich.console import Console

from once import once
from ringfence.demo import postgres_server
from ringfence.demo.people import make_people
from ringfence.demo.performance import show
from ringfence.demo.place import PROGRAM, Place, first_policy
from ringfence.demo.running import Shipper
from ringfence.demo.screen import Screen
from ringfence.demo.stage import CUSTOMERS, WRITERS

PATIENCE = 180.0  # seconds; the demo takes twelve on two quiet cores

needs_processes = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc to list processes")


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*PROGRAM, "demo", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=PATIENCE,
    )


def processes_of(folder: Path) -> list[str]:
    """Give the command lines of all processes that were told of a folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line and int(file.parent.name) != os.getpid():
            found.append(line)
    return found


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "nothing came in time"
        time.sleep(0.01)


def kept(folder: Path, **environment: str) -> None:
    """Run the demo in `kept` of a folder, and write down beside it what it said."""
    done = run("--once", "--dir", str(folder / "kept"), **environment)
    (folder / "said.json").write_text(json.dumps([done.returncode, done.stdout, done.stderr]))


def said(folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.CompletedProcess([], *json.loads((folder / "said.json").read_text()))


def stayed_up(folder: Path, **environment: str) -> None:
    """Run the demo in `kept` of a folder and use what stays up by hand; write down what it said, and what came of that."""
    command = [*PROGRAM, "demo", "--dir", str(folder / "kept")]
    with (
        (folder / "stderr").open("wb") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env={**os.environ, **environment}
        ) as process,
    ):
        try:
            lines, line, emails = used_by_hand(process)
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    stdout = "".join(lines) + rest
    (folder / "by-hand.json").write_text(json.dumps([line, emails]))
    (folder / "said.json").write_text(json.dumps([process.returncode, stdout, (folder / "stderr").read_text()]))


def used_by_hand(process: "subprocess.Popen[str]") -> tuple[list[str], str, list[str]]:
    """Ask the service and the database of a demo that is up; give what it said, the line that came out, and two e-mails."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if "http://127.0.0.1:" in line:
            break
    assert seen, "the demo said nothing"
    port = int(seen[-1].rpartition("http://127.0.0.1:")[2].partition("/")[0])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    body = '{"email": "someone@quillpost.com", "note": "call +49 1516 2345678"}'
    connection.request("POST", "/support", body, {"X-Request-Id": "by-hand"})
    assert connection.getresponse().status == 202
    connection.close()
    line = next(line for line in process.stdout if "by-hand" in line)
    emails = []
    for dsn in [line.partition('psql "')[2].rpartition('"')[0] for line in seen if 'psql "' in line]:
        with psycopg.connect(dsn) as database:
            [(email,)] = database.execute("select email from customer where id = 1").fetchall()
        emails.append(email)
    return [*seen, line], line, emails


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    folder = once(tmp_path_factory, "first-demo", kept)
    return folder / "kept", said(folder)


def test_every_step_holds(first_run: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    _, done = first_run
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "20 of 20 steps held" in done.stdout
    assert "planted values that arrived in clear: 0" in done.stdout
    assert "[FAILED]" not in done.stdout
    assert f"name, bare in prose: {WRITERS} of {WRITERS} arrived" in done.stdout


def test_no_value_of_anybody_is_in_what_arrived(first_run: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    folder, _ = first_run
    arrived = b"".join(file.read_bytes() for file in (folder / "outside").iterdir()).decode()
    written = b"".join(file.read_bytes() for file in (folder / "core").iterdir()).decode()
    for person in make_people(CUSTOMERS + WRITERS)[:CUSTOMERS]:
        values = [person.email, person.phone, person.ip, person.birth_date.isoformat(), person.iban, person.ssn]
        for value in filter(None, values):
            assert value in written
            assert value not in arrived
        assert person.card not in arrived.replace(" ", "")
    assert "PRIVATE KEY" in written
    assert "PRIVATE KEY" not in arrived


def test_only_the_services_own_side_shows_values(first_run: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    _, done = first_run
    before, _, rest = done.stdout.partition("== 2.")
    _, _, after = rest.partition("== 3.")
    after, _, _ = after.partition("== 7.")  # there the database's own side is shown too
    for person in make_people(CUSTOMERS + WRITERS):
        for value in (person.email, person.phone, person.card, person.ip, person.last_name):
            assert value not in before + after


def test_plain_text_has_no_escapes_and_no_frames(first_run: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    _, done = first_run
    assert "\x1b" not in done.stdout
    assert not set("╭│╰─") & set(done.stdout)


def test_keys_and_logs_are_for_their_owner_alone(first_run: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    folder, _ = first_run
    assert stat.S_IMODE((folder / ".ringfence").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "core").stat().st_mode) == 0o700


@needs_processes
def test_no_process_is_left(first_run: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    folder, _ = first_run
    assert processes_of(folder) == []


@pytest.fixture(scope="module")
def second_folder(
    tmp_path_factory: pytest.TempPathFactory, first_run: tuple[Path, "subprocess.CompletedProcess[str]"]
) -> Path:
    """Run it again over what the first left, without `--once`, and as on a terminal without the letters."""

    def make(folder: Path) -> None:
        shutil.copytree(first_run[0], folder / "kept", ignore=shutil.ignore_patterns("*.sock"))
        keys = {file.name: file.read_bytes() for file in (folder / "kept" / ".ringfence" / "keys").iterdir()}
        stayed_up(folder, PYTHONIOENCODING="ascii")
        assert {file.name: file.read_bytes() for file in (folder / "kept" / ".ringfence" / "keys").iterdir()} == keys

    return once(tmp_path_factory, "second-demo", make)


def test_a_second_run_uses_keys_and_ledger_again(second_folder: Path) -> None:
    done = said(second_folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == "\nEnding: what runs is stopped, and its files go.\n"
    assert "are used again" in done.stdout
    assert "An earlier run has left a checkpoint" in done.stdout


def test_a_terminal_without_the_letters_shows_the_demo_all_the_same(second_folder: Path) -> None:
    stdout = said(second_folder).stdout
    assert "20 of 20 steps held" in stdout
    assert stdout.isascii()


@needs_processes
def test_without_once_the_service_stays_up_until_it_is_interrupted(second_folder: Path) -> None:
    assert said(second_folder).returncode == 0
    line, emails = json.loads((second_folder / "by-hand.json").read_text())
    assert "tok_" in line
    assert "[redacted:phone_number]" in line
    as_support, as_analyst = emails
    assert "*" in as_support
    assert "tok_" in as_analyst
    assert processes_of(second_folder) == []


@pytest.fixture
def logs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the other steps out, as on a machine without database, Envoy and git: these tests are about the logs' policy."""
    monkeypatch.setattr(postgres_server, "_WHEELS", ())
    monkeypatch.setattr(postgres_server, "_PACKAGES", ())
    monkeypatch.setattr("ringfence.demo.api_stage.find_spec", lambda _: None)
    monkeypatch.setattr("ringfence.demo.code_stage.shutil.which", lambda _: None)


def played(folder: Path, policy: str) -> tuple[bool, str]:
    out = io.StringIO()
    held = show(Place(folder), Screen(Console(file=out, width=200)), policy=policy)
    return held, out.getvalue()


@pytest.mark.usefixtures("logs_alone")
def test_a_policy_that_lets_everything_through_makes_the_demo_fail(tmp_path: Path) -> None:
    carry = first_policy().partition("    carry:\n")[0] + '    carry: {"*": clear}\n    else: deny\n'
    held, said = played(tmp_path, carry)
    assert not held
    assert "[FAILED] nothing was refused" in said
    assert "[FAILED] planted values that arrived in clear: 411" in said


@pytest.mark.usefixtures("logs_alone")
def test_a_policy_that_lets_one_category_through_is_told_by_its_count(tmp_path: Path) -> None:
    held, said = played(
        tmp_path, first_policy().replace("user.device.ip_address: network", "user.device.ip_address: clear")
    )
    assert not held
    assert f"[FAILED] planted values that arrived in clear: {CUSTOMERS + WRITERS}" in said


def test_a_policy_that_is_none_ends_the_demo_in_two_lines(tmp_path: Path) -> None:
    (tmp_path / "ringfence.yaml").write_text("version: 1\nzoned: {}\n")
    (tmp_path / "core").mkdir()
    done = run("--once", "--dir", str(tmp_path))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "zoned" in done.stderr


def test_a_folder_with_a_policy_of_ones_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "ringfence.yaml").write_text("version: 1\n")
    done = run("--once", "--dir", str(tmp_path))
    assert done.returncode == 2
    assert "is not the demo's" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["ringfence.yaml"]


def test_a_store_that_takes_nothing_is_noticed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", "print('a line')"], **pipes) as process:
        with Shipper(process, port) as shipper:
            process.wait(PATIENCE)
        assert not shipper.has_delivered


def test_without_faker_the_command_says_what_to_install(tmp_path: Path) -> None:
    code = "import sys; sys.modules['faker'] = None; from ringfence.cli import main; sys.argv[1:] = ['demo', '--once']; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2
    assert "pip install 'ringfence[demo]'" in done.stderr


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    folder = tmp_path / "kept"
    command = [*PROGRAM, "demo", "--dir", str(folder)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        yield process, folder
        process.kill()


@needs_processes
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_interrupted_leaves_no_process(
    started: tuple["subprocess.Popen[str]", Path], number: signal.Signals
) -> None:
    process, folder = started
    wait_for(
        lambda: (folder / "outside" / "stdout.log").exists() and (folder / "outside" / "stdout.log").stat().st_size > 0
    )
    assert any("ringfence.demo.service" in line for line in processes_of(folder))
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert processes_of(folder) == []


@needs_processes
def test_a_demo_that_is_killed_leaves_no_service_and_no_store(started: tuple["subprocess.Popen[str]", Path]) -> None:
    process, folder = started
    wait_for(
        lambda: (folder / "outside" / "stdout.log").exists() and (folder / "outside" / "stdout.log").stat().st_size > 0
    )
    process.kill()
    process.communicate(timeout=PATIENCE)
    wait_for(lambda: not any("ringfence.demo" in line for line in processes_of(folder)))
    for writer in Path("/proc").glob("[0-9]*/cmdline"):  # the ledger's writer would end by itself, half a minute later
        if str(folder).encode() in writer.read_bytes():
            os.kill(int(writer.parent.name), signal.SIGTERM)
