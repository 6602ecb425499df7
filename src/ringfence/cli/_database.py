"""`ringfence init --pg`: a database mapped, and the policy, the map and the logins that follow from it.

The rule: the database is only read; a file that is there stays as it is; no password is printed, or written anywhere but into the
file of its own, which only its owner may read.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ringfence.atlas import MAP_FILE, AssetMap, State, asset_of, counted, map_postgres, read_map, write_map
from ringfence.cli._database_logins import LOGINS_FILE, account_names, logins_script, password_of
from ringfence.cli._database_policy import ROLES, WRITER, Account, database_policy, variable_of
from ringfence.cli._errors import Problem
from ringfence.cli._files import write_new
from ringfence.cli._home import Home
from ringfence.cli._map_output import progress
from ringfence.cli._policy import load_policy

LOGINS_FOLDER = "logins"
STATES = "map"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a database's installation begins with: the policy's text, and what is to be said of the map."""

    policy: str
    found: AssetMap
    accounts: tuple[Account, ...]
    database: str
    mapped: bool  # whether the map was written, and was not there before

    def summary(self) -> str:
        """Count what was found."""
        counts = counted(list(self.found.fields))
        told = ", ".join(f"{number} {word}" for word, number in counts.items())
        return f"{len(self.found.tables)} tables and views, {sum(counts.values())} fields: {told}"


def prepare(dsn: str, place: Home) -> Prepared:
    """Map the database, and make its policy; write the map. Raises `Problem`, and `AtlasError` where it cannot be read."""
    name, told = asset_of(dsn)
    _refuse_other(place, name)
    file = place.policy.parent / MAP_FILE
    accepted = read_map(file).get(name)
    place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    states = place.folder / STATES
    state = State(states, name, told)
    try:
        with progress(name) as watched:
            found = map_postgres(
                dsn,
                asset=name,
                zone=accepted.zone if accepted is not None else "core",
                state=state,
                progress=watched,
                reviewed=accepted.judged if accepted is not None else {},
            )
        if accepted is None:
            write_map(file, found)
        state.finish(found)
    finally:
        state.close()
    accounts = _accounts(found, place)
    return Prepared(database_policy(found, accounts), found, accounts, _database(found), mapped=accepted is None)


def _refuse_other(place: Home, asset: str) -> None:
    """Refuse to go on beside a policy of something else: it would stay, and nothing of this would be in force."""
    if place.policy.exists() and asset not in load_policy(place.policy).assets:
        raise Problem(
            f"{os.fspath(place.policy)} is there, and has no asset {asset}",
            f"name another file with --policy; or map the database (`ringfence map`) and include {MAP_FILE} there",
        )


def _accounts(found: AssetMap, place: Home) -> tuple[Account, ...]:
    names = account_names(found.asset, ROLES)
    folder = Path(os.path.relpath(place.folder.absolute(), place.policy.parent.absolute())) / LOGINS_FOLDER
    return tuple(
        Account(
            role=role,
            user=names[role],
            variable=variable_of(found.asset, f"{role.upper()}_SECRET"),
            secret=(folder / role).as_posix(),
            writes=role == WRITER,
        )
        for role in ROLES
    )


def write_logins(prepared: Prepared, place: Home) -> tuple[Path, bool]:
    """Write the logins' script and their passwords, where they are not there; say whether it was written."""
    passwords = [password_of(place.folder / LOGINS_FOLDER / one.role) for one in prepared.accounts]
    file = place.policy.parent / LOGINS_FILE
    script = logins_script(prepared.database, prepared.found, prepared.accounts, passwords)
    try:
        write_new(file, script)
    except FileExistsError:
        return file, False
    return file, True


def _database(found: AssetMap) -> str:
    """Name the database that was mapped."""
    return unquote(urlsplit(found.at).path.removeprefix("/"))
