"""The scenes about what can be shown to others: who was told, what attacks came to, what the ledger gives as evidence.

The rule: as for all scenes. What is shown was written by the commands that it names.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from ringfence.demo.planting import Sight
from ringfence.demo.postgres_server import ServerMissing
from ringfence.demo.postgres_stage import PROBED
from ringfence.demo.screen import Screen, left_out
from ringfence.demo.stage import Stage

MOST_ROWS = 10
SHOWN_OF_AN_ALERT = ("kind", "flow", "principal", "role", "category", "reason", "rule", "explain")


def show_alerts(stage: Stage, screen: Screen) -> bool:
    """Show the alert of a refused transfer, as the desk has it."""
    shop = stage.shop
    if isinstance(shop, ServerMissing):
        return left_out(shop, screen)
    for told in shop.alerts[-1:]:
        shown = {name: told.body[name] for name in SHOWN_OF_AN_ALERT if told.body.get(name)}
        screen.output(json.dumps(shown, indent=1, ensure_ascii=False))
    by_crossing = {str(told.body.get("crossing")): told.at for told in shop.alerts}
    waits = [
        by_crossing[crossing] - at
        for (_, answer), at in zip(shop.transfers, shop.answered, strict=True)
        if (crossing := answer.crossing) in by_crossing
    ]
    sight = Sight(json.dumps([told.body for told in shop.alerts], ensure_ascii=False).encode())
    quoted = sum(map(sight.shows, shop.planted("analyst")))
    slowest = max(waits, default=0.0)
    told_of = sum(told.times for told in shop.alerts)
    return screen.held(
        holds=told_of == shop.refused > 0 and quoted == 0 and bool(waits),
        text=(
            f"{shop.refused} refusals, {told_of} of them told in {len(shop.alerts)} alerts, the slowest {slowest:.2f} s after the "
            f"client had its answer; values of customers in them: {quoted}"
        ),
    )


def show_matrix(stage: Stage, screen: Screen) -> bool:
    """Show the leak matrix: what came of attacks on the running gate, as each role."""
    shop = stage.shop
    if isinstance(shop, ServerMissing):
        return left_out(shop, screen)
    screen.command("ringfence probe " + " ".join(PROBED))
    if shop.matrix.code not in (0, 1):
        screen.output(shop.matrix.err)
        return screen.held(holds=False, text="the gate could not be attacked")
    matrix = json.loads(shop.matrix.out)
    cells = matrix["cells"]
    by_row: dict[tuple[str, str], Counter[str]] = {}
    for cell in cells:
        by_row.setdefault((cell["role"], cell["category"]), Counter())[cell["verdict"]] += 1
    outcomes = sorted({cell["verdict"] for cell in cells})
    screen.table(
        ("role", "category", *(f">{outcome}" for outcome in outcomes)),
        [(*row, *(str(counts[outcome]) for outcome in outcomes)) for row, counts in sorted(by_row.items())],
    )
    leaked = sum(cell["verdict"] == "leaked" for cell in cells)
    tried = sum(cell["verdict"] != "not runnable" for cell in cells)
    return screen.held(
        holds=shop.matrix.code == 0 and leaked == 0 < tried,
        text=f"{tried:,} cells attacked, {leaked} leaked; {len(cells) - tried:,} not runnable, each with why",
    )


def show_evidence(stage: Stage, screen: Screen) -> bool:
    """Show the record of processing and the reach of a breach, and what both rest on."""
    shop = stage.shop
    if isinstance(shop, ServerMissing):
        return left_out(shop, screen)
    crossings, breach = shop.reports["crossings"], shop.reports["breach --zone analytics"]
    screen.command("ringfence report crossings")
    screen.table(
        ("who", "role", "from", "to", "category", "form", ">values", "entries"),
        _cells(crossings, "crossed", ("principal", "role", "from", "to", "category", "form", "values", "entries")),
    )
    screen.command("ringfence report breach --zone analytics")
    screen.table(
        ("category", "form", ">values", "what gives the value back"),
        _cells(breach, "reached", ("category", "form", "values", "undone_by")),
    )
    basis = crossings["basis"]
    assert isinstance(basis, Mapping)  # noqa: S101 (the command's own document)
    screen.say(f"Counted from {basis['entries']} entries; the checkpoint of {basis['size']} entries covers them.")
    sight = Sight(json.dumps(shop.reports, ensure_ascii=False).encode())
    quoted = sum(map(sight.shows, shop.planted("analyst")))
    return screen.held(
        holds=quoted == 0 and bool(_rows(crossings, "crossed")) and bool(_rows(breach, "reached")),
        text=f"both reports stand on a signed checkpoint; values of customers in them: {quoted}",
    )


def _rows(report: Mapping[str, object], table: str) -> Sequence[Mapping[str, object]]:
    tables = report["tables"]
    assert isinstance(tables, Mapping)  # noqa: S101 (the command's own document)
    rows = tables[table]
    assert isinstance(rows, list)  # noqa: S101 (the same)
    return rows


def _cells(report: Mapping[str, object], table: str, keys: Sequence[str]) -> list[tuple[str, ...]]:
    rows = _rows(report, table)
    shown = [tuple(str(row[key]) for key in keys) for row in rows[:MOST_ROWS]]
    if len(rows) > MOST_ROWS:
        shown.append((f"({len(rows) - MOST_ROWS} more)", *("" for _ in keys[1:])))
    return shown
