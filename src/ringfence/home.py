"""Where a policy, its keys and its ledger are: beside one another, unless told otherwise.

The rule: the same for every command, and for every program that ringfence is in. Nothing is read here.
"""

import os
from dataclasses import dataclass
from pathlib import Path

POLICY_FILE = "ringfence.yaml"
HOME_FOLDER = ".ringfence"
IGNORE = "# Keys and ledger: never to be committed.\n*\n"
"""What stands in the ``.gitignore`` of a folder of keys and ledger."""


class Problem(Exception):
    """An error of usage. `what` says what is wrong and where, `mend` what to do."""

    def __init__(self, what: str, mend: str = "") -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n  {mend}" if mend else what)


@dataclass(frozen=True, slots=True)
class Home:
    """The files of one installation."""

    policy: Path
    folder: Path

    @property
    def keys(self) -> Path:
        """The folder of key files."""
        return self.folder / "keys"

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.folder / "ledger.db"

    @property
    def signing_key(self) -> Path:
        """The ledger's private signing key."""
        return self.folder / "ledger.key"

    @property
    def public_key(self) -> Path:
        """The ledger's public key, as a signed-note verifier key in one line."""
        return self.folder / "ledger.pub"

    def made(self) -> "Home":
        """Give this home, or raise `Problem` where `init` has not made it."""
        if not self.folder.is_dir():
            raise Problem(
                f"{os.fspath(self.folder)}: no such folder of keys and ledger", "make it with `ringfence init`"
            )
        return self


def home(policy: Path | None, folder: Path | None) -> Home:
    """Resolve the two options. Raises `Problem` where no ledger could be opened there, whatever is in it."""
    file = policy if policy is not None else Path(POLICY_FILE)
    chosen = folder if folder is not None else file.parent / HOME_FOLDER
    try:
        os.fspath(chosen.absolute()).encode()
    except UnicodeEncodeError:
        raise Problem(
            f"{os.fspath(chosen)}: its path is not UTF-8, and the ledger's file needs one that is",
            "rename the folder, or name another one with --home",
        ) from None
    return Home(file, chosen)
