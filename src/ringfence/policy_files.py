"""Reading the policy's files: what `ringfence.policy.reading` is handed.

The rule: the policy itself and the overlay may be anywhere; what they include lies in the policy's folder or below it, symbolic
links followed. Whatever cannot be read becomes two lines.
"""

import os
from collections.abc import Callable
from pathlib import Path

from ringfence.home import Problem
from ringfence.policy import Policy
from ringfence.policy.reading import Located, UnreadableError, read_located
from ringfence.policy.tree import MAX_CHARACTERS

OVERLAY_FILE = "ringfence.overlay.yaml"

_UTF8_BYTES = 4  # of one character, at most


def overlay_of(policy: Path, named: Path | None) -> Path | None:
    """Give the overlay that is laid over a policy: the named one, or `OVERLAY_FILE` beside it where that is there.

    A link that leads nowhere is there: what it led to may have made a flow enforce.
    """
    if named is not None:
        return named
    beside = policy.parent / OVERLAY_FILE
    return beside if beside.exists() or beside.is_symlink() else None


def load_policy(path: Path, *, overlay: Path | None = None) -> Policy:
    """Read a policy with the environment's variables. Raises `Problem` or `PolicyError`."""
    return load_located(path, overlay=overlay).policy


def load_located(path: Path, *, overlay: Path | None = None) -> Located:
    """Read a policy and keep where everything in it stands. Raises `Problem` or `PolicyError`."""
    overlay = overlay_of(path, overlay)
    for file, mend in (
        (path, "write a first one with `ringfence init`, or name yours"),
        (overlay, "name an overlay that is there"),
    ):
        if file is not None and not file.exists():
            raise Problem(f"{os.fspath(file)}: there is no such policy file", mend)
    over = os.fspath(overlay) if overlay is not None else None
    return read_located(os.fspath(path), texts(path, overlay), os.environ, overlay=over)


def texts(path: Path, overlay: Path | None) -> Callable[[str], str]:
    """Give what reads a policy's files: the policy, its overlay, and what they include."""
    folder = path.parent.resolve()
    named = {os.fspath(file) for file in (path, overlay) if file is not None}

    def text(name: str) -> str:
        file = Path(name)
        if name not in named and not file.resolve().is_relative_to(folder):
            raise UnreadableError(
                "an include that leads out of the policy's folder", "copy the file there instead of linking to it"
            )
        if name not in named and file.is_dir():
            raise UnreadableError("this is a folder", "name a file in it")
        if name not in named and file.exists() and not file.is_file():  # a pipe would keep the program waiting for ever
            raise UnreadableError("this is no ordinary file", "name a file of text")
        return _read(file)

    return text


def _read(file: Path) -> str:
    most = MAX_CHARACTERS * _UTF8_BYTES
    try:
        with file.open("rb") as opened:
            raw = opened.read(most + 1)
    except FileNotFoundError:
        raise UnreadableError("there is no such file", "files are named beside the policy") from None
    except IsADirectoryError:
        raise UnreadableError("this is a folder, not a policy", "name the file in it: ringfence.yaml") from None
    except OSError as error:
        raise UnreadableError(
            f"the file cannot be read: {os.strerror(error.errno or 0)}", "check its path and permissions"
        ) from None
    if len(raw) > most:
        raise UnreadableError(f"the file has more than {MAX_CHARACTERS} characters", "split it, or shorten it")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"the file is not UTF-8, from line {line} on", "save it as UTF-8 text") from None
