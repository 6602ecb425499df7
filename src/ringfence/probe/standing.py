"""What the probe stands on: the gate's address, the home's secret, the ledger.

The rule: where gates run in the home, it is asked of them where they listen; else the policy says it. The secret lies in the
home, is its owner's alone, and is made the first time.
"""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from ringfence.access import AccessFault
from ringfence.crossing import Body
from ringfence.gates.postgres.upstream_address import parse_address as parse_upstream
from ringfence.ledger import BlockingClient
from ringfence.policy import Gate, Policy
from ringfence.probe.asking import CONNECT_SECONDS, CannotConnect
from ringfence.probe.http.site import HttpSite
from ringfence.probe.manifest import Manifest
from ringfence.probe.roles import Site, read_secret
from ringfence.probe.running import Chosen, NothingToAsk, Run
from ringfence.serve import NotRunning, ask_status, parse_address
from ringfence.serve.addresses import Address

FOLDER = "probe"  # in the home
SECRET_FILE = "secret"  # noqa: S105 (a file's name)
_SECRET_BYTES = 32
KINDS = ("postgres", "http")
"""The kinds of gates that can be attacked; where the policy names none, the first of which it has one."""

_EARLIEST, _SPREAD = 0.8, 0.4  # of the time between two runs


@dataclass(frozen=True, slots=True)
class Standing:
    """A home to probe from."""

    folder: Path
    secret: bytes = field(repr=False)
    record: Callable[[Body], None]

    def run(
        self,
        site: Site,
        environment: Mapping[str, str],
        beside: Path,
        principal: str,
        chosen: Chosen,
        progress: Callable[[int, int], None],
    ) -> Run:
        """Give a run what it needs."""
        planted = self.manifest.rows()
        return Run(site, environment, beside, self.secret, planted, principal, self.record, chosen, progress)

    @property
    def manifest(self) -> Manifest:
        """The list of what was planted."""
        return Manifest(self.folder / FOLDER)


@contextmanager
def stand(folder: Path, ledger: Path, signing_key: Path) -> Iterator[Standing]:
    """Open a home's ledger and secret. Raises `LedgerUnavailable`, and `AccessFault` for a secret that others can read."""
    with BlockingClient(ledger, signing_key) as client:
        yield Standing(folder, secret_in(folder), lambda body: _record(client, body))


def _record(client: BlockingClient, body: Body) -> None:
    client.append([body])


def secret_in(folder: Path) -> bytes:
    """Give the home's secret; make it where there is none."""
    place = folder / FOLDER
    place.mkdir(mode=0o700, exist_ok=True)
    file = place / SECRET_FILE
    try:
        number = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return _read_secret(file)
    with os.fdopen(number, "wb") as opened:
        made = secrets.token_bytes(_SECRET_BYTES)
        opened.write(made)
        opened.flush()
        os.fsync(opened.fileno())
    return made


def _read_secret(file: Path) -> bytes:
    about = file.lstat()
    if about.st_uid != os.geteuid() or about.st_mode & 0o077:
        raise AccessFault(f"{file} can be read by others, or belongs to somebody else", "chmod 600, or remove it")
    found = file.read_bytes()
    if len(found) != _SECRET_BYTES:
        raise AccessFault(
            f"{file} is not a secret of {_SECRET_BYTES} bytes", "clean what was planted by hand, and remove it"
        )
    return found


def site_of(policy: Policy, folder: Path, beside: Path) -> Site | HttpSite:
    """Say what is attacked. `folder` is the home, `beside` the policy's. Raises `NothingToAsk`."""
    gate = gate_of(policy)
    if gate.kind == "http":
        _check_http(gate)
    if gate.upstream is None:
        raise NothingToAsk(f"gate {gate.name} has nothing behind it", "say what: `upstream:`")
    asset = policy.assets[gate.upstream]
    if gate.kind == "http":
        return HttpSite(policy, gate, asset)
    at = _address(gate, folder)
    host = os.path.dirname(at.path) if at.path else at.host  # noqa: PTH120 (a text, as it is handed on)
    port = int(at.path.rpartition(".")[2]) if at.path else at.port
    return Site(policy, gate, asset, host, port, parse_upstream(asset.at, beside).database)


def _check_http(gate: Gate) -> None:
    """Refuse an HTTP gate whose clients or services are not played. Raises `NothingToAsk`."""
    mend = "name another gate: `probe: {gate: NAME}`"
    if gate.upstreams:
        raise NothingToAsk(f"gate {gate.name} is a way out, which the probe does not play", mend)
    if gate.principals:
        raise NothingToAsk(f"gate {gate.name} asks its clients who they are, and the probe brings no credential", mend)


def gate_of(policy: Policy) -> Gate:
    """Say which gate is attacked. Raises `NothingToAsk`."""
    named = policy.probe.gate
    for kind in KINDS:
        found = [gate for gate in policy.gates.values() if gate.kind == kind and named in (None, gate.name)]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(gate.name for gate in found)
            raise NothingToAsk(f"the policy has several gates: {names}", "name one: `probe: {gate: NAME}`")
    raise NothingToAsk(
        f"the policy has no gate to attack, of kind {' or '.join(KINDS)}",
        "declare one, or name it: `probe: {gate: NAME}`",
    )


def _address(gate: Gate, folder: Path) -> Address:
    where = f"gates.{gate.name}.listen"
    try:
        running = {one.gate: one.address for one in ask_status(folder).gates}
    except NotRunning:
        running = {}
    found = parse_address(running.get(gate.name, gate.listen), where)
    if not found.path and not found.port:
        raise NothingToAsk(f"{where}: the gate runs nowhere", "start it with `ringfence up`")
    return found


def writing(policy: Policy, environment: Mapping[str, str], beside: Path) -> psycopg.Connection:
    """Open the straight connection that may insert and delete. Raises `NothingToAsk` where the policy lets nothing be written."""
    probing = policy.probe
    if not probing.write:
        raise NothingToAsk("the policy does not let the probe write", "say `probe: {write: true, writer: env:NAME}`")
    if not probing.writer:
        raise NothingToAsk("the policy names no login that may insert and delete", "say `probe: {writer: env:NAME}`")
    address = read_secret(probing.writer, environment, beside)
    try:
        return psycopg.connect(address, autocommit=True, connect_timeout=CONNECT_SECONDS)
    except psycopg.Error as error:
        raise CannotConnect(error.sqlstate or "") from None


def pause(seconds: float) -> float:
    """Give the time to the next run: about that long, and never foreseeable."""
    return seconds * (_EARLIEST + _SPREAD * secrets.SystemRandom().random())
