"""Arbitrary text as a server's tree: read or unreadable; what is read is analysed, or lacks something, and nothing else happens.

A tree that is read is the one text's: broken into lines again it gives the same. Inputs are also read without their line
breaks, so that mutations reach the walk; the catalogue then has whatever a tree names.
"""

from pathlib import Path

from ringfence.sql import Analysis, Catalogue, DescribedColumn, Knobs, Missing, RawStatement, StatementKind, analyse
from ringfence.sql.catalogue import Argument, Column, Function, Operator, Relation, Type
from ringfence.sql.tree import Node, Tree, Unreadable, parse_stored, parse_tree, unwrap

_TREES = Path(__file__).resolve().parents[1] / "tests" / "sql" / "trees"
SEEDS: list[bytes] = [
    *(file.read_bytes() for file in sorted(_TREES.glob("*.txt"))),
    *(file.read_bytes().replace(b"\n", b" ") for file in sorted(_TREES.glob("*-write.txt"))),
    b"({VAR :varno 1 :varattno 0})",
    b'{ALIAS :aliasname \\<a :colnames ("a\\ b" "")}',
]
_KINDS = tuple(StatementKind)
_ROUNDS = 6


def target(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    trees: list[Tree] = []
    try:
        trees.append(parse_tree(text))
        assert unwrap(text) == " ".join(text.removesuffix("\n").split("\n"))
    except Unreadable as error:
        check(error)
    try:
        trees.append(parse_stored(text.replace("\n", " ").strip(" ")))
    except Unreadable as error:
        check(error)
    for tree in trees:
        walk(tree, _KINDS[len(data) % len(_KINDS)])


def check(error: Unreadable) -> None:
    """An error is one line, and holds no name."""
    assert len(str(error)) < 80
    assert "\n" not in str(error)


def walk(tree: Tree, kind: StatementKind) -> None:
    """Analyse a tree, giving it whatever it lacks."""
    catalogue = Catalogue()
    described = [DescribedColumn("c", 0, 0, 25)]
    for _ in range(_ROUNDS):
        found = analyse([tree], described, RawStatement(kind, 0, 0, literals=((57, 60),)), catalogue, Knobs())
        if isinstance(found, Analysis):
            return
        assert found != Missing()
        give(found, catalogue, tree)


def give(missing: Missing, catalogue: Catalogue, tree: Tree) -> None:
    columns = {number: Column(number, f"c{number}", 25, inherited=number == 2) for number in range(1, 12)}
    for oid in missing.relations:
        kind = "rpvmf"[oid % 5]
        definition = tree if kind in "vm" else None
        parents = (oid - 1,) if oid % 7 == 0 else ()
        catalogue.relations[oid] = Relation(oid, "s", f"t{oid}", kind, columns, parents, definition=definition)
    for oid in missing.functions:
        language = ("internal", "sql", "c")[oid % 3]
        catalogue.functions[oid] = Function(
            oid,
            "s",
            f"f{oid}",
            language,
            "isv"[oid % 3],
            "faw"[oid % 3],
            25,
            arguments=(Argument("a", 25),) * (oid % 4),
        )
    for oid in missing.operators:
        catalogue.operators[oid] = Operator(oid, "s", "=", oid % 50, (oid % 60,))
    for oid in missing.types:
        catalogue.types[oid] = Type(
            oid, "s", "t", "bcder"[oid % 5], (25, oid - 1), checks=(Node("COERCETODOMAINVALUE", {}),)
        )
    for body in missing.bodies:
        catalogue.bodies[body] = (tree,) if body.function % 2 else None
