"""Statements that write: what goes into which column, and what RETURNING then shows.

The rule: a column that was written holds what was written: RETURNING it, or `excluded`, shows the column and where
the value came from. A column that the client did not name and that its default fills is not written by the client. A
trigger of somebody's own may do anything, so a write that reaches one is refused, unless the policy declares its
function.
"""

from typing import Final

from ringfence.sql import origins_columns as stored
from ringfence.sql import origins_expressions as expressions
from ringfence.sql import origins_uses as uses
from ringfence.sql.catalogue import Relation
from ringfence.sql.model import Dependency, Refusal
from ringfence.sql.nodes import FIRST_OWN
from ringfence.sql.origins_scope import Scope, Walk, unknown
from ringfence.sql.origins_values import Comparisons, Value, computed, union
from ringfence.sql.tree import Node, Unreadable

UPDATE, INSERT, DELETE, MERGE = 2, 3, 4, 5
_NOTHING: Final = 7
_EVENTS: Final = {INSERT: 4, DELETE: 8, UPDATE: 16, _NOTHING: 0}  # pg_trigger.tgtype
_VIEW_CHECK: Final = 0
_BEFORE_FIRST: Final = 7  # a bitmapset's member 8 is column 1: FirstLowInvalidHeapAttributeNumber


def run(walk: Walk, scope: Scope, command: int) -> list[Value]:
    """Walk what a query writes, and give the columns of its RETURNING."""
    query = scope.query
    if command not in (UPDATE, INSERT, DELETE, MERGE):
        raise unknown("query", "ringfence does not know what this command does")
    scope.result = query.number("resultRelation")
    entry = scope.entry(scope.result)
    relation = walk.relation(entry.number("relid"))
    before = stored.relation_columns(walk, scope, entry.number("relid"))
    if relation is not None:
        scope.new_row = list(before)
    named = _named(query, entry)
    commands = {command}
    if command == MERGE:
        commands = _merge(walk, scope, relation, named)
    elif command in (INSERT, UPDATE):
        _fill(walk, scope, relation, query.nodes("targetList"), named)
    conflict = query.node("onConflict")
    if conflict is not None:
        commands.add(UPDATE)
        if relation is not None and not conflict.nodes("arbiterElems") and not conflict.number("constraint"):
            _meet(walk, scope, relation, query.nodes("targetList"))
        _conflict(walk, scope, relation, conflict, named)
    if relation is not None:
        _trigger(walk, scope, relation, commands)
        _generate(walk, scope, relation)
    scope.returning = True
    for check in query.nodes("withCheckOptions"):
        inner = check.node("qual")
        if check.number("kind") == _VIEW_CHECK and inner is not None:
            scope.compared.add(expressions.evaluate(walk, scope, inner))
    columns: list[Value] = []
    for each in query.nodes("returningList"):
        expression = each.node("expr")
        if expression is not None and not each.flag("resjunk"):
            columns.append(expressions.evaluate(walk, scope, expression))
    return columns


def check_triggers(walk: Walk, relation: Relation, events: int) -> bool:
    """Look at the triggers that a write reaches; True where one of them may change the row."""
    changes = False
    for trigger in relation.triggers:
        if not trigger.events & events:
            continue
        walk.depends[Dependency("pg_trigger", trigger.oid, trigger.xmin)] = None
        function = walk.function(trigger.function)
        if function is None:
            continue
        name = f"{function.schema}.{function.name}"
        walk.functions.add(name)
        changes = changes or trigger.changes_rows
        if function.oid >= FIRST_OWN and name not in walk.declared:
            mend = f"declare it in the asset's functions ({name}: arguments, none or a category), or allow it by name"
            walk.refuse(Refusal("function", name, "a trigger of what is written runs it", mend, f"function:{name}"))
    if relation.kind == "v" and not changes:
        raise unknown(
            f"{relation.schema}.{relation.name}", "it is a view that is written, and what writes it is not known"
        )
    return changes


def _named(query: Node, entry: Node) -> set[int]:
    """Give the columns that the client's text names, as numbers."""
    holder = entry
    if "perminfoindex" in entry.fields:  # from 16 on
        index = entry.number("perminfoindex")
        infos = query.nodes("rteperminfos")
        if not 0 < index <= len(infos):
            return set()
        holder = infos[index - 1]
    return {member - _BEFORE_FIRST for field in ("insertedCols", "updatedCols") for member in holder.numbers(field)}


