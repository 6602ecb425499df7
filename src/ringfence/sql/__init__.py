"""What a statement means: taken apart by its text, then traced to the base columns behind what it shows, compares and writes.

The rule: this room asks nobody. A text is parsed here (`ringfence.sql.parsing`, run in a child process); the tree that the server
sends for it, and what of the catalogue the tree names, are handed in.

>>> from ringfence.sql import Catalogue, DescribedColumn, Knobs, RawStatement, StatementKind, analyse, parse_tree
>>> tree = parse_tree(EXAMPLE_TREE)
>>> raw = RawStatement(StatementKind.PLANNED, 0, 8)
>>> analyse([tree], [DescribedColumn("one", 0, 0, 23)], raw, Catalogue(), Knobs()).outputs
(Output(name='one', origins=(), exact=False),)
"""

from typing import Final

from ringfence.sql.catalogue import Body, Catalogue, Missing
from ringfence.sql.model import (
    Analysis,
    Compared,
    Given,
    Output,
    Path,
    RawStatement,
    Refusal,
    StatementKind,
    Written,
    path_of,
)
from ringfence.sql.origins import DescribedColumn, Knobs, analyse
from ringfence.sql.tree import Tree, Unreadable, digest, parse_tree

__all__ = [
    "EXAMPLE_TREE",
    "Analysis",
    "Body",
    "Catalogue",
    "Compared",
    "DescribedColumn",
    "Given",
    "Knobs",
    "Missing",
    "Output",
    "Path",
    "RawStatement",
    "Refusal",
    "StatementKind",
    "Tree",
    "Unreadable",
    "Written",
    "analyse",
    "digest",
    "parse_tree",
    "path_of",
]

EXAMPLE_TREE: Final = """\
({QUERY :commandType 1 :canSetTag true :resultRelation 0 :hasRowSecurity false
:cteList <> :rtable <> :jointree {FROMEXPR :fromlist <> :quals <>} :targetList
({TARGETENTRY :expr {CONST :consttype 23 :constisnull false :location 7
:constvalue 4 [ 1 0 0 0 0 0 0 0 ]} :resno 1 :resname one :ressortgroupref 0
:resorigtbl 0 :resorigcol 0 :resjunk false}) :setOperations <>})
"""
"""What a server says of ``select 1 as one``, with the fields left out that no analysis reads."""
