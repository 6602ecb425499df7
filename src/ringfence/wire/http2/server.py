"""The server's side of one HTTP/2 connection that carries calls of one gRPC method (RFC 9113, gRPC over HTTP/2).

The rule: what breaks the protocol ends the connection with its code, and nothing that came after is read; what is wrong with one
call ends that call. Memory is bounded: header blocks by `LARGEST_LIST`, a call by the window that it is given (one message of
`largest` and a frame), all calls by `most_held`, calls by `most_calls`. Room for more is given when the owner has acknowledged
what it was given, so that an owner who is slow holds the caller back, and not the memory.
"""

from dataclasses import dataclass
from typing import Final

from ringfence.wire.http2 import headers
from ringfence.wire.http2.calls import PREFIX, Call, Compressed, Oversized, Side, cut, prefixed
from ringfence.wire.http2.events import Ended, Event, HalfClosed, Leaving, Message, Opened
from ringfence.wire.http2.faults import LocalError, RemoteError
from ringfence.wire.http2.frames import (
    FIRST_WINDOW,
    HEADER,
    HEADER_SIZE,
    LARGEST_FRAME,
    LARGEST_FRAME_ALLOWED,
    LARGEST_WINDOW,
    PREFACE,
    RULES,
    SETTING,
    U32,
    Code,
    Flag,
    Kind,
    Setting,
    frame,
)
from ringfence.wire.http2.requests import answer_to, unpadded
from ringfence.wire.http2.status import Status

_GIVE_BACK: Final = 32 * 1024  # octets of room that are owed before the caller is told
_CONNECTION_WINDOW: Final = 16 * 1024 * 1024  # of the whole connection; what is held is bounded by `most_held`
_LARGEST_BLOCK: Final = 64 * 1024  # octets of HEADERS and its CONTINUATIONs


@dataclass(frozen=True, slots=True)
class Method:
    """The method that is served, and what is borne of its callers."""

    path: bytes
    largest: int = 2 * 1024 * 1024  # octets of one message
    most_calls: int = 1000  # at once
    most_held: int = 64 * 1024 * 1024  # octets that were received and not acknowledged, of all calls


