"""Gathering samples: the values that a field is judged by, few and short, and the fields inside documents.

The rule: whatever the source holds, a gathering is bounded: values of a field, characters of a value, fields of a table, depth of a
document. What it holds goes to the judge and nowhere else: it is never written, and its `repr` shows none of it. A path is written,
so names of objects that are data themselves (addresses as keys) become no paths: `settle` takes them out.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import re2

from ringfence.carriers import join_path
from ringfence.detect import Detector, classify

VALUES: Final = 200  # of one field
CHARACTERS: Final = 256  # of one value
DOCUMENT_CHARACTERS: Final = 64 * 1024  # of one document that is read by its parts
MOST_FIELDS: Final = 2_000  # of one table, its documents' parts included
MOST_DEPTH: Final = 24
MOST_ITEMS: Final = 40  # of a list, in one document
MOST_PATH: Final = 480  # characters: a policy's path has at most 500

MOST_NAMES: Final = 200  # different names of one object: with more, they are data
FEWEST_NAMES: Final = 8  # so many that nearly all stand in one object alone, of several: they are data, too
FEWEST_OBJECTS: Final = 3
RARE: Final = 0.7  # the share of names that stand in one object alone

ANY: Final = "[]"
_NAMES: Final = "user.name"
_NAME: Final = re2.compile(r"[\pL_$@#][\pL\pM\pN_$@#:/ .()%&+-]*")
MOST_NAME: Final = 80  # characters
_LONG_NUMBER: Final = re2.compile(r"[0-9]{5}|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-")


class Samples:
    """The values of the fields met so far, by path, with what a document calls their type. Never shown."""

    __slots__ = ("_names", "_objects", "_types", "_values", "left_out")

    def __init__(self) -> None:
        self._values: dict[str, list[str]] = {}
        self._types: dict[str, str] = {}
        self._objects: Counter[str] = Counter()
        self._names: dict[str, Counter[str]] = {}
        self.left_out = 0  # parts that did not fit the bounds

    def __repr__(self) -> str:
        return f"<Samples of {len(self._values)} fields>"

    def add(self, path: str, value: str, kind: str = "string") -> None:
        """Take one value of a field."""
        values = self._values.get(path)
        if values is None:
            if len(self._values) >= MOST_FIELDS or len(path) > MOST_PATH:
                self.left_out += 1
                return
            values = self._values[path] = []
            self._types[path] = kind
        elif kind not in (self._types[path], "null"):
            self._types[path] = kind if self._types[path] == "null" else "mixed"
        if kind != "null" and len(values) < VALUES:
            values.append(value[:CHARACTERS])

    def paths(self) -> tuple[str, ...]:
        """Give the paths, in the order in which they were met."""
        return tuple(self._values)

    def values(self, path: str) -> Sequence[str]:
        """Give the values of a field."""
        return self._values.get(path, ())

    def forget(self, path: str) -> None:
        """Let go of a field's values."""
        self._values.pop(path, None)

    def type_of(self, path: str) -> str:
        """Say what its documents call the field's type: string, number, boolean, mixed; "" where all were null."""
        found = self._types.get(path, "null")
        return "" if found == "null" else found

    def add_text(self, text: str, path: str) -> bool:
        """Take a document apart, its fields below `path`. Says whether it is one: JSON, within the bounds."""
        if len(text) >= DOCUMENT_CHARACTERS:
            self.left_out += 1
            return False
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            return False
        self.add_parts(read, path)
        return True

    def add_parts(self, read: object, path: str, depth: int = 0) -> None:
        """Take a value that was read from a document: objects and lists by their parts, scalars as values."""
        if depth > MOST_DEPTH:
            self.left_out += 1
        elif isinstance(read, Mapping):
            self._objects[path] += 1
            for name, part in read.items():
                self._name(path, str(name))
                self.add_parts(part, join_path(path, str(name)), depth + 1)
        elif isinstance(read, Sequence) and not isinstance(read, str | bytes):
            for part in read[:MOST_ITEMS]:
                self.add_parts(part, f"{path}{ANY}", depth + 1)
        else:
            self.add(path, *_scalar(read))

    def _name(self, path: str, name: str) -> None:
        names = self._names.get(path)
        if names is None:
            if len(self._names) >= MOST_FIELDS:
                return
            names = self._names[path] = Counter()
        if name in names or len(names) <= MOST_NAMES:
            names[name] += 1

    def settle(self, detector: Detector) -> tuple[str, ...]:
        """Take out what lies below objects whose names are data; give those objects' paths."""
        odd = {path for path, names in self._names.items() if _are_data(names, self._objects[path], detector)}
        odd = {path for path in odd if not any(path != other and _is_below(path, other) for other in odd)}
        for path in self.paths():
            if any(_is_below(path, object_path) for object_path in odd):
                del self._values[path]
        return tuple(sorted(odd))


def _are_data(names: Counter[str], objects: int, detector: Detector) -> bool:
    if len(names) > MOST_NAMES:
        return True
    if objects >= FEWEST_OBJECTS and len(names) >= FEWEST_NAMES:
        rare = sum(count == 1 for count in names.values())
        if rare >= RARE * len(names):
            return True
    if any(not is_name(name, detector) for name in names):
        return True
    return (
        len(names) >= FEWEST_OBJECTS
        and classify("key", "string", "", tuple(names), detector=detector).judgement == _NAMES
    )


def is_name(name: str, detector: Detector) -> bool:
    """Whether a name can be one that somebody gave a field, and not a value that stands in a name's place."""
    return (
        len(name) <= MOST_NAME
        and _NAME.fullmatch(name) is not None
        and _LONG_NUMBER.search(name) is None
        and not detector.find(name)
    )


def _is_below(path: str, above: str) -> bool:
    return not above or (path.startswith(above) and path[len(above) : len(above) + 1] in (".", "["))


def _scalar(read: object) -> tuple[str, str]:
    if read is None:
        return "", "null"
    if isinstance(read, bool):
        return str(read).lower(), "boolean"
    if isinstance(read, int | float):
        return str(read), "number"
    return str(read), "string"
