"""A YAML text as a tree in which every key and value knows its place.

The rule: a tree is only tables, lists and scalars of YAML 1.2's core schema; tags, objects and second documents are refused.
Work is bounded before it is done (law 7): texts, depth and number of nodes have limits, and an alias counts as what it stands
for, so that a few lines cannot become billions. ruamel.yaml gives the events; its composer, which recurses, is not used.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

import re2
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from ringfence.policy.problems import PolicyError, Position, Problem, quoted

MAX_CHARACTERS = 1 << 20
MAX_DEPTH = 32
MAX_NODES = 100_000
_MERGE = "<<"

Value: TypeAlias = "str | int | float | bool | None"
Data: TypeAlias = "Value | list[Data] | dict[str, Data]"
Step: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value."""

    at: Position
    value: Value


@dataclass(frozen=True, slots=True)
class Row:
    """A list's items."""

    at: Position
    items: list["Node"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's place and its value."""

    key_at: Position
    node: "Node"


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping with text keys."""

    at: Position
    entries: dict[str, Entry] = field(default_factory=dict)


Node: TypeAlias = Scalar | Row | Table


def to_data(node: Node) -> Data:
    """Give a tree as plain data. Its depth is bounded, so the recursion is."""
    match node:
        case Scalar(value=value):
            return value
        case Row(items=items):
            return [to_data(item) for item in items]
        case Table(entries=entries):
            return {key: to_data(entry.node) for key, entry in entries.items()}


def place(root: Node, path: tuple[Step, ...], *, of_key: bool = False) -> Position:
    """Say where a path stands; where its end does not exist, the nearest part of it that does.

    A step into a list is an index, or the `id` of a table in it; steps that are not in the tree (a validator's own) are passed
    over.
    """
    node, at, key_at = root, root.at, root.at
    for step in path:
        match node:
            case Table(entries=entries) if isinstance(step, str) and step in entries:
                node, key_at = entries[step].node, entries[step].key_at
                at = node.at
            case Row(items=items):
                found = items[step] if isinstance(step, int) and step < len(items) else _with_id(items, step)
                if found is not None:
                    node, at, key_at = found, found.at, found.at
            case _:
                continue
    return key_at if of_key else at


def _with_id(items: list[Node], wanted: Step) -> Node | None:
    for item in items:
        if isinstance(item, Table) and "id" in item.entries:
            name = item.entries["id"].node
            if isinstance(name, Scalar) and name.value == wanted:
                return item
    return None


def parse(file: str, text: str) -> Node:
    """Read one YAML text. Raises `PolicyError`."""
    if len(text) > MAX_CHARACTERS:
        _refuse(Position(file, 1, 1), f"the file has more than {MAX_CHARACTERS} characters", "split it, or shorten it")
    builder = _Builder(file)
    try:
        for event in _events(text):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what, mend = _syntax(error.problem or "")
        _refuse(_position(file, mark) if mark else builder.at, what, mend)
    except YAMLError as error:  # the reader's: a character that YAML does not allow; its text would quote it
        offset = getattr(error, "position", 0)
        line = text.count("\n", 0, offset) + 1
        column = offset - text.rfind("\n", 0, offset)
        _refuse(
            Position(file, line, column), "a character that YAML does not allow", "save the file as plain UTF-8 text"
        )
    except PolicyError:
        raise
    except (ValueError, ArithmeticError, LookupError, AttributeError, TypeError, AssertionError):
        # The parser's own faults on text that is not YAML: `"\\UFFFFFFFF"` is an OverflowError in it.
        _refuse(builder.at, "not valid YAML after this place", "check quotes, brackets, escapes and indentation")
    return builder.finished()


def _events(text: str) -> Iterator[Event]:
    events: Iterator[Event] = YAML(typ="safe", pure=True).parse(text)
    return events


def _position(file: str, mark: StreamMark) -> Position:
    return Position(file, mark.line + 1, mark.column + 1)


def _refuse(at: Position, what: str, mend: str) -> NoReturn:
    raise PolicyError([Problem(at.file, at.line, at.column, what, mend)])


@dataclass(slots=True)
class _Frame:
    node: Table | Row
    anchor: str | None
    began: int  # how many nodes there were before it
    height: int = 1
    key: tuple[str, Position] | None = None
    merged: list[Table] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Anchored:
    node: Node
    nodes: int
    height: int


class _Builder:
    """Takes events, holds the frames that are open, and counts."""

    def __init__(self, file: str) -> None:
        self.at = Position(file, 1, 1)
        self._file = file
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Anchored] = {}
        self._root: Node | None = None
        self._nodes = 0
        self._documents = 0
        self._repeated: list[Problem] = []

    def take(self, event: Event) -> None:
        self.at = _position(self._file, event.start_mark)
        match event:
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    _refuse(self.at, "a second document", "keep one policy in a file: remove the `---` line")
            case AliasEvent():
                self._alias(event.anchor)
            case ScalarEvent():
                self._no_tag(event)
                self._scalar(event)
            case MappingStartEvent() | SequenceStartEvent():
                self._no_tag(event)
                self._open(event)
            case MappingEndEvent() | SequenceEndEvent():
                self._close()

    def finished(self) -> Node:
        if self._repeated:
            raise PolicyError(self._repeated)
        return self._root if self._root is not None else Scalar(self.at, None)

    def _no_tag(self, event: NodeEvent) -> None:
        if getattr(event, "tag", None) is not None:
            _refuse(self.at, "a YAML tag", "write the plain value, without `!`")

    def _count(self, nodes: int, height: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            _refuse(
                self.at, f"more than {MAX_NODES} values, aliases counted as what they stand for", "split or shorten it"
            )
        if len(self._frames) + height > MAX_DEPTH:
            _refuse(self.at, f"nested more than {MAX_DEPTH} deep", "a policy needs seven levels: check the brackets")

    def _alias(self, name: str) -> None:
        known = self._anchors.get(name)
        if known is None:
            _refuse(self.at, "an alias of nothing that stands before it", "write the value itself")
        self._count(known.nodes, known.height)
        self._put(known.node, known.height)

    def _scalar(self, event: ScalarEvent) -> None:
        frame = self._frames[-1] if self._frames else None
        self._count(1, 1)
        if frame is not None and isinstance(frame.node, Table) and frame.key is None:
            frame.key = (event.value, self.at)
            return
        plain = bool(event.implicit and event.implicit[0])
        node = Scalar(self.at, resolve(event.value) if plain else event.value)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(node, 1, 1)
        self._put(node, 1)

    def _open(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        frame = self._frames[-1] if self._frames else None
        if frame is not None and isinstance(frame.node, Table) and frame.key is None:
            _refuse(self.at, "a key that is a mapping or a list", "a key is a word")
        began = self._nodes
        self._count(1, 1)
        node: Table | Row = Table(self.at) if isinstance(event, MappingStartEvent) else Row(self.at)
        self._frames.append(_Frame(node, event.anchor, began))

    def _close(self) -> None:
        frame = self._frames.pop()
        if isinstance(frame.node, Table):
            for table in frame.merged:
                for key, entry in table.entries.items():
                    frame.node.entries.setdefault(key, entry)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = _Anchored(frame.node, self._nodes - frame.began, frame.height)
        self._put(frame.node, frame.height)

    def _put(self, node: Node, height: int) -> None:
        if not self._frames:
            self._root = node
            return
        frame = self._frames[-1]
        frame.height = max(frame.height, height + 1)
        if isinstance(frame.node, Row):
            frame.node.items.append(node)
            return
        if frame.key is None:
            _refuse(self.at, "an alias as a key", "write the key itself")
        (key, key_at), frame.key = frame.key, None
        if key == _MERGE:
            frame.merged.extend(self._mergeable(node, key_at))
        elif key in frame.node.entries:
            first = frame.node.entries[key].key_at
            what = f"the key{quoted(key)} stands twice in one mapping"
            where = f"keep one of the two: the other is in line {first.line}, column {first.column}"
            self._repeated.append(Problem(key_at.file, key_at.line, key_at.column, what, where))
        else:
            frame.node.entries[key] = Entry(key_at, node)

    def _mergeable(self, node: Node, at: Position) -> list[Table]:
        parts = node.items if isinstance(node, Row) else [node]
        tables = [part for part in parts if isinstance(part, Table)]
        if len(tables) != len(parts):
            _refuse(at, "`<<` merges something that is not a mapping", "merge an alias of a mapping: `<<: *name`")
        return tables


_INTEGER = re2.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re2.compile(r"[-+]?(\.[0-9]{1,18}|[0-9]{1,18}(\.[0-9]{0,18})?)([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def resolve(plain: str) -> Value:
    """Give the value of an unquoted scalar by YAML 1.2's core schema (decimal numbers only).

    >>> resolve("true"), resolve("7"), resolve("0.6"), resolve("7y"), resolve("no"), resolve("~")
    (True, 7, 0.6, '7y', 'no', None)
    """
    if plain in _WORDS:
        return _WORDS[plain]
    if _INTEGER.fullmatch(plain):
        return int(plain)
    if _NUMBER.fullmatch(plain):
        return float(plain)
    return plain


_SYNTAX = (
    ("found character '\\t'", "a tab where YAML allows only spaces", "indent with spaces"),
    ("found character", "a character that cannot begin a value", "put the value in quotes"),
    (
        "mapping values are not allowed",
        "a colon where no key can stand",
        'put text that holds ": " in quotes, or mend the indentation',
    ),
    ("found unexpected end of stream", "a quote that is never closed", "close it"),
    ("could not find expected ':'", "a key without its colon", "write `key: value`"),
    ("expected ',' or", "a comma or a closing bracket is missing before this place", "close what was opened"),
    ("expected <block end>", "this line is indented like none before it", "indent the keys of one mapping alike"),
    (
        "found unknown escape",
        "an escape that YAML does not know",
        "use single quotes, in which a backslash is a backslash",
    ),
)


def _syntax(problem: str) -> tuple[str, str]:
    """Say a parser's problem in own words: its own may quote the text."""
    for begins, what, mend in _SYNTAX:
        if problem.startswith(begins):
            return what, mend
    return "not valid YAML", "check quotes, brackets and indentation here and in the line before"
