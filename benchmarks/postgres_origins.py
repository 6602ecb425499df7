"""What finding a statement's origins costs a client: of a new one, of a known one under `strict`, of one within the window."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing

from benchmarks._postgres import DIRECT, GATE, STRICT, Asked, Bed, bed
from benchmarks._rows import Row

COUNT = 150
NEW = "select p.id, p.email as c{0}, upper(p.phone) from person p join thing t on t.id = p.id where p.id = {0}"
KNOWN = "select p.id, p.email, upper(p.phone) from person p join thing t on t.id = p.id where p.id = 77"
PLAIN = "select p.id, p.name, p.score from person p join thing t on t.id = p.id where p.id = 77"


def run() -> list[Row]:
    with bed(strict=True) as one:
        return [
            _row("origins of a new statement, end to end", one, GATE, NEW.format),
            _row(
                "a known statement, asked again (`origins: strict`), masked and recorded", one, STRICT, lambda _: KNOWN
            ),
            _row("a known statement, asked again (`origins: strict`), nothing personal", one, STRICT, lambda _: PLAIN),
            _row("a known statement within the window, masked and recorded", one, GATE, lambda _: KNOWN),
            _row("a known statement within the window, nothing personal", one, GATE, lambda _: PLAIN),
        ]


def _row(what: str, one: Bed, way: str, text: Callable[[int], str]) -> Row:
    direct, through = (sorted(_milliseconds(one, name, text)) for name in (DIRECT, way))
    added = statistics.median(through) - statistics.median(direct)
    slow = through[int(len(through) * 0.99)]
    return Row(
        what, f"{added:.2f} ms added at p50, p99 {slow:.2f} ms", f"direct p50 {statistics.median(direct):.2f} ms"
    )


def _milliseconds(one: Bed, way: str, text: Callable[[int], str]) -> Iterator[float]:
    with closing(Asked(one.ways[way])) as asked:
        for number in range(COUNT):
            began = time.perf_counter()
            asked.query(text(number + 1))
            if number >= COUNT // 10:
                yield (time.perf_counter() - began) * 1000
