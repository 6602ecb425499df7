"""Attacks on a ledger's file by somebody who can write it and has no key: each changes some content, through SQL.

`ATTACKS` is the table of them. An attacker may put together whatever there is: other entries, old notes, a key of their own.
"""

import random
from collections.abc import Callable
from hashlib import sha256

import apsw
from ledger_plays import ORIGIN, entry, forge, rows_of

from ringfence.ledger import SigningKey, canonical

ENTRIES = 90
SEGMENT = 16

Attack = Callable[[random.Random, apsw.Connection], None]


def some(rng: random.Random, db: apsw.Connection, below: int | None = None) -> int:
    return rng.randrange(below or db.execute("SELECT count(*) FROM entries").get)


def flipped(rng: random.Random, raw: bytes) -> bytes:
    at = rng.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ (1 << rng.randrange(8))]) + raw[at + 1 :]


def flip(column: str) -> Attack:
    def attack(rng: random.Random, db: apsw.Connection) -> None:
        number = some(rng, db)
        value = db.execute(f"SELECT CAST({column} AS BLOB) FROM entries WHERE number = ?", (number,)).get
        changed = flipped(rng, value)
        kind = "TEXT" if column == "body" else "BLOB"
        if kind == "TEXT":
            while not _is_json(db, changed):
                changed = flipped(rng, value)
        db.execute(f"UPDATE entries SET {column} = CAST(? AS {kind}) WHERE number = ?", (changed, number))

    attack.__name__ = f"flip_{column}"
    return attack


def _is_json(db: apsw.Connection, raw: bytes) -> bool:
    try:
        return bool(db.execute("SELECT json_valid(?)", (raw.decode(),)).get)
    except UnicodeDecodeError:
        return False


def other_body(rng: random.Random, db: apsw.Connection) -> None:
    """Another body, with salt and commitment that fit it."""
    salt = rng.randbytes(16)
    body = canonical(entry(rng.randrange(10**6)))
    db.execute(
        "UPDATE entries SET body = ?, salt = ?, commitment = ? WHERE number = ?",
        (body.decode(), salt, sha256(salt + body).digest(), some(rng, db)),
    )


def delete(rng: random.Random, db: apsw.Connection) -> None:
    db.execute("DELETE FROM entries WHERE number = ?", (some(rng, db),))


def delete_and_close_up(rng: random.Random, db: apsw.Connection) -> None:
    number = some(rng, db)
    db.execute("DELETE FROM entries WHERE number = ?", (number,))
    for later in range(number + 1, ENTRIES):
        db.execute("UPDATE entries SET number = number - 1 WHERE number = ?", (later,))


def swap(rng: random.Random, db: apsw.Connection) -> None:
    one, two = rng.sample(range(ENTRIES), 2)
    db.execute("UPDATE entries SET number = -1 WHERE number = ?", (one,))
    db.execute("UPDATE entries SET number = ? WHERE number = ?", (one, two))
    db.execute("UPDATE entries SET number = ? WHERE number = -1", (two,))


def duplicate(rng: random.Random, db: apsw.Connection) -> None:
    db.execute(
        "INSERT INTO entries (number, body, salt, commitment) SELECT ?, body, salt, commitment FROM entries WHERE number = ?",
        (ENTRIES, some(rng, db)),
    )


def copy_over(rng: random.Random, db: apsw.Connection) -> None:
    one, two = rng.sample(range(ENTRIES), 2)
    body, salt, committed = db.execute("SELECT body, salt, commitment FROM entries WHERE number = ?", (one,)).get
    db.execute("UPDATE entries SET body = ?, salt = ?, commitment = ? WHERE number = ?", (body, salt, committed, two))


def insert(rng: random.Random, db: apsw.Connection) -> None:
    rows = rows_of(db)
    salt = rng.randbytes(16)
    body = canonical(entry(rng.randrange(10**6)))
    rows.insert(rng.randrange(ENTRIES + 1), (body.decode(), salt, sha256(salt + body).digest()))
    head, segments = db.execute("SELECT note FROM head").get, db.execute("SELECT * FROM segments").fetchall()
    forge(db, rows, SigningKey(ORIGIN, rng.randbytes(32)), SEGMENT)
    db.execute("UPDATE head SET note = ?", (head,))
    db.execute("DELETE FROM segments")
    db.executemany("INSERT INTO segments VALUES (?, ?, ?)", segments)


def cut_tail(rng: random.Random, db: apsw.Connection) -> None:
    db.execute("DELETE FROM entries WHERE number >= ?", (some(rng, db),))