class Server:
    """One connection. `receive` takes what came and gives events; `take` gives what is to be sent."""

    def __init__(self, method: Method) -> None:
        self._method = method
        self._window = method.largest + PREFIX + LARGEST_FRAME
        self._in = bytearray()
        self._awaited = 0  # octets without which nothing more can be read
        self._out: list[bytes] = []
        self._calls: dict[int, Call] = {}
        self._greeted = 0  # octets of the preface that have come
        self._settled = False  # the caller's first SETTINGS have come
        self._over = False
        self._leaving = False
        self._last = 0  # the highest stream
        self._blocks = headers.BlockReader()
        self._block: tuple[int, int, bytearray] | None = None  # HEADERS whose block goes on: stream, flags, octets
        self._room = FIRST_WINDOW  # octets that the caller takes now, of all calls
        self._their_window = FIRST_WINDOW
        self._their_frame = LARGEST_FRAME
        self._received = 0  # octets of DATA of which the caller is not told yet
        self._given = FIRST_WINDOW  # octets that the caller may send now, of all calls
        self._held = 0
        settings = ((Setting.MAX_CONCURRENT_STREAMS, method.most_calls), (Setting.INITIAL_WINDOW_SIZE, self._window))
        more = SETTING.pack(Setting.MAX_HEADER_LIST_SIZE, headers.LARGEST_LIST)
        self._out.append(frame(Kind.SETTINGS, 0, 0, b"".join(SETTING.pack(*each) for each in settings) + more))
        self._grow(_CONNECTION_WINDOW - FIRST_WINDOW)

    # ---------------------------------------------------------------- what the owner does

    @property
    def calls(self) -> int:
        """How many calls are open."""
        return len(self._calls)

    @property
    def held(self) -> int:
        """How many octets of DATA were received and not acknowledged."""
        return self._held

    def take(self) -> bytes:
        """Give what is to be sent."""
        out = b"".join(self._out)
        self._out.clear()
        return out

    def unsent(self, call: int) -> int:
        """Say how many octets of a call wait for the caller to have room."""
        found = self._calls.get(call)
        return len(found.out) if found is not None else 0

    def acknowledge(self, call: int, size: int) -> None:
        """Give the room of a message of `size` octets back: it was looked at."""
        found = self._calls.get(call)
        if found is None:
            return
        size += PREFIX
        if size > found.held:
            raise LocalError("more was acknowledged than was received")
        found.held -= size
        self._held -= size
        self._give_back(found, size)

    def send(self, call: int, message: bytes) -> None:
        """Send a message. On a call that has ended it is dropped: its caller has gone."""
        found = self._calls.get(call)
        if found is None:
            return
        if found.last is not None:
            raise LocalError("a message after the call was finished")
        if not found.head_sent:
            found.head_sent = True
            self._out.append(frame(Kind.HEADERS, Flag.END_HEADERS, call, headers.write_head()))
        found.out += prefixed(message)
        self._flush(found)

    def finish(self, call: int, status: Status, text: str = "") -> None:
        """End a call with a status, after what was sent."""
        found = self._calls.get(call)
        if found is None:
            return
        if found.last is not None:
            raise LocalError("a call was finished twice")
        found.last = (b"" if found.head_sent else headers.write_head()) + headers.write_trailers(status, text)
        self._flush(found)

    def leave(self) -> None:
        """Take no more calls. Those that are open go on."""
        if not self._leaving:
            self._leaving = True
            self._out.append(frame(Kind.GOAWAY, 0, 0, U32.pack(self._last) + U32.pack(Code.NO_ERROR)))

    # ---------------------------------------------------------------- what arrives

    def receive(self, data: bytes) -> list[Event]:
        """Take what came, and give what it says. Raises `RemoteError`: then send what `take` gives, and close."""
        if self._over:
            return []
        events: list[Event] = []
        try:
            self._in += data
            if len(self._in) < self._awaited:
                return []
            if self._greeted < len(PREFACE) and not self._greet():
                return []
            self._read(events)
        except RemoteError as fault:
            self._over = True
            self._calls.clear()
            self._in.clear()
            self._out.append(frame(Kind.GOAWAY, 0, 0, U32.pack(self._last) + U32.pack(fault.code)))
            raise
        return events

    def _greet(self) -> bool:
        came = bytes(self._in[: len(PREFACE)])
        if not PREFACE.startswith(came):
            raise RemoteError(Code.PROTOCOL_ERROR, "what begins here is not HTTP/2")
        if len(came) < len(PREFACE):
            return False
        self._greeted = len(PREFACE)
        del self._in[: len(PREFACE)]
        return True

    def _read(self, events: list[Event]) -> None:
        at, size = 0, len(self._in)
        whole = bytes(self._in)
        self._awaited = HEADER_SIZE
        while size - at >= HEADER_SIZE:
            high, low, number, flags, stream = HEADER.unpack_from(whole, at)
            length = high << 8 | low
            stream &= LARGEST_WINDOW
            self._check(number, length, stream)
            end = at + HEADER_SIZE + length
            if end > size:
                self._awaited = end - at
                break
            self._frame(number, flags, stream, whole[at + HEADER_SIZE : end], events)
            at = end
        del self._in[:at]

    def _check(self, number: int, length: int, stream: int) -> None:
        """Believe a frame's head, or raise."""
        if length > LARGEST_FRAME:
            raise RemoteError(Code.FRAME_SIZE_ERROR, "a frame is too long")
        if not self._settled and number != Kind.SETTINGS:
            raise RemoteError(Code.PROTOCOL_ERROR, "the first frame is not SETTINGS")
        goes_on = self._block is not None
        if goes_on != (number == Kind.CONTINUATION) or (self._block is not None and self._block[0] != stream):
            raise RemoteError(Code.PROTOCOL_ERROR, "a header block is broken off, or goes on that was none")
        rule = RULES.get(number)
        if rule is None:
            if number == Kind.PUSH_PROMISE:
                raise RemoteError(Code.PROTOCOL_ERROR, "a client pushed")
            return
        if not rule.least <= length <= rule.most or length % rule.step:
            raise RemoteError(Code.FRAME_SIZE_ERROR, "a frame has not the length of its kind")
        if rule.of_stream is not None and rule.of_stream != bool(stream):
            raise RemoteError(Code.PROTOCOL_ERROR, "a frame is on a stream that its kind is not for")

    def _frame(self, number: int, flags: int, stream: int, payload: bytes, events: list[Event]) -> None:
        match number:
            case Kind.DATA:
                self._data(flags, stream, payload, events)
            case Kind.HEADERS:
                self._headers(flags, stream, payload, events)
            case Kind.CONTINUATION:
                self._continuation(flags, payload, events)
            case Kind.WINDOW_UPDATE:
                self._window_update(stream, U32.unpack(payload)[0] & LARGEST_WINDOW)
            case Kind.RST_STREAM:
                self._reset(stream, events)
            case Kind.SETTINGS:
                self._settings(flags, payload)
            case Kind.PING:
                if not flags & Flag.ACK:
                    self._out.append(frame(Kind.PING, Flag.ACK, 0, payload))
            case Kind.GOAWAY:
                events.append(Leaving())
            case Kind.PRIORITY:
                if U32.unpack_from(payload)[0] & LARGEST_WINDOW == stream:
                    raise RemoteError(Code.PROTOCOL_ERROR, "a stream depends on itself")

    def _data(self, flags: int, stream: int, payload: bytes, events: list[Event]) -> None:
        self._given -= len(payload)
        if self._given < 0:
            raise RemoteError(Code.FLOW_CONTROL_ERROR, "more was sent than the connection has room for")
        self._received += len(payload)
        if self._received >= _CONNECTION_WINDOW // 2:
            self._grow(self._received)
            self._received = 0
        call = self._calls.get(stream)
        if call is None:
            if stream > self._last or not stream & 1:
                raise RemoteError(Code.PROTOCOL_ERROR, "DATA on a stream that was not opened")
            return  # of a call that has ended here
        if call.caller is Side.ENDED:
            raise RemoteError(Code.STREAM_CLOSED, "DATA after its end")
        call.room_given -= len(payload)
        if call.room_given < 0:
            raise RemoteError(Code.FLOW_CONTROL_ERROR, "more was sent than the call has room for")
        content = unpadded(flags, payload)
        ended = bool(flags & Flag.END_STREAM)
        self._give_back(call, len(payload) - len(content))
        call.held += len(content)
        self._held += len(content)
        if self._held > self._method.most_held or not self._messages(call, content, events):
            self._fail(call, Status.RESOURCE_EXHAUSTED, events)
        elif ended and call.partial:
            self._fail(call, Status.INTERNAL, events)
        elif ended:
            call.caller = Side.ENDED
            events.append(HalfClosed(stream))

    def _messages(self, call: Call, content: bytes, events: list[Event]) -> bool:
        try:
            events.extend(Message(call.number, message) for message in cut(call, content, self._method.largest))
        except (Oversized, Compressed):
            return False
        return True

    def _headers(self, flags: int, stream: int, payload: bytes, events: list[Event]) -> None:
        block = unpadded(flags, payload)
        if flags & Flag.PRIORITY:
            if len(block) < 5:
                raise RemoteError(Code.FRAME_SIZE_ERROR, "HEADERS too short for its priority")
            if U32.unpack_from(block)[0] & LARGEST_WINDOW == stream:
                raise RemoteError(Code.PROTOCOL_ERROR, "a stream depends on itself")
            block = block[5:]
        if not stream & 1:
            raise RemoteError(Code.PROTOCOL_ERROR, "a client opened a server's stream")
        if stream <= self._last:
            raise RemoteError(Code.STREAM_CLOSED, "a stream was opened again, or has trailers")
        if flags & Flag.END_HEADERS:
            self._open(stream, flags, block, events)
        else:
            self._block = (stream, flags, bytearray(block))

    def _continuation(self, flags: int, payload: bytes, events: list[Event]) -> None:
        if self._block is None:
            raise LocalError("a continuation was believed that continues nothing")
        stream, first, block = self._block
        block += payload
        if len(block) > _LARGEST_BLOCK or not payload:
            raise RemoteError(Code.ENHANCE_YOUR_CALM, "a header block is too long, or made of nothing")
        if flags & Flag.END_HEADERS:
            self._block = None
            self._open(stream, first, bytes(block), events)

    def _open(self, stream: int, flags: int, block: bytes, events: list[Event]) -> None:
        self._last = stream
        fields = self._blocks.read(block)
        if len(self._calls) >= self._method.most_calls or self._leaving:
            self._out.append(frame(Kind.RST_STREAM, 0, stream, U32.pack(Code.REFUSED_STREAM)))
            return
        ended = bool(flags & Flag.END_STREAM)
        answer = answer_to(fields, self._method.path)
        if answer is not None:
            self._out.append(frame(Kind.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, stream, answer))
            return
        self._calls[stream] = Call(stream, self._their_window, self._window, Side.ENDED if ended else Side.OPEN)
        events.append(Opened(stream, tuple(each for each in fields if not each[0].startswith(b":"))))
        if ended:
            events.append(HalfClosed(stream))

    def _reset(self, stream: int, events: list[Event]) -> None:
        if stream > self._last or not stream & 1:
            raise RemoteError(Code.PROTOCOL_ERROR, "a stream was reset that was not opened")
        call = self._calls.get(stream)
        if call is not None:
            self._forget(call)
            events.append(Ended(stream))

    def _settings(self, flags: int, payload: bytes) -> None:
        if flags & Flag.ACK:
            if payload:
                raise RemoteError(Code.FRAME_SIZE_ERROR, "an acknowledgement with settings")
            return
        self._settled = True
        for name, value in SETTING.iter_unpack(payload):
            match name:
                case Setting.INITIAL_WINDOW_SIZE:
                    self._change_window(value)
                case Setting.MAX_FRAME_SIZE:
                    if not LARGEST_FRAME <= value <= LARGEST_FRAME_ALLOWED:
                        raise RemoteError(Code.PROTOCOL_ERROR, "a frame size that is not allowed")
                    self._their_frame = value
                case Setting.ENABLE_PUSH if value > 1:
                    raise RemoteError(Code.PROTOCOL_ERROR, "a setting that is neither on nor off")
        # Before what the new settings allow: what comes after the acknowledgement is measured by them, and nothing sooner.
        self._out.append(frame(Kind.SETTINGS, Flag.ACK, 0))
        self._flush_all()

    def _change_window(self, value: int) -> None:
        if value > LARGEST_WINDOW:
            raise RemoteError(Code.FLOW_CONTROL_ERROR, "a window that is too large")
        change = value - self._their_window
        self._their_window = value
        for call in self._calls.values():
            call.room_to_send += change  # may become negative (section 6.9.2)
            if call.room_to_send > LARGEST_WINDOW:
                raise RemoteError(Code.FLOW_CONTROL_ERROR, "a window that is too large")

    def _window_update(self, stream: int, more: int) -> None:
        if not more:
            raise RemoteError(Code.PROTOCOL_ERROR, "room for nothing was given")
        if not stream:
            self._room += more
            if self._room > LARGEST_WINDOW:
                raise RemoteError(Code.FLOW_CONTROL_ERROR, "a window that is too large")
            self._flush_all()
            return
        call = self._calls.get(stream)
        if call is None:
            if stream > self._last or not stream & 1:
                raise RemoteError(Code.PROTOCOL_ERROR, "room was given to a stream that was not opened")
            return
        call.room_to_send += more
        if call.room_to_send > LARGEST_WINDOW:
            raise RemoteError(Code.FLOW_CONTROL_ERROR, "a window that is too large")
        self._flush(call)

    # ---------------------------------------------------------------- what is sent

    def _flush_all(self) -> None:
        for call in list(self._calls.values()):
            self._flush(call)

    def _flush(self, call: Call) -> None:
        """Send of a call what there is room for; its end, when everything before it has gone."""
        while call.out:
            size = min(len(call.out), call.room_to_send, self._room, self._their_frame)
            if size <= 0:
                return
            self._out.append(frame(Kind.DATA, 0, call.number, bytes(call.out[:size])))
            del call.out[:size]
            call.room_to_send -= size
            self._room -= size
        if call.last is not None:
            self._out.append(frame(Kind.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, call.number, call.last))
            # No RST_STREAM after it: gRPC's own client takes that for the status. What the caller still sends is passed over.
            self._forget(call)

    def _fail(self, call: Call, status: Status, events: list[Event]) -> None:
        """End a call that went wrong: what of it was to be sent is dropped."""
        call.out.clear()
        call.last = None
        if call.head_sent:
            self._out.append(frame(Kind.RST_STREAM, 0, call.number, U32.pack(Code.INTERNAL_ERROR)))
            self._forget(call)
        else:
            self.finish(call.number, status, "the message cannot be taken")
        # What was read of it in the same octets is not to be looked at: the owner is told of its end only.
        events[:] = [event for event in events if not (isinstance(event, Message) and event.call == call.number)]
        events.append(Ended(call.number))

    def _forget(self, call: Call) -> None:
        self._held -= call.held
        call.held = 0
        self._calls.pop(call.number, None)

    def _give_back(self, call: Call, size: int) -> None:
        if call.caller is Side.ENDED:
            return
        call.owed += size
        if call.owed >= min(_GIVE_BACK, self._window // 2):
            self._out.append(frame(Kind.WINDOW_UPDATE, 0, call.number, U32.pack(call.owed)))
            call.room_given += call.owed
            call.owed = 0

    def _grow(self, more: int) -> None:
        self._given += more
        self._out.append(frame(Kind.WINDOW_UPDATE, 0, 0, U32.pack(more)))
