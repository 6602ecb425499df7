"""What a client may make: temporary tables and views, with nothing in them that runs unseen.

The rule: a default, check or generated column may use the functions that are written here and the operators of their types;
everything else that a table can be given is refused. What a temporary view reads is traced when it is read.
"""

from dataclasses import replace

from ringfence.sql.model import RawStatement, Refusal, StatementKind
from ringfence.sql.parsing_source import PLANNED, Source, is_temporary, quoted, relation_name
from ringfence.sql.parsing_tokens import first_outside
from ringfence.sql.parsing_tree import Fields, fields_of, list_of, nodes, only, string_of, strings_of, text_of
from ringfence.sql.refusals import judge_statement, particular
from ringfence.sql.refusals.verdicts import names

_HARMLESS_FUNCTIONS = names("""
    now clock_timestamp statement_timestamp transaction_timestamp gen_random_uuid uuidv4 uuidv7 random nextval currval lower upper
    length char_length octet_length trim ltrim rtrim btrim substring substr replace concat concat_ws coalesce abs ceil ceiling floor
    round trunc greatest least date_trunc date_part extract to_char to_date to_timestamp md5 jsonb_typeof json_typeof
    array_length cardinality position strpos left right make_date timezone
    """)
_EXPRESSIONS = names("""
    A_Const ColumnRef A_Expr BoolExpr NullTest BooleanTest TypeCast TypeName String Integer Float Boolean List FuncCall
    CoalesceExpr MinMaxExpr SQLValueFunction A_ArrayExpr CaseExpr CaseWhen
    """)
_CONSTRAINTS = names("""
    CONSTR_NULL CONSTR_NOTNULL CONSTR_DEFAULT CONSTR_IDENTITY CONSTR_GENERATED CONSTR_CHECK CONSTR_PRIMARY CONSTR_UNIQUE
    CONSTR_FOREIGN CONSTR_ATTR_DEFERRABLE CONSTR_ATTR_NOT_DEFERRABLE CONSTR_ATTR_DEFERRED CONSTR_ATTR_IMMEDIATE
    """)
_TEMPORARY = "pg_temp"
_NAMED_KINDS = frozenset({"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_INDEX", "OBJECT_SEQUENCE"})


def create_table(source: Source) -> RawStatement:
    """CREATE TABLE: temporary ones may be made."""
    relation = fields_of(source.fields, "relation")
    refusal = _refusal(source) if is_temporary(relation) else judge_statement(source.tag)
    raw = source.is_a(StatementKind.DEFINITION, *(() if refusal is None else (refusal,)))
    return replace(raw, name=relation_name(relation))


def _refusal(source: Source) -> Refusal | None:
    fields = source.fields
    if "inhRelations" in fields or "partbound" in fields:
        return particular("create-table-inherits")
    if "partspec" in fields or "ofTypename" in fields:
        return judge_statement(source.tag)
    for each in list_of(fields, "tableElts"):
        tag, element = only(each)
        constraints = [each] if tag == "Constraint" else list_of(element, "constraints")
        if tag not in ("ColumnDef", "Constraint", "TableLikeClause") or not all(map(_is_harmless, constraints)):
            return particular("create-table-expression")
    return None


def _is_harmless(constraint: Fields) -> bool:
    _, fields = only(constraint)
    return text_of(fields, "contype") in _CONSTRAINTS and is_plain(fields.get("raw_expr"))


def is_plain(expression: object) -> bool:
    """Whether an expression is made of constants, columns, operators and the functions above."""
    for key, value in nodes(expression):
        if key[:1].isupper() and key not in _EXPRESSIONS:
            return False
        if key == "FuncCall" and isinstance(value, dict):
            name = strings_of(value, "funcname")
            if name[-1:] == () or name[-1] not in _HARMLESS_FUNCTIONS or name[:-1] not in ((), ("pg_catalog",)):
                return False
        if key == "A_Expr" and isinstance(value, dict) and len(list_of(value, "name")) > 1:
            return False  # OPERATOR(schema.+)
    return True


