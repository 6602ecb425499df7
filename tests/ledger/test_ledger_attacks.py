"""Random attacks on a ledger's file: all are found.

An attack counts only if it changes content: what entries, segments, head, origin and format say, or what a lookup by crossing
or time gives. A byte flipped in a free page, in the unused part of a page or in a counter of the header changes none of these,
and a ledger with it *is* what was written; such flips are drawn again. Attackers without the key may put together whatever they
have: other entries, old notes, a key of their own. Attackers with the key write a whole valid history, which nothing in the
file can betray; they are held against a checkpoint that was kept elsewhere.
"""

import random
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import apsw
import pytest
from ledger_attacks import ATTACKS, ENTRIES, SEGMENT, Attack
from ledger_plays import ORIGIN, Place, Row, entry, fill, forge, make_place, rows_of

from ringfence.ledger import Checkpoint, LedgerUnreadable, ProblemCode, Reader, Report, SigningKey, canonical, verify

KEPT = 57  # entries under the checkpoint that is kept elsewhere


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("store", "verifying", "reading"):
        monkeypatch.setattr(f"ringfence.ledger.{module}.SEGMENT", SEGMENT)


class Target:
    """A ledger that is attacked, one copy after another."""

    def __init__(self, folder: Path) -> None:
        self.place: Place = make_place(folder)
        fill(self.place, KEPT, 19)
        with Reader(self.place.file) as reader:
            self.kept = reader.head
        older = folder / "older.db"
        with Reader(self.place.file) as reader:
            reader.copy_to(older)
        self.older = older.read_bytes()
        from ringfence.ledger import Ledger

        with Ledger(self.place.file, self.place.key) as ledger:
            for number in range(KEPT, ENTRIES):
                ledger.append([entry(number)])
        clean = folder / "clean.db"
        with Reader(self.place.file) as reader:
            reader.copy_to(clean)
        self.clean = clean.read_bytes()
        self.copy = folder / "copy.db"
        self.content = self.content_of(clean)
        assert verify(clean, self.place.key.public, self.kept).holds

    def content_of(self, file: Path) -> object:
        """Give everything that a ledger says, or None where it cannot even be read."""
        try:
            db = apsw.Connection(
                f"file:{file}?mode=ro&immutable=1", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
            )
        except apsw.Error:
            return None
        try:
            said = [
                db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
                for table in ("sqlite_schema", "migrations", "ledger", "entries", "segments", "head")
            ]
            said.append(
                db.execute(
                    "SELECT number FROM entries INDEXED BY entries_by_crossing WHERE crossing IS NOT NULL ORDER BY crossing"
                ).fetchall()
            )
            said.append(
                db.execute(
                    "SELECT number FROM entries INDEXED BY entries_by_time WHERE at IS NOT NULL ORDER BY at"
                ).fetchall()
            )
            said.append(db.execute("PRAGMA integrity_check(1)").fetchall())
            said.append([db.pragma("application_id")])
        except (apsw.Error, UnicodeDecodeError):
            return None
        finally:
            db.close(force=True)
        # The pages at which tables begin are no content.
        said[0] = [row[:3] + row[4:] for row in said[0]]
        return said

    def attacked(self, attack: Attack, rng: random.Random) -> Report | None:
        """Attack a fresh copy through SQL, and verify it; None where it could not even be read."""
        self.copy.write_bytes(self.clean)
        db = apsw.Connection(str(self.copy))
        db.pragma("ignore_check_constraints", "ON")
        db.pragma("synchronous", "OFF")
        db.pragma("journal_mode", "MEMORY")
        attack(rng, db)
        db.close()
        assert self.content_of(self.copy) != self.content, attack
        return self.verified()

    def verified(self, checkpoint: str | None = None) -> Report | None:
        try:
            return verify(self.copy, self.place.key.public, checkpoint)
        except LedgerUnreadable:
            return None


def attack_through_sql(target: Target, count: int, seed: int) -> None:
    rng = random.Random(seed)
    for number in range(count):
        attack = ATTACKS[number % len(ATTACKS)]
        report = target.attacked(attack, rng)
        assert report is None or not report.holds, f"{attack.__name__}, attack {number}"


def attack_raw_bytes(target: Target, count: int, seed: int) -> None:
    rng = random.Random(seed)
    done = 0
    while done < count:
        changed = bytearray(target.clean)
        for _ in range(rng.choice((1, 1, 1, 4))):
            at = rng.randrange(len(changed))
            changed[at] ^= 1 << rng.randrange(8)
        target.copy.write_bytes(changed)
        if target.content_of(target.copy) == target.content:
            continue
        done += 1
        report = target.verified()
        assert report is None or not report.holds, f"flip at {at}, attack {done}"


# --- with the owner's key -------------------------------------------------------------------------------------------------------

Rewrite = Callable[[random.Random, list[Row]], list[Row]]


def new_row(rng: random.Random) -> Row:
    salt, body = rng.randbytes(16), canonical(entry(rng.randrange(10**6)))
    return body.decode(), salt, sha256(salt + body).digest()


def rewrite_one(rng: random.Random, rows: list[Row]) -> list[Row]:
    rows[rng.randrange(KEPT)] = new_row(rng)
    return rows


