"""A credential that a policy names by its place: `env:NAME` or `file:PATH`, never by its value.

The rule: a file counts only where nobody else can write it, and what is wrong with a credential is said by its place.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from ringfence.access.faults import AccessFault
from ringfence.access.files import read_safely

_MOST = 4096  # bytes


class BadSecret(AccessFault):
    """A credential that is not where the policy says."""


def secret_at(where: str, environment: Mapping[str, str], folder: Path, of: str) -> str:
    """Read a credential. `of` says whose it is; `folder` is the policy's.

    Raises `BadSecret`, and `UnsafeFile` for a file that others can write.
    """
    kind, _, place = where.partition(":")
    if kind == "env" and place:
        secret = environment.get(place, "")
        if not secret:
            raise BadSecret(f"the environment's variable {place} is empty or not set", "set it for this process")
    elif kind == "file" and place:
        file = folder / place
        try:
            secret = read_safely(file, _MOST).decode().removesuffix("\n").removesuffix("\r")
        except OSError as error:
            raise BadSecret(f"{file}: {os.strerror(error.errno or 0)}", "check the path, its owner and mode") from None
        except UnicodeDecodeError:
            raise BadSecret(f"{file} is not UTF-8", "write it there as text, in one line") from None
    else:
        raise BadSecret(f"{of} is neither env:NAME nor file:PATH", "write secret: env:NAME")
    if not secret or "\0" in secret or "\n" in secret:
        raise BadSecret(f"{of} is not one line of text", "write it there, and nothing else")
    return secret
