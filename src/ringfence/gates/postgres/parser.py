"""The parser's child, as a gate uses it: texts are sent to it one after another, and it is replaced when it dies.

The rule: the loop never waits for it. The oldest text that it has is the one that it is at: it has a deadline, and when the
child dies or is late, that text is refused and the child ended; those behind it are sent again to the next child. It is given
few texts at a time, and a long one alone; the others wait for their turn (`turns`), so that a session's new text waits for the
one under way and not for all that other sessions ask. What waits is bounded in number and bytes. A child that dies before it is
ready is followed by the next one after a pause that doubles.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import asdict

from ringfence.gates.postgres.turns import Turns
from ringfence.sql.model import ParsedText, Refusal
from ringfence.sql.parsing import ParseLimits
from ringfence.sql.parsing_frames import HEADER, READY, Malformed, decode, header, read_header

DEADLINE = (
    2.0  # seconds for one text, and as much again for each megabyte: 1 MB of constants takes 0.9 s of a processor
)
STARTING = 20.0  # seconds for a child to begin to answer; it imports for 0.3 of one on an idle machine
MOST_WAITING = 10_000  # texts
MOST_BYTES = 64_000_000  # of texts that wait
MOST_SENT = 8  # texts that the child has at once: it does not idle while the loop is at something else
MOST_SENT_BYTES = 16_384  # of several texts that the child has at once: some 50 ms of its time
EACH_SECONDS = 0.0002  # what a text is taken to cost before it was parsed,
BYTE_SECONDS = 0.000_003  # and each byte of it: constants and names of one letter take as much
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0
LARGE = 65_536  # bytes of an answer that is decoded beside the loop: it would stand still for 10 ms and more

_MEGABYTE = 1_000_000
_MOST_NUMBERS = 2**32 - 1
_MODULE = "ringfence.gates.postgres.parser_child"
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL")  # the rest may hold secrets

_DIED = Refusal("limit", "parser", "the parser did not survive it", "write it in a simpler way, or in parts")
_LATE = Refusal("limit", "parser", "it was not parsed in time", "write it in a simpler way, or in parts")
_BUSY = Refusal("limit", "parser", "too many texts wait to be parsed", "try again")
_CLOSED = Refusal("limit", "parser", "the gate is closing", "connect again")
_NOT_UNICODE = Refusal("syntax", "statement", "it is not Unicode text", "send it as UTF-8")


class ParserUnavailable(Exception):
    """The parser's child does not start: the interpreter, or what it imports, is broken."""


class _Waiting:
    """A text that was not answered yet."""

    __slots__ = ("answer", "asker", "cost", "text")

    def __init__(self, text: bytes, asker: Hashable, answer: "asyncio.Future[ParsedText]") -> None:
        self.text = text
        self.asker = asker
        self.answer = answer
        self.cost = EACH_SECONDS + BYTE_SECONDS * len(text)  # estimated


class _Link(asyncio.Protocol):
    """The socket to one child: cuts what arrives into answers."""

    def __init__(self, owner: "ParserChild", lost: "asyncio.Future[None]") -> None:
        self._owner = owner
        self._lost = lost
        self._held = bytearray()

    def data_received(self, data: bytes) -> None:
        held = self._held
        held += data
        start = 0
        while len(held) - start >= HEADER:
            number, length = read_header(bytes(held[start : start + HEADER]))
            end = start + HEADER + length
            if len(held) < end:
                break
            self._owner.answered(number, bytes(held[start + HEADER : end]))
            start = end
        del held[:start]

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self._lost.done():
            self._lost.set_result(None)


