"""What can be wrong with a conversation, by who is at fault.

The rule: neither error holds a byte of a payload. Numbers and names of messages are all that they quote.
"""


class LocalError(Exception):
    """A mistake on this side: it asked for what the protocol does not allow."""


class RemoteError(Exception):
    """The other side sent what the protocol does not allow. The connection cannot go on: where a message begins is not known.

    `code` is the SQLSTATE that a client is told.
    """

    code = "08P01"
