"""Statements about the session: transactions, settings, prepared statements, cursors, channels.

The rule: what a statement names is given as the server will know it (without quotes); what it sets is judged by name and
value.
"""

from collections.abc import Sequence
from dataclasses import replace

from ringfence.sql.model import Given, GivenKind, RawStatement, Refusal, StatementKind
from ringfence.sql.parsing_source import PLANNED, Source, is_temporary, quoted, relation_name
from ringfence.sql.parsing_tokens import OPENING, closing_of, first_outside
from ringfence.sql.parsing_tree import (
    Fields,
    constant_of,
    fields_of,
    list_of,
    number_of,
    only,
    string_of,
    strings_of,
    text_of,
)
from ringfence.sql.refusals import judge_setting, judge_statement, particular, readable_setting
from ringfence.sql.refusals.verdicts import names

_TRANSACTIONS = {
    "TRANS_STMT_BEGIN": "begin",
    "TRANS_STMT_START": "begin",
    "TRANS_STMT_COMMIT": "commit",
    "TRANS_STMT_ROLLBACK": "rollback",
    "TRANS_STMT_SAVEPOINT": "savepoint",
    "TRANS_STMT_RELEASE": "release",
    "TRANS_STMT_ROLLBACK_TO": "rollback-to",
    "TRANS_STMT_PREPARE": "prepare",
    "TRANS_STMT_COMMIT_PREPARED": "commit-prepared",
    "TRANS_STMT_ROLLBACK_PREPARED": "rollback-prepared",
}
_OF_TWO_PHASES = frozenset({"prepare", "commit-prepared", "rollback-prepared"})
RESET = "VariableResetStmt"
"""The tag of RESET and SET ... TO DEFAULT: the setting goes back to what it was at start."""

_EXPLAINED = names("SELECT WITH VALUES TABLE INSERT UPDATE DELETE_P MERGE") | {OPENING}
_OWN = "_ringfence"  # how the names begin of what a gate keeps for itself in its clients' sessions
_OFF = frozenset({"false", "off", "0"})
# Types to which a constant argument of EXECUTE may be cast: no domain, so no check runs unseen.
_ARGUMENT_TYPES = names("""
    text varchar bpchar name int2 int4 int8 float4 float8 numeric bool date time timetz timestamp timestamptz interval uuid json
    jsonb bytea inet cidr macaddr money bit varbit xml oid
    """)


def transaction(source: Source) -> RawStatement:
    """BEGIN, COMMIT, ROLLBACK, SAVEPOINT, ..."""
    value = _TRANSACTIONS.get(text_of(source.fields, "kind"), "")
    refused = (particular("prepare-transaction"),) if value in _OF_TWO_PHASES else ()
    if not value:
        refused = (judge_statement(source.tag),)
    raw = source.is_a(StatementKind.TRANSACTION, *refused)
    return replace(raw, value=value, name=text_of(source.fields, "savepoint_name"))


def set_(source: Source) -> RawStatement:
    """SET, SET LOCAL, RESET, SET TRANSACTION."""
    fields = source.fields
    kind, name = text_of(fields, "kind"), text_of(fields, "name")
    local = bool(fields.get("is_local"))
    if kind == "VAR_SET_MULTI":
        return replace(source.is_a(StatementKind.SET), name=name.lower().replace(" ", "_"))
    if kind in ("VAR_RESET", "VAR_RESET_ALL", "VAR_SET_DEFAULT"):
        raw = source.is_a(StatementKind.SET, *_judged(name or "all", None))
        return replace(raw, tag=RESET, name=(name or "all").lower(), local=local)
    if kind != "VAR_SET_VALUE":
        return replace(source.is_a(StatementKind.SET, particular("set-from-current")), name=name.lower())
    values = [constant_of(each) for each in list_of(fields, "args")]
    value = ", ".join(each or "" for each in values)
    return replace(source.is_a(StatementKind.SET, *_judged(name, value)), name=name.lower(), value=value, local=local)


def _judged(name: str, value: str | None) -> tuple[Refusal, ...]:
    refusal = judge_setting(name, value)
    return () if refusal is None else (refusal,)


def discard(source: Source) -> RawStatement:
    """DISCARD ALL, PLANS, SEQUENCES, TEMP."""
    value = text_of(source.fields, "target").removeprefix("DISCARD_").lower()
    return replace(source.is_a(StatementKind.SET), name="discard", value=value)


def show(source: Source) -> RawStatement:
    """SHOW of one setting, or of all."""
    name = text_of(source.fields, "name")
    refused = () if readable_setting(name) else _judged(name, "")
    return replace(source.is_a(StatementKind.SHOW, *refused), name=name.lower())


def _named(source: Source, kind: StatementKind, field: str, *refused: Refusal) -> RawStatement:
    """Give a statement that names a prepared statement or a cursor: one of the client's."""
    name = text_of(source.fields, field)
    if name.lower().startswith(_OWN):
        refused = (particular("own-name"), *refused)
    return replace(source.is_a(kind, *refused), name=name)


