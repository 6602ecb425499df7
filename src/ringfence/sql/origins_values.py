"""What an analysis says of a value while it walks a tree: the columns in it, the given values in it, and its parts.

The rule: combining values never loses an origin. Whether a value is still the column's own (`exact`) or the given
one's own (`given`) may be lost, never gained.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from ringfence.sql.model import Compared, Given, Path

COLUMN: Final = 1024
"""Bytes that a column's value counts for."""


BEYOND: Final = 1 << 40
"""Bytes of what may be as large as one likes."""


class Value:
    """An expression's value.

    `exact`: it is the value of one of `origins`, unchanged, or NULL. `given`: given values that it may be, unchanged; `mixed`:
    that it was computed from. `fields`: what is known of each part of a composite value. `kept`: it is computed, and may fail, even
    where nothing names it. `fails`: computing it may end the statement, or leave something behind; that it does tells of `tells`.
    `plain`: it is no more extreme than what a column holds. `size`: no more bytes than these, if a column's value has `COLUMN`.
    """

    __slots__ = ("exact", "fails", "fields", "given", "kept", "mixed", "origins", "plain", "size", "tells")

    def __init__(
        self,
        origins: tuple[Path, ...] = (),
        exact: bool = False,
        given: tuple[Given, ...] = (),
        mixed: tuple[Given, ...] = (),
        fields: "Sequence[Value] | None" = None,
        *,
        kept: bool = False,
        fails: bool = False,
        tells: tuple[Path, ...] = (),
        plain: bool = False,
        size: int = -1,
    ) -> None:
        self.plain = plain
        self.size = size if size >= 0 else COLUMN
        self.fails = fails
        self.tells = tells
        self.origins = origins
        self.exact = exact
        self.given = given
        self.mixed = mixed
        self.fields = fields
        self.kept = kept

    def same(self, other: "Value") -> bool:
        """Whether both say the same (a fixpoint is reached)."""
        if self.exact != other.exact or self.kept != other.kept or set(self.origins) != set(other.origins):
            return False
        if self.fails != other.fails or set(self.tells) != set(other.tells):
            return False
        if self.given != other.given or self.mixed != other.mixed:
            return False
        if self.fields is None or other.fields is None:
            return self.fields is other.fields
        return len(self.fields) == len(other.fields) and all(map(Value.same, self.fields, other.fields))


def keep(value: Value) -> Value:
    """Give the same value, as one that is computed wherever it stands."""
    return like(value, value.exact, kept=True)


def like(value: Value, exact: bool, *, kept: bool = False) -> Value:
    """Give the same value, exact or not."""
    return Value(
        value.origins,
        exact,
        value.given,
        value.mixed,
        value.fields,
        kept=kept or value.kept,
        fails=value.fails,
        tells=value.tells,
        size=value.size,
    )


def failing(value: Value, tells: Sequence[Path] = ()) -> Value:
    """Give the same value, as one that may fail, which tells of `tells`."""
    return Value(
        value.origins,
        value.exact,
        value.given,
        value.mixed,
        value.fields,
        kept=value.kept,
        fails=True,
        tells=union([value.tells, tells]),
        plain=value.plain,
        size=value.size,
    )


def measured(value: Value, size: int, *, plain: bool = False) -> Value:
    """Give the same value, as one of so many bytes."""
    return Value(
        value.origins,
        value.exact,
        value.given,
        value.mixed,
        value.fields,
        kept=value.kept,
        fails=value.fails,
        tells=value.tells,
        plain=plain,
        size=size,
    )


NULL: Final = Value(exact=True, size=0)
"""NULL, and what is nothing yet: it changes nothing that it is put beside."""

CONSTANT: Final = Value(size=16)
"""Something that holds nothing of a row."""


def union(lists: Iterable[Sequence[Path]]) -> tuple[Path, ...]:
    """Join lists of paths, each path once, in the order in which they come."""
    found: dict[Path, None] = {}
    for paths in lists:
        for path in paths:
            found[path] = None
    return tuple(found)


