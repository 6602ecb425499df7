"""Queries: their range tables, conditions and output columns.

The rule: a part of a query is walked when PostgreSQL would run it, once, where it stands: FROM from left to right,
then WHERE, then what is selected, grouped, sorted and limited. What a WITH query compares is taken wherever it is
used.
"""

from typing import Final

from ringfence.sql import origins_columns as stored
from ringfence.sql import origins_expressions as expressions
from ringfence.sql import origins_functions as functions
from ringfence.sql import origins_types as types
from ringfence.sql import origins_unseen as unseen
from ringfence.sql import origins_writes as writes
from ringfence.sql.origins_scope import Cte, Frame, Scope, Walk, unknown
from ringfence.sql.origins_values import BEYOND, CONSTANT, NULL, Comparisons, Value, computed, either, failing, measured
from ringfence.sql.tree import Node, Unreadable, below

SELECT: Final = 1
_ALIASES: Final = {2: "joinaliasvars", 9: "groupexprs"}  # range table entries whose columns are expressions
_UNION: Final = 1
_LIMIT_COUNT: Final = "0"  # not WITH TIES
_MOST_ROUNDS: Final = 60  # of a recursive query: columns may take turns
_NOTHING: Final = Node("QUERY", {})


def bare(frame: Frame, compared: Comparisons) -> Scope:
    """Give a scope for an expression that belongs to no query."""
    return Scope(_NOTHING, None, frame, compared)


def run(walk: Walk, scope: Scope) -> list[Value]:
    """Walk a query, and give its columns."""
    walk.step()
    query = scope.query
    if query.name != "QUERY":
        raise unknown(query.name, "ringfence does not know this part of a statement")
    _declare(walk, scope)
    command = query.number("commandType")
    if query.nodes("rowMarks") or (command != SELECT and scope.frame.calls):
        walk.failing += 1  # rows that are locked or written show that it ran
    jointree = query.node("jointree")
    if jointree is not None:
        for each in jointree.nodes("fromlist"):
            _join(walk, scope, each)
        expressions.condition(walk, scope, jointree.node("quals"))
    columns = _select(walk, scope) if command == SELECT else writes.run(walk, scope, command)
    unseen.compare(scope)
    return columns


def shown(query: Node) -> list[Node]:
    """Give the entries of a query's output columns."""
    command = query.number("commandType")
    return [
        entry
        for entry in query.nodes("targetList" if command == SELECT else "returningList")
        if not entry.flag("resjunk")
    ]


def columns_of(walk: Walk, scope: Scope, number: int) -> list[Value]:
    """Give the columns of a range table entry, walking it where that was not done."""
    known = scope.columns.get(number)
    if known is None:
        entry = scope.entry(number)
        known = scope.columns[number] = _entry(walk, scope, number, entry)
    return known


def column_of(walk: Walk, scope: Scope, number: int, attribute: int) -> Value:
    """Give one column of a range table entry. Of a join or a grouping, only that one's expression is looked at."""
    columns = scope.columns.get(number)
    entry = scope.entry(number) if columns is None else _NOTHING
    field = _ALIASES.get(entry.number("rtekind")) if columns is None else None
    if field is None:
        columns = columns_of(walk, scope, number)
        if attribute > len(columns):
            raise unknown("query", "it names a column that is not there")
        return columns[attribute - 1]
    known = scope.aliases.get((number, attribute))
    if known is None:
        expression = entry.items(field)[attribute - 1]
        known = expressions.evaluate(walk, scope, expression) if isinstance(expression, Node) else NULL
        scope.aliases[number, attribute] = known
    return known


def window(walk: Walk, scope: Scope, reference: int) -> list[Value]:
    """Give what a window partitions and sorts by and is bounded by. The rows come in its order, so it is compared too."""
    if reference == 0:
        return []
    at: Scope | None = scope
    while at is not None:
        for clause in at.query.nodes("windowClause"):
            if clause.number("winref") == reference:
                return _window(walk, at, clause)
        at = at.parent
    raise unknown("WINDOWFUNC", "its window is not there")


