"""Finding out what a statement means, from the server itself: its rewritten tree, on the client's own session.

The rule: a statement is looked at before it is sent. The same text is prepared under a name of the gate's own with the tree's
printing on; exactly one tree must come between that Parse and its completion; the locks that it took hold until the transaction
ends, so where no Sync stands between, nobody can change what was seen. Every setting is changed for the transaction only
(``is_local``), so an error anywhere puts it back, and so does the server.

A prepared statement that may have been analysed anew is looked at anew, as a text: whether the server had already looked at it
again when nobody listened does then not matter.

Where nothing is known by its text, the same tree may still mean what it meant: see `remembering`.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ringfence.gates.postgres import errors, speaking
from ringfence.gates.postgres.awaited import DATA_ROW, PARAMETERS, ROW_DESCRIPTION
from ringfence.gates.postgres.catalogue import load
from ringfence.gates.postgres.describing import columns_of, parameters_of
from ringfence.gates.postgres.remembering import BY_OID, SNAPSHOT, Remembered, digest_of, names_of
from ringfence.gates.postgres.remembering import Asked as Questions
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
 pg_catalog.set_config('client_min_messages', pg_catalog.current_setting('{_WAS}'), true), {SNAPSHOT}""".encode()

_PREPARE = speaking.parse(_ON, _ON_TEXT) + speaking.parse(_OFF, _OFF_TEXT)
_SWITCH_ON = speaking.whole(PORTAL, _ON)
_CLOSE_LOOK = speaking.close(b"S", LOOK)  # the last one: a cancel may have come between its Parse and a Close behind it
_CLOSE_FETCH = speaking.close(b"S", FETCH)
_SWITCH_OFF = speaking.whole(PORTAL, _OFF)

_NAMES = names_of(TOOL)
_PREPARED = b"".join(speaking.parse(_NAMES[query], query.encode()) for query in BY_OID)

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
    if session.key is None or session.shared.remembers or session.has_own_meaning:
        known = await _analyse(session, raw, text, looked, Questions(session.sure), sync=sync)
        if session.key is not None and session.shared.remembers and not session.changed:
            session.key.remember(tail, known)
        return known
    return await _know_strictly(session, raw, text, looked, tail, sync=sync)


async def _know_strictly(
    session: "Session", raw: RawStatement, text: bytes, looked: "_Looked", tail: bytes, *, sync: bool
) -> Known:
    """Take what was found out of the same tree, where the catalogue says the same; else find it out."""
    sure, memory = session.sure, session.shared.memory
    knobs = _knobs(session)
    digest = digest_of((tail, *map(str.encode, session.named), *map(str.encode, looked.trees), b"", *looked.described))
    found = memory.find(digest, raw, knobs)
    if found is not None and (digest in sure.statements or await _says_the_same(session, found, sync=sync)):
        sure.add(digest)
        return found.known
    asked = Questions(sure)
    known = await _analyse(session, raw, text, looked, asked, sync=sync)
    if not known.traced or session.has_own_meaning:
        return known
    sure.add(digest)
    return memory.keep(digest, known, knobs, asked)


async def _says_the_same(session: "Session", found: Remembered, *, sync: bool) -> bool:
    """Ask the catalogue again what it was asked for this statement, in one turn; say whether it answers the same."""
    if found.by_bodies:
        return False
    messages, script = b"", ""
    if not session.questions_ready:
        messages, script = _PREPARED, "P" * len(BY_OID)
    first = len(script) + 1
    for asking in found.asked:
        messages += speaking.whole(PORTAL, _NAMES[asking.query], [asking.value])
        script += "BEC"
    if not found.asked:
        return True
    answer = await session.ask(messages, script, sync=sync)
    if answer.reached >= len(BY_OID):
        session.questions_ready = True
    if answer.failed:
        return False
    rows: dict[int, list[list[str | None]]] = {}
    for stage, letter, frame in answer.frames:
        if letter == DATA_ROW:
            rows.setdefault(stage, []).extend(speaking.rows_of(frame))
    return all(asking.is_answered_by(rows.get(first + 3 * number, ())) for number, asking in enumerate(found.asked))


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
    described: tuple[bytes, ...] = ()  # the messages that say so


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
    described: list[bytes] = []
    for stage, letter, frame in answer.frames:
        if letter == DATA_ROW and stage < parsing:
            path, user, temporary = speaking.row_of(frame)[:3]
            session.settle(path or "", user or "", temporary=temporary != "0")
        elif letter == DATA_ROW:
            session.sure.now(speaking.row_of(frame)[2] or "")
        elif letter == PARAMETERS:
            parameters = parameters_of(frame)
            described.append(frame)
        elif letter == ROW_DESCRIPTION and stage == parsing + 1:
            columns = columns_of(frame)
            described.append(frame)
    trees = tuple(tree for stage, tree in answer.trees if stage == parsing)
    return _Looked(trees, columns, parameters, tuple(described))


async def _analyse(
    session: "Session", raw: RawStatement, text: bytes, looked: _Looked, asked: Questions, *, sync: bool
) -> Known:
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
    analysis = await _resolve(session, trees, described, raw, asked, sync=sync)
    return Known(raw, text, analysis, looked.columns, looked.parameters, key, traced=True)


def _knobs(session: "Session") -> Knobs:
    return Knobs(session.standing.gate.allow, session.standing.functions)


async def _resolve(
    session: "Session",
    trees: list[Tree],
    described: list[DescribedColumn],
    raw: RawStatement,
    asked: Questions,
    *,
    sync: bool,
) -> Analysis:
    knobs = _knobs(session)
    assert session.key is not None  # noqa: S101 (its caller looked)
    catalogue = session.key.catalogue

    async def fetch(query: str, values: "Sequence[str]") -> list[list[str | None]]:
        found = asked.known(query, values[0]) if values else None
        if found is not None:
            return found
        rows = await _fetch(session, query, values, sync=sync)
        return asked.learn(query, values[0], rows) if values else rows

    async def trace(query: str, values: "Sequence[str]") -> list[str] | None:
        asked.by_bodies = True
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
    name = _NAMES.get(query)
    if name is None:
        messages, script = _CLOSE_FETCH + speaking.parse(FETCH, query.encode()), "CP"
    elif session.questions_ready:
        messages, script = b"", ""
    else:
        messages, script = _PREPARED, "P" * len(BY_OID)
    answer = await session.ask(messages + speaking.whole(PORTAL, name or FETCH, values), script + "BEC", sync=sync)
    if name is not None and answer.reached >= len(script):  # statements outlive the transaction that made them
        session.questions_ready = True
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