def prepare(source: Source) -> RawStatement:
    """PREPARE name AS query."""
    query = fields_of(source.fields, "query")
    raw = _named(source, StatementKind.PREPARE, "name")
    if only(query)[0] not in PLANNED:
        return replace(raw, refused=(judge_statement(only(query)[0]),))
    return source.with_inner(raw, query, first_outside(source.tokens, "AS") + 1, len(source.tokens))


def execute(source: Source) -> RawStatement:
    """EXECUTE name (constants)."""
    arguments = [_argument(each, source.base.literals) for each in list_of(source.fields, "params")]
    given = tuple(each for each in arguments if each is not None)
    refused = () if len(given) == len(arguments) else (particular("execute-arguments"),)
    return replace(_named(source, StatementKind.EXECUTE, "name", *refused), arguments=given)


def _argument(node: Fields, literals: Sequence[tuple[int, int]]) -> Given | None:
    """Give where a constant argument stands; one that is not spelt as a literal (NULL, TRUE) has no token: end 0."""
    tag, fields = only(node)
    if tag == "TypeCast":
        kind = strings_of(fields_of(fields, "typeName"), "names")
        if kind[-1:] == () or kind[-1] not in _ARGUMENT_TYPES or kind[:-1] not in ((), ("pg_catalog",)):
            return None if constant_of(node) not in ("true", "false") else Given(GivenKind.LITERAL, 0)
        return _argument(fields_of(fields, "arg"), literals)
    if tag != "A_Const":
        return None
    start = number_of(fields, "location")
    end = next((end for begins, end in literals if begins == start), 0)
    return Given(GivenKind.LITERAL, start, end)


def deallocate(source: Source) -> RawStatement:
    """DEALLOCATE name; "" for all."""
    return _named(source, StatementKind.DEALLOCATE, "name")


def declare(source: Source) -> RawStatement:
    """DECLARE name CURSOR FOR query."""
    query = fields_of(source.fields, "query")
    raw = _named(source, StatementKind.DECLARE, "portalname")
    return source.with_inner(raw, query, first_outside(source.tokens, "FOR") + 1, len(source.tokens))


def fetch(source: Source) -> RawStatement:
    """FETCH, MOVE and CLOSE; "" for CLOSE ALL."""
    return _named(source, StatementKind.FETCH, "portalname")


def explain(source: Source) -> RawStatement:
    """EXPLAIN of a query; `value` is "analyze" where it runs."""
    query = fields_of(source.fields, "query")
    runs = any(_is_on(only(each)[1], "analyze") for each in list_of(source.fields, "options"))
    raw = replace(source.is_a(StatementKind.EXPLAIN), value="analyze" if runs else "")
    if only(query)[0] not in PLANNED:
        return replace(raw, refused=(particular("explain"),))
    return source.with_inner(raw, query, _explained(source), len(source.tokens))


def _is_on(option: Fields, name: str) -> bool:
    if text_of(option, "defname").lower() != name:
        return False
    tag, fields = only(option.get("arg"))
    if tag == "Integer":
        return number_of(fields, "ival") != 0
    if tag == "Boolean":
        return bool(fields.get("boolval"))
    return string_of(option.get("arg")).lower() not in _OFF


def _explained(source: Source) -> int:
    """Give the index of the query's first token: after EXPLAIN come options in brackets, or ANALYZE and VERBOSE."""
    tokens = source.tokens
    if len(tokens) > 2 and tokens[1][2] == OPENING and tokens[2][2] not in _EXPLAINED:
        return closing_of(tokens, 1) + 1
    return next((at for at, each in enumerate(tokens) if at > 0 and each[2] in _EXPLAINED), len(tokens))


def select_into(source: Source, into: Fields, without: Fields) -> RawStatement:
    """SELECT INTO: the clause blanked, the rest traced. `without` is the tree without the clause."""
    relation = fields_of(into, "rel")
    refused = () if is_temporary(relation) else (judge_statement("CreateTableAsStmt"),)
    raw = replace(source.is_a(StatementKind.CREATE_AS, *refused), name=relation_name(relation))
    begins = first_outside(source.tokens, "INTO")
    at = next((index for index, each in enumerate(source.tokens) if each[0] == number_of(relation, "location")), None)
    if at is None or begins >= at:
        return replace(raw, refused=(*raw.refused, particular("select-into")))
    parts = 1 + ("schemaname" in relation) + ("catalogname" in relation)
    last = source.tokens[min(at + 2 * (parts - 1), len(source.tokens) - 1)]
    return source.with_blanked(raw, without, source.tokens[begins][0], last[1] + 1)


def notify(source: Source) -> RawStatement:
    """NOTIFY: without a payload it says nothing but that it was sent."""
    refused = (judge_statement(source.tag),) if "payload" in source.fields else ()
    return replace(source.is_a(StatementKind.HARMLESS, *refused), name=quoted(text_of(source.fields, "conditionname")))


def harmless(source: Source) -> RawStatement:
    """VACUUM, ANALYZE, LOCK, LISTEN, UNLISTEN, CHECKPOINT, SET CONSTRAINTS."""
    return source.is_a(StatementKind.HARMLESS)
