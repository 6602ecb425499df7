"""Everything of the ledger that takes foreign bytes: notes, checkpoints, keys, frames, and whole ledger files.

The invariant: a value or an error of ringfence's own, nothing else; and no mutated file that verifies says anything but what
was written. The first byte of an input chooses what it is for.
"""

import atexit
import shutil
import tempfile
from pathlib import Path

import apsw

from ringfence.ledger import Ledger, LedgerError, Query, Reader, SigningKey, create_ledger, verify
from ringfence.ledger.faults import Fault
from ringfence.ledger.frames import (
    Append,
    BadFrame,
    Done,
    Expire,
    Failed,
    FrameReader,
    Hello,
    Welcome,
    frame,
    parse_reply,
    parse_request,
)
from ringfence.ledger.note import (
    Checkpoint,
    NoteError,
    open_checkpoint,
    open_note,
    parse_checkpoint,
    parse_public_key,
    parse_signing_key,
)

KEY = SigningKey("ringfence/fuzz/0", bytes(range(32)))
FOLDER = Path(tempfile.mkdtemp(prefix="ringfence-fuzz-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


def _small_file() -> bytes:
    """Give a ledger of a few entries in SQLite's smallest pages, so that mutations hit something."""
    file = FOLDER / "seed.db"
    create_ledger(file, KEY)
    with Ledger(file, KEY) as ledger:
        ledger.append(
            [{"id": str(number), "kind": "crossed", "crossing": str(number), "at": "2031-01-01"} for number in range(5)]
        )
        ledger.drop_some(0, ledger.expire("2031-01-02", 2, "2031-01-03").index and 2)
    db = apsw.Connection(str(file))
    db.execute("PRAGMA journal_mode = DELETE")
    db.execute("PRAGMA page_size = 512")
    db.execute("VACUUM")
    db.close()
    return file.read_bytes()


_FILE = _small_file()
_NOTE = KEY.sign(Checkpoint(KEY.name, 7, bytes(range(32))).text).encode()
_HELLO = frame(Hello())

SEEDS: list[bytes] = [
    b"N" + _NOTE,
    b"C" + _NOTE.partition(b"\n\n")[0] + b"\n",
    b"P" + str(KEY.public).encode(),
    b"S" + KEY.reveal().encode(),
    b"R" + _HELLO + frame(Append(1, [b'{"id":"1"}', b"{}"], frozenset({1}))) + frame(Expire(2, "2031-01-01", 9)),
    b"A" + frame(Welcome(KEY.name, 1)) + frame(Done(1, [1, 2, 3, 9, 10], 11)) + frame(Failed(2, Fault.FULL)),
    b"F" + _FILE,
]


def _file(raw: bytes) -> None:
    file = FOLDER / "fuzzed.db"
    for left in FOLDER.glob("fuzzed.db*"):
        left.unlink()
    file.write_bytes(raw)
    verify(file, KEY.public)
    with Reader(file) as reader:
        list(reader.since(0))
        reader.find(Query(crossing="1", since="2031"), 10)
        reader.head  # noqa: B018
        size = reader.size
        if 0 < size < 100:
            reader.inclusion(0, size)
    with Ledger(file, KEY) as ledger:
        ledger.append([{"id": "new"}])


def _check(said: str) -> None:
    assert said.count("\n") <= 1


def target(data: bytes) -> None:
    kind, rest = data[:1], data[1:]
    text = rest.decode(errors="surrogateescape")
    try:
        match kind:
            case b"N":
                open_note(text, KEY.public)
                open_checkpoint(text, KEY.public)
            case b"C":
                assert parse_checkpoint(text).text == text
            case b"P":
                assert str(parse_public_key(text)) == text.strip()
            case b"S":
                parse_signing_key(text)
            case b"R" | b"A":
                parse = parse_request if kind == b"R" else parse_reply
                for content in FrameReader().feed(rest):
                    parse(content)
            case _:
                _file(rest)
    except (LedgerError, NoteError, BadFrame) as error:
        _check(str(error))
