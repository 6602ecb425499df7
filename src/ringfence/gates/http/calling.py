"""Which endpoints are called, how often: counted, and written to the ledger once a minute as one table.

The rule: what stands in a table is bounded. Declared endpoints are the policy's own words; of others a path is a client's string,
so only its shape is kept: a segment that is not a plain word, is a given name, or follows a plural or a word for people, becomes
`{}`, the detector looks at the rest, and beyond so many shapes a minute they are counted together.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import re2

from ringfence.crossing import Body, CrossingId
from ringfence.crossing.effects import Json
from ringfence.crossing.entries import VERSION
from ringfence.crossing.scrubbing import scrub
from ringfence.crossing.tally import PERIOD
from ringfence.detect import GIVEN_NAMES, Detector
from ringfence.stamps import stamp

KIND: Final = "called"
MOST_SHAPES: Final = 100  # of endpoints that nobody declared, in one minute
MOST_CHARACTERS: Final = 100_000  # of endpoints' names in one entry; what is left stands in a further one
MOST_SEGMENTS: Final = 8  # of a shape
_MOST_READ: Final = 2_000  # characters of a path that are looked at for its shape
_MOST_WORD: Final = 32
_PLAIN: Final = re2.compile(r"[a-z][A-Za-z]*(?:[-_.][A-Za-z]+){0,4}|v[0-9]{1,2}")
_OF_PEOPLE: Final = frozenset(
    {
        *("account", "by", "client", "contact", "customer", "email", "employee", "id", "mail", "member", "name"),
        *("patient", "person", "profile", "u", "user", "username"),
    }
)
_BETWEEN: Final = re2.compile(r"[-_.]")


def shape_of_path(path: str, known: Collection[str], detector: Detector) -> str:
    """Give the shape of a path that nobody declared. `known` are words that may stay: the policy's own.

    What follows a plural, or a word for people, names one of many, and is no plain word, whatever it looks like.

    >>> shape_of_path("/users/ada/notes/export", (), Detector()), shape_of_path("/debug/dump.json", (), Detector())
    ('/users/{}/notes/{}', '/debug/dump.json')
    """
    segments = path[:_MOST_READ].split("/")
    kept: list[str] = []
    for before, each in zip(["", *segments], segments[: MOST_SEGMENTS + 1], strict=False):
        is_word = not each or each in known or (_is_plain(each) and not _names_many(before))
        kept.append(each if is_word else "{}")
    return scrub("/".join(kept) + ("/…" if len(segments) > MOST_SEGMENTS + 1 else ""), detector)


def _names_many(segment: str) -> bool:
    """Whether one of many may follow: a plural, or a word for people."""
    return segment.endswith("s") or segment.lower() in _OF_PEOPLE


def _is_plain(segment: str) -> bool:
    return (
        len(segment) <= _MOST_WORD
        and _PLAIN.fullmatch(segment) is not None
        and not any(part.lower() in GIVEN_NAMES for part in _BETWEEN.split(segment))
    )


@dataclass(frozen=True, slots=True)
class Called:
    """That an endpoint was asked for: its name, or the method and shape of one that nobody declared."""

    asset: str
    policy_hash: str
    endpoint: str
    declared: bool


@dataclass(slots=True)
class _Row:
    declared: bool
    calls: int = 0
    refused: int = 0
    last: str = ""

    def body(self, endpoint: str) -> dict[str, Json]:
        made: dict[str, Json] = {
            "endpoint": endpoint,
            "declared": self.declared,
            "calls": self.calls,
            "last": self.last,
        }
        return {**made, "refused": self.refused} if self.refused else made


@dataclass(slots=True)
class _Table:
    since: datetime
    rows: dict[str, _Row] = field(default_factory=dict)
    shapes: int = 0
    more: int = 0  # calls of endpoints that nobody declared, beyond the rows


@dataclass(slots=True)
class Calls:
    """The tables of one gate: one for each asset and policy."""

    gate: str
    new_id: Callable[[datetime], CrossingId]
    _tables: dict[tuple[str, str], _Table] = field(default_factory=dict)
    _owed: deque[Body] = field(default_factory=deque)  # made, and not durable yet

    def add(self, called: Called, at: datetime, *, refused: bool) -> None:
        """Count a call."""
        table = self._tables.setdefault((called.asset, called.policy_hash), _Table(at))
        row = table.rows.get(called.endpoint)
        if row is None:
            if not called.declared:
                if table.shapes >= MOST_SHAPES:
                    table.more += 1
                    return
                table.shapes += 1
            row = table.rows[called.endpoint] = _Row(called.declared)
        row.calls += 1
        row.refused += refused
        row.last = stamp(at)

    def due(self, at: datetime, *, closing: bool = False) -> Body | None:
        """Give an entry that is due: after a minute, or at once when the gate closes. The same one until it is settled."""
        for (asset, policy_hash), table in list(self._tables.items()) if not self._owed else ():
            if closing or at - table.since >= PERIOD:
                del self._tables[asset, policy_hash]
                self._owed.extend(self._entry(asset, policy_hash, table, rows, at) for rows in _parts(table))
        return self._owed[0] if self._owed else None

    def settle(self, body: Body) -> None:
        """Take that this entry is durable."""
        if self._owed and self._owed[0] is body:
            self._owed.popleft()

    def _entry(self, asset: str, policy_hash: str, table: _Table, rows: list[Json], at: datetime) -> Body:
        more: dict[str, Json] = {"more": table.more} if table.more else {}
        table.more = 0  # said in the first entry alone
        return {
            "v": VERSION,
            "id": self.new_id(at),
            "kind": KIND,
            "at": stamp(at),
            "since": stamp(table.since),
            "gate": self.gate,
            "asset": asset,
            "policy": policy_hash,
            "endpoints": rows,
            **more,
        }


def _parts(table: _Table) -> Iterator[list[Json]]:
    part: list[Json] = []
    size = 0
    for name, row in table.rows.items():
        if size and size + len(name) > MOST_CHARACTERS:
            yield part
            part, size = [], 0
        part.append(row.body(name))
        size += len(name) + 100
    yield part