def _window(walk: Walk, scope: Scope, clause: Node) -> list[Value]:
    found: list[Value] = []
    for field in ("partitionClause", "orderClause"):
        for each in clause.nodes(field):
            found.append(_sorted_by(walk, scope, each))
    for field in ("startOffset", "endOffset"):
        bound = clause.node(field)
        if bound is not None:
            found.append(expressions.evaluate(walk, scope, bound))
    before = walk.failing
    functions.check_function(walk, scope, clause.number("startInRangeFunc"))
    functions.check_function(walk, scope, clause.number("endInRangeFunc"))
    walk.failing = before  # bounds are looked at whatever the rows hold
    scope.compared.add_all(found)
    return found


def _declare(walk: Walk, scope: Scope) -> None:
    """Take the WITH queries; those that write run whether or not they are used."""
    for node in scope.query.nodes("cteList"):
        scope.ctes[node.text("ctename")] = Cte(node, scope)
    for cte in scope.ctes.values():
        query = cte.node.node("ctequery")
        if query is None:
            raise Unreadable("a WITH query is empty")
        if query.number("commandType") != SELECT:
            scope.compared.take(_cte(walk, cte).compared)


def _join(walk: Walk, scope: Scope, node: Node) -> None:
    """Walk an item of FROM."""
    if node.name == "RANGETBLREF":
        columns_of(walk, scope, node.number("rtindex"))
        return
    if node.name == "FROMEXPR":  # a planner's, never a parser's; its meaning is plain
        for each in node.nodes("fromlist"):
            _join(walk, scope, each)
    elif node.name == "JOINEXPR":
        for field in ("larg", "rarg"):
            side = node.node(field)
            if side is not None:
                _join(walk, scope, side)
    else:
        raise unknown(node.name, "ringfence does not know this kind of FROM")
    expressions.condition(walk, scope, node.node("quals"))


def _entry(walk: Walk, scope: Scope, number: int, entry: Node) -> list[Value]:
    if entry.items("securityQuals") and not scope.query.flag("hasRowSecurity"):
        scope.columns[number] = stored.relation_columns(walk, scope, entry.number("relid"))
        for quals in entry.nodes("securityQuals"):  # of a view with a barrier. Row security is nobody's question
            expressions.condition(walk, scope, quals)
    match entry.number("rtekind"):
        case 0:
            return _relation(walk, scope, entry)
        case 1:
            return _subquery(walk, scope, entry)
        case 2 | 9 as kind:
            count = len(entry.items(_ALIASES[kind]))
            return [column_of(walk, scope, number, attribute) for attribute in range(1, count + 1)]
        case 3:
            return _functions(walk, scope, entry)
        case 4:
            return _table_function(walk, scope, entry)
        case 5:
            return _values(walk, scope, entry)
        case 6:
            return _reference(walk, scope, number, entry)
        case 8:
            return []
    raise unknown("RANGETBLENTRY", "ringfence does not know this kind of FROM")


def _relation(walk: Walk, scope: Scope, entry: Node) -> list[Value]:
    sample = entry.node("tablesample")
    if sample is not None:
        functions.check_function(walk, scope, sample.number("tsmhandler"))
        for each in (*sample.nodes("args"), *below(sample.fields.get("repeatable"))):
            scope.compared.add(expressions.evaluate(walk, scope, each))
    return stored.relation_columns(walk, scope, entry.number("relid"))


def _subquery(walk: Walk, scope: Scope, entry: Node) -> list[Value]:
    query = entry.node("subquery")
    if query is None:
        raise Unreadable("a sub-select is empty")
    if entry.fields.get("relid") not in (None, "0"):  # 16 and later say which view it was
        view = walk.relation(entry.number("relid"))
        if view is not None:
            stored.check_relation(walk, view)
    columns = run(walk, Scope(query, scope, scope.frame, scope.compared))
    return unseen.kept_of_subquery(walk, query, columns)


