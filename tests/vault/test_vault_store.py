"""The store of stand-ins: the same for the same, nothing for strangers, nothing clear on the disk, nothing past its time."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest

from ringfence.crossing import Issued
from ringfence.policy.model import FormKind
from ringfence.transform import Ask, KeyHandle, Keyring, MissingKey, ValueType
from ringfence.vault import StandIns, UnsafeKeyFile, Vault, VaultFault

MAIL, PHONE = "user.contact.email", "user.contact.phone_number"
ADA, BOB = "ada@posta-nova.net", "bob@posta-nova.net"
KEYS = Keyring([KeyHandle("k", 1, bytes(range(32)))])
SCOPE = "zone:models"
DAY = 86_400.0


def ask(value: str, category: str = MAIL, *, keep: float = DAY, scope: str = SCOPE, key: str = "k") -> Ask:
    return Ask(key, scope, category, ValueType.STRING, value, FormKind.PLACEHOLDER, keep)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StandIns]:
    made = StandIns(tmp_path / "s.db")
    yield made
    made.close()


def given(
    store: StandIns, *asks: Ask, of: str = "one", at: float = 0.0, keys: Keyring = KEYS
) -> tuple[str | None, ...]:
    return store.resolve(keys, asks, of, (), at).answers


def recalled(
    store: StandIns, of: str = "one", at: float = 0.0, keys: Keyring = KEYS, scope: str = SCOPE
) -> set[Issued]:
    return set(store.resolve(keys, (), of, (("k", scope),), at).recalled)


def test_a_value_keeps_its_stand_in_within_a_conversation(store: StandIns) -> None:
    assert given(store, ask(ADA), ask(BOB), ask("+33 1", PHONE)) == ("[EMAIL_1]", "[EMAIL_2]", "[PHONE_NUMBER_1]")
    assert given(store, ask("eve@posta-nova.net"), ask(BOB), ask(ADA)) == ("[EMAIL_3]", "[EMAIL_2]", "[EMAIL_1]")


def test_a_conversation_gives_back_what_it_was_given_and_nothing_of_another(store: StandIns) -> None:
    given(store, ask(ADA), of="one")
    given(store, ask(BOB), of="two")
    assert recalled(store, "one") == {Issued("[EMAIL_1]", MAIL, ADA)}
    assert recalled(store, "two") == {Issued("[EMAIL_1]", MAIL, BOB)}
    assert recalled(store, "three") == recalled(store, "one", scope="zone:other") == set()


def test_another_key_finds_nothing(store: StandIns) -> None:
    given(store, ask(ADA))
    assert recalled(store, keys=Keyring([KeyHandle("k", 1, bytes(32))])) == set()
    with pytest.raises(MissingKey):
        given(store, ask(ADA), keys=Keyring())


def test_a_key_that_is_rotated_changes_no_conversation_that_goes_on(store: StandIns) -> None:
    given(store, ask(ADA))
    both = Keyring([KeyHandle("k", 1, bytes(range(32))), KeyHandle("k", 2, bytes(32))])
    assert given(store, ask(BOB), ask(ADA), keys=both) == ("[EMAIL_2]", "[EMAIL_1]")
    assert {each.clear for each in recalled(store, keys=both)} == {ADA, BOB}
    assert {each.clear for each in recalled(store)} == {
        ADA
    }  # who has not the second version cannot open what it sealed


def test_what_has_expired_is_gone_and_its_number_is_not_given_again(store: StandIns) -> None:
    given(store, ask(ADA, keep=60), ask(BOB, keep=600))
    assert recalled(store, at=59.0) == {Issued("[EMAIL_1]", MAIL, ADA), Issued("[EMAIL_2]", MAIL, BOB)}
    assert recalled(store, at=60.0) == {Issued("[EMAIL_2]", MAIL, BOB)}
    assert store.sweep(61.0) == 1
    assert given(store, ask("eve@posta-nova.net"), ask(ADA), at=62.0) == ("[EMAIL_3]", "[EMAIL_4]")


def test_a_value_that_is_sent_again_is_kept_from_then_on(store: StandIns) -> None:
    given(store, ask(ADA, keep=60))
    given(store, ask(ADA, keep=60), at=50.0)
    assert recalled(store, at=100.0)


def test_numbers_are_forgotten_long_after_the_last_of_a_conversation(store: StandIns) -> None:
    given(store, ask(ADA))
    store.sweep(29 * DAY)
    assert given(store, ask(BOB), at=29 * DAY) == ("[EMAIL_2]",)
    store.sweep(60 * DAY)
    assert given(store, ask(BOB), at=60 * DAY) == ("[EMAIL_1]",)


def test_the_files_hold_no_value_no_name_of_a_conversation_and_nothing_that_joins_two(tmp_path: Path) -> None:
    store = StandIns(tmp_path / "s.db")
    for of in ("conversation-of-ada", "conversation-of-bob"):
        given(store, ask(ADA), of=of)
    octets = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert ADA.encode() not in octets
    assert b"conversation-of" not in octets
    rows = store._db.execute("SELECT conversation, value, sealed FROM stand_ins").fetchall()
    assert len(rows) == 2
    assert not set(rows[0]) & set(rows[1])
    store.close()


def test_what_was_swept_is_overwritten(tmp_path: Path) -> None:
    store = StandIns(tmp_path / "s.db")
    given(store, ask(ADA, keep=1))
    sealed = store._db.execute("SELECT sealed FROM stand_ins").get
    assert isinstance(sealed, bytes)
    assert any(sealed in path.read_bytes() for path in tmp_path.iterdir())
    store.sweep(2.0)
    assert not any(sealed in path.read_bytes() for path in tmp_path.iterdir())
    store.close()


def test_a_file_that_others_may_read_or_that_is_something_else_is_refused(tmp_path: Path) -> None:
    open_to_all = tmp_path / "open.db"
    open_to_all.touch(0o644)
    open_to_all.chmod(0o644)
    with pytest.raises(UnsafeKeyFile):
        StandIns(open_to_all)
    other = tmp_path / "other.db"
    apsw.Connection(str(other)).execute("CREATE TABLE t (a)")
    other.chmod(0o600)
    with pytest.raises(VaultFault):
        StandIns(other)
    (tmp_path / "link.db").symlink_to(other)
    with pytest.raises(OSError, match="link"):
        StandIns(tmp_path / "link.db")


def test_a_full_store_gives_no_new_stand_in_and_keeps_the_old_ones(tmp_path: Path) -> None:
    store = StandIns(tmp_path / "s.db", most_bytes=20 * 4096)
    assert given(store, ask(ADA)) == ("[EMAIL_1]",)
    with pytest.raises(apsw.FullError):
        given(store, *(ask(f"{'x' * 1000}{number}@posta-nova.net") for number in range(200)))
    assert given(store, ask(ADA)) == ("[EMAIL_1]",)
    assert len(recalled(store)) == 1
    store.close()


_WORK = """
import sys
sys.path[:0] = sys.argv[3:]
from test_vault_store import ask, given
from pathlib import Path
from ringfence.vault import StandIns
store = StandIns(Path(sys.argv[1]))
for number in range(100_000):
    value = f"{sys.argv[2]}{number}@posta-nova.net"
    [answer] = given(store, ask(value))
    print(value, answer, flush=True)
