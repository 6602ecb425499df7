"""What survives the sender: all or nothing, bounded, its owner's alone."""

import os
from pathlib import Path

import apsw
import pytest

from ringfence.alert import Message, Spool
from ringfence.alert.spool import Kept, LeftOut, Told, Waiting
from ringfence.serve.faults import ServeFault


def message(name: str) -> Message:
    return Message(name, "refused", "2031-01-01T10:00:00.000000Z", "", '{"id": "x"}')


def told(*names: str, to: tuple[str, ...] = ("ops",)) -> list[Told]:
    return [Told({"kind": "alert", "id": name}, message(name), to) for name in names]


def next_id(spool: Spool, receiver: str = "ops") -> str | None:
    found = spool.next_for(receiver, 1.0)
    return found.message.id if found is not None else None


def record_all(spool: Spool) -> None:
    spool.recorded([number for number, _ in spool.unrecorded()])


def test_nothing_is_delivered_before_the_ledger_has_it(tmp_path: Path) -> None:
    with Spool(tmp_path / "alerts.db") as spool:
        spool.keep(Kept(5), told("a", "b"))
        assert next_id(spool) is None
        (first, entry), (second, _) = spool.unrecorded()
        assert entry == b'{"id":"a","kind":"alert"}'
        spool.recorded([first])
        assert next_id(spool) == "a"
        spool.recorded([second])
        spool.delivered("ops", first)
        assert next_id(spool) == "b"


def test_each_receiver_has_its_own_place(tmp_path: Path) -> None:
    with Spool(tmp_path / "alerts.db") as spool:
        spool.keep(Kept(1), told("a", "b", to=("ops", "chat")))
        record_all(spool)
        found = spool.next_for("ops", 1.0)
        assert found is not None
        spool.put_off("ops", found.number, 50.0)
        assert (next_id(spool), next_id(spool, "chat")) == ("b", "a")
        assert spool.next_for("ops", 60.0) == Waiting(found.number, message("a"), 1)
        assert spool.waiting() == {"ops": 2, "chat": 2}


def test_what_was_kept_is_there_after_a_crash(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "alerts.db")
    spool.keep(Kept(7, [("rule", "{}"), ("gone", None)], [(("ada", "user.name"), [1, 2, 0])]), told("a"))
    copy = tmp_path / "copy.db"
    for suffix in ("", "-wal"):  # as a kill leaves them: nothing was closed
        copy.with_name(f"copy.db{suffix}").write_bytes((tmp_path / f"alerts.db{suffix}").read_bytes())
    with Spool(copy) as again:
        assert (again.position, again.counts()) == (7, {"rule": "{}"})
        assert dict(again.volumes()) == {("ada", "user.name"): [1, 2, 0]}
        assert len(again.unrecorded()) == 1
    spool.close()


def test_a_fault_in_the_middle_keeps_nothing(tmp_path: Path) -> None:
    with Spool(tmp_path / "alerts.db") as spool:
        spool.keep(Kept(1))
        with pytest.raises(apsw.ConstraintError):
            spool.keep(Kept(9), told("a", to=("ops", "ops")))
        assert spool.position == 1
        assert spool.unrecorded() == []


def test_it_is_bounded_and_the_oldest_are_summed_up(tmp_path: Path) -> None:
    with Spool(tmp_path / "alerts.db", most=3) as spool:
        for name in "abcdefg":
            spool.keep(Kept(1), told(name))
        record_all(spool)
        assert spool.waiting() == {"ops": 3}
        assert next_id(spool) == "e"
        left: list[LeftOut] = []

        def make(found: LeftOut) -> Message:
            left.append(found)
            return message("summary")

        assert spool.take_left_out("ops", make)
        assert left == [LeftOut(4, "a", "d")]
        assert not spool.take_left_out("ops", make)
        assert spool.waiting() == {"ops": 4}


def test_ten_thousand_alerts_that_wait_take_little_room(tmp_path: Path) -> None:
    body = '{"filler": "' + "x" * 700 + '"}'
    with Spool(tmp_path / "alerts.db", most=1_000) as spool:
        for start in range(0, 10_000, 500):
            many = [
                Told({"id": f"{number}"}, Message(f"{number}", "refused", "at", "", body), ("ops",))
                for number in range(start, start + 500)
            ]
            spool.keep(Kept(start), many)
            record_all(spool)
        assert spool.waiting() == {"ops": 1_000}
        size = sum(file.stat().st_size for file in tmp_path.iterdir())
    assert size < 12_000_000


def test_the_file_is_its_owners_and_has_one_sender(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Spool(tmp_path / "alerts.db") as spool:
            spool.keep(Kept(1))
            modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
            with pytest.raises(ServeFault, match="sent from here already"):
                Spool(tmp_path / "alerts.db")
    finally:
        os.umask(before)
    assert set(modes.values()) == {0o600}, modes
    Spool(tmp_path / "alerts.db").close()


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be looked at as one" * 20])
def test_what_is_no_spool_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "alerts.db"
    file.write_bytes(content)
    with pytest.raises(ServeFault, match="move it away"):
        Spool(file)
    assert file.read_bytes() == content


def test_receivers_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    with Spool(tmp_path / "alerts.db") as spool:
        spool.keep(Kept(1), told("a", "b", to=("ops", "chat")))
        record_all(spool)
        assert spool.keep_only(["chat"]) == 2
        assert spool.waiting() == {"chat": 2}
        assert next_id(spool, "chat") == "a"
