"""Logs, JSON, metrics and measurements that machines write and nobody is in: text in which nothing should be found.

The rule: whatever stands in a line is made from a seed, out of what such lines hold (numbers of every length, hashes, hyphens,
clock times, paths), and never from a table of ringfence's. Addresses of hosts are what they are: each block says which it has, so
that finding one is right, and anything else is not.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

BLOCK = 65_536
"""Bytes of one block, which holds lines of one kind."""

_HOSTS = ("web", "api", "db", "cache", "queue", "worker", "edge", "batch", "search", "build", "gpu", "node")
_SERVICES = ("checkout", "catalog", "ledger-writer", "thumbnailer", "indexer", "router", "scheduler", "metrics-relay")
_LEVELS = ("DEBUG", "INFO", "INFO", "INFO", "WARN", "ERROR")
_DOINGS = (
    "connection reset, retrying",
    "cache miss",
    "compaction finished",
    "segment flushed",
    "lease renewed",
    "leader elected",
    "slow statement",
    "queue drained",
    "checkpoint complete",
    "rebalance started",
    "rate limit reached",
    "deadline exceeded",
)
_FILES = ("main.go", "pool.py", "Server.java", "flush.rs", "router.ts", "queue.cc", "handler.rb")
_UNITS = ("kubelet", "systemd", "dockerd", "crond", "sshd", "postfix", "ntpd", "kernel", "etcd")
_METRICS = (
    "http_requests_total",
    "process_cpu_seconds_total",
    "go_gc_duration_seconds",
    "queue_depth",
    "disk_free_bytes",
)
_BEGIN = datetime(2025, 1, 6, tzinfo=UTC)


@dataclass(frozen=True)
class Block:
    """Some lines of one kind, and the addresses that stand in them."""

    kind: str
    data: bytes
    addresses: frozenset[bytes]


class _Machine:
    """What lines are made from."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.clock = _BEGIN + timedelta(days=self.rng.randrange(600))
        self.addresses: set[bytes] = set()
        # Numbers of one maker have one shape, or (0) any: 2-2-6-2, 3-2-5, 6-7.
        self.shape = [self.rng.choice((0, 1, 2, 2, 3, 3, 4, 4, 5, 6, 6, 7)) for _ in range(self.rng.randint(2, 5))]

    def tick(self) -> datetime:
        self.clock += timedelta(microseconds=self.rng.randrange(1, 900_000))
        return self.clock

    def one(self, choices: tuple[str, ...]) -> str:
        return self.rng.choice(choices)

    def digits(self, least: int, most: int) -> str:
        size = self.rng.randint(least, most)
        return str(self.rng.randrange(1, 10)) + "".join(self.rng.choices("0123456789", k=size - 1))

    def padded(self, size: int) -> str:
        return "".join(self.rng.choices("0123456789", k=size))

    def long(self) -> str:
        """A number as long as clocks, keys and threads have, and now and then one of any length."""
        now = int(self.tick().timestamp() * 1_000_000)
        return self.rng.choice(
            (
                str(now // 1000),
                str(now),
                str(now * 1000 + self.rng.randrange(1000)),
                f"{self.clock:%Y%m%d%H%M%S}",
                f"140{self.padded(12)}",
                str((now // 1000 - 1_288_834_974_657) << 22 | self.rng.randrange(1 << 22)),
                self.digits(12, 12),
                self.digits(10, 20),
            )
        )

    def hexes(self, size: int) -> str:
        return f"{self.rng.getrandbits(4 * size):0{size}x}"

    def uuid(self) -> str:
        text = self.hexes(32)
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def host(self) -> str:
        return f"{self.one(_HOSTS)}-{self.rng.randrange(1, 400):03}"

    def address(self) -> str:
        made = f"10.{self.rng.randrange(256)}.{self.rng.randrange(256)}.{self.rng.randrange(1, 255)}"
        self.addresses.add(made.encode())
        return made

    def number(self) -> float:
        return round(self.rng.lognormvariate(3, 4), self.rng.randrange(7))


def _access(m: _Machine) -> str:
    path = f"/v{m.rng.randrange(1, 4)}/{m.one(_SERVICES)}/{m.digits(1, 12)}/parts/{m.hexes(12)}"
    return (
        f'{m.address()} - - [{m.tick():%d/%b/%Y:%H:%M:%S +0000}] "GET {path}?page={m.digits(1, 4)} HTTP/1.1" '
        f'{m.rng.choice((200, 200, 204, 304, 404, 499, 502))} {m.digits(1, 8)} "-" "kube-probe/1.{m.digits(2, 2)}" '
        f"rt={m.rng.random():.3f} uct={m.rng.random():.3f} up={m.host()}:{m.digits(4, 5)}"
    )


def _syslog(m: _Machine) -> str:
    return (
        f"<{m.rng.randrange(192)}>1 {m.tick():%Y-%m-%dT%H:%M:%S.%fZ} {m.host()}.cluster.local {m.one(_UNITS)} "
        f'{m.digits(2, 6)} ID{m.digits(2, 4)} [meta sequenceId="{m.digits(1, 10)}" sysUpTime="{m.digits(4, 9)}"] '
        f"{m.one(_DOINGS)}: {m.digits(1, 9)} of {m.digits(6, 11)} after {m.digits(1, 7)} us"
    )


def _kernel(m: _Machine) -> str:
    return (
        f"{m.tick():%b %d %H:%M:%S} {m.host()} kernel: [{m.digits(3, 7)}.{m.padded(6)}] pci 0000:{m.hexes(2)}:{m.hexes(2)}.0: "
        f"BAR {m.rng.randrange(6)}: assigned [mem 0x{m.hexes(8)}-0x{m.hexes(8)} 64bit] usb {m.rng.randrange(9)}-"
        f"{m.rng.randrange(9)}.{m.rng.randrange(9)} Product {m.digits(6, 11)} rev {m.rng.randrange(9)}.{m.padded(2)}"
    )


def _klog(m: _Machine) -> str:
    return (
        f"{m.one(('I', 'W', 'E'))}{m.tick():%m%d %H:%M:%S.%f} {m.digits(1, 7):>7} {m.one(_FILES)}:{m.digits(1, 4)}] "
        f'"{m.one(_DOINGS)}" pod="kube-system/{m.one(_SERVICES)}-{m.hexes(10)}-{m.hexes(5)}" containerID="{m.hexes(64)}" '
        f"generation={m.digits(1, 5)} resourceVersion={m.digits(6, 10)} latency={m.digits(1, 4)}.{m.padded(6)}ms"
    )


def _json_log(m: _Machine) -> str:
    return json.dumps(
        {
            "ts": m.rng.choice(
                (m.tick().timestamp(), int(m.tick().timestamp() * 1000), f"{m.tick():%Y-%m-%dT%H:%M:%S.%fZ}")
            ),
            "level": m.one(_LEVELS),
            "logger": f"com.shop.{m.one(_SERVICES)}",
            "msg": m.one(_DOINGS),
            "trace_id": m.hexes(32),
            "span_id": m.hexes(16),
            "request_id": m.uuid(),
            "order_id": int(m.long()),
            "sku": f"{m.digits(3, 4)}-{m.digits(4, 6)}-{m.digits(2, 3)}",
            "duration_ms": m.number(),
            "bytes": int(m.digits(1, 11)),
            "shard": m.rng.randrange(512),
            "host": m.host(),
            "retry": {"attempt": m.rng.randrange(6), "backoff": m.number(), "of": 5},
            "ok": m.rng.random() < 0.9,
        },
        separators=m.rng.choice(((",", ":"), (", ", ": "))),
    )


def _metrics(m: _Machine) -> str:
    labels = (
        f'instance="{m.host()}:{m.digits(4, 5)}",shard="{m.digits(1, 5)}",le="{m.number()}",version="{m.digits(1, 2)}.'
    )
    return f'{m.one(_METRICS)}{{{labels}{m.digits(1, 3)}.{m.digits(1, 2)}"}} {m.number()} {int(m.tick().timestamp() * 1000)}'


def _trace(m: _Machine) -> str:
    begin = int(m.tick().timestamp() * 1e9) + m.rng.randrange(10**9)
    return json.dumps(
        {
            "traceId": m.hexes(32),
            "spanId": m.hexes(16),
            "parentSpanId": m.hexes(16),
            "name": m.one(_DOINGS),
            "kind": m.rng.randrange(1, 6),
            "startTimeUnixNano": str(begin),
            "endTimeUnixNano": str(begin + int(m.digits(3, 10))),
            "attributes": [
                {"key": "http.status_code", "value": {"intValue": m.rng.choice(("200", "404", "503"))}},
                {"key": "messaging.message.id", "value": {"stringValue": m.long()}},
                {"key": "thread.id", "value": {"intValue": m.long()}},
                {"key": "db.rows", "value": {"doubleValue": m.number()}},
            ],
        }
    )


def _sensors(m: _Machine) -> str:
    cells = [
        f"{m.tick():%Y-%m-%d %H:%M:%S}",
        m.digits(4, 12),
        *(f"{m.number():.{m.rng.randrange(5)}f}" for _ in range(9)),
    ]
    return m.rng.choice((",", ",", ";", "\t")).join(cells)


def _hyphens(m: _Machine) -> str:
    """Part, batch and order numbers: groups of digits of every length, joined."""
    groups = (m.padded(size or m.rng.randint(1, 7)) for size in m.shape)
    made = m.rng.choice(("-", "-", "-", ".", "/", " ", "_")).join(groups)
    what = m.one(("batch", "order", "part", "lot", "item", "ticket", "run", "job", "ref", "position", "test"))
    return f"{m.tick():%H:%M:%S.%f} {what} {made} moved {m.digits(1, 6)} -> {m.digits(1, 6)} {m.one(_DOINGS)}"


def _hashes(m: _Machine) -> str:
    return (
        f"{m.hexes(40)} {m.digits(1, 9)} sha256:{m.hexes(64)} layers/{m.hexes(2)}/{m.uuid()} "
        f'{m.long()} crc32c={m.hexes(8)} etag="{m.hexes(32)}-{m.digits(1, 3)}"'
    )


def _build(m: _Machine) -> str:
    return (
        f"[{m.digits(1, 4)}/{m.digits(4, 4)}] {m.digits(1, 3)}.{m.padded(2)}s Compiling {m.one(_SERVICES)} v{m.digits(1, 2)}."
        f"{m.digits(1, 2)}.{m.digits(1, 5)} ({m.one(_FILES)}:{m.digits(1, 4)}:{m.digits(1, 3)}) error[E0{m.padded(3)}]: "
        f"expected {m.digits(1, 12)}, found {m.digits(1, 12)}; took {m.number()} ms, 0x{m.hexes(16)} at +0x{m.hexes(4)}"
    )


def _database(m: _Machine) -> str:
    values = ", ".join(
        m.rng.choice((m.digits(1, 11), m.long(), f"{m.number()}", f"'{m.hexes(8)}'", "NULL")) for _ in range(7)
    )
    return (
        f"{m.tick():%Y-%m-%d %H:%M:%S.%f} UTC [{m.digits(3, 7)}] LOG:  duration: {m.number():.3f} ms  execute S_{m.digits(1, 3)}: "
        f"COPY {m.one(('readings', 'offsets', 'segments'))} ({values}) -- xid {m.digits(6, 10)} lsn "
        f"{m.hexes(2).upper()}/{m.hexes(8).upper()}"
    )


def _stack(m: _Machine) -> str:
    return (
        f"\tat com.shop.{m.one(_SERVICES).replace('-', '_')}.{m.one(_FILES).partition('.')[0]}.run$lambda${m.digits(1, 3)}"
        f"({m.one(_FILES)}:{m.digits(1, 4)}) ~[app-{m.digits(1, 2)}.{m.digits(1, 3)}.{m.digits(1, 2)}.jar:{m.hexes(7)}] "
        f"Heap: {m.digits(5, 9)}K->{m.digits(5, 9)}K({m.digits(6, 9)}K), {m.number():.7f} secs tid={m.long()}"
    )


def _matrix(m: _Machine) -> str:
    """Numbers and nothing else, in columns or in a row of JSON."""
    numbers = [m.rng.choice((m.digits(1, 12), f"{m.number()}", f"-{m.number():.4e}")) for _ in range(12)]
    return m.rng.choice((" ", "  ", "\t")).join(numbers) if m.rng.random() < 0.5 else f"[{', '.join(numbers)}]"


def _event(m: _Machine) -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{m.one(_SERVICES)}.{m.hexes(16)}",
                "uid": m.uuid(),
                "resourceVersion": m.digits(6, 11),
            },
            "involvedObject": {"kind": "Pod", "name": f"{m.one(_SERVICES)}-{m.hexes(9)}-{m.hexes(5)}"},
            "count": m.rng.randrange(1, 900),
            "source": {"component": "kubelet", "host": m.host()},
            "message": f"Back-off {m.digits(1, 4)}s restarting container id {m.hexes(12)} exit code {m.rng.randrange(256)}",
            "lastTimestamp": f"{m.tick():%Y-%m-%dT%H:%M:%SZ}",
            "series": [int(m.long()) for _ in range(5)],
        }
    )


KINDS: dict[str, Callable[[_Machine], str]] = {
    "access log": _access,
    "syslog": _syslog,
    "kernel log": _kernel,
    "klog": _klog,
    "JSON log": _json_log,
    "metrics": _metrics,
    "trace": _trace,
    "sensor CSV": _sensors,
    "hyphened numbers": _hyphens,
    "hashes": _hashes,
    "build log": _build,
    "database log": _database,
    "stack trace": _stack,
    "numbers": _matrix,
    "cluster event": _event,
}


def blocks(size: int, seed: int) -> Iterator[Block]:
    """Give blocks of lines, each kind in turn, until there are so many bytes."""
    made = 0
    number = 0
    while made < size:
        kind, line = list(KINDS.items())[number % len(KINDS)]
        machine = _Machine(seed * 1_000_003 + number)
        lines: list[str] = []
        length = 0
        while length < BLOCK:
            lines.append(line(machine))
            length += len(lines[-1]) + 1
        data = ("\n".join(lines) + "\n").encode()
        yield Block(kind, data, frozenset(machine.addresses))
        made += len(data)
        number += 1