def _functions(walk: Walk, scope: Scope, entry: Node) -> list[Value]:
    columns: list[Value] = []
    for each in entry.nodes("functions"):
        call = each.node("funcexpr")
        if call is None:
            raise Unreadable("a function in FROM is empty")
        value = expressions.evaluate(walk, scope, call)
        count = each.number("funccolcount")
        if value.fields is not None and len(value.fields) >= count and not (count == 1 and len(value.fields) != 1):
            columns.extend(value.fields[:count])
        else:
            part = Value(value.origins, value.exact, value.given, value.mixed, kept=value.kept, size=value.size)
            columns.extend([failing(part, value.tells) if value.fails else part] * count)
    if entry.flag("funcordinality"):
        columns.append(CONSTANT)
    return unseen.kept_of_functions(entry, columns)


def _table_function(walk: Walk, scope: Scope, entry: Node) -> list[Value]:
    """XMLTABLE and JSON_TABLE: their documents and what is passed in decide the rows, and may be in every column."""
    node = entry.node("tablefunc")
    if node is None:
        raise Unreadable("a table function is empty")
    values: list[Value] = []
    for field in ("ns_uris", "docexpr", "rowexpr", "colexprs", "coldefexprs", "colvalexprs", "passingvalexprs"):
        for each in below(node.fields.get(field)):
            values.append(expressions.evaluate(walk, scope, each))
    for type_ in node.numbers("coltypes"):
        types.check_type(walk, scope, type_)
        types.check_domain(walk, scope, type_, CONSTANT)
    whole = computed(values)
    scope.compared.add(whole)
    return [whole] * len(node.items("colnames"))


def _values(walk: Walk, scope: Scope, entry: Node) -> list[Value]:
    rows: list[list[Value]] = []
    for row in entry.items("values_lists"):
        if not isinstance(row, list):
            raise Unreadable("VALUES holds something else than rows")
        rows.append([expressions.evaluate(walk, scope, each) for each in below(row)])
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise Unreadable("the rows of VALUES differ")
    return unseen.kept_of_values(entry, [either(column) for column in zip(*rows, strict=True)])


def _reference(walk: Walk, scope: Scope, number: int, entry: Node) -> list[Value]:
    at = scope.up(entry.number("ctelevelsup"))
    cte = at.ctes.get(entry.text("ctename"))
    if cte is None:
        raise unknown("query", "it names a WITH query that is not there")
    if cte.active:
        return cte.columns if cte.columns is not None else _unknown_yet(cte)
    scope.compared.take(_cte(walk, cte).compared)
    if cte.columns is None:
        raise unknown("query", "a WITH query has no columns")
    cte.used |= scope.used.setdefault(number, set())
    scope.used[number] = cte.used
    return cte.columns


def _unknown_yet(cte: Cte) -> list[Value]:
    return [NULL] * len(cte.node.items("ctecolnames"))


def _cte(walk: Walk, cte: Cte) -> Cte:
    """Walk a WITH query where that was not done: a recursive one until its columns hold nothing new."""
    if cte.columns is not None:
        return cte
    query = cte.node.node("ctequery")
    if query is None:
        raise Unreadable("a WITH query is empty")
    if not cte.node.flag("cterecursive"):
        cte.active = True
        columns = run(walk, Scope(query, cte.scope, cte.scope.frame, cte.compared))
        cte.columns = unseen.kept_of_cte(walk, cte.node, query, columns)
        cte.active = False
        return cte
    cte.active = True
    cte.columns = _unknown_yet(cte)
    for _ in range(_MOST_ROUNDS):
        found = run(walk, Scope(query, cte.scope, cte.scope.frame, cte.compared))
        if len(found) != len(cte.columns):
            raise unknown("query", "a recursive query has another number of columns than it says")
        grown = [_with_growth(old, either([old, new])) for old, new in zip(cte.columns, found, strict=True)]
        settled = all(a.same(b) and a.size == b.size for a, b in zip(grown, cte.columns, strict=True))
        cte.columns = grown
        if settled:
            cte.columns = unseen.kept_of_cte(walk, cte.node, query, grown)
            cte.active = False
            return cte
    raise unknown("query", "the columns of a recursive query do not settle")


