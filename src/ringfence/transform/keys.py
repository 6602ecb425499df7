"""Key handles and the keyring that is handed to a crossing.

The rule: a key is a handle. It can derive and be asked for its name and version; it cannot be printed, compared, copied into a
record, serialised or turned to text, and no attribute of it holds its bytes: they are closed over by one function. Where the bytes
come from (files, a vault) is not known here. Python cannot wipe memory: a key lives there until its handle is dropped.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NewType, NoReturn, TypeAlias

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

KeyVersion = NewType("KeyVersion", int)

SECRET_BYTES = 32
DERIVED_KEPT = 256  # per handle; scopes are few, but they are named by a policy, and what is kept is bounded

_Deriving: TypeAlias = Callable[[str, str, int], bytes]


class MissingKey(LookupError):
    """A form asks for a key, or a version of one, that the keyring does not hold."""

    def __init__(self, name: str, version: int | None = None) -> None:
        self.name = name
        self.version = version
        if version is None:
            super().__init__(f"key {name} is not in the keyring\n  add it with `ringfence key add {name}`")
        else:
            super().__init__(
                f"key {name} version {version} is not in the keyring\n  put that version's key file back from a backup"
            )


def _sealed(name: str, version: int, secret: bytes) -> _Deriving:
    """Close over a secret. What is derived from it is kept here too, where no listing of attributes finds it."""
    kept: dict[tuple[str, str, int], bytes] = {}

    def derive(purpose: str, scope: str, length: int) -> bytes:
        found = kept.get((purpose, scope, length))
        if found is not None:
            return found
        # Imported with the first key that is used: the library costs 7 to 16 ms, which no command without keys should pay.
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        info = "\x00".join(("ringfence v1", name, str(version), purpose, scope)).encode()
        made = HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(secret)
        if len(kept) >= DERIVED_KEPT:
            kept.clear()
        kept[purpose, scope, length] = made
        return made

    return derive


class _Unserialised:
    """What refuses every way of being copied or written out that Python offers."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not serialised or copied")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a key is not serialised or copied")


class KeyHandle(_Unserialised):
    """One version of a key. Holds 32 secret bytes that leave it only as derived keys."""

    __slots__ = ("_derive", "_sivs", "name", "version")

    def __init__(self, name: str, version: int, secret: bytes) -> None:
        self.name = name
        self.version = KeyVersion(version)
        length = len(secret)
        if length != SECRET_BYTES or version < 1:
            del secret  # a traceback that shows local variables must not show it
            raise ValueError(
                f"key {name} version {version} has {length} bytes; a key has {SECRET_BYTES}, its version is 1 or more"
            )
        self._derive = _sealed(name, version, secret)
        self._sivs: dict[tuple[str, str], AESSIV] = {}

    def derive(self, purpose: str, scope: str, length: int = 32) -> bytes:
        """Derive a key of 16 to 64 bytes with HKDF-SHA-256 (RFC 5869), bound to key name, version, purpose and scope."""
        if not 16 <= length <= 64:
            raise ValueError("a derived key has 16 to 64 bytes")
        if "\x00" in purpose or "\x00" in scope:
            raise ValueError("purpose and scope hold no NUL: it parts them")
        return self._derive(purpose, scope, length)

    def siv(self, purpose: str, scope: str) -> "AESSIV":
        """Give AES-256-SIV (RFC 5297) under the 64-byte key derived for purpose and scope.

        It is kept: making one costs more than using it.
        """
        found = self._sivs.get((purpose, scope))
        if found is not None:
            return found
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        made = AESSIV(self.derive(purpose, scope, 64))
        if len(self._sivs) >= DERIVED_KEPT:
            self._sivs.clear()
        self._sivs[purpose, scope] = made
        return made

    def __repr__(self) -> str:
        return f"<key {self.name} version {self.version}>"

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


class Keyring(_Unserialised):
    """The keys that a crossing may use, by name, each with all its versions; the highest version is current."""

    __slots__ = ("_current", "_keys")

    def __init__(self, handles: Iterable[KeyHandle] = ()) -> None:
        keys: dict[str, dict[int, KeyHandle]] = {}
        for handle in handles:
            versions = keys.setdefault(handle.name, {})
            if handle.version in versions:
                raise ValueError(f"key {handle.name} version {handle.version} is given twice")
            versions[handle.version] = handle
        self._keys: Mapping[str, Mapping[int, KeyHandle]] = keys
        self._current = {name: versions[max(versions)] for name, versions in keys.items()}

    def current(self, name: str) -> KeyHandle:
        """Give the newest version of a key, or raise `MissingKey`."""
        found = self._current.get(name)
        if found is None:
            raise MissingKey(name)
        return found

    def version(self, name: str, version: int) -> KeyHandle:
        """Give one version of a key, or raise `MissingKey`."""
        try:
            return self._keys[name][version]
        except KeyError:
            raise MissingKey(name, version if name in self._keys else None) from None

    def names(self) -> tuple[str, ...]:
        """Name the keys held."""
        return tuple(sorted(self._keys))

    def __repr__(self) -> str:
        return f"<keyring of {len(self._keys)} keys>"
