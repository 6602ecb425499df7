"""What a client says, as values."""

from dataclasses import dataclass
from typing import TypeAlias

from ringfence.wire.postgres.message import Message

Pairs: TypeAlias = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True, repr=False)
class SSLRequest(Message):
    """Asks for TLS; answered with one byte."""


@dataclass(frozen=True, slots=True, repr=False)
class GSSENCRequest(Message):
    """Asks for GSSAPI encryption; answered with one byte."""


@dataclass(frozen=True, slots=True, repr=False)
class CancelRequest(Message):
    """Asks to cancel what another connection runs. The secret has 4 bytes in protocol 3.0, up to 256 in 3.2."""

    process: int
    secret: bytes


@dataclass(frozen=True, slots=True, repr=False)
class StartupMessage(Message):
    """Opens a session. `version` is the major number times 65536 plus the minor one."""

    version: int
    parameters: Pairs

    def parameter(self, name: bytes) -> bytes | None:
        """Give a parameter, the last where it is given twice, as the server reads it."""
        return dict(self.parameters).get(name)

    @property
    def asks_for_replication(self) -> bool:
        """Whether the session would be one of replication: any value of the parameter but a clear no."""
        value = self.parameter(b"replication")
        return value is not None and value.lower() not in _NO


_NO = frozenset(
    (b"f", b"fa", b"fal", b"fals", b"false", b"n", b"no", b"of", b"off", b"0")
)  # what parse_bool reads as one


@dataclass(frozen=True, slots=True, repr=False)
class PasswordMessage(Message):
    """A password."""

    password: bytes


@dataclass(frozen=True, slots=True, repr=False)
class SASLInitialResponse(Message):
    """The chosen mechanism, and what it says first."""

    mechanism: bytes
    data: bytes | None


@dataclass(frozen=True, slots=True, repr=False)
class SASLResponse(Message):
    """What the mechanism says next."""

    data: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Query(Message):
    """A text of statements to run."""

    text: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Parse(Message):
    """A statement to prepare, with the types of its first parameters; 0 where the server is to find out."""

    statement: bytes
    text: bytes
    types: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Bind(Message):
    """Values for a prepared statement. No formats: all text; one: all that; else one for each."""

    portal: bytes
    statement: bytes
    formats: tuple[int, ...] = ()
    values: tuple[bytes | None, ...] = ()
    result_formats: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Describe(Message):
    """Asks what a statement (`target` b"S") or a portal (b"P") gives."""

    target: bytes
    name: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Execute(Message):
    """Runs a portal; at most `rows` rows, 0 for all."""

    portal: bytes
    rows: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Close(Message):
    """Closes a statement (`target` b"S") or a portal (b"P")."""

    target: bytes
    name: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Sync(Message):
    """Ends what an error would make the server skip; answered by ReadyForQuery."""


@dataclass(frozen=True, slots=True, repr=False)
class Flush(Message):
    """Asks for what the server still holds back."""


@dataclass(frozen=True, slots=True, repr=False)
class FunctionCall(Message):
    """Calls a function by its number."""

    function: int
    formats: tuple[int, ...]
    values: tuple[bytes | None, ...]
    result_format: int


@dataclass(frozen=True, slots=True, repr=False)
class CopyFail(Message):
    """Ends a copy from the client: it failed there."""

    reason: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Terminate(Message):
    """Ends the session."""
