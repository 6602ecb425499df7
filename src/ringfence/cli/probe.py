"""`ringfence probe`: attack the running gates, and show what holds and what leaks."""

import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._extras import HTTP, PROBE, need
from ringfence.cli._formats import Format
from ringfence.cli._home import Home, HomeOption, OverlayOption, PolicyOption, home
from ringfence.cli._policy import load_policy
from ringfence.cli._table import is_plain, show_table

if TYPE_CHECKING:
    from ringfence.policy import Policy
    from ringfence.probe import Chosen, Matrix

app = typer.Typer(add_completion=False)

HELD, LEAKED = 0, 1
MOST_SHOWN = 40  # leaks in the terminal's list; the files hold all
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Action(StrEnum):
    """What is done."""

    RUN = "run"
    CLEAN = "clean"


@app.command(
    help=(
        "Attack the running gates from outside, as a client of each role would, and show what holds and what leaks.\n\n"
        "Reads only, unless the policy says `probe: {write: true}`. With `--plant`, synthetic people are put into the database "
        "first, and taken out again by `ringfence probe clean`.\n\n"
        "Exit code: 0 nothing leaked, 1 something did (or `clean` had to leave something), 2 it could not be tried.\n\n"
        "Example: ringfence probe --role support --html matrix.html"
    )
)
def probe(
    action: Annotated[Action, typer.Argument(help="run, or clean: take planted people out again.")] = Action.RUN,
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help="Ask as this role only; of an HTTP gate, along this flow. May be repeated."),
    ] = None,
    category: Annotated[
        list[str] | None, typer.Option("--category", help="Attack this category only. May be repeated.")
    ] = None,
    route: Annotated[list[str] | None, typer.Option("--route", help="Try this route only. May be repeated.")] = None,
    every_field: Annotated[bool, typer.Option("--all", help="Attack every field, not one of each category.")] = False,
    plant: Annotated[
        int,
        typer.Option("--plant", help="Plant so many synthetic people first, where there are fewer.", min=0, max=1000),
    ] = 0,
    every: Annotated[str, typer.Option("--every", help="Go on, a run each time this has passed: 15m.")] = "",
    budget: Annotated[int, typer.Option("--budget", help="The most statements of a run.", min=0)] = 0,
    rate: Annotated[int, typer.Option("--rate", help="The most statements in a second.", min=0)] = 0,
    form: Annotated[Format, typer.Option("--format", help="text, or json: one document.")] = Format.TEXT,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit's XML there, too.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page there, too.")] = None,
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
) -> int:
    """Run once, or again and again, or clean."""
    need("probe", PROBE)
    place = home(policy, folder).made()
    read = load_policy(place.policy, overlay=overlay)
    own = read.probe
    read = replace(read, probe=replace(own, budget=budget or own.budget, rate=rate or own.rate))
    if action is Action.CLEAN:
        return _clean(place, read)
    from ringfence.probe import Chosen

    chosen = Chosen(tuple(role or ()), tuple(category or ()), tuple(route or ()), every_field)
    _check(read, chosen)
    if plant:
        _plant(place, read, plant)

    def once() -> int:
        matrix = _run(place, read, chosen)
        _write(matrix, form, junit, html)
        _close(matrix, read, place, overlay)
        return LEAKED if matrix.leaks else HELD

    return _again(once, _seconds(every)) if every else once()


def _check(policy: "Policy", chosen: "Chosen") -> None:
    """Raise `Problem` for a name that does not exist."""
    from ringfence.probe import attacks
    from ringfence.probe.http.attacks import http_attacks
    from ringfence.taxonomy import CATEGORIES

    routes = dict.fromkeys([*(one.route for one in attacks()), *(one.route for one in http_attacks())])
    known: dict[str, tuple[Sequence[str], Collection[str]]] = {
        "--role": (chosen.roles, [*policy.roles, *policy.flows]),
        "--category": (chosen.categories, {**CATEGORIES, "scan": "", "unknown": ""}),
        "--route": (chosen.routes, routes),
    }
    for option, (given, there) in known.items():
        if any(one not in there for one in given):
            listed = (
                ", ".join(there) if option != "--category" else "`ringfence categories` lists them; or scan, unknown"
            )
            raise Problem(f"{option}: there is no such one", f"there are: {listed}")


def _run(place: Home, policy: "Policy", chosen: "Chosen") -> "Matrix":
    from ringfence.cli._session import principal
    from ringfence.probe.attacking import Wanted, attack
    from ringfence.probe.standing import gate_of, stand

    if gate_of(policy).kind == "http":
        need("http", HTTP)

    with _progress() as progress, stand(place.folder, place.ledger, place.signing_key) as standing:
        wanted = Wanted(policy, os.environ, place.policy.parent, place.keys, principal(), chosen, progress)
        return attack(standing, wanted)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Draw a bar on a terminal; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda done, whole: None  # noqa: ARG005 (nobody looks)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True, color_system=None if is_plain() else "auto"), transient=True) as bar:
        task = bar.add_task("attacking", total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)


