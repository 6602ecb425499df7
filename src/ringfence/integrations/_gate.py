"""A gate of the policy in this process: what it decides by, and whether it has shown that it masks.

The rule: nobody is served before a canary was seen masked both ways, through the code that everybody takes, and recorded in the
ledger; that is done once in each process, when it is first needed, for a process may be forked after this was made. Who is asked
is opened anew with it. The policy is read once, when this is made: a program takes a changed one when it is started anew, as it
takes changed code.
"""

import asyncio
import os
import secrets
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import MISSING, Field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

from ringfence.access import Brought, Doorkeeper, Identities, Principal, Unknown, open_identities
from ringfence.crossing import Reason
from ringfence.gates.canary import CanaryResult
from ringfence.gates.carrying import Unrecorded, new_crossing_id, now
from ringfence.gates.http.asking import Door
from ringfence.gates.http.canary import canary_masked, canary_payload, side_of_canary
from ringfence.gates.http.destinations import destinations_of
from ringfence.gates.http.edits import RequestHead
from ringfence.gates.http.exchange import NOWHERE, Side
from ringfence.gates.http.local import BadMessage, LocalExchange, Message, Refused, Rim, broken, refusal
from ringfence.gates.http.refusing import Told
from ringfence.gates.http.targets import BadTarget
from ringfence.home import Home, Problem, home
from ringfence.integrations._scribe import LOG, BlockingScribe, Scribe, WaitingScribe, scribe_for
from ringfence.ledger import LedgerError
from ringfence.policy import AssetName, Gate, Policy, ZoneName
from ringfence.policy.fronting import NO_BOUNDARY, behind, shares_zone
from ringfence.policy_files import load_policy
from ringfence.serve.needed import keys_for
from ringfence.serve.principals import Seldom, check_principals

Place: TypeAlias = tuple[str, str, int]
"""Where a service is: its scheme, host and port."""
PathLike: TypeAlias = "str | os.PathLike[str] | None"

_HTTP: Final = "http"
_UNAVAILABLE: Final = 503
_OPENING: Final = 20.0  # seconds: the ledger's writer may have to be started first
_AGAIN: Final = 1.0  # seconds between two tries to begin
_UNDERSTOOD: Final = frozenset(
    {
        *("name", "kind", "listen", "upstream", "upstreams", "hosts", "clients", "bodies", "limits", "workers", "tls"),
        *("principals", "asking", "forward_token", "conversation"),
    }
)
"""What a gate may say here. Addresses, processes, encryption: the server's business; what else it said would be passed over."""
_JSON: Final = (("content-type", "application/json"),)


class CutOff(OSError):
    """The answer was cut off: the client sees that it is not whole."""


class NotProven(Exception):
    """The canary did not come back masked: nobody is served."""


