"""Whether detection stays linear: the time of ten times the text over the time of the text, on everything that was made to be slow.

Seconds are the process's own, the best of three. Ten would be exact; the aim is twelve. Short texts are scanned in one block and
long ones in several with margins, so a text whose blocks are cut inside a value may cost somewhat more than ten.
"""

import time

from benchmarks._adversarial import UNITS, prefixes
from benchmarks._rows import Row
from ringfence.detect import Detector

SIZES = {"unit": 150_000, "beginning of a pattern": 70_000}
"""Bytes of the shorter text: more than a block."""
TIMES = 10
ROUNDS = 3
SHOWN = 3


def _seconds(detector: Detector, data: bytes) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        detector.find(data)
        best = min(best, time.process_time() - began)
    return best


def _measured(kind: str, units: dict[str, bytes]) -> list[tuple[float, float, str]]:
    """Give for each unit how many times longer ten times as much takes, and the MB/s of that."""
    detector = Detector()
    measured = []
    for name, unit in units.items():
        data = unit * (SIZES[kind] // len(unit))
        short, long = _seconds(detector, data), _seconds(detector, data * TIMES)
        measured.append((long / short, len(data) * TIMES / 1e6 / long, name))
    return measured


def run() -> list[Row]:
    rows = []
    for kind, units in (("unit", UNITS), ("beginning of a pattern", prefixes())):
        measured = _measured(kind, units)
        worst, slowest = sorted(measured, reverse=True)[:SHOWN], sorted(measured, key=lambda one: one[1])[:SHOWN]
        rows += [
            Row(
                f"linear: {len(units)} texts, each one {kind} told over and over: ten times the text",
                f"at most {worst[0][0]:.1f} times the time",
                "; ".join(f"{name}: {ratio:.1f}" for ratio, _, name in worst),
            ),
            Row(
                f"linear: the slowest of them, {kind}",
                f"{slowest[0][1]:.1f} MB/s",
                "; ".join(f"{name}: {speed:.1f} MB/s" for _, speed, name in slowest),
            ),
        ]
    return rows
