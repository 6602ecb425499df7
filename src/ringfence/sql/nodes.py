"""What PostgreSQL's node types look like in a rewritten query tree of 15 to 18: a table of every type and field that
is known.

The rule: this is a positive list. A type that does not stand here, or a field that its type does not have here, makes
the whole tree unreadable: a newer server's tree is refused, never half understood. The table is taken from
PostgreSQL's `primnodes.h` and `parsenodes.h`; fields of all four versions stand together.
"""

from ringfence.sql.nodes_table import TABLE

LAYOUTS: dict[str, frozenset[str]] = {
    name: frozenset(fields.split())
    for name, fields in (entry.split(":", 1) for entry in TABLE.strip().replace("\n ", " ").splitlines())
}

# Where a node says the type of its value; "" is said by the node below `arg`.
TYPE_FIELDS: dict[str, str] = {
    "VAR": "vartype",
    "CONST": "consttype",
    "PARAM": "paramtype",
    "AGGREF": "aggtype",
    "WINDOWFUNC": "wintype",
    "SUBSCRIPTINGREF": "refrestype",
    "FUNCEXPR": "funcresulttype",
    "OPEXPR": "opresulttype",
    "DISTINCTEXPR": "opresulttype",
    "NULLIFEXPR": "opresulttype",
    "FIELDSELECT": "resulttype",
    "FIELDSTORE": "resulttype",
    "RELABELTYPE": "resulttype",
    "COERCEVIAIO": "resulttype",
    "ARRAYCOERCEEXPR": "resulttype",
    "CONVERTROWTYPEEXPR": "resulttype",
    "COERCETODOMAIN": "resulttype",
    "COERCETODOMAINVALUE": "typeId",
    "CASEEXPR": "casetype",
    "CASETESTEXPR": "typeId",
    "ARRAYEXPR": "array_typeid",
    "ROWEXPR": "row_typeid",
    "COALESCEEXPR": "coalescetype",
    "MINMAXEXPR": "minmaxtype",
    "SQLVALUEFUNCTION": "type",
    "XMLEXPR": "type",
    "SETTODEFAULT": "typeId",
    "NEXTVALUEEXPR": "typeId",
    "COLLATEEXPR": "",
    "NAMEDARGEXPR": "",
}

# Expressions whose value holds what these fields hold, and nothing else: their own code is PostgreSQL's.
COMPUTING: dict[str, tuple[str, ...]] = {
    "SUBSCRIPTINGREF": ("refexpr", "refupperindexpr", "reflowerindexpr", "refassgnexpr"),
    "BOOLEXPR": ("args",),
    "FIELDSTORE": ("arg", "newvals"),
    "COERCEVIAIO": ("arg",),
    "ARRAYCOERCEEXPR": ("arg", "elemexpr"),
    "CONVERTROWTYPEEXPR": ("arg",),
    "CASEEXPR": ("arg", "args", "defresult"),
    "CASEWHEN": ("expr", "result"),
    "CASETESTEXPR": (),  # stands for a value that is counted where it is computed
    "ARRAYEXPR": ("elements",),
    "MINMAXEXPR": ("args",),
    "SQLVALUEFUNCTION": (),  # current_user, current_date, ...
    "XMLEXPR": ("named_args", "args"),
    "JSONVALUEEXPR": ("raw_expr", "formatted_expr"),
    "JSONCONSTRUCTOREXPR": ("args", "func", "coercion"),
    "JSONISPREDICATE": ("expr",),
    "JSONBEHAVIOR": ("expr",),
    "JSONEXPR": ("formatted_expr", "path_spec", "passing_values", "on_empty", "on_error"),
    "NULLTEST": ("arg",),
    "BOOLEANTEST": ("arg",),
    "SETTODEFAULT": (),
    "CURRENTOFEXPR": (),  # where its cursor stands: the cursor's own statement was judged
    "NEXTVALUEEXPR": (),
    "INFERENCEELEM": ("expr",),
    "GROUPINGFUNC": (),  # which columns a grouping set leaves out
}

# "=" of built-in types in pg_catalog; the numbers are the same in 15 to 18 (select oid from pg_operator where oprname = '=').
# fmt: off
EQUALITIES: frozenset[int] = frozenset(
    {
        15,
        91,
        92,
        93,
        94,
        96,
        98,
        254,
        260,
        352,
        353,
        385,
        387,
        410,
        416,
        503,
        532,
        533,
        607,
        620,
        649,
        670,
        792,
        900,
        974,
        1054,
        1093,
        1108,
        1120,
        1130,
        1201,
        1220,
        1320,
        1330,
        1500,
        1535,
        1550,
        1616,
        1752,
        1784,
        1804,
        1862,
        1868,
        1955,
        2060,
        2347,
        2360,
        2373,
        2386,
        2536,
        2542,
        2860,
        2972,
        2988,
        3222,
        3240,
        3362,
        3516,
        3629,
        3676,
        3882,
        5068,
    }
)

FIRST_OWN = 16384
"""The first oid that does not belong to what `initdb` made."""

TEXT_TYPES: frozenset[int] = frozenset({25, 1042, 1043, 19})
"""text, bpchar, varchar, name: a cast between them keeps the value."""

POLYMORPHIC: frozenset[int] = frozenset({2276, 2277, 2283, 2776, 3500, 3831, 4537, 4538, 5077, 5078, 5079, 5080})
"""The pseudo-types whose functions have another meaning with each type: any, anyarray, anyelement, ..."""
