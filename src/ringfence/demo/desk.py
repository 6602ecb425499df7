"""A desk that is told of alerts: a web server on this machine that keeps what it is sent, and when."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

from ringfence.stamps import stamp

MOST = 64 * 1024  # bytes of a message


@dataclass(frozen=True, slots=True)
class Told:
    """An alert, and the monotonic time at which it came."""

    at: float
    body: dict[str, object] = field(repr=False)

    @property
    def times(self) -> int:
        """For how many events it stands: what is alike is told once in a while, with its number."""
        count = self.body.get("count")
        return count if isinstance(count, int) else 1


@dataclass(slots=True)
class Desk:
    """What came so far of what happened since it opened: what an earlier run left to be told comes as well."""

    address: str
    opened: str = field(default_factory=lambda: stamp(datetime.now(UTC)))
    told: list[Told] = field(default_factory=list)

    def wait(self, many: int, seconds: float) -> list[Told]:
        """Wait until alerts for so many events are there, or the time is over; give them."""
        deadline = time.monotonic() + seconds
        while sum(told.times for told in self.told) < many and time.monotonic() < deadline:
            time.sleep(0.02)
        return list(self.told)


@contextmanager
def open_desk() -> Iterator[Desk]:
    """Open it; close it."""
    desk = Desk("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(min(MOST, int(self.headers.get("content-length", 0))))
            told = Told(time.monotonic(), json.loads(body))
            if str(told.body.get("since", told.body.get("at"))) >= desk.opened:
                desk.told.append(told)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    desk.address = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield desk
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
