"""PostgreSQL's own text of a query tree, as a server sends it: undoing its line breaks, and reading it.

The rule: exactly one tree can have given this text, or it is unreadable. The server breaks its dump into lines
without regard to what it breaks (`format_node_dump`), so that a name with blanks and line breaks might read like
nodes; here every break is proved to be the one that the server makes of the joined text. Names stand only where a
field's value stands, so none of them can open or close a node. Size, depth and the known layouts (`nodes`) bound what
is read. This file is compiled where a compiler is at hand.
"""

from hashlib import sha256
from typing import Final, TypeAlias, Union

from ringfence.sql.nodes import LAYOUTS

LONGEST: Final = 4 * 1024 * 1024  # characters; 9,000 are a large statement's
DEEPEST: Final = 300  # nodes and lists within one another
LINE: Final = 78  # bytes: LINELEN in PostgreSQL's src/backend/nodes/print.c
LONGEST_DATUM: Final = 300  # bytes of a constant that are kept: names of settings are looked at, no more

# What outToken escapes, and a private character for each while the text is cut; a name that holds one of these is refused.
_ESCAPED: Final = '\\ (){}\t\n<"+-0123456789'
_PRIVATE: Final = [chr(0xE000 + number) for number in range(len(_ESCAPED))]
_UNESCAPE: Final = {0xE000 + number: char for number, char in enumerate(_ESCAPED)}


class Unreadable(Exception):
    """A tree that cannot be read for certain. Holds no part of it but a node's type or a field's name."""


class Node:
    """One node: its type in capitals, and its fields as they stand."""

    __slots__ = ("fields", "name")

    def __init__(self, name: str, fields: "dict[str, Value]") -> None:
        self.name = name
        self.fields = fields

    def number(self, field: str) -> int:
        """Give a field that is a number."""
        value = self.fields.get(field)
        if isinstance(value, str):
            try:
                return int(value)
            except ValueError:
                pass
        raise Unreadable(f"{self.name}.{field} is not a number")

    def flag(self, field: str) -> bool:
        """Give a field that is true or false."""
        value = self.fields.get(field)
        if value == "true":
            return True
        if value == "false":
            return False
        raise Unreadable(f"{self.name}.{field} is neither true nor false")

    def text(self, field: str) -> str:
        """Give a field that is a name; "" where there is none."""
        value = self.fields.get(field)
        if value is None:
            return ""
        if isinstance(value, str):
            return "" if value == '""' else value
        raise Unreadable(f"{self.name}.{field} is not a name")

    def node(self, field: str) -> "Node | None":
        """Give the node in a field."""
        value = self.fields.get(field)
        if value is None or isinstance(value, Node):
            return value
        raise Unreadable(f"{self.name}.{field} is not a node")

    def nodes(self, field: str) -> "list[Node]":
        """Give the nodes of a field that is a list; none where it is empty."""
        found: list[Node] = []
        for value in self.items(field):
            if not isinstance(value, Node):
                raise Unreadable(f"{self.name}.{field} holds something else than nodes")
            found.append(value)
        return found

    def items(self, field: str) -> "list[Value]":
        """Give the items of a field that is a list."""
        value = self.fields.get(field)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise Unreadable(f"{self.name}.{field} is not a list")

    def numbers(self, field: str) -> tuple[int, ...]:
        """Give the numbers of a field that is a set or a list of oids."""
        value = self.fields.get(field)
        if value is None:
            return ()
        if isinstance(value, tuple):
            return value
        raise Unreadable(f"{self.name}.{field} is not a set of numbers")

    def names(self, field: str) -> list[str]:
        """Give the names of a field that is a list of strings."""
        found: list[str] = []
        for value in self.items(field):
            if not isinstance(value, str) or len(value) < 2 or value[0] != '"' or value[-1] != '"':
                raise Unreadable(f"{self.name}.{field} holds something else than names")
            found.append(value[1:-1])
        return found


Value: TypeAlias = Union[str, Node, "list[Value]", tuple[int, ...], None]


