"""What a carrier finds and changes: fields, and changes of them, as values.

The rule: nothing here knows a format.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
