"""The log store outside the boundary: takes lines by HTTP and keeps them, as they come.

The rule: it knows nothing of ringfence and changes nothing. A program of its own (``python -m ringfence.demo.saas``), on loopback;
what a stream brought is in a file of the stream's name, and whatever stands there has left the core. It ends when its standard
input does.
"""

import argparse
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock

from ringfence.demo.service import STREAMS, announce, end_with_input

MOST_BODY = 4 * 1024 * 1024  # bytes of one delivery


class Handler(BaseHTTPRequestHandler):
    """One connection of a shipper."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: apart they wait for one another, 40 ms an answer
    server: "Store"

    def do_POST(self) -> None:
        """Keep what is delivered to ``/STREAM``."""
        stream = self.path.removeprefix("/")
        length = int(self.headers.get("Content-Length", 0))
        if stream not in STREAMS or length > MOST_BODY:
            self._answer(HTTPStatus.BAD_REQUEST)
            return
        self.server.keep(stream, self.rfile.read(length))
        self._answer(HTTPStatus.ACCEPTED)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the standard library)
        """Log nothing: what arrives is the log."""

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response_only(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Store(ThreadingHTTPServer):
    """The store's server, on a port that the system gives."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self._files = {name: folder.joinpath(f"{name}.log").open("wb", buffering=0) for name in STREAMS}
        self._lock = Lock()

    def keep(self, stream: str, lines: bytes) -> None:
        """Keep lines of a stream."""
        with self._lock:
            self._files[stream].write(lines)


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m ringfence.demo.saas", description="A log store.")
    parser.add_argument("--port-file", type=Path, required=True, help="where to write the port that was taken")
    parser.add_argument("--folder", type=Path, required=True, help="where to keep what arrives")
    given = parser.parse_args()
    with Store(given.folder) as server:
        announce(server.server_port, given.port_file)
        end_with_input(server)
        server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
