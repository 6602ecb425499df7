"""Key handles and the keyring that is handed to a crossing.

The rule: a key is a handle. It can derive and be asked for its id and version; it cannot be printed, compared, copied into a
record or turned to text. Where the bytes come from (files, a vault) is not known here.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NewType

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KeyVersion = NewType("KeyVersion", int)

SECRET_BYTES = 32


class MissingKey(LookupError):
    """A form asks for a key, or a version of one, that the keyring does not hold."""

    def __init__(self, name: str, version: int | None = None) -> None:
        self.name = name
        self.version = version
        which = name if version is None else f"{name} version {version}"
        super().__init__(f"key {which} is not in the keyring: add it with `ringfence key add {name}`")


class KeyHandle:
    """One version of a key. Holds 32 secret bytes that leave it only as derived keys."""

    __slots__ = ("_derived", "_secret", "name", "version")

    def __init__(self, name: str, version: int, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise ValueError(f"key {name} version {version} has {len(secret)} bytes, not {SECRET_BYTES}")
        self.name = name
        self.version = KeyVersion(version)
        self._secret = secret
        self._derived = lru_cache(maxsize=256)(self._derive)

    def derive(self, purpose: str, scope: str, length: int = 32) -> bytes:
        """Derive a key of `length` bytes with HKDF-SHA-256 (RFC 5869), bound to key name, version, purpose and scope."""
        return self._derived(purpose, scope, length)

    def _derive(self, purpose: str, scope: str, length: int) -> bytes:
        info = "\x00".join(("ringfence v1", self.name, str(self.version), purpose, scope)).encode()
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(self._secret)

    def __repr__(self) -> str:
        return f"<key {self.name} version {self.version}>"

    def __reduce__(self) -> str:
        raise TypeError("a key is not serialised")

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


class Keyring:
    """The keys that a crossing may use, by name, each with all its versions; the highest version is current."""

    __slots__ = ("_keys",)

    def __init__(self, handles: Iterable[KeyHandle] = ()) -> None:
        keys: dict[str, dict[int, KeyHandle]] = {}
        for handle in handles:
            keys.setdefault(handle.name, {})[handle.version] = handle
        self._keys: Mapping[str, Mapping[int, KeyHandle]] = keys

    def current(self, name: str) -> KeyHandle:
        """Give the newest version of a key, or raise `MissingKey`."""
        versions = self._keys.get(name)
        if not versions:
            raise MissingKey(name)
        return versions[max(versions)]

    def version(self, name: str, version: int) -> KeyHandle:
        """Give one version of a key, or raise `MissingKey`."""
        try:
            return self._keys[name][version]
        except KeyError:
            raise MissingKey(name, version) from None

    def names(self) -> tuple[str, ...]:
        """Name the keys held."""
        return tuple(sorted(self._keys))

    def __repr__(self) -> str:
        return f"<keyring of {len(self._keys)} keys>"
