r"""HTTP/2 on the server's side, as far as one gRPC method needs it: bytes in, events out, no socket.

The rule: what arrives is a whole message of a call that was opened for the method that is served, or it is no message.

>>> from ringfence.wire.http2 import Method, Server
>>> server = Server(Method(b"/shop.Orders/Watch"))
>>> server.receive(b"GET / HTTP/1.1\r\n\r\n")
Traceback (most recent call last):
ringfence.wire.http2.faults.RemoteError: PROTOCOL_ERROR: what begins here is not HTTP/2
"""

from ringfence.wire.http2.events import Ended, Event, HalfClosed, Leaving, Message, Opened
from ringfence.wire.http2.faults import LocalError, RemoteError
from ringfence.wire.http2.frames import PREFACE, Code, Flag, Kind, frame
from ringfence.wire.http2.server import Method, Server
from ringfence.wire.http2.status import Status

__all__ = [
    "PREFACE",
    "Code",
    "Ended",
    "Event",
    "Flag",
    "HalfClosed",
    "Kind",
    "Leaving",
    "LocalError",
    "Message",
    "Method",
    "Opened",
    "RemoteError",
    "Server",
    "Status",
    "frame",
]
