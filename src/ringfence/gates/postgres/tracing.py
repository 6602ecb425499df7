"""Finding out what a statement means, from the server itself: its rewritten tree, on the client's own session.

The rule: a statement is looked at before it is sent. The same text is prepared under a name of the gate's own with the tree's
printing on; exactly one tree must come between that Parse and its completion; the locks that it took hold until the transaction
ends, so where no Sync stands between, nobody can change what was seen. Every setting is changed for the transaction only
(``is_local``), so an error anywhere puts it back, and so does the server.

A prepared statement that may have been analysed anew is looked at anew, as a text: whether the server had already looked at it
again when nobody listened does then not matter.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ringfence.gates.postgres import errors, speaking
from ringfence.gates.postgres.awaited import DATA_ROW, PARAMETERS, ROW_DESCRIPTION
from ringfence.gates.postgres.catalogue import load
from ringfence.gates.postgres.describing import columns_of, parameters_of
from ringfence.gates.postgres.speaking import FETCH, LOOK, PORTAL, TOOL
from ringfence.gates.postgres.statements import Column, Known
from ringfence.sql.model import Analysis, RawStatement, Refusal, StatementKind
from ringfence.sql.origins import DescribedColumn, Knobs, Missing, analyse
from ringfence.sql.tree import Tree, Unreadable, parse_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ringfence.gates.postgres.session import Session

_ON = TOOL + b"_on"
_OFF = TOOL + b"_off"
_WAS = "ringfence.was"  # where the client's own client_min_messages is kept meanwhile

_ON_TEXT = f"""select pg_catalog.current_setting('search_path'), current_user::pg_catalog.text,
 pg_catalog.pg_my_temp_schema()::pg_catalog.text,
 pg_catalog.set_config('{_WAS}', pg_catalog.current_setting('client_min_messages'), true),
 pg_catalog.set_config('debug_pretty_print', 'off', true), pg_catalog.set_config('debug_print_rewritten', 'on', true),
 pg_catalog.set_config('client_min_messages', 'log', true)""".encode()
_OFF_TEXT = f"""select pg_catalog.set_config('debug_print_rewritten', 'off', true),
 pg_catalog.set_config('client_min_messages', pg_catalog.current_setting('{_WAS}'), true)""".encode()

_PREPARE = speaking.parse(_ON, _ON_TEXT) + speaking.parse(_OFF, _OFF_TEXT)
_SWITCH_ON = speaking.whole(PORTAL, _ON)
_CLOSE_LOOK = speaking.close(b"S", LOOK)  # the last one: a cancel may have come between its Parse and a Close behind it
_CLOSE_FETCH = speaking.close(b"S", FETCH)
_SWITCH_OFF = speaking.whole(PORTAL, _OFF)

_TRACED_EXECUTE = 6  # which message of a traced question is its Execute

MOST_ROUNDS = 12  # of loading what an analysis misses

_TRACED = frozenset(
    {
        StatementKind.PLANNED,
        StatementKind.COPY_OUT,
        StatementKind.COPY_IN,
        StatementKind.DECLARE,
        StatementKind.EXPLAIN,
        StatementKind.CREATE_AS,
        StatementKind.PREPARE,
    }
)


@dataclass(frozen=True, slots=True)
class Failed:
    """The server refused the statement when it was looked at: its error, b"" where it passed over it."""

    error: bytes
    is_own: bool = False  # it is the gate's: the server is yet to be made to fail


async def know(
    session: "Session", raw: RawStatement, text: bytes, types: "Sequence[int]" = (), *, sync: bool
) -> Known | Failed:
    """Find out what a statement means; `text` is its own. `sync`: no transaction of the client's has to stay open for it."""
    if raw.kind not in _TRACED or raw.refused:
        return Known(raw, text, Analysis(refused=raw.refused))
    looked_at = raw.inner.encode() or text
    # The whole statement and its place: two COPYs of one query differ in how their rows are spelt, and values stand at offsets.
    place = f"{raw.kind} {raw.start} {len(text)} ".encode()
    tail = place + text + b"\0" + looked_at + b"\0" + b"".join(kind.to_bytes(4, "big") for kind in types)
    if session.epoch is not session.shared.epoch:
        session.renew()
    if session.key is not None and session.shared.remembers:
        found = session.key.known.get(tail)
        if found is not None:
            return found
    looked = await _look(session, looked_at, types, sync=sync)
    if isinstance(looked, Failed):
        return _within(looked, raw, text)
    known = await _analyse(session, raw, text, looked, sync=sync)
    if session.key is not None and session.shared.remembers and not session.changed:
        session.key.remember(tail, known)
    return known


