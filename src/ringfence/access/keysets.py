"""Key sets (RFC 7517): where tokens' keys come from, kept fresh by a task that somebody owns.

The rule: a set comes from a file, or from an https address without redirects; at most `_MOST_BYTES` of it are read. Only keys
for asymmetric signatures are taken: a secret in a set would let anybody who reads the set sign tokens. Where a refresh fails
the last good set goes on for `STALE` seconds, and not a second longer.
"""

import asyncio
import json
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from ssl import SSLContext
from typing import Protocol
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, KeySet, OKPKey, RSAKey

from ringfence.access.faults import AccessFault, BadKeySet, BadPrincipals
from ringfence.access.files import Watched

REFRESH = 300.0  # seconds between looks
SOONEST = 10.0  # seconds: a token with an unknown key may ask for a look before its time, but not more often than this
STALE = 24 * 3600.0  # seconds
_TIMEOUT = 10.0  # seconds for one look
_MOST_BYTES = 256 * 1024
_MOST_KEYS = 100
_LEAST_RSA_BITS = 2048  # NIST SP 800-131A
_CURVES = frozenset({"P-256", "P-384", "P-521", "Ed25519"})

Log = Callable[[AccessFault], None]


def read_key_set(raw: bytes, where: str) -> KeySet:
    """Read a key set's JSON; keys of kinds that are not taken are left out. Raises `BadKeySet` where none is left."""
    try:
        written = json.loads(raw)
        listed = written["keys"]
    except (ValueError, TypeError, KeyError, RecursionError):
        listed = None
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise BadKeySet(
            f"{where} is not a JSON Web Key Set of at most {_MOST_KEYS} keys", "name the issuer's jwks_uri itself"
        )
    keys: list[Key] = [key for each in listed if isinstance(each, dict) and (key := _taken(each)) is not None]
    if not keys:
        raise BadKeySet(
            f"{where} has no key for signatures by RSA (2048 bits or more), P-256, P-384, P-521 or Ed25519",
            "check that it is the issuer's jwks_uri; shared secrets (HS256) are not taken",
        )
    return KeySet(keys)


def _taken(written: dict[str, object]) -> Key | None:
    if written.get("kty") not in ("RSA", "EC", "OKP") or written.get("use", "sig") != "sig":
        return None
    if not isinstance(written.get("kid", ""), str):
        return None
    try:
        with warnings.catch_warnings(action="ignore"):  # of keys that are too short: they are left out below
            key = JWKRegistry.import_key({name: value for name, value in written.items() if isinstance(value, str)})
        if isinstance(key, RSAKey):
            return key if key.public_key.key_size >= _LEAST_RSA_BITS else None
        return key if isinstance(key, ECKey | OKPKey) and key.curve_name in _CURVES else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None


class KeySource(Protocol):
    """Where the keys of one issuer come from."""

    def keys(self) -> KeySet | None:
        """Give the set; None where there is none that is fresh enough."""
        ...

    def wanted(self) -> None:
        """Hear that a token named a key that the set has not: the issuer may have a new one. From any thread."""
        ...

    async def first_look(self) -> None:
        """Wait for the end of the first look at it, whatever came of it, while something else awaits `run`."""
        ...

    async def run(self) -> None:
        """Keep the set fresh until cancelled."""
        ...


class FileKeys:
    """A key set in a file: read again when it has changed."""

    def __init__(self, file: Path, log: Log) -> None:
        self._file = file
        self._watched = Watched(file, lambda raw: read_key_set(raw, str(file)), _MOST_BYTES)
        self._log = log

    def keys(self) -> KeySet | None:
        """Give the set, or None where the file holds none."""
        try:
            return self._watched.value()
        except AccessFault as error:
            self._log(error)
        except OSError:
            self._log(BadKeySet(f"{self._file}: the key set cannot be read", "check its path, owner and mode"))
        return None

    def wanted(self) -> None:
        """Do nothing: the file is looked at each time."""

    async def first_look(self) -> None:
        """Do nothing: the file is looked at each time."""

    async def run(self) -> None:
        """Do nothing: the file is looked at each time."""


class FetchedKeys:
    """A key set at an https address, fetched by `run`, which its owner awaits in a task of its own."""

    def __init__(
        self, address: str, log: Log, *, context: SSLContext | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._address = address
        self._where = address.partition("?")[0]  # as it is told: what follows may be a secret
        self._log = log
        self._context = context
        self._clock = clock
        self._set: KeySet | None = None
        self._fetched = 0.0
        self._wanted = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None  # that looks
        self.looked = asyncio.Event()  # set after the first look, whatever came of it

    def keys(self) -> KeySet | None:
        """Give the last good set, unless it is too old."""
        return self._set if self._set is not None and self._clock() - self._fetched <= STALE else None

    def wanted(self) -> None:
        """Ask for a look before its time."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: nobody looks any more
                self._loop.call_soon_threadsafe(self._wanted.set)

    async def first_look(self) -> None:
        """Wait for the end of the first look."""
        await self.looked.wait()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            await self.look()
            self.looked.set()
            await asyncio.sleep(SOONEST)
            try:
                async with asyncio.timeout(REFRESH - SOONEST):
                    await self._wanted.wait()
            except TimeoutError:
                pass
            self._wanted.clear()

    async def look(self) -> None:
        """Fetch the set once. What goes wrong is logged; the last good set stays."""
        try:
            self._set = read_key_set(await self._fetch(), self._where)
            self._fetched = self._clock()
        except AccessFault as error:
            self._log(error)

    async def _fetch(self) -> bytes:
        import aiohttp  # only where a policy names an address

        try:
            async with (
                asyncio.timeout(_TIMEOUT),
                aiohttp.ClientSession(trust_env=True, max_line_size=8190, max_field_size=8190) as session,
                session.get(self._address, allow_redirects=False, ssl=self._context or True) as answer,
            ):
                if answer.status != 200:
                    raise BadKeySet(
                        f"{self._where} answers with status {answer.status}",
                        "name the address at which it finally lies: redirects are not followed",
                    )
                raw = bytearray()
                async for piece in answer.content.iter_chunked(16 * 1024):
                    raw += piece
                    if len(raw) > _MOST_BYTES:
                        raise BadKeySet(
                            f"{self._where} has more than {_MOST_BYTES} bytes", "check that it is the jwks_uri"
                        )
                return bytes(raw)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise BadKeySet(
                f"{self._where} cannot be reached ({type(error).__name__})",
                "check address, network, and that its certificate is one that this machine trusts",
            ) from None


def key_source(at: str, name: str, folder: Path, log: Log) -> KeySource:
    """Make the source that ``jwks`` names: ``file:PATH`` (beside the policy) or ``https://...``. Raises `BadPrincipals`."""
    if at.startswith("file:"):
        return FileKeys(folder / at.removeprefix("file:"), log)
    try:
        parts = urlsplit(at)
        whole = parts.scheme == "https" and parts.hostname and not parts.username and not parts.password
    except ValueError:
        whole = False
    if not whole:
        raise BadPrincipals(
            f"principals {name}: jwks is neither file:PATH nor an https address without a password",
            "write jwks: https://id.example.com/jwks, or file:jwks.json",
        )
    return FetchedKeys(at, log)


__all__ = ["FetchedKeys", "FileKeys", "KeySource", "Log", "key_source", "read_key_set"]
