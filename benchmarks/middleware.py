"""What a request costs in process: an application alone, and wrapped by the middleware; 2 kB of JSON each.

Measured in processor time of the serving process, which a busy machine and its clients leave as it is. One over the other is what
is left of the application's throughput.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks._http_stage import PATIENCE, free_port, used
from benchmarks._rows import Row

REQUESTS = 2_000

POLICY = """
version: 1
zones: {core: {label: core}, partners: {label: partners}}
assets: {shop: {zone: core, kind: http}}
gates: {api: {kind: http, upstream: shop, clients: partners}}
flows: [{id: answers, from: shop, to: partners, via: {gate: api}, carry: {user.contact.email: mask}, else: redact}]
"""

PROGRAM = """
import json, pathlib

BODY = json.loads(pathlib.Path("body.json").read_bytes())

def made():
    return json.dumps(BODY, separators=(",", ":")).encode()  # as a framework does, for each request

async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        for said in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{said}.complete"})
        return
    body = made()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def orders(request):
    return JSONResponse(BODY)

starlette = Starlette(routes=[Route("/orders", orders)])

from ringfence.integrations.asgi import RingfenceMiddleware

wrapped_asgi = RingfenceMiddleware(asgi, gate="api")
wrapped_starlette = RingfenceMiddleware(starlette, gate="api")
"""


def run() -> Iterator[Row]:
    items = [{"sku": f"A-{number}", "count": number, "title": "a thing that is sold"} for number in range(31)]
    mails = [f"{name}@example.com" for name in ("ada", "bob", "eve")]
    with tempfile.TemporaryDirectory(prefix="rf-") as name:
        folder = Path(name)
        (folder / "ringfence.yaml").write_text(POLICY)
        (folder / "program.py").write_text(PROGRAM)
        program = [sys.executable, "-c", "from ringfence.cli import main; main()"]
        subprocess.run([*program, "init"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        for what, body in (
            ("3 findings masked", {"order": 7, "items": items[:29], "mails": mails}),
            ("nothing personal", {"order": 7, "items": items}),
        ):
            (folder / "body.json").write_text(json.dumps(body))
            for app in ("asgi", "starlette"):
                alone, wrapped = (_cost(folder, each) for each in (app, f"wrapped_{app}"))
                yield Row(
                    f"middleware: {len(json.dumps(body))} B of JSON, {what}, {app}",
                    f"{wrapped:.0f} us of the server, {alone / wrapped:.2f} of its throughput",
                    f"alone {alone:.0f} us",
                )


def _cost(folder: Path, app: str) -> float:
    """Give the processor time of one request, in microseconds: the less of two rounds."""
    with _serving(folder, app) as (port, process):
        _ask(port, REQUESTS // 10)
        return min(_round(port, process) for _ in range(2))


def _round(port: int, process: int) -> float:
    before = used(process)
    _ask(port, REQUESTS)
    return (used(process) - before) / REQUESTS * 1e6


def _ask(port: int, requests: int) -> None:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    for _ in range(requests):
        line.request("GET", "/orders")
        answer = line.getresponse()
        answer.read()
        assert answer.status == 200
    line.close()


@contextmanager
def _serving(folder: Path, app: str) -> Iterator[tuple[int, int]]:
    port = free_port()
    options = ("--port", str(port), "--log-level", "critical", "--no-access-log")
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", f"program:{app}", *options], cwd=folder, env=os.environ
    )
    try:
        end = time.monotonic() + PATIENCE
        while not _listens(port):
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return not one.connect_ex(("127.0.0.1", port))
