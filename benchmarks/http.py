"""What the gate costs in front of a service: Envoy alone, Envoy with the gate, and mitmproxy doing the same, in one run.

Requests a second and latencies are `wrk`'s, which a busy machine makes smaller and larger; so each is told beside the others',
and as a ratio. Processor time is that of the processes themselves. ``--whole`` downloads a GiB of lines; without it 48 MiB.
"""

import asyncio
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from benchmarks._http_bodies import BODIES
from benchmarks._http_service import MEBIBYTE
from benchmarks._http_stage import Way, alone, gated, mitmproxy, saying, streaming
from benchmarks._rows import Row

CONNECTIONS, SECONDS, WARMING = 16, 4, 1
HALF_SECONDS = 4.0
ANSWERS = 20  # of a model
_LINES = 1024 if "--whole" in sys.argv else 48  # MiB


@dataclass(frozen=True)
class Load:
    """What came of as many requests as could be made: of them a second, latencies in ms, processor time in us for one."""

    rate: float
    p50: float
    p99: float
    cost: tuple[float, ...]


def run() -> Iterator[Row]:
    if shutil.which("wrk") is None:
        print("http: wrk is not there (Debian has it as `wrk`)", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="rf-") as name:
        folder = Path(name)
        for what, body in BODIES.items():
            with saying(folder, body) as service:
                yield from _requests(folder, service, what, body)
        with streaming() as service:
            yield from _streams(folder, service)


def _requests(folder: Path, service: int, what: str, body: bytes) -> Iterator[Row]:
    with alone(folder, service) as way:
        bare = _loaded(way)
    with mitmproxy(folder, service) as way:
        peer = _loaded(way)
    for bodies in ("streamed", "buffered"):
        title = f"http: {len(body)} B of JSON, {what}, {bodies}"
        with gated(folder, service, bodies) as way:
            came = _body(way.port)
            assert ("nothing" in what) is (came == body), "the body is not what it should be"
            assert len(came) == len(body), "a mask has the length of what it hides"
            gate = _loaded(way)
            half = asyncio.run(_at(way.port, gate.rate / 2))
        with alone(folder, service) as way:
            floor = asyncio.run(_at(way.port, gate.rate / 2))
        yield Row(
            title,
            f"{gate.rate:.0f}/s, p50 {gate.p50:.1f} ms, p99 {gate.p99:.1f} ms",
            f"Envoy alone {bare.rate:.0f}/s: {gate.rate / bare.rate:.2f} of it; "
            f"mitmproxy {peer.rate:.0f}/s: {gate.rate / peer.rate:.1f} times",
        )
        yield Row(
            f"{title}: processor time",
            f"{gate.cost[1]:.0f} us of a worker, {gate.cost[0]:.0f} us of Envoy",
            f"Envoy alone {bare.cost[0]:.0f} us, mitmproxy {peer.cost[0]:.0f} us",
        )
        yield Row(
            f"{title}: added at half load, {gate.rate / 2:.0f}/s",
            f"p50 {half[0] - floor[0]:.1f} ms, p99 {half[1] - floor[1]:.1f} ms",
            f"Envoy alone p50 {floor[0]:.1f} ms, p99 {floor[1]:.1f} ms",
        )


def _streams(folder: Path, service: int) -> Iterator[Row]:
    for path, what in (("/lines", "nothing personal"), ("/found", "an address in each masked")):
        speeds, growth = [], [0, 0]
        for begin in (alone, gated):
            with begin(folder, service) as way:
                _download(way.port, f"{path}?1")
                before = way.resident()
                speed, most = _watched(way, f"{path}?{_LINES}")
                speeds.append(speed)
                growth = [last - first for first, last in zip(before, most, strict=True)]
        yield Row(
            f"http: {_LINES} MiB of lines of JSON, {what}",
            f"{speeds[1]:.1f} MB/s; grown by {growth[0] >> 20} MiB (Envoy), {growth[1] >> 20} MiB (worker)",
            f"Envoy alone {speeds[0]:.0f} MB/s",
        )
    firsts = []
    for begin in (alone, gated):
        with begin(folder, service) as way:
            firsts.append(median(_first_event(way.port) for _ in range(ANSWERS)))
    yield Row(
        "http: a model's answer that streams, its first event", f"{firsts[1]:.1f} ms", f"Envoy alone {firsts[0]:.1f} ms"
    )


