"""Two ways to tamper with a copy of a ledger: by someone who has the file, and by someone who has the signing key too.

The rule: only copies are touched. Both write what an honest reader would believe; whether it is found is for `ringfence ledger
verify` to say.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from ringfence.ledger import Checkpoint, Reader, SigningKey
from ringfence.ledger.store import SEGMENT
from ringfence.ledger.tree import Frontier, leaf_hash


def copy_of(ledger: Path, copy: Path) -> Path:
    """Copy a ledger as it is, in the place of an earlier copy."""
    copy.parent.mkdir(mode=0o700, exist_ok=True)
    copy.unlink(missing_ok=True)
    with Reader(ledger) as reader:
        reader.copy_to(copy)
    return copy


def change_a_count(copy: Path) -> int:
    """Make an entry say that more crossed than did: one number in one body. Gives the entry's index."""
    with Reader(copy) as reader:
        entry = next(entry for entry in reader.since(0) if entry.body is not None and entry.body.get("found"))
    body = json.loads(json.dumps(entry.body))
    body["found"][0]["count"] += 1
    with _opened(copy) as db:
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        db.execute("UPDATE entries SET body = ? WHERE number = ?", (text, entry.index))
    return entry.index


def cut_the_tail(copy: Path, keep: int, key: SigningKey) -> None:
    """Remove the newest entries and sign what is left: a ledger without a fault, which only forgets."""
    with _opened(copy) as db:
        db.execute("DELETE FROM entries WHERE number >= ?", (keep,))
        db.execute("DELETE FROM segments WHERE (number + 1) * ? > ?", (SEGMENT, keep))
        frontier = Frontier()
        for (committed,) in db.execute("SELECT commitment FROM entries ORDER BY number"):
            frontier.append(leaf_hash(bytes(committed)))
        db.execute("UPDATE head SET note = ?", (key.sign(Checkpoint(key.name, keep, frontier.root()).text),))


@contextmanager
def _opened(file: Path) -> Iterator[apsw.Connection]:
    """Open a file for one transaction."""
    db = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        with db:
            yield db
    finally:
        db.close()
