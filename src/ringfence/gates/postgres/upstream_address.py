"""Where an upstream is and how it is spoken to: an asset's `at`, read once, and the secret of a login.

The rule: over a network only TLS with a certificate that was verified for the host's name; loopback and Unix sockets may do
without. There is no weaker way to ask for. A user or a password inside the address is not used and not kept: a gate logs in by
role.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from ringfence.access.faults import AccessFault
from ringfence.access.secrets import secret_at
from ringfence.policy.model import Login

DEFAULT_PORT = 5432
VERIFY_FULL, DISABLE = "verify-full", "disable"
SYSTEM = "system"  # sslrootcert: the machine's own authorities, also the default
_FILES = ("sslrootcert", "sslcert", "sslkey")
_KNOWN = frozenset({"sslmode", "host", "port", *_FILES})
_LIKE = "write postgresql://db.example.com:5432/shop?sslmode=verify-full"


class BadAddress(AccessFault):
    """An asset's `at` that is not the address of a PostgreSQL server, or not one that may be used."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is. `socket` is a Unix socket's path, "" for TCP; `tls` None for plain."""

    host: str
    port: int
    database: str
    socket: str = ""
    tls: ssl.SSLContext | None = None

    @property
    def is_private(self) -> bool:
        """Whether nobody on a network can listen: TLS, loopback or a Unix socket."""
        return self.tls is not None or bool(self.socket) or _is_loopback(self.host)

    @property
    def shown(self) -> str:
        """Say it, as errors do."""
        return self.socket or f"{self.host}:{self.port}"


def parse_address(at: str, folder: Path) -> Address:
    """Read ``postgresql://host:port/database?sslmode=verify-full&sslrootcert=FILE``; files lie beside the policy, in `folder`.

    A Unix socket: ``postgresql:///database?host=/run/postgresql``. Raises `BadAddress`.
    """
    parts = _split(at)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(options.keys() - _KNOWN)
    if unknown:
        raise BadAddress(
            "the upstream's address has options that are not known here",
            f"keep only {', '.join(sorted(_KNOWN))}",
        )
    host = options.get("host", "") or parts.hostname or ""
    if "," in host or "," in parts.netloc:
        raise BadAddress("the upstream's address names several hosts", "name one: a gate has one upstream")
    if not host:
        raise BadAddress("the upstream's address names no host", _LIKE)
    try:
        port = int(options["port"]) if "port" in options else parts.port or DEFAULT_PORT
    except ValueError:
        raise BadAddress("the upstream's port is not a number", _LIKE) from None
    database = unquote(parts.path.removeprefix("/"))
    if not database or "\0" in database:
        raise BadAddress("the upstream's address names no database", _LIKE)
    if host.startswith("/"):
        return Address(host, port, database, socket=f"{host}/.s.PGSQL.{port}")
    return Address(host, port, database, tls=_tls(host, options, folder))


def secret_of(login: Login, environment: Mapping[str, str], folder: Path) -> str | None:
    """Give a login's password, None where it needs none. Raises `BadSecret`, and `UnsafeFile` for a file others can write."""
    if not login.secret:
        return None
    return secret_at(login.secret, environment, folder, "a login's secret")


def _split(at: str) -> SplitResult:
    try:
        parts = urlsplit(at)
        _ = parts.port
    except ValueError:
        raise BadAddress("the upstream's address cannot be read", _LIKE) from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise BadAddress("the upstream's address is not one of PostgreSQL", _LIKE)
    return parts


def _tls(host: str, options: Mapping[str, str], folder: Path) -> ssl.SSLContext | None:
    mode = options.get("sslmode", DISABLE if _is_loopback(host) else VERIFY_FULL)
    if mode == DISABLE and _is_loopback(host):
        return None
    if mode != VERIFY_FULL:
        raise BadAddress(
            f"the upstream's sslmode lets somebody stand in between: {VERIFY_FULL} is needed",
            f"write sslmode={VERIFY_FULL} with sslrootcert=FILE (the authority that signed its certificate)",
        )
    paths = {name: options[name] for name in _FILES if options.get(name)}
    root = paths.get("sslrootcert", SYSTEM)
    try:
        context = ssl.create_default_context(cafile=None if root == SYSTEM else folder / root)
        if "sslcert" in paths:
            context.load_cert_chain(folder / paths["sslcert"], folder / paths["sslkey"] if "sslkey" in paths else None)
    except (OSError, ssl.SSLError):
        raise BadAddress(
            "the upstream's sslrootcert, sslcert or sslkey cannot be read as certificates and a key",
            "check the paths (beside the policy) and that the files are PEM",
        ) from None
    return context


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
