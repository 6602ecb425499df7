"""From a socket to a session: TLS, who the client is, its role, its upstream session.

The rule: until it is known who asks, at most one small message is looked at at a time, everything stands under one deadline, and a
failure looks the same whatever failed. The first thing that costs anything upstream comes after.
"""

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ringfence.access import AccessFault, Authenticator, Channel, Principal, choose_role
from ringfence.gates.postgres import errors
from ringfence.gates.postgres.cancelling import MOST_PASSED_ON
from ringfence.gates.postgres.ends import ClientEnd, ServerEnd
from ringfence.gates.postgres.extended import Extended
from ringfence.gates.postgres.opening import Opening, Refused, read_opening
from ringfence.gates.postgres.preparing import Preparing
from ringfence.gates.postgres.querying import Querying
from ringfence.gates.postgres.session import Session
from ringfence.gates.postgres.upstream import UpstreamFault, cancel, connect
from ringfence.gates.postgres.upstream_address import Address, secret_of
from ringfence.policy import Asker, PurposeName, RoleName
from ringfence.wire.postgres.faults import RemoteError
from ringfence.wire.postgres.kinds import FromClient
from ringfence.wire.postgres.messages import negotiation, read, write
from ringfence.wire.postgres.replies import BackendKeyData, ParameterStatus, ReadyForQuery
from ringfence.wire.postgres.requests import CancelRequest, StartupMessage

if TYPE_CHECKING:
    from ringfence.gates.postgres.shared import Shared

MOST_OPENING = 3  # packets that ask for something else before a start-up message: TLS, GSSAPI
CANCEL_SECONDS = 5.0
_LARGEST_FROM_SERVER = 1 << 30  # bytes: the longest message that PostgreSQL sends


@dataclass(frozen=True, slots=True)
class Doorway:
    """What the door of one gate has to know besides what sessions share."""

    address: Address
    tls: ssl.SSLContext | None = None
    end_point: bytes = b""  # of the gate's certificate, for channel binding
    local: bool = False  # a Unix socket


async def admit(shared: "Shared", doorway: Doorway, end: ClientEnd) -> None:
    """Let a client in, or tell it why not."""
    try:
        async with asyncio.timeout(shared.gate.limits.login):
            session = await _admit(shared, doorway, end)
    except Refused as refused:
        end.finish(refused.error)
        return
    except RemoteError as fault:
        end.finish(errors.error(fault.code, f"ringfence: {fault}", fatal=True))
        return
    except UpstreamFault as fault:  # what is behind the gate is not the client's to know
        shared.world.notify(f"{fault.what}; {fault.mend}")
        what = "ringfence: the database behind the gate cannot be reached now"
        end.finish(errors.error(fault.code, what, hint="try again, or ask who runs the gate", fatal=True))
        return
    except AccessFault as fault:
        code = getattr(fault, "code", "28000")
        end.finish(errors.error(code, f"ringfence: {fault.what}", hint=fault.mend, fatal=True))
        return
    except (ConnectionError, TimeoutError, ssl.SSLError):
        end.finish()
        return
    except Exception as broken:  # noqa: BLE001 (the rim: whatever broke, nothing passes)
        shared.trouble(broken)
        end.finish(errors.error("XX000", "ringfence: internal error", hint="look at the gate's log", fatal=True))
        return
    if session is not None:
        end.begin(session)


async def _admit(shared: "Shared", doorway: Doorway, end: ClientEnd) -> Session | None:
    startup = await _startup(shared, doorway, end)
    if startup is None:
        return None
    told = negotiation(startup)
    if told is not None:
        end.write(write(told))
    opening = read_opening(startup)
    _check_room(shared)
    principal = await _authenticate(shared, doorway, end, opening)
    _check_share(shared, principal)
    role = choose_role(shared.policy, shared.gate, principal, opening.role)
    if opening.database != doorway.address.database:
        hint = f"this gate stands before database {doorway.address.database}"
        raise Refused(errors.error("3D000", "ringfence: no such database here", hint=hint, fatal=True))
    return await _open(shared, doorway, end, opening, principal, role)


async def _startup(shared: "Shared", doorway: Doorway, end: ClientEnd) -> StartupMessage | None:
    encrypted = False
    for _ in range(MOST_OPENING):
        kind, frame, _count = await end.message()
        if kind == FromClient.SSL_REQUEST and doorway.tls is not None and not encrypted:
            await _encrypt(doorway.tls, end)
            encrypted = True
        elif kind in (FromClient.SSL_REQUEST, FromClient.GSSENC_REQUEST):
            end.write(b"N")
        elif kind == FromClient.CANCEL_REQUEST:
            await _cancel(shared, doorway, read(CancelRequest, frame))
            end.finish()
            return None
        else:
            if not encrypted and shared.gate.tls is not None and shared.gate.tls.required and not doorway.local:
                hint = "connect with sslmode=require, or better verify-full"
                raise Refused(
                    errors.error(
                        "28000", "ringfence: this gate takes encrypted connections only", hint=hint, fatal=True
                    )
                )
            return read(StartupMessage, frame)
    raise Refused(errors.error(errors.PROTOCOL_VIOLATION, "ringfence: no start-up message came", fatal=True))


