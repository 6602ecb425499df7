"""Attributes of office documents that hold words of people, or addresses. OOXML's and OpenDocument's.

The rule: what a program counts, draws or refers with is no such attribute; what a person typed into a field of it is, be it seen in
the document or not. Names are without prefixes.
"""

from collections.abc import Iterator, Mapping
from typing import Final

_ANYWHERE: Final = frozenset(
    (
        *("alt", "author", "content", "descr", "description", "displayName", "email", "href", "initials", "title"),
        *(
            "lastModifiedBy",
            "name-and-extension",
            "providerId",
            "refreshedBy",
            "string-value",
            "user",
            "userId",
            "userName",
        ),
        *("caption", "comment", "display", "displayText", "instr", "location", "tooltip", "uniqueName"),
        *("Target", "destinationFile", "sourceFile", "url"),  # where links lead
        *("prompt", "promptTitle", "error", "errorTitle"),  # what is told who types into a cell
        *("connection", "command", "sourceName"),  # where data comes from
    )
)
_LITERALS: Final = frozenset(("condition", "formatCode", "formula"))
"""Those that are formulas: what is written in them stands between quotes."""

_NAMED: Final = (
    *(
        "bookmark",
        "bookmark-start",
        "bookmarkStart",
        "cellStyle",
        "cNvPr",
        "cacheField",
        "cacheHierarchy",
        "connection",
    ),
    *(
        "database-range",
        "dataField",
        "definedName",
        "docPr",
        "frame",
        "named-expression",
        "named-range",
        "pivotTableDefinition",
    ),
    *(
        "property",
        "protectedRange",
        "queryTable",
        "queryTableField",
        "section",
        "slicer",
        "slicerCacheDefinition",
        "table",
    ),
    *("tableColumn", "user-defined", "user-field-decl", "variable-decl", "worksheetSource"),
)
"""Elements to which people give a name."""

_VALUED: Final = (
    *(
        "addressFieldName",
        "alias",
        "connectString",
        "customFilter",
        "default",
        "filter",
        "helpText",
        "inputCells",
        "listEntry",
    ),
    *("mailSubject", "query", "sheetName", "statusText"),
)
"""Elements that hold what people typed as their value."""

_AT: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(_NAMED, frozenset(("name",))),
    **dict.fromkeys(_VALUED, frozenset(("val",))),
    **dict.fromkeys(("attr", "docVar", "tag"), frozenset(("name", "val"))),
    "author": frozenset(("name",)),
    "cfRule": frozenset(("text",)),
    "cmAuthor": frozenset(("name",)),
    "listItem": frozenset(("value",)),
    "scenario": frozenset(("name",)),
}
_AUTHORS: Final = ("author", "cmAuthor")
_NOTHING: Final[frozenset[str]] = frozenset()


def words(name: str, attributes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Give what an element's attributes say, each with what it is called.

    >>> list(words("filter", {"val": "Ada"})), list(words("cmAuthor", {"p:name": "Ada", "id": "1"}))
    ([('val', 'Ada')], [('author', 'Ada')])
    """
    if name == "Relationship" and attributes.get("TargetMode") != "External":
        return  # to another part
    here = _AT.get(name, _NOTHING)
    for key, value in attributes.items():
        local = key.rpartition(":")[2]
        if value and (local in _ANYWHERE or local in here or (local in _LITERALS and '"' in value)):
            yield "author" if name in _AUTHORS and local == "name" else local, value
