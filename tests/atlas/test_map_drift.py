"""Drift is what would newly show personal data, what came and what went; not what holds less today."""

import pytest

from ringfence.atlas import Accepted, AssetMap, How, Mapped, MappedTable, drift

ACCEPTED = Accepted(
    "core",
    "postgres",
    {
        "t.a": "none",
        "t.b": "user.contact.email",
        "t.c": "scan",
        "t.d": "unknown",
        "t.doc": "scan",
        "t.doc.x": "none",
        "t.r": "none",
    },
    ("t.r",),
)


def found(**judgements: str | None) -> AssetMap:
    """Give what is found now: as accepted, but for what is named; None: it is not there."""
    now: dict[str, str | None] = {path.removeprefix("t."): one for path, one in ACCEPTED.fields.items()}
    now |= {name.replace("__", "."): one for name, one in judgements.items()}
    fields = tuple(
        Mapped(f"t.{name}", "text", one, 0.9, inner="." in name) for name, one in now.items() if one is not None
    )
    return AssetMap("db", "core", "postgres", (MappedTable("t", "table", fields),))


def drifted(**judgements: str | None) -> list[tuple[str, str]]:
    return [(one.how.value, one.path) for one in drift(found(**judgements), ACCEPTED)]


def test_what_is_as_it_was_is_no_drift() -> None:
    assert drifted() == []


@pytest.mark.parametrize(
    ("judgements", "expected"),
    [
        ({"new": "none"}, [("new", "t.new")]),
        ({"new": "user.name"}, [("new", "t.new")]),
        ({"b": None}, [("gone", "t.b")]),
        ({"a": "user.name"}, [("changed", "t.a")]),
        ({"a": "scan"}, [("changed", "t.a")]),
        ({"c": "user.name"}, [("changed", "t.c")]),
        ({"b": "user.name"}, [("changed", "t.b")]),
        ({"doc__y": "user.name"}, [("new", "t.doc.y")]),
        ({"doc": None, "doc__x": None}, [("gone", "t.doc"), ("gone", "t.doc.x")]),
    ],
)
def test_what_drifts(judgements: dict[str, str | None], expected: list[tuple[str, str]]) -> None:
    assert drifted(**judgements) == expected


@pytest.mark.parametrize(
    "judgements",
    [
        {"b": "none"},  # an empty table today
        {"b": "unknown"},
        {"a": "unknown"},
        {"d": "user.name"},  # it was denied, and still is
        {"doc__x": None},  # parts of documents come and go
        {"doc__y": "none"},
        {"r": "user.name"},  # a person judged it
        {"b": "user.contact"},
    ],
)
def test_what_does_not(judgements: dict[str, str | None]) -> None:
    assert drifted(**judgements) == []


def test_a_type_that_changed_is_drift_where_the_types_are_known() -> None:
    now = found()
    types = {one.path: one.type for one in now.fields}
    assert drift(now, ACCEPTED, types) == []
    [one] = drift(now, ACCEPTED, {**types, "t.r": "bigint"})
    assert (one.how, one.path, one.why) == (How.CHANGED, "t.r", "its type was bigint, and is text")