async def _encrypt(context: ssl.SSLContext, end: ClientEnd) -> None:
    plain = end.transport
    if plain is None:
        raise ConnectionResetError
    end.write(b"S")
    encrypted = await asyncio.get_running_loop().start_tls(plain, end, context, server_side=True)
    if encrypted is None:
        raise ConnectionResetError
    end.stand_on(encrypted)


async def _cancel(shared: "Shared", doorway: Doorway, request: CancelRequest) -> None:
    cancels = shared.cancels
    session = cancels.find(request.process, request.secret)
    if session is not None:
        await cancel(doorway.address, session.process, session.secret, deadline=CANCEL_SECONDS)
    elif (
        shared.gate.workers > 1 and cancels.passing_on < MOST_PASSED_ON
    ):  # it may be another worker's: the server knows
        cancels.passing_on += 1
        try:
            await cancel(doorway.address, request.process, request.secret, deadline=CANCEL_SECONDS)
        finally:
            cancels.passing_on -= 1


def _check_room(shared: "Shared") -> None:
    most = shared.gate.limits.connections
    if most and len(shared.sessions) >= most:
        raise Refused(errors.error("53300", "ringfence: too many connections", hint="try again later", fatal=True))


def _check_share(shared: "Shared", principal: Principal) -> None:
    most = shared.gate.limits.per_principal
    mine = sum(
        (each.principal.source, each.principal.name) == (principal.source, principal.name) for each in shared.sessions
    )
    if most and mine >= most:
        hint = "close some that are idle"
        raise Refused(errors.error("53300", "ringfence: too many connections of this user", hint=hint, fatal=True))


async def _authenticate(shared: "Shared", doorway: Doorway, end: ClientEnd, opening: Opening) -> Principal:
    authenticator = Authenticator(shared.world.access, opening.user, _channel(doorway, end), opening.principals)
    step = authenticator.start(shared.clock())
    while True:
        if step.failure is not None:
            reason, source = step.failure.reason, step.failure.source or "none"
            shared.world.notify(f"a client was not let in ({reason.value}, principals {source})")
            await asyncio.sleep(step.hold)
            raise Refused(step.send)
        end.write(step.send)
        if step.principal is not None:
            return step.principal
        end.framer.limit = authenticator.most
        kind, frame, _count = await end.message()
        if kind != FromClient.PASSWORD:  # public: a kind of message
            raise RemoteError("a message before the client was known")
        step = authenticator.feed(frame, shared.clock())


def _channel(doorway: Doorway, end: ClientEnd) -> Channel:
    transport = end.transport
    assert transport is not None  # noqa: S101 (it is connected)
    peer = transport.get_extra_info("peername")
    address = str(peer[0]) if isinstance(peer, tuple) and peer else "local"
    tls = transport.get_extra_info("ssl_object")
    if tls is None:
        return Channel(address)
    return Channel(
        address, encrypted=True, end_point=doorway.end_point, certificate=tls.getpeercert(binary_form=True) or b""
    )


async def _open(
    shared: "Shared", doorway: Doorway, end: ClientEnd, opening: Opening, principal: Principal, role: RoleName
) -> Session:
    login = shared.gate.logins[role]
    secret = secret_of(login, os.environ, shared.world.base)
    upstream = await connect(
        doorway.address, login.user, secret, parameters=opening.settings, deadline=shared.gate.limits.login
    )
    purpose = PurposeName(opening.purpose) if opening.purpose else None
    standing = shared.standing(principal.zone, Asker(role, purpose, has_reason=bool(opening.reason)))
    server = ServerEnd(_LARGEST_FROM_SERVER)
    session = Session(shared, end, server, principal, standing)
    session.reason = opening.reason
    session.told_client = dict(opening.client)
    session.process, session.secret = upstream.process, upstream.secret
    extended, querying = Extended(session), Querying(session)
    session.listen(
        {
            FromClient.QUERY: querying.query,
            FromClient.PARSE: Preparing(session).parse,
            FromClient.BIND: extended.bind,
            FromClient.DESCRIBE: extended.describe,
            FromClient.EXECUTE: extended.execute,
            FromClient.CLOSE: extended.close,
            FromClient.SYNC: extended.sync,
            FromClient.FLUSH: extended.flush,
            FromClient.FUNCTION_CALL: extended.call,
            FromClient.TERMINATE: extended.terminate,
            FromClient.COPY_DATA: extended.passed_over,
            FromClient.COPY_DONE: extended.passed_over,
            FromClient.COPY_FAIL: extended.passed_over,
        }
    )
    end.other, server.other = server, end
    server.session = session
    upstream.attach(server)
    session.cancel_key = shared.cancels.add(session, upstream.process, upstream.secret)
    shared.begin_session(session)
    end.write(_greeting(upstream.parameters, opening, session.cancel_key))
    return session


def _greeting(parameters: Mapping[str, str], opening: Opening, key: tuple[int, bytes]) -> bytes:
    shown = {**parameters, "is_superuser": "off", "session_authorization": opening.user}
    statuses = [ParameterStatus(name.encode(), value.encode()) for name, value in shown.items()]
    return b"".join(map(write, [*statuses, BackendKeyData(*key), ReadyForQuery(b"I")]))
