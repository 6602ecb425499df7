"""What a server says, as values."""

from dataclasses import dataclass

from ringfence.wire.postgres.layout import Column
from ringfence.wire.postgres.message import Message


@dataclass(frozen=True, slots=True, repr=False)
class Authentication(Message):
    """A step of authentication that has no value of its own here: `code` says which."""

    code: int
    data: bytes = b""


@dataclass(frozen=True, slots=True, repr=False)
class AuthenticationOk(Message):
    """The client is who it says."""


@dataclass(frozen=True, slots=True, repr=False)
class AuthenticationCleartextPassword(Message):
    """Asks for the password as it is."""


@dataclass(frozen=True, slots=True, repr=False)
class AuthenticationMD5Password(Message):
    """Asks for a hash of the password with this salt."""

    salt: bytes


@dataclass(frozen=True, slots=True, repr=False)
class AuthenticationSASL(Message):
    """Asks for SASL, by one of these mechanisms."""

    mechanisms: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, repr=False)
class AuthenticationSASLContinue(Message):
    """What the mechanism says next."""

    data: bytes


@dataclass(frozen=True, slots=True, repr=False)
class AuthenticationSASLFinal(Message):
    """What the mechanism says last."""

    data: bytes


@dataclass(frozen=True, slots=True, repr=False)
class NegotiateProtocolVersion(Message):
    """The newest version that the server speaks, and the options that it does not know."""

    version: int
    options: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class BackendKeyData(Message):
    """What a CancelRequest for this session has to say."""

    process: int
    secret: bytes


@dataclass(frozen=True, slots=True, repr=False)
class ParameterStatus(Message):
    """A setting's value, at the start and whenever it changes."""

    name: bytes
    value: bytes


@dataclass(frozen=True, slots=True, repr=False)
class ReadyForQuery(Message):
    """The server waits. `status` is b"I" outside of a transaction, b"T" inside, b"E" inside one that has failed."""

    status: bytes


@dataclass(frozen=True, slots=True, repr=False)
class RowDescription(Message):
    """The columns of the rows that follow or would follow."""

    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True, repr=False)
class ParameterDescription(Message):
    """The types of a statement's parameters."""

    types: tuple[int, ...]


@dataclass(frozen=True, slots=True, repr=False)
class DataRow(Message):
    """A row."""

    values: tuple[bytes | None, ...]


@dataclass(frozen=True, slots=True, repr=False)
class CommandComplete(Message):
    """A statement is done: its kind, and for how many rows."""

    tag: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Report(Message):
    """Fields of an error or a notice, each with its letter, in the order in which they came."""

    fields: tuple[tuple[str, bytes], ...]

    def field(self, letter: str) -> bytes | None:
        """Give the first field of a letter."""
        return next((text for known, text in self.fields if known == letter), None)


@dataclass(frozen=True, slots=True, repr=False)
class ErrorResponse(Report):
    """An error."""


@dataclass(frozen=True, slots=True, repr=False)
class NoticeResponse(Report):
    """A notice."""


@dataclass(frozen=True, slots=True, repr=False)
class NotificationResponse(Message):
    """What another session told this channel."""

    process: int
    channel: bytes
    payload: bytes


@dataclass(frozen=True, slots=True, repr=False)
class CopyResponse(Message):
    """A copy begins. `format` is 0 for text and csv, 1 for binary; `formats` is the same of each column."""

    format: int
    formats: tuple[int, ...]


@dataclass(frozen=True, slots=True, repr=False)
class CopyInResponse(CopyResponse):
    """From the client to the server."""


@dataclass(frozen=True, slots=True, repr=False)
class CopyOutResponse(CopyResponse):
    """From the server to the client."""


@dataclass(frozen=True, slots=True, repr=False)
class CopyBothResponse(CopyResponse):
    """Both ways: replication."""


@dataclass(frozen=True, slots=True, repr=False)
class FunctionCallResponse(Message):
    """What a function gave."""

    value: bytes | None


@dataclass(frozen=True, slots=True, repr=False)
class ParseComplete(Message):
    """A statement was prepared."""


@dataclass(frozen=True, slots=True, repr=False)
class BindComplete(Message):
    """Values were bound."""


@dataclass(frozen=True, slots=True, repr=False)
class CloseComplete(Message):
    """A statement or portal is closed, or was not there."""


@dataclass(frozen=True, slots=True, repr=False)
class EmptyQueryResponse(Message):
    """The text had no statement."""


@dataclass(frozen=True, slots=True, repr=False)
class NoData(Message):
    """No rows will come of it."""


@dataclass(frozen=True, slots=True, repr=False)
class PortalSuspended(Message):
    """As many rows came as were asked for; there may be more."""
