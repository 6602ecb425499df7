"""A PostgreSQL client that keeps every byte: what an answer holds is judged by all that came, errors and notices too.

The rule: it interprets as little as it can, and never repairs. It blocks, with a deadline on every read.
"""

import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, unquote, urlsplit

from scramp import ScramClient

PROTOCOL = 196608
PATIENCE = 60.0
READY, ERROR, NOTICE, ROW, DESCRIBED, COPY_DATA, COPY_IN = b"Z", b"E", b"N", b"D", b"T", b"d", b"G"


class Broken(Exception):
    """The server ended the connection."""


@dataclass(frozen=True)
class Reply:
    """Everything that came until the server was ready again."""

    messages: Sequence[tuple[bytes, bytes]]

    @cached_property
    def raw(self) -> bytes:
        """All bodies, each behind its type: what is searched, and compared."""
        return b"".join(kind + struct.pack("!I", len(body) + 4) + body for kind, body in self.messages)

    @cached_property
    def errors(self) -> Sequence[dict[str, str]]:
        """The fields of each error."""
        return [_fields(body) for kind, body in self.messages if kind == ERROR]

    @property
    def code(self) -> str:
        """The SQLSTATE of the first error; "" where there is none."""
        return self.errors[0].get("C", "") if self.errors else ""

    @cached_property
    def rows(self) -> list[tuple[bytes | None, ...]]:
        """The values of each row."""
        return [tuple(_values(body)) for kind, body in self.messages if kind == ROW]

    @property
    def copied(self) -> bytes:
        """What COPY brought."""
        return b"".join(body for kind, body in self.messages if kind == COPY_DATA)


class Wire:
    """A connection."""

    def __init__(self, dsn: str, **parameters: str) -> None:
        parts = urlsplit(dsn)
        self._buffer = b""
        self._socket = socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5432), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        settings = {"user": unquote(parts.username or ""), "database": unquote(parts.path[1:])}
        settings |= dict(parse_qsl(parts.query)) | parameters
        body = b"".join(one.encode() + b"\0" for pair in settings.items() for one in pair) + b"\0"
        self._socket.sendall(struct.pack("!II", len(body) + 8, PROTOCOL) + body)
        try:
            self._known(settings["user"], unquote(parts.password or ""))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def send(self, *messages: tuple[bytes, bytes]) -> None:
        """Send messages: types and bodies."""
        self._socket.sendall(b"".join(kind + struct.pack("!I", len(body) + 4) + body for kind, body in messages))

    def send_bytes(self, raw: bytes) -> None:
        self._socket.sendall(raw)

    def read(self) -> tuple[bytes, bytes]:
        """Read one message."""
        head = self._take(5)
        return head[:1], self._take(struct.unpack("!I", head[1:])[0] - 4)

    def until_ready(self, copy_in: bytes = b"") -> Reply:
        """Read until the server is ready. Where it asks for COPY data, give some."""
        messages = []
        while not messages or messages[-1][0] != READY:
            messages.append(self.read())
            if messages[-1][0] == COPY_IN:
                self.send((b"d", copy_in), (b"c", b""))
        return Reply(messages)

    def query(self, text: str, copy_in: bytes = b"") -> Reply:
        """Run a text by the simple protocol."""
        self.send((b"Q", text.encode() + b"\0"))
        return self.until_ready(copy_in)

    def execute(
        self,
        text: str,
        values: Sequence[str | None] = (),
        *,
        binary: bool = False,
        name: str = "",
        portal: str = "",
        rows: int = 0,
    ) -> Reply:
        """Run a statement by the extended protocol: Parse, Describe, Bind, Describe, Execute, Sync in one go."""
        statement, cursor = name.encode() + b"\0", portal.encode() + b"\0"
        self.send(
            (b"P", statement + text.encode() + b"\0" + struct.pack("!H", 0)),
            (b"D", b"S" + statement),
            (b"B", cursor + statement + _bound(values, binary=binary)),
            (b"D", b"P" + cursor),
            (b"E", cursor + struct.pack("!I", rows)),
            (b"S", b""),
        )
        return self.until_ready()

    def _known(self, user: str, password: str) -> None:
        """Authenticate, by SCRAM where that is asked for, and wait until the server is ready."""
        client = ScramClient(["SCRAM-SHA-256"], user, password or "none")
        while True:
            kind, body = self.read()
            if kind == ERROR:
                raise Broken(_fields(body).get("C", ""))
            if kind == READY:
                return
            if kind != b"R":
                continue
            method, rest = struct.unpack("!I", body[:4])[0], body[4:]
            if method == 10:
                first = client.get_client_first().encode()
                self.send((b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first))
            elif method == 11:
                client.set_server_first(rest.decode())
                self.send((b"p", client.get_client_final().encode()))
            elif method == 12:
                client.set_server_final(rest.decode())
            elif method:
                raise Broken(f"authentication of kind {method}")

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            piece = self._socket.recv(262144)
            if not piece:
                raise Broken("the connection ended")
            self._buffer += piece
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken


def _bound(values: Sequence[str | None], *, binary: bool) -> bytes:
    parts = [struct.pack("!HH", 0, len(values))]
    for value in values:
        raw = None if value is None else value.encode()
        parts.append(struct.pack("!i", -1) if raw is None else struct.pack("!i", len(raw)) + raw)
    return b"".join([*parts, struct.pack("!HH", 1, int(binary))])


def _fields(body: bytes) -> dict[str, str]:
    return {part[:1].decode(): part[1:].decode(errors="replace") for part in body.split(b"\0") if part}


def _values(body: bytes) -> list[bytes | None]:
    values: list[bytes | None] = []
    at = 2
    for _ in range(struct.unpack("!H", body[:2])[0]):
        size = struct.unpack("!i", body[at : at + 4])[0]
        at += 4
        values.append(None if size < 0 else body[at : at + size])
        at += max(size, 0)
    return values
