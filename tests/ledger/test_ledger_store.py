"""A ledger's file: how it is made, opened, migrated, and what is refused."""

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import apsw
import pytest
from ledger_plays import Place, entries, entry, fill, make_place

from ringfence.ledger import (
    Fault,
    Ledger,
    LedgerTooNew,
    LedgerUnavailable,
    LedgerUnreadable,
    Query,
    Reader,
    canonical,
    create_ledger,
    make_keys,
    open_checkpoint,
    read_public_key,
    read_signing_key,
    schema,
    verify,
)
from ringfence.ledger.store import SEGMENT
from ringfence.ledger.tree import Frontier, leaf_hash, verify_inclusion
from ringfence.stamps import stamp


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return make_place(tmp_path)


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_every_file_but_the_public_key_is_for_its_owner_only(place: Place) -> None:
    before = os.umask(0)
    try:
        with Ledger(place.file, place.key) as ledger:
            ledger.append(entries(3))
            for file in place.file.parent.iterdir():
                assert mode_of(file) == (0o644 if file == place.public else 0o600), file
    finally:
        os.umask(before)


def test_keys_are_read_back_as_they_were_made(place: Place) -> None:
    assert read_signing_key(place.private).public == place.key.public == read_public_key(place.public)
    with pytest.raises(FileExistsError):
        make_keys(place.private, place.public)


def test_nothing_that_is_there_is_overwritten(place: Place) -> None:
    fill(place, 3)
    with pytest.raises(FileExistsError):
        create_ledger(place.file, place.key)
    with Reader(place.file) as reader:
        assert reader.size == 3


def test_what_a_killed_creation_left_does_not_hinder_the_next(tmp_path: Path) -> None:
    (tmp_path / "ledger.db.new").write_bytes(b"half a file")
    place = make_place(tmp_path)
    fill(place, 3)
    assert verify(place.file, place.key.public).holds


def test_an_entry_has_one_spelling_whatever_it_was_made_of() -> None:
    plain = {"b": [1, 2.5, None, True], "a": {"y": "ü\n", "x": "z"}}
    other = MappingProxyType({"a": MappingProxyType({"x": "z", "y": "ü\n"}), "b": (1, 2.5, None, True)})
    assert canonical(plain) == canonical(other) == '{"a":{"x":"z","y":"ü\\n"},"b":[1,2.5,null,true]}'.encode()


@pytest.mark.parametrize(
    "wrong", [{"a": float("nan")}, {"a": "\ud800"}, {"a": b"x"}, {"a": {1, 2}}, {"a": "x" * 300_000}, {1: 2, "a": 3}]
)
def test_an_entry_that_is_no_json_object_is_refused_without_being_quoted(wrong: dict[str, object]) -> None:
    with pytest.raises(LedgerUnavailable) as caught:
        canonical(wrong)
    assert caught.value.fault is Fault.ENTRY
    assert caught.value.__cause__ is None
    assert "xxx" not in str(caught.value)


def test_entries_are_numbered_and_found_again(place: Place) -> None:
    with Ledger(place.file, place.key) as ledger:
        receipts = [receipt for start in (0, 7, 8) for receipt in ledger.append(entries(7 if start == 0 else 1, start))]
    assert [receipt.index for receipt in receipts] == list(range(9))
    assert [receipt.size for receipt in receipts] == [7] * 7 + [8, 9]
    assert str(receipts[3]) == f"{place.key.name}#3"
    with Reader(place.file) as reader:
        assert [one.body for one in reader.since(0)] == entries(9)
        found = reader.entry(4)
        assert found is not None
        assert found.body == entry(4)
        assert reader.entry(9) is None


def test_the_same_entry_sent_again_is_written_once_also_after_reopening(place: Place) -> None:
    with Ledger(place.file, place.key) as ledger:
        first = ledger.append([entry(1), entry(2), entry(1)])
        assert [receipt.index for receipt in first] == [0, 1, 0]
        assert [receipt.index for receipt in ledger.append([entry(2), entry(3)])] == [1, 2]
    with Ledger(place.file, place.key) as ledger:
        assert [receipt.index for receipt in ledger.append([entry(3), entry(1), entry(4)])] == [2, 0, 3]
    assert verify(place.file, place.key.public).size == 4


