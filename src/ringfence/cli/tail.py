"""`ringfence tail`: what crosses and what is refused, as it happens, one line each, of all gates.

The rule: it reads the ledger as `ringfence ledger tail` does, and shows what stands there: categories, forms, names of flows and
roles, never a value. What leaves no entry of its own (a payload with nothing personal in it) is seen in its minute's count.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli._entries import (
    LedgerOption,
    clean,
    facts,
    print_json,
    show_all,
)
from ringfence.cli._formats import Format, FormatOption
from ringfence.cli._home import HomeOption, PolicyOption, home
from ringfence.cli._span import TIME_HELP, time_of
from ringfence.cli._table import console
from ringfence.crossing.entries import CANARY_FLOW
from ringfence.gates.refusals import is_cut, times_of
from ringfence.ledger import Entry, JsonValue, Query
from ringfence.ledger.following import Follower

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(add_completion=False)

DEFAULT_LINES = 10
_ID_SHOWN = 16  # digits of a trace's id: enough to know it by


class Outcome(StrEnum):
    """What came of a crossing."""

    PASSED = "passed"  # everything in it crossed as it was
    CHANGED = "changed"
    REFUSED = "refused"
    CUT = "cut"  # its client, or who was to answer, went away in the middle
    WOULD = "would"  # its flow observes: it passed, and would have been refused
    OPENED = "opened"  # it is a stream: under way, or its outcome is unknown
    COUNTED = "counted"  # a minute's payloads with nothing personal in them


_STYLES: Mapping[Outcome, str] = {
    Outcome.REFUSED: "bold red",
    Outcome.WOULD: "yellow",
    Outcome.CHANGED: "green",
    Outcome.COUNTED: "dim",
}
_KINDS = frozenset({"crossed", "opened", "widened", "closed", "refused", "counted"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which crossings are shown; None is all."""

    gate: str | None = None
    outcome: Outcome | None = None
    category: str | None = None  # a path, and all under it; with a star at its end, all that begin so
    role: str | None = None
    canaries: bool = False  # the gates' own

    def fits(self, entry: Entry) -> bool:
        """Whether an entry is one of them."""
        body = entry.body
        if body is None or body.get("kind") not in _KINDS:
            return False
        return (
            (self.gate is None or body.get("gate") == self.gate)
            and (self.role is None or body.get("role") == self.role)
            and (self.outcome is None or outcome_of(body) is self.outcome)
            and (self.category is None or any(map(self._covers, _categories(body))))
            and (self.canaries or body.get("flow") != CANARY_FLOW)
        )

    def _covers(self, category: str) -> bool:
        wanted = self.category or ""
        if wanted.endswith("*"):
            return category.startswith(wanted.removesuffix("*"))
        return f"{category}.".startswith(f"{wanted}.")


@app.command(
    help=(
        "Show what crosses and what is refused, one line each, of all gates: time, gate, flow, endpoint, who, what came of it, "
        "categories with their forms, trace, crossing. On a terminal it goes on with what happens from now on.\n\n"
        "Payloads with nothing personal in them are shown as a minute's count. Exit code: 0; 2 where the "
        "ledger cannot be read; 130 after Ctrl-C.\n\nExample: ringfence tail --outcome refused --category user.contact"
    )
)
def tail(
    count: Annotated[
        int | None,
        typer.Option("-n", "--lines", min=0, help="How many of the past.", show_default="10; all with --since"),
    ] = None,
    follow: Annotated[
        bool | None,
        typer.Option("--follow/--no-follow", "-f", help="Go on with what happens.", show_default="on a terminal"),
    ] = None,
    gate: Annotated[str | None, typer.Option(help="Of this gate.")] = None,
    flow: Annotated[str | None, typer.Option(help="Of this flow.")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="Of which this came.")] = None,
    category: Annotated[
        str | None, typer.Option(help="With this category, or one under it; `user.contact*`: one that begins so.")
    ] = None,
    role: Annotated[str | None, typer.Option(help="Asked for in this role.")] = None,
    principal: Annotated[str | None, typer.Option(help="Asked for by this principal.")] = None,
    since: Annotated[str | None, typer.Option(help=f"From then on: {TIME_HELP}.")] = None,
    output: FormatOption = Format.TEXT,
    policy: PolicyOption = None,
    folder: HomeOption = None,
    file: LedgerOption = None,
) -> int:
    """Show the newest crossings, and with `follow` those that come."""
    at = time_of(since, "--since") if since is not None else None
    query = Query(flow=flow, principal=principal, since=at)
    wanted = Wanted(gate, outcome, category, role, canaries=flow == CANARY_FLOW)
    place = file or home(policy, folder).made().ledger
    show = print_json if output is Format.JSON else _printer()
    goes_on = sys.stdout.isatty() if follow is None else follow

    def show_wanted(entry: Entry) -> None:
        if wanted.fits(entry):
            show(entry)

    with Follower(place, query) as follower:
        if count is None and at is not None:
            follower.at = follower.first_kept(at)
        else:
            for entry in follower.newest(DEFAULT_LINES if count is None else count, wanted.fits):
                show(entry)
        show_all(follower, show_wanted, follow=goes_on)
    return 0


