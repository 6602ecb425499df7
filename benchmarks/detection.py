"""Detection: MB/s on logs with few and many findings, on JSON text, and calls a second on short texts.

Seconds are the process's own. The floor is RE2 itself: one alternation of every pattern over the same bytes, which
finds candidates and checks none.
"""

import json
import random
import sysconfig
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import re2

from benchmarks._rows import Row
from ringfence.detect import RECOGNIZERS, Detector

ROUNDS = 3


def _sparse() -> bytes:
    rng = random.Random(1)
    lines = []
    for number in range(60_000):
        lines.append(
            f"2026-05-{rng.randint(10, 28)}T10:{rng.randint(10, 59)}:{rng.randint(10, 59)}.{rng.randint(100, 999)}Z INFO  "
            f"worker-{rng.randint(1, 99)} com.example.shop.OrderService - processed batch {rng.randint(1, 10**6)} "
            f"in {rng.randint(1, 999)} ms status=ok queue=orders"
        )
        if number % 100 == 0:
            lines.append(f"mail anna{number}@mail.example")
    return "\n".join(lines).encode()


def _dense() -> bytes:
    values = ("anna{0}@mail.example", "10.{1}.3.7", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "536-22-8712")
    lines = (
        f"event {number} seen by service with value {values[number % len(values)].format(number, number % 256)} done ok"
        for number in range(20_000)
    )
    return "\n".join(lines).encode()


def _access() -> bytes:
    lines = (
        f'10.{number % 256}.3.7 - - [17/May/2026:10:05:50 +0000] "GET /presentations/{number}/images/board.png HTTP/1.1" 200 '
        f'{number} "http://shop.example/presentations/" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/32.0.1700.77"'
        for number in range(8_000)
    )
    return "\n".join(lines).encode()


def _json() -> bytes:
    items = [{"sku": "A000017", "qty": 2, "price": 12.5}] * 3
    lines = (
        json.dumps(
            {"id": number, "ts": 1_700_000_000 + number, "user": {"email": f"u{number}@mail.example"}, "items": items}
        )
        for number in range(8_000)
    )
    return "\n".join(lines).encode()


def _sources() -> bytes:
    """Give sources of the standard library, in an order that depends on their names alone."""
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*/*.py"), key=lambda path: path.as_posix())
    random.Random(3).shuffle(files)
    return b"".join(path.read_bytes() for path in files[:400])[:4_000_000]


def _numbers() -> bytes:
    rng = random.Random(6)
    lines = (
        f"{1_700_000_000_000 + number * 17} GET /item/{rng.randrange(10**6)} status=200 bytes={rng.randrange(10**6)} "
        f"dur={rng.random() * 100:.3f}ms conn={rng.randrange(10**5)} req={rng.getrandbits(64):016x}"
        for number in range(8_000)
    )
    return "\n".join(lines).encode()


def _digits() -> bytes:
    rng = random.Random(5)
    lines = (" ".join(str(rng.randrange(10 ** rng.randint(3, 16))) for _ in range(10)) for _ in range(5_000))
    return "\n".join(lines).encode()


def _seconds(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


_EMAIL = r"[0-9A-Za-z_.+'~\x80-\xff-]+@(?:[0-9A-Za-z\x80-\xff-]+\.)+[A-Za-z]{2,}"  # a pattern of characters, in bytes


def patterns_of(entities: Collection[str]) -> list[str]:
    """Give the patterns of entities that something announces, each once, as raw engines read them."""
    own = (pattern for one in RECOGNIZERS if one.entity in entities for pattern in one.patterns)
    return [*dict.fromkeys(one.pattern for one in own if one.trigger and not one.unicode), _EMAIL]


def unchecked(patterns: Sequence[str]) -> Callable[[bytes], int]:
    """Make RE2 count the matches of patterns by itself."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 64 << 20
    every = re2.compile("|".join(f"(?:{one})" for one in patterns).encode(), options)
    return lambda data: sum(1 for _ in every.finditer(data))


def _rows() -> Iterator[Row]:
    detector, floor = Detector(), unchecked(patterns_of([one.entity for one in RECOGNIZERS]))
    texts = {
        "detect: log, a finding each 13 kB": _sparse(),
        "detect: access log, an address each line of 230 B": _access(),
        "detect: log, a finding each 65 B": _dense(),
        "detect: JSON lines, a finding each 260 B": _json(),
        "detect: log full of numbers": _numbers(),
        "detect: nothing but numbers": _digits(),
        "detect: sources of the standard library": _sources(),
    }
    for what, data in texts.items():
        own = _seconds(lambda data=data: detector.find(data))  # type: ignore[misc]
        bare = _seconds(lambda data=data: floor(data))  # type: ignore[misc]
        found = len(detector.find(data))
        size, each = len(data) / 1e6, own / max(1, found) * 1e6
        yield Row(
            what, f"{size / own:.0f} MB/s" if size / own >= 10 else f"{size / own:.1f} MB/s ({each:.1f} us each)",
            f"{size / bare:.0f} MB/s by RE2 alone, nothing checked",
        )  # fmt: skip
    short = "the customer asked when the parcel will come"
    calls = _seconds(lambda: [detector.find(short) for _ in range(20_000)])
    yield Row(
        "detect: short texts, one call each", f"{20_000 / calls:,.0f}/s", f"{len(short)} characters, nothing found"
    )
    short = "the customer asked when the parcel will come, and whether it can be left with the neighbours at no. 7"
    calls = _seconds(lambda: [detector.find(short) for _ in range(20_000)])
    yield Row("detect: texts of 100 characters, one call each", f"{20_000 / calls:,.0f}/s", "nothing found")
    many = [short] * 20_000
    calls = _seconds(lambda: detector.find_many(many))
    yield Row("detect: the same, 20,000 in a call of `find_many`", f"{20_000 / calls:,.0f}/s", "nothing found")
    fields = [("order.note", short.encode())] * 20_000
    joined = _seconds(lambda: detector.find_fields(fields))
    yield Row("detect: short fields, 20,000 in a call", f"{20_000 / joined:,.0f}/s", f"{len(short)} characters each")


def run() -> list[Row]:
    return list(_rows())
