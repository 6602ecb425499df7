"""A small web shop's API, which logs as services do: too much.

The rule: it knows nothing of ringfence. It is a program of its own (``python -m ringfence.demo.service``), takes people's data by
HTTP on loopback, and writes access logs (combined format) and application logs (JSON) to standard output and stack traces to
standard error. The same lines go to a transcript inside its own zone, so that both sides of the boundary can be looked at. It
ends when its standard input does, so no driver that dies can leave it behind.
"""

import argparse
import json
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Order: TypeAlias = dict[str, str]

MOST_BODY = 64 * 1024  # bytes of a request
STREAMS = ("stdout", "stderr")


class GatewayError(Exception):
    """The card network said no."""


class PaymentDeclined(Exception):
    """A payment that was not taken."""


class Logs:
    """Both output streams, each with its transcript. A record is one write, so records of two requests do not mix."""

    def __init__(self, transcripts: Path) -> None:
        self._lock = threading.Lock()
        self._streams = {"stdout": sys.stdout.buffer, "stderr": sys.stderr.buffer}
        self._transcripts = {name: transcripts.joinpath(f"{name}.log").open("wb", buffering=0) for name in STREAMS}

    def write(self, stream: str, text: str) -> None:
        """Write one record, of one line or several."""
        raw = f"{text}\n".encode()
        with self._lock:
            self._transcripts[stream].write(raw)
            self._streams[stream].write(raw)
            self._streams[stream].flush()

    def app(self, level: str, logger: str, request: str, message: str, **more: Json) -> None:
        """Write a line of the application's log."""
        line = {"ts": _now(), "level": level, "logger": logger, "request": request, "message": message, **more}
        self.write("stdout", json.dumps(line))

    def failure(self, request: str, what: str) -> None:
        """Write the exception under way, with its stack."""
        self.write("stderr", f"{_now()} ERROR shop request={request} {what}\n{traceback.format_exc().rstrip()}")