def test_entries_without_an_id_are_never_taken_for_one_another(place: Place) -> None:
    with Ledger(place.file, place.key) as ledger:
        assert [receipt.index for receipt in ledger.append([{"kind": "counted"}] * 3)] == [0, 1, 2]


def test_what_is_remembered_of_entries_is_bounded(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.ledger.local.REMEMBERED", 20)
    with Ledger(place.file, place.key) as ledger:
        for start in range(0, 200, 5):
            ledger.append(entries(5, start))
        assert len(ledger._known) + len(ledger._known_before) <= 50
        assert ledger.append([entry(195)])[0].index == 195
        assert ledger.append([entry(0)])[0].index == 200


def test_a_ledger_has_one_writer(place: Place) -> None:
    with Ledger(place.file, place.key):
        with pytest.raises(LedgerUnavailable) as caught:
            Ledger(place.file, place.key)
        assert caught.value.fault is Fault.BUSY
    Ledger(place.file, place.key).close()


def test_a_ledger_over_many_segments_reopens_and_goes_on(place: Place) -> None:
    sizes = (1, SEGMENT - 2, 1, 1, SEGMENT, 3 * SEGMENT + 5)
    with_root: dict[int, bytes] = {}
    at = 0
    for size in sizes:
        with Ledger(place.file, place.key) as ledger:
            ledger.append(entries(size, at))
            at += size
            with Reader(place.file) as reader:
                with_root[at] = open_checkpoint(reader.head, place.key.public).root
    report = verify(place.file, place.key.public)
    assert (report.holds, report.size) == (True, sum(sizes))
    with Reader(place.file) as reader:
        for index in (0, 1, SEGMENT - 1, SEGMENT, 2 * SEGMENT + 3, at - 1):
            found = reader.entry(index)
            assert found is not None
            assert verify_inclusion(leaf_hash(found.commitment), index, at, reader.inclusion(index, at), with_root[at])


def test_opening_hashes_the_leaves_after_the_last_segment_and_no_others(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger(place.file, place.key) as ledger:
        for start in range(0, 20_000, 5000):
            ledger.append_bodies([b'{"id":"%d"}' % number for number in range(start, start + 5000)])
    hashed = 0
    append = Frontier.append

    def counted(frontier: Frontier, leaf: bytes) -> None:
        nonlocal hashed
        hashed += 1
        append(frontier, leaf)

    monkeypatch.setattr(Frontier, "append", counted)
    with Ledger(place.file, place.key) as ledger:
        assert ledger.size == 20_000
    assert hashed == 20_000 % SEGMENT


def older(place: Place) -> None:
    """Make the file one of format 1, as the first migration alone leaves it."""
    db = apsw.Connection(str(place.file))
    db.execute("DROP INDEX entries_by_crossing; DROP INDEX entries_by_time; DELETE FROM migrations WHERE version > 1")
    db.close()


def test_an_older_format_is_brought_up_to_date_and_keeps_its_entries(place: Place) -> None:
    fill(place, 30)
    older(place)
    with Reader(place.file) as reader:
        assert [one.body for one in reader.find(Query(crossing="c000004"), 9)] == [entry(8), entry(9)]
    with Ledger(place.file, place.key) as ledger:
        assert ledger.append([entry(30)])[0].index == 30
    db = apsw.Connection(str(place.file))
    assert db.execute("SELECT version FROM migrations").fetchall() == [(step.version,) for step in schema.MIGRATIONS]
    assert "entries_by_crossing" in str(
        db.execute("EXPLAIN QUERY PLAN SELECT * FROM entries WHERE crossing = 'x'").fetchall()
    )
    db.close()
    assert verify(place.file, place.key.public).holds


def test_a_migration_that_fails_leaves_the_older_format(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(place, 3)
    broken = schema.Migration(
        3, "one that fails in its middle", "CREATE TABLE more (x); INSERT INTO nowhere VALUES (1)"
    )
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    with Ledger(place.file, place.key) as ledger, pytest.raises(LedgerUnavailable):
        ledger.append([entry(4)])
    monkeypatch.undo()
    with Ledger(place.file, place.key) as ledger:
        ledger.append([entry(4)])
    assert verify(place.file, place.key.public).holds


def test_a_newer_format_is_refused_and_not_changed(place: Place) -> None:
    fill(place, 3)
    db = apsw.Connection(str(place.file))
    db.pragma("journal_mode", "DELETE")
    db.execute("INSERT INTO migrations VALUES (?, 'from the future')", (schema.FORMAT + 1,))
    db.close()
    before = place.file.read_bytes()
    for opening in (lambda: Reader(place.file), lambda: verify(place.file, place.key.public)):
        with pytest.raises(LedgerTooNew, match=f"format {schema.FORMAT + 1}.*\n  update ringfence"):
            opening()
    with Ledger(place.file, place.key) as ledger, pytest.raises(LedgerTooNew):
        ledger.append([entry(4)])
    db = apsw.Connection(f"file:{place.file}?mode=ro", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    assert db.execute("SELECT count(*) FROM entries").get == 3
    db.close()
    assert len(place.file.read_bytes()) == len(before)


@pytest.mark.parametrize("content", [b"", b"no SQLite at all" * 100, None])
def test_what_is_no_ledger_is_said_in_two_lines(tmp_path: Path, place: Place, content: bytes | None) -> None:
    file = tmp_path / "other.db"
    if content is None:
        db = apsw.Connection(str(file))
        db.execute("CREATE TABLE entries (x)")
        db.close()
    else:
        file.write_bytes(content)
    with pytest.raises(LedgerUnreadable) as caught:
        verify(file, place.key.public)
    assert str(caught.value).count("\n") == 1


def damage(place: Place, statement: str) -> None:
    db = apsw.Connection(str(place.file))
    db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET commitment = randomblob(32) WHERE number = 1029",
        "DELETE FROM entries WHERE number = 1029",
        "DELETE FROM entries WHERE number > 1025",
        "UPDATE segments SET root = randomblob(32)",
        "UPDATE head SET note = replace(note, '1', '2')",
        "DELETE FROM head",
        "CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM entries WHERE number = NEW.number - 1; END",
    ],
)
def test_nothing_is_appended_to_a_ledger_that_does_not_fit_its_head(place: Place, statement: str) -> None:
    fill(place, 1030, 515)
    damage(place, statement)
    with Ledger(place.file, place.key) as ledger:
        for _ in range(2):
            with pytest.raises(LedgerUnavailable) as caught:
                ledger.append([entry(2000)])
            assert caught.value.fault is Fault.DAMAGED


def test_a_ledger_that_was_moved_away_gets_no_receipts(place: Place) -> None:
    with Ledger(place.file, place.key) as ledger:
        ledger.append([entry(1)])
        place.file.rename(place.file.with_name("moved.db"))
        with pytest.raises(LedgerUnavailable):
            ledger.append([entry(2)])


def test_expired_bodies_are_gone_from_the_files_bytes_and_the_ledger_verifies(place: Place) -> None:
    marked = [entry(number, note=f"gone-{number:04d}-gone") for number in range(3000)]
    with Ledger(place.file, place.key) as ledger:
        ledger.append(marked)
        receipt = ledger.expire("2031-01-02T00:00:00.000000Z", 2500, stamp(datetime(2031, 3, 1, tzinfo=UTC)))
        at = 0
        while at < 2500:
            at = ledger.drop_some(at, 2500)
        everything = b"".join(file.read_bytes() for file in place.file.parent.glob("ledger.db*"))
        assert b"gone-2499-gone" not in everything
        assert b"gone-0000-gone" not in everything
        assert b"gone-2500-gone" in everything
        assert receipt.index == 3000
        ledger.append([entry(3001)])
    report = verify(place.file, place.key.public)
    assert (report.holds, report.size, report.dropped) == (True, 3002, 2500)
    with Reader(place.file) as reader:
        assert reader.find(Query(crossing="c000001"), 10) == []
        first = reader.entry(0)
        assert first is not None
        assert first.body is None
        said = reader.entry(3000)
        assert said is not None
        assert said.body == {
            "kind": "expired",
            "at": "2031-03-01T00:00:00.000000Z",
            "before": "2031-01-02T00:00:00.000000Z",
            "through": 2500,
        }
    with Ledger(place.file, place.key) as ledger:
        assert ledger.size == 3002


def test_what_expires_ends_before_the_first_entry_that_is_young_enough(place: Place) -> None:
    fill(place, 100)
    with Reader(place.file) as reader:
        assert reader.first_kept("2031-01-01T00:30:00.000000Z") == 30
        assert reader.first_kept("2030") == 0
        assert reader.first_kept("2032") == 100


def test_queries_narrow_by_every_condition_and_give_the_newest(place: Place) -> None:
    fill(place, 120)
    everything = entries(120)
    with Reader(place.file) as reader:

        def numbers(most: int = 1000, **conditions: str) -> list[int]:
            return [one.index for one in reader.find(Query(**conditions), most)]

        assert numbers(flow="flow-1") == [at for at in range(120) if at % 4 == 1]
        assert numbers(kind="refused", flow="flow-1") == [at for at in range(120) if at % 4 == 1 and at % 3 == 2]
        assert numbers(principal="nobody") == []
        assert numbers(category="user.contact") == numbers(category="user.contact.email") == list(range(0, 120, 2))
        assert numbers(category="user") == list(range(120))
        assert numbers(category="user.contact.ema") == numbers(category="*") == []
        since = str(everything[50]["at"])
        until = str(everything[60]["at"])
        assert numbers(since=since, until=until) == list(range(50, 60))
        assert numbers(3) == [117, 118, 119]
        assert numbers(crossing="c000010") == [20, 21]


def test_a_backup_is_one_file_that_verifies_while_the_ledger_is_in_use(place: Place, tmp_path: Path) -> None:
    copy = tmp_path / "copies" / "copy.db"
    copy.parent.mkdir()
    with Ledger(place.file, place.key) as ledger:
        ledger.append(entries(200))
        with Reader(place.file) as reader:
            reader.copy_to(copy)
            head = reader.head
        ledger.append(entries(10, 200))
        with Reader(place.file) as reader, pytest.raises(FileExistsError):
            reader.copy_to(copy)
    assert verify(copy, place.key.public, head).holds
    assert [file.name for file in copy.parent.iterdir()] == ["copy.db"]
    assert mode_of(copy) == 0o600
    with Ledger(copy, place.key) as ledger:  # and can be gone on with
        assert ledger.append([entry(999)])[0].index == 200


def test_a_copy_in_a_folder_that_cannot_be_written_verifies(place: Place, tmp_path: Path) -> None:
    fill(place, 20)
    folder = tmp_path / "read-only"
    folder.mkdir()
    (folder / "ledger.db").write_bytes(place.file.read_bytes())
    folder.chmod(0o500)
    try:
        assert verify(folder / "ledger.db", place.key.public).holds
    finally:
        folder.chmod(0o700)


def test_reading_does_not_change_a_ledger(place: Place) -> None:
    fill(place, 20)
    before = place.file.read_bytes()
    with Reader(place.file) as reader:
        assert len(list(reader.since(0))) == 20
        with pytest.raises(apsw.ReadOnlyError):
            reader._db.execute("DELETE FROM entries")
    assert verify(place.file, place.key.public).holds
    assert place.file.read_bytes() == before


def test_the_commitment_is_what_the_documentation_says(place: Place) -> None:
    from hashlib import sha256

    fill(place, 2)
    db = apsw.Connection(str(place.file))
    for body, salt, committed in db.execute("SELECT body, salt, commitment FROM entries"):
        assert committed == sha256(salt + body.encode()).digest()
        assert len(salt) == 16
        assert body == json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    db.close()


def test_a_client_needs_neither_cryptography_nor_the_store() -> None:
    import subprocess
    import sys

    code = "import sys, ringfence.ledger.client; print([m for m in ('cryptography', 'ringfence.ledger.store') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
