"""Point reads through the PostgreSQL gate, by pgbench: nothing personal, then two masked columns, each recorded first."""

from collections.abc import Mapping

from benchmarks._postgres import DIRECT, GATE, STRICT, Bed, Load, bed, missing, pgbench
from benchmarks._rows import Row

MASKED = "\\set id random(1, 500000)\nselect id, name, email, phone, city, score, joined, active from person where id = :id;\n"
CLIENTS = 8


def run() -> list[Row]:
    with bed(accounts=True, strict=True) as one:
        alone = pgbench(one, "", clients=1)
        simple = pgbench(one, "", clients=CLIENTS)
        prepared = pgbench(one, "", clients=CLIENTS, mode="prepared")
        masked = pgbench(one, MASKED, clients=CLIENTS)
        rows = [
            _against(one, "`pgbench -S`, 1 client", alone, DIRECT),
            _against(one, f"`pgbench -S`, {CLIENTS} clients, simple", simple, one.peer),
            _against(one, f"`pgbench -S`, {CLIENTS} clients, prepared", prepared, one.peer),
            _against(one, f"masked point read, recorded first, {CLIENTS} clients", masked, one.peer),
        ]
        return [*rows, *(Row("PgBouncer", "not measured", why) for why in missing(one))]


def _against(one: Bed, what: str, loads: Mapping[str, Load], peer: str) -> Row:
    """Put the gate beside the others, with what it adds to the median."""
    gate, beside = loads[GATE], loads[peer]
    others = [
        f"{name} {loads[name].tps:,.0f}/s, p50 {loads[name].median:.3f} ms"
        for name in one.ways
        if name not in (GATE, STRICT)
    ]
    strict = f"; strict {loads[STRICT].tps:,.0f}/s ({loads[STRICT].tps / beside.tps:.2f})"
    figure = f"{gate.tps:,.0f}/s, {gate.tps / beside.tps:.2f} × {peer}, added {gate.median - beside.median:.3f} ms at p50{strict}"
    return Row(what, figure, "; ".join(others))