def _fill(walk: Walk, scope: Scope, relation: Relation | None, entries: list[Node], named: set[int]) -> None:
    """Take the values of an INSERT or UPDATE: the target entries' numbers are the columns'."""
    for entry in entries:  # sub-selects of several columns first: the others name their columns
        expression = entry.node("expr")
        if entry.flag("resjunk") and expression is not None:
            expressions.evaluate(walk, scope, expression)
    filled: list[tuple[int, Value, Node]] = []
    for entry in entries:
        expression = entry.node("expr")
        if not entry.flag("resjunk") and expression is not None:
            filled.append((entry.number("resno"), expressions.evaluate(walk, scope, expression), expression))
    if relation is None or scope.new_row is None:
        return
    row = scope.new_row
    for number, value, node in filled:
        column = relation.columns.get(number)
        if column is None or number > len(row):
            raise unknown("query", "it writes a column that is not there")
        if not column.name or (number not in named and not value.origins):
            continue  # a dropped column, or a default that holds nothing of a row
        columns = stored.paths(walk, relation, column)
        if relation.schema == "pg_temp" and any(number in keyed for keyed in relation.keys.values()):
            scope.compared.add(value)  # what the asker's own constraint says of it, an error tells
        uses.note(walk, scope, node, columns)
        for path in columns:
            walk.write(path, value)
        own = row[number - 1]
        row[number - 1] = Value(union([own.origins, value.origins]), own.exact and (value.exact or not value.origins))


def _meet(walk: Walk, scope: Scope, relation: Relation, entries: list[Node]) -> None:
    """Take what ON CONFLICT without a target compares: by whichever unique index there is, so each column with what goes into it.

    Which rows went in says which values were there. A column that is not filled is NULL, and meets nothing that the asker chose.
    """
    for entry in entries:
        expression, column = entry.node("expr"), relation.columns.get(entry.number("resno"))
        if expression is None or column is None or entry.flag("resjunk"):
            continue
        value = expressions.evaluate(walk, scope, expression)
        paths = stored.paths(walk, relation, column)
        if len(paths) == 1 and value.given and not value.origins and not value.mixed:
            scope.compared.equate(paths, value.given)
        else:
            scope.compared.add_all([value, Value(paths)])


def _conflict(walk: Walk, scope: Scope, relation: Relation | None, conflict: Node, named: set[int]) -> None:
    for element in conflict.nodes("arbiterElems"):
        if element.number("inferopclass") >= FIRST_OWN:
            raise unknown("ON CONFLICT", "it compares by an operator class of one's own")
        scope.compared.add(expressions.evaluate(walk, scope, element))
    expressions.condition(walk, scope, conflict.node("arbiterWhere"))
    constraint = conflict.number("constraint")
    if constraint and relation is not None:
        for number in relation.keys.get(constraint, ()):
            column = relation.columns.get(number)
            if column is not None:
                scope.compared.add(Value(stored.paths(walk, relation, column)))
    scope.excluded = conflict.number("exclRelIndex")
    if conflict.nodes("onConflictSet"):
        _fill(walk, scope, relation, conflict.nodes("onConflictSet"), named)
    expressions.condition(walk, scope, conflict.node("onConflictWhere"))


def _merge(walk: Walk, scope: Scope, relation: Relation | None, named: set[int]) -> set[int]:
    """Walk a MERGE: which action runs is compared, and is what `merge_action()` says."""
    query = scope.query
    everything = scope.compared
    deciding = scope.compared = Comparisons()
    expressions.condition(walk, scope, query.node("mergeJoinCondition"))
    commands: set[int] = set()
    for action in query.nodes("mergeActionList"):
        expressions.condition(walk, scope, action.node("qual"))
    scope.compared = everything
    everything.take(deciding)
    scope.merged = deciding.value()
    for action in query.nodes("mergeActionList"):
        command = action.number("commandType")
        if command not in _EVENTS:
            raise Unreadable("a MERGE does something that is not known")
        commands.add(command)
        if command in (INSERT, UPDATE):
            _fill(walk, scope, relation, action.nodes("targetList"), named)
    return commands


def _trigger(walk: Walk, scope: Scope, relation: Relation, commands: set[int]) -> None:
    events = 0
    for command in commands:
        events |= _EVENTS.get(command, 0)
    if relation.kind == "p" and events & _EVENTS[UPDATE]:  # a row may move from one partition to another
        events |= _EVENTS[INSERT] | _EVENTS[DELETE]
    if check_triggers(walk, relation, events) and scope.new_row is not None:
        whole = computed(scope.new_row)
        scope.new_row = [whole] * len(scope.new_row)


def _generate(walk: Walk, scope: Scope, relation: Relation) -> None:
    """Let what was written reach the columns that are generated from it."""
    row = scope.new_row
    if row is None:
        return
    for generated in relation.generated:
        derived = stored.generated_from(walk, generated, relation, row)
        for column in relation.columns.values():
            if column.name == generated.column:
                row[column.number - 1] = Value(union([row[column.number - 1].origins, derived.origins]))