def _within(failed: Failed, raw: RawStatement, text: bytes) -> Failed:
    """Give an error about the query within a statement as one about the statement: its place counts from where that begins."""
    if not raw.inner or raw.inner_start < 0:
        return failed
    before = text[: raw.inner_start - raw.start].decode("utf-8", "replace")
    return replace(failed, error=errors.moved(failed.error, len(before)))


@dataclass(frozen=True, slots=True)
class _Looked:
    trees: tuple[str, ...]
    columns: tuple[Column, ...]
    parameters: tuple[int, ...]


async def _look(session: "Session", text: bytes, types: "Sequence[int]", *, sync: bool) -> _Looked | Failed:
    session.shared.counts.traced += 1
    messages = _SWITCH_ON + _CLOSE_LOOK + speaking.parse(LOOK, text, types) + speaking.describe(b"S", LOOK)
    script = "BECCPDBEC"
    parsing = 4
    if not session.tools_ready:
        messages, script, parsing = _PREPARE + messages, "PP" + script, parsing + 2
    answer = await session.ask(messages + _SWITCH_OFF, script, sync=sync)
    if answer.reached >= 2:  # statements outlive the transaction that made them
        session.tools_ready = True
    if answer.failed:
        return Failed(answer.error)
    columns: tuple[Column, ...] = ()
    parameters: tuple[int, ...] = ()
    for stage, letter, frame in answer.frames:
        if letter == DATA_ROW and stage < parsing:
            path, user, temporary = speaking.row_of(frame)[:3]
            session.settle(path or "", user or "", temporary=temporary != "0")
        elif letter == PARAMETERS:
            parameters = parameters_of(frame)
        elif letter == ROW_DESCRIPTION and stage == parsing + 1:
            columns = columns_of(frame)
    return _Looked(tuple(tree for stage, tree in answer.trees if stage == parsing), columns, parameters)


async def _analyse(session: "Session", raw: RawStatement, text: bytes, looked: _Looked, *, sync: bool) -> Known:
    key = session.key
    try:
        trees = [parse_tree(tree) for tree in looked.trees]
    except Unreadable:
        trees = []
    if len(trees) != 1 or key is None:
        return Known(
            raw, text, Analysis(refused=(_untraceable("the server sent no tree that can be read"),)), looked.columns
        )
    described = [DescribedColumn(each.name, each.table, each.attribute, each.type) for each in looked.columns]
    analysis = await _resolve(session, trees, described, raw, sync=sync)
    return Known(raw, text, analysis, looked.columns, looked.parameters, key, traced=True)


async def _resolve(
    session: "Session", trees: list[Tree], described: list[DescribedColumn], raw: RawStatement, *, sync: bool
) -> Analysis:
    standing = session.standing
    knobs = Knobs(standing.gate.allow, standing.functions)
    assert session.key is not None  # noqa: S101 (its caller looked)
    catalogue = session.key.catalogue

    async def fetch(query: str, values: "Sequence[str]") -> list[list[str | None]]:
        return await _fetch(session, query, values, sync=sync)

    async def trace(query: str, values: "Sequence[str]") -> list[str] | None:
        return await _trace(session, query, values, sync=sync or not session.unsynced)

    for _ in range(MOST_ROUNDS):
        found = analyse(trees, described, raw, catalogue, knobs)
        if not isinstance(found, Missing):
            return found
        try:
            await load(found, fetch, catalogue, trace)
        except CatalogueUnread:
            return Analysis(refused=(_untraceable("its objects cannot be looked up in the catalogue"),))
    return Analysis(refused=(_untraceable("its objects depend on one another too deeply"),))


class CatalogueUnread(Exception):
    """The server did not answer a question about its catalogue."""


async def _fetch(session: "Session", query: str, values: "Sequence[str]", *, sync: bool) -> list[list[str | None]]:
    messages = _CLOSE_FETCH + speaking.parse(FETCH, query.encode()) + speaking.whole(PORTAL, FETCH, values)
    answer = await session.ask(messages, "CPBEC", sync=sync)
    if answer.failed:
        raise CatalogueUnread
    return [row for _, letter, frame in answer.frames if letter == DATA_ROW for row in speaking.rows_of(frame)]


async def _trace(session: "Session", query: str, values: "Sequence[str]", *, sync: bool) -> list[str] | None:
    """Run a question with the tree's printing on; give the trees that it brings while it runs. None where it fails."""
    messages = _SWITCH_ON + _CLOSE_FETCH + speaking.parse(FETCH, query.encode()) + speaking.whole(PORTAL, FETCH, values)
    answer = await session.ask(messages + _SWITCH_OFF, "BECCPBECBEC", sync=sync)
    if answer.failed:
        return None
    return [tree for stage, tree in answer.trees if stage == _TRACED_EXECUTE]


def _untraceable(why: str) -> Refusal:
    return Refusal("unknown", "statement", why, "write it in a simpler way, or report it")
