"""COPY: between a relation (or a query) and the client.

The rule: a copied relation is asked for as the SELECT that it means, so that its origins are traced as every other's. COPY
reads the relation itself, never its children (ONLY), and leaves generated columns out where no columns are listed: who uses
the SELECT has to leave them out too.
"""

from dataclasses import replace

from ringfence.sql.model import CopyOptions, RawStatement, Refusal, StatementKind
from ringfence.sql.parsing_source import PLANNED, Source, quoted, relation_name
from ringfence.sql.parsing_tokens import OPENING, closing_of
from ringfence.sql.parsing_tree import Fields, fields_of, list_of, number_of, only, string_of, strings_of, text_of
from ringfence.sql.refusals import judge_setting, particular

_QUERY = 1  # the token after COPY
_OFF = frozenset({"false", "off", "0"})


def copy(source: Source) -> RawStatement:
    """COPY relation or COPY (query)."""
    fields = source.fields
    inbound = bool(fields.get("is_from"))
    options, refused = _options(list_of(fields, "options"))
    if fields.get("is_program"):
        return source.is_a(StatementKind.HARMLESS, particular("copy-program"))
    if "filename" in fields:
        return source.is_a(StatementKind.HARMLESS, particular("copy-file"))
    if "query" in fields:
        return _copy_query(source, options, refused)
    if "whereClause" in fields:
        refused = (*refused, particular("copy-where"))
    relation = fields_of(fields, "relation")
    columns = strings_of(fields, "attlist")
    raw = source.is_a(StatementKind.COPY_IN if inbound else StatementKind.COPY_OUT, *refused)
    raw = replace(raw, name=relation_name(relation), columns=columns, copy=options)
    return source.with_made(raw, *_as_select(relation, columns, whole=inbound))


def _copy_query(source: Source, options: CopyOptions, refused: tuple[Refusal, ...]) -> RawStatement:
    query = fields_of(source.fields, "query")
    raw = replace(source.is_a(StatementKind.COPY_OUT, *refused), copy=options)
    if only(query)[0] not in PLANNED or len(source.tokens) <= _QUERY or source.tokens[_QUERY][2] != OPENING:
        return replace(raw, refused=(*refused, particular("copy-query")))
    return source.with_inner(raw, query, _QUERY + 1, closing_of(source.tokens, _QUERY))


def _as_select(relation: Fields, columns: tuple[str, ...], *, whole: bool) -> tuple[str, Fields]:
    """Make the SELECT, and the tree that it has to have. `whole`: with its children, as rows that are copied in are routed."""
    targets: list[object] = [{"String": {"sval": name}} for name in columns] or [{"A_Star": {}}]
    shown = ", ".join(map(quoted, columns)) or "*"
    text = f"SELECT {shown} FROM {'' if whole else 'ONLY '}{relation_name(relation)}"  # noqa: S608 (quoted names)
    source: Fields = {key: relation[key] for key in ("catalogname", "schemaname", "relname") if key in relation}
    source |= (
        {"relpersistence": "p", "location": 1} if not whole else {"inh": True, "relpersistence": "p", "location": 1}
    )
    select: Fields = {
        "targetList": [
            {"ResTarget": {"val": {"ColumnRef": {"fields": [each], "location": 1}}, "location": 1}} for each in targets
        ],
        "fromClause": [{"RangeVar": source}],
        "limitOption": "LIMIT_OPTION_DEFAULT",
        "op": "SETOP_NONE",
    }
    return text, {"SelectStmt": select}


def _options(elements: list[Fields]) -> tuple[CopyOptions, tuple[Refusal, ...]]:
    given: dict[str, object] = {}
    for each in elements:
        _, element = only(each)
        given[text_of(element, "defname")] = element.get("arg", True)
    spelt = string_of(given.get("format")).lower() or "text"
    csv = spelt == "csv"
    quote = _text(given, "quote", '"')
    encoding = _text(given, "encoding", "")
    refusal = judge_setting("client_encoding", encoding) if encoding else None
    options = CopyOptions(
        format=spelt,
        delimiter=_text(given, "delimiter", "," if csv else "\t"),
        null=_text(given, "null", "" if csv else "\\N"),
        header=_switched_on(given.get("header", False)),
        quote=quote,
        escape=_text(given, "escape", quote),
        encoding=encoding,
        default=_text(given, "default", "") if "default" in given else None,
    )
    return options, () if refusal is None else (refusal,)


def _text(given: dict[str, object], key: str, otherwise: str) -> str:
    return string_of(given[key]) if key in given else otherwise


def _switched_on(value: object) -> bool:
    if isinstance(value, bool):
        return value
    tag, fields = only(value)
    if tag == "Boolean":
        return bool(fields.get("boolval"))
    if tag == "Integer":
        return number_of(fields, "ival") != 0
    return string_of(value).lower() not in _OFF
