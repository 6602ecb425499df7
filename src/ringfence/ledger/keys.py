"""The ledger's two key files: the private one that the writer signs with, and the public one that anybody may verify with.

The rule: the private key is in one file of mode 0600 and nowhere else. Its name is the ledger's origin, ``ringfence/<ledger
id>/<shard>``, so that a key signs one ledger and a checkpoint names the ledger it is of.
"""

import os
import secrets
import stat
from pathlib import Path

from ringfence.ledger.faults import LedgerUnreadable
from ringfence.ledger.note import PublicKey, SigningKey, parse_public_key, parse_signing_key

SEED_BYTES = 32
ID_BYTES = 8
MOST_KEY_BYTES = 4096
OTHERS = 0o077  # any right of group or world


def new_origin(shard: str = "0") -> str:
    """Name a ledger that no other one is named like."""
    return f"ringfence/{secrets.token_hex(ID_BYTES)}/{shard}"


def make_keys(private: Path, public: Path, name: str | None = None) -> SigningKey:
    """Make a ledger's keys and write them: the private one with mode 0600, the public one with 0644.

    Without a name the ledger gets a new origin. Refuses to overwrite: `FileExistsError`.
    """
    key = SigningKey(name if name is not None else new_origin(), secrets.token_bytes(SEED_BYTES))
    _write_new(private, f"{key.reveal()}\n", 0o600)
    _write_new(public, f"{key.public}\n", 0o644)
    return key


def read_signing_key(file: Path) -> SigningKey:
    """Read the private key. Raises `LedgerUnreadable` where others could have read it, too."""
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & OTHERS:
        raise LedgerUnreadable(f"{file} can be reached by others (mode {mode:04o})", f"chmod 600 {file}")
    return parse_signing_key(_read(file))


def read_public_key(file: Path) -> PublicKey:
    """Read the public key."""
    return parse_public_key(_read(file))


def sync_folder(folder: Path) -> None:
    """Make what was created in a folder, or renamed into it, survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_new(file: Path, text: str, mode: int) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        os.fchmod(handle, mode)  # whatever the umask took or left
        out.write(text)
        out.flush()
        os.fsync(handle)
    sync_folder(file.parent)


def _read(file: Path) -> str:
    with file.open("rb") as source:
        raw = source.read(MOST_KEY_BYTES)  # a longer file is no key, and does not parse as one
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise LedgerUnreadable(f"{file}: not a key file", "give the file that `ringfence init` made") from None
