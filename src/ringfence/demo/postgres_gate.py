"""The gate in front of a database, as a user runs it: `ringfence up`, in a folder with policy, keys, ledger and users.

The rule: it is the command, never a part of it called from within; it counts as started when it has announced its gate, which it
does only after its canary was seen masked. Whoever started it ends it, and waits for that.
"""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import quote

from ringfence.demo.place import PROGRAM, DemoProblem, surroundings
from ringfence.demo.postgres_server import end_with_parent

STARTING = 60.0  # seconds
ENDING = 20.0


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may connect to the gate."""

    name: str
    password: str = field(repr=False)
    group: str
    source: str = ""  # the principals of the policy that know it; "": the first

    @property
    def options(self) -> str:
        """What a client says at the start, as PGOPTIONS."""
        return f"-c ringfence.principals={self.source}" if self.source else ""


@dataclass(frozen=True, slots=True)
class OpenGate:
    """A gate that takes connections, and the process that runs it."""

    host: str
    port: int
    process: int
    folder: Path

    def dsn(self, user: User, database: str, **parameters: str) -> str:
        """Give the address for a user of a database behind the gate."""
        options = " ".join(filter(None, (user.options, parameters.pop("options", ""))))
        told = parameters | ({"options": options} if options else {})
        asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in told.items())
        names = f"{quote(user.name, safe='')}:{quote(user.password, safe='')}"
        return f"postgresql://{names}@{self.host}:{self.port}/{quote(database, safe='')}" + (
            f"?{asked}" if asked else ""
        )


def write_users(file: Path, users: Sequence[User]) -> None:
    """Write a users file, with a verifier for each password."""
    from ringfence.access.scram import make_verifier

    file.touch(mode=0o600)
    lines = [f"{one.name}:{make_verifier(one.password).spelt()}:{one.group}\n" for one in users]
    file.write_text("".join(lines), encoding="utf-8")


@contextmanager
def gate_up(policy: Path, environment: Mapping[str, str], *options: str) -> Iterator[OpenGate]:
    """Run `ringfence up` on a policy; give the first gate that it announces; end it. Raises `DemoProblem` where none is."""
    with gates_up(policy, environment, 1, *options) as gates:
        yield next(iter(gates.values()))


@contextmanager
def gates_up(
    policy: Path, environment: Mapping[str, str], count: int, *options: str
) -> Iterator[Mapping[str, OpenGate]]:
    """Run `ringfence up` on a policy; give so many gates, by name, when it has announced them; end it. Raises `DemoProblem`."""
    command = [*PROGRAM, "up", "--policy", str(policy), "--format", "json", "--log-format", "json", *options]
    with TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=policy.parent,
            env={**surroundings(), **environment},
            start_new_session=True,
            preexec_fn=partial(end_with_parent, signal.SIGTERM),
        )
        try:
            found = _announced(process, count, lambda: _tail(log.fileno()))
            yield {name: OpenGate(host, port, process.pid, policy.parent) for name, (host, port) in found.items()}
        finally:
            _end(process)


def _announced(
    process: "subprocess.Popen[bytes]", count: int, said: Callable[[], str]
) -> Mapping[str, tuple[str, int]]:
    """Wait for the lines that say that gates are ready."""
    assert process.stdout is not None  # noqa: S101 (it was asked for)
    deadline = time.monotonic() + STARTING
    lines = b""
    found: dict[str, tuple[str, int]] = {}
    while len(found) < count:
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(process.stdout.fileno(), 4096) if ready else b""
        if not piece:
            raise DemoProblem("`ringfence up` announced no gate", said() or "run it by hand, and see what it says")
        lines += piece
        *whole, lines = lines.split(b"\n")
        for event in map(json.loads, whole):
            if event.get("event") == "ready":
                host, _, port = str(event["address"]).rpartition(":")
                found[str(event["gate"])] = host, int(port)
    return found


def _tail(log: int) -> str:
    """Give the end of a log: it holds no value."""
    return os.pread(log, 4096, max(0, os.fstat(log).st_size - 4096)).decode(errors="replace").strip()


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(ENDING)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert process.stdout is not None  # noqa: S101 (it was asked for)
    process.stdout.close()