def _loaded(way: Way) -> Load:
    """Ask as much as it takes."""
    _wrk(way.port, WARMING)
    before = way.used()
    said = _wrk(way.port, SECONDS)
    used = [after - earlier for earlier, after in zip(before, way.used(), strict=True)]
    count, wrong = int(_told(said, r"(\d+) requests in")), re.findall(r"Non-2xx.*|Socket errors.*", said)
    assert not wrong, wrong
    times = {share: _milliseconds(_told(said, rf"(?m)^\s+{share}%\s+(\d\S+)")) for share in (50, 99)}
    rate = float(_told(said, r"Requests/sec:\s+(\S+)"))
    return Load(rate, times[50], times[99], tuple(each / count * 1e6 for each in used))


def _wrk(port: int, seconds: int) -> str:
    options = ("-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency")
    done = subprocess.run(
        ["wrk", *options, f"http://127.0.0.1:{port}/orders"], check=True, capture_output=True, text=True
    )
    return done.stdout


def _told(said: str, pattern: str) -> str:
    found = re.search(pattern, said)
    assert found is not None, said
    return found[1]


def _milliseconds(text: str) -> float:
    for unit, times in (("us", 1e-3), ("ms", 1.0), ("s", 1e3)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * times
    raise ValueError(text)


async def _at(port: int, rate: float) -> tuple[float, float]:
    """Ask so many times a second, whatever the answers; give the middle and the hundredth slowest latency, in ms."""
    took: list[float] = []
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(due: float) -> None:
        reader, writer = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /orders HTTP/1.1\r\nhost: shop\r\n\r\n")
        await _answer(reader)
        took.append((time.perf_counter() - due) * 1e3)
        idle.append((reader, writer))

    begin = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * HALF_SECONDS)):
            due = begin + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            tasks.create_task(ask(time.perf_counter()))
    for _, writer in idle:
        writer.close()
    return median(took), quantiles(took, n=100)[-1]


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head[:30]
    if b"chunked" not in head:
        return await reader.readexactly(int(re.findall(rb"content-length: (\d+)", head)[0]))
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return body


def _body(port: int) -> bytes:
    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /orders HTTP/1.1\r\nhost: shop\r\n\r\n")
        body = await _answer(reader)
        writer.close()
        return body

    return asyncio.run(ask())


def _download(port: int, target: str) -> int:
    """Download to the end; give the octets that came."""
    room, count = bytearray(MEBIBYTE), 0
    with socket.create_connection(("127.0.0.1", port), timeout=60) as one:
        one.sendall(b"GET " + target.encode() + b" HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n")
        while size := one.recv_into(room):
            assert count or room.startswith(b"HTTP/1.1 200"), bytes(room[:100])
            count += size
    return count


def _watched(way: Way, target: str) -> tuple[float, list[int]]:
    """Download, and look at the memory of the processes meanwhile; give MB/s, and the most that each had."""
    most, over = way.resident(), threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            most[:] = map(max, most, way.resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    begin = time.perf_counter()
    count = _download(way.port, target)
    took = time.perf_counter() - begin
    over.set()
    watcher.join()
    assert count >= int(target.partition("?")[2]) * MEBIBYTE, "it was cut off"
    return count / took / 1e6, most


def _first_event(port: int) -> float:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as one:
        begin = time.perf_counter()
        one.sendall(b"GET /events HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n")
        came = b""
        while b"Dear" not in came:
            came += one.recv(65_536)
        took = (time.perf_counter() - begin) * 1e3
        while one.recv(65_536):
            pass
    return took