def _with_growth(old: Value, new: Value) -> Value:
    """Give a recursive query's column: one that grows with a round grows without end."""
    return new if old is NULL or new.size <= old.size else measured(new, BEYOND)


def _select(walk: Walk, scope: Scope) -> list[Value]:
    query = scope.query
    operations = query.node("setOperations")
    columns: list[Value] = []
    if operations is not None:
        columns = _combined(walk, scope, operations)
    else:
        for entry in query.nodes("targetList"):
            expression = entry.node("expr")
            if not entry.flag("resjunk") and expression is not None:
                columns.append(expressions.evaluate(walk, scope, expression))
    for field in ("groupClause", "distinctClause"):
        for clause in query.nodes(field):
            scope.compared.add(_sorted_by(walk, scope, clause))
    expressions.condition(walk, scope, query.node("havingQual"))
    for clause in query.nodes("sortClause"):
        scope.compared.add(_sorted_by(walk, scope, clause, columns if operations is not None else None))
    for field in ("limitOffset", "limitCount"):
        limit = query.node(field)
        if limit is not None:
            scope.compared.add(expressions.evaluate(walk, scope, limit))
    return columns


def _sorted_by(walk: Walk, scope: Scope, clause: Node, combined: list[Value] | None = None) -> Value:
    """Give what a clause sorts or groups by; of a set operation, one of its `combined` columns."""
    functions.check_ordering(walk, scope, clause.number("eqop"))
    functions.check_ordering(walk, scope, clause.number("sortop"))
    wanted = clause.number("tleSortGroupRef")
    for entry in scope.query.nodes("targetList"):
        if entry.number("ressortgroupref") == wanted:
            if combined is not None:
                return combined[entry.number("resno") - 1]
            expression = entry.node("expr")
            if expression is not None:
                return expressions.evaluate(walk, scope, expression)
    raise Unreadable("it sorts or groups by something that is not there")


def _combined(walk: Walk, scope: Scope, node: Node) -> list[Value]:
    """Give the columns of a set operation. All but UNION ALL compare whole rows."""
    if node.name == "RANGETBLREF":
        number = node.number("rtindex")
        columns = columns_of(walk, scope, number)
        scope.used[number] = {0}
        return columns
    if node.name != "SETOPERATIONSTMT":
        raise unknown(node.name, "ringfence does not know this kind of set operation")
    left, right = node.node("larg"), node.node("rarg")
    if left is None or right is None:
        raise Unreadable("a set operation lacks a side")
    return _compared_rows(walk, scope, node, [_combined(walk, scope, left), _combined(walk, scope, right)])


def _compared_rows(walk: Walk, scope: Scope, node: Node, sides: list[list[Value]]) -> list[Value]:
    if len(sides[0]) != len(sides[1]):
        raise Unreadable("the sides of a set operation differ")
    if node.number("op") != _UNION or not node.flag("all"):
        for side in sides:
            scope.compared.add_all(side)
        for clause in node.nodes("groupClauses"):
            functions.check_ordering(walk, scope, clause.number("eqop"))
            functions.check_ordering(walk, scope, clause.number("sortop"))
    return [either(pair) for pair in zip(*sides, strict=True)]


def gives_one_row(query: Node) -> bool:
    """Whether a query gives one row at most, whatever its relations hold."""
    if query.node("setOperations") is not None or query.number("commandType") != SELECT or query.flag("hasTargetSRFs"):
        return False
    limit = query.node("limitCount")
    if limit is not None and not query.nodes("rowMarks"):
        datum = limit.fields.get("constvalue")
        if limit.name == "CONST" and isinstance(datum, tuple) and datum[:1] in ((0,), (1,)) and not any(datum[1:]):
            return query.fields.get("limitOption") in (None, _LIMIT_COUNT)
    jointree = query.node("jointree")
    if jointree is not None and not jointree.nodes("fromlist"):
        return True
    return query.flag("hasAggs") and not query.items("groupClause") and not query.items("groupingSets")