class LocalGate:
    """One gate in one process. `ready` or `ready_at_once` before each exchange; both give the `Rim` to make it with."""

    def __init__(self, gate: str, policy: PathLike, overlay: PathLike, folder: PathLike) -> None:
        self.home = _home(policy, folder)
        read = load_policy(self.home.policy, overlay=_path(overlay, "RINGFENCE_OVERLAY"))
        found = _gate(read, gate)
        self.name = gate
        check_principals(read, found, self.home.policy.parent)
        upstream, zone = _ends(read, found)
        self._keys = keys_for(read, found, self.home.keys)
        self._access = self._opened(read, found)
        self.side = Side(read, gate, upstream, zone, self._keys, new_crossing_id, door=_door(read, found, self._access))
        self._sides: Mapping[Place, Side] | None = None
        self._opened_in = os.getpid()
        self._lock = threading.Lock()
        self._proven_in = 0  # the process
        self._proving: Future[None] | None = None
        self._proving_in = 0
        self._tried = 0.0
        self._waiting: Rim | None = None
        self._blocking: Rim | None = None

    async def ready(self) -> Rim:
        """Give what exchanges on an event loop are made with. Raises `Refused` where nobody may be served yet."""
        if self._proven_in != os.getpid() or self._waiting is None:
            try:
                await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self._prove())), _OPENING)
            except Exception as error:  # noqa: BLE001 (what broke blocks everything, and is named by its type alone)
                raise Refused(_not_ready(error)) from None
            self._waiting = self._rim(WaitingScribe)
        return self._waiting

    def ready_at_once(self) -> Rim:
        """Give what exchanges on a thread are made with. Raises `Refused` where nobody may be served yet."""
        if self._proven_in != os.getpid() or self._blocking is None:
            try:
                self._prove().result(_OPENING)
            except Exception as error:  # noqa: BLE001 (as above)
                raise Refused(_not_ready(error)) from None
            self._blocking = self._rim(BlockingScribe)
        return self._blocking

    async def write_counts(self) -> None:
        """Write what was counted up to now: the program ends."""
        if self._proven_in == os.getpid():
            scribe = scribe_for(self.home)
            try:
                await asyncio.wrap_future(scribe.run(scribe.write_counts()))
            except Unrecorded as fault:
                LOG.warning("the last counts are lost: the ledger cannot be written (%s)", fault.fault)

    def _rim(self, kind: type[WaitingScribe] | type[BlockingScribe]) -> Rim:
        scribe = scribe_for(self.home)
        asked = kind(scribe)
        return Rim(
            self.side,
            asked,
            asked,
            now,
            lambda decided, came: scribe.count(self.name, decided, came),
            lambda called, refused: scribe.called(self.name, called, refused=refused),
            scribe.leave,
        )

    def _prove(self) -> "Future[None]":
        """Begin, in this process, where that was not begun, or failed a while ago."""
        with self._lock:
            process, at = os.getpid(), time.monotonic()
            if self._proving is None or self._proving_in != process:
                again = True
            else:
                failed = self._proving.done() and (self._proving.cancelled() or self._proving.exception() is not None)
                again = failed and at - self._tried >= _AGAIN
            if again or self._proving is None:
                scribe = scribe_for(self.home)
                self._waiting = self._blocking = None
                if self._opened_in != process:
                    self._open_anew(process)
                self._tried, self._proving_in = at, process
                self._proving = scribe.run(self._begin(scribe))
            return self._proving

    async def _begin(self, scribe: Scribe) -> None:
        """On the scribe's thread: open the ledger, and send the canary."""
        try:
            await scribe.open()
            scribe.use_keys(self._keys)
            if self._access is not None:
                await scribe.keep_fresh(self._access)
            await prove(_rim_of_canary(self.side, scribe))
        except Exception as error:
            LOG.error("gate %s serves nobody: %s", self.name, _words(error))
            raise
        self._proven_in = os.getpid()

    def _open_anew(self, process: int) -> None:
        """Open those who are asked in another process than this was made in: their key sets are kept fresh by a loop of its own."""
        policy, gate = self.side.policy, self.side.policy.gates[self.name]
        self._access = self._opened(policy, gate)
        self.side = replace(self.side, door=_door(policy, gate, self._access))
        self._sides, self._opened_in = None, process

    def _opened(self, policy: Policy, gate: Gate) -> Identities | None:
        if not gate.principals:
            return None
        tell = Seldom(lambda words: LOG.warning("gate %s: %s", gate.name, words), time.monotonic)
        access = open_identities(policy, gate, self.home.policy.parent, tell.hear)
        access.caution()
        return access

    def destinations(self) -> Mapping[Place, Side]:
        """Give the sides of the services that the gate leads to. Raises `NoAddress`."""
        if self._sides is None:
            policy, gate = self.side.policy, self.side.policy.gates[self.name]
            outside = gate if gate.upstream is None else replace(gate, upstreams=(gate.upstream,))
            found = destinations_of(policy, outside)
            self._sides = {(one.scheme, one.host, one.port): replace(self.side, asset=one.asset) for one in found}
        return self._sides


class _OneAtATime(Doorkeeper):
    """A doorkeeper who is asked by threads."""

    def __init__(self, identities: Identities) -> None:
        super().__init__(identities)
        self._lock = threading.Lock()

    def know(self, brought: Brought, address: str, now: datetime) -> Principal | Unknown | None:
        """Say who asks."""
        with self._lock:
            return super().know(brought, address, now)


def _door(policy: Policy, gate: Gate, access: Identities | None) -> Door:
    return Door(policy, gate, _OneAtATime(access) if access is not None else None)


def _rim_of_canary(side: Side, scribe: Scribe) -> Rim:
    return Rim(
        side_of_canary(side),
        scribe,
        scribe,
        now,
        lambda _decided, _came: None,
        lambda _called, _refused: None,
        scribe.leave,
    )


async def prove(rim: Rim) -> None:
    """See a canary masked. Raises `NotProven`."""
    seen = await send_canary(rim)
    if not seen.masked:
        raise NotProven(f"the canary was not seen masked: {seen.why}")


