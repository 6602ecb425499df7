"""The processor's rim: Envoy's connections on a private socket, each stream driven to its end.

The rule: a stream is ended by Envoy, or with an error, never with OK: an OK before Envoy has ended the request would let what
follows pass unread. What breaks anything blocks that stream, and is named by its type alone. Streams that wait for the ledger hold
no other back; a stream whose replies Envoy does not take is read no further.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, cast

from ringfence.gates.carrying import Carried, Clock, Recorder, StandInSource, carry_out
from ringfence.gates.http.calling import Calls
from ringfence.gates.http.conversation import Conversation
from ringfence.gates.http.counting import Counts, Outcome
from ringfence.gates.http.exchange import Side
from ringfence.gates.http.turns import Mode
from ringfence.gates.http.way import Asked
from ringfence.gates.tallies import Tallies
from ringfence.wire.http2 import Ended, HalfClosed, Message, Method, Opened, RemoteError, Server, Status

PATH: Final = b"/envoy.service.ext_proc.v3.ExternalProcessor/Process"
CANARY: Final = (
    b"x-ringfence-canary"  # beside a stream: said by the gate's own listener for canaries, and by nobody else
)


@dataclass(slots=True, repr=False)
class Setting:
    """What all streams of one worker share. `side` and `canary_side` change with the policy; a stream keeps what it began with."""

    side: Side
    canary_side: Side
    mode: Mode
    recorder: Recorder
    clock: Clock
    notify: Callable[[str], None]
    tallies: Tallies
    calls: Calls
    counts: Counts
    vault: StandInSource | None = None
    is_open: bool = False  # until a canary was seen masked, streams of clients wait
    ended: asyncio.Event = field(default_factory=asyncio.Event)  # set whenever a stream has ended


class _Stream:
    """One stream: its messages in order, one at a time."""

    __slots__ = (
        *("began", "broken", "busy", "call", "conversation", "full"),
        *("half_closed", "inbox", "is_canary", "over", "seconds"),
    )

    def __init__(self, call: int, conversation: Conversation, *, is_canary: bool) -> None:
        self.call = call
        self.conversation = conversation
        self.is_canary = is_canary
        self.inbox: deque[bytes] = deque()
        self.busy = False  # something is carried out
        self.full = 0  # octets to acknowledge when Envoy has taken the replies
        self.half_closed = False
        self.over = False
        self.broken = False
        self.began = 0.0  # when the message that is under way was taken up
        self.seconds = 0.0  # that the messages before it took

    def take_time(self) -> None:
        """Note that the message under way is done with."""
        self.seconds += time.perf_counter() - self.began


class Line(asyncio.Protocol):
    """One connection of Envoy's."""

    def __init__(self, setting: Setting, lines: "set[Line]", method: Method) -> None:
        self._setting = setting
        self._lines = lines
        self._server = Server(method)
        self._streams: dict[int, _Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.Transport | None = None

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it
        self._lines.add(self)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Take what Envoy sent."""
        try:
            events = self._server.receive(data)
        except RemoteError as fault:
            self._setting.notify(f"a connection of Envoy's was ended ({fault.code.name})")
            self._flush()
            self.close()
            return
        for event in events:
            match event:
                case Opened(call, metadata):
                    self._open(call, metadata)
                case Message(call, content):
                    stream = self._streams.get(call)
                    if stream is not None:
                        stream.inbox.append(content)
                        self._go(stream)
                case HalfClosed(call):
                    stream = self._streams.get(call)
                    if stream is not None:
                        stream.half_closed = True
                        self._go(stream)
                case Ended(call):
                    self._end(self._streams.get(call))
                case _:
                    pass  # Envoy leaves: its streams end by themselves
        for stream in [each for each in self._streams.values() if each.full]:
            self._go(stream)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's own)
        """Close what was open."""
        self._lines.discard(self)
        for stream in list(self._streams.values()):
            self._end(stream)

    def pause_writing(self) -> None:
        """Read nothing while Envoy does not."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        if self._transport is not None:
            self._transport.resume_reading()

    def wake(self) -> None:
        """Go on with streams that waited for the gate to open."""
        for stream in list(self._streams.values()):
            self._go(stream)
        self._flush()

    def close(self) -> None:
        """End the connection, and with it its streams: to Envoy that is an error."""
        if self._transport is not None:
            self._transport.close()

    async def settled(self) -> None:
        """Wait for the records of streams that ended."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    # ---------------------------------------------------------------- streams

    def _open(self, call: int, metadata: tuple[tuple[bytes, bytes], ...]) -> None:
        setting = self._setting
        is_canary = any(name == CANARY for name, _ in metadata)
        side = setting.canary_side if is_canary else setting.side
        self._streams[call] = _Stream(call, Conversation(side, setting.mode), is_canary=is_canary)
        setting.counts.requests += not is_canary

    def _go(self, stream: _Stream) -> None:
        """Go on with a stream, as far as nothing has to be waited for."""
        while not stream.busy and not stream.over and (stream.is_canary or self._setting.is_open):
            if stream.full:
                if self._server.unsent(stream.call):
                    return
                self._server.acknowledge(stream.call, stream.full)
                stream.full = 0
            if not stream.inbox:
                if stream.half_closed:
                    self._finish(stream)
                return
            message = stream.inbox.popleft()
            stream.full = len(message)
            stream.began = time.perf_counter()
            try:
                asked = stream.conversation.receive(message, self._setting.clock())
                if not asked:
                    self._send(stream)
                    stream.take_time()
                    continue
            except Exception as error:  # noqa: BLE001 (the gate's rim: what broke blocks the stream)
                self._break(stream, error)
                return
            stream.busy = True
            self._own(self._carry(stream, asked))

    async def _carry(self, stream: _Stream, asked: list[Asked]) -> None:
        try:
            await self._carry_out(stream.conversation, asked)
            stream.busy = False
            if not stream.over:
                self._send(stream)
            stream.take_time()
        except Exception as error:  # noqa: BLE001 (the gate's rim: what broke blocks the stream)
            stream.busy = False
            if not stream.over:
                self._break(stream, error)
                return
        if stream.over:  # it ended while this was carried out
            self._let_go(stream)
        self._go(stream)
        self._flush()

    async def _carry_out(self, conversation: Conversation, asked: list[Asked]) -> None:
        setting = self._setting
        await carry_out(conversation, asked, setting.recorder, setting.clock, Carried(), setting.vault)

    def _send(self, stream: _Stream) -> None:
        for message in stream.conversation.settle():
            self._server.send(stream.call, message)

    def _break(self, stream: _Stream, error: BaseException) -> None:
        """End a stream with an error. Envoy then ends its request: with an error, or cut off."""
        if stream.over:
            return
        stream.broken = True
        self._setting.notify(f"a request was cut off: {type(error).__name__}")
        self._server.finish(stream.call, Status.INTERNAL, "the request cannot go on")
        self._end(stream)
        self._flush()

    def _finish(self, stream: _Stream) -> None:
        """End a stream that Envoy has ended. Not with OK, even so: nobody reads it, and no mistake can then send one early."""
        self._server.finish(stream.call, Status.UNAVAILABLE)
        self._end(stream)

    def _end(self, stream: _Stream | None) -> None:
        """Let go of a stream, and close what it recorded."""
        if stream is None or stream.over:
            return
        stream.over = True
        stream.inbox.clear()
        self._streams.pop(stream.call, None)
        self._setting.ended.set()
        if not stream.busy:
            self._let_go(stream)

    def _let_go(self, stream: _Stream) -> None:
        asked = stream.conversation.cut(self._setting.clock())
        self._count(stream)
        if asked:
            self._own(self._close(stream, asked))

    async def _close(self, stream: _Stream, asked: list[Asked]) -> None:
        try:
            await self._carry_out(stream.conversation, asked)
        except Exception as error:  # noqa: BLE001 (nobody waits for it: opened without closed is what the ledger says then)
            self._setting.notify(f"a record was not closed: {type(error).__name__}")

    def _count(self, stream: _Stream) -> None:
        if stream.is_canary:
            return
        counts, conversation = self._setting.counts, stream.conversation
        outcome = Outcome.BROKEN if stream.broken else conversation.outcome
        counts.end(outcome, stream.seconds)
        if conversation.called is not None:
            self._setting.calls.add(conversation.called, self._setting.clock(), refused=outcome is Outcome.REFUSED)
        for decided, summary in conversation.bodies():
            counts.bodies += 1
            counts.size += summary.bytes_in
            if summary.done:
                self._setting.tallies.add(decided, summary)

    def _own(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _flush(self) -> None:
        out = self._server.take()
        if out and self._transport is not None:
            self._transport.write(out)
