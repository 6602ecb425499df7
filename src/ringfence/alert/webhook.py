"""A webhook: one signed POST over HTTP/1.1, and the status that comes back.

The rule: the receiver is not trusted. Everything has one deadline, of the answer only the head is read and at most `MOST_HEAD`
bytes of it, no redirect is followed, the certificate is verified for the host's name, and nothing that came back is passed on but
its status. What is signed is what is sent.

The signature is that of Standard Webhooks (https://www.standardwebhooks.com): `webhook-id` names the message, and is the same
however often it is sent; `webhook-timestamp` is the second of this attempt; `webhook-signature` is ``v1,`` and the base64 of
HMAC-SHA256(secret, ``id.timestamp.body``). A secret that begins with ``whsec_`` is the base64 of the key, any other is the key.
"""

import asyncio
import base64
import binascii
import hmac
import ssl
from contextlib import suppress
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import urlsplit

from ringfence.alert.telling import Message

SECONDS = 10.0  # for all of it, from connecting to the status
MOST_HEAD = 8192  # bytes of an answer
PREFIX = "whsec_"
_PORTS = {"http": 80, "https": 443}
_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class Undelivered(Exception):
    """A message that a receiver did not take. `refused`: it said no to this message, so others may yet go through."""

    def __init__(self, why: str, *, refused: bool = False) -> None:
        self.why = why
        self.refused = refused
        super().__init__(why)


def key_of(secret: str) -> bytes:
    """Give the key that a secret stands for. Raises `Undelivered` where it is none.

    >>> key_of("whsec_c2VjcmV0"), key_of("secret")
    (b'secret', b'secret')
    """
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise Undelivered("the secret begins with whsec_, and what follows is not base64") from None


def sign(key: bytes, name: str, timestamp: int, body: bytes) -> str:
    """Sign a message.

    >>> key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    >>> sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{name}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, sha256)).decode()


async def post(address: str, secret: str, message: Message, timestamp: int) -> str:
    """Send a message; give what came back in words. Raises `Undelivered`."""
    request = _request(address, secret, message, timestamp)
    try:
        async with asyncio.timeout(SECONDS):
            status = await _exchange(address, request)
    except TimeoutError:
        raise Undelivered(f"no answer within {SECONDS:.0f} seconds") from None
    except ssl.SSLError:
        raise Undelivered("no TLS that can be trusted") from None
    except OSError as error:
        raise Undelivered(f"no connection ({type(error).__name__})") from None
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        raise Undelivered("the answer is not HTTP") from None
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return f"HTTP {status}"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise Undelivered(f"HTTP {status}: it sends elsewhere, and no redirect is followed", refused=True)
    is_refusal = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _AGAIN
    raise Undelivered(f"HTTP {status}", refused=is_refusal)


def _request(address: str, secret: str, message: Message, timestamp: int) -> bytes:
    parts = urlsplit(address)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    body = message.body.encode()
    lines = (
        f"POST {target} HTTP/1.1",
        f"Host: {parts.netloc}",
        "User-Agent: ringfence",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"webhook-id: {message.id}",
        f"webhook-timestamp: {timestamp}",
        f"webhook-signature: {sign(key_of(secret), message.id, timestamp, body)}",
        "Connection: close",
    )
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


async def _exchange(address: str, request: bytes) -> int:
    parts = urlsplit(address)
    tls = _context() if parts.scheme == "https" else None
    reader, writer = await asyncio.open_connection(
        parts.hostname, parts.port or _PORTS[parts.scheme], ssl=tls, limit=MOST_HEAD
    )
    try:
        with suppress(ConnectionError):  # it may answer before it has read everything, and close
            writer.write(request)
            await writer.drain()
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            version, _, rest = head.partition(b" ")
            if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
                raise ValueError
            status = int(rest[:3])
            if status >= HTTPStatus.OK:  # what comes before is a word of patience
                return status
    finally:
        transport = writer.transport
        transport.abort()


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()
