"""What can be wrong with an HTTP/2 conversation, by who is at fault.

The rule: neither error holds a byte of a payload or of a header.
"""

from ringfence.wire.http2.frames import Code


class LocalError(Exception):
    """A mistake on this side: it asked for what the protocol does not allow."""


class RemoteError(Exception):
    """The other side sent what the protocol does not allow. The connection is over: nothing after this can be read."""

    def __init__(self, code: Code, what: str) -> None:
        self.code = code
        self.what = what
        super().__init__(f"{code.name}: {what}")
