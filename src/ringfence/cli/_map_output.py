"""How a map and its drift are shown: tables for people, one JSON document for programs. No value is in either."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ringfence.atlas import AssetMap, Drifted, How, Mapped, Progress, counted, reasons, table_data
from ringfence.cli._table import show_table
from ringfence.policy.model import NONE, SCAN

_FIRST = {SCAN: 1, "unknown": 2, NONE: 3}


def show_map(found: AssetMap, *, every: bool) -> None:
    """Show the fields: personal ones first, then free text, then unknown ones; harmless ones by their number, or all."""
    fields = list(found.fields)
    shown = [one for one in fields if every or one.judgement != NONE]
    shown.sort(key=lambda one: (_FIRST.get(one.judgement, 0), one.path))
    if shown:
        show_table(["field", "holds", "sure", "why"], [_row(one) for one in shown], warned=_warned(shown))
        print()
    counts = counted(fields)
    places = "tables" if found.kind != "http" else "endpoints" if len(found.tables) != 1 else "endpoint"
    print(
        f"{found.asset} in zone {found.zone}: {len(fields):,} fields in {len(found.tables):,} {places}; "
        f"{counts['personal']:,} personal, {counts['scan']:,} scan, {counts['unknown']:,} unknown, {counts['none']:,} none"
        + ("" if every or not counts["none"] else " (--all lists them)")
    )
    for words in found.left_out:
        print(f"left out: {words}")


def _warned(shown: Sequence[Mapped]) -> list[int]:
    return [number for number, one in enumerate(shown) if one.is_personal]


def _row(one: Mapped) -> list[str]:
    sure = "" if one.reviewed else f"{one.confidence:.2f}"
    return [one.path, one.judgement, sure, reasons(one)]


def map_as_json(found: AssetMap) -> str:
    """Give the map as one document."""
    return json.dumps(
        {
            "asset": found.asset,
            "zone": found.zone,
            "kind": found.kind,
            "at": found.at,
            "counts": counted(list(found.fields)),
            "tables": [table_data(table) for table in found.tables],
            "left_out": list(found.left_out),
        },
        indent=2,
        ensure_ascii=False,
    )


def show_drift(asset: str, drifted: Sequence[Drifted]) -> None:
    """Show what drifted, or that nothing did."""
    if not drifted:
        print(f"{asset}: as it was accepted")
        return
    rows = [[one.how.value, one.path, one.accepted, one.found, one.why] for one in drifted]
    show_table(["", "field", "accepted", "found", "why"], rows)
    counts = count_drift(drifted)
    print()
    print(f"{asset}: " + ", ".join(f"{count} {how}" for how, count in counts.items()))
    print("  `ringfence map` writes what is there now; `ringfence map accept FIELD` and `reject FIELD` judge")


def count_drift(drifted: Sequence[Drifted]) -> dict[str, int]:
    """Count what drifted, by how."""
    return {how.value: sum(one.how is how for one in drifted) for how in How}


def drift_as_json(asset: str, drifted: Sequence[Drifted]) -> str:
    """Give the drift as one document."""
    listed = [
        {"how": one.how.value, "path": one.path, "accepted": one.accepted, "found": one.found, "why": one.why}
        for one in drifted
    ]
    return json.dumps({"asset": asset, "counts": count_drift(drifted), "drift": listed}, indent=2, ensure_ascii=False)


@contextmanager
def progress(what: str) -> Iterator[Progress | None]:
    """Show how far it is, where somebody watches standard error."""
    import sys

    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from ringfence.cli._table import is_plain

    console = Console(stderr=True, color_system=None if is_plain() else "auto")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
