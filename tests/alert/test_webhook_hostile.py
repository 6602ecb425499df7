"""Receivers that are slow, rude or false: each attempt ends, follows nobody, and believes nothing but a status."""

import asyncio
import base64
import hmac
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from alert_plays import SECRET, Receiver, taken

from ringfence.alert import Message, Undelivered, webhook
from ringfence.alert.webhook import post
from tls_authority import Authority

NO_HTTP = r"not HTTP|no connection"  # by whichever end notices first
MESSAGE = Message("01msg", "refused", "2031-01-01T10:00:00.000000Z", "01x", '{"kind": "refused", "text": "ä"}')


def send(address: str, secret: str = SECRET, seconds: int = 1_925_028_000) -> str:
    return asyncio.run(post(address, secret, MESSAGE, seconds))


def test_a_message_is_signed_as_standard_webhooks_says() -> None:
    with Receiver() as receiver:
        assert send(receiver.address) == "HTTP 204"
    (got,) = receiver.got
    assert got.path == "/hook?x=1"
    assert got.raw == MESSAGE.body.encode()
    assert got.headers["content-type"] == "application/json"
    signed = f"01msg.{got.headers['webhook-timestamp']}.".encode() + got.raw
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    assert got.headers["webhook-id"] == "01msg"
    assert got.headers["webhook-timestamp"] == "1925028000"
    assert got.headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, signed, sha256)).decode()


def test_another_message_or_secret_has_another_signature() -> None:
    with Receiver() as receiver:
        send(receiver.address)
        send(receiver.address, "plain words")
        send(receiver.address, seconds=1)
    assert len({got.headers["webhook-signature"] for got in receiver.got}) == 3


def test_a_secret_that_is_no_base64_is_said_without_it() -> None:
    with pytest.raises(Undelivered, match="not base64") as error:
        send("http://127.0.0.1:9/", "whsec_%%hunter2")
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("status", "refused"),
    [(400, True), (401, True), (404, True), (410, True), (408, False), (429, False), (500, False), (503, False)],
)
def test_a_no_to_the_message_is_told_from_a_no_for_now(status: int, refused: bool) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with Receiver(answer=answer) as receiver, pytest.raises(Undelivered, match=f"^HTTP {status}$") as error:
        send(receiver.address)
    assert error.value.refused is refused


def test_no_redirect_is_followed() -> None:
    with Receiver() as elsewhere:

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(307)
            handler.send_header("Location", elsewhere.address)
            handler.end_headers()

        with Receiver(answer=answer) as receiver, pytest.raises(Undelivered, match="no redirect is followed"):
            send(receiver.address)
    assert elsewhere.got == []


@contextmanager
def raw_server(*pieces: bytes, closes: bool = True) -> Iterator[str]:
    """A server that answers with bytes of its own, whatever it was asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            client, _ = server.accept()
            held.append(client)
            request = b""
            while not request.endswith(MESSAGE.body.encode()):
                request += client.recv(65536)
            try:
                for piece in pieces:
                    client.sendall(piece)
            except OSError:
                return
            if closes:
                client.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        for each in held:
            each.close()


@pytest.mark.parametrize(
    ("pieces", "why"),
    [
        ((b"",), "not HTTP"),
        ((b"HTTP/1.1 200 OK\r\n",), "not HTTP"),
        ((b"SSH-2.0-OpenSSH\r\n\r\n",), "not HTTP"),
        ((b"HTTP/1.1 OK\r\n\r\n",), "not HTTP"),
        ((b"HTTP/1.1 200 OK\r\nX: ", b"x" * 100_000, b"\r\n\r\n"), NO_HTTP),
        ((b"x" * 10_000_000,), NO_HTTP),
    ],
)
def test_an_answer_that_is_none_is_a_failure_in_fixed_words(pieces: tuple[bytes, ...], why: str) -> None:
    with raw_server(*pieces) as address, pytest.raises(Undelivered, match=why):
        send(address)


def test_of_a_huge_body_only_the_head_is_read() -> None:
    with raw_server(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", b"x" * 100_000_000) as address:
        assert send(address) == "HTTP 200"


def test_who_never_answers_is_left_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "SECONDS", 0.3)
    began = time.monotonic()
    with raw_server(b"HTTP/1.1 200", closes=False) as address, pytest.raises(Undelivered, match="no answer within"):
        send(address)
    assert time.monotonic() - began < 10


def test_who_drips_is_left_after_the_same_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "SECONDS", 0.5)
    stop = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        while not stop.wait(0.05):
            try:
                handler.wfile.write(b"H")
            except OSError:
                return

    with Receiver(answer=drip) as receiver, pytest.raises(Undelivered, match="no answer within"):
        send(receiver.address)
    stop.set()


def test_nobody_there_is_said_without_the_address() -> None:
    with Receiver() as receiver:
        address = receiver.address
    with pytest.raises(Undelivered) as error:
        send(address)
    assert "127.0.0.1" not in str(error.value)


def test_tls_is_verified_for_the_hosts_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    issued = authority.issue("localhost")
    receiver = Receiver()
    receiver.open()
    receiver._server.socket = issued.server_context().wrap_socket(receiver._server.socket, server_side=True)
    try:
        webhook._context.cache_clear()
        with pytest.raises(Undelivered, match="no TLS that can be trusted"):
            send(f"https://localhost:{receiver.port}/hook")
        trusted = ssl.create_default_context(cafile=authority.file)
        monkeypatch.setattr(webhook, "_context", lambda: trusted)
        assert send(f"https://localhost:{receiver.port}/hook") == "HTTP 204"
        with pytest.raises(Undelivered, match="no TLS that can be trusted"):
            send(f"https://127.0.0.1:{receiver.port}/hook")
    finally:
        receiver.close()
    assert [json.loads(got.raw)["kind"] for got in receiver.got] == ["refused"]
    assert receiver.answer is taken
