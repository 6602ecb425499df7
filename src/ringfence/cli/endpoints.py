"""`ringfence endpoints`: what a service declares, what is called of it, and what is called that nobody declared.

The rule: endpoints come from the policy and from the ledger's counts; no service is asked, and no value is shown.
"""

import json
from typing import Annotated

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._formats import Format, FormatOption
from ringfence.cli._home import HomeOption, OverlayOption, PolicyOption, home
from ringfence.cli._policy import load_policy
from ringfence.cli._span import TIME_HELP, span_of
from ringfence.cli._table import show_table
from ringfence.ledger import Reader
from ringfence.policy import AssetName, Policy
from ringfence.policy.problems import nearest
from ringfence.report import Span, Standing, Usage, Usages, endpoint_usage, in_seconds
from ringfence.stamps import stamp

app = typer.Typer(add_completion=False)

FOUND = 1
_ORDER = (Standing.UNDECLARED, Standing.UNUSED, Standing.NOT_COUNTED, Standing.CALLED)


@app.command(
    help=(
        "List the endpoints of HTTP services: declared and called, declared and never called, called and never declared; each "
        "with the categories that its responses expose.\n\n"
        "Exit code: 0 where nothing has to be looked at; 1 where an endpoint was called that nobody declared, or one that exposes "
        "personal data was never called in this time; 2 an error.\n\n"
        "Example: ringfence endpoints --since 30d"
    )
)
def endpoints(
    asset: Annotated[
        list[str] | None, typer.Option("--asset", help="Of this service; several times.", show_default="all")
    ] = None,
    since: Annotated[str, typer.Option("--since", help=f"Called from then on: {TIME_HELP}.")] = "30d",
    until: Annotated[str, typer.Option("--until", help=f"Before then: {TIME_HELP}.", show_default="now")] = "",
    output: FormatOption = Format.TEXT,
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
) -> int:
    """Read the policy and the ledger, and put them together."""
    place = home(policy, folder).made()
    read = load_policy(place.policy, overlay=overlay)
    assets = tuple(asset or ())
    _check(read, assets)
    span = span_of(since, until)
    with Reader(place.ledger) as reader:
        found = endpoint_usage(read, reader.each(span.query, reader.size), assets)
    rows = sorted(found.endpoints, key=lambda one: (_ORDER.index(one.standing), not one.is_finding, one.asset))
    if output is Format.JSON:
        print(json.dumps(_as_json(found, rows, span), indent=2, ensure_ascii=False))
    else:
        _show(found, rows, span)
    return FOUND if found.more or any(one.is_finding for one in rows) else 0


def _check(policy: Policy, assets: tuple[str, ...]) -> None:
    declaring = [str(name) for name, asset in policy.assets.items() if asset.endpoints]
    for name in assets:
        if AssetName(name) not in policy.assets:
            raise Problem(
                "--asset: the policy has no asset of that name", nearest(name, declaring, "it has none at all")
            )
    if not declaring or (assets and not set(assets) & set(declaring)):
        what = "no endpoints are declared" + (" there" if assets else " in the policy")
        raise Problem(what, "`ringfence map --openapi FILE --asset NAME` writes them from a service's description")


def _show(found: Usages, rows: list[Usage], span: Span) -> None:
    table = [
        [
            one.standing.value,
            *([one.asset] if len({each.asset for each in rows}) > 1 else []),
            one.endpoint,
            f"{one.calls:,}" if one.calls else "",
            f"{one.refused:,}" if one.refused else "",
            in_seconds(one.last) if one.last else "",
            ", ".join(one.exposes),
            ", ".join(one.seen),
        ]
        for one in rows
    ]
    several = ["asset"] if table and len(table[0]) > 7 else []
    heads = ["", *several, "endpoint", "calls", "refused", "last", "exposes", "seen"]
    show_table(heads, table, warned=[number for number, one in enumerate(rows) if one.is_finding])
    print()
    counts = {standing: sum(one.standing is standing for one in rows) for standing in _ORDER}
    print(", ".join(f"{count:,} {standing.value}" for standing, count in counts.items() if count))
    if found.more:
        print(f"and {found.more:,} calls of more endpoints that nobody declared: too many to list")
    if found.counted_since:
        print(f"counted from {in_seconds(max(found.counted_since, stamp(span.since)))} on")
    if counts[Standing.NOT_COUNTED]:
        print("the ledger has no counts of this time for some: of those nothing can be said")


def _as_json(found: Usages, rows: list[Usage], span: Span) -> dict[str, object]:
    return {
        "since": stamp(span.since),
        "until": stamp(span.until),
        "counted_since": found.counted_since,
        "more": found.more,
        "endpoints": [
            {
                "asset": one.asset,
                "endpoint": one.endpoint,
                "standing": one.standing.value,
                "finding": one.is_finding,
                "calls": one.calls,
                "refused": one.refused,
                "last": one.last,
                "exposes": list(one.exposes),
                "collects": list(one.collects),
                "seen": list(one.seen),
            }
            for one in rows
        ],
    }
