"""An installation whose gates are run by `ringfence up`, as real processes; and clients of them."""

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from command_line import PROGRAM, call

HERE = Path(__file__).parent
DRIVER = (
    "import ringfence.serve.changes as changes; changes.SERVED['postgres'] = 'echo_worker'\n"
    "import ringfence.cli; ringfence.cli.main()"
)
"""The command line, with the echo gate's worker in the place of the PostgreSQL gate's."""

SECONDS = 60.0  # within which whatever is awaited must happen on a busy machine

GATE = 'gates:\n  logs: {{kind: log}}\n  pg: {{kind: postgres, listen: "127.0.0.1:0", upstream: app, workers: {workers}}}\n'


class Place:
    """A folder in which `ringfence init` was run, and a gate: the echo gate, or by a policy of its own a real one."""

    def __init__(self, folder: Path, workers: int = 1, policy: str = "") -> None:
        self.folder = folder
        self.policy = folder / "ringfence.yaml"
        self._driver = PROGRAM if policy else DRIVER
        if policy:
            self._text = policy
            self.policy.write_text(policy)
            return
        text = self.policy.read_text()
        before, _, after = text.partition("gates:\n")
        self._text = before + GATE.format(workers=workers) + after.partition("\n\n")[2].join(["\n", ""])
        self.policy.write_text(self._text)

    def write(self, old: str, new: str) -> None:
        """Change the policy as it was at first; whole, as an editor's rename does."""
        assert old in self._text
        fresh = self.folder / "fresh.yaml"
        fresh.write_text(self._text.replace(old, new))
        fresh.rename(self.policy)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", self._driver, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "COLUMNS": "200",
        }

    def call(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "COLUMNS": "200"}
        done = call(arguments, self.folder, environment, timeout=SECONDS, program=self._driver)
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def status(self) -> dict[str, object]:
        return json.loads(self.call("status", "--format", "json").stdout)


def one_worker(installed: Path) -> Place:
    """A place whose gate has one worker: made a fixture where it is needed."""
    return Place(installed)


def two_workers(installed: Path) -> Place:
    """The same with two."""
    return Place(installed, workers=2)


class Up:
    """A running `ringfence up`."""

    def __init__(self, place: Place, *arguments: str) -> None:
        self.place = place
        self._log = place.folder / "log.jsonl"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                place.command("up", "--format", "json", *arguments),
                cwd=place.folder,
                env=place.environment,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.lines: dict[str, dict[str, object]] = {}
        self._rest = b""

    def expect(self, event: str = "ready") -> dict[str, object]:
        """Wait for an announcement."""
        assert self.process.stdout is not None
        end = time.monotonic() + SECONDS
        while event not in self.lines:
            left = end - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [], max(left, 0))
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert piece, f"no {event}: {self.log()}"
            *lines, self._rest = (self._rest + piece).split(b"\n")
            for line in lines:
                said = json.loads(line)
                self.lines[str(said["event"])] = said
        return self.lines[event]

    @property
    def port(self) -> int:
        return int(str(self.expect()["address"]).rpartition(":")[2])

    def log(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._log.read_bytes().splitlines() if line.startswith(b"{")]

    def last_words(self) -> str:
        """What `up` said in plain words, outside of its log."""
        return "".join(line for line in self._log.read_text().splitlines(keepends=True) if not line.startswith("{"))

    def events(self, event: str) -> list[dict[str, object]]:
        return [line for line in self.log() if line["event"] == event]

    def workers(self) -> list[int]:
        """The processes of the workers, as the log tells them, that are still there."""
        return [int(str(line["process"])) for line in self.events("started") if is_there(int(str(line["process"])))]

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(SECONDS)


@contextmanager
def running(place: Place, *arguments: str) -> Iterator[Up]:
    up = Up(place, *arguments)
    try:
        yield up
    finally:
        if up.process.poll() is None:
            up.process.kill()
        up.process.wait(SECONDS)
        assert up.process.stdout is not None
        up.process.stdout.close()


def is_there(process: int) -> bool:
    """Whether a process lives. One that ended, and that nobody has waited for yet, does not."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def until(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


class Client:
    """A client of the echo gate."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._reader = self.socket.makefile("rb")

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._reader.close()
        self.socket.close()

    def send(self, line: str) -> None:
        self.socket.sendall(line.encode() + b"\n")

    def read(self) -> dict[str, object]:
        """Read an answer; raise `ConnectionError` where the gate has closed."""
        line = self._reader.readline()
        if not line.endswith(b"\n"):
            raise ConnectionResetError
        return json.loads(line)

    def ask(self, line: str = "who") -> dict[str, object]:
        self.send(line)
        return self.read()
