"""Joining trees: included files under the file that includes them, and an overlay over all.

The rule: what is merged keeps its place, so that an error names the file in which it stands. Mappings are joined key by key; of two
values for one key the upper stays. Flows are joined as wholes by their id; assertions, recognizers and lists of values only add up.
"""

from collections.abc import Iterator, Mapping

from ringfence.policy.problems import PolicyError, Position, Problem, nearest, quoted
from ringfence.policy.tree import Entry, Node, Row, Scalar, Step, Table
from ringfence.policy.variables import REPLACEABLE, begins, fits

_FLOWS: tuple[Step, ...] = ("flows",)
_ADDING: tuple[tuple[Step, ...], ...] = (
    ("assert",),
    ("alert",),
    ("detect", "allow"),
    ("detect", "deny"),
    ("detect", "recognizers"),
)
_OF_ONE_FILE = frozenset({"version", "include"})


def merge(over: Table, under: Table, path: tuple[Step, ...] = ()) -> Table:
    """Join two trees; `over` wins. Neither is changed."""
    joined = dict(over.entries)
    for key, entry in under.entries.items():
        if not path and key in _OF_ONE_FILE:
            continue
        if key in joined:
            joined[key] = Entry(joined[key].key_at, _join(joined[key].node, entry.node, (*path, key)))
        else:
            joined[key] = entry
    return Table(over.at, joined)


def _join(over: Node, under: Node, path: tuple[Step, ...]) -> Node:
    match over, under:
        case Table(), Table():
            return merge(over, under, path)
        case Row(), Row() if path == _FLOWS:
            named = _flows(over)
            return Row(over.at, [*over.items, *(item for item in under.items if flow_id(item) not in named)])
        case Row(), Row() if path in _ADDING:
            return Row(over.at, [*over.items, *under.items])
        case _:
            return over


def clashes(first: Table, second: Table, path: tuple[Step, ...] = ()) -> Iterator[Problem]:
    """Find what two included files both say: neither wins over the other."""
    for key, entry in second.entries.items():
        other = first.entries.get(key)
        if other is None or (not path and key in _OF_ONE_FILE):
            continue
        if isinstance(entry.node, Table) and isinstance(other.node, Table):
            yield from clashes(other.node, entry.node, (*path, key))
        elif (*path, key) == _FLOWS and isinstance(entry.node, Row) and isinstance(other.node, Row):
            before = _flows(other.node)
            for name, flow in _flows(entry.node).items():
                if name in before:
                    yield _twice(flow.at, f"the flow{quoted(name)}", before[name].at)
        elif (*path, key) not in _ADDING:
            yield _twice(entry.key_at, f"the key{quoted(key)}", other.key_at)


def _twice(at: Position, what: str, other: Position) -> Problem:
    mend = f"keep one: the other is in {other.file}, line {other.line}; or say it in the including file, which wins"
    return Problem(at.file, at.line, at.column, f"{what} stands in two included files", mend)


def flow_id(node: Node) -> str | None:
    """Give a flow's id where it has one."""
    entry = node.entries.get("id") if isinstance(node, Table) else None
    return entry.node.value if entry and isinstance(entry.node, Scalar) and isinstance(entry.node.value, str) else None


def _flows(row: Row) -> Mapping[str, Node]:
    return {name: item for item in row.items if (name := flow_id(item)) is not None}


def lay_over(overlay: Table, base: Table) -> Table:
    """Lay an environment's overlay over a policy. Raises `PolicyError` where it would change what may cross.

    It may change addresses, credentials, and the mode of a flow (found by its id); and only of what the policy already has.
    """
    problems = list(_beyond(overlay, base))
    if problems:
        raise PolicyError(problems)
    entries = dict(overlay.entries)
    changed = entries.pop("flows", None)
    laid = merge(Table(base.at, entries), base)
    laid = Table(laid.at, {**laid.entries, **{key: base.entries[key] for key in _OF_ONE_FILE if key in base.entries}})
    flows = base.entries.get("flows")
    if changed is None or flows is None or not isinstance(changed.node, Row) or not isinstance(flows.node, Row):
        return laid
    modes = _flows(changed.node)
    items = [_with(item, modes.get(flow_id(item) or "")) for item in flows.node.items]
    return Table(laid.at, {**laid.entries, "flows": Entry(flows.key_at, Row(flows.node.at, items))})


def _with(flow: Node, change: Node | None) -> Node:
    if isinstance(flow, Table) and isinstance(change, Table):
        return Table(flow.at, {**flow.entries, **change.entries})
    return flow


def _beyond(overlay: Table, base: Table) -> Iterator[Problem]:
    for key, entry in overlay.entries.items():
        if key == "version":
            continue
        if key == "flows":
            yield from _beyond_modes(entry, base)
        else:
            yield from _beyond_places(key, entry, base, (key,))


def _beyond_places(key: str, entry: Entry, base: Node, path: tuple[Step, ...]) -> Iterator[Problem]:
    if any(fits(path, pattern) for pattern in REPLACEABLE):
        return
    below = base.entries.get(key) if isinstance(base, Table) else None
    if not any(begins(path, pattern) for pattern in REPLACEABLE) or not isinstance(entry.node, Table):
        yield _not_an_overlays(entry.key_at, key)
    elif below is None:
        valid = base.entries if isinstance(base, Table) else ()
        mend = nearest(key, filter(quoted, valid), "an overlay adds nothing: add it to the policy")
        yield _problem(entry.key_at, f"the policy has no{quoted(key) or ' such key'}", mend)
    else:
        for name, each in entry.node.entries.items():
            yield from _beyond_places(name, each, below.node, (*path, name))


def _beyond_modes(entry: Entry, base: Table) -> Iterator[Problem]:
    below = base.entries.get("flows")
    known = _flows(below.node) if below is not None and isinstance(below.node, Row) else {}
    if not isinstance(entry.node, Row):
        yield _problem(entry.node.at, "flows are not a list", "write `flows: [{id: NAME, mode: observe}]`")
        return
    for item in entry.node.items:
        name = flow_id(item)
        if not isinstance(item, Table) or name not in known:
            mend = nearest(name, filter(quoted, known), "an overlay adds no flow")
            yield _problem(item.at, f"the policy has no flow{quoted(name)}", mend)
            continue
        for key, each in item.entries.items():
            if key not in ("id", "mode"):
                yield _not_an_overlays(each.key_at, key)


def _not_an_overlays(at: Position, key: str) -> Problem:
    places = "at, listen, logins, tls, scram, jwks, certificates, api_keys, receivers"
    mend = f"it may change {places} and a flow's mode; write the rest in the policy itself"
    return _problem(at, f"an overlay cannot change{quoted(key) or ' this'}", mend)


def _problem(at: Position, what: str, mend: str) -> Problem:
    return Problem(at.file, at.line, at.column, what, mend)
