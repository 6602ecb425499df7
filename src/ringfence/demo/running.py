"""The demo's processes: the service behind `ringfence run`, the log store, and the shipper between them.

The rule: whoever starts a process here ends it. Each child is asked to end by the end of its standard input, which the kernel
sees to even where the demo is killed; what does not end in time is killed. Children have sessions of their own, so that a Ctrl-C
at the terminal reaches the demo alone, which then ends them in order. No waiting is by the clock alone: each wait looks for
something, and has a deadline.
"""

import http.client
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ringfence.demo.place import FLOW, PROGRAM, DemoProblem, Place, surroundings
from ringfence.demo.service import STREAMS

STARTING = 20.0  # seconds for a process to begin, on a busy machine
ENDING = 10.0
ARRIVING = 10.0
STEP = 0.01
PIECE = 64 * 1024

Command = Sequence[str]


def python(module: str, *arguments: str) -> list[str]:
    """Give the command that runs a module of the demo."""
    return [sys.executable, "-P", "-m", module, *arguments]


def service(place: Place, port_file: Path) -> list[str]:
    """Give the command of the service, behind `ringfence run`."""
    command = python("ringfence.demo.service", "--port-file", str(port_file), "--transcripts", str(place.core))
    return [*PROGRAM, "run", "--flow", FLOW, "--", *command]


def log_store(place: Place, port_file: Path) -> list[str]:
    """Give the command of the log store."""
    return python("ringfence.demo.saas", "--port-file", str(port_file), "--folder", str(place.outside))


@contextmanager
def child(command: Command, place: Place, output: int | None) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a process in the demo's folder, and end it."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        cwd=place.folder,
        env=surroundings(),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        end(process)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def end(process: "subprocess.Popen[bytes]") -> int:
    """Let a process end, by the end of its input; kill it, with all that it started, where it does not. Gives its exit code."""
    if process.stdin is not None and not process.stdin.closed:
        with suppress(BrokenPipeError):
            process.stdin.close()
    try:
        return process.wait(ENDING)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


@contextmanager
def listening(
    command: Callable[[Place, Path], Command], place: Place, output: int | None
) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Run a server, and give it with its port once it listens. Its command is told the file to write the port to."""
    name = command.__name__.replace("_", " ")
    port_file = place.folder / f".{command.__name__}.port"
    port_file.unlink(missing_ok=True)
    try:
        with child(command(place, port_file), place, output) as process:
            wait_for(lambda: port_file.exists() or process.poll() is not None, STARTING, f"the {name} does not start")
            if process.poll() is not None:
                raise DemoProblem(
                    f"the {name} ended before it listened, with code {process.returncode}", _said(process)
                )
            yield process, int(port_file.read_text(encoding="ascii"))
    finally:
        port_file.unlink(missing_ok=True)


def _said(process: "subprocess.Popen[bytes]") -> str:
    """Give what `ringfence run` said of why: its own lines, which hold no value."""
    raw = process.stderr.read() if process.stderr is not None else b""
    return raw.decode(errors="replace").strip() or "see what it wrote above"


def wait_for(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something holds. Raises `DemoProblem` where it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise DemoProblem(
                f"{what}: nothing within {seconds:.0f} seconds", "run the demo again on a machine that is less busy"
            )
        time.sleep(STEP)


class Shipper:
    """Carries what comes out of a process to the log store, a thread for each stream: what a log agent does.

    Leaving its block ends the process and waits until everything is delivered.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self._process = process
        self._port = port
        self._failed = False
        self._threads = [
            threading.Thread(target=self._ship, args=(stream, pipe), daemon=True)
            for stream, pipe in zip(STREAMS, (process.stdout, process.stderr), strict=True)
            if pipe is not None
        ]

    def __enter__(self) -> "Shipper":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        end(self._process)
        for thread in self._threads:
            thread.join(ENDING)

    @property
    def has_delivered(self) -> bool:
        """Whether the log store took everything; asked after the end."""
        return not self._failed and not any(thread.is_alive() for thread in self._threads)

    def _ship(self, stream: str, pipe: IO[bytes]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ARRIVING)
        try:
            while piece := os.read(pipe.fileno(), PIECE):
                connection.request("POST", f"/{stream}", piece)
                connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            self._failed = True  # what is not delivered stays in the pipe, and its writer stands still
        finally:
            connection.close()


def stop_writer(place: Place) -> None:
    """End the ledger's writer, which would otherwise stay for half a minute in case of more. It is gone when this returns."""
    import asyncio

    from ringfence.ledger import LedgerClient, LedgerUnavailable

    async def end_it() -> int | None:
        async with LedgerClient(place.ledger, place.signing_key) as client:
            handle = _handle(client.writer_process)
            os.kill(client.writer_process, signal.SIGTERM)
            return handle

    if not place.ledger.with_name(f"{place.ledger.name}.sock").exists():
        return
    with suppress(LedgerUnavailable, ProcessLookupError):
        handle = asyncio.run(end_it())
        try:
            wait_for(lambda: _is_free(place), ENDING, "the ledger's writer does not end")
            wait_for(lambda: _is_gone(handle), ENDING, "the ledger's writer is not gone")
        finally:
            if handle is not None:
                os.close(handle)


def _handle(process: int) -> int | None:
    """Give what tells that a process is gone; None where the system has no such thing. An id could be somebody else's by then."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(process)
    except ProcessLookupError:
        raise
    except OSError:
        return None  # a kernel without it


def _is_gone(handle: int | None) -> bool:
    return handle is None or bool(select.select([handle], [], [], 0)[0])


def _is_free(place: Place) -> bool:
    """Whether nobody writes the ledger: its lock tells."""
    from ringfence.ledger import Ledger, LedgerUnavailable, read_signing_key

    try:
        Ledger(place.ledger, read_signing_key(place.signing_key)).close()
    except LedgerUnavailable:
        return False
    return True
