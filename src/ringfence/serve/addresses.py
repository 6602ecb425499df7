"""Addresses that gates and the health page listen on, and the sockets that are opened for them.

The rule: sockets are opened once, by the parent, before any worker runs, and handed down; so a worker that dies takes no
listening socket with it, and whoever connects meanwhile waits in the kernel's queue instead of being refused.

Several workers have a socket each where the system spreads connections over them (Linux, SO_REUSEPORT): of one that they share, the
first to wake takes all that have come, and a pool's sixteen connections were seen to end in one worker of two.
"""

import errno
import os
import socket
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ringfence.ledger.address import MOST_SOCKET_PATH
from ringfence.policy import Gate, Policy
from ringfence.serve.faults import ServeFault

BACKLOG = 1024  # connections that wait while no worker accepts; the kernel lowers it to net.core.somaxconn
MOST_PORT = 65535

_MENDS = {
    errno.EADDRINUSE: "stop what listens there, or take another port",
    errno.EACCES: "take a port above 1023, or give the program the right to bind it",
    errno.EADDRNOTAVAIL: "take an address that this machine has",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where something listens: a host and a port, or the path of a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str, where: str) -> Address:
    """Read ``host:port``, ``[IPv6]:port`` or ``unix:PATH``. `where` says in an error what was read.

    >>> str(parse_address("[::1]:6432", "gates.pg.listen")), parse_address("unix:/run/health", "--health").path
    ('[::1]:6432', '/run/health')
    """
    if text.startswith("unix:"):
        if not 0 < len(os.fsencode(text)) - len("unix:") <= MOST_SOCKET_PATH:
            raise ServeFault(f"{where}: no path, or one that is too long", "write `unix:/run/ringfence/health`")
        return Address(path=text.removeprefix("unix:"))
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not host or not _is_port(port) or (":" in host and not bracketed):
        raise ServeFault(f"{where}: not an address", "write `HOST:PORT`, `[IPv6]:PORT` or `unix:PATH`")
    return Address(host[1:-1] if bracketed else host, int(port))


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(MOST_PORT)) and int(text) <= MOST_PORT


def check_private(address: Address, where: str) -> None:
    """Refuse an address that other machines can reach."""
    if address.path or address.host == "localhost":
        return
    with suppress(ValueError):
        if ip_address(address.host).is_loopback:
            return
    raise ServeFault(f"{where}: other machines could reach it", "take 127.0.0.1, [::1] or unix:PATH")


def listen_on(address: Address, where: str) -> list[socket.socket]:
    """Open listening sockets: one for a Unix socket, else one for each address that the host's name has."""
    return listen_apart(address, where, 1)[0]


def listen_apart(address: Address, where: str, workers: int) -> list[list[socket.socket]]:
    """Open listening sockets for several workers: each one's own, or the same for all."""
    try:
        if address.path:
            return [[_listen_unix(address.path)]] * workers
        if workers == 1 or sys.platform != "linux":
            return [_listen_tcp(address)] * workers
        return _listen_spread(address, workers)
    except socket.gaierror:
        raise ServeFault(f"{where}: {address.host} has no address", "check the name, or write the address") from None
    except OSError as error:
        mend = _MENDS.get(error.errno or 0, "check the address")
        which = address.path or f"port {address.port}"  # the host is in the policy, and an IP address is not for logs
        raise ServeFault(f"{where}: {which}: {os.strerror(error.errno or 0)}", mend) from None


def _listen_spread(address: Address, workers: int) -> list[list[socket.socket]]:
    if address.port:
        for one in _listen_tcp(address):  # fails where anybody else listens; sockets that share a port would not
            one.close()
    first = _listen_tcp(address, shares=True)
    opened = [first]
    try:
        exact = address_of(first, address)
        opened.extend(_listen_tcp(exact, shares=True) for _ in range(1, workers))
    except OSError:
        for one in first:
            one.close()
        raise
    return opened


def _listen_tcp(address: Address, *, shares: bool = False) -> list[socket.socket]:
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    opened: list[socket.socket] = []
    try:
        for family, kind, protocol, _, where in dict.fromkeys(found):
            one = socket.socket(family, kind, protocol)
            opened.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shares:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(where)
            one.listen(BACKLOG)
            one.setblocking(False)
    except OSError:
        for one in opened:
            one.close()
        raise
    return opened


def _listen_unix(path: str) -> socket.socket:
    with suppress(OSError):
        if stat.S_ISSOCK(Path(path).lstat().st_mode) and not _answers(path):
            Path(path).unlink()  # of a program that is no longer there
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)  # nobody else's, from its first moment
    try:
        one.bind(path)
        one.listen(BACKLOG)
        one.setblocking(False)
    except OSError:
        one.close()
        raise
    finally:
        os.umask(before)
    return one


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
        return True


def address_of(sockets: Sequence[socket.socket], asked: Address) -> Address:
    """Say where sockets really listen: port 0 asks for any."""
    if asked.path or asked.port:
        return asked
    name = sockets[0].getsockname()
    return Address(asked.host, int(name[1]))


def upstream_hosts(policy: Policy, gate: Gate) -> frozenset[str]:
    """Give the hosts that the policy names as a gate's upstream: of these a message may tell.

    Nothing where the address cannot be read: what cannot be told apart is scrubbed.
    """
    behind = gate.upstreams if gate.upstream is None else (gate.upstream,)
    try:
        parts = [urlsplit(policy.assets[each].at) for each in behind]
        named = [name for each in parts for name in (each.hostname or "", *parse_qs(each.query).get("host", []))]
    except ValueError:
        return frozenset()
    return frozenset(filter(None, named))
