"""Reading the raw parser's tree, which comes as JSON: one place that knows how its nodes are spelt.

The rule: a node is a mapping from a tag to its fields; a field that is missing has its type's zero. Nothing here recurses, so
a deep tree costs memory, never a stack.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, cast

import re2
from pglast.parser import parse_sql_json

Fields: TypeAlias = dict[str, object]

_LOCATIONS = re2.compile(r',?"[a-z_]*(?:location|list_start|list_end)":-?[0-9]+')
# No string of the JSON can look like a key: its quotes are escaped. Walking the tree for these took 60 us where finding takes 5.
_CONSTANT = '"A_Const":{"'
_NO_TOKEN = ("isnull", "boolval")
_LOCATION = '},"location":'
_PARAMETER = '"ParamRef":{"number":'
_INTO = '"intoClause":'


def only(node: object) -> tuple[str, Fields]:
    """Open a node: its tag and its fields; ("", {}) for none."""
    if not isinstance(node, dict) or len(node) != 1:
        return "", {}
    [(tag, fields)] = node.items()
    return tag, fields if isinstance(fields, dict) else {}


def text_of(fields: Fields, key: str) -> str:
    """Give a field that is text, "" where it is missing."""
    found = fields.get(key, "")
    return found if isinstance(found, str) else ""


def number_of(fields: Fields, key: str) -> int:
    """Give a field that is a number, 0 where it is missing."""
    found = fields.get(key, 0)
    return found if isinstance(found, int) else 0


def fields_of(fields: Fields, key: str) -> Fields:
    """Give a field that is a mapping, {} where it is missing."""
    found = fields.get(key)
    return found if isinstance(found, dict) else {}


def list_of(fields: Fields, key: str) -> list[Fields]:
    """Give a field that is a list of nodes, [] where it is missing."""
    found = fields.get(key)
    return cast("list[Fields]", found) if isinstance(found, list) else []


def string_of(node: object) -> str:
    """Give the text of a String node, "" where it is none."""
    tag, fields = only(node)
    return text_of(fields, "sval") if tag == "String" else ""


def strings_of(fields: Fields, key: str) -> tuple[str, ...]:
    """Give the texts of a list of String nodes."""
    return tuple(string_of(each) for each in list_of(fields, key))


def constant_of(node: object) -> str | None:
    """Give the value of a constant (under a cast or not) as text; None where the node is none."""
    tag, fields = only(node)
    if tag == "TypeCast":
        return constant_of(fields.get("arg")) if only(fields.get("arg"))[0] == "A_Const" else None
    if tag != "A_Const":
        return None
    for kind in ("sval", "fval", "bsval"):
        if kind in fields:
            return text_of(fields_of(fields, kind), kind)
    if "ival" in fields:
        return str(number_of(fields_of(fields, "ival"), "ival"))
    if "boolval" in fields:
        return "true" if fields_of(fields, "boolval").get("boolval") else "false"
    return ""


def nodes(node: object) -> Iterator[tuple[str, object]]:
    """Go through a tree: each key with what it holds, in no particular order."""
    waiting: list[object] = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            for key, value in each.items():
                yield key, value
                if isinstance(value, dict | list):
                    waiting.append(value)
        elif isinstance(each, list):
            waiting.extend(each)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text's tree, and what it holds anywhere."""

    statements: list[Fields]  # `stmt`, `stmt_location`, `stmt_len` each
    constants: list[int]  # where each begins, in bytes, ascending; no NULL, TRUE or FALSE
    parameters: int  # the highest number
    has_into: bool  # some SELECT has an INTO clause


def parsed_of(text: str) -> Parsed:
    """Parse `text`. Raises pglast's `ParseError`."""
    spelt = parse_sql_json(text)
    tree = cast("Fields", json.loads(spelt))
    parameters = max((_number_at(spelt, at) for at in _after(spelt, _PARAMETER)), default=0)
    return Parsed(list_of(tree, "stmts"), _constants(spelt), parameters, _INTO in spelt)


def _constants(spelt: str) -> list[int]:
    found: set[int] = set()
    for at in _after(spelt, _CONSTANT):
        if not spelt.startswith(_NO_TOKEN, at):
            location = spelt.find(_LOCATION, at)
            if location >= 0:
                found.add(_number_at(spelt, location + len(_LOCATION)))
    return sorted(found)


def _after(spelt: str, key: str) -> Iterator[int]:
    at = spelt.find(key)
    while at >= 0:
        at += len(key)
        yield at
        at = spelt.find(key, at)


def _number_at(spelt: str, start: int) -> int:
    end = start + 1  # a sign, or the first digit
    while spelt[end].isdigit():
        end += 1
    return int(spelt[start:end])


def count_into(node: object) -> int:
    """Count the INTO clauses of SELECTs in a tree."""
    return sum(key == "intoClause" for key, _ in nodes(node))


def means(text: str, node: Fields) -> bool:
    """Whether `text` is one statement, and its tree is `node` but for where things stand."""
    found = parsed_of(text).statements
    return len(found) == 1 and _bare(found[0].get("stmt")) == _bare(node)


def _bare(node: object) -> str:
    # A location of 0 is left out by the parser, so that a comma may be left behind on one side only.
    return str(_LOCATIONS.sub("", json.dumps(node, separators=(",", ":")))).replace("{,", "{")
