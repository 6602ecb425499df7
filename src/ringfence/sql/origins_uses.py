"""Where given values stand: for one column alone, or elsewhere too.

The rule: a given value that is equated with a column, or written into it, may be replaced by what it stands for (a token by its
clear value) only where nothing else of the statement sees it. So each place in the client's own text that holds it has to be such
a use, and of the same column; a value that reaches its use through a sub-select, a join or a function's argument may go elsewhere.
"""

from collections.abc import Sequence
from typing import Final

from ringfence.sql.model import Given, Path
from ringfence.sql.origins_scope import Scope, Walk, parameter
from ringfence.sql.tree import Node, Tree, below

_AROUND: Final = frozenset({"RELABELTYPE", "COLLATEEXPR", "COERCETODOMAIN"})
_CASTS: Final = frozenset({"1", "2"})  # COERCE_EXPLICIT_CAST, COERCE_IMPLICIT_CAST
_EXTERN: Final = 0
_VALUES: Final = 5  # a range table entry's kind


def note(walk: Walk, scope: Scope, node: Node, paths: Sequence[Path]) -> None:
    """Note that an expression of the client's text is used for a column, where it is a given value and nothing more."""
    if not scope.frame.own:
        return
    node = _within(node)
    if node.name in ("CONST", "PARAM"):
        walk.uses.setdefault(id(node), set()).update(paths)
    elif node.name == "VAR" and node.number("varlevelsup") == 0 and 0 < node.number("varno") <= len(scope.rtable):
        entry = scope.rtable[node.number("varno") - 1]  # the rows of INSERT ... VALUES, which nothing else can name
        number = node.number("varattno")
        if scope.result and entry.number("rtekind") == _VALUES:
            for row in entry.items("values_lists"):
                cells = below(row)
                if 0 < number <= len(cells):
                    note(walk, scope, cells[number - 1], paths)


def alone(walk: Walk, trees: Sequence[Tree]) -> frozenset[Given]:
    """Give the given values all of whose places are uses for one column."""
    if not walk.uses:
        return frozenset()
    places: dict[Given, set[Path]] = {}
    elsewhere: set[Given] = set()
    waiting = [node for tree in trees for node in tree.nodes]
    while waiting:
        node = waiting.pop()
        given = _given(walk, node)
        if given is not None:
            used = walk.uses.get(id(node))
            if used is None:
                elsewhere.add(given)
            else:
                places.setdefault(given, set()).update(used)
        for field in node.fields.values():
            waiting += below(field)
    return frozenset(given for given, paths in places.items() if len(paths) == 1 and given not in elsewhere)


def _given(walk: Walk, node: Node) -> Given | None:
    if node.name == "CONST":
        return walk.literal(node.number("location"))
    if node.name == "PARAM" and node.number("paramkind") == _EXTERN:
        return parameter(node.number("paramid"))
    return None


def _within(node: Node) -> Node:
    while True:
        inner: Node | None = None
        if node.name in _AROUND:
            inner = node.node("arg")
        elif node.name == "FUNCEXPR" and node.text("funcformat") in _CASTS:
            inner = next(iter(node.nodes("args")), None)
        if inner is None:
            return node
        node = inner
