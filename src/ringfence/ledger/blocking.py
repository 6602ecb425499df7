"""A client for commands that run once and end: one connection, one request at a time, no event loop.

The rule: the same promises as `ringfence.ledger.client`, and the same writer. A request that breaks off is not sent again here:
its outcome is unknown, and the person who typed the command sees that.
"""

import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ringfence.ledger.address import socket_path, writer_command
from ringfence.ledger.client import RETRY_STEP, START_DEADLINE, messages_of
from ringfence.ledger.entry import JsonValue, Receipt
from ringfence.ledger.faults import Fault, LedgerUnavailable, WriterNotStarted
from ringfence.ledger.frames import (
    Append,
    BadFrame,
    Done,
    Expire,
    Failed,
    FrameReader,
    Hello,
    Reply,
    Request,
    Welcome,
    frame,
    parse_reply,
)

RECEIVE_BYTES = 65536
EXPIRE_DEADLINE = 600.0  # a million bodies take half a minute


class BlockingClient:
    """A connection to a ledger's writer, which is started when there is none. Raises `LedgerUnavailable`."""

    def __init__(self, file: Path, key: Path, *, deadline: float = START_DEADLINE) -> None:
        self._frames = FrameReader()
        self._deadline = deadline
        self._line = _connect(file, key, time.monotonic() + deadline)
        try:
            self.ledger = self._greet()
        except BaseException:
            self._line.close()
            raise

    def __enter__(self) -> "BlockingClient":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def append(self, entries: Sequence[Mapping[str, JsonValue]]) -> list[Receipt]:
        """Write entries durably; give their receipts, in order."""
        receipts: list[Receipt] = []
        for message in messages_of(entries):
            done = self._ask(Append(1, message.bodies, message.without_id), self._deadline)
            receipts += [Receipt(self.ledger, index, done.size) for index in done.indices]
        return receipts

    def expire(self, before: str, through: int) -> Receipt:
        """Record that the bodies before an index are dropped, being older than `before`, and wait until they are."""
        done = self._ask(Expire(1, before, through), EXPIRE_DEADLINE)
        return Receipt(self.ledger, done.indices[0], done.size)

    def close(self) -> None:
        """Close the connection."""
        self._line.close()

    def _greet(self) -> str:
        self._line.sendall(frame(Hello()))
        welcome = self._receive(self._deadline)
        if not isinstance(welcome, Welcome):
            raise BadFrame("a writer that does not begin with its hello")
        return welcome.ledger

    def _ask(self, request: Request, deadline: float) -> Done:
        try:
            self._line.sendall(frame(request))
        except TimeoutError:
            raise LedgerUnavailable(Fault.TIMEOUT) from None
        except OSError as error:
            raise LedgerUnavailable(Fault.CLOSED) from error
        reply = self._receive(deadline)
        if isinstance(reply, Failed):
            raise LedgerUnavailable(reply.fault)
        if not isinstance(reply, Done):
            raise BadFrame("an answer to another question")
        return reply

    def _receive(self, deadline: float) -> Reply:
        end = time.monotonic() + deadline
        try:
            while True:
                self._line.settimeout(max(0.001, end - time.monotonic()))
                piece = self._line.recv(RECEIVE_BYTES)
                if not piece:
                    raise LedgerUnavailable(Fault.CLOSED)
                for content in self._frames.feed(piece):
                    return parse_reply(content)
        except TimeoutError:
            raise LedgerUnavailable(Fault.TIMEOUT) from None
        except OSError as error:
            raise LedgerUnavailable(Fault.CLOSED) from error


def _connect(file: Path, key: Path, end: float) -> socket.socket:
    while True:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with suppress(OSError), socket_path(file) as path:
            line.connect(path)
            return line
        line.close()
        left = end - time.monotonic()
        if left <= 0:
            raise LedgerUnavailable(Fault.TIMEOUT, f"{file}: its writer does not answer")
        _start(file, key, left)
        time.sleep(RETRY_STEP)


def _start(file: Path, key: Path, seconds: float) -> None:
    nothing = subprocess.DEVNULL
    try:
        done = subprocess.run(
            writer_command(file, key),
            stdin=nothing,
            stdout=nothing,
            stderr=subprocess.PIPE,
            cwd="/",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LedgerUnavailable(Fault.TIMEOUT, f"{file}: its writer does not start in time") from None
    if done.returncode:
        raise WriterNotStarted(file, done.stderr)
