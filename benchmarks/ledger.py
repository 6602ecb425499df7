"""Ledger appends through the writer's socket, several clients pipelining; beside it, SQLite's plain inserts on the same disk.

The clients are processes of their own and write each entry down themselves; the receipt's latency is measured where it arrives.
The floor is one process that inserts ready rows of the same size into a table without indexes, hashes nothing, and commits
(with fsync) as many rows at once as the writer's groups had on average.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import apsw

from benchmarks._rows import Row
from ringfence.ledger import BlockingClient, LedgerClient, Reader, create_ledger, make_keys, read_public_key, verify

CLIENTS = 2
OUTSTANDING = 4  # appends of each client that wait for their receipts at a time
ENTRIES = 16  # of an append
SECONDS = 5.0
WARM_SECONDS = 0.5
LONE_APPENDS = 400


_TYPICAL = {
    "v": 1,
    "kind": "crossed",
    "flow": "app-logs",
    "gate": "pipe",
    "from": "core",
    "to": "outside",
    "policy": "4f" * 32,
    "mode": "enforce",
    "durability": "recorded",
    "principal": "svc-shop",
    "found": [
        {"category": "user.contact.email", "count": 2, "form": "mask", "how": "found", "rule": "flows.app-logs.else"}
    ],
}


def entry_of(client: int, number: int) -> dict[str, object]:
    """Give a typical entry of 420 bytes: a log window that was crossed with one category found in it."""
    crossing = f"{number:012x}{client:04x}"
    return {**_TYPICAL, "id": f"{crossing}.1", "crossing": crossing, "at": f"2031-01-01T{number:015d}Z"}


async def _load(file: Path, key: Path, client: int) -> None:
    latencies: list[float] = []
    number = 0
    begin = time.perf_counter() + WARM_SECONDS
    end = begin + SECONDS

    async def pipeline(ledger: LedgerClient) -> None:
        nonlocal number
        while (now := time.perf_counter()) < end:
            entries = [entry_of(client, number + at) for at in range(ENTRIES)]
            number += ENTRIES
            now = time.perf_counter()
            await ledger.append(entries)
            if now >= begin:
                latencies.append(time.perf_counter() - now)

    async with LedgerClient(file, key) as ledger:
        await asyncio.gather(*(pipeline(ledger) for _ in range(OUTSTANDING)))
    sys.stdout.write(json.dumps(latencies))


def _quantile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def _grouped(file: Path, key: Path) -> tuple[float, list[float]]:
    command = [sys.executable, "-m", "benchmarks.ledger", str(file), str(key)]
    clients = [subprocess.Popen([*command, str(client)], stdout=subprocess.PIPE) for client in range(CLIENTS)]
    latencies = [latency for client in clients for latency in json.loads(client.communicate()[0])]
    return len(latencies) * ENTRIES / SECONDS, latencies


def _floor(folder: Path, group: int) -> float:
    db = apsw.Connection(str(folder / "floor.db"))
    db.pragma("journal_mode", "WAL")
    db.pragma("synchronous", "FULL")
    db.execute("CREATE TABLE entries (number INTEGER PRIMARY KEY, body TEXT, salt BLOB, commitment BLOB)")
    body = json.dumps(entry_of(0, 0))
    begin = time.perf_counter()
    number = 0
    while time.perf_counter() - begin < SECONDS / 2:
        rows = [(number + at, body, bytes(16), bytes(32)) for at in range(group)]
        number += group
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO entries VALUES (?, ?, ?, ?)", rows)
        db.execute("COMMIT")
    figure = number / (time.perf_counter() - begin)
    db.close()
    return figure


def _sync(folder: Path) -> float:
    """Give the median seconds of an fsync after 64 KiB: the disk's share of every figure here."""
    times: list[float] = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(100):
            file.write(bytes(65536))
            begin = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - begin)
    return _quantile(times, 0.5)


async def _alone(file: Path, key: Path) -> list[float]:
    latencies: list[float] = []
    async with LedgerClient(file, key) as ledger:
        for number in range(LONE_APPENDS):
            now = time.perf_counter()
            await ledger.append([entry_of(9, number)])
            latencies.append(time.perf_counter() - now)
    return latencies


def run() -> list[Row]:
    """Measure on this machine's disk (the folder for temporary files)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, key = folder / "ledger.db", folder / "ledger.key"
        create_ledger(file, make_keys(key, folder / "ledger.pub"))
        alone = asyncio.run(_alone(file, key))
        a_second, latencies = _grouped(file, key)
        group = OUTSTANDING * CLIENTS * ENTRIES // 2
        floor, sync = _floor(folder, group), _sync(folder)
        with Reader(file) as reader:
            size = reader.size
        begin = time.perf_counter()
        report = verify(file, read_public_key(folder / "ledger.pub"))
        verified = size / (time.perf_counter() - begin)
        if not report.holds:
            raise SystemExit("the ledger that was measured does not verify")
        with BlockingClient(file, key) as client:
            client.append([entry_of(8, 0)])
        return [
            Row(
                f"ledger: entries/s, {CLIENTS} clients with {OUTSTANDING} appends of {ENTRIES} under way",
                f"{a_second:,.0f}/s, p50 {_quantile(latencies, 0.5) * 1e3:.1f} ms, p99 {_quantile(latencies, 0.99) * 1e3:.1f} ms",
                f"bare SQLite inserts, {group} a commit: {floor:,.0f}/s; fsync of 64 KiB: {sync * 1e3:.2f} ms",
            ),
            Row(
                "ledger: one entry at a time, receipt",
                f"p50 {_quantile(alone, 0.5) * 1e3:.2f} ms, p99 {_quantile(alone, 0.99) * 1e3:.2f} ms",
                f"fsync of 64 KiB: {sync * 1e3:.2f} ms",
            ),
            Row("ledger: verified entries/s", f"{verified:,.0f}/s"),
        ]


if __name__ == "__main__":
    if sys.argv[1:]:
        asyncio.run(_load(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
        sys.exit()
    for row in run():
        sys.stdout.write(f"{row.what}: {row.figure}  [{row.beside}]\n")