def below(field: Value) -> list[Node]:
    """Give the nodes in a field: one, a list, or a list of lists."""
    if isinstance(field, Node):
        return [field]
    if isinstance(field, list):
        found: list[Node] = []
        for each in field:
            found.extend(below(each))
        return found
    return []


class Tree:
    """A list of nodes (of queries, mostly), the parameters that stand in it, and the digest of its text."""

    __slots__ = ("digest", "nodes", "parameters")

    def __init__(self, nodes: list[Node], parameters: frozenset[int], digest: bytes) -> None:
        self.nodes = nodes
        self.parameters = parameters
        self.digest = digest


def digest(detail: str) -> bytes:
    """Give the SHA-256 of a tree's text."""
    return sha256(detail.encode("utf-8", "surrogatepass")).digest()


def parse_tree(detail: str) -> Tree:
    """Read the detail of PostgreSQL's "rewritten parse tree:" notice (`debug_pretty_print` off).

    Raises
    ------
    Unreadable
        The text is too long, too deep, ambiguous, or holds something that no PostgreSQL from 15 to 18 writes.
    """
    if len(detail) > LONGEST:
        raise Unreadable("the tree is longer than 4 MiB")
    return _parse(unwrap(detail), digest(detail))


def parse_stored(text: str) -> Tree:
    """Read a `pg_node_tree` of the catalogue, which has no line breaks. Raises `Unreadable`."""
    if len(text) > LONGEST:
        raise Unreadable("the tree is longer than 4 MiB")
    return _parse(text, digest(text))


def unwrap(detail: str) -> str:
    """Undo `format_node_dump`: give the one text that it breaks into these lines. Raises `Unreadable` where that is not sure."""
    lines = detail.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise Unreadable("the tree is empty")
    joined = " ".join(lines)
    text = (
        joined if joined.isascii() else joined.encode("utf-8", "surrogatepass").decode("latin-1")
    )  # one character a byte
    at = 0
    end = len(text)
    last = len(lines) - 1
    for number, line in enumerate(lines):
        length = len(line) if line.isascii() else len(line.encode("utf-8", "surrogatepass"))
        if number == last:
            if at + LINE < end:
                raise Unreadable("a line of the tree is too long")
            break
        if at + LINE >= end:
            raise Unreadable("a line of the tree ends early")
        broken = LINE if text[at + LINE] == " " else text.rfind(" ", at + 1, at + LINE) - at
        # A full line without a blank may have been cut within a word: nothing tells.
        if broken != length or (length == LINE and text.find(" ", at + 1, at + LINE) < 0):
            raise Unreadable("the tree's line breaks are ambiguous")
        at += length + 1
    return joined


def _parse(text: str, digest_: bytes) -> Tree:
    escaped = "\\" in text
    if escaped:
        text = _hide_escapes(text)
    spaced = text.replace("(", " ( ").replace(")", " ) ").replace("{", " { ").replace("}", " } ")
    tokens = [token for token in spaced.split(" ") if token]
    tokens += ["", "", ""]
    reader = _Reader(tokens, escaped)
    try:
        nodes = reader.whole()
    except (IndexError, ValueError):  # beyond the last token; a bracket that is sought and not there
        raise Unreadable("the tree ends early") from None
    return Tree(nodes, frozenset(reader.parameters), digest_)


def _hide_escapes(text: str) -> str:
    for private in _PRIVATE:
        if private in text:
            raise Unreadable("a name holds a private character")
    for char, private in zip(_ESCAPED, _PRIVATE, strict=True):  # the backslash first: then each that is left escapes
        text = text.replace("\\" + char, private)
    if "\\" in text:
        raise Unreadable("a character is escaped that PostgreSQL does not escape")
    return text


