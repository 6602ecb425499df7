"""Keys at rest: made, given new versions, listed, and loaded as the keyring that a crossing is handed.

The rule: one version of a key is one file, ``NAME.vVERSION.key``, of one line that repeats name and version::

    ringfence-key:v1:k-contact:1:<32 bytes in base64>

so that a file which was copied, renamed or mixed up is refused instead of quietly used. Files are never changed: a rotation adds
one, and the older versions stay, to reverse what was made with them. A file lost is a key lost: tokens made with it cannot be
reversed.
"""

import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

import re2

from ringfence.transform import KeyHandle, Keyring
from ringfence.transform.keys import SECRET_BYTES
from ringfence.vault import _folder
from ringfence.vault.faults import BadKeyFile, BadKeyName, KeyExists, NoSuchKey

_NAME = re2.compile(r"[a-z][a-z0-9-]{0,62}")
_FILE = re2.compile(r"([a-z][a-z0-9-]{0,62})\.v([1-9][0-9]{0,8})\.key")
_MARK = "ringfence-key:v1"
_RESTORE = "put the file back from a backup, or move it out of the folder of keys"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """One version of a key as it lies in the folder; `created` is when its file was written."""

    name: str
    version: int
    created: datetime


@dataclass(frozen=True, slots=True, repr=False)
class _Held:
    file: KeyFile
    handle: KeyHandle
    fingerprint: (
        bytes  # of the secret alone: what is derived from it is bound to name and version, and would hide a copy
    )


def create(folder: Path, name: str) -> KeyFile:
    """Make version 1 of a new key, and the folder where there is none yet (its parent must exist).

    When this returns the key is durable. Raises `BadKeyName`, `KeyExists`, and what `load` raises.
    """
    _check_name(name)
    _folder.make(folder)
    with _folder.opened(folder) as held:
        there = [each.file.version for each in _read_all(held, folder) if each.file.name == name]
        if there:
            raise KeyExists(name, max(there))
        return _write(held, name, 1)


def rotate(folder: Path, name: str) -> KeyFile:
    """Make the next version of a key, which is current from then on.

    When this returns the version is durable. Raises `BadKeyName`, `NoSuchKey`, `KeyExists` where another process rotated at the
    same moment, and what `load` raises.
    """
    _check_name(name)
    there = [file.version for file in list_keys(folder) if file.name == name]
    if not there:
        raise NoSuchKey(name)
    with _folder.opened(folder) as held:
        return _write(held, name, max(there) + 1)


def list_keys(folder: Path) -> list[KeyFile]:
    """List every version of every key, by name and version; none where the folder does not exist. Raises what `load` raises."""
    return [each.file for each in _load(folder)]


def load(folder: Path) -> Keyring:
    """Load every key; an empty keyring where the folder does not exist.

    Raises `UnsafeKeyFile` where a file or the folder belongs to somebody else, can be reached by others or is a link, and
    `BadKeyFile` where a file is not what `create` or `rotate` wrote. One file that is refused refuses all: a gate that ran with a
    part of its keys would deny, or hash, differently from its neighbours.
    """
    return Keyring(each.handle for each in _load(folder))


def handle_of(line: str, where: str) -> KeyHandle:
    """Give the key that the one line of a key file holds, wherever it came from (`where`: a place, to be told).

    Raises `BadKeyFile`; nothing of the line is told.
    """
    mark, _, rest = line.strip().rpartition(":")
    parts = mark.split(":")
    name, version = (parts[2], parts[3]) if len(parts) == 4 else ("", "")
    del parts
    named = _FILE.fullmatch(f"{name}.v{version}.key") if name.isascii() and version.isascii() else None
    secret = _parse(f"{mark}:{rest}\n".encode("utf-8", "replace"), name, int(version)) if named is not None else None
    del line, mark, rest  # a traceback that shows local variables must not show a key
    if secret is None:
        raise BadKeyFile(f"{where} is not the line of a key file", "give the whole line that `ringfence key add` wrote")
    return KeyHandle(name, int(version), secret)


def _check_name(name: str) -> None:
    if not name.isascii() or _NAME.fullmatch(name) is None:  # not ASCII: re2 raises on what no encoding knows
        raise BadKeyName


def _load(folder: Path) -> list[_Held]:
    try:
        folder.lstat()
    except FileNotFoundError:
        return []
    with _folder.opened(folder) as held:
        return _read_all(held, folder)


def _read_all(folder: int, where: Path) -> list[_Held]:
    found = [_read(folder, where / name) for name in _folder.names(folder)]
    found.sort(key=lambda each: (each.file.name, each.file.version))
    seen: dict[bytes, KeyFile] = {}
    for each in found:
        other = seen.setdefault(each.fingerprint, each.file)
        if other is not each.file:
            raise BadKeyFile(
                f"{where}: {other.name} version {other.version} and {each.file.name} version {each.file.version} are one secret",
                "remove the copy, and make a version of its own with `ringfence key add` or `rotate`",
            )
    return found


def _read(folder: int, where: Path) -> _Held:
    named = _FILE.fullmatch(where.name) if where.name.isascii() else None
    if named is None:
        raise BadKeyFile(
            f"{where} is not named like a key file (NAME.vVERSION.key)",
            "rename it, or move it out of the folder of keys",
        )
    name, version = named[1], int(named[2])
    content, written = _folder.read(folder, where)
    secret = _parse(content, name, version)
    del content  # a traceback that shows local variables must not show a key
    if secret is None:
        raise BadKeyFile(f"{where} does not hold version {version} of key {name}", _RESTORE)
    file = KeyFile(name, version, datetime.fromtimestamp(written, UTC))
    return _Held(file, KeyHandle(name, version, secret), sha256(secret).digest())


def _parse(content: bytes, name: str, version: int) -> bytes | None:
    """Give the secret of a key file's one line, or None where it is not that of this name and version."""
    prefix = f"{_MARK}:{name}:{version}:".encode()
    if not content.startswith(prefix) or not content.endswith(b"\n"):
        return None
    try:
        secret = b64decode(content[len(prefix) : -1], validate=True)
    except ValueError:
        return None
    return secret if len(secret) == SECRET_BYTES else None


def _write(folder: int, name: str, version: int) -> KeyFile:
    try:
        written = _folder.write_new(folder, f"{name}.v{version}.key", partial(_new_line, name, version))
    except FileExistsError:
        raise KeyExists(name, version) from None
    return KeyFile(name, version, datetime.fromtimestamp(written, UTC))


def _new_line(name: str, version: int) -> bytes:
    return f"{_MARK}:{name}:{version}:{b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}\n".encode()
