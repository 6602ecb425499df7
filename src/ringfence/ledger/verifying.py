"""Whether a ledger is what was written: every commitment, every index, every root, every signature.

The rule: it believes nothing that the file says. All that it is given is the file, the public key and, better, a checkpoint
that was kept elsewhere. It reads once, in order, in bounded memory, and goes on after a problem, so that one run shows the
extent.

What it finds, and against whom. Without the private key nobody can make a file that verifies other than by putting back an
older whole copy: everything is under the newest signed head, and segments' notes cannot pass for heads. The key's owner can
write a whole new history, and anybody can put an older copy back; both are found only against a checkpoint that was kept
elsewhere, for its root is over the entries of that time and nobody finds others with the same root. Entries after the newest
checkpoint kept elsewhere have no such protection.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

import apsw

from ringfence.ledger.entry import SALT_BYTES, parse_body
from ringfence.ledger.note import Checkpoint, NoteError, PublicKey, open_checkpoint, open_note, parse_checkpoint
from ringfence.ledger.reading import open_for_reading
from ringfence.ledger.schema import differs
from ringfence.ledger.store import MARK, SEGMENT
from ringfence.ledger.tree import HASH_BYTES, Frontier

MOST_PROBLEMS = 100  # are told one by one
PROGRESS_EVERY = 4096  # entries

Progress = Callable[[int], None]


class ProblemCode(StrEnum):
    """What does not hold."""

    FILE = "file"  # SQLite finds its own structure broken
    SCHEMA = "schema"  # tables, indexes or triggers that no ledger has
    ORIGIN = "origin"  # another ledger's name
    INDEX = "index"  # entries missing, doubled or out of order
    COMMITMENT = "commitment"  # body and salt are not what was committed to
    BODY = "body"  # a body is gone, and no expiry says so
    SEGMENT = "segment"  # entries are not what a segment's signed note says
    HEAD = "head"  # entries are not what the newest signed checkpoint says
    SIGNATURE = "signature"  # a note is not signed with this key
    CHECKPOINT = "checkpoint"  # the ledger is not the continuation of the checkpoint that was kept elsewhere


MENDS = {
    ProblemCode.FILE: "go on with a backup that verifies",
    ProblemCode.SCHEMA: "find out who opened the file; go on with a backup that verifies",
    ProblemCode.ORIGIN: "give the public key of this ledger, or take the ledger of this key",
    ProblemCode.INDEX: "find the entries in a backup; what stands there cannot be trusted",
    ProblemCode.COMMITMENT: "find the entry in a backup; what stands there cannot be trusted",
    ProblemCode.BODY: "find the entry in a backup",
    ProblemCode.SEGMENT: "compare these entries with a backup",
    ProblemCode.HEAD: "compare the entries since the last good segment with a backup",
    ProblemCode.SIGNATURE: "give the public key that `ringfence init` made; if it is that one, the note was forged",
    ProblemCode.CHECKPOINT: "history was rewritten or cut after that checkpoint: go on with a backup that verifies against it",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not hold: which, what and where; `index` is the entry's, where there is one."""

    code: ProblemCode
    what: str
    index: int | None = None

    @property
    def mend(self) -> str:
        """What to do."""
        return MENDS[self.code]

    def __str__(self) -> str:
        return f"{self.code.value}: {self.what}\n  {self.mend}"


@dataclass(slots=True)
class Report:
    """What verifying found. `problems` holds the first hundred of `count`."""

    size: int = 0
    dropped: int = 0  # bodies that have expired
    head: Checkpoint | None = None
    against: Checkpoint | None = None  # the checkpoint from elsewhere, if one was given and is genuine
    count: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return self.count == 0

    def add(self, code: ProblemCode, what: str, index: int | None = None) -> None:
        """Note a problem."""
        self.count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(code, what, index))


def verify(
    file: Path, key: PublicKey, checkpoint: str | None = None, progress: Progress = lambda _entries: None
) -> Report:
    """Verify a ledger's file with its public key, and against a checkpoint that was kept elsewhere.

    Raises `LedgerUnreadable` where there is no ledger to be read, `NoteError` where the checkpoint handed in is none of this
    key.
    """
    report = Report()
    if checkpoint is not None:
        report.against = open_checkpoint(checkpoint, key)
    db = open_for_reading(file)
    try:
        db.execute("BEGIN")  # one snapshot for everything
        _Verification(db, key, report, progress).run()
    except (apsw.Error, UnicodeDecodeError):
        report.add(ProblemCode.FILE, "the file cannot be read to its end")
    finally:
        db.close(force=True)
    return report


