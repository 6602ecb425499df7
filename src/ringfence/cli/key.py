"""`ringfence key`: the keys of forms and blind indexes, as files beside the ledger."""

import json
from typing import Annotated

import typer

from ringfence.cli._formats import Format
from ringfence.cli._home import Home, HomeOption, PolicyOption, home
from ringfence.cli._table import show_table
from ringfence.vault import KeyFile, create, list_keys, rotate

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Make, list and rotate keys.\n\nExample: ringfence key add k-contact",
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The key's name, as the policy writes it.")]


@app.command(help="Make a new key.\n\nExample: ringfence key add k-contact")
def add(name: NameArgument, policy: PolicyOption = None, home_folder: HomeOption = None) -> int:
    """Make version 1 of a key that is not there yet."""
    place = home(policy, home_folder).made()
    _tell(place, create(place.keys, name))
    print("Keep a copy of the file in a safe place: without it, tokens made with it cannot be reversed.")
    return 0


@app.command(
    name="list",
    help="List the keys with all their versions (json: one document).\n\nExample: ringfence key list --format json",
)
def list_(
    policy: PolicyOption = None,
    home_folder: HomeOption = None,
    output: Annotated[Format, typer.Option("--format", help="How to write the list.")] = Format.TEXT,
) -> int:
    """List every version of every key; of each key the newest is current."""
    place = home(policy, home_folder).made()
    files = list_keys(place.keys)
    current = {file.name: file.version for file in files}  # in order of versions, so the newest is the last
    if output is Format.JSON:
        print(json.dumps([_as_json(file, current[file.name]) for file in files], indent=2))
    elif files:
        show_table(["key", "version", "created", ""], [_as_row(file, current[file.name]) for file in files])
    else:
        print("There are no keys; make one with `ringfence key add NAME`.")
    return 0


@app.command(
    name="rotate", help="Give a key a new version; the older ones stay.\n\nExample: ringfence key rotate k-contact"
)
def rotate_(name: NameArgument, policy: PolicyOption = None, home_folder: HomeOption = None) -> int:
    """Make the next version of a key."""
    place = home(policy, home_folder).made()
    _tell(place, rotate(place.keys, name))
    print(
        "Tokens, hashes and blind indexes made from now on differ from earlier ones; earlier tokens can still be reversed."
    )
    print("Programs that run already go on with the version that they loaded: start them again.")
    return 0


def _tell(place: Home, made: KeyFile) -> None:
    print(f"Made key {made.name} version {made.version} in {place.keys}")


def _as_json(file: KeyFile, current: int) -> dict[str, str | int | bool]:
    return {
        "name": file.name,
        "version": file.version,
        "current": file.version == current,
        "created": file.created.isoformat(timespec="seconds"),
    }


def _as_row(file: KeyFile, current: int) -> list[str]:
    created = file.created.isoformat(sep=" ", timespec="minutes").replace("+00:00", " UTC")
    return [file.name, str(file.version), created, "current" if file.version == current else ""]
