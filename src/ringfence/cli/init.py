"""`ringfence init`: a first policy, its keys and its ledger. What is there already stays as it is."""

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._extras import PASSWORDS, need
from ringfence.cli._files import write_new
from ringfence.cli._first_policy import FIRST_POLICY
from ringfence.cli._home import POLICY_FILE, Home, HomeOption, PolicyOption, home
from ringfence.cli._policy import load_policy
from ringfence.home import IGNORE
from ringfence.ledger import create_ledger, make_keys, read_signing_key
from ringfence.policy import Flow, Policy
from ringfence.vault import create, list_keys

if TYPE_CHECKING:
    from ringfence.cli._database import Prepared

app = typer.Typer(add_completion=False)


@app.command(
    help=(
        "Write a first policy, its keys and its ledger, beside one another.\n\n"
        "Run again, it keeps what is there and adds what is missing: a key that the policy names, the ledger.\n\n"
        "With --pg it maps a PostgreSQL database, which it only reads, and writes a policy for it: zones, a gate, a login for "
        "each role with the SQL that makes it, and flows that observe.\n\n"
        "Example: ringfence init --pg postgresql://postgres@127.0.0.1:5432/shop"
    )
)
def init(
    pg: Annotated[
        str | None, typer.Option("--pg", metavar="DSN", help="A PostgreSQL database to write the policy for.")
    ] = None,
    policy: PolicyOption = None,
    folder: HomeOption = None,
) -> int:
    """Make what is missing, and say what was made, what was kept, and what to do next."""
    place = home(policy, folder)
    if not place.policy.parent.is_dir():
        raise Problem(
            f"{place.policy.parent}: no such folder", "make it first, or name another policy file with --policy"
        )
    if pg is not None and not pg.strip():  # a variable that is not set: the policy of a log is not what was asked for
        raise Problem("--pg: it is empty", "name a database; if it came from a variable, set that first")
    made = not place.folder.is_dir()
    prepared = _prepared(pg, place) if pg else None
    _say(place.policy, made=_written(place.policy, FIRST_POLICY if prepared is None else prepared.policy))
    read = load_policy(place.policy)
    place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _written(place.folder / ".gitignore", IGNORE)
    _say(place.folder, made=made)
    _make_keys(place, read)
    _make_signing_key(place)
    _say(
        place.ledger,
        made=_missing(place.ledger, lambda: create_ledger(place.ledger, read_signing_key(place.signing_key))),
    )
    if prepared is not None:
        _database(prepared, place)
        return 0
    print()
    print("Next:")
    print(f"  ringfence policy show {place.policy}")
    for line in _next(place, read):
        print(f"  {line}")
    return 0


def _prepared(dsn: str, place: Home) -> "Prepared":
    need("postgres", ("psycopg", *PASSWORDS))  # before what follows is imported: it needs them
    from ringfence.cli._database import prepare

    return prepare(dsn, place)


def _database(prepared: "Prepared", place: Home) -> None:
    """Write the logins of a database's gate, and say how to go on."""
    from ringfence.atlas import MAP_FILE
    from ringfence.cli._database import write_logins

    script, made = write_logins(prepared, place)
    _say(place.policy.parent / MAP_FILE, made=prepared.mapped)
    _say(script, made=made)
    file, where = _option("--policy", place.policy, Path(POLICY_FILE)), _options(place)
    reader, flow = prepared.accounts[0].role, "staff-reads"
    print()
    print(f"Mapped {prepared.found.asset}: {prepared.summary()}.")
    print()
    print("Next:")
    for line in (
        f"psql ADMINISTRATORS_DSN -f {shlex.quote(os.fspath(script))}   # makes the gate's logins",
        f"ringfence user add NAME --group {reader}{file}",
        f"ringfence up{where}",
        f"psql {_conninfo(prepared.database)}   # everything passes, and is recorded",
        f"ringfence report observe{where}   # what would have been changed or refused",
        f"ringfence enforce {flow}{where}",
    ):
        print(f"  {line}")


def _conninfo(database: str) -> str:
    """Give the gate's address for a database, whatever its name is, as a shell takes it."""
    from psycopg.conninfo import make_conninfo

    return shlex.quote(make_conninfo(host="127.0.0.1", port=6432, user="NAME", dbname=database))


def _next(place: Home, policy: Policy) -> list[str]:
    """Give the commands that this policy is made for: of its log flows, and of the gates that clients connect to."""
    from ringfence.serve.changes import LOG_KIND, SERVED

    where = _options(place)
    gates = policy.gates
    logs = [flow.id for flow in policy.flows.values() if _gate_kind(policy, flow) in ("", LOG_KIND)]
    serves = any(gate.kind in SERVED for gate in gates.values())
    lines = []
    if logs and (not serves or any(gate.kind == LOG_KIND for gate in gates.values())):
        lines += [
            f"my-service 2>&1 | ringfence pipe --flow {logs[0]}{where}",
            f"ringfence run --flow {logs[0]}{where} -- my-service",
        ]
    if serves:
        file = _option("--policy", place.policy, Path(POLICY_FILE))
        group = next((f" --group {shlex.quote(role.group)}" for role in policy.roles.values()), "")
        kinds = {each.kind for each in policy.principals.values()}
        if kinds & {"scram", "certificate"}:
            lines.append(f"ringfence user add NAME{group}{file}")
        if "api_key" in kinds:
            lines.append(f"ringfence user add NAME --api-key{group}{file}")
        lines.append(f"ringfence up{where}")
    return [*lines, f"ringfence ledger tail{where}"]


def _gate_kind(policy: Policy, flow: Flow) -> str:
    gate = policy.gates.get(flow.via.gate) if flow.via.gate is not None else None
    return gate.kind if gate is not None else ""


def _options(place: Home) -> str:
    """Give the options that say where everything is, where it is not where the commands look by themselves."""
    return _option("--policy", place.policy, Path(POLICY_FILE)) + _option(
        "--home", place.folder, home(place.policy, None).folder
    )


def _option(name: str, given: Path, usual: Path) -> str:
    return f" {name} {shlex.quote(os.fspath(given))}" if given != usual else ""


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
