"""What was found out of a statement's tree under `origins: strict`, and when it may be believed again.

The rule: nothing is believed because of the time that has passed. A statement's tree is asked for anew each time that it runs, and
what was found out of the very same tree, columns, place and policy stands only where the catalogue, asked in the same transaction
*behind* the locks that the look took, would answer as it did. One of two things shows that:

1. **The snapshot is the same.** Each look ends with the server's own snapshot (`pg_current_snapshot`). Every definition is a
   transaction's, and two equal snapshots see the same transactions; so what was asked since the first of them would be answered
   the same. That holds on one connection only (a server that has crashed gives numbers a second time), in READ COMMITTED (elsewhere
   a snapshot stands still while names are resolved by newer ones), for a session that has written nothing in its transaction
   (what it defines there is in no snapshot), and on no standby (whose snapshots do not list what is under way). Where one of these
   is not so, `SNAPSHOT` is NULL, and nothing is shown by it.
2. **The answers are the same.** Else the questions are asked again, all of them in one turn, and each row has to be what it was.
   What was found out by the tree of a function's body is not asked again so: it is found out anew.

Temporary objects, and a transaction that has changed what names mean, have a meaning of their own, which is not kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

from ringfence.gates.postgres.cache import LONGEST_KNOWN, Key
from ringfence.gates.postgres.catalogue_queries import AGGREGATED, FUNCTIONS, OPERATORS, RELATIONS, TYPES

if TYPE_CHECKING:
    from ringfence.gates.postgres.statements import Known
    from ringfence.sql.model import RawStatement
    from ringfence.sql.origins import Knobs

Row: TypeAlias = list[str | None]

MOST_REMEMBERED = 2_000  # statements of one gate in one process
MOST_SURE = 2_000  # statements, and answers, of one session under one snapshot

BY_OID = (RELATIONS, FUNCTIONS, AGGREGATED, OPERATORS, TYPES)
"""The questions that give, for each of the oids that they are asked for, one row that begins with it, or none."""

SNAPSHOT = """case when not pg_catalog.pg_is_in_recovery() and pg_catalog.pg_current_xact_id_if_assigned() is null
 and pg_catalog.current_setting('transaction_isolation') operator(pg_catalog.=) 'read committed'
 then pg_catalog.pg_current_snapshot()::pg_catalog.text end"""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question that was asked about the catalogue, and its answer."""

    query: str
    value: str
    rows: tuple[Row, ...]

    def is_answered_by(self, rows: Sequence[Row]) -> bool:
        """Whether rows are the same answer: in whatever order, for a server may change its plan."""
        return sorted(map(repr, self.rows)) == sorted(map(repr, rows))


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was found out, from what, and what the catalogue said to that."""

    known: "Known"
    knobs: "Knobs"
    asked: tuple[Asking, ...]
    by_bodies: bool  # trees of functions' bodies were looked at


class Asked:
    """The questions that one analysis asks; `answers` of before are taken where the session is sure of them."""

    def __init__(self, sure: "Sure") -> None:
        self._sure = sure
        self.by_bodies = False
        self.asked: list[Asking] = []

    def known(self, query: str, value: str) -> list[Row] | None:
        """Give the answer, where it is known for each oid that is asked for."""
        answers = [self._sure.answers.get((query, oid), _UNASKED) for oid in value.strip("{}").split(",")]
        if query not in BY_OID or any(answer is _UNASKED for answer in answers):
            return None
        return self._noted(query, value, [answer for answer in answers if answer])

    def learn(self, query: str, value: str, rows: list[Row]) -> list[Row]:
        """Take an answer of the server's, and give it."""
        if query not in BY_OID:
            return rows
        if self._sure.snapshot and len(self._sure.answers) < MOST_SURE:
            found = {row[0]: row for row in rows}
            self._sure.answers.update({(query, oid): found.get(oid, []) for oid in value.strip("{}").split(",")})
        return self._noted(query, value, rows)

    def _noted(self, query: str, value: str, rows: list[Row]) -> list[Row]:
        self.asked.append(Asking(query, value, tuple(rows)))
        return rows


_UNASKED: Row = ["not asked"]


class Sure:
    """What one session is sure of, for as long as the server gives the snapshot under which it was found out."""

    __slots__ = ("answers", "snapshot", "statements")

    def __init__(self) -> None:
        self.snapshot = ""
        self.statements: set[bytes] = set()
        self.answers: dict[tuple[str, str], Row] = {}  # (question, oid) -> its row; [] where there is none

    def now(self, snapshot: str) -> None:
        """Take the server's present snapshot; "" where it shows nothing."""
        if not snapshot or snapshot != self.snapshot:
            self.forget()
            self.snapshot = snapshot

    def forget(self) -> None:
        """Be sure of nothing."""
        self.snapshot = ""
        self.statements.clear()
        self.answers.clear()

    def add(self, digest: bytes) -> None:
        """Be sure of what was found out of a tree."""
        if self.snapshot and len(self.statements) < MOST_SURE:
            self.statements.add(digest)


class Memory:
    """What all sessions of a gate found out of trees."""

    def __init__(self) -> None:
        self._found: dict[bytes, Remembered] = {}

    def find(self, digest: bytes, raw: "RawStatement", knobs: "Knobs") -> Remembered | None:
        """Look a tree up: it was read as the same statement, under the same words of the policy."""
        found = self._found.get(digest)
        return found if found is not None and found.knobs == knobs and found.known.raw == raw else None

    def keep(self, digest: bytes, known: "Known", knobs: "Knobs", asked: Asked) -> "Known":
        """Keep what was found out; give what is known, as whoever finds it later knows it."""
        if known.key is None or len(known.text) > LONGEST_KNOWN:
            return known
        if len(self._found) >= MOST_REMEMBERED:
            self._found.clear()
        key = Key(known.key.epoch, known.key.catalogue.fork())  # without the labels of this session
        kept = replace(known, key=key, verdicts={})
        self._found[digest] = Remembered(kept, knobs, tuple(asked.asked), asked.by_bodies)
        return kept

    def clear(self) -> None:
        """Forget everything: another policy is in force."""
        self._found.clear()


def digest_of(parts: Sequence[bytes]) -> bytes:
    """Give the SHA-256 of parts, none of which runs into the next."""
    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def names_of(prefix: bytes) -> Mapping[str, bytes]:
    """Name the prepared statements that ask these questions."""
    return {query: prefix + b"_" + str(number).encode() for number, query in enumerate(BY_OID)}
