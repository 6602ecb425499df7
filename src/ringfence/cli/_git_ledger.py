"""Where hooks record: in a ledger that is there, or in one of the repository's own, beside its objects and never committed."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from ringfence.cli._errors import Problem
from ringfence.cli._home import HOME_FOLDER
from ringfence.gates.git.repository import Repository
from ringfence.home import IGNORE, Home

_OWN: Final = "ringfence"  # in a repository's .git


def home_in(repository: Repository) -> Home:
    """Give the installation at a repository's top; without one, the ledger of its own."""
    at_top = Path(repository.top, HOME_FOLDER) if repository.top else None
    if at_top is not None and (at_top / "ledger.db").is_file():
        return Home(Path(), at_top)
    return Home(Path(), Path(repository.shared, _OWN))


def home_of_user() -> Home:
    """Give the ledger of whoever runs this, for what is in no repository."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Home(Path(), Path(state).expanduser() / _OWN)


def make_ledger(home: Home) -> bool:
    """Make a ledger where there is none; say whether it was made. Raises `Problem` where a part of one is missing."""
    from ringfence.cli._files import write_new
    from ringfence.ledger import create_ledger, make_keys, read_signing_key

    if home.ledger.is_file() and home.signing_key.is_file():
        return False
    if any(file.exists() for file in (home.ledger, home.signing_key, home.public_key)):
        raise Problem(
            f"{home.folder}: a part of its ledger is missing", "put it back from a backup, or name another --home"
        )
    home.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        write_new(home.folder / ".gitignore", IGNORE)
    make_keys(home.signing_key, home.public_key)
    create_ledger(home.ledger, read_signing_key(home.signing_key))
    return True
