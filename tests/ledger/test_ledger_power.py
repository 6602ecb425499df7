"""Power cuts at every step: no receipt was given for an entry that is lost, and the file opens and verifies.

The steps are counted once; then the same sequence is stopped at each of them, and what the disk may then hold (nothing that was
not synced, all of it, or random sectors of it) is opened with the ordinary file layer. The log is copied into the file after
every few pages, so that the cut also falls into the copying and into the log's new beginning.
"""

import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import apsw
import pytest
from ledger_disk import Disk, PowerCut
from ledger_plays import Place, entry, make_place

from ringfence.ledger import Ledger, LedgerUnavailable, Reader, Receipt, verify

BATCHES = (1, 3, 1, 20, 2, 40, 1, 5)


@pytest.fixture(autouse=True)
def small_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.ledger.store.COPY_PAGES", 12)
    for module in ("store", "verifying", "reading"):
        monkeypatch.setattr(f"ringfence.ledger.{module}.SEGMENT", 16)


@pytest.fixture
def disks() -> Iterator[list[Disk]]:
    made: list[Disk] = []
    yield made
    for disk in made:
        disk.unregister()


def new_disk(place: Place, disks: list[Disk]) -> Disk:
    disk = Disk(f"disk-{place.file.parent.name}-{len(disks)}", [place.file])
    disks.append(disk)
    return disk


def write_batches(place: Place, disk: Disk, receipts: dict[int, Receipt], start: int = 0) -> None:
    """Write the sequence, noting each receipt when it comes; end it where the process is stopped."""
    ledger = Ledger(place.file, place.key, disk.name)
    try:
        number = start
        for batch in BATCHES:
            numbers = range(number, number + batch)
            number += batch
            receipts.update(zip(numbers, ledger.append([entry(one) for one in numbers]), strict=True))
            ledger.tidy()
    except (LedgerUnavailable, PowerCut):
        assert disk.is_stopped
    finally:
        ledger.close()


def check(place: Place, folder: Path, receipts: dict[int, Receipt]) -> None:
    """After the power has come back: everything promised is there, the file verifies, and it can be gone on with."""
    file = folder / place.file.name
    with Ledger(file, place.key) as ledger:
        size = ledger.size
        ledger.append([entry(999_999)])
    assert size >= max((receipt.index + 1 for receipt in receipts.values()), default=0)
    report = verify(file, place.key.public)
    assert report.problems == []
    with Reader(file) as reader:
        for number, receipt in receipts.items():
            found = reader.entry(receipt.index)
            assert found is not None
            assert found.body == entry(number)


def steps_of_a_whole_run(folder: Path, disks: list[Disk]) -> int:
    folder.mkdir()
    place = make_place(folder)
    disk = new_disk(place, disks)
    receipts: dict[int, Receipt] = {}
    write_batches(place, disk, receipts)
    assert len(receipts) == sum(BATCHES)
    return disk.steps


def cut_at(folder: Path, step: int, cuts: int, disks: list[Disk]) -> None:
    folder.mkdir()
    place = make_place(folder)
    disk = new_disk(place, disks)
    disk.stop_at(step)
    receipts: dict[int, Receipt] = {}
    write_batches(place, disk, receipts)
    for number in range(cuts):
        rng = random.Random(f"{step}:{number}")
        after = folder / f"after-{number}"
        after.mkdir()
        disk.after_power_cut(after, rng, (0.0, 1.0, 0.5, 0.9, 0.1)[number % 5])
        check(place, after, receipts)
    disk.unregister()
    disks.remove(disk)


def test_the_disk_of_these_tests_does_lose_what_was_not_synced(tmp_path: Path, disks: list[Disk]) -> None:
    place = make_place(tmp_path)
    disk = new_disk(place, disks)
    db = apsw.Connection(str(place.file), vfs=disk.name)
    db.pragma("journal_mode", "WAL")
    db.pragma("synchronous", "OFF")
    db.execute("CREATE TABLE more (x); INSERT INTO more VALUES (1)")
    disk.is_stopped = True
    with suppress(apsw.Error):
        db.close(force=True)
    after = tmp_path / "after"
    after.mkdir()
    disk.after_power_cut(after, random.Random(1), 0.0)
    db = apsw.Connection(str(after / place.file.name))
    assert db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'more'").get == 0
    db.close()


def test_no_power_cut_takes_an_entry_that_has_a_receipt(tmp_path: Path, disks: list[Disk]) -> None:
    steps = steps_of_a_whole_run(tmp_path / "whole", disks)
    assert steps > 150
    for step in range(1, steps + 1, 2):
        cut_at(tmp_path / f"step-{step}", step, 3, disks)


@pytest.mark.soak
def test_no_power_cut_at_any_step_takes_an_entry_that_has_a_receipt(tmp_path: Path, disks: list[Disk]) -> None:
    steps = steps_of_a_whole_run(tmp_path / "whole", disks)
    for step in range(1, steps + 1):
        cut_at(tmp_path / f"step-{step}", step, 20, disks)


def kill_then_cut(folder: Path, step: int, disks: list[Disk]) -> None:
    folder.mkdir()
    place = make_place(folder)
    disk = new_disk(place, disks)
    disk.stop_at(step)
    receipts: dict[int, Receipt] = {}
    write_batches(place, disk, receipts)
    disk.go_on()  # the next process sees what the dead one wrote, synced or not
    ledger = Ledger(place.file, place.key, disk.name)
    for number in range(sum(BATCHES)):  # whoever has no receipt sends again
        if number not in receipts:
            receipts[number] = ledger.append([entry(number)])[0]
    disk.is_stopped = True
    ledger.close()
    after = folder / "after"
    after.mkdir()
    disk.after_power_cut(after, random.Random(step), 0.0)
    check(place, after, receipts)
    disk.unregister()
    disks.remove(disk)


def test_what_a_killed_writer_had_not_synced_is_synced_before_its_repetition_gets_a_receipt(
    tmp_path: Path, disks: list[Disk]
) -> None:
    steps = steps_of_a_whole_run(tmp_path / "whole", disks)
    for step in range(1, steps + 1, 5):
        kill_then_cut(tmp_path / f"step-{step}", step, disks)


@pytest.mark.soak
def test_after_a_kill_at_any_step_the_same_holds(tmp_path: Path, disks: list[Disk]) -> None:
    steps = steps_of_a_whole_run(tmp_path / "whole", disks)
    for step in range(1, steps + 1):
        kill_then_cut(tmp_path / f"step-{step}", step, disks)
