"""What a policy's own recognizers and lists cost: a sparse log searched without them, and with each of them, turn by turn."""

import random
import time

from benchmarks._rows import Row
from ringfence.detect import AllowList, DenyList, Detector, OwnPattern, OwnRecognizer

ROUNDS = 3
NAMES = 10_000

ANNOUNCED = OwnRecognizer("OWN", "user.unique_id", (OwnPattern("K-[0-9]{8}"),), check="luhn")
EVERYWHERE = OwnRecognizer("OWN", "user.unique_id", (OwnPattern("[A-Z]{2}[0-9]{6}"),), everywhere=True)


def _log() -> bytes:
    rng = random.Random(1)
    return "\n".join(
        f"2031-05-04T10:11:{number % 60:02d}Z INFO request {rng.randint(1, 10**6)} took {rng.randint(1, 500)} ms in orders"
        for number in range(40_000)
    ).encode()


def _names() -> tuple[str, ...]:
    """Make names that share their beginnings, as people's do."""
    rng = random.Random(2)
    parts = [first + middle for first in ("an", "be", "car", "di", "el", "fa") for middle in ("na", "rt", "lo", "nor")]
    ends = [f"{first}{middle}{end}" for first in parts for middle in "aeiou" for end in ("berg", "son", "mann", "ez")]
    return tuple({f"{rng.choice(parts)} {rng.choice(ends)} {rng.choice(ends)}" for _ in range(NAMES * 2)})[:NAMES]


def run() -> list[Row]:
    log, names = _log(), _names()
    detectors = {
        "a pattern with text of its own": Detector(own=[ANNOUNCED]),
        "a pattern looked for everywhere": Detector(own=[EVERYWHERE]),
        f"{len(names):,} names always found": Detector(deny=[DenyList("VIP", "user.name", names)]),
        f"{len(names):,} names never found": Detector(allow=[AllowList(names)]),
    }
    bare = Detector()
    rows = []
    for what, detector in detectors.items():
        beside, with_own = _in_turn(bare, detector, log)
        rows.append(Row(f"own: {what}", f"{with_own:.0f} MB/s", f"{beside:.0f} MB/s without"))
    return rows


def _in_turn(bare: Detector, detector: Detector, log: bytes) -> tuple[float, float]:
    """Give MB/s of either, the best of rounds in which they take turns."""
    best = [0.0, 0.0]
    for _ in range(ROUNDS):
        for number, each in enumerate((bare, detector)):
            began = time.process_time()
            each.find(log)
            best[number] = max(best[number], len(log) / 1e6 / (time.process_time() - began))
    return best[0], best[1]
