"""Following a ledger whose file is replaced: nothing that was written is missed, and nothing is given twice."""

from pathlib import Path

import pytest
from ledger_plays import Place, make_place

from ringfence.ledger import Ledger, Query, Reader
from ringfence.ledger.following import Follower


def append(place: Place, *ids: str) -> None:
    with Ledger(place.file, place.key) as ledger:
        ledger.append([{"id": name, "kind": "crossed", "at": "2031-01-01T00:00:00.000000Z"} for name in ids])


def made(folder: Path) -> Place:
    folder.mkdir()
    return make_place(folder)


def given(follower: Follower) -> list[str]:
    return [str(entry.body["id"]) for entry in follower.batch() if entry.body is not None]


def replace(file: Path, by: Path) -> None:
    for old in file.parent.glob(f"{file.name}*"):
        old.unlink()
    by.rename(file)


@pytest.mark.parametrize("written_since", [(), ("x",), ("x", "y", "z")])
def test_an_older_copy_goes_on_where_it_parts_from_what_was_given(
    tmp_path: Path, written_since: tuple[str, ...]
) -> None:
    place, copy = made(tmp_path / "one"), tmp_path / "copy.db"
    append(place, "a", "b")
    with Reader(place.file) as reader:
        reader.copy_to(copy)
    with Follower(place.file, Query(), at=0) as follower:
        append(place, "c", "d")
        assert given(follower) == ["a", "b", "c", "d"]
        replace(place.file, copy)
        if written_since:
            append(place, *written_since)
        assert given(follower) == list(written_since)
        append(place, "last")
        assert given(follower) == ["last"]


def test_another_ledger_is_given_from_its_beginning(tmp_path: Path) -> None:
    place, other = made(tmp_path / "one"), made(tmp_path / "other")
    append(place, "a", "b")
    append(other, "x", "y", "z")
    with Follower(place.file, Query(), at=0) as follower:
        assert given(follower) == ["a", "b"]
        replace(place.file, other.file)
        assert given(follower) == ["x", "y", "z"]
