"""How fast payloads are taken apart into fields, beside the standard library's readers, which give values but not places."""

import csv
import io
import json
import time
from collections.abc import Callable

from benchmarks._rows import Row
from ringfence.carriers import make_carrier

LINE = (
    b'{"time":"2026-01-02T10:00:00.123Z","level":"info","logger":"shop.orders","message":"order placed and paid",'
    b'"user":{"id":4711,"email":"ada@example.com","ip":"203.0.113.7","agent":"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"},'
    b'"path":"/orders/4711/payments","status":201,"ms":12.5,"trace":"4bf92f3577b34da6a3ce929d0e0e4736"}\n'
)
TEXT = b'203.0.113.7 - ada [02/Jan/2026:10:00:00 +0000] "GET /orders/4711 HTTP/1.1" 200 3216 "-" "Mozilla/5.0 (X11)"\n'
RECORD = b'4711,ada@example.com,"Ada, Example",203.0.113.7,2026-01-02T10:00:00Z,order placed and paid,49.90,EUR\n'
MEGABYTES = 4
PIECE = 64 * 1024
RUNS = 3


def run() -> list[Row]:
    lines = _filled(LINE)
    escaped = _filled(LINE.replace(b"placed and", b"placed\\nand"))
    document = b"[" + b",".join(lines.splitlines()) + b"]"
    pretty = json.dumps(json.loads(document), indent=2).encode()
    table = b"id,mail,name,ip,at,what,total,currency\n" + _filled(RECORD)
    by_line = _speed(lines, _loads_lines)
    return [
        Row("carry NDJSON, lines of 300 bytes", _carried("ndjson", lines), f"json.loads {by_line}"),
        Row(
            "carry NDJSON, escapes in each line",
            _carried("ndjson", escaped),
            f"json.loads {_speed(escaped, _loads_lines)}",
        ),
        Row("carry JSON, one document", _carried("json", document), f"json.loads {_speed(document, json.loads)}"),
        Row("carry JSON, one document, indented", _carried("json", pretty), f"json.loads {_speed(pretty, json.loads)}"),
        Row("carry CSV, 8 columns", _carried("csv", table), f"csv.reader {_speed(table, _read_csv)}"),
        Row(
            "carry text, lines of 110 bytes",
            _carried("text", _filled(TEXT)),
            f"splitlines {_speed(_filled(TEXT), bytes.splitlines)}",
        ),
        Row("carry a log, every other line JSON", _carried("log", _filled(TEXT + LINE)), f"json.loads {by_line}"),
    ]


def _filled(line: bytes) -> bytes:
    return line * (MEGABYTES * 1_000_000 // len(line))


def _carried(name: str, data: bytes) -> str:
    def carry(payload: bytes) -> None:
        carrier = make_carrier(name)
        for at in range(0, len(payload), PIECE):
            carrier.feed(payload[at : at + PIECE])
        carrier.end()

    return _speed(data, carry)


def _speed(data: bytes, work: Callable[[bytes], object]) -> str:
    best = float("inf")
    for _ in range(RUNS):
        began = time.perf_counter()
        work(data)
        best = min(best, time.perf_counter() - began)
    return f"{len(data) / best / 1e6:.0f} MB/s"


def _loads_lines(data: bytes) -> None:
    for line in data.splitlines():
        json.loads(line)


def _read_csv(data: bytes) -> None:
    for _ in csv.reader(io.StringIO(data.decode(), newline="")):
        pass
