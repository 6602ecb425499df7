"""What the tests of carriers share: feeding a payload in pieces, saying what came out, and making documents at random."""

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ringfence.carriers import Carrier, Change, Field, Repeat, Undecodable, Unit

Maker = Callable[[], Carrier]
Facts = list[tuple[object, ...]]


def feed(carrier: Carrier, pieces: Iterable[bytes]) -> list[Unit]:
    """Feed all pieces and the end."""
    units: list[Unit] = []
    for piece in pieces:
        units += carrier.feed(piece)
    return units + carrier.end()


def facts(units: Iterable[Unit]) -> Facts:
    """Say everything of all fields, with positions in the payload."""
    told: Facts = []
    at = 0
    for unit in units:
        for field in unit.fields:
            mapped = tuple(at + offset for offset in field.raw_offsets()) if field.raw_offsets else None
            told.append(
                (
                    field.path,
                    field.type,
                    field.value,
                    at + field.start,
                    at + field.end,
                    field.order,
                    field.is_key,
                    mapped,
                )
            )
        at += len(unit.raw)
    return told


def repeats(units: Iterable[Unit]) -> list[Repeat]:
    return [repeat for unit in units for repeat in unit.repeats]


def outcome(make: Maker, pieces: Iterable[bytes]) -> tuple[bytes, Facts, list[Repeat]] | None:
    """Give the bytes, fields and repeats that came out; None where the payload was refused."""
    try:
        units = feed(make(), pieces)
    except Undecodable:
        return None
    return b"".join(unit.raw for unit in units), facts(units), repeats(units)


def cut_at(data: bytes, places: Sequence[int]) -> list[bytes]:
    ends = [*sorted(places), len(data)]
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def every_byte(data: bytes) -> list[bytes]:
    return [data[index : index + 1] for index in range(len(data))]


def values(units: Iterable[Unit]) -> list[tuple[str, bytes]]:
    """Give path and value of all fields that are no keys."""
    return [(field.path, field.value) for unit in units for field in unit.fields if not field.is_key]


@dataclass
class Node:
    """A value or key of a random document, in the order of its fields. `text` is what a strict reader makes of it."""

    kind: str  # string, key, scalar
    text: str
    null: bool = False


CHARACTERS = [
    "a",
    "B",
    "7",
    " ",
    '"',
    "\\",
    "/",
    "\n",
    "\t",
    "\x00",
    "\x7f",
    "é",
    "ß",
    "日",
    "😹",
    "\u2029",
    "{",
    "}",
    ",",
    ":",
    "@",
    ".",
]
SCALARS = ["0", "-0", "12", "-7", "1.50", "1e5", "-2.5E-3", "123456789012345678901234567890", "true", "false", "null"]


class Documents:
    """Makes random JSON documents, spelt at random, with the nodes that their fields must be."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._nodes: list[Node] = []

    def make(self, depth: int = 3) -> tuple[bytes, object, list[Node]]:
        """Give a document's bytes, a tree of its nodes (objects are lists of pairs), and the nodes in order."""
        self._nodes = []
        spelt, tree = self._value(depth)
        return (self._space() + spelt + self._space()).encode(), tree, self._nodes

    def _space(self) -> str:
        return self._rng.choice(("", "", "", " ", "  ", "\t", "\n", "\r\n  "))

    def _value(self, depth: int) -> tuple[str, object]:
        kind = self._rng.randrange(4 if depth else 2)
        if kind == 0:
            return self._string("string")
        if kind == 1:
            node = Node("scalar", self._rng.choice(SCALARS))
            self._nodes.append(node)
            return node.text, node
        count = self._rng.choice((0, 1, 2, 3, 5))
        if kind == 2:
            items = [
                (self._space() + spelt + self._space(), tree)
                for spelt, tree in (self._value(depth - 1) for _ in range(count))
            ]
            return "[" + ",".join(spelt for spelt, _ in items) + ("" if items else self._space()) + "]", [
                tree for _, tree in items
            ]
        members: list[str] = []
        pairs: list[tuple[object, object]] = []
        for number in range(count):
            spelt_key, key = self._string("key", unique=str(number))
            spelt, tree = self._value(depth - 1)
            members.append(f"{self._space()}{spelt_key}{self._space()}:{self._space()}{spelt}{self._space()}")
            pairs.append((key, tree))
        return "{" + ",".join(members) + ("" if members else self._space()) + "}", ("object", pairs)

    def _string(self, kind: str, unique: str = "") -> tuple[str, Node]:
        text = unique + "".join(self._rng.choices(CHARACTERS, k=self._rng.choice((0, 1, 3, 8, 20))))
        node = Node(kind, text)
        self._nodes.append(node)
        return '"' + "".join(self._spell(character) for character in text) + '"', node

    def _spell(self, character: str) -> str:
        how = self._rng.randrange(4)
        if how == 0:  # as escapes of UTF-16 units
            units = character.encode("utf-16-be").hex()
            spelt = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
            return spelt if self._rng.random() < 0.5 else spelt.upper().replace("\\U", "\\u")
        if how == 1 and character == "/":
            return "\\/"
        return json.dumps(character, ensure_ascii=False)[1:-1]


def change_at_random(rng: random.Random, field: Field, texts: Sequence[str]) -> tuple[list[Change], str | None]:
    """Make changes of parts of a field, cut between characters; give them with what the field's text must be after."""
    text = field.value.decode()
    if rng.random() < 0.15:
        return [Change(0, len(field.value), None)], None
    places = sorted(rng.sample(range(len(text) + 1), min(rng.choice((2, 2, 4)), len(text) + 1)))
    changes: list[Change] = []
    parts: list[str] = []
    at = 0
    for start, end in zip(places[::2], places[1::2], strict=False):
        new = rng.choice(texts)
        changes.append(Change(len(text[:start].encode()), len(text[:end].encode()), new))
        parts += (text[at:start], new)
        at = end
    return changes, "".join((*parts, text[at:]))
