"""What a scan of a history has done, kept so that it can go on where it was ended.

The rule: an object counts as done only together with what was found in it: both are one transaction, so that a scan that is killed
at any point repeats some work and loses none. What was done under other rules is not done. No value is kept: findings hold none.
One scan at a time has it: what another marks as done while this one runs, this one would neither look at nor tell.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import apsw

from ringfence.extract.model import Fault, Why
from ringfence.gates.git.model import Allowance, By, Failed, Found, Item, Origin, Passed, Scanned, Standing
from ringfence.gates.git.repository import Repository
from ringfence.home import Problem

_TABLES: Final = """
    CREATE TABLE IF NOT EXISTS rules (hash TEXT PRIMARY KEY) WITHOUT ROWID, STRICT;
    CREATE TABLE IF NOT EXISTS done (object BLOB PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID, STRICT;
    CREATE TABLE IF NOT EXISTS told (number INTEGER PRIMARY KEY, what TEXT NOT NULL) STRICT;
"""
_VERSION: Final = 2
_FOLDER: Final = "ringfence"
_WAITING: Final = 5000  # milliseconds for another scan of the same repository to end


def place(repository: Repository) -> str:
    """Give where the state of a repository's scan lies: in its own store, which no commit takes up."""
    return str(Path(repository.shared, _FOLDER, "scan.sqlite"))


class Progress:
    """What is done, in a file of its own. `rules` is a hash of all that decides what is found."""

    def __init__(self, file: str, rules: str) -> None:
        """Open or begin it. Raises `Problem` where it cannot be, is something else, or another scan has it."""
        self._file = file
        try:
            Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._db = apsw.Connection(file, flags=apsw.SQLITE_OPEN_READWRITE)
            self._db.set_busy_timeout(_WAITING)
            self._db.pragma("locking_mode", "exclusive")
            self._db.pragma("journal_mode", "wal")
            self._db.pragma("synchronous", "normal")
            self._began(rules)
        except (apsw.Error, OSError) as error:
            raise self._problem(error) from None

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM done").get)

    def done(self, name: str) -> bool:
        """Tell whether an object was looked at under these rules."""
        return self._db.execute("SELECT 1 FROM done WHERE object = ?", (bytes.fromhex(name),)).get is not None

    def mark(self, batch: Iterable[Scanned]) -> None:
        """Keep what became of objects: all of the batch, or, where it ends in an error or the process in the middle, none.

        Raises `Problem`.
        """
        rows = [(bytes.fromhex(each.item.object), each.size, _written(each)) for each in batch if each.item.object]
        try:
            with self._db:
                for name, size, told in rows:
                    self._db.execute("INSERT OR IGNORE INTO done VALUES (?, ?)", (name, size))
                    if told and self._db.changes():
                        self._db.execute("INSERT INTO told (what) VALUES (?)", (told,))
        except apsw.Error as error:
            raise self._problem(error) from None

    def results(self) -> Iterator[Scanned]:
        """Give what was found, passed over or failed in what is done."""
        for (what,) in self._db.execute("SELECT what FROM told ORDER BY number"):
            yield _read(json.loads(what))

    def clear(self) -> None:
        """Forget it: the scan came to its end."""
        with self._db:
            self._db.execute("DELETE FROM done; DELETE FROM told")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _began(self, rules: str) -> None:
        version = self._db.pragma("user_version")
        with self._db:
            if version != _VERSION:
                if version or self._db.execute("SELECT count(*) FROM sqlite_schema").get:
                    raise Problem(
                        f"{self._file} is not the state of a scan, or of another version",
                        "name another file, or remove it",
                    )
                self._db.execute(_TABLES)
                self._db.pragma("user_version", _VERSION)
            if self._db.execute("SELECT hash FROM rules").get != rules:
                self._db.execute("DELETE FROM done; DELETE FROM told; DELETE FROM rules")
                self._db.execute("INSERT INTO rules VALUES (?)", (rules,))

    def _problem(self, error: Exception) -> Problem:
        if isinstance(error, apsw.BusyError):
            return Problem("another scan of this history is under way", "wait until it has ended")
        kind = type(error).__name__
        return Problem(f"the scan's state in {self._file} cannot be kept ({kind})", "name another file, or remove it")


def _written(scanned: Scanned) -> str:
    if not (scanned.found or scanned.passed or scanned.failed or scanned.allowances):
        return ""
    return json.dumps(scanned, ensure_ascii=True, separators=(",", ":"), default=_named)


def _named(told: object) -> dict[str, object]:
    """Give the fields of one of the scan's values by their names; `asdict` copies them deeply, which took a fifth of a scan."""
    return {name: getattr(told, name) for name in _NAMES[type(told)]}


_NAMES: Final[Mapping[type, tuple[str, ...]]] = {
    kind: tuple(one.name for one in fields(kind)) for kind in (Scanned, Item, Found, Passed, Failed, Allowance)
}


def _read(told: dict[str, Any]) -> Scanned:
    item = told["item"]
    lines = item["lines"]
    return Scanned(
        Item(**{**item, "origin": Origin(item["origin"]), "lines": lines and tuple(map(tuple, lines))}),
        tuple(
            Found(
                **{
                    **each,
                    "evidence": tuple(each["evidence"]),
                    "standing": Standing(each["standing"]),
                    "members": tuple(each["members"]),
                }
            )
            for each in told["found"]
        ),
        tuple(
            Passed(**{**each, "why": Why(each["why"]), "members": tuple(each["members"])}) for each in told["passed"]
        ),
        tuple(
            Failed(**{**each, "fault": Fault(each["fault"]), "members": tuple(each["members"])})
            for each in told["failed"]
        ),
        told["size"],
        tuple(
            Allowance(**{**each, "by": By(each["by"]), "names": tuple(each["names"])}) for each in told["allowances"]
        ),
    )