class _Verification:
    """One run over a file."""

    def __init__(self, db: apsw.Connection, key: PublicKey, report: Report, progress: Progress) -> None:
        self._db = db
        self._key = key
        self._report = report
        self._progress = progress
        self._frontier = Frontier()
        self._segment = Frontier()
        self._bare_until = 0  # one past the last entry without a body
        self._expired_through = 0  # as the entries say
        self._against_root: bytes | None = None

    def run(self) -> None:
        report = self._report
        if differs(self._db):
            report.add(ProblemCode.SCHEMA, "the file has tables, indexes or triggers that no ledger has")
            return  # what such tables say can mean anything
        if self._db.execute("SELECT origin FROM ledger").fetchall() != [(self._key.name,)]:
            report.add(ProblemCode.ORIGIN, f"the ledger does not call itself {self._key.name}")
        self._verify_entries()
        self._verify_head()
        self._verify_against()
        if self._bare_until > self._expired_through:
            report.add(ProblemCode.BODY, "bodies are gone that no expiry entry covers", self._bare_until - 1)
        self._verify_structure()

    def _verify_entries(self) -> None:
        segments = self._segments()
        self._remember_against()
        for number, body, salt, committed in self._rows():
            if number != self._report.size:
                self._report.add(
                    ProblemCode.INDEX, f"entry {number} stands where {self._report.size} should", self._report.size
                )
                self._report.size = number  # so that one missing entry is one problem; the roots will not fit
            self._verify_body(number, body, salt, committed)
            leaf = sha256(b"\x00" + (committed if isinstance(committed, bytes) else b"")).digest()
            self._frontier.append(leaf)
            self._segment.append(leaf)
            self._report.size = number + 1
            if self._segment.size == SEGMENT:
                self._verify_segment(next(segments, None))
                self._segment = Frontier()
            self._remember_against()
            if self._report.size % PROGRESS_EVERY == 0:
                self._progress(self._report.size)
        if next(segments, None) is not None:
            self._report.add(ProblemCode.SEGMENT, "there are segments for which there are no entries")

    def _rows(self) -> Iterator[tuple[int, object, object, object]]:
        # A body as bytes, for a changed one need not be Unicode; None where it is of no type that a body has.
        body = "CASE typeof(body) WHEN 'text' THEN CAST(body AS BLOB) WHEN 'null' THEN NULL ELSE 0 END"
        # NOT INDEXED: an index that lies cannot hide rows from a walk along the table itself.
        rows = self._db.execute(f"SELECT number, {body}, salt, commitment FROM entries NOT INDEXED ORDER BY number")  # noqa: S608
        yield from rows

    def _verify_body(self, number: int, body: object, salt: object, committed: object) -> None:
        if not isinstance(committed, bytes) or len(committed) != HASH_BYTES:
            self._report.add(ProblemCode.COMMITMENT, f"entry {number} has no commitment", number)
        elif body is None and salt is None:
            self._report.dropped += 1
            self._bare_until = number + 1
        elif not isinstance(body, bytes) or not isinstance(salt, bytes) or len(salt) != SALT_BYTES:
            self._report.add(
                ProblemCode.BODY, f"entry {number} has half of what it needs: a body as text and a salt", number
            )
        elif sha256(salt + body).digest() != committed:  # public: the verifier holds all of it
            self._report.add(ProblemCode.COMMITMENT, f"entry {number} is not what was committed to", number)
        elif b'"kind":"expired"' in body:
            self._note_expiry(number, body)

    def _note_expiry(self, number: int, body: bytes) -> None:
        try:
            entry = parse_body(body.decode())
        except ValueError:
            return
        through = entry.get("through")
        if entry.get("kind") == "expired" and isinstance(through, int) and through <= number:
            self._expired_through = max(self._expired_through, through)

    def _segments(self) -> Iterator[tuple[object, object, object]]:
        yield from self._db.execute("SELECT number, root, note FROM segments ORDER BY number")

    def _verify_segment(self, row: tuple[object, object, object] | None) -> None:
        size = self._frontier.size
        where = f"entries {size - SEGMENT} to {size - 1}"
        if (
            row is None
            or row[0] != size // SEGMENT - 1
            or row[1] != self._segment.root()
            or not isinstance(row[2], str)
        ):
            self._report.add(ProblemCode.SEGMENT, f"{where} do not give their segment's root", size - SEGMENT)
            return
        try:
            mark = parse_checkpoint(open_note(row[2], self._key))
        except NoteError:
            self._report.add(
                ProblemCode.SIGNATURE, f"the note of {where} is not signed with {self._key.name}", size - SEGMENT
            )
            return
        if mark != Checkpoint(self._key.name + MARK, size, self._frontier.root()):
            self._report.add(
                ProblemCode.SEGMENT, f"{where}, or some before them, are not what was signed", size - SEGMENT
            )

    def _verify_head(self) -> None:
        report, frontier = self._report, self._frontier
        rows = self._db.execute("SELECT note FROM head").fetchall()
        if len(rows) != 1 or not isinstance(rows[0][0], str):
            report.add(ProblemCode.HEAD, "there is no newest checkpoint")
            return
        try:
            report.head = open_checkpoint(rows[0][0], self._key)
        except NoteError:
            report.add(ProblemCode.SIGNATURE, f"the newest checkpoint is not signed with {self._key.name}")
            return
        if report.head.size != frontier.size:
            what = f"the newest checkpoint is of {report.head.size} entries, and there are {frontier.size}"
            report.add(ProblemCode.HEAD, what, min(report.head.size, frontier.size))
        elif report.head.root != frontier.root():
            report.add(ProblemCode.HEAD, "the entries are not what the newest checkpoint was signed for")

    def _remember_against(self) -> None:
        if self._report.against is not None and self._frontier.size == self._report.against.size:
            self._against_root = self._frontier.root()

    def _verify_against(self) -> None:
        against = self._report.against
        if against is None:
            return
        if self._against_root is None:
            what = f"the checkpoint is of {against.size} entries, and only {self._frontier.size} are left"
            self._report.add(ProblemCode.CHECKPOINT, what, self._frontier.size)
        elif self._against_root != against.root:
            what = f"the first {against.size} entries are not those that the checkpoint was signed for"
            self._report.add(ProblemCode.CHECKPOINT, what)

    def _verify_structure(self) -> None:
        """Let SQLite compare its indexes with the table: one that lies would hide entries from every query."""
        for (said,) in self._db.execute("PRAGMA integrity_check(10)"):
            if said != "ok":
                self._report.add(
                    ProblemCode.FILE, "the file's own structure is broken, or an index does not fit the entries"
                )
                return