class _Reader:
    """Reads tokens from the front; each method takes what it gives."""

    __slots__ = ("at", "escaped", "parameters", "tokens")

    def __init__(self, tokens: list[str], escaped: bool) -> None:
        self.tokens = tokens
        self.escaped = escaped
        self.at = 0
        self.parameters: set[int] = set()

    def whole(self) -> list[Node]:
        """Read everything: a node, or a list of nodes."""
        first = self.tokens[self.at]
        self.at += 1
        nodes: list[Node] = []
        if first == "{":
            nodes.append(self.node(1))
        elif first == "(":
            items = self._items(1)
            for item in items if isinstance(items, list) else [None]:
                if not isinstance(item, Node):
                    raise Unreadable("the tree is not a list of nodes")
                nodes.append(item)
        elif first != "<>":
            raise Unreadable("the tree is no node")
        if self.at != len(self.tokens) - 3:
            raise Unreadable("something follows the tree")
        return nodes

    def node(self, depth: int) -> Node:
        """Read a node whose bracket was read."""
        if depth > DEEPEST:
            raise Unreadable("the tree is too deep")
        tokens = self.tokens
        at = self.at
        name = tokens[at]
        layout = LAYOUTS.get(name)
        if layout is None:
            raise Unreadable(
                f"node type {name} is not known" if name.isalpha() and len(name) < 40 else "a node has no type"
            )
        at += 1
        fields: dict[str, Value] = {}
        count = 0
        while True:
            word = tokens[at]
            if word == "}":
                break
            field = word[1:]
            if word[:1] != ":" or field not in layout:
                raise Unreadable(f"a field of {name} is not known")
            count += 1
            value = tokens[at + 1]
            at += 2
            if value == "{":
                self.at = at
                fields[field] = self.node(depth + 1)
                at = self.at
            elif value == "(":
                self.at = at
                fields[field] = self._items(depth + 1)
                at = self.at
            elif value == "<>":
                fields[field] = None
            elif field == "constvalue":
                self.at = at
                fields[field] = self._datum(value)
                at = self.at
            elif value == "}" or value == ")" or value == "":
                raise Unreadable(f"{name}.{field} has no value")
            else:
                fields[field] = value.translate(_UNESCAPE) if self.escaped else value
        if len(fields) != count:
            raise Unreadable(f"a field of {name} stands there twice")
        self.at = at + 1
        node = Node(name, fields)
        if name == "PARAM" and fields.get("paramkind") == "0":
            self.parameters.add(node.number("paramid"))
        return node

    def _items(self, depth: int) -> Value:
        """Read a list or a set whose bracket was read."""
        if depth > DEEPEST:
            raise Unreadable("the tree is too deep")
        tokens = self.tokens
        first = tokens[self.at]
        if first == "b" or first == "i" or first == "o" or first == "x":
            end = tokens.index(")", self.at)
            try:
                numbers = tuple([int(word) for word in tokens[self.at + 1 : end]])
            except ValueError:
                raise Unreadable("a set holds something else than numbers") from None
            self.at = end + 1
            return numbers
        found: list[Value] = []
        while True:
            word = tokens[self.at]
            self.at += 1
            if word == "{":
                found.append(self.node(depth + 1))
            elif word == "(":
                found.append(self._items(depth + 1))
            elif word == ")":
                return found
            elif word == "<>":
                found.append(None)
            elif word == "}" or word == "":
                raise Unreadable("a list does not end")
            else:
                found.append(word.translate(_UNESCAPE) if self.escaped else word)

    def _datum(self, length: str) -> Value:
        """Read a constant's bytes: ``4 [ 1 0 0 0 ]``. Long ones are left out."""
        tokens = self.tokens
        if not length.isdigit() or tokens[self.at] != "[":
            raise Unreadable("a constant's value is not as PostgreSQL writes it")
        try:
            end = tokens.index("]", self.at)
        except ValueError:
            raise Unreadable("a constant's value does not end") from None
        start = self.at + 1
        self.at = end + 1
        if end - start > LONGEST_DATUM:
            return ()
        try:
            return tuple([int(token) & 0xFF for token in tokens[start:end]])
        except ValueError:
            raise Unreadable("a constant's value is not as PostgreSQL writes it") from None
