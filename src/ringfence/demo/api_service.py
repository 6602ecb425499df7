"""The demo's service with an API: a shop's customers, orders and support, as JSON and CSV; real, and on loopback only.

The rule: it knows nothing of ringfence, and hides nothing: an answer holds all that it knows. A program of its own
(``python -m ringfence.demo.api_service``), over the same synthetic people as the rest of the demo. One path answers that its
description (``api.yaml``) does not name, and one that is described is asked for by nobody. It ends when its standard input does.
"""

import argparse
import csv
import io
import json
import traceback
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from ringfence.demo.people import Person, make_people
from ringfence.demo.service import announce, end_with_input

CUSTOMERS: Final = 24
MOST_BODY: Final = 64 * 1024  # bytes

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    server: "Api"

    def do_GET(self) -> None:
        """Answer what is asked for."""
        path = urlsplit(self.path).path.strip("/").split("/")
        match path:
            case ["customers", number] if number.isdecimal():
                self._about(number, _customer)
            case ["orders", number] if number.isdecimal():
                self._about(number, _order)
            case ["export", "customers"]:
                self._answer(HTTPStatus.OK, "text/csv; charset=utf-8", _export(self.server.people))
            case ["debug", "last-error"]:
                self._answer(HTTPStatus.OK, "text/plain; charset=utf-8", _failure(self.server.people[0]))
            case _:
                self._say(HTTPStatus.NOT_FOUND, {"error": "there is nothing here"})

    def do_POST(self) -> None:
        """Take a message to the support, and confirm it."""
        raw = read_body(self, MOST_BODY)
        if urlsplit(self.path).path != "/support":
            self._say(HTTPStatus.NOT_FOUND, {"error": "there is nothing here"})
            return
        try:
            written = json.loads(raw)
        except ValueError:
            self._say(HTTPStatus.BAD_REQUEST, {"error": "send JSON"})
            return
        self._say(
            HTTPStatus.CREATED, {"ticket": 1017, "email": written.get("email"), "message": written.get("message")}
        )

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the standard library)
        """Log nothing: the demo's logs are another scene's."""

    def _about(self, number: str, tell: Callable[[int, Person], Json]) -> None:
        people = self.server.people
        if not 0 < int(number) <= len(people):
            self._say(HTTPStatus.NOT_FOUND, {"error": "no such customer or order"})
            return
        self._say(HTTPStatus.OK, tell(int(number), people[int(number) - 1]))

    def _say(self, status: HTTPStatus, body: Json) -> None:
        self._answer(status, "application/json", json.dumps(body, ensure_ascii=False).encode())

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def read_body(request: BaseHTTPRequestHandler, most: int) -> bytes:
    """Read a request's body, told by its length or in chunks (RFC 9112, 7.1), up to so many octets."""
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return request.rfile.read(min(int(request.headers.get("Content-Length", 0)), most))
    body = bytearray()
    while size := int(request.rfile.readline(80).partition(b";")[0], 16):
        body += request.rfile.read(min(size, most))
        request.rfile.readline(80)
    while request.rfile.readline(8000).strip():  # trailers
        pass
    return bytes(body[:most])


class Api(ThreadingHTTPServer):
    """The service, on a port that the system gives."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.people = make_people(CUSTOMERS)


def _customer(number: int, person: Person) -> Json:
    return {
        "id": number,
        "name": person.name,
        "email": person.email,
        "phone": person.phone,
        "birth_date": person.birth_date.isoformat(),
        "segment": "returning" if number % 2 else "new",
    }


def _order(number: int, person: Person) -> Json:
    return {
        "id": number,
        "customer": {"name": person.name, "email": person.email},
        "card": person.card,
        "total": 1200 + number,
        "note": f"leave it with the neighbour, or call {person.phone}",
    }


def _export(people: Sequence[Person]) -> bytes:
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(("name", "email", "phone", "iban"))
    table.writerows((one.name, one.email, one.phone, one.iban or "") for one in people)
    return out.getvalue().encode()


def _failure(person: Person) -> bytes:
    """Give the trace of an error that quotes what it was about, as errors do."""
    declined = ValueError(f"card {person.card} of {person.email} was declined")
    return "".join(traceback.format_exception(declined)).encode()


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m ringfence.demo.api_service", description="A shop's API.")
    parser.add_argument("--port-file", type=Path, required=True, help="where to write the port that was taken")
    given = parser.parse_args()
    with Api() as server:
        announce(server.server_port, given.port_file)
        end_with_input(server)
        server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
