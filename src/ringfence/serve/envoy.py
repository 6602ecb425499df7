"""One gate's Envoy: started, watched, opened to clients, drained.

The rule: no client is let in before all workers of the gate have seen their canary masked: until then Envoy has the canaries'
listeners only, and the clients' is told to it by a file (file xDS). An Envoy that dies is started again, ever more slowly; one that
never starts is given up. It is drained before it is ended, since its own end truncates what is under way.
"""

import asyncio
import errno
import json
import os
import ssl
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from ringfence.gates.http.bootstrap import Setup, bootstrap, clusters, listeners, routes
from ringfence.gates.http.certificates import Certificate, secrets
from ringfence.gates.http.routes import Object
from ringfence.serve.envoy_setup import EnvoyPlace, envoy_program
from ringfence.serve.log import Log, clean
from ringfence.serve.slot import GaveUp
from ringfence.serve.spawning import describe_death, kill
from ringfence.serve.status import EnvoyStatus

MOST_FAILURES: Final = 5  # deaths in a row, each before it had lived for STEADY seconds
STEADY: Final = 10.0
FIRST_REST: Final = 0.1  # seconds before it is started again; doubled up to LONGEST_REST
LONGEST_REST: Final = 5.0
VALIDATING: Final = 60.0  # seconds for its look at a configuration
OPENING: Final = 20.0  # seconds for the clients' listener to take connections
ADMIN_SECONDS: Final = 2.0
_SHAKE: Final = 2.0  # seconds for a TLS handshake
ENDING: Final = 3.0  # seconds between TERM and KILL
_LOOK: Final = 0.05  # seconds between two looks at what is under way
_UNTOLD: Final = "Envoy could not be told where services are: reload again"
_MOST_SAID: Final = 300  # characters of what Envoy says against a configuration