def outcome_of(body: Mapping[str, JsonValue]) -> Outcome:
    """Say what came of the crossing that an entry is of."""
    if "would" in body:
        return Outcome.WOULD
    match body.get("kind"):
        case "refused" if is_cut(body):
            return Outcome.CUT
        case "refused":
            return Outcome.REFUSED
        case "counted":
            return Outcome.COUNTED
        case "opened" | "widened":
            return Outcome.OPENED
        case _:
            return Outcome.CHANGED if body.get("changes") else Outcome.PASSED


def line_of(entry: Entry) -> Sequence[tuple[str, str]]:
    """Give an entry as the cells of its line, each with its style."""
    body = entry.body or {}
    outcome = outcome_of(body)
    cells = [
        (str(body.get("at", "-")), "dim"),
        (f"{body.get('gate') or '-':<8}", ""),
        (f"{body.get('flow') or '-':<14}", ""),
        (_endpoint(body), ""),
        (_who(body), ""),
        (f"{outcome.value:<8}", _STYLES.get(outcome, "")),
        (_what(body, outcome), ""),
        (_trace(body), "dim"),
        (str(body.get("crossing", "-")), "dim"),
    ]
    return [(clean(text), style) for text, style in cells if text]


def _printer() -> Callable[[Entry], None]:
    """Give what writes an entry's line: in colours on a terminal that wants them."""
    if not sys.stdout.isatty():
        return lambda entry: print("  ".join(text for text, _ in line_of(entry)).rstrip())
    screen = console()
    return lambda entry: _print(screen, line_of(entry))


def _print(screen: "Console", cells: Sequence[tuple[str, str]]) -> None:
    from rich.text import Text

    line = Text("  ").join(Text(text, style) for text, style in cells)
    screen.print(line, soft_wrap=True)


def _categories(body: Mapping[str, JsonValue]) -> Sequence[str]:
    found = body.get("found")
    facts_of = [fact for fact in found if isinstance(fact, Mapping)] if isinstance(found, list) else []
    return [str(each["category"]) for each in (*facts_of, body) if each.get("category")]


def _endpoint(body: Mapping[str, JsonValue]) -> str:
    client = body.get("client")
    told = client if isinstance(client, Mapping) else {}
    asked = " ".join(str(told[name]) for name in ("method", "path") if name in told)
    return str(body.get("endpoint") or asked)


def _who(body: Mapping[str, JsonValue]) -> str:
    if "principal" not in body:
        return ""
    return "/".join(str(body[name]) for name in ("principal", "role") if name in body)


def _what(body: Mapping[str, JsonValue], outcome: Outcome) -> str:
    """Say what crossed, or why it did not."""
    match outcome:
        case Outcome.COUNTED:
            return f"{body.get('payloads')} with nothing personal"
        case Outcome.REFUSED | Outcome.WOULD:
            why = [str(body.get(outcome.value)), str(body.get("category") or "")]
            times = times_of(body)
            return " ".join(filter(None, [*why, f"{times} times" if times > 1 else ""]))
        case _:
            return ", ".join(facts(body.get("found")))


def _trace(body: Mapping[str, JsonValue]) -> str:
    trace = body.get("trace")
    return f"trace {str(trace.get('id'))[:_ID_SHOWN]}" if isinstance(trace, Mapping) else ""
