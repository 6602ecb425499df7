"""The command line for tests: each call is a process of its own, forked from one that has imported everything already.

The rule: what runs is what a user runs, with its own arguments, environment, folder and standard streams, and it ends as a program
ends. Only the imports are not paid for each time, which are most of what a short command costs. Where the environment is the
interpreter's own (its encoding, its paths), a new interpreter is started. What is measured at the start itself, signals and
terminals have processes that are started in full: `RINGFENCE`.
"""

import atexit
import gc
import io
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

RINGFENCE = (sys.executable, "-c", "import ringfence.cli as c; c.main()")
PROGRAM = "import ringfence.cli as c; c.main()"
MOST_REQUEST = 1 << 20
INTERPRETERS_OWN = ("PYTHON", "LC_", "LANG", "LD_")
READY = b"ready\n"

Done = subprocess.CompletedProcess[bytes]
Cli = Callable[..., Done]
"""What the fixture `cli` gives: runs a command in the test's folder."""


def call(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    stdin: bytes = b"",
    timeout: float = 60,
    program: str = PROGRAM,
) -> Done:
    """Run a command in a folder; give what came of it. `program` is Python that runs the command line."""
    if _is_interpreters_own(environment):
        command = [sys.executable, "-c", program, *arguments]
        return subprocess.run(
            command, input=stdin, capture_output=True, cwd=folder, env=dict(environment), timeout=timeout
        )
    given, written = os.pipe(), [os.pipe(), os.pipe()]
    ends = [given[0], written[0][1], written[1][1]]
    request = {"arguments": arguments, "folder": str(folder), "environment": dict(environment), "program": program}
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(_forker().address)
        try:
            socket.send_fds(line, [f"{len(raw := json.dumps(request).encode()):08}".encode() + raw[:1024]], ends)
            line.sendall(raw[1024:])
        finally:
            for end in ends:
                os.close(end)
        answers = line.makefile("rb")
        process = int(answers.readline())
        try:
            out, err = _communicate(given[1], [written[0][0], written[1][0]], stdin, timeout)
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            raise subprocess.TimeoutExpired([*RINGFENCE, *arguments], timeout) from None
        code = os.waitstatus_to_exitcode(int(answers.readline()))
    return subprocess.CompletedProcess([*RINGFENCE, *arguments], code, out, err)


def _is_interpreters_own(environment: Mapping[str, str]) -> bool:
    changed = {name for name in environment.keys() | os.environ.keys() if environment.get(name) != os.environ.get(name)}
    return any(name.startswith(INTERPRETERS_OWN) for name in changed)


def _communicate(to: int, sources: Sequence[int], stdin: bytes, timeout: float) -> list[bytes]:
    """Write and read until all that is written was read, and close everything."""
    deadline = time.monotonic() + timeout
    read = {source: bytearray() for source in sources}
    left = memoryview(stdin)
    os.set_blocking(to, False)
    with selectors.DefaultSelector() as waiting:
        waiting.register(to, selectors.EVENT_WRITE)
        for source in sources:
            waiting.register(source, selectors.EVENT_READ)
        try:
            while waiting.get_map():
                ready = waiting.select(max(0.0, deadline - time.monotonic()))
                if not ready:
                    raise TimeoutError
                for key, _ in ready:
                    number = key.fd
                    if number == to:
                        with suppress(BrokenPipeError):
                            left = left[os.write(to, left[:65536]) if left else 0 :]
                            if left:
                                continue
                    elif piece := os.read(number, 65536):
                        read[number] += piece
                        continue
                    waiting.unregister(number)
                    os.close(number)
        finally:
            for number in list(waiting.get_map()):
                os.close(number)
    return [bytes(read[source]) for source in sources]


@dataclass(frozen=True)
class _Forker:
    address: str
    process: "subprocess.Popen[bytes]"


@cache
def _forker() -> _Forker:
    """Start the process that has imported everything; it ends with this one."""
    folder = tempfile.mkdtemp(prefix="ringfence-cli-", dir="/tmp")
    address = f"{folder}/socket"
    process = subprocess.Popen(
        [sys.executable, __file__, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    atexit.register(_end, process)
    assert process.stdout is not None
    assert process.stdout.readline() == READY
    return _Forker(address, process)


def address() -> str:
    """Give the address of the process that has imported everything, for programs of a test's own."""
    return _forker().address


def _end(process: "subprocess.Popen[bytes]") -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    process.wait(30)


# ---------------------------------------------------------------- in the process that has imported everything


def _import_all() -> None:
    from ringfence.cli._program import COMMANDS, module_of

    for name in COMMANDS:
        import_module(module_of(name))
    for name in ("typer.main", "typer.rich_utils", "ringfence.carriers", "ringfence.crossing", "ringfence.detect"):
        import_module(name)
    _look_once()


def _look_once() -> None:
    """Have what is made when it is first needed made once: the detector, and what hooks import when they are called."""
    from ringfence.detect import Detector

    for name in ("gates.git.pushing", "gates.git.pushes", "gates.git.items", "report.scan_refusal", "report.scan_text"):
        import_module(f"ringfence.{name}")
    for name in ("_session", "_git_ledger"):
        import_module(f"ringfence.cli.{name}")
    Detector().find("nobody@example.com, 030 1234567")


def _serve(address: str) -> str | None:
    """Fork for each request. Gives the program to run in a child, and None at the end."""
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as waiting:
        listener.bind(address)
        listener.listen(16)
        os.write(1, READY)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
        waiting.register(listener, selectors.EVENT_READ)
        waiting.register(0, selectors.EVENT_READ)  # its end is the end of whoever asks
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while all(key.fd != 0 for key, _ in waiting.select()):
            line, _ = listener.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                waiting.close()
                listener.close()
                return _command(line)
            line.close()
    Path(address).unlink()
    Path(address).parent.rmdir()
    return None


def _command(line: socket.socket) -> str:
    """Read a request and fork again: one process waits and tells how the other ended. Gives the program, in the latter."""
    raw, streams, _, _ = socket.recv_fds(line, MOST_REQUEST, 3)
    size = int(raw[:8])
    raw = raw[8:]
    while len(raw) < size:
        raw += line.recv(MOST_REQUEST)
    request = json.loads(raw)
    if process := os.fork():
        for number in streams:
            os.close(number)
        line.sendall(f"{process}\n".encode())
        _, status = os.waitpid(process, 0)
        with suppress(OSError):
            line.sendall(f"{status}\n".encode())
        os._exit(0)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    line.detach()
    os.closerange(3, 256)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = ["-c", *request["arguments"]]
    _open_streams()
    return request["program"]


def _open_streams() -> None:
    """Open the standard streams as the interpreter does."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        before = getattr(sys, name)
        stream = open(number, mode, encoding=before.encoding, errors=before.errors, closefd=False)  # noqa: SIM115
        assert isinstance(stream, io.TextIOWrapper)
        stream.reconfigure(line_buffering=number == 2 or stream.isatty())
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


if __name__ == "__main__":
    sys.path.pop(0)  # the tests' folder: a program of a user's does not have it
    _import_all()
    gc.freeze()
    asked = _serve(sys.argv[1])
    if asked is not None:
        exec(asked, {"__name__": "__main__"})  # noqa: S102 (what `python -c` does)
