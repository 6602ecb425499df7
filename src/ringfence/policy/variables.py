"""`${VARIABLE}` and `${VARIABLE:-default}`: where they may stand, and what replaces them.

The rule: only addresses and credentials come from the environment, for what may cross must be readable in the policy. The same
table says what an overlay may change. A value that came from a variable is quoted nowhere.
"""

from collections.abc import Mapping

import re2

from ringfence.policy.problems import Position, Problem, quoted
from ringfence.policy.tree import Entry, Node, Row, Scalar, Step, Table

Pattern = tuple[str, ...]

REPLACEABLE: tuple[Pattern, ...] = (
    ("assets", "*", "at"),
    ("gates", "*", "listen"),
    ("gates", "*", "logins", "*"),
    ("gates", "*", "logins", "*", "user"),
    ("gates", "*", "logins", "*", "secret"),
    ("gates", "*", "tls", "certificate"),
    ("gates", "*", "tls", "key"),
    ("gates", "*", "tls", "clients"),
    ("principals", "*", "scram"),
    ("principals", "*", "jwks"),
    ("principals", "*", "certificates"),
    ("principals", "*", "api_keys"),
    ("receivers", "*", "webhook"),
    ("receivers", "*", "secret"),
    ("receivers", "*", "apprise"),
    ("receivers", "*", "syslog"),
    ("receivers", "*", "link"),
)
FORM_PLACES: tuple[Pattern, ...] = (
    ("forms", "*", "transform"),
    ("flows", "*", "else"),
    ("flows", "*", "unknown"),
    ("flows", "*", "carry", "*"),
    ("flows", "*", "carry", "*", "*", "form"),
    ("assert", "*", "never", "form"),
)

_VARIABLE = re2.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def fits(path: tuple[Step, ...], pattern: Pattern) -> bool:
    """Say whether a path is one of the pattern's; ``*`` stands for any one step."""
    return len(path) == len(pattern) and begins(path, pattern)


def begins(path: tuple[Step, ...], pattern: Pattern) -> bool:
    """Say whether a path leads to, or along, the pattern."""
    return len(path) <= len(pattern) and all(want in ("*", step) for step, want in zip(path, pattern, strict=False))


def replaced(table: Table, environment: Mapping[str, str]) -> tuple[Table, list[Problem]]:
    """Give the tree with its variables replaced, and what is wrong with them."""
    problems: list[Problem] = []
    return Table(table.at, _entries(table, (), environment, problems)), problems


def _entries(
    table: Table, path: tuple[Step, ...], environment: Mapping[str, str], problems: list[Problem]
) -> dict[str, Entry]:
    return {
        key: Entry(entry.key_at, _node(entry.node, (*path, key), environment, problems))
        for key, entry in table.entries.items()
    }


def _node(node: Node, path: tuple[Step, ...], environment: Mapping[str, str], problems: list[Problem]) -> Node:
    match node:
        case Table():
            return Table(node.at, _entries(node, path, environment, problems))
        case Row(at=at, items=items):
            return Row(at, [_node(item, (*path, number), environment, problems) for number, item in enumerate(items)])
        case Scalar(at=at, value=str(text)) if "${" in text:
            if any(fits(path, pattern) for pattern in REPLACEABLE):
                return Scalar(at, _text(text, at, environment, problems))
            places = "at, listen, logins, tls, scram, jwks, certificates, api_keys and receivers"
            mend = f"variables are replaced only in {places}: write the value itself"
            problems.append(Problem(at.file, at.line, at.column, "a variable where none is replaced", mend))
            return node
        case _:
            return node


def _text(text: str, at: Position, environment: Mapping[str, str], problems: list[Problem]) -> str:
    parts: list[str] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        name, default = found.group(1), found.group(2)
        value = environment.get(name, "")
        if not value and default is not None:
            value = default
        elif name not in environment:
            mend = f"set it, or give a default: ${{{name}:-...}}" if quoted(name) else "set it, or give a default"
            problems.append(Problem(at.file, at.line, at.column, f"the variable{quoted(name)} is not set", mend))
        parts += [text[end : found.start()], value]
        end = found.end()
    rest = text[end:]
    if "${" in rest:
        problems.append(
            Problem(at.file, at.line, at.column, "a variable that is not closed", "write ${NAME} or ${NAME:-default}")
        )
    return "".join([*parts, rest])