class Envoy:
    """One of them. `news` is called when it has opened, or is no longer there."""

    def __init__(self, gate: str, place: EnvoyPlace, news: Callable[[], None], log: Log) -> None:
        self._gate = gate
        self._place = place
        self._at = (place.setup.host, place.setup.port)
        self._tls = _handshake() if place.setup.certificate is not None else None
        self._news = news
        self._log = log.within(gate=gate, companion="envoy")
        self._process: asyncio.subprocess.Process | None = None
        self._wanted = asyncio.Event()  # clients are to be let in
        self._ending = asyncio.Event()
        self._opened = False
        self._told = 0  # how often it was told where services and certificates are
        self._up = False  # clients are let in at this moment
        self._restarts = 0
        self.why = ""  # it is not as it should be

    @property
    def is_open(self) -> bool:
        """Whether clients are let in."""
        return self._opened

    def status(self) -> EnvoyStatus:
        """Say how it is."""
        process = self._process.pid if self._process is not None else 0
        return EnvoyStatus(self._up, process, self._restarts)

    def let_in(self) -> None:
        """Let clients in, as soon as that can be."""
        self._wanted.set()

    def renew(self, setup: Setup) -> None:
        """Take services and certificates from another set-up. What is under way goes on to where it went."""
        self._place = replace(self._place, setup=setup)
        try:
            self._tell()
        except OSError as error:  # it leads to where it led; what the policy does not know any more is refused
            self._log.fault("untold", error)
            self.why = _UNTOLD
            return
        if self.why == _UNTOLD:
            self.why = ""

    async def keep(self) -> None:
        """Keep it running until `drain`. Raises `GaveUp`."""
        program = envoy_program()
        self._write("envoy.json", bootstrap(self._place.setup))
        self._tell()
        self._write("listeners.json", listeners(self._place.setup, is_open=False))
        await self._validate(program)
        failures = 0
        opening = asyncio.create_task(self._open())
        try:
            while not self._ending.is_set():
                began = time.monotonic()
                code = await self._live(program, opening)
                if self._ending.is_set():
                    return
                self._restarts += 1
                self.why = f"Envoy ended with {describe_death(code)}"
                self._log.error("died", of=describe_death(code))
                self._news()
                failures = 1 if time.monotonic() - began > STEADY else failures + 1
                if failures >= MOST_FAILURES:
                    raise GaveUp(f"gate {self._gate}: {self.why}, each time", "see that nothing else uses its address")
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(FIRST_REST * 2 ** (failures - 1), LONGEST_REST)):
                        await self._ending.wait()
        finally:
            opening.cancel()
            with suppress(asyncio.CancelledError):
                await opening

    async def drain(self, seconds: float) -> None:
        """Let no more clients in, wait for the requests that are under way, end it."""
        self._ending.set()
        process = self._process
        if process is None:
            return
        if self._opened:
            await self._wait_for_requests(seconds)
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(ENDING):
                await process.wait()
        except TimeoutError:
            kill(process)
            await process.wait()

    def end_at_once(self) -> None:
        """End it at once and for good."""
        self._ending.set()
        if self._process is not None:
            kill(self._process)

    # ---------------------------------------------------------------- parts

    async def _wait_for_requests(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._admin("POST", "/drain_listeners?graceful")
                while await self._under_way():  # noqa: ASYNC110 (Envoy tells when it is asked)
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            self._log.warning("drained", "not every request had ended by the deadline")
        except (OSError, ValueError, IndexError) as error:  # it died meanwhile, or does not say how it is
            self._log.fault("drained", error)

    async def _live(self, program: Path, opening: "asyncio.Task[None]") -> int:
        """Run one from its start to its death; give its exit code. Raises `GaveUp` where its listener cannot be opened."""
        setup = self._place.folder / "envoy.json"
        options = (
            "--disable-hot-restart",
            "--log-level",
            "off",
            "--drain-time-s",
            "1",
            "--drain-strategy",
            "immediate",
        )
        process = self._process = await _start(program, "-c", str(setup), *options)
        if self._ending.is_set():  # told while it was being started: `drain` has not seen it
            kill(process)
        ended = asyncio.create_task(process.wait())
        listening = asyncio.create_task(self._listen(opening))
        try:
            await asyncio.wait({ended, listening}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
                self._up, self.why = True, ""
                self._news()
            return await ended
        finally:
            listening.cancel()
            kill(process)
            self._process = None
            self._up = False

    async def _listen(self, opening: "asyncio.Task[None]") -> None:
        """Wait until clients are let in: by this one, which may not be the first."""
        await asyncio.shield(opening)
        while not await _takes_connections(*self._at, self._tls):  # noqa: ASYNC110 (Envoy does not tell)
            await asyncio.sleep(_LOOK)

    async def _open(self) -> None:
        """Tell Envoy the clients' listener, and see that it takes connections."""
        await self._wanted.wait()
        self._write("listeners.json", listeners(self._place.setup, is_open=True))
        try:
            async with asyncio.timeout(OPENING):
                while not await _takes_connections(*self._at, self._tls):  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            raise GaveUp(
                f"gate {self._gate}: Envoy does not listen", "see that nothing else uses its address"
            ) from None
        self._opened = True

    def _tell(self) -> None:
        """Write where services and certificates are. Clusters first: a route to one that is not there yet would end with 503."""
        self._told += 1
        setup = self._place.setup
        self._write(Path(setup.clusters).name, clusters(setup, self._told))
        if setup.routes:
            self._write(Path(setup.routes).name, routes(setup, self._told))
        if setup.certificate is not None:
            for name, told in secrets(self._linked(setup.certificate), self._told).items():
                self._write(name, told)

    def _linked(self, certificate: Certificate) -> Certificate:
        """Give a certificate's files new names: what has the name of before is not read anew."""

        def link(path: str, what: str) -> str:
            made = self._place.folder / f"{what}-{self._told}.pem"
            made.symlink_to(path)
            return str(made)

        clients = link(certificate.clients, "clients") if certificate.clients else ""
        return Certificate(link(certificate.chain, "chain"), link(certificate.key, "key"), clients)

    async def _validate(self, program: Path) -> None:
        """Have Envoy look at the whole configuration: what it says against it names files and lines of that, no payload."""
        whole = self._write("whole.json", {**bootstrap(self._place.setup), **_with_listener(self._place)})
        checking = await asyncio.create_subprocess_exec(
            *(str(program), "--mode", "validate", "-c", str(whole), "--log-level", "error"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # a terminal's signals are not for it
        )
        try:
            async with asyncio.timeout(VALIDATING):
                _, said = await checking.communicate()
        except TimeoutError:
            raise GaveUp(
                f"gate {self._gate}: Envoy does not come to an end with its configuration", "start again"
            ) from None
        finally:
            kill(checking)
        if checking.returncode:
            last = said.decode(errors="replace").strip().rpartition("\n")[2][-_MOST_SAID:]
            mend = f"it says: {clean(last)}"
            raise GaveUp(f"gate {self._gate}: Envoy does not take its configuration", mend, ("gates", self._gate))

    async def _under_way(self) -> int:
        """Count the requests of clients that are under way."""
        said = await self._admin("GET", "/stats?filter=^http.clients.downstream_rq_active$")
        return int(said.partition(b"downstream_rq_active: ")[2].split()[0])

    async def _admin(self, method: str, path: str) -> bytes:
        async with asyncio.timeout(ADMIN_SECONDS):
            reader, writer = await asyncio.open_unix_connection(self._place.setup.admin)
            try:
                writer.write(
                    f"{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".encode()
                )
                await writer.drain()
                said = await reader.read(-1)
                if not said.startswith(b"HTTP/1.1 200 "):
                    raise OSError(errno.EPROTO, os.strerror(errno.EPROTO))
                return said
            finally:
                writer.close()

    def _write(self, name: str, content: Object) -> Path:
        """Write a file, whole or not at all: Envoy watches for it being moved into its place."""
        file = self._place.folder / name
        beside = file.with_suffix(".new")
        beside.write_text(json.dumps(content, indent=1))
        beside.replace(file)
        return file


def _with_listener(place: EnvoyPlace) -> Object:
    whole = bootstrap(replace(place.setup, listeners="", clusters="", routes="", secrets=""))
    return {"static_resources": whole["static_resources"], "dynamic_resources": {}}


async def _start(program: Path, *arguments: str) -> asyncio.subprocess.Process:
    command = (sys.executable, "-P", "-m", "ringfence.serve.envoy_child", "--parent", str(os.getpid()), "--")
    return await asyncio.create_subprocess_exec(
        *command,
        str(program),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,  # it may quote what it was sent
        start_new_session=True,
    )


def _handshake() -> ssl.SSLContext:
    """Give what sees whether somebody speaks TLS. Who that is, is not asked: nothing is said to him."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def _takes_connections(host: str, port: int, tls: ssl.SSLContext | None) -> bool:
    """Whether somebody listens, and, with `tls`, has a certificate to show: Envoy listens before it has read one."""
    try:
        _, writer = await asyncio.open_connection(host, port, ssl=tls, ssl_handshake_timeout=_SHAKE if tls else None)
    except OSError:
        return False
    writer.close()
    return True