def cut_tail_to_a_segment(rng: random.Random, db: apsw.Connection) -> None:
    """Cut where a segment ends, and use its note, which is signed with the key, as the head."""
    last = rng.randrange(ENTRIES // SEGMENT)
    db.execute("DELETE FROM entries WHERE number >= ?", ((last + 1) * SEGMENT,))
    db.execute("UPDATE head SET note = (SELECT note FROM segments WHERE number = ?)", (last,))
    db.execute("DELETE FROM segments WHERE number > ?", (last,))


def remove_segment(rng: random.Random, db: apsw.Connection) -> None:
    number = rng.randrange(ENTRIES // SEGMENT)
    db.execute("DELETE FROM entries WHERE number >= ? AND number < ?", (number * SEGMENT, (number + 1) * SEGMENT))
    db.execute("DELETE FROM segments WHERE number = ?", (number,))
    if rng.random() < 0.5:
        for later in range((number + 1) * SEGMENT, ENTRIES):
            db.execute("UPDATE entries SET number = ? WHERE number = ?", (later - SEGMENT, later))
        for later in range(number + 1, ENTRIES // SEGMENT):
            db.execute("UPDATE segments SET number = number - 1 WHERE number = ?", (later,))


def resign(rng: random.Random, db: apsw.Connection) -> None:
    """A whole valid history, signed with another key of the same name."""
    rows = rows_of(db)
    if rng.random() < 0.5:
        del rows[rng.randrange(len(rows))]
    forge(db, rows, SigningKey(ORIGIN, rng.randbytes(32)), SEGMENT)


def resign_the_head(rng: random.Random, db: apsw.Connection) -> None:
    note = db.execute("SELECT note FROM head").get
    text = note.partition("\n\n")[0] + "\n"
    db.execute("UPDATE head SET note = ?", (SigningKey(ORIGIN, rng.randbytes(32)).sign(text),))


def change_head(rng: random.Random, db: apsw.Connection) -> None:
    note = db.execute("SELECT note FROM head").get
    at = rng.randrange(len(note))
    db.execute("UPDATE head SET note = ?", (note[:at] + chr(ord(note[at]) ^ 1) + note[at + 1 :],))


def change_segment(rng: random.Random, db: apsw.Connection) -> None:
    number = rng.randrange(ENTRIES // SEGMENT)
    root, note = db.execute("SELECT root, note FROM segments WHERE number = ?", (number,)).get
    if rng.random() < 0.5:
        root = flipped(rng, root)
    else:
        at = rng.randrange(len(note))
        note = note[:at] + chr(ord(note[at]) ^ 1) + note[at + 1 :]
    db.execute("UPDATE segments SET root = ?, note = ? WHERE number = ?", (root, note, number))


def drop_body(rng: random.Random, db: apsw.Connection) -> None:
    db.execute("UPDATE entries SET body = NULL, salt = NULL WHERE number = ?", (some(rng, db),))


def drop_bodies_with_a_forged_expiry(rng: random.Random, db: apsw.Connection) -> None:
    number = some(rng, db)
    db.execute("UPDATE entries SET body = NULL, salt = NULL WHERE number < ?", (number + 1,))
    salt, body = rng.randbytes(16), canonical({"kind": "expired", "through": number + 1})
    row = (body.decode(), salt, sha256(salt + body).digest())
    if rng.random() < 0.5:
        db.execute("INSERT INTO entries (number, body, salt, commitment) VALUES (?, ?, ?, ?)", (ENTRIES, *row))
    else:
        db.execute("UPDATE entries SET body = ?, salt = ?, commitment = ? WHERE number = ?", (*row, ENTRIES - 1))


def half_an_entry(rng: random.Random, db: apsw.Connection) -> None:
    column = rng.choice(("body", "salt"))
    value = rng.choice(("NULL", "CAST(body AS BLOB)" if column == "body" else "hex(salt)"))
    db.execute(f"UPDATE entries SET {column} = {value} WHERE number = ?", (some(rng, db),))


def other_origin(rng: random.Random, db: apsw.Connection) -> None:
    db.execute("UPDATE ledger SET origin = ?", (f"ringfence/{rng.randbytes(8).hex()}/0",))


def other_schema(rng: random.Random, db: apsw.Connection) -> None:
    db.execute(
        rng.choice(
            (
                "CREATE TRIGGER quiet AFTER INSERT ON entries WHEN NEW.number > 99 BEGIN DELETE FROM entries WHERE number = 5; END",
                "DROP INDEX entries_by_time",
                "CREATE VIEW more AS SELECT 1",
                "CREATE TABLE more (x)",
                "CREATE TABLE other AS SELECT * FROM entries; DROP TABLE entries; CREATE VIEW entries AS SELECT * FROM other",
                "ALTER TABLE entries ADD COLUMN more",
                "UPDATE migrations SET what = 'nothing' WHERE version = 1",
                "DELETE FROM migrations WHERE version = 1",
            )
        )
    )


def unknown_entry_in_an_index(rng: random.Random, db: apsw.Connection) -> None:
    """An index that does not know an entry hides it from every lookup."""
    number = some(rng, db)
    db.execute("PRAGMA writable_schema = ON")
    sql = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'entries_by_crossing'").get
    hidden = sql.replace("WHERE crossing IS NOT NULL", f"WHERE crossing IS NOT NULL AND number <> {number}")
    db.execute("DROP INDEX entries_by_crossing")
    db.execute(hidden)
    db.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'entries_by_crossing'", (sql,))
    db.execute("PRAGMA writable_schema = RESET")


ATTACKS: tuple[Attack, ...] = (
    flip("body"),
    flip("salt"),
    flip("commitment"),
    other_body,
    delete,
    delete_and_close_up,
    swap,
    duplicate,
    copy_over,
    insert,
    cut_tail,
    cut_tail_to_a_segment,
    remove_segment,
    resign,
    resign_the_head,
    change_head,
    change_segment,
    drop_body,
    drop_bodies_with_a_forged_expiry,
    half_an_entry,
    other_origin,
    other_schema,
    unknown_entry_in_an_index,
)
