"""The control socket in the home folder: how `ringfence status` and `ringfence reload` reach what runs.

The rule: whoever may open it owns the home (mode 0600), for it shows the names of sessions and makes policies be read again. A
lock beside it says whether anything runs; the kernel takes it back however the process ends, so a file that was left behind
deceives nobody.
"""

import asyncio
import fcntl
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

from ringfence.ledger.address import beside, socket_path
from ringfence.serve.faults import ServeFault
from ringfence.serve.health import Look
from ringfence.serve.status import Reloaded, Status, read_reloaded, read_status, write_reloaded, write_status

NAME = "up"  # up.sock and up.lock
MOST_REQUEST = 64  # bytes
MOST_REPLY = 16 * 1024 * 1024
STATUS_SECONDS = 5.0
RELOAD_SECONDS = 180.0  # reading, preparing, recording, switching, and back: each has a deadline of its own

STATUS, RELOAD = b"status\n", b"reload\n"


class NotRunning(ServeFault):
    """Nothing runs in that home."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder}: nothing runs here", "start it with `ringfence up`")


class Lock:
    """The right to run gates in a home. Raises `ServeFault` where another process has it."""

    def __init__(self, folder: Path) -> None:
        self._handle = os.open(beside(folder / NAME, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._handle)
            raise ServeFault(
                f"{folder}: `ringfence up` runs here already", "stop it, or name another folder with --home"
            ) from None

    def release(self) -> None:
        """Let the next one run."""
        os.close(self._handle)


class Control:
    """Answers the control socket. Made by the lock's holder."""

    def __init__(self, look: Look, reload: Callable[[], Awaitable[Reloaded]]) -> None:
        self._look = look
        self._reload = reload

    async def listen(self, folder: Path) -> asyncio.Server:
        """Open the socket."""
        with suppress(FileNotFoundError):
            beside(folder / NAME, "sock").unlink()  # of one that was killed: we hold the lock
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)  # its owner's, from its first moment
        try:
            with socket_path(folder / NAME) as path:
                listener.bind(path)
        finally:
            os.umask(before)
        return await asyncio.start_unix_server(self._answer, sock=listener, limit=MOST_REQUEST)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(STATUS_SECONDS):
                line = await reader.readline()
            if line == STATUS:
                writer.write(write_status(await self._look()) + b"\n")
            elif line == RELOAD:
                writer.write(write_reloaded(await self._reload()) + b"\n")
            async with asyncio.timeout(STATUS_SECONDS):
                await writer.drain()
        except (TimeoutError, OSError, ValueError):
            pass  # a client that is slow, has gone, or sends no line
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def forget(folder: Path) -> None:
    """Remove the socket of an instance that ends. Its lock's file stays, for the next one."""
    with suppress(FileNotFoundError):
        beside(folder / NAME, "sock").unlink()


def ask_status(folder: Path) -> Status:
    """Ask what runs in a home how it is. Raises `NotRunning` and `ServeFault`."""
    return read_status(_ask(folder, STATUS, STATUS_SECONDS))


def ask_reload(folder: Path) -> Reloaded:
    """Have what runs in a home read its policy again. Raises `NotRunning` and `ServeFault`."""
    return read_reloaded(_ask(folder, RELOAD, RELOAD_SECONDS))


def _ask(folder: Path, request: bytes, seconds: float) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(seconds)
        try:
            with socket_path(folder / NAME) as path:
                line.connect(path)
            line.sendall(request)
            with line.makefile("rb") as reader:
                reply = reader.readline(MOST_REPLY)
        except (FileNotFoundError, ConnectionRefusedError):
            raise NotRunning(folder) from None
        except OSError as error:
            raise ServeFault(f"{folder}: what runs here does not answer", _MENDS.get(type(error), _MEND)) from None
    if not reply.endswith(b"\n"):
        raise ServeFault(f"{folder}: what runs here did not answer", "see its log; it may just be ending")
    return reply


_MEND = "see its log"
_MENDS: Mapping[type[OSError], str] = {PermissionError: "ask as the account that runs it"}