def _close(matrix: "Matrix", policy: "Policy", place: Home, overlay: Path | None) -> None:
    """Close the flows that leak, where the policy says so; tell it on standard error."""
    from ringfence.probe.closing import Files, close_leaking

    for closed in close_leaking(matrix, policy, Files(place.policy, overlay, place.folder)):
        said = (
            f"flow {closed.flow} could not be closed: {closed.trouble}"
            if closed.trouble
            else f"closed flow {closed.flow}"
        )
        mend = (
            f"ringfence close {closed.flow}"
            if closed.trouble
            else f"when it is mended: ringfence enforce {closed.flow}"
        )
        print(f"ringfence: {said}\n  {mend}", file=sys.stderr)


def _write(matrix: "Matrix", form: Format, junit: Path | None, html: Path | None) -> None:
    from ringfence.probe.writing import as_json, as_junit, as_page

    if junit is not None:
        junit.write_text(as_junit(matrix), encoding="utf-8")
    if html is not None:
        html.write_text(as_page(matrix), encoding="utf-8")
    if form is Format.JSON:
        print(as_json(matrix))
    else:
        _show(matrix)


def _show(matrix: "Matrix") -> None:
    from ringfence.probe import Verdict
    from ringfence.probe.writing import summary, tried_against

    rows = [
        [role, "(the gate itself)" if category == "*" else category, *(str(counts[each] or "") for each in Verdict)]
        for role, category, counts in summary(matrix)
    ]
    leaking = [number for number, row in enumerate(rows) if row[-1]]
    print("routes by what came of them, the worst of their attacks counting:\n")
    show_table(["role", "category", *(each.value for each in Verdict)], rows, warned=leaking)
    if matrix.leaks:
        print()
        shown = [[cell.role, cell.category, cell.attack, ", ".join(cell.ways) or cell.why] for cell in matrix.leaks]
        show_table(["leaked to", "category", "attack", "how"], shown[:MOST_SHOWN])
        if len(shown) > MOST_SHOWN:
            print(f"and {len(shown) - MOST_SHOWN} more: --format json lists all")
    print("\nnot runnable:")
    for why, number in matrix.reasons().items():
        print(f"  {number:,} x {why}")
    print("\ntried against:")
    for name, value in tried_against(matrix):
        print(f"  {name.ljust(18)}  {value}")
    print(f"\n{len(matrix.leaks):,} of {matrix.ran:,} attacks leaked (run {matrix.run})")


def _again(once: Callable[[], int], seconds: float) -> int:
    """Run until it is interrupted, each time after a pause that nobody can foresee; give the worst code."""
    from ringfence.probe.standing import pause

    worst = HELD
    while True:
        worst = max(worst, once())
        try:
            time.sleep(pause(seconds))
        except KeyboardInterrupt:
            return worst


def _seconds(every: str) -> float:
    number, unit = every[:-1], every[-1:]
    if not number.isdigit() or not int(number) or unit not in _UNITS:
        raise Problem("--every: not a time", "write a number with s, m, h or d: 15m")
    return float(int(number) * _UNITS[unit])


def _plant(place: Home, policy: "Policy", people: int) -> None:
    """Plant synthetic people; say on standard error what took none."""
    need("probe", ("faker",))
    from ringfence.probe.http.site import HttpSite
    from ringfence.probe.planting import plant
    from ringfence.probe.standing import site_of, stand, writing

    with (
        stand(place.folder, place.ledger, place.signing_key) as standing,
        writing(policy, os.environ, place.policy.parent) as connection,
    ):
        site = site_of(policy, place.folder, place.policy.parent)
        if isinstance(site, HttpSite):
            raise Problem("nothing is planted behind an HTTP gate", "leave --plant out: both ends are played")
        asset = site.asset
        sown = plant(connection, asset, standing.manifest, standing.secret, people)
    for table, why in sown.refused.items():
        print(f"ringfence: nothing was planted in {table}: {why}", file=sys.stderr)


def _clean(place: Home, policy: "Policy") -> int:
    """Take out what was planted; say what is left."""
    from ringfence.probe.cleaning import clean
    from ringfence.probe.standing import stand, writing

    with stand(place.folder, place.ledger, place.signing_key) as standing:
        if not standing.manifest.rows():
            print("Nothing is planted.")
            return HELD
        with writing(policy, os.environ, place.policy.parent) as connection:
            done = clean(connection, standing.manifest, standing.secret)
    for table, rows in done.deleted.items():
        print(f"{table}: {rows:,} planted rows deleted")
    for table, rows in done.referring.items():
        print(f"{table}: {rows:,} rows deleted that referred to planted ones")
    for table, why in done.left.items():
        print(f"{table}: planted rows are left: {why}")
    for table, rows in done.copies.items():
        print(
            f"{table}: {rows:,} rows hold a planted person's mark, and are in no manifest: copies by a trigger, look at them"
        )
    for table in done.unread:
        print(f"{table}: could not be looked through for copies")
    return HELD if done.is_whole else LEAKED
