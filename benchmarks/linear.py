"""Whether detection stays linear: the time of ten times the text over the time of the text, on everything that was made to be slow.

Seconds are the process's own. Ten would be exact; the aim is twelve. Each text is timed once, and the worst again, best of two:
one time in six hundred is always disturbed. A long line is read in blocks with margins, so the short texts are either several
blocks themselves, or the long ones still one. Python's collector is off: now and then it walks over all findings that are kept,
and adds a tenth where there are a hundred thousand.
"""

import gc
import time

from benchmarks._adversarial import UNITS, prefixes
from benchmarks._rows import Row
from ringfence.detect import Detector

TIMES = 10
AGAIN = 4  # of the worst
SHOWN = 3


def _seconds(detector: Detector, data: bytes, rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        detector.find(data)
        best = min(best, time.process_time() - began)
    return best


def _measured(detector: Detector, name: str, data: bytes, rounds: int = 1) -> tuple[float, float, str]:
    """Give how many times longer ten times as much takes, the MB/s of that, and whose it is."""
    detector.find(data)  # patterns are compiled when they are first run
    short, long = _seconds(detector, data, rounds), _seconds(detector, data * TIMES, rounds)
    return long / short, len(data) * TIMES / 1e6 / long, name


def run() -> list[Row]:
    rows = []
    detector = Detector()
    gc.disable()
    for kind, size, units in (("unit", 140_000, UNITS), ("beginning of a pattern", 2_000, prefixes())):
        texts = {name: unit * (size // len(unit)) for name, unit in units.items()}
        once = sorted((_measured(detector, name, data) for name, data in texts.items()), reverse=True)
        worst = sorted((_measured(detector, name, texts[name], 2) for _, _, name in once[:AGAIN]), reverse=True)
        slowest = sorted(once, key=lambda one: one[1])[:SHOWN]
        rows += [
            Row(
                f"linear: {len(units)} texts of one {kind} each, told over and over: ten times the text",
                f"at most {worst[0][0]:.1f} times the time",
                "; ".join(f"{name}: {ratio:.1f}" for ratio, _, name in worst[:SHOWN]),
            ),
            Row(
                f"linear: the slowest of them, {kind}",
                f"{slowest[0][1]:.1f} MB/s",
                "; ".join(f"{name}: {speed:.1f} MB/s" for _, speed, name in slowest),
            ),
        ]
    gc.enable()
    return rows