async def send_canary(rim: Rim) -> CanaryResult:
    """Take a canary through an exchange, both ways. Raises `Refused`."""
    there, back = secrets.token_hex(6), secrets.token_hex(6)
    exchange = LocalExchange(rim)
    try:
        request = await exchange.request(RequestHead("POST", "/ringfence/canary", _JSON, ends=False))
        heard = await _whole(request, canary_payload(there))
        answer = await _whole(await exchange.response(200, _JSON, is_empty=False), canary_payload(back))
    finally:
        exchange.close()
    if there.encode() in heard or back.encode() in answer:
        return CanaryResult(masked=False, why="its value was seen clear", leaked=True)
    if not heard.endswith(canary_masked(there)) or not answer.endswith(canary_masked(back)):
        return CanaryResult(masked=False, why="it did not come back whole")
    return CanaryResult(masked=True)


async def _whole(message: Message, body: bytes) -> bytes:
    return await message.feed(body) + await message.end()


def _not_ready(error: BaseException) -> Told:
    if isinstance(error, NotProven) or (isinstance(error, Refused) and error.told.status != _UNAVAILABLE):
        return broken(now)
    return refusal(Reason.LEDGER, "try again: the ledger could not be written", now)


def told_of(error: Exception, *, of_request: bool) -> Told:
    """Say to the client why a message does not cross; of what broke here, say its type to the operator, and nothing more."""
    match error:
        case Refused(told=told):
            return told
        case BadTarget(what=what):
            return refusal(Reason.UNDECODABLE, f"ask for it in another spelling: {what}", now, of_request=of_request)
        case BadMessage():
            return refusal(Reason.UNDECODABLE, f"send it in another way: {error}", now, of_request=of_request)
        case _:
            LOG.error("a message was refused, for something broke: %s", type(error).__name__)
            return broken(now)


def _words(error: BaseException) -> str:
    if isinstance(error, TooLate):
        return "the ledger's writer does not answer"
    if isinstance(error, Refused):
        return f"the canary was refused (HTTP {error.told.status})"
    if isinstance(error, (LedgerError, NotProven, Unrecorded)):
        return str(error).partition("\n")[0]
    return type(error).__name__


def _path(given: PathLike, variable: str) -> Path | None:
    """Give a path that was given, or the environment's. Read here as the command line reads it."""
    if given is not None:
        return Path(given)
    named = os.environ.get(variable)
    return Path(named) if named else None


def _home(policy: PathLike, folder: PathLike) -> Home:
    place = home(_path(policy, "RINGFENCE_POLICY"), _path(folder, "RINGFENCE_HOME"))
    made = Home(place.policy.absolute(), place.folder.absolute()).made()
    if not made.ledger.is_file():
        raise Problem(
            f"{made.ledger}: no such ledger", "make it with `ringfence init`, or put back the one that was there"
        )
    return made


def _gate(policy: Policy, name: str) -> Gate:
    gate = policy.gates.get(name)
    if gate is None:
        raise Problem("the policy has no gate of that name", f"it has: {', '.join(policy.gates) or 'none'}")
    if gate.kind != _HTTP:
        raise Problem(f"gate {name} is of kind {gate.kind}", "name one of kind http")
    said = next((each for each in fields(gate) if each.name not in _UNDERSTOOD and _is_said(gate, each)), None)
    if said is not None or (gate.tls is not None and gate.tls.clients):
        key = said.name if said is not None else "tls.clients"
        raise Problem(f"gates.{name}.{key} has no meaning in process yet", "take it out, or let Envoy stand there")
    return gate


def _is_said(gate: Gate, key: "Field[object]") -> bool:
    default = key.default_factory() if key.default_factory is not MISSING else key.default
    return bool(getattr(gate, key.name) != default)


def _ends(policy: Policy, gate: Gate) -> tuple[AssetName, ZoneName]:
    if not behind(gate):
        raise Problem(
            f"gates.{gate.name} does not say what is behind it", "write `upstream: ASSET`, or `upstreams: [ASSET]`"
        )
    if gate.clients is None and not gate.principals:
        mend = "write `clients: ZONE`, or `principals: [NAME]`"
        raise Problem(f"gates.{gate.name} does not say where its clients stand", mend)
    if shares_zone(policy, gate) is not None:
        raise Problem(f"gates.{gate.name}: its clients stand in the zone of what is behind it", NO_BOUNDARY)
    return behind(gate)[0], gate.clients if gate.clients is not None else NOWHERE
