"""What the HTTP benchmark measures: Envoy alone, Envoy with the gate, mitmproxy; each before a service of its own process."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._peers import environment
from ringfence.gates.http.bootstrap import Service, Setup, bootstrap
from ringfence.serve.envoy_setup import envoy_program

PATIENCE = 60.0
MITMPROXY = ("mitmproxy==11.0.2",)
_TICKS = os.sysconf("SC_CLK_TCK")
_ADDON = Path(__file__).with_name("_mitm_addon.py")

POLICY = """
version: 1
zones: {{core: {{label: core}}, partners: {{label: partners}}}}
assets: {{shop: {{zone: core, kind: http, at: "http://127.0.0.1:{service}"}}}}
gates: {{api: {{kind: http, listen: "127.0.0.1:{port}", upstream: shop, clients: partners, bodies: {bodies}}}}}
flows: [{{id: answers, from: shop, to: partners, via: {{gate: api}}, carry: {{user.contact.email: mask}}, else: redact}}]
"""


@dataclass(frozen=True)
class Way:
    """A way to the service: where it listens, and its processes, the proxy itself first."""

    port: int
    processes: tuple[int, ...]

    def used(self) -> list[float]:
        """Processor time of each process, in seconds."""
        return [used(process) for process in self.processes]

    def resident(self) -> list[int]:
        """Resident memory of each process, in bytes."""
        return [_resident(process) for process in self.processes]


@contextmanager
def alone(folder: Path, service: int) -> Iterator[Way]:
    """Envoy without the gate."""
    port = free_port()
    made = _config(port, service)
    [listener] = made["static_resources"]["listeners"]
    del listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"][0]
    made["static_resources"]["clusters"] = made["static_resources"]["clusters"][:1]
    with _envoy(folder / f"alone-{port}.json", made, port) as process:
        yield Way(port, (process,))


@contextmanager
def gated(folder: Path, service: int, bodies: str = "streamed") -> Iterator[Way]:
    """Envoy with the gate: one worker, with its ledger on disk."""
    place = Path(tempfile.mkdtemp(dir=folder))
    port = free_port()
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
        yield Way(port, (envoy, worker))
    finally:
        up.terminate()
        up.wait(PATIENCE)


@contextmanager
def mitmproxy(folder: Path, service: int) -> Iterator[Way]:
    """Mitmproxy with an add-on that masks addresses in JSON."""
    port = free_port()
    program = environment("mitmproxy", MITMPROXY) / "bin" / "mitmdump"
    options = ("--mode", f"reverse:http://127.0.0.1:{service}", "--listen-host", "127.0.0.1", "-p", str(port))
    command = [program, *options, "--quiet", "--set", f"confdir={folder}", "-s", _ADDON]
    with _running(command, port) as process:
        yield Way(port, (process,))


@contextmanager
def saying(folder: Path, body: bytes) -> Iterator[int]:
    """A service that says one body: another Envoy, so that it is never what is waited for."""
    port = free_port()
    made = _config(port, 1)
    [listener] = made["static_resources"]["listeners"]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    del manager["http_filters"][0]
    del manager["local_reply_config"]  # the service's answers are Envoy's own here
    made["static_resources"]["clusters"] = []
    kind = {"key": "content-type", "value": "application/json"}
    manager["route_config"]["virtual_hosts"][0]["routes"] = [
        {
            "match": {"prefix": "/"},
            "direct_response": {"status": 200, "body": {"inline_string": body.decode()}},
            "response_headers_to_add": [{"header": kind, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}],
        }
    ]
    with _envoy(folder / f"service-{port}.json", made, port):
        yield port


@contextmanager
def streaming() -> Iterator[int]:
    """The service of `_http_service`."""
    port = free_port()
    with _running([sys.executable, "-m", "benchmarks._http_service", str(port)], port):
        yield port


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _config(port: int, service: int) -> Any:
    return json.loads(json.dumps(bootstrap(Setup("api", "127.0.0.1", port, (), Service("127.0.0.1", service)))))


def _envoy(file: Path, made: object, port: int) -> AbstractContextManager[int]:
    file.write_text(json.dumps(made))
    options = ("--concurrency", "1", "--disable-hot-restart", "--log-level", "off")
    return _running([envoy_program(), "-c", file, *options], port)


@contextmanager
def _running(command: Sequence[str | Path], port: int) -> Iterator[int]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
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


def used(process: int) -> float:
    """Processor time of a process, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _resident(process: int) -> int:
    found = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(found[0]) * 1024
