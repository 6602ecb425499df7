"""What the tests of alerts share: a receiver that is a real HTTP server, a ledger, a policy, and a sender that runs beside them."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ringfence.alert import Sender, Spool, Surroundings
from ringfence.ledger import JsonValue, Ledger, LedgerUnavailable, Receipt, create_ledger, make_keys
from ringfence.ledger.faults import Fault
from ringfence.policy import Policy, read
from ringfence.serve.log import Log, LogFormat

SECRET = "whsec_" + "c3ludGhldGljIHNlY3JldCBvZiB0ZXN0cw=="
SECONDS = 30.0  # within which whatever is awaited must happen on a busy machine

POLICY = """
version: 1
zones: {core: {label: high sensitivity}, outside: {label: public, controlled: false}}
assets: {app: {zone: core, kind: service}}
flows: [{id: reads, from: app, to: outside, carry: {user.contact.email: mask, user.name: clear}, else: redact}]
"""
RULES = """
receivers: {ops: {webhook: "http://127.0.0.1:%d/hook?x=1", secret: "env:OPS_SECRET"}}
alert: {on: [refused, undeclared, drift, probe-leak, volume], to: [ops], within: 1h, most: 1000 per 1h}
"""


@dataclass
class Got:
    """A request that a receiver got."""

    path: str
    headers: Mapping[str, str]
    raw: bytes
    at: float  # monotonic

    @property
    def body(self) -> dict[str, object]:
        return json.loads(self.raw)


def taken(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(204)
    handler.end_headers()


@dataclass
class Receiver:
    """A webhook's other end. `answer` says what it does with a request."""

    port: int = 0
    answer: Callable[[BaseHTTPRequestHandler], None] = taken
    got: list[Got] = field(default_factory=list)

    def __enter__(self) -> "Receiver":
        return self.open()

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def open(self) -> "Receiver":
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                got = Got(
                    self.path, {name.lower(): value for name, value in self.headers.items()}, raw, time.monotonic()
                )
                receiver.got.append(got)
                receiver.answer(self)

            def log_message(self, *_arguments: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_arguments: object) -> None:
                pass  # a client that went away

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def close(self) -> None:
        """Go away: from now on a connection is refused."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?x=1"

    def ids(self) -> list[str]:
        return [got.headers["webhook-id"] for got in self.got]


class Appender:
    """A ledger that this process owns, as the sender sees it. `fails`: its disk is full."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.fails = False

    async def append(self, entries: Sequence[Mapping[str, JsonValue]]) -> list[Receipt]:
        if self.fails:
            raise LedgerUnavailable(Fault.FULL)
        return self.ledger.append(entries)


@dataclass
class House:
    """A home with a ledger, a policy whose alerts go to a receiver, and what a sender needs."""

    folder: Path
    policy: Policy
    ledger: Ledger
    appender: Appender
    log: list[bytes] = field(default_factory=list)
    number: int = 0

    def write(self, kind: str, **more: JsonValue) -> str:
        """Write an entry, as a gate would; give its crossing."""
        self.number += 1
        crossing = f"{self.number:026d}"
        entry: dict[str, JsonValue] = {
            "v": 1,
            "id": f"{crossing}.1",
            "crossing": crossing,
            "kind": kind,
            "flow": "reads",
        }
        entry |= {"gate": "pg", "from": "core", "to": "outside", "principal": "ada", "role": "support"}
        entry |= {"at": "2031-01-01T10:00:00.000000Z", **more}
        self.ledger.append([entry])
        return crossing

    def refuse(self, principal: str = "ada", **more: JsonValue) -> str:
        return self.write("refused", principal=principal, refused="category-denied", category="user.name", **more)

    @asynccontextmanager
    async def sending(self, clock: Callable[[], float] = time.time) -> AsyncIterator[Sender]:
        """A sender that runs, and ends in good order."""
        place = Surroundings({"OPS_SECRET": SECRET}, self.folder)
        log = Log(LogFormat.JSON, write=self.log.append)
        with Spool(self.folder / "alerts.db") as spool:
            sender = Sender(self.policy, place, self.ledger.file, self.appender, spool, log, clock)
            ready = asyncio.Event()
            running = asyncio.create_task(sender.run(ready.set))
            await ready.wait()
            try:
                yield sender
            finally:
                sender.end()
                await running


def make_house(folder: Path, port: int, rules: str = RULES) -> House:
    key = make_keys(folder / "ledger.key", folder / "ledger.pub", "ringfence/feedfacefeedface/0")
    create_ledger(folder / "ledger.db", key)
    ledger = Ledger(folder / "ledger.db", key)
    return House(folder, policy_of(port, rules), ledger, Appender(ledger))


def policy_of(port: int, rules: str = RULES) -> Policy:
    return read("p", {"p": POLICY + (rules % port if "%d" in rules else rules)}, {})


def fact(category: str, *, how: str = "found", rule: str = "flows.reads.else", count: int = 1) -> JsonValue:
    return {"category": category, "how": how, "rule": rule, "count": count, "form": "redact"}


async def until(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        await asyncio.sleep(0.01)
