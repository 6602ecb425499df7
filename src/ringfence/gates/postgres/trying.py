"""Looking at a text as a role would run it, without running it: where its columns come from, and what would happen to each.

The rule: the text takes the gate's own way to its verdict (cut, looked at by the server, analysed, asked of the policy), on a
session of the role's own login whose transactions are read-only; it is parsed and analysed there, and never planned or executed.
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ringfence.access import Principal, VerifiedBy
from ringfence.crossing import scrub
from ringfence.gates.carrying import Unrecorded
from ringfence.gates.postgres import errors
from ringfence.gates.postgres.canary import Ear
from ringfence.gates.postgres.ends import ServerEnd
from ringfence.gates.postgres.named import known_of
from ringfence.gates.postgres.parser import ParserChild
from ringfence.gates.postgres.pieces import Piece, cut
from ringfence.gates.postgres.refusing import Told, Unreadable
from ringfence.gates.postgres.session import Session
from ringfence.gates.postgres.shared import Shared, World
from ringfence.gates.postgres.tracing import Failed
from ringfence.gates.postgres.upstream import connect
from ringfence.gates.postgres.upstream_address import parse_address, secret_of
from ringfence.gates.postgres.verdicts import Verdict, verdict_of
from ringfence.sql.parsing import ParseLimits

if TYPE_CHECKING:
    from ringfence.crossing import Body
    from ringfence.policy import Asker, RoleName, ZoneName

SECONDS = 15.0
_LARGEST = 1 << 26
_SETTINGS = {
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "application_name": "ringfence: try",
    "default_transaction_read_only": "on",
}


@dataclass(frozen=True, slots=True)
class Looked:
    """One statement of the text: its verdict; or why there is none: the server's or the parser's words."""

    text: str
    verdict: Verdict | None = None
    error: str = ""
    refused: Told | None = None


class NothingIsRecorded:
    """Where entries would go. Nothing crosses, so there are none."""

    async def record(self, body: "Body") -> str:  # noqa: ARG002 (the name is the protocol's)
        """Refuse: what would be recorded is not let through."""
        raise Unrecorded("not-running")


async def look_at(world: World, zone: "ZoneName", asker: "Asker", role: "RoleName", text: str) -> list[Looked]:
    """Give what would become of each statement. Raises `AccessFault` where the server cannot be reached as that role."""
    asset = world.policy.assets[world.gate.upstream] if world.gate.upstream is not None else None
    address = parse_address(asset.at if asset is not None else "", world.base)
    login = world.gate.logins[role]
    limits = world.gate.limits
    parser = ParserChild(ParseLimits(limits.statement, limits.nesting, parameters=limits.parameters))
    await parser.start()
    try:
        secret = secret_of(login, os.environ, world.base)
        upstream = await connect(address, login.user, secret, parameters=_SETTINGS, deadline=SECONDS)
        shared = Shared(world, parser)
        server = ServerEnd(_LARGEST)
        principal = Principal("try", zone, frozenset(), "ringfence", VerifiedBy.SCRAM)
        session = Session(shared, Ear(), server, principal, shared.standing(zone, asker))
        server.session = session
        upstream.attach(server)
        try:
            return await _look(session, text)
        finally:
            session.end()
    finally:
        await parser.close()


async def _look(session: Session, text: str) -> list[Looked]:
    pieces = await cut(session, text.encode())
    if isinstance(pieces, Unreadable):
        return [Looked(text, error=_words(session, pieces.error))]
    if isinstance(pieces, Told):
        return [Looked(text, refused=pieces)]
    return [await _look_at_one(session, piece) for piece in pieces if piece.text.strip()]


async def _look_at_one(session: Session, piece: Piece) -> Looked:
    spelt = piece.text.decode().strip()
    known = await known_of(session, piece, piece.text, sync=True)
    if isinstance(known, Failed):
        return Looked(spelt, error=_words(session, known.error) or "the server did not look at it")
    return Looked(spelt, verdict_of(session, known))


def _words(session: Session, error: bytes) -> str:
    """Give an error's message: it may quote what stands in the text."""
    return scrub(errors.fields_of(error[5:]).get("M", ""), session.shared.detector, errors.LONGEST_TEXT)