def computed(values: Sequence[Value], more: Sequence[Path] = ()) -> Value:
    """Give a value that is computed from others."""
    if not values:
        return Value(tuple(more)) if more else CONSTANT
    if len(values) == 1 and not more:
        value = values[0]
        return Value(
            value.origins,
            mixed=value.given + value.mixed,
            kept=value.kept,
            fails=value.fails,
            tells=value.tells,
            size=value.size,
        )
    mixed = tuple(dict.fromkeys(given for value in values for given in value.given + value.mixed))
    kept = any(value.kept for value in values)
    fails, tells = _failures(values)
    origins = union([*(value.origins for value in values), more])
    size = min(sum(value.size for value in values), BEYOND)
    return Value(origins, mixed=mixed, kept=kept, fails=fails, tells=tells, size=size)


def _failures(values: Sequence[Value]) -> tuple[bool, tuple[Path, ...]]:
    return any(value.fails for value in values), union(value.tells for value in values)


def either(values: Sequence[Value]) -> Value:
    """Give a value that is one of these, unchanged."""
    several = [value for value in values if value is not NULL]
    if not several:
        return NULL
    if len(several) == 1:
        return several[0]
    fields: Sequence[Value] | None = None
    if all(value.fields is not None and len(value.fields) == len(several[0].fields or ()) for value in several):
        fields = [either(parts) for parts in zip(*(value.fields or () for value in several), strict=True)]
    fails, tells = _failures(several)
    return Value(
        union(value.origins for value in several),
        all(value.exact for value in several),
        tuple(dict.fromkeys(given for value in several for given in value.given)),
        tuple(dict.fromkeys(given for value in several for given in value.mixed)),
        fields,
        kept=any(value.kept for value in several),
        fails=fails,
        tells=tells,
        size=max(value.size for value in several),
    )


def composite(fields: Sequence[Value]) -> Value:
    """Give a row of these."""
    whole = computed(fields)
    return Value(
        whole.origins,
        mixed=whole.mixed,
        fields=fields,
        kept=whole.kept,
        fails=whole.fails,
        tells=whole.tells,
        size=whole.size,
    )


class Comparisons:
    """The columns whose values decide what comes back: of a statement, or of a part whose result they are."""

    __slots__ = ("_equated", "_paths", "fails")

    def __init__(self) -> None:
        self.fails = False  # one of the values that decide may fail
        self._paths: dict[Path, bool] = {}  # -> whether it was only ever equated
        self._equated: dict[Path, dict[Given, None]] = {}

    def add(self, value: Value) -> None:
        """Take a value that decides."""
        self.fails = self.fails or value.fails
        for path in (*value.origins, *value.tells):
            self._paths[path] = False

    def add_all(self, values: Iterable[Value]) -> None:
        """Take values that decide."""
        for value in values:
            self.add(value)

    def equate(self, paths: Sequence[Path], given: Sequence[Given]) -> None:
        """Take columns that are compared with single given values by their type's equality."""
        for path in paths:
            self._paths.setdefault(path, True)
            kept = self._equated.setdefault(path, {})
            for each in given:
                kept[each] = None

    def take(self, other: "Comparisons") -> None:
        """Take everything of another."""
        self.fails = self.fails or other.fails
        for compared in other.listed():
            if compared.equated:
                self.equate((compared.path,), compared.given)
            else:
                self._paths[compared.path] = False

    def value(self) -> Value:
        """Give what is computed from everything here."""
        paths = tuple(self._paths)
        return Value(paths, fails=self.fails, tells=paths if self.fails else ())

    def tell(self, values: Iterable[Value]) -> None:
        """Take what the failing of values tells of."""
        for value in values:
            for path in value.tells:
                self._paths[path] = False

    def listed(self) -> tuple[Compared, ...]:
        """Give what the statement compares."""
        return tuple(
            Compared(path, equated, tuple(self._equated[path]) if equated else ())
            for path, equated in self._paths.items()
        )
