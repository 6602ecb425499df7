"""An issuer of tokens that publishes its key set over https, for tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from access_tokens import EC, published
from tls_authority import Authority


class Issuer:
    """An https server of one key set, which can be told to misbehave."""

    def __init__(self) -> None:
        self.status = 200
        self.body = published(EC)
        self.headers: dict[str, str] = {}
        self.asked = 0


@contextmanager
def issuer(authority: Authority) -> Iterator[tuple[Issuer, str]]:
    state = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked += 1
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(state.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = authority.issue("127.0.0.1").server_context().wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield state, f"https://127.0.0.1:{server.server_address[1]}/jwks"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
