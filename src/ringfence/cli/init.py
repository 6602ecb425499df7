"""`ringfence init`: a first policy, its keys and its ledger. What is there already stays as it is."""

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._files import write_new
from ringfence.cli._first_policy import FIRST_POLICY
from ringfence.cli._home import POLICY_FILE, Home, HomeOption, PolicyOption, home
from ringfence.cli._policy import load_policy
from ringfence.ledger import create_ledger, make_keys, read_signing_key
from ringfence.policy import Policy
from ringfence.vault import create, list_keys

app = typer.Typer(add_completion=False)

IGNORE = "# Keys and ledger: never to be committed.\n*\n"


@app.command(
    help=(
        "Write a first policy, its keys and its ledger, beside one another.\n\n"
        "Run again, it keeps what is there and adds what is missing: a key that the policy names, the ledger.\n\n"
        "Example: ringfence init"
    )
)
def init(policy: PolicyOption = None, folder: HomeOption = None) -> int:
    """Make what is missing, and say what was made, what was kept, and what to do next."""
    place = home(policy, folder)
    if not place.policy.parent.is_dir():
        raise Problem(
            f"{place.policy.parent}: no such folder", "make it first, or name another policy file with --policy"
        )
    _say(place.policy, made=_written(place.policy, FIRST_POLICY))
    read = load_policy(place.policy)
    made = not place.folder.is_dir()
    place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _written(place.folder / ".gitignore", IGNORE)
    _say(place.folder, made=made)
    _make_keys(place, read)
    _make_signing_key(place)
    _say(
        place.ledger,
        made=_missing(place.ledger, lambda: create_ledger(place.ledger, read_signing_key(place.signing_key))),
    )
    print()
    print("Next:")
    print(f"  ringfence policy show {place.policy}")
    where = _options(place)
    for flow in list(read.flows)[:1]:
        print(f"  my-service 2>&1 | ringfence pipe --flow {flow}{where}")
        print(f"  ringfence run --flow {flow}{where} -- my-service")
    print(f"  ringfence ledger tail{where}")
    return 0


def _options(place: Home) -> str:
    """Give the options that say where everything is, where it is not where the commands look by themselves."""
    given = ""
    if place.policy != Path(POLICY_FILE):
        given += f" --policy {shlex.quote(os.fspath(place.policy))}"
    if place.folder != home(place.policy, None).folder:
        given += f" --home {shlex.quote(os.fspath(place.folder))}"
    return given


def _make_keys(place: Home, policy: Policy) -> None:
    there = {key.name for key in list_keys(place.keys)} if place.keys.is_dir() else set()
    for name in policy.keys:
        if name not in there:
            create(place.keys, name)
        print(f"{'kept' if name in there else 'made'}  key {name}")


def _make_signing_key(place: Home) -> None:
    """Make the ledger's keys where there is no ledger yet. A new key beside an older ledger would only ever be refused."""
    there = [file for file in (place.public_key, place.ledger) if file.exists()]
    if not place.signing_key.exists() and there:
        raise Problem(
            f"{os.fspath(place.signing_key)} is missing, and {there[0].name} is there",
            "put the key back from a backup; for a new ledger move ledger.pub and ledger.db away first",
        )
    _say(place.signing_key, made=_missing(place.signing_key, lambda: make_keys(place.signing_key, place.public_key)))
    if not place.public_key.exists():  # it can be had from the private one
        _written(place.public_key, f"{read_signing_key(place.signing_key).public}\n")
        _say(place.public_key, made=True)


def _written(file: Path, text: str) -> bool:
    """Write a file that is not there; say whether it was written."""
    try:
        write_new(file, text)
    except FileExistsError:
        return False
    return True


def _missing(file: Path, make: Callable[[], object]) -> bool:
    if file.exists():
        return False
    make()
    return True


def _say(file: Path, *, made: bool) -> None:
    print(f"{'made' if made else 'kept'}  {os.fspath(file)}")
