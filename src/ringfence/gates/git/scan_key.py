"""The key under which a scan knows what it found again: from the installation's keys, or from the environment.

The rule: it is a secret of 32 bytes that is nobody else's. Who has it can try values against a baseline; nobody else can. In the
environment (`RINGFENCE_SCAN_KEY`, as continuous integration has it) stands the line of a key file, its 32 bytes in base64, or the
path of a file that holds one of the two. Without it, keys lie where `ringfence key add` puts them.
"""

import os
import secrets
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ringfence.access import AccessFault
from ringfence.access.files import read_safely
from ringfence.home import IGNORE, Home
from ringfence.transform import KeyHandle, Keyring, MissingKey
from ringfence.transform.keys import SECRET_BYTES
from ringfence.vault import create, handle_of, load

NAME: Final = "k-scan"
VARIABLE: Final = "RINGFENCE_SCAN_KEY"
_MARK: Final = "ringfence-key:"
_MOST: Final = 4096
_AGAIN: Final = "{}; or remove the baseline, and write it again with --write-baseline"


class NoScanKey(Exception):
    """There is no key, or not the one that is needed. `what` says what is wrong and where, `mend` what to do."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n  {mend}")


@dataclass(frozen=True, slots=True)
class ScanKey:
    """A key, where it comes from, and whether it was made just now."""

    handle: KeyHandle = field(repr=False)
    place: str
    is_new: bool = False

    @property
    def keys(self) -> Keyring:
        """Give a keyring in which it is current."""
        return Keyring([self.handle])


def key_to_know_again(name: str, version: int, home: Home, environment: Mapping[str, str]) -> ScanKey:
    """Give the key of a name and version. Raises `NoScanKey`, and what reading keys raises."""
    given = environment.get(VARIABLE, "")
    if given.strip():
        handle = _given(given, name, version)
        if (handle.name, handle.version) != (name, version):
            raise NoScanKey(
                f"{VARIABLE} holds key {handle.name} version {handle.version}; needed is {name} version {version}",
                _AGAIN.format(f"give the line of version {version}"),
            )
        return ScanKey(handle, VARIABLE)
    try:
        return ScanKey(load(home.keys).version(name, version), os.fspath(home.keys))
    except MissingKey:
        raise NoScanKey(
            f"key {name} version {version} is neither in {home.keys} nor in {VARIABLE}",
            _AGAIN.format(f"put its file back from a backup, or its line into {VARIABLE}"),
        ) from None


def key_if_any(home: Home, environment: Mapping[str, str]) -> ScanKey | None:
    """Give the newest key; None where there is none. Raises `NoScanKey`, and what reading keys raises."""
    given = environment.get(VARIABLE, "")
    if given.strip():
        return ScanKey(_given(given, NAME, 1), VARIABLE)
    try:
        return ScanKey(load(home.keys).current(NAME), os.fspath(home.keys))
    except MissingKey:
        return None


def key_or_passing(home: Home, environment: Mapping[str, str]) -> KeyHandle:
    """Give the newest key; where there is none, one that lasts as long as whoever holds it. Raises as `key_if_any`."""
    found = key_if_any(home, environment)
    return found.handle if found is not None else KeyHandle(NAME, 1, secrets.token_bytes(SECRET_BYTES))


def key_to_write(home: Home, environment: Mapping[str, str]) -> ScanKey:
    """Give the newest key; make one where there is none. Raises `NoScanKey`, and what making and reading keys raises."""
    found = key_if_any(home, environment)
    if found is not None:
        return found
    _make_folder(home)
    made = create(home.keys, NAME)
    file = home.keys / f"{made.name}.v{made.version}.key"
    return ScanKey(load(home.keys).version(made.name, made.version), os.fspath(file), is_new=True)


def _make_folder(home: Home) -> None:
    """Make the installation's folder where there is none, so that git does not take it in."""
    home.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ignoring = home.folder / ".gitignore"
    try:
        with ignoring.open("x", encoding="utf-8") as opened:
            opened.write(IGNORE)
    except FileExistsError:
        pass


def _given(text: str, name: str, version: int) -> KeyHandle:
    """Understand what the environment holds: a line, base64, or the path of a file that holds one of them."""
    text = text.strip()
    handle = _understood(text, name, version, VARIABLE)
    if handle is not None:
        return handle
    path = Path(text.removeprefix("file:")).expanduser()
    del text  # a traceback that shows local variables must not show what may be a key that was cut
    try:
        content = read_safely(path, _MOST)
    except (OSError, ValueError):
        raise NoScanKey(
            f"{VARIABLE} holds neither a key nor the path of a file that can be read",
            "set it to the line of a key file (`ringfence key add k-scan`), 32 bytes in base64, or a path",
        ) from None
    except AccessFault as fault:
        raise NoScanKey(f"the file that {VARIABLE} names cannot be trusted", fault.mend) from None
    handle = _understood(content.decode("ascii", "replace").strip(), name, version, f"the file that {VARIABLE} names")
    del content
    if handle is None:
        raise NoScanKey(
            f"the file that {VARIABLE} names holds no key", "write the line of a key file there, or 32 bytes in base64"
        )
    return handle


def _understood(text: str, name: str, version: int, where: str) -> KeyHandle | None:
    if text.startswith(_MARK):
        return handle_of(text, where)
    try:
        secret = b64decode(text, validate=True)
    except ValueError:
        return None
    return KeyHandle(name, version, secret) if len(secret) == SECRET_BYTES else None
