"""Statements that mean what a name stands for: EXECUTE of a prepared statement, FETCH from a cursor.

The rule: a name means what the session itself made under it and the server confirmed. An unknown one is refused: it may stand for
something that was made before the gate looked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ringfence.gates.postgres.repeating import prepare_anew, relabelled
from ringfence.gates.postgres.statements import Known
from ringfence.gates.postgres.tracing import Failed, know
from ringfence.gates.postgres.verdicts import verdict_of
from ringfence.sql.model import Analysis, Given, GivenKind, RawStatement, Refusal, StatementKind

if TYPE_CHECKING:
    from ringfence.gates.postgres.pieces import Piece
    from ringfence.gates.postgres.session import Session

_CLOSE = "ClosePortalStmt"
_EXECUTABLE = frozenset({StatementKind.PLANNED, StatementKind.PREPARE})
_FETCHABLE = frozenset({StatementKind.PLANNED, StatementKind.DECLARE})
_NESTED = Refusal("statement", "nested", "what it names is no query but names another", "run that by its own name")
_UNKNOWN_NAME = "no statement or cursor of this name was made in this session"
_MEND = "make it here first: PREPARE, or DECLARE"


async def known_of(
    session: "Session", piece: "Piece", text: bytes, *, sync: bool, types: Sequence[int] = ()
) -> Known | Failed:
    """Find out what a statement means, by its text or by the name in it."""
    raw = piece.raw
    if raw.refused:
        return Known(raw, text, Analysis(refused=raw.refused))
    if raw.kind is StatementKind.EXECUTE:
        return await _executed(session, raw, text, sync=sync)
    if raw.kind is StatementKind.FETCH:
        return _fetched(session, raw, text)
    return await know(session, raw, text, types, sync=sync)


async def _executed(session: "Session", raw: RawStatement, text: bytes, *, sync: bool) -> Known | Failed:
    prepared = session.statements.get(raw.name.encode())
    if prepared is None:
        return _unknown(raw, text)
    meant = prepared.verdict.known
    if meant.raw.kind not in _EXECUTABLE:
        return Known(raw, text, Analysis(refused=(_NESTED,)))
    again = await know(session, meant.raw, meant.text, meant.parameters, sync=sync)
    if isinstance(again, Failed):
        return again
    failed = await prepare_anew(session, prepared, again, sync=sync)
    if failed is not None:
        return failed
    prepared.verdict = verdict_of(session, again, prepared.verdict.matched)
    return Known(
        raw,
        text,
        _with_arguments(again.analysis, raw),
        again.columns,
        again.parameters,
        again.key,
        traced=again.traced,
    )


def _fetched(session: "Session", raw: RawStatement, text: bytes) -> Known:
    if raw.tag == _CLOSE:
        return Known(raw, text, Analysis())
    cursor = session.portals.get(raw.name.encode())
    if cursor is None:
        return _unknown(raw, text)
    if cursor.verdict.known.raw.kind not in _FETCHABLE:
        return Known(raw, text, Analysis(refused=(_NESTED,)))
    meant = relabelled(cursor.verdict.known, session.labels)
    # Its given values have crossed already, and what it compares was decided.
    written = tuple(replace(each, given=(), mixed=False) for each in meant.analysis.written)
    analysis = replace(meant.analysis, written=written, compared=(), loose=())
    return Known(raw, text, analysis, meant.columns, (), meant.key, traced=True)


def _unknown(raw: RawStatement, text: bytes) -> Known:
    refusal = Refusal("statement", raw.kind.value, _UNKNOWN_NAME, _MEND)
    return Known(raw, text, Analysis(refused=(refusal,)))


def _with_arguments(analysis: Analysis, raw: RawStatement) -> Analysis:
    """Put the arguments of an EXECUTE in the place of the parameters that they stand for.

    Literals of the prepared text crossed when it was prepared.
    """
    arguments = dict(enumerate(raw.arguments, start=1))
    used = {each.start for each in _parameters(analysis)}
    return replace(
        analysis,
        compared=tuple(
            replace(each, given=_argued(each.given, arguments), guesses=max(each.guesses, len(each.given)))
            for each in analysis.compared
        ),
        written=tuple(replace(each, given=_argued(each.given, arguments)) for each in analysis.written),
        loose=(
            *_argued(analysis.loose, arguments),
            *(given for number, given in arguments.items() if number not in used),
        ),
        alone=_argued(analysis.alone, arguments),
    )


def _parameters(analysis: Analysis) -> list[Given]:
    givens = [*analysis.loose]
    for compared in analysis.compared:
        givens += compared.given
    for written in analysis.written:
        givens += written.given
    return [given for given in givens if given.kind is GivenKind.PARAMETER]


def _argued(givens: tuple[Given, ...], arguments: Mapping[int, Given]) -> tuple[Given, ...]:
    return tuple(
        arguments[given.start] for given in givens if given.kind is GivenKind.PARAMETER and given.start in arguments
    )