def create_table_as(source: Source) -> RawStatement:
    """CREATE TABLE AS, CREATE MATERIALIZED VIEW."""
    fields = source.fields
    into = fields_of(fields, "into")
    relation = fields_of(into, "rel")
    refused: list[Refusal] = []
    if text_of(fields, "objtype") == "OBJECT_MATVIEW":
        refused.append(judge_statement(source.tag, "create-materialized-view"))
    elif not is_temporary(relation):
        refused.append(judge_statement(source.tag))
    if fields.get("if_not_exists"):
        refused.append(particular("create-table-as-if-not-exists"))
    query = fields_of(fields, "query")
    if only(query)[0] not in PLANNED:
        refused.append(particular("create-table-as-execute"))
    raw = source.is_a(StatementKind.CREATE_AS, *refused)
    raw = replace(raw, name=relation_name(relation), columns=strings_of(into, "colNames"))
    if only(query)[0] not in PLANNED:
        return raw
    return source.with_inner(raw, query, first_outside(source.tokens, "AS") + 1, _without_data(source))


def _without_data(source: Source) -> int:
    """Give the index after the query's last token: WITH [NO] DATA is not of it."""
    names = [each[2] for each in source.tokens[-3:]]
    if names == ["WITH", "NO", "DATA_P"]:
        return len(source.tokens) - 3
    return len(source.tokens) - (2 if names[1:] == ["WITH", "DATA_P"] else 0)


def create_view(source: Source) -> RawStatement:
    """CREATE VIEW: temporary ones may be made."""
    relation = fields_of(source.fields, "view")
    refused = () if is_temporary(relation) else (judge_statement(source.tag),)
    return replace(source.is_a(StatementKind.DEFINITION, *refused), name=relation_name(relation))


def create_index(source: Source) -> RawStatement:
    """CREATE INDEX: on plain columns of a table that is named as temporary."""
    relation = fields_of(source.fields, "relation")
    plain = "whereClause" not in source.fields and all(
        "expr" not in only(each)[1] and "opclass" not in only(each)[1] for each in list_of(source.fields, "indexParams")
    )
    refused = () if plain and is_temporary(relation) else (judge_statement(source.tag),)
    return replace(source.is_a(StatementKind.DEFINITION, *refused), name=relation_name(relation))


def drop(source: Source) -> RawStatement:
    """DROP of what stands in a schema. `name` is what is dropped where it is one table, view, index or sequence."""
    kind = text_of(source.fields, "removeType")
    dropped = [_dotted(each) for each in list_of(source.fields, "objects")]
    temporary = kind in _NAMED_KINDS and all(len(each) > 1 and each[-2] == _TEMPORARY for each in dropped)
    name = "drop-" + kind.removeprefix("OBJECT_").lower().replace("_", "-").replace("matview", "materialized-view")
    raw = source.is_a(StatementKind.DEFINITION, *(() if temporary else (judge_statement(source.tag, name),)))
    single = len(dropped) == 1 and kind in _NAMED_KINDS
    return replace(raw, name=".".join(map(quoted, dropped[0])) if single else "")


def _dotted(node: Fields) -> tuple[str, ...]:
    tag, fields = only(node)
    return tuple(map(string_of, list_of(fields, "items"))) if tag == "List" else (string_of(node),)


def truncate(source: Source) -> RawStatement:
    """TRUNCATE: of tables that are named as temporary."""
    relations = [only(each)[1] for each in list_of(source.fields, "relations")]
    refused = () if all(map(is_temporary, relations)) else (judge_statement(source.tag),)
    raw = source.is_a(StatementKind.DEFINITION, *refused)
    return replace(raw, name=relation_name(relations[0]) if len(relations) == 1 else "")


def define(source: Source) -> RawStatement:
    """CREATE AGGREGATE, OPERATOR, TYPE, COLLATION, TEXT SEARCH ..."""
    kind = text_of(source.fields, "kind").removeprefix("OBJECT_").lower().replace("_", "-")
    return source.is_a(StatementKind.DEFINITION, judge_statement(source.tag, f"create-{kind}"))
