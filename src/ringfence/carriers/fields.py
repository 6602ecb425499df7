"""What a carrier finds and changes: fields, and changes of them, as values.

The rule: nothing here knows a format.
"""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import overload

from ringfence.transform.types import ValueType


@dataclass(slots=True, repr=False)
class Field:
    """One value in a unit.

    `start` and `end` are offsets into the unit's `raw`, of the value's content (without a string's quotes). `value` is the
    content decoded to UTF-8. `raw_offsets`, where decoding changed lengths, maps each byte offset of `value` (and its end) to an
    offset in `raw`; None where value and raw content are the same bytes. `order` counts fields over the whole payload.
    """

    path: str
    type: ValueType
    value: bytes
    start: int
    end: int
    order: int
    is_key: bool = False  # an object's key rather than a value
    raw_offsets: Callable[[], Sequence[int]] | None = None

    @property
    def name(self) -> str:
        """The last name of the path, without array marks: what context words are looked for in."""
        return self.path.rpartition(".")[2].replace("[]", "").strip('"')

    def __repr__(self) -> str:
        return f"<field {self.type.value} at {self.start}, {self.end - self.start} bytes>"


class Columns(Sequence[Field]):
    """The fields of a unit in columns: paths, types and values, of which objects are made when one is asked for, and then kept.

    To be searched, a field needs no more than its path and its value; of most payloads no object is ever made. Once they are
    `made`, the objects alone count: whoever asked for them may have changed them.
    """

    __slots__ = ("_made", "_make", "kinds", "paths", "types", "values")

    def __init__(
        self,
        paths: Sequence[str],
        types: Sequence[ValueType],
        values: Sequence[bytes],
        kinds: Set[ValueType],
        make: Callable[[], list[Field]],
    ) -> None:
        self.paths = paths
        self.types = types
        self.values = values
        self.kinds = kinds  # the types that there are, and maybe others
        self._make = make
        self._made: list[Field] | None = None

    @property
    def made(self) -> bool:
        """Whether there are objects."""
        return self._made is not None

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, number: int) -> Field: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Field]: ...
    def __getitem__(self, number: int | slice) -> Field | Sequence[Field]:
        return self._all()[number]

    def __iter__(self) -> Iterator[Field]:
        return iter(self._all())

    def _all(self) -> list[Field]:
        if self._made is None:
            self._made = self._make()
        return self._made


@dataclass(frozen=True, slots=True)
class Repeat:
    """An object's key that occurred again: the orders of the fields under its first and under its later value (half-open)."""

    first: tuple[int, int]
    later: tuple[int, int]


def moved(repeat: Repeat, by: int) -> Repeat:
    """Give a repeat whose fields are counted from elsewhere."""
    (first, first_end), (later, later_end) = repeat.first, repeat.later
    return Repeat((first + by, first_end + by), (later + by, later_end + by))


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """A replacement of a part of a field's value: byte offsets into `Field.value`; `text` None makes the whole field null."""

    start: int
    end: int
    text: str | None

    def __repr__(self) -> str:
        return f"<change {self.start}..{self.end}>"


@dataclass(frozen=True, slots=True, repr=False)
class Edit:
    """The same in bytes of the payload: offsets into `Unit.raw`."""

    start: int
    end: int
    raw: bytes

    def __repr__(self) -> str:
        return f"<edit {self.start}..{self.end}>"
