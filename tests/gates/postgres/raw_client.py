"""A client that says exactly what a test tells it to, byte by byte, after it has logged in."""

import socket
import struct
from collections.abc import Sequence

from gate_house import PASSWORD, House
from scramp import ScramClient

Message = tuple[str, bytes]


def message(letter: str, body: bytes = b"") -> bytes:
    return letter.encode() + struct.pack("!i", len(body) + 4) + body


def query(text: str) -> bytes:
    return message("Q", text.encode() + b"\0")


def parse(name: str, text: str, types: Sequence[int] = ()) -> bytes:
    return message(
        "P", name.encode() + b"\0" + text.encode() + b"\0" + struct.pack(f"!H{len(types)}I", len(types), *types)
    )


def bind(portal: str, statement: str, values: Sequence[bytes | None] = (), formats: Sequence[int] = ()) -> bytes:
    body = portal.encode() + b"\0" + statement.encode() + b"\0\0\0" + struct.pack("!H", len(values))
    for value in values:
        body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
    return message("B", body + struct.pack(f"!H{len(formats)}H", len(formats), *formats))


def describe(kind: str, name: str) -> bytes:
    return message("D", kind.encode() + name.encode() + b"\0")


def execute(portal: str = "", rows: int = 0) -> bytes:
    return message("E", portal.encode() + b"\0" + struct.pack("!i", rows))


def close(kind: str, name: str) -> bytes:
    return message("C", kind.encode() + name.encode() + b"\0")


SYNC = message("S")
FLUSH = message("H")


class RawClient:
    """A connection to a gate."""

    def __init__(self, gate: House, user: str = "ana", **parameters: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", gate.port), timeout=20)
        self._buffer = b""
        given = {"user": user, "database": gate.database, **parameters}
        body = struct.pack("!i", 196608) + b"".join(f"{k}\0{v}\0".encode() for k, v in given.items()) + b"\0"
        self.send(struct.pack("!i", len(body) + 4) + body)
        self._log_in(user)
        self.greeting = self.until("Z")
        self.key = next(body for letter, body in self.greeting if letter == "K")

    def _log_in(self, user: str) -> None:
        _, asked = self.next()
        assert asked[:4] == struct.pack("!i", 10), asked
        client = ScramClient(["SCRAM-SHA-256"], user, PASSWORD)
        first = client.get_client_first().encode()
        self.send(message("p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(first)) + first))
        client.set_server_first(self.next()[1][4:].decode())
        self.send(message("p", client.get_client_final().encode()))
        client.set_server_final(self.next()[1][4:].decode())

    def send(self, *data: bytes) -> None:
        self.socket.sendall(b"".join(data))

    def next(self) -> Message:
        while len(self._buffer) < 5 or len(self._buffer) < 1 + struct.unpack("!i", self._buffer[1:5])[0]:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self._buffer += data
        size = 1 + struct.unpack("!i", self._buffer[1:5])[0]
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return chr(found[0]), found[5:]

    def until(self, letter: str, times: int = 1) -> list[Message]:
        """Give what comes up to the n-th message of a kind."""
        found: list[Message] = []
        while times:
            found.append(self.next())
            times -= found[-1][0] == letter
        return found

    def ask(self, *data: bytes) -> list[Message]:
        """Send, and give everything up to ReadyForQuery."""
        self.send(*data)
        return self.until("Z")

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> "RawClient":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def letters(messages: Sequence[Message]) -> str:
    return "".join(letter for letter, _ in messages)


def cells(messages: Sequence[Message]) -> list[list[bytes | None]]:
    """Give the rows of an answer."""
    rows = []
    for letter, body in messages:
        if letter != "D":
            continue
        at, row = 2, []
        for _ in range(struct.unpack("!H", body[:2])[0]):
            size = struct.unpack("!i", body[at : at + 4])[0]
            row.append(None if size < 0 else body[at + 4 : at + 4 + size])
            at += 4 + max(size, 0)
        rows.append(row)
    return rows


def code(messages: Sequence[Message]) -> str:
    """Give the SQLSTATE of the first error of an answer."""
    body = next(body for letter, body in messages if letter == "E")
    return next(part[1:].decode() for part in body.split(b"\0") if part[:1] == b"C")
