"""What a statement does to the session besides its result: names that it makes, settings and objects that it changes.

The rule: what it changes is noted before anything after it is taken, and held for uncertain until its transaction is over.
"""

from typing import TYPE_CHECKING

from ringfence.gates.postgres.statements import Portal, Statement
from ringfence.gates.postgres.verdicts import TEMPORARY
from ringfence.sql.model import RawStatement, StatementKind, path_of

if TYPE_CHECKING:
    from ringfence.gates.postgres.session import Session
    from ringfence.gates.postgres.verdicts import Verdict

_NAMED = frozenset(
    {
        StatementKind.PREPARE,
        StatementKind.EXECUTE,
        StatementKind.DEALLOCATE,
        StatementKind.DECLARE,
        StatementKind.FETCH,
        StatementKind.CREATE_AS,
        StatementKind.DEFINITION,
        StatementKind.SET,
    }
)
_MEANING = frozenset(
    {
        "search_path",
        "role",
        "session_authorization",
        "session authorization",
        "row_security",
        "transform_null_equals",
        "default_table_access_method",
        "all",
        "discard",
        "",
    }
)
_MAKES_NAMES = frozenset({StatementKind.PREPARE, StatementKind.DEALLOCATE, StatementKind.DECLARE})
_CLOSE = "ClosePortalStmt"
_HOT = frozenset({StatementKind.PLANNED, StatementKind.TRANSACTION, StatementKind.SHOW, StatementKind.HARMLESS})


def may_be_hot(verdict: "Verdict", *, is_clean: bool = False) -> bool:
    """Whether the statement may run again by its text alone. `is_clean`: in the values that stand in it nothing was found."""
    return (
        verdict.known.raw.kind in _HOT
        and verdict.refusal is None
        and (verdict.inbound is None or (is_clean and not verdict.inbound.nulls))
        and not verdict.plan.charges
        and not verdict.matching
        and not verdict.changes_meaning
    )


async def before(session: "Session", raw: RawStatement) -> None:
    """Wait for what the meaning of a statement depends on."""
    if raw.kind in _NAMED or (raw.kind is StatementKind.TRANSACTION and session.stated.is_open):
        await session.quiet()


def after_sending(session: "Session", raw: RawStatement, verdict: "Verdict") -> None:
    """Note what a statement may do, before it is known to have done it."""
    match raw.kind:
        case StatementKind.SET:
            _set(session, raw)
        case StatementKind.DEFINITION:
            if raw.tag == "CreateStmt":
                session.labels.setdefault(path_of("pg_temp", last_name(raw.name)), ())
            session.change(defined=True)
        case StatementKind.CREATE_AS:
            session.labels.setdefault(verdict.known.analysis.creates, ())
            session.change(defined=True)
        case StatementKind.TRANSACTION:
            session.stated.sent(raw)
            if session.changed:
                session.forget_place()  # it may take back what was changed
    if verdict.changes_meaning:
        session.change()
        _label(session, verdict)


def waits_for_success(session: "Session", raw: RawStatement) -> bool:
    """Whether nothing may go on before it is known what a statement did: to names, or to what was stated."""
    if raw.kind in (StatementKind.SET, StatementKind.TRANSACTION) and session.stated.is_open:
        return True
    return raw.kind in _MAKES_NAMES or _drops_all(raw) or raw.tag == _CLOSE


def after_success(session: "Session", raw: RawStatement, verdict: "Verdict") -> None:
    """Note the names that a statement made or dropped."""
    name = raw.name.encode()
    match raw.kind:
        case StatementKind.TRANSACTION:
            session.stated.succeeded(session, raw)
        case StatementKind.PREPARE:
            made = Statement(name, verdict, session.hot, session.segment, None)
            made.confirmed = made.is_of_sql = True
            session.statements[name] = made
        case StatementKind.DECLARE:
            cursor = Portal(name, verdict, b"", session.hot, session.segment, None, held=True)
            cursor.confirmed = True
            session.portals[name] = cursor
        case StatementKind.FETCH if raw.tag == _CLOSE and name:
            session.portals.pop(name, None)
        case StatementKind.FETCH if raw.tag == _CLOSE:
            session.portals.clear()
        case StatementKind.DEALLOCATE if name:
            session.statements.pop(name, None)
        case StatementKind.DEALLOCATE:
            session.statements.clear()
            session.tools_ready = session.questions_ready = False
        case StatementKind.SET if _drops_all(raw):
            session.statements.clear()
            session.portals.clear()
            session.tools_ready = session.questions_ready = False


def _drops_all(raw: RawStatement) -> bool:
    return raw.kind is StatementKind.SET and raw.name == "discard" and raw.value == "all"


def _set(session: "Session", raw: RawStatement) -> None:
    if not session.stated.take(session, raw) and raw.name.lower() in _MEANING:
        session.change()


def last_name(spelt: str) -> str:
    """Give the last of the names in a relation's name as SQL spells it.

    >>> last_name("pg_temp.t"), last_name('"A.""b"'), last_name("T")
    ('t', 'A."b', 't')
    """
    if not spelt.endswith('"'):
        return spelt.rpartition(".")[2].lower()
    plain = spelt.replace('""', "\0")
    return plain[plain.rindex('"', 0, -1) + 1 : -1].replace("\0", '"')


def _label(session: "Session", verdict: "Verdict") -> None:
    """Let the labels of columns travel into a temporary table that is filled from them."""
    for written in verdict.known.analysis.written:
        if written.path.startswith(TEMPORARY) and written.origins:
            old = session.labels.get(written.path, ())
            session.labels[written.path] = tuple(dict.fromkeys((*old, *written.origins)))
