"""What a request costs in front of a service: Envoy alone, and Envoy with the gate, whose worker decides; 2 kB of JSON each.

Measured in processor time of the processes themselves, which a busy machine, its clients and its service leave as it is.
"""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks._rows import Row
from ringfence.gates.http.bootstrap import Service, Setup, bootstrap
from ringfence.serve.envoy_setup import envoy_program

REQUESTS, CLIENTS = 2000, 16
PATIENCE = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")

POLICY = """
version: 1
zones: {{core: {{label: core}}, partners: {{label: partners}}}}
assets: {{shop: {{zone: core, kind: http, at: "http://127.0.0.1:{service}"}}}}
gates: {{api: {{kind: http, listen: "127.0.0.1:{port}", upstream: shop, clients: partners, bodies: {bodies}}}}}
flows: [{{id: answers, from: shop, to: partners, via: {{gate: api}}, carry: {{user.contact.email: mask}}, else: redact}}]
"""


@dataclass(frozen=True)
class Cost:
    """Processor time of one request, in microseconds."""

    envoy: float
    worker: float = 0.0


def run() -> Iterator[Row]:
    items = [{"sku": f"A-{number}", "count": number, "title": "a thing that is sold"} for number in range(31)]
    plain = json.dumps({"order": 7, "items": items}).encode()
    mails = [f"{name}@example.com" for name in ("ada", "bob", "eve")]
    found = json.dumps({"order": 7, "items": items[:29], "mails": mails}).encode()
    with tempfile.TemporaryDirectory(prefix="rf-") as name:
        folder = Path(name)
        for what, body in (("3 findings masked", found), ("nothing personal", plain)):
            with _service(folder, body) as service:
                alone = _alone(folder, service)
                for bodies in ("streamed", "buffered"):
                    cost = _gated(folder, service, bodies)
                    yield Row(
                        f"http: {len(body)} B of JSON, {what}, {bodies}",
                        f"{cost.worker:.0f} us of a worker, {cost.envoy:.0f} us of Envoy",
                        f"Envoy alone {alone.envoy:.0f} us",
                    )


def _alone(folder: Path, service: int) -> Cost:
    port = _free_port()
    made = json.loads(json.dumps(bootstrap(Setup("api", "127.0.0.1", port, (), Service("127.0.0.1", service)))))
    [listener] = made["static_resources"]["listeners"]
    del listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"][0]
    made["static_resources"]["clusters"] = made["static_resources"]["clusters"][:1]
    with _envoy(folder / "alone.json", made, port) as process:
        return Cost(_measured(port, [process])[0])


def _gated(folder: Path, service: int, bodies: str) -> Cost:
    place = Path(tempfile.mkdtemp(dir=folder))
    port = _free_port()
    (place / "ringfence.yaml").write_text(POLICY.format(service=service, port=port, bodies=bodies))
    program = [sys.executable, "-c", "from ringfence.cli import main; main()"]
    subprocess.run([*program, "init"], cwd=place, check=True, stdout=subprocess.DEVNULL)
    with (place / "log").open("wb") as log:
        up = subprocess.Popen([*program, "up", "--log-format", "json"], cwd=place, stdout=subprocess.PIPE, stderr=log)
    try:
        assert up.stdout is not None
        up.stdout.readline()
        worker = int(re.findall(r'"process": (\d+)', (place / "log").read_text())[0])
        children = Path(f"/proc/{up.pid}/task/{up.pid}/children").read_text().split()
        envoy = next(int(each) for each in children if str(Path(f"/proc/{each}/exe").resolve()).endswith("/envoy"))
        return Cost(*_measured(port, [envoy, worker]))
    finally:
        up.terminate()
        up.wait(PATIENCE)


def _measured(port: int, processes: list[int]) -> list[float]:
    """Ask, and give the processor time of each process for one request, in microseconds."""
    asyncio.run(_ask(port, 200))
    before = [_used(process) for process in processes]
    asyncio.run(_ask(port, REQUESTS))
    return [(_used(process) - used) / REQUESTS * 1e6 for process, used in zip(processes, before, strict=True)]


def _used(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


async def _ask(port: int, requests: int) -> None:
    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(requests // CLIENTS):
            writer.write(b"GET /orders HTTP/1.1\r\nhost: shop\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head[:30]
            if b"chunked" in head:
                while size := int(await reader.readuntil(b"\r\n"), 16):
                    await reader.readexactly(size + 2)
                await reader.readuntil(b"\r\n")
            else:
                await reader.readexactly(int(re.findall(rb"content-length: (\d+)", head)[0]))
        writer.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


@contextmanager
def _service(folder: Path, body: bytes) -> Iterator[int]:
    """Another Envoy says the body, whatever it is asked."""
    port = _free_port()
    made = json.loads(json.dumps(bootstrap(Setup("api", "127.0.0.1", port, (), Service("127.0.0.1", 1)))))
    [listener] = made["static_resources"]["listeners"]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    del manager["http_filters"][0]
    made["static_resources"]["clusters"] = []
    manager["route_config"]["virtual_hosts"][0]["routes"] = [
        {
            "match": {"prefix": "/"},
            "direct_response": {"status": 200, "body": {"inline_string": body.decode()}},
            "response_headers_to_add": [
                {
                    "header": {"key": "content-type", "value": "application/json"},
                    "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
                }
            ],
        }
    ]
    with _envoy(folder / "service.json", made, port):
        yield port


@contextmanager
def _envoy(file: Path, made: object, port: int) -> Iterator[int]:
    file.write_text(json.dumps(made))
    options = ("--concurrency", "1", "--disable-hot-restart", "--log-level", "off")
    process = subprocess.Popen([envoy_program(), "-c", file, *options])
    try:
        end = time.monotonic() + PATIENCE
        while True:
            with socket.socket() as one:
                if not one.connect_ex(("127.0.0.1", port)):
                    break
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.05)
        yield process.pid
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