def remove_one(rng: random.Random, rows: list[Row]) -> list[Row]:
    del rows[rng.randrange(KEPT)]
    return rows


def insert_one(rng: random.Random, rows: list[Row]) -> list[Row]:
    rows.insert(rng.randrange(KEPT), new_row(rng))
    return rows


def swap_two(rng: random.Random, rows: list[Row]) -> list[Row]:
    one, two = rng.sample(range(KEPT), 2)
    rows[one], rows[two] = rows[two], rows[one]
    return rows


def cut(rng: random.Random, rows: list[Row]) -> list[Row]:
    return rows[: rng.randrange(KEPT)]


def remove_part(rng: random.Random, rows: list[Row]) -> list[Row]:
    start = rng.randrange(KEPT)
    return rows[:start] + rows[start + rng.randrange(1, SEGMENT + 1) :]


def new_salts(rng: random.Random, rows: list[Row]) -> list[Row]:
    return [
        ((body or ""), salt := rng.randbytes(16), sha256(salt + (body or "").encode()).digest()) for body, _, _ in rows
    ]


REWRITES: tuple[Rewrite, ...] = (rewrite_one, remove_one, insert_one, swap_two, cut, remove_part, new_salts)


def attack_with_the_key(target: Target, count: int, seed: int) -> None:
    rng = random.Random(seed)
    for number in range(count):
        rewrite = REWRITES[number % len(REWRITES)]
        target.copy.write_bytes(target.clean)
        db = apsw.Connection(str(target.copy))
        with db:
            forge(db, rewrite(rng, rows_of(db)), target.place.key, SEGMENT)
        db.close()
        report = target.verified(target.kept)
        assert report is not None
        assert ProblemCode.CHECKPOINT in {problem.code for problem in report.problems}, (
            f"{rewrite.__name__}, attack {number}"
        )


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(tmp_path)


def test_more_than_a_thousand_attacks_on_the_content_are_found(target: Target) -> None:
    attack_through_sql(target, 1150, seed=1)


def test_hundreds_of_flipped_bytes_of_the_file_are_found(target: Target) -> None:
    attack_raw_bytes(target, 900, seed=2)


def test_hundreds_of_histories_rewritten_with_the_owners_key_are_found_against_a_kept_checkpoint(
    target: Target,
) -> None:
    attack_with_the_key(target, 420, seed=3)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 14))
def test_many_more_attacks_are_found(target: Target, seed: int) -> None:
    attack_through_sql(target, 5000, seed)
    attack_raw_bytes(target, 3000, seed)
    attack_with_the_key(target, 2000, seed)


def test_without_a_kept_checkpoint_the_keys_owner_is_not_found_as_the_documentation_says(target: Target) -> None:
    target.copy.write_bytes(target.clean)
    db = apsw.Connection(str(target.copy))
    with db:
        forge(db, rewrite_one(random.Random(4), rows_of(db)), target.place.key, SEGMENT)
    db.close()
    report = target.verified()
    assert report is not None
    assert report.holds


def test_an_older_copy_put_back_is_found_against_a_later_checkpoint_only(target: Target) -> None:
    with Reader(target.place.file) as reader:
        newest = reader.head
    target.copy.write_bytes(target.older)
    alone, against = target.verified(), target.verified(newest)
    assert alone is not None
    assert against is not None
    assert alone.holds
    assert [problem.code for problem in against.problems] == [ProblemCode.CHECKPOINT]
    assert f"only {KEPT} are left" in str(against.problems[0])


def test_a_problem_says_which_entry_and_what_to_do(target: Target) -> None:
    target.copy.write_bytes(target.clean)
    db = apsw.Connection(str(target.copy))
    db.execute("UPDATE entries SET body = replace(body, 'svc', 'sva') WHERE number = 20")
    db.close()
    report = target.verified()
    assert report is not None
    assert [(problem.code, problem.index) for problem in report.problems] == [(ProblemCode.COMMITMENT, 20)]
    assert str(report.problems[0]) == (
        "commitment: entry 20 is not what was committed to\n  find the entry in a backup; what stands there cannot be trusted"
    )


def test_a_checkpoint_of_another_key_is_refused_before_anything_is_read(target: Target) -> None:
    from ringfence.ledger import NoteError

    other = SigningKey(ORIGIN, bytes(32))
    with pytest.raises(NoteError):
        verify(target.place.file, target.place.key.public, other.sign(Checkpoint(ORIGIN, 1, bytes(32)).text))


def test_hundreds_of_problems_are_counted_and_the_first_hundred_told(target: Target) -> None:
    target.copy.write_bytes(target.clean)
    db = apsw.Connection(str(target.copy))
    db.pragma("ignore_check_constraints", "ON")
    db.execute("UPDATE entries SET salt = randomblob(16)")
    for number in range(ENTRIES, 3 * ENTRIES):
        db.execute(
            "INSERT INTO entries (number, body, salt, commitment) VALUES (?, '{}', randomblob(16), randomblob(32))",
            (number,),
        )
    db.close()
    report = target.verified()
    assert report is not None
    assert report.count > 200
    assert len(report.problems) == 100
