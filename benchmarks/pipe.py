"""The log gate as a whole process: throughput beside `cat`, and the delay that it adds to a line when the stream is idle."""

import json
import os
import select
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks._rows import Row

RINGFENCE = (sys.executable, "-c", "import ringfence.cli as c; c.main()")
LINES = 200


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([*RINGFENCE, "init"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        logs = {
            "sparse text, a finding in 200 lines": _sparse(),
            "JSON lines, nothing personal": _json(),
            "access log, one address a line": _dense(),
        }
        rows = [_throughput(folder, what, log) for what, log in logs.items()]
        return [*rows, _latency(folder, personal=False), _latency(folder, personal=True)]


def _sparse() -> bytes:
    plain = "2026-11-23T10:00:{:02d}Z INFO worker-{} finished job {} in {} ms with status ok and nothing else to say\n"
    found = '10.1.2.3 - - [23/Nov/2026:10:00:00 +0000] "GET /a?mail=ada{}@posta-nova.net HTTP/1.1" 200 123\n'
    lines = [found.format(n) if n % 200 == 0 else plain.format(n % 60, n % 7, n, n % 900) for n in range(400_000)]
    return "".join(lines).encode()


def _json() -> bytes:
    line = {"ts": "2026-11-23T10:00:00Z", "level": "info", "msg": "finished the job with status ok", "tags": ["a", "b"]}
    return "".join(
        json.dumps({**line, "job": n, "ms": n % 900, "user": {"id": n, "plan": "basic"}}) + "\n" for n in range(100_000)
    ).encode()


def _dense() -> bytes:
    line = '84.12.{}.{} - - [23/Nov/2026:10:00:00 +0000] "GET /index.html HTTP/1.1" 200 1234 "-" "Mozilla/5.0"\n'
    return "".join(line.format(n // 250 % 250, n % 250) for n in range(100_000)).encode()


def _throughput(folder: Path, what: str, log: bytes) -> Row:
    file = folder / "in.log"
    file.write_bytes(log)
    empty = folder / "empty.log"
    empty.write_bytes(b"")
    command = [*RINGFENCE, "pipe", "--flow", "app-logs"]
    begin = _seconds(command, empty, folder)
    ours = _seconds(command, file, folder) - begin
    cat = _seconds(["cat"], file, folder)
    size = len(log) / 1e6
    return Row(
        f"`pipe`, {what}",
        f"{size / ours:.0f} MB/s",
        f"`cat` {size / cat:.0f} MB/s; start and end {begin:.2f} s not counted",
    )


def _seconds(command: list[str], stdin: Path, folder: Path) -> float:
    times = []
    for _ in range(3):
        with stdin.open("rb") as source:
            began = time.perf_counter()
            # Through a pipe, as in use: a reader that counts bytes.
            process = subprocess.Popen(command, cwd=folder, stdin=source, stdout=subprocess.PIPE)
            assert process.stdout is not None
            while os.read(process.stdout.fileno(), 1 << 20):
                pass
            process.wait()
            process.stdout.close()
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def _latency(folder: Path, *, personal: bool) -> Row:
    text = b"mail ada@posta-nova.net for order %d\n" if personal else b"nothing personal in order %d\n"
    gate = _delays(folder, [*RINGFENCE, "pipe", "--flow", "app-logs"], text)
    cat = _delays(folder, ["cat"], text)
    what = "recorded first" if personal else "nothing personal"
    return Row(
        f"`pipe`, delay of a line on an idle stream, {what}",
        f"p50 {statistics.median(gate):.1f} ms, p99 {sorted(gate)[int(len(gate) * 0.99)]:.1f} ms",
        f"`cat` p50 {statistics.median(cat):.2f} ms",
    )


def _delays(folder: Path, command: list[str], text: bytes) -> list[float]:
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    assert process.stdin is not None
    assert process.stdout is not None
    delays = []
    for number in range(LINES):
        began = time.perf_counter()
        process.stdin.write(text % number)
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([process.stdout], [], [], 20)
            assert ready, "nothing came"
            line += os.read(process.stdout.fileno(), 4096)
        if number >= LINES // 10:
            delays.append((time.perf_counter() - began) * 1000)
    process.stdin.close()
    process.wait()
    process.stdout.close()
    return delays