class ParserChild:
    """A child process that parses, and the next one when it dies.

    Every text gets an answer: taken apart, or refused. `restarts` counts the children that died.
    """

    def __init__(self, limits: ParseLimits | None = None, deadline: float = DEADLINE) -> None:
        self.limits = ParseLimits() if limits is None else limits
        self.restarts = 0
        self._deadline = deadline
        self._turns = Turns[_Waiting]()  # not sent yet
        self._sent: dict[int, _Waiting] = {}  # the oldest first, in the order in which they were sent
        self._sent_bytes = 0
        self._bytes = 0  # of all that wait, sent or not
        self._begun = 0.0  # when the child began with the oldest
        self._number = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._transport: asyncio.Transport | None = None  # to a child that said that it is ready
        self._timer: asyncio.TimerHandle | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._decoding: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._ready = asyncio.Event()

    async def start(self) -> None:
        """Start the child, and wait until it is ready. Raises `ParserUnavailable`."""
        self._supervisor = asyncio.create_task(self._supervise(), name="parser")
        with suppress(TimeoutError):
            async with asyncio.timeout(STARTING):
                await self._ready.wait()
        if self._transport is None:
            await self.close()
            raise ParserUnavailable(
                f"the parser's child does not start\n  see why: {sys.executable} -c 'import {_MODULE}'"
            )

    async def parse(self, text: str, asker: Hashable = None) -> ParsedText:
        """Take `text` apart in the child, when it is `asker`'s turn. Never raises for what the text is."""
        if self._closing.is_set() or self._supervisor is None:
            return ParsedText(refused=_CLOSED)
        try:
            encoded = text.encode()
        except UnicodeEncodeError:
            return ParsedText(refused=_NOT_UNICODE)
        if len(encoded) > self.limits.size:
            why = f"the text has {len(encoded)} bytes, more than the {self.limits.size} that are allowed"
            return ParsedText(refused=Refusal("limit", "statement", why, "send it in smaller parts"))
        if len(self._turns) + len(self._sent) >= MOST_WAITING or self._bytes + len(encoded) > MOST_BYTES:
            return ParsedText(refused=_BUSY)
        waiting = _Waiting(encoded, asker, asyncio.get_running_loop().create_future())
        self._turns.add(asker, waiting, waiting.cost)
        self._bytes += len(encoded)
        self._send()
        return await waiting.answer

    async def close(self) -> None:
        """End the child; what waits is refused."""
        self._closing.set()
        self._end_child()
        if self._supervisor is not None:
            await self._supervisor
        self._refuse_all(_CLOSED)
        if self._decoding:
            await asyncio.wait(self._decoding)

    # What waits, and what is answered.

    def _send(self) -> None:
        """Send what there is room for, in the order of turns."""
        was_idle = not self._sent
        while self._transport is not None and len(self._turns) and self._has_room(self._turns.first()):
            waiting = self._turns.take()
            if waiting.answer.done():  # whoever asked has gone
                self._bytes -= len(waiting.text)
                continue
            self._number = self._number % _MOST_NUMBERS + 1
            self._sent[self._number] = waiting
            self._sent_bytes += len(waiting.text)
            self._transport.write(header(self._number, len(waiting.text)) + waiting.text)
        if was_idle:
            self._watch()

    def _has_room(self, waiting: _Waiting) -> bool:
        few = len(self._sent) < MOST_SENT and self._sent_bytes + len(waiting.text) <= MOST_SENT_BYTES
        return few or not self._sent

    def answered(self, number: int, data: bytes) -> None:
        """Take an answer of the child; one that was not asked for ends it."""
        if number != next(iter(self._sent), None):
            self._refuse_oldest(_DIED)
            self._end_child()
            return
        waiting = self._forget(number)
        self._send()
        self._watch()
        if len(data) < LARGE:
            _settle(waiting, _decoded(data))
            return
        task = asyncio.create_task(_settle_large(waiting, data))
        self._decoding.add(task)
        task.add_done_callback(self._decoding.discard)

    def _forget(self, number: int) -> _Waiting:
        waiting = self._sent.pop(number)
        self._bytes -= len(waiting.text)
        self._sent_bytes -= len(waiting.text)
        self._turns.charge(waiting.asker, waiting.cost, asyncio.get_running_loop().time() - self._begun)
        return waiting

    def _refuse_oldest(self, refusal: Refusal) -> None:
        oldest = next(iter(self._sent), None)
        if oldest is not None:
            _settle(self._forget(oldest), ParsedText(refused=refusal))

    def _refuse_all(self, refusal: Refusal) -> None:
        while self._sent:
            self._refuse_oldest(refusal)
        while len(self._turns):
            waiting = self._turns.take()
            self._bytes -= len(waiting.text)
            _settle(waiting, ParsedText(refused=refusal))

    # The deadline of the oldest text.

    def _watch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        self._begun = loop.time()
        oldest = next(iter(self._sent.values()), None)
        if oldest is not None and self._transport is not None:
            seconds = self._deadline * (1 + len(oldest.text) / _MEGABYTE)
            self._timer = loop.call_later(seconds, self._be_late)

    def _be_late(self) -> None:
        self._refuse_oldest(_LATE)
        self._end_child()

    # The child.

    def _end_child(self) -> None:
        """End the child at hand: whose fault it was is known, so its next text is not blamed."""
        process, self._process = self._process, None
        self._transport = None
        self._watch()
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    async def _supervise(self) -> None:
        pause = 0.0
        while not self._closing.is_set():
            was_ready = False
            with suppress(OSError):  # no process, no memory, no descriptor: as a child that dies at once
                was_ready = await self._live_once()
            if self._closing.is_set():
                return
            self.restarts += 1
            pause = 0.0 if was_ready else min(max(pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            if not was_ready:
                self._refuse_all(_DIED)
                self._ready.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._closing.wait()

    async def _live_once(self) -> bool:
        """Start a child, send it what waits, and stay until it is gone; tell whether it was ever ready."""
        loop = asyncio.get_running_loop()
        lost: asyncio.Future[None] = loop.create_future()
        ours, process = await _spawn(self.limits)
        try:
            self._process = process
            if self._closing.is_set() or not await _is_ready(ours):
                return False
            transport, _ = await loop.create_unix_connection(lambda: _Link(self, lost), sock=ours)
            transport.writelines([header(number, len(each.text)) + each.text for number, each in self._sent.items()])
            self._transport = transport
            self._ready.set()
            self._watch()
            self._send()
            await lost
            if self._process is not None:  # it died by itself, of the text that it was at
                self._refuse_oldest(_DIED)
            return True
        finally:
            self._end_child()
            ours.close()
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.to_thread(process.wait)


def _settle(waiting: _Waiting, answer: ParsedText) -> None:
    if not waiting.answer.done():  # whoever asked may have gone
        waiting.answer.set_result(answer)


async def _settle_large(waiting: _Waiting, data: bytes) -> None:
    _settle(waiting, await asyncio.to_thread(_decoded, data))


def _decoded(data: bytes) -> ParsedText:
    try:
        return decode(data)
    except Malformed:
        return ParsedText(refused=_DIED)


async def _is_ready(connection: socket.socket) -> bool:
    """Wait for a child's first byte."""
    with suppress(TimeoutError):
        async with asyncio.timeout(STARTING):
            return await asyncio.get_running_loop().sock_recv(connection, len(READY)) == READY
    return False


async def _spawn(limits: ParseLimits) -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    starting = asyncio.ensure_future(asyncio.to_thread(_popen, theirs.fileno(), limits))
    try:
        return ours, await asyncio.shield(starting)
    except asyncio.CancelledError:
        (await starting).kill()
        ours.close()
        raise
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()


def _popen(descriptor: int, limits: ParseLimits) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-P", "-m", _MODULE, str(descriptor), json.dumps(asdict(limits))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # a traceback could hold a text
        pass_fds=[descriptor],
        start_new_session=True,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
    )
