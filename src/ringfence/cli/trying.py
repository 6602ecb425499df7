"""`ringfence try`: what would become of a query, without running it."""

import asyncio
import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._extras import POSTGRES, need
from ringfence.cli._formats import Format, FormatOption
from ringfence.cli._home import HomeOption, OverlayOption, PolicyOption, home
from ringfence.cli._policy import load_policy
from ringfence.cli._table import show_table
from ringfence.policy import Asker, Gate, Mode, Policy, PurposeName, RoleName, ZoneName
from ringfence.policy.problems import nearest

if TYPE_CHECKING:
    from ringfence.cli._trials import Trial

app = typer.Typer(add_completion=False)

REFUSED = 1
NOT_SQL = 2


@app.command(
    help=(
        "Show, without running it, which columns a query would give to a role, in which form, and why.\n\n"
        "The server parses it on the role's own login, in a read-only session; it is not planned or run, and nothing is "
        "recorded.\n\n"
        "Exit code: 0 where it would run, 1 where it would be refused, 2 where it is no SQL that the server knows.\n\n"
        'Example: ringfence try "SELECT name, email FROM customer" --as support'
    )
)
def trying(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="The statement, or several.", show_default=False)],
    role: Annotated[str, typer.Option("--as", help="The role to ask as.", show_default=False)],
    purpose: Annotated[str | None, typer.Option("--purpose", help="Why: one of the policy's purposes.")] = None,
    reason: Annotated[bool, typer.Option("--reason", help="As one who has stated a reason.")] = False,
    gate: Annotated[str, typer.Option("--gate", "-g", help="The gate.", show_default="the only one")] = "",
    zone: Annotated[
        str, typer.Option("--zone", help="Where the asker stands.", show_default="the zone of the policy's principals")
    ] = "",
    output: FormatOption = Format.TEXT,
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
) -> int:
    """Ask, and show what would become of it."""
    if not sql.strip():
        raise Problem("there is no statement", 'give one: ringfence try "SELECT name FROM customer" --as ROLE')
    need("postgres", POSTGRES)
    from ringfence.cli._trials import trials

    place = home(policy, folder)
    read = load_policy(place.policy, overlay=overlay)
    chosen = _gate(read, gate)
    asker = Asker(
        RoleName(_known(role, "--as", read.roles)),
        PurposeName(_known(purpose, "--purpose", read.purposes)) if purpose is not None else None,
        has_reason=reason,
    )
    if asker.role not in chosen.logins:
        raise Problem(f"gate {chosen.name} has no login for role {role}", f"it has: {', '.join(chosen.logins)}")
    stands = ZoneName(_known(zone, "--zone", read.zones)) if zone else _zone(read, chosen)
    found = asyncio.run(trials(read, chosen, place.policy.absolute().parent, stands, asker, sql))
    if output is Format.JSON:
        print(json.dumps([each.as_data for each in found], indent=2, ensure_ascii=False))
    else:
        for number, each in enumerate(found):
            _show(each, number if len(found) > 1 else None)
    if any(each.error for each in found):
        return NOT_SQL
    return REFUSED if any(each.refused for each in found) else 0


def _show(trial: "Trial", number: int | None) -> None:
    if number is not None:
        print(f"{'' if number == 0 else chr(10)}statement {number + 1}")
    if trial.error:
        print(f"no verdict: {trial.error}")
        return
    if trial.mode is Mode.OBSERVE:
        print("! the flow observes: everything passes as it is; this is what would be")
    print(f"{trial.verdict}, by flow {trial.flow or '(none)'}")
    if trial.refused:
        print(f"  because  {trial.refused}")
        print(f"  by rule  {trial.rule}")
        print(f"  mend     {trial.mend}")
    for title, heads, rows in (
        ("columns", ("column", "comes from", "known as", "form", "by rule"), [each.cells for each in trial.columns]),
        ("compared", ("column", "known as", "how"), [each.cells for each in trial.compared]),
        ("written", ("column", "from"), [each.cells for each in trial.written]),
    ):
        if rows:
            print(f"\n{title}")
            show_table(heads, rows)


def _gate(policy: Policy, name: str) -> Gate:
    gates = {each.name: each for each in policy.gates.values() if each.kind == "postgres"}
    if name in gates:
        return gates[name]
    if name or not gates:
        what = "the policy has no PostgreSQL gate" + (" of that name" if name else "")
        raise Problem(what, nearest(name, gates, "declare one: `gates: {pg: {kind: postgres, ...}}`"))
    if len(gates) > 1:
        raise Problem("the policy has several PostgreSQL gates", f"say which with --gate: {', '.join(gates)}")
    return next(iter(gates.values()))


def _zone(policy: Policy, gate: Gate) -> ZoneName:
    from ringfence.access import asked_of

    asked = asked_of(policy, gate) or policy.principals.values()
    zones = sorted({each.zone for each in asked})
    if len(zones) != 1:
        raise Problem("the gate's principals stand in several zones", f"say which with --zone: {', '.join(zones)}")
    return zones[0]


def _known(name: str, option: str, there: Collection[str]) -> str:
    """Give a name that the policy has, or raise `Problem`."""
    if name not in there:
        raise Problem(f"{option}: the policy has none of that name", nearest(name, there, "it has none at all"))
    return name
