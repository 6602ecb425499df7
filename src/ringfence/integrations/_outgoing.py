"""A client's request and its answer, as a transport takes them across: what is the same for every library, waiting or blocking.

The rule: a request goes to where an asset of the gate is, by scheme, host and port exactly, or nowhere; what was asked for, and is
recorded where it is refused, is what the one who carries it would have connected to.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import TypeAlias

from ringfence.gates.http.destinations import CONNECT, is_address
from ringfence.gates.http.edits import RequestHead
from ringfence.gates.http.local import BadMessage, Going, LocalExchange, Message, Rim
from ringfence.gates.http.media import Fields
from ringfence.gates.http.targets import normalised
from ringfence.integrations._gate import LocalGate
from ringfence.policy.fronting import PORTS

Pull: TypeAlias = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """What a client asks. `target` is path and query."""

    method: str
    scheme: str
    host: str
    port: int | None
    target: str
    fields: Fields

    @property
    def authority(self) -> str:
        """Where it goes."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self._port}"

    @property
    def place(self) -> tuple[str, str, int]:
        """Where it goes, as assets are found by it."""
        host = self.host.lower()
        return (self.scheme, str(ip_address(host)) if is_address(host) else host, self._port)

    @property
    def _port(self) -> int:
        return self.port if self.port is not None else PORTS.get(self.scheme, 0)


class Pieces:
    """What gives octets, piece by piece. `fault` is what it raised, which is the program's own affair or the network's."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self.fault: BaseException | None = None

    async def __call__(self) -> bytes:
        """Give the next octets, b"" at the end. Never waits."""
        try:
            return next((piece for piece in self._pieces if piece), b"")
        except BaseException as fault:
            self.fault = fault
            raise


class Outgoing:
    """One request on its way: what goes of it, and then of its answer. `close` it, however it came to its end."""

    def __init__(self, exchange: LocalExchange, message: Message, pull: Pull, target: str, going: Going, first: bytes):
        self._exchange = exchange
        self._message = message
        self._pull = pull
        self.target = target
        self.going = going
        self.first = first

    async def rest(self) -> bytes:
        """Give the next of the request's body after `first`, b"" at its end. Raises `Refused`."""
        return await self._message.through(self._pull)

    async def answer(self, status: int, fields: Fields, pull: Pull) -> "Incoming":
        """Take the head of the answer across, and as much of the body as may go at first. Raises `Refused`."""
        pull, is_empty = await _peeked(pull)
        message = await self._exchange.response(status, fields, is_empty=is_empty)
        first = await message.through(pull)
        return Incoming(message, pull, message.going(first), first)

    def close(self) -> None:
        """Close what was opened."""
        self._exchange.close()


class Incoming:
    """The answer: its head, and what comes of its body."""

    def __init__(self, message: Message, pull: Pull, going: Going, first: bytes) -> None:
        self._message = message
        self._pull = pull
        self.going = going
        self.first = first

    async def rest(self) -> bytes:
        """Give the next of the body after `first`, b"" at its end. Raises `Refused`."""
        return await self._message.through(self._pull)


class Outlet:
    """A gate as a transport has it: where its requests may go."""

    def __init__(self, gate: LocalGate) -> None:
        self.gate = gate
        gate.destinations()  # what is wrong with an address is said now

    async def ask(self, rim: Rim, request: Request, pull: Pull) -> Outgoing:
        """Take a request's head across, and as much of its body as may go at first. Raises `Refused`, `BadTarget`, `BadMessage`."""
        raw, is_query, query = request.target.partition("?")
        side = self.gate.destinations().get(request.place)
        pull, is_empty = await _peeked(pull)
        path = normalised(raw) if side is not None and request.method != CONNECT else raw
        head = RequestHead(request.method, path, request.fields, is_empty, query if is_query else None)
        exchange = LocalExchange(replace(rim, side=side) if side is not None else rim)
        try:
            if side is None or head.method == CONNECT:
                await exchange.refuse(head, request.authority)
            _check_host(request)
            message = await exchange.request(head)
            first = await message.through(pull)
        except BaseException:
            exchange.close()
            raise
        going = message.going(first)
        new = going.query if going.query is not None else head.query
        return Outgoing(exchange, message, pull, path if new is None else f"{path}?{new}", going, first)


async def _peeked(pull: Pull) -> tuple[Pull, bool]:
    """Look whether anything comes; give what gives it all the same."""
    first = await pull()
    left = [first] if first else []

    async def again() -> bytes:
        if left:
            return left.pop()
        return await pull() if first else b""

    return again, not first


def _check_host(request: Request) -> None:
    """See that the host which is named is the one that is asked: a service may serve another than whom the policy names."""
    bare = request.authority.rpartition(":")[0] if request.port in (None, PORTS.get(request.scheme)) else ""
    named = [value.lower() for name, value in request.fields if name == "host"]
    if any(value not in (request.authority.lower(), bare.lower()) for value in named):
        raise BadMessage("a `Host` that is not the host of the address")
