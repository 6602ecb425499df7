"""Detection: MB/s on logs with few and many findings, on JSON text, and calls a second on short texts.

The floor is RE2 itself: one alternation of every pattern over the same bytes, which finds candidates and checks none.
"""

import json
import random
import time
from collections.abc import Callable, Iterator

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


def _seconds(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def _floor() -> Callable[[bytes], int]:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 64 << 20
    sources = (
        pattern.pattern for one in RECOGNIZERS for pattern in one.patterns if pattern.trigger and not pattern.unicode
    )
    email = r"[0-9A-Za-z_.+'~\x80-\xff-]+@(?:[0-9A-Za-z\x80-\xff-]+\.)+[A-Za-z]{2,}"
    every = re2.compile("|".join(f"(?:{source})" for source in (*sources, email)).encode(), options)
    return lambda data: sum(1 for _ in every.finditer(data))


def _rows() -> Iterator[Row]:
    detector, floor = Detector(), _floor()
    texts = {
        "detect: log, a finding each 13 kB": _sparse(),
        "detect: access log, an address each line of 230 B": _access(),
        "detect: log, a finding each 65 B": _dense(),
        "detect: JSON lines, a finding each 260 B": _json(),
    }
    for what, data in texts.items():
        own = _seconds(lambda data=data: detector.find(data))  # type: ignore[misc]
        bare = _seconds(lambda data=data: floor(data))  # type: ignore[misc]
        found = len(detector.find(data))
        size = len(data) / 1e6
        yield Row(
            what, f"{size / own:.0f} MB/s" if size / own >= 10 else f"{size / own:.1f} MB/s ({own / found * 1e6:.1f} us each)",
            f"{size / bare:.0f} MB/s by RE2 alone, nothing checked",
        )  # fmt: skip
    short = "the customer asked when the parcel will come"
    calls = _seconds(lambda: [detector.find(short) for _ in range(20_000)])
    yield Row(
        "detect: short texts, one call each", f"{20_000 / calls:,.0f}/s", f"{len(short)} characters, nothing found"
    )
    fields = [("order.note", short.encode())] * 20_000
    joined = _seconds(lambda: detector.find_fields(fields))
    yield Row("detect: short fields, 20,000 in a call", f"{20_000 / joined:,.0f}/s", f"{len(short)} characters each")


def run() -> list[Row]:
    return list(_rows())
