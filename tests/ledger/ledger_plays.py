"""What the ledger's tests share: a ledger in a folder, entries to write, and a file built by somebody who holds a key."""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import apsw

from ringfence.ledger import Ledger, SigningKey, create_ledger, make_keys
from ringfence.ledger import store as store_module
from ringfence.ledger.note import Checkpoint
from ringfence.ledger.store import MARK
from ringfence.ledger.tree import Frontier
from ringfence.ledger.writer import Writer, listen, serve

ORIGIN = "ringfence/feedfacefeedface/0"

Row = tuple[str | None, bytes | None, bytes]  # body, salt, commitment


@dataclass(frozen=True)
class Place:
    """A made ledger."""

    file: Path
    private: Path
    public: Path
    key: SigningKey


def make_place(folder: Path, name: str = ORIGIN) -> Place:
    place_key = make_keys(folder / "ledger.key", folder / "ledger.pub", name)
    create_ledger(folder / "ledger.db", place_key)
    return Place(folder / "ledger.db", folder / "ledger.key", folder / "ledger.pub", place_key)


def entry(number: int, **more: object) -> Mapping[str, object]:
    return {
        "id": f"c{number:06d}.1",
        "kind": ("crossed", "opened", "refused")[number % 3],
        "crossing": f"c{number // 2:06d}",
        "flow": f"flow-{number % 4}",
        "principal": "svc",
        "at": f"2031-01-{1 + number // 1440 % 28:02d}T{number // 60 % 24:02d}:{number % 60:02d}:00.000000Z",
        "found": [{"category": ("user.contact.email", "user.name")[number % 2], "form": "mask", "count": 1}],
        **more,
    }


def entries(count: int, start: int = 0) -> list[Mapping[str, object]]:
    return [entry(number) for number in range(start, start + count)]


def fill(place: Place, count: int, batch: int = 50) -> None:
    with Ledger(place.file, place.key) as ledger:
        for start in range(0, count, batch):
            ledger.append(entries(min(batch, count - start), start))


def rows_of(db: apsw.Connection) -> list[Row]:
    return list(db.execute("SELECT body, salt, commitment FROM entries ORDER BY number"))


def forge(db: apsw.Connection, rows: Sequence[Row], key: SigningKey, segment: int | None = None) -> None:
    """Write a whole history as whoever holds `key` would: every hash, every note."""
    segment = segment or store_module.SEGMENT
    db.execute("DELETE FROM entries; DELETE FROM segments; DELETE FROM head")
    frontier = Frontier()
    leaves: list[bytes] = []
    for number, (body, salt, committed) in enumerate(rows):
        db.execute(
            "INSERT INTO entries (number, body, salt, commitment) VALUES (?, ?, ?, ?)", (number, body, salt, committed)
        )
        leaf = sha256(b"\x00" + committed).digest()
        frontier.append(leaf)
        leaves.append(leaf)
        if len(leaves) == segment:
            own = Frontier()
            for one in leaves:
                own.append(one)
            note = key.sign(Checkpoint(key.name + MARK, frontier.size, frontier.root()).text)
            db.execute("INSERT INTO segments VALUES (?, ?, ?)", (number // segment, own.root(), note))
            leaves = []
    db.execute("INSERT INTO head VALUES (1, ?)", (key.sign(Checkpoint(key.name, frontier.size, frontier.root()).text),))


@contextmanager
def running_writer(place: Place, vfs: str | None = None, idle: float = 60.0) -> Iterator[None]:
    """Run a writer in a thread of this process, over any file layer."""
    begun: list[tuple[Writer, asyncio.AbstractEventLoop]] = []
    ready = threading.Event()

    def tell(writer: Writer) -> None:
        begun.append((writer, asyncio.get_running_loop()))
        ready.set()

    ledger = Ledger(place.file, place.key, vfs)
    listener = listen(place.file)
    thread = threading.Thread(target=serve, args=(ledger, listener, idle, tell))
    thread.start()
    assert ready.wait(10)
    try:
        yield
    finally:
        writer, loop = begun[0]
        loop.call_soon_threadsafe(writer.stop)
        thread.join(20)
        assert not thread.is_alive()