class Shop:
    """What the service does: customers, orders, payments, notes to support, and a key that it rotates."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._customers: dict[str, Order] = {}

    def register(self, request: str, order: Order) -> HTTPStatus:
        """Take a customer."""
        self._customers[order["email"]] = order
        person = {key: order[key] for key in ("first_name", "last_name", "email", "phone", "birth_date")}
        ids: dict[str, Json] = {"ssn": order["ssn"]} if "ssn" in order else {}
        self._logs.app("INFO", "shop.customers", request, "customer registered", customer={**person, "ids": ids})
        return HTTPStatus.CREATED

    def order(self, request: str, order: Order) -> HTTPStatus:
        """Take an order and its payment."""
        cart: Json = [
            {"sku": "tea-4711", "quantity": 2, "price": 12.50},
            {"sku": "cup-0815", "quantity": 1, "price": 8.00},
        ]
        method: dict[str, Json] = {key: order[key] for key in ("card", "iban") if key in order}
        payment: dict[str, Json] = {"amount": 33.00, "currency": "EUR", "method": method}
        message = f"order placed by {order['email']}, will call {order['phone']} on delivery"
        self._logs.app("INFO", "shop.orders", request, message, order={"items": cart, "payment": payment}, took_ms=18)
        return HTTPStatus.CREATED

    def pay(self, request: str, order: Order) -> HTTPStatus:
        """Charge a card that the network declines."""
        try:
            _charge(order)
        except PaymentDeclined:
            self._logs.failure(request, "payment failed")
        return HTTPStatus.PAYMENT_REQUIRED

    def support(self, request: str, order: Order) -> HTTPStatus:
        """Take a note to support."""
        self._logs.app("INFO", "shop.support", request, f"note from {order['email']}: {order['note']}")
        return HTTPStatus.ACCEPTED

    def rotate(self, request: str, order: Order) -> HTTPStatus:  # noqa: ARG002 (one signature for all actions)
        """Make a new signing key, and log it whole: the mistake that no form mends."""
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        pem = (
            generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        )
        self._logs.write(
            "stderr", f"{_now()} DEBUG shop request={request} rotated signing key, now using\n{pem.rstrip()}"
        )
        return HTTPStatus.OK

    def account(self, request: str, order: Order) -> HTTPStatus:  # noqa: ARG002 (one signature for all actions)
        """Answer that the shop is there. Only the access log tells of it."""
        return HTTPStatus.OK


Action: TypeAlias = Callable[[Shop, str, Order], HTTPStatus]

ROUTES: Mapping[tuple[str, str], Action] = {
    ("GET", "/account"): Shop.account,
    ("POST", "/customers"): Shop.register,
    ("POST", "/orders"): Shop.order,
    ("POST", "/payments"): Shop.pay,
    ("POST", "/support"): Shop.support,
    ("POST", "/keys"): Shop.rotate,
}


def _charge(order: Order) -> None:
    try:
        _send_to_network(order)
    except GatewayError as error:
        raise PaymentDeclined(
            f"card {order['card']} of {order['email']} declined, call back {order['phone']}"
        ) from error


def _send_to_network(order: Order) -> None:
    raise GatewayError(f"code 51: insufficient funds, account {order.get('iban', 'none')}")


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: apart they wait for one another, 40 ms an answer
    server: "Server"

    def do_GET(self) -> None:
        """Answer a GET."""
        self._serve({})

    def do_POST(self) -> None:
        """Answer a POST, whose body is a flat JSON object."""
        try:
            length = min(int(self.headers.get("Content-Length", 0)), MOST_BODY)
            body = json.loads(self.rfile.read(length) or b"{}")
            self._serve({str(key): str(value) for key, value in body.items()})
        except (ValueError, AttributeError):
            self._answer(HTTPStatus.BAD_REQUEST)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the standard library)
        """Leave logging to `_answer`, which knows what came of the request."""

    def _serve(self, order: Order) -> None:
        action = ROUTES.get((self.command, urlsplit(self.path).path))
        try:
            status = action(self.server.shop, self._request, order) if action else HTTPStatus.NOT_FOUND
        except KeyError:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
        self._answer(status)

    @property
    def _request(self) -> str:
        return self.headers.get("X-Request-Id", "-")

    def _answer(self, status: HTTPStatus) -> None:
        """Log the access as a proxy in front would, with the client that it names; then answer."""
        raw = json.dumps({"status": status.phrase}).encode()
        client = self.headers.get("X-Forwarded-For", self.client_address[0])
        time = datetime.now(UTC).strftime("%d/%b/%Y:%H:%M:%S %z")
        agent = self.headers.get("User-Agent", "-")
        line = f'{client} - - [{time}] "{self.requestline}" {status.value} {len(raw)} "-" "{agent}" {self._request}'
        self.server.logs.write("stdout", line)
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


class Server(ThreadingHTTPServer):
    """The service's server: loopback only, on a port that the system gives."""

    daemon_threads = True

    def __init__(self, logs: Logs) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.logs = logs
        self.shop = Shop(logs)


def announce(port: int, file: Path) -> None:
    """Tell the port, in a file that appears whole."""
    new = file.with_name(f"{file.name}.new")
    new.write_text(str(port), encoding="ascii")
    new.replace(file)


def end_with_input(server: ThreadingHTTPServer) -> None:
    """Stop the server when standard input ends."""

    def wait() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        server.shutdown()

    threading.Thread(target=wait, daemon=True).start()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m ringfence.demo.service", description="A small web shop's API.")
    parser.add_argument("--port-file", type=Path, required=True, help="where to write the port that was taken")
    parser.add_argument(
        "--transcripts", type=Path, required=True, help="a folder for the service's own copy of its logs"
    )
    given = parser.parse_args()
    with Server(Logs(given.transcripts)) as server:
        announce(server.server_port, given.port_file)
        end_with_input(server)
        server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
