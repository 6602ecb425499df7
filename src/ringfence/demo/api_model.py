"""The demo's language model, somebody else's: it takes chats as such services do, answers in pieces, and keeps what it was told.

The rule: it knows nothing of ringfence. It writes every request's body to a file, which is what its owner could read, and answers
with what was said last, three characters at a time. A program of its own (``python -m ringfence.demo.api_model``), on loopback; it
ends when its standard input does.
"""

import argparse
import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Final

from ringfence.demo.api_service import read_body
from ringfence.demo.service import announce, end_with_input

MOST_BODY: Final = 1024 * 1024  # bytes
PIECE: Final = 3  # characters of an answer that come together
_CHAT: Final = "/v1/chat/completions"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: "Model"

    def do_POST(self) -> None:
        """Answer a chat, as a stream of events or whole."""
        raw = read_body(self, MOST_BODY)
        self.server.keep(raw)
        try:
            asked = json.loads(raw)
            said = f"You asked me to write: {asked['messages'][-1]['content']}"
        except (ValueError, LookupError, TypeError):
            self._whole(HTTPStatus.BAD_REQUEST, {"error": {"message": "send a chat"}})
            return
        if self.path != _CHAT:
            self._whole(HTTPStatus.NOT_FOUND, {"error": {"message": "there is nothing here"}})
        elif asked.get("stream"):
            self._stream(said)
        else:
            message = {"role": "assistant", "content": said}
            self._whole(HTTPStatus.OK, {"object": "chat.completion", "choices": [{"index": 0, "message": message}]})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the standard library)
        """Log nothing: what was told it stands in its file."""

    def _whole(self, status: HTTPStatus, body: object) -> None:
        raw = json.dumps(body).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _stream(self, said: str) -> None:
        self.send_response_only(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for at in range(0, len(said), PIECE):
            delta = {"index": 0, "delta": {"content": said[at : at + PIECE]}}
            self._event(json.dumps({"object": "chat.completion.chunk", "choices": [delta]}))
        self._event("[DONE]")

    def _event(self, data: str) -> None:
        self.wfile.write(f"data: {data}\n\n".encode())
        self.wfile.flush()


class Model(ThreadingHTTPServer):
    """The model's server, on a port that the system gives."""

    daemon_threads = True

    def __init__(self, heard: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self._heard = heard.open("wb", buffering=0)
        self._lock = Lock()

    def keep(self, body: bytes) -> None:
        """Keep what was told."""
        with self._lock:
            self._heard.write(body + b"\n")


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m ringfence.demo.api_model", description="A language model.")
    parser.add_argument("--port-file", type=Path, required=True, help="where to write the port that was taken")
    parser.add_argument("--heard", type=Path, required=True, help="where to keep what it is told")
    given = parser.parse_args()
    with Model(given.heard) as server:
        announce(server.server_port, given.port_file)
        end_with_input(server)
        server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
