"""Alerts: how soon each kind arrives at a receiver, and what a storm of refusals costs the gate and the disk.

The receiver is a real HTTP server, the sender a process of its own, the ledger's writer another. In the storm two gates before one
server are asked in turns for what they refuse; one has a sender beside it.
"""

import asyncio
import http.server
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from benchmarks import _postgres
from benchmarks._rows import Row
from ringfence.crossing import Body
from ringfence.demo.postgres_server import Running, find_installation
from ringfence.gates.carrying import now
from ringfence.gates.refusals import CountedRefusals
from ringfence.ledger import BlockingClient, Query, Reader, create_ledger, make_keys
from ringfence.serve import ask_status

ALERTS = 100
STORM_SECONDS = 2.0
TURNS = 12
CONNECTIONS = 8
PIPELINED = 16  # statements that are sent before the first answer is read
ENTRIES = 50_000  # refusals that a sender reads, none of them counted by a gate

SECRET = "a secret of the benchmark"  # noqa: S105 (of nothing but this)
RULES = """
receivers: {{ops: {{webhook: "http://127.0.0.1:{port}/", secret: "env:OPS_SECRET"}}}}
alert: {{on: [refused, undeclared, drift, probe-leak, volume], to: [ops], most: 100000 per 1h}}
"""
POLICY = """
version: 1
zones: {core: {label: high sensitivity}, outside: {label: public, controlled: false}}
assets: {app: {zone: core, kind: service}}
flows: [{id: reads, from: app, to: outside, carry: {user.name: clear}, else: redact}]
"""
REFUSED = b"select id from person where email like 'a%'\0"


class Sink:
    """A receiver: notes when which alert came."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}  # by the principal that it is about
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                now = time.perf_counter()
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                sink.came.setdefault(str(body.get("principal")), now)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Go away."""
        self._server.shutdown()
        self._server.server_close()


def _entry(number: int, kind: str, **more: object) -> dict[str, object]:
    name = f"{number:026d}"
    entry = {"kind": kind, "id": f"{name}.1", "crossing": name, "flow": "reads", "principal": f"user{number}"}
    return {"v": 1, "at": "2031-01-01T10:00:00.000000Z", **entry, **more}


def _of_each_kind(number: int) -> dict[str, object]:
    fact = {"category": "user.name", "how": "declared", "rule": "flows.reads.carry[user.name][0]", "count": 20_000}
    found = {"category": "user.contact.email", "how": "found", "rule": "flows.reads.else", "count": 1}
    kinds: list[tuple[str, dict[str, object]]] = [
        ("refused", {"refused": "category-denied", "category": "user.name"}),
        ("crossed", {"found": [found]}),
        ("drift", {"new": 1}),
        ("probe", {"leaked": 1}),
        ("closed", {"found": [fact]}),
    ]
    kind, more = kinds[number % len(kinds)]
    return _entry(number, kind, **more)


@contextmanager
def _sending(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-c", "import ringfence.cli as c; c.main()", "alerts", "run", "--log-format", "json"]
    log = folder / "log"
    with log.open("wb") as errors:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, "OPS_SECRET": SECRET}, stderr=errors)
    try:
        while b"alerts-ready" not in log.read_bytes():
            if process.poll() is not None:
                raise RuntimeError(log.read_text())
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait()


def _arrivals() -> list[Row]:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        home = folder / ".ringfence"
        home.mkdir()
        sink = stack.enter_context(closing(Sink()))
        (folder / "ringfence.yaml").write_text(POLICY + RULES.format(port=sink.port))
        create_ledger(home / "ledger.db", make_keys(home / "ledger.key", home / "ledger.pub"))
        client = stack.enter_context(BlockingClient(home / "ledger.db", home / "ledger.key"))
        process = stack.enter_context(_sending(folder))
        times: list[float] = []
        for number in range(ALERTS):
            began = time.perf_counter()
            client.append([_of_each_kind(number)])
            while f"user{number}" not in sink.came:
                time.sleep(0.001)
            times.append(sink.came[f"user{number}"] - began)
        used = _processor_seconds(process.pid)
        began = time.perf_counter()
        for start in range(0, ENTRIES, 500):
            client.append(
                [_entry(ALERTS + start + at, "refused", principal="flood", refused="expired") for at in range(500)]
            )
        client.append([_of_each_kind(ALERTS + ENTRIES)])
        while f"user{ALERTS + ENTRIES}" not in sink.came:
            time.sleep(0.005)
        seconds = time.perf_counter() - began
        used = _processor_seconds(process.pid) - used
        room = sum(file.stat().st_size for file in home.glob("alerts.db*"))
    median = statistics.median(times) * 1e3
    return [
        Row(
            f"alerts: from the entry's writing to the receiver, {ALERTS}, twenty of each kind",
            f"p50 {median:.0f} ms, the slowest {max(times) * 1e3:.0f} ms",
            "two entries in the ledger and one in the spool, each on disk",
        ),
        Row(
            f"alerts: {ENTRIES:,} refusals alike, none counted, read by the sender",
            f"{ENTRIES / seconds:,.0f}/s, {used / ENTRIES * 1e6:.0f} us of processor each",
            f"the spool has {room / 1e6:.1f} MB",
        ),
    ]


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Stormer:
    """A connection that asks for what is refused, many times at once."""

    def __init__(self, way: _postgres.Way) -> None:
        self._asked = _postgres.Asked(way)
        self._line = self._asked._socket

    def close(self) -> None:
        """Close the connection."""
        self._asked.close()

    def storm(self, end: float) -> int:
        """Be refused until a moment; say how often."""
        one = _postgres._message(b"Q", REFUSED)
        count = 0
        while time.perf_counter() < end:
            self._line.sendall(one * PIPELINED)
            answers, rest = 0, b""
            while answers < PIPELINED:
                came = rest + self._line.recv(1 << 16)
                answers += came.count(b"Z\0\0\0\x05I")
                rest = came[-5:] if not came.endswith(b"Z\0\0\0\x05I") else b""
            count += PIPELINED
        return count


