"""The processor's rim: Envoy's connections on a private socket, each stream driven to its end.

The rule: a stream is ended by Envoy, or with an error, never with OK: an OK before Envoy has ended the request would let what
follows pass unread. What breaks anything blocks that stream, and is named by its type alone. Streams that wait for the ledger hold
no other back; a stream whose replies Envoy does not take is read no further. Streams take turns, a message each: what costs much
in one of them (a body that is nothing but addresses) is worked off between the messages of the others.
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
_MOST_HELD: Final = 12 * 1024 * 1024  # octets of bodies in one worker, beyond which none may hold more than `_FAIR`
_FAIR: Final = 32 * 1024
_TURNS: Final = 0.005  # seconds of messages, after which the loop hears what else has come
_FEWEST, _FEWEST_AT_FIRST, _MOST = 2 * 1024, 16 * 1024, 1024 * 1024  # octets of a body that are taken at once
_SOON, _LATE = 0.005, 0.02  # seconds for them: sooner, and twice as many are taken; later, and half


class TooMuchHeld(Exception):
    """Bodies hold too much together: this one is ended, and its client told to come again (503)."""


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
    held: int = 0  # octets of bodies, of all streams
    is_open: bool = False  # until a canary was seen masked, streams of clients wait
    ended: asyncio.Event = field(default_factory=asyncio.Event)  # set whenever a stream has ended


class _Stream:
    """One stream: its messages in order, one at a time."""

    __slots__ = (
        *("began", "broken", "busy", "call", "conversation", "full", "half_closed"),
        *("held", "inbox", "is_canary", "most", "over", "seconds", "size"),
    )

    def __init__(self, call: int, conversation: Conversation, *, is_canary: bool) -> None:
        self.call = call
        self.conversation = conversation
        self.is_canary = is_canary
        self.inbox: deque[bytes] = deque()
        self.busy = False  # something is carried out
        self.size = 0  # octets of the message under way
        self.held = 0  # octets of its bodies
        self.full = 0  # octets to acknowledge when Envoy has taken the replies
        self.most = _FEWEST_AT_FIRST  # octets of a body that are taken at once
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
        self._waiting: deque[_Stream] = deque()  # those whose turn comes
        self._goes_on = False  # turns are taken as soon as the loop has heard what came
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
                        self._waiting.append(stream)
                case HalfClosed(call):
                    stream = self._streams.get(call)
                    if stream is not None:
                        stream.half_closed = True
                        self._waiting.append(stream)
                case Ended(call):
                    self._end(self._streams.get(call))
                case _:
                    pass  # Envoy leaves: its streams end by themselves
        self._waiting.extend(each for each in self._streams.values() if each.full)
        if not self._goes_on:
            self._take_turns()

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
        self._waiting.extend(self._streams.values())
        self._take_turns()

    def close(self) -> None:
        """End the connection, and with it its streams: to Envoy that is an error."""
        if self._transport is not None:
            self._transport.close()

    async def settled(self) -> None:
        """Wait for the turns that are left, and for the records of streams that ended."""
        while self._tasks or self._goes_on:
            await (asyncio.wait(set(self._tasks)) if self._tasks else asyncio.sleep(0))

    # ---------------------------------------------------------------- streams

    def _open(self, call: int, metadata: tuple[tuple[bytes, bytes], ...]) -> None:
        setting = self._setting
        is_canary = any(name == CANARY for name, _ in metadata)
        side = setting.canary_side if is_canary else setting.side
        self._streams[call] = _Stream(call, Conversation(side, setting.mode), is_canary=is_canary)
        setting.counts.requests += not is_canary

    def _take_turns(self) -> None:
        """Go on with the streams whose turn it is; after a while hear what else has come, and then go on."""
        self._goes_on = False
        until = time.monotonic() + _TURNS
        while self._waiting:
            self._go(self._waiting.popleft())
            if self._waiting and time.monotonic() > until:
                self._goes_on = True
                asyncio.get_running_loop().call_soon(self._take_turns)
                break
        self._flush()

    def _go(self, stream: _Stream) -> None:
        """Go on with a stream by one message, where nothing has to be waited for."""
        if not self._may_go_on(stream):
            return
        if stream.inbox or stream.conversation.is_within:
            self._receive(stream)
            is_more = stream.inbox or stream.half_closed or stream.conversation.is_within
            if self._may_go_on(stream) and is_more:
                self._waiting.append(stream)
        elif stream.half_closed:
            self._finish(stream)

    def _may_go_on(self, stream: _Stream) -> bool:
        """Whether nothing has to be waited for; gives back the room of the message before, once its replies were taken."""
        if stream.busy or stream.over or not (stream.is_canary or self._setting.is_open):
            return False
        if stream.full:
            if self._server.unsent(stream.call):
                return False
            self._server.acknowledge(stream.call, stream.full)
            stream.full = 0
        return True

    def _receive(self, stream: _Stream) -> None:
        """Take the next message of a stream, or the next octets of a long one."""
        conversation = stream.conversation
        stream.began = time.perf_counter()
        try:
            if conversation.is_within:
                asked = conversation.go_on(self._setting.clock(), stream.most)
            else:
                message = stream.inbox.popleft()
                stream.size = len(message)
                asked = conversation.receive(message, self._setting.clock(), stream.most)
            if not conversation.is_within:
                stream.full = stream.size
            if not asked:
                self._send(stream)
                stream.take_time()
            self._weigh(stream)
        except Exception as error:  # noqa: BLE001 (the gate's rim: what broke blocks the stream)
            self._break(stream, error)
            return
        stream.most = _next_most(stream.most, time.perf_counter() - stream.began)
        if asked:
            stream.busy = True
            self._own(self._carry(stream, asked))

    def _weigh(self, stream: _Stream) -> None:
        """Count what a stream holds. Raises `TooMuchHeld`."""
        held = stream.conversation.held
        self._setting.held += held - stream.held
        stream.held = held
        if self._setting.held > _MOST_HELD and held > _FAIR:
            raise TooMuchHeld

    async def _carry(self, stream: _Stream, asked: list[Asked]) -> None:
        try:
            await self._carry_out(stream.conversation, asked)
            stream.busy = False
            if not stream.over:
                self._send(stream)
                self._weigh(stream)
            stream.take_time()
        except Exception as error:  # noqa: BLE001 (the gate's rim: what broke blocks the stream)
            stream.busy = False
            if not stream.over:
                self._break(stream, error)
                return
        if stream.over:  # it ended while this was carried out
            self._let_go(stream)
        self._waiting.append(stream)
        if not self._goes_on:
            self._take_turns()

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
        self._setting.held -= stream.held
        stream.held = 0
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


def _next_most(most: int, seconds: float) -> int:
    """Say how many octets of a body are taken at once, after how long so many took."""
    if seconds < _SOON:
        return min(2 * most, _MOST)
    return max(most // 2, _FEWEST) if seconds > _LATE else most
