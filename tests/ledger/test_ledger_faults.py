"""A disk that is full, read-only, failing or hanging, at every step of an append: refused in time, and going on by itself."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import apsw
import pytest
from ledger_disk import Disk
from ledger_plays import Place, entry, make_place, running_writer

from ringfence.ledger import Fault, Ledger, LedgerClient, LedgerUnavailable, Reader, Receipt, verify

SECOND = 1.0
NUMBERS = 30  # entries of a run, five at a time

FAULTS: dict[str, tuple[type[apsw.Error], Fault]] = {
    "full": (apsw.FullError, Fault.FULL),
    "read-only": (apsw.ReadOnlyError, Fault.READ_ONLY),
    "failing": (apsw.IOError, Fault.IO),
}


@pytest.fixture(autouse=True)
def small_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.ledger.store.COPY_PAGES", 12)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Place, Disk]]:
    place = make_place(tmp_path)
    layer = Disk(f"faults-{tmp_path.name}", [place.file])
    yield place, layer
    layer.unregister()


def fault_from(step: int, error: type[apsw.Error]) -> Callable[[int, str], None]:
    def before(now: int, _kind: str) -> None:
        if now >= step:
            raise error

    return before


def run_with_fault(
    place: Place, layer: Disk, step: int, error: type[apsw.Error]
) -> tuple[dict[int, Receipt], list[Fault]]:
    """Append with a disk that fails from a step on; when an append is refused mend the disk and send it again."""
    receipts: dict[int, Receipt] = {}
    refused: list[Fault] = []
    layer.steps = 0
    layer.before = fault_from(step, error)
    with Ledger(place.file, place.key, layer.name) as ledger:
        for start in range(0, NUMBERS, 5):
            numbers = range(start, start + 5)
            while True:
                begin = perf_counter()
                try:
                    done = ledger.append([entry(number) for number in numbers])
                except LedgerUnavailable as caught:
                    assert perf_counter() - begin < SECOND
                    refused.append(caught.fault)
                    layer.before = lambda _step, _kind: None
                    continue
                break
            receipts.update(zip(numbers, done, strict=True))
            ledger.tidy()
    return receipts, refused


@pytest.mark.parametrize("kind", FAULTS)
def test_a_disk_that_fails_at_any_step_refuses_and_then_goes_on(tmp_path: Path, kind: str) -> None:
    error, fault = FAULTS[kind]
    named: list[Fault] = []
    for step in range(1, 80, 2):
        folder = tmp_path / str(step)
        folder.mkdir()
        place = make_place(folder)
        layer = Disk(f"{kind}-{step}", [place.file])
        receipts, refused = run_with_fault(place, layer, step, error)
        layer.unregister()
        assert len(refused) == 1, step
        named += refused
        assert sorted(receipts) == list(range(NUMBERS))
        report = verify(place.file, place.key.public)
        assert (report.problems, report.size) == ([], NUMBERS)  # nothing twice, nothing missing
        with Reader(place.file) as reader:
            for number, receipt in receipts.items():
                found = reader.entry(receipt.index)
                assert found is not None
                assert found.body == entry(number)
    # At the first opening SQLite names a failing log its own way; everywhere else the disk's word is passed on.
    assert named.count(fault) >= len(named) * 0.9
    assert set(named) <= {fault, Fault.IO}


def test_a_disk_that_stays_full_refuses_every_time_and_its_frontier_stays_the_durable_one(
    disk: tuple[Place, Disk],
) -> None:
    place, layer = disk
    with Ledger(place.file, place.key, layer.name) as ledger:
        ledger.append([entry(1)])
        layer.before = fault_from(0, apsw.FullError)
        for _ in range(20):
            with pytest.raises(LedgerUnavailable) as caught:
                ledger.append([entry(2), entry(3)])
            assert caught.value.fault is Fault.FULL
            assert "free space" in str(caught.value)
        layer.go_on()
        assert [receipt.index for receipt in ledger.append([entry(2), entry(3)])] == [1, 2]
    assert verify(place.file, place.key.public).holds


def test_a_failed_sync_is_not_answered_by_a_later_sync_alone(disk: tuple[Place, Disk]) -> None:
    """After a failed fsync what was written must be written again: the kernel may have dropped it and called it clean."""
    place, layer = disk
    with Ledger(place.file, place.key, layer.name) as ledger:
        ledger.append([entry(1)])

        def failing_sync(_step: int, kind: str) -> None:
            if kind == "sync":
                raise apsw.IOError

        layer.before = failing_sync
        with pytest.raises(LedgerUnavailable):
            ledger.append([entry(2)])
        kinds: list[str] = []
        layer.before = lambda _step, kind: kinds.append(kind)
        ledger.append([entry(2)])
        assert kinds.count("sync") >= 3  # of the log, of the file that the log was copied into, and of the new commit
        assert ledger._must_copy is False
    assert verify(place.file, place.key.public).size == 2


def test_after_a_failed_write_a_reader_that_holds_up_the_copying_delays_the_next_receipt(
    disk: tuple[Place, Disk],
) -> None:
    place, layer = disk
    with Ledger(place.file, place.key, layer.name) as ledger:
        ledger.append([entry(1)])
        reader = apsw.Connection(str(place.file))
        reader.execute("BEGIN; SELECT count(*) FROM entries")
        ledger.append([entry(2)])
        layer.before = fault_from(0, apsw.IOError)
        with pytest.raises(LedgerUnavailable):
            ledger.append([entry(3)])
        layer.go_on()
        with pytest.raises(LedgerUnavailable) as caught:
            ledger.append([entry(3)])
        assert caught.value.fault is Fault.BUSY
        reader.execute("COMMIT")
        reader.close()
        assert ledger.append([entry(3)])[0].index == 2
    assert verify(place.file, place.key.public).holds


def test_through_the_writer_a_fault_is_answered_to_everybody_and_ends_by_itself(disk: tuple[Place, Disk]) -> None:
    place, layer = disk

    async def play() -> None:
        async with LedgerClient(place.file, place.private) as one, LedgerClient(place.file, place.private) as two:
            await one.append([entry(1)])
            layer.before = fault_from(0, apsw.FullError)
            begin = perf_counter()
            said = await asyncio.gather(one.append([entry(2)]), two.append([entry(3)]), return_exceptions=True)
            assert perf_counter() - begin < SECOND
            assert [getattr(error, "fault", None) for error in said] == [Fault.FULL, Fault.FULL]
            layer.go_on()
            receipts = await asyncio.gather(one.append([entry(2)]), two.append([entry(3)]))
            assert {receipt[0].index for receipt in receipts} == {1, 2}

    with running_writer(place, layer.name):
        asyncio.run(play())
    assert verify(place.file, place.key.public).size == 3


def test_a_disk_that_hangs_at_any_step_is_refused_in_time_and_the_entry_is_not_doubled(
    disk: tuple[Place, Disk],
) -> None:
    place, layer = disk
    deadline = 0.15

    async def append_until_done(ledger: LedgerClient, number: int, on_timeout: Callable[[], None]) -> int:
        begin = perf_counter()
        said = (await asyncio.gather(ledger.append([entry(number)]), return_exceptions=True))[0]
        assert perf_counter() - begin < SECOND
        if not isinstance(said, BaseException):
            return said[0].index
        assert isinstance(said, LedgerUnavailable)
        assert said.fault is Fault.TIMEOUT
        on_timeout()
        patient = LedgerClient(place.file, place.private, deadline=20)
        async with patient:
            return (await patient.append([entry(number)]))[0].index

    async def play() -> int:
        hung = 0
        async with LedgerClient(place.file, place.private, deadline=deadline) as ledger:
            await append_until_done(ledger, 0, lambda: None)
            for number in range(1, 25):
                release = threading.Event()
                at = layer.steps + number

                def before(step: int, _kind: str, at: int = at, release: threading.Event = release) -> None:
                    if step == at:
                        assert release.wait(30)

                def go_on(release: threading.Event = release) -> None:
                    nonlocal hung
                    hung += 1
                    release.set()

                layer.before = before
                assert await append_until_done(ledger, number, go_on) == number
                release.set()
        return hung

    with running_writer(place, layer.name):
        hung = asyncio.run(play())
    assert hung >= 8
    assert verify(place.file, place.key.public).size == 25