"""


def test_several_processes_that_are_killed_give_no_stand_in_twice_and_forget_none(tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    told: dict[str, str] = {}
    for turn in range(3):
        command = [sys.executable, "-c", _WORK, str(file)]
        running = [
            subprocess.Popen([*command, f"{name}{turn}", str(Path(__file__).parent)], stdout=subprocess.PIPE, text=True)
            for name in ("a", "b")
        ]
        for one in running:
            assert one.stdout is not None
            for _ in range(20 + 7 * turn):
                value, answer = one.stdout.readline().split()
                told[value] = answer
        for one in running:
            os.kill(one.pid, signal.SIGKILL)
        for one in running:
            for line in one.communicate()[0].splitlines():
                if len(line.split()) == 2 and line.endswith("]"):
                    told[line.split()[0]] = line.split()[1]
    assert len(set(told.values())) == len(told)
    store = StandIns(file)
    kept = {each.clear: each.stand_in for each in recalled(store)}
    assert {value: kept.get(value) for value in told} == told
    assert len(set(kept.values())) == len(kept)
    store.close()


def test_a_vault_that_does_not_answer_in_time_is_silent(tmp_path: Path) -> None:
    told: list[str] = []
    vault = Vault(tmp_path / "s.db", KEYS, told.append, seconds=0.05)
    now = datetime(2026, 3, 1, tzinfo=UTC)

    async def run() -> None:
        hold = threading.Event()
        vault._thread.submit(hold.wait)  # the disk hangs
        assert await vault.resolve((ask(ADA),), "one", (), now) is None
        hold.set()
        found = await vault.resolve((ask(ADA),), "one", (), now)
        while found is None:
            found = await vault.resolve((ask(ADA),), "one", (), now)
        assert found.answers == ("[EMAIL_1]",)
        await vault.close()

    asyncio.run(run())
    assert len(told) >= 1
    assert ADA not in told[0]


def test_a_vault_sweeps_once_a_minute_also_what_others_left(tmp_path: Path) -> None:
    began = datetime(2026, 3, 1, tzinfo=UTC)
    store = StandIns(tmp_path / "s.db")

    def rows() -> object:
        return store._db.execute("SELECT count(*) FROM stand_ins").get

    async def run() -> None:
        vault = Vault(tmp_path / "s.db", KEYS)
        given(store, ask(ADA, keep=10), at=began.timestamp())
        await vault.sweep(began)
        assert rows() == 1
        await vault.sweep(began + timedelta(seconds=30))
        assert rows() == 1
        await vault.sweep(began + timedelta(seconds=61))
        assert rows() == 0
        await vault.close()
        none = Vault(tmp_path / "none.db", KEYS)
        await none.sweep(began)
        await none.close()
        assert not (tmp_path / "none.db").exists()

    asyncio.run(run())
    store.close()


def test_a_vault_without_its_key_or_with_a_damaged_file_is_silent(tmp_path: Path) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)

    async def run() -> None:
        keyless = Vault(tmp_path / "s.db", Keyring())
        assert await keyless.resolve((ask(ADA),), "one", (), now) is None
        await keyless.close()
        (tmp_path / "broken.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
        (tmp_path / "broken.db").chmod(0o600)
        broken = Vault(tmp_path / "broken.db", KEYS)
        assert await broken.resolve((ask(ADA),), "one", (), now) is None
        await broken.close()

    asyncio.run(run())


@pytest.mark.parametrize("gone", [("",), ("", "-wal", "-shm")])
def test_a_store_that_is_taken_away_gives_no_number_to_two_values(tmp_path: Path, gone: tuple[str, ...]) -> None:
    """Two workers, whose store is deleted while they run, and one that comes later: they agree, or are silent."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    workers = [Vault(tmp_path / "s.db", KEYS) for _ in range(3)]

    async def number(worker: Vault, value: str) -> str | None:
        found = await worker.resolve((ask(value),), "one", (), now)
        return found.answers[0] if found is not None else None

    async def run() -> None:
        assert [await number(worker, ADA) for worker in workers[:2]] == ["[EMAIL_1]"] * 2
        for suffix in gone:
            (tmp_path / f"s.db{suffix}").unlink()
        given = [await number(worker, f"{each}@posta-nova.net") for each in range(4) for worker in workers]
        known = [each for each in given if each is not None]
        assert all(given[at : at + 3] == [given[at]] * 3 for at in range(0, len(given), 3))
        assert len(set(known)) * 3 == len(known)
        assert len(gone) == 1 or len(known) == len(given)
        for worker in workers:
            await worker.close()

    asyncio.run(run())
