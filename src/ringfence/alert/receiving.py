"""One message to one receiver: webhook, syslog, standard output, or whatever `apprise` knows.

The rule: each attempt reads the credential anew, so that one that was changed is used at once; it ends within its deadline; and
what is said of a failure names neither address nor credential, for both may be secret.
"""

import asyncio
import json
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from ringfence.access.faults import AccessFault
from ringfence.access.secrets import secret_at
from ringfence.alert.telling import Message
from ringfence.alert.webhook import Undelivered, post
from ringfence.extras import install_line
from ringfence.policy.alerts import Receiver

EXTRA, MODULE = "alerts", "apprise"
SECONDS = 30.0  # for what apprise does, which may be a conversation by mail
_AUDIT_WARNING = 13 * 8 + 4  # RFC 5424: facility 13 (log audit), severity 4
_MOST_DATAGRAM = 8192  # bytes; longer than any message

_Place: TypeAlias = "str | tuple[str, int]"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where credentials are: the environment, and the policy's folder."""

    environment: Mapping[str, str]
    folder: Path


async def deliver(receiver: Receiver, message: Message, place: Surroundings) -> str:
    """Send a message; give what came back in words. Raises `Undelivered`."""
    message = message.linked(receiver.link)
    match receiver.kind:
        case "webhook":
            return await post(receiver.at, _secret(receiver, place), message, int(time.time()))
        case "apprise":
            return await _by_apprise(_secret(receiver, place), message)
        case "syslog":
            return await asyncio.to_thread(_to_syslog, receiver.at, message)
        case "stdout":
            return await asyncio.to_thread(_to_stdout, message)


def _secret(receiver: Receiver, place: Surroundings) -> str:
    try:
        return secret_at(receiver.secret, place.environment, place.folder, f"receiver {receiver.name}'s secret")
    except AccessFault as error:
        raise Undelivered(error.what) from None


def _to_stdout(message: Message) -> str:
    line = message.body.encode() + b"\n"
    try:
        while line:
            line = line[os.write(1, line) :]
    except OSError as error:
        raise Undelivered(f"standard output cannot be written ({type(error).__name__})") from None
    return "written"


def syslog_line(message: Message, host: str, process: int) -> bytes:
    """Write a message as RFC 5424 has it; its text is the JSON."""
    head = f"<{_AUDIT_WARNING}>1 {message.at} {host} ringfence {process} {message.kind} - "
    return (head.encode("ascii", "replace") + json.dumps(json.loads(message.body)).encode())[:_MOST_DATAGRAM]


def _to_syslog(at: str, message: Message) -> str:
    kind, _, rest = at.partition(":")
    line = syslog_line(message, socket.gethostname() or "-", os.getpid())
    try:
        if kind == "unix":
            _send(socket.AF_UNIX, rest, line)
            return "sent"
        host, _, port = rest.rpartition(":")
        family, _, _, _, where = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)[0]
        _send(family, (str(where[0]), int(where[1])), line)
    except OSError as error:
        raise Undelivered(f"the syslog cannot be reached ({type(error).__name__})") from None
    return "sent; a datagram has no answer"


def _send(family: socket.AddressFamily, where: _Place, line: bytes) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as out:
        out.settimeout(SECONDS)
        out.connect(where)
        out.send(line)


async def _by_apprise(address: str, message: Message) -> str:
    if find_spec(MODULE) is None:
        raise Undelivered(f"the package {MODULE} is not installed: {install_line(EXTRA)}")
    try:
        async with asyncio.timeout(SECONDS):
            taken = await asyncio.to_thread(_notify, address, message)
    except TimeoutError:
        raise Undelivered(f"no answer within {SECONDS:.0f} seconds") from None
    if taken is None:
        raise Undelivered("apprise does not know such an address")
    if not taken:
        raise Undelivered("apprise could not deliver it")
    return "taken"


def _notify(address: str, message: Message) -> bool | None:
    import apprise

    told = apprise.Apprise()
    with suppress(Exception):  # a plugin's own error may quote the address: only that it failed is told
        if not told.add(address):
            return None
        return bool(told.notify(title=message.text, body=_lines(message), body_format=apprise.NotifyFormat.TEXT))
    return False


def _lines(message: Message) -> str:
    return "\n".join(f"{name}: {value}" for name, value in json.loads(message.body).items() if name != "text")