def _stormed(stormers: list[Stormer]) -> float:
    counts = [0] * len(stormers)
    began = time.perf_counter()

    def one(number: int) -> None:
        counts[number] = stormers[number].storm(began + STORM_SECONDS)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(stormers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def _storm() -> list[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ringfence-bench-")))
        sink = stack.enter_context(closing(Sink()))
        server = stack.enter_context(Running(find_installation(), folder / "life", trusting=True))
        server.psql(_postgres.DATABASE, _postgres.SCHEMA)
        secret = {"OPS_SECRET": SECRET}
        homes = {"off": "", "on": RULES.format(port=sink.port)}
        gates: dict[str, list[Stormer]] = {}
        for name, rules in homes.items():
            way = stack.enter_context(_postgres._gated(folder / name, server, name, "window", rules, secret))
            gates[name] = [stack.enter_context(closing(Stormer(way))) for _ in range(CONNECTIONS)]
            _stormed(gates[name])
        (sender,) = ask_status(folder / "on" / ".ringfence").companions
        used = _processor_seconds(sender.process)
        found: dict[str, list[float]] = {name: [] for name in gates}
        for turn in range(TURNS):
            for name in sorted(gates, reverse=bool(turn % 2)):
                found[name].append(_stormed(gates[name]))
        used = (_processor_seconds(sender.process) - used) / (2 * TURNS * STORM_SECONDS)
        room = _room(folder / "on")
        refusals = sum(found["on"]) * STORM_SECONDS
        file = next((folder / "on").rglob("ledger.db"))
        with Reader(file) as reader:
            entries = len(reader.find(Query(kind="refused"), 1_000_000))
            alerts = len(reader.find(Query(kind="alert"), 100_000))
    on, off = statistics.median(found["on"]), statistics.median(found["off"])
    ratios = [a / b for a, b in zip(found["on"], found["off"], strict=True)]
    return [
        Row(
            f"alerts: refusals/s of one gate in a storm, {CONNECTIONS} connections, with a sender beside it",
            f"{on:,.0f}/s, {statistics.median(ratios):.2f} × without (turns {min(ratios):.2f} to {max(ratios):.2f})",
            f"without one {off:,.0f}/s; the sender used {used:.1%} of a processor",
        ),
        Row(
            f"alerts: what {refusals:,.0f} refusals within a minute leave in ledger and spool",
            f"{entries} entries of refusals, {alerts} alerts; both files have {room / 1e6:.1f} MB",
            f"one entry each would be {refusals * 700 / 1e6:,.0f} MB",
        ),
    ]


class _Nowhere:
    """A ledger that costs nothing."""

    async def record(self, _body: Body) -> str:
        """Take an entry."""
        return "a receipt"


def _counting() -> Row:
    """Measure what a refusal costs that is only counted: it stands in the place of an entry that is made durable."""
    counted = CountedRefusals(_Nowhere(), now)
    body = {"kind": "refused", "crossing": "0" * 26, "at": "2031-01-01T10:00:00Z", "flow": "reads", "principal": "ada"}
    many = 100_000

    async def storm() -> float:
        began = time.perf_counter()
        for _ in range(many):
            await counted.record(body)
        return (time.perf_counter() - began) / many

    each = asyncio.run(storm())
    return Row(
        "alerts: a refusal that is only counted",
        f"{each * 1e6:.1f} us: {each * 10_000:.1%} of a processor at 10,000/s",
        "`ledger` says what an entry takes",
    )


def _room(folder: Path) -> int:
    names = ("ledger.db*", "alerts.db*")
    return sum(file.stat().st_size for name in names for file in folder.rglob(name) if file.is_file())


def run() -> list[Row]:
    return [*_arrivals(), _counting(), *_storm()]


if __name__ == "__main__":
    for row in run():
        sys.stdout.write(f"{row.what}: {row.figure}  [{row.beside}]\n")
