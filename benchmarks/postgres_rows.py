"""Half a million rows through the PostgreSQL gate: nothing personal, then two of eight columns masked, in text and in binary."""

from collections.abc import Mapping

from benchmarks._postgres import DIRECT, GATE, ROWS, Asked, Bed, bed, in_turns, missing
from benchmarks._rows import Row

PLAIN, MASKED = "select * from thing", "select * from person"


def run() -> list[Row]:
    with bed() as one:
        rows = [
            _row(one, "nothing personal, text", PLAIN, binary=False),
            _row(one, "nothing personal, binary", PLAIN, binary=True),
            _row(one, "2 of 8 columns masked, text", MASKED, binary=False),
            _row(one, "2 of 8 columns masked, binary", MASKED, binary=True),
            _copied(one),
        ]
        return [*rows, *(Row("PgBouncer", "not measured", why) for why in missing(one))]


def _row(one: Bed, what: str, text: str, *, binary: bool) -> Row:
    def ask(asked: Asked) -> None:
        asked.execute(text, binary=binary)

    return _beside(f"{ROWS:,} rows, {what}", in_turns(one, ask))


def _copied(one: Bed) -> Row:
    def ask(asked: Asked) -> None:
        asked.query("copy person to stdout")

    return _beside(f"{ROWS:,} rows by COPY, 2 of 8 columns masked", in_turns(one, ask))


def _beside(what: str, seconds: Mapping[str, float]) -> Row:
    gate, direct = seconds[GATE], seconds[DIRECT]
    others = [f"{name} {ROWS / one / 1e6:.2f} million rows/s" for name, one in seconds.items() if name != GATE]
    return Row(what, f"{ROWS / gate / 1e6:.2f} million rows/s, {direct / gate:.2f} × direct", "; ".join(others))
