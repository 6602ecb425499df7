"""The gate's processor, failing on purpose: once in a stream, at the step and in the way that the request's own head asks for.

A process of its own, so that it can be killed, stopped and told to end. It is the gate's rim and framing; what is added are faults,
among them what the rim itself never does: to end a stream with OK.
"""

import asyncio
import os
import signal
import socket
import sys
from struct import pack

from envoy.service.ext_proc.v3.external_processor_pb2 import ProcessingResponse
from http_stage import Notes, policy

from ringfence.gates.carrying import now
from ringfence.gates.http.gate import HttpGate, World
from ringfence.gates.http.processor import PATH, Line
from ringfence.transform import Keyring
from ringfence.wire.http2 import Code, Kind, Method, Status, frame

IN_PLACE = (
    *("ok", "error", "exception", "reset", "goaway", "closed", "garbage", "no-message", "hang", "out-of-order"),
    *("sigterm", "sigkill", "sigstop"),
)
FAULTS = (*IN_PLACE, "ok-after")
"""What is done in place of a step's reply; `ok-after` replies, and ends the stream with OK behind it."""

KILLING = ("sigterm", "sigkill", "sigstop")  # of the whole process

_MARK = b"x-fault"  # a field of the request: `|STEP|FAULT|`; steps are Envoy's messages on the stream, from 0


class FaultyLine(Line):
    """A line whose streams fail as they are asked to."""

    _seen: dict[int, int]
    _asked: dict[int, tuple[int, str]]

    def _go(self, stream) -> None:  # type: ignore[no-untyped-def]
        if not hasattr(self, "_seen"):
            self._seen, self._asked = {}, {}
        while stream.inbox and not stream.busy and not stream.over:
            number = self._seen[stream.call] = self._seen.get(stream.call, -1) + 1
            if number == 0:
                self._asked[stream.call] = _wanted(stream.inbox[0])
            step, fault = self._asked[stream.call]
            if number == step and fault in IN_PLACE:
                if self._fail(stream, fault):
                    return
                continue
            rest = list(stream.inbox)[1:]
            for _ in rest:
                stream.inbox.pop()
            super()._go(stream)  # one message
            stream.inbox.extend(rest)
            if number == step and fault == "ok-after":
                self._end_ok(stream)
                return
        if not stream.inbox:
            super()._go(stream)

    def _end_ok(self, stream) -> None:  # type: ignore[no-untyped-def]
        if stream.call in self._streams:
            self._server.finish(stream.call, Status.OK)
            self._end(stream)
            self._flush()

    def _fail(self, stream, fault: str) -> bool:  # type: ignore[no-untyped-def]
        """Fail; say whether the stream goes no further."""
        stream.inbox.popleft()
        match fault:
            case "ok":
                self._end_ok(stream)
            case "error":
                self._server.finish(stream.call, Status.INTERNAL)
                self._end(stream)
            case "exception":
                self._break(stream, RuntimeError("on purpose"))
            case "reset":
                self._server._out.append(frame(Kind.RST_STREAM, 0, stream.call, pack(">I", Code.INTERNAL_ERROR)))
                self._end(stream)
            case "goaway":
                self._server.leave()
                self._flush()
                self.close()
            case "closed":
                assert self._transport is not None
                self._transport.abort()
            case "garbage":
                self._server._out.append(b"\xff" * 64)
            case "no-message":
                self._server.send(stream.call, b"\xff\xff\xff")
                return False
            case "out-of-order":
                odd = ProcessingResponse()
                odd.response_body.response.body_mutation.body = b"{}"
                self._server.send(stream.call, odd.SerializeToString())
                return False
            case "hang":
                stream.busy = True
            case "sigterm" | "sigkill" | "sigstop":
                os.kill(os.getpid(), getattr(signal, fault.upper()))
                stream.busy = True
        return True


def _wanted(message: bytes) -> tuple[int, str]:
    at = message.find(_MARK)
    if at < 0:
        return -1, ""
    _, step, fault, *_ = message[at + len(_MARK) :].split(b"|")
    return int(step), fault.decode()


async def serve(listening: int, bodies: str) -> None:
    decided = policy(bodies=bodies)
    gate = HttpGate(World(decided, decided.gates["api"], Keyring(), Notes(), now, lambda _text: None))
    gate.open()
    lines: set[Line] = set()
    method = Method(PATH)
    await asyncio.get_running_loop().create_unix_server(
        lambda: FaultyLine(gate._setting, lines, method), sock=socket.socket(fileno=listening)
    )
    print(os.getpid(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    while True:  # this process has imported everything, so that the next one is there in a moment
        if not os.fork():
            asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
        os.wait()
