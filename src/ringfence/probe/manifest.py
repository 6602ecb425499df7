"""What was planted: one line for each row, written and durable before the row is inserted.

The rule: the manifest holds names of tables, keys that were chosen here, and numbers of people, no value; so a row that was
inserted is always in it, whatever ended the program, and a row that is in it may never have been inserted. It goes when
nothing is left.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FILE = "planted.jsonl"


@dataclass(frozen=True, slots=True)
class Planted:
    """A row: its table, whose it is, and the key by which it is found again, as text by column."""

    schema: str
    table: str
    person: int
    key: tuple[tuple[str, str], ...]


class Manifest:
    """The file of a home."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def rows(self) -> list[Planted]:
        """Give what is planted, in the order in which it was. A last line that was cut off was never inserted."""
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [row for line in lines if (row := _parsed(line)) is not None]

    def add(self, rows: Sequence[Planted]) -> None:
        """Write rows down; they are durable when this returns."""
        new = not self._file.exists()
        number = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(number, "a", encoding="utf-8") as opened:
            if not new:
                opened.write("\n")  # whatever was cut off ends here
            opened.writelines(_written(row) + "\n" for row in rows)
            opened.flush()
            os.fsync(opened.fileno())
        if new:
            _sync(self._file.parent)

    def withdraw(self, row: Planted) -> None:
        """Take out a row that the database refused."""
        self.keep([one for one in self.rows() if one != row])

    def keep(self, rows: Sequence[Planted]) -> None:
        """Keep these, and no others; without any the file goes."""
        if not rows:
            self._file.unlink(missing_ok=True)
            return
        new = self._file.with_suffix(".new")
        new.unlink(missing_ok=True)
        Manifest._write(new, rows)
        new.replace(self._file)
        _sync(self._file.parent)

    @staticmethod
    def _write(file: Path, rows: Sequence[Planted]) -> None:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as opened:
            opened.writelines(_written(row) + "\n" for row in rows)
            opened.flush()
            os.fsync(opened.fileno())


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _written(row: Planted) -> str:
    return json.dumps({"schema": row.schema, "table": row.table, "person": row.person, "key": dict(row.key)})


def _parsed(line: str) -> Planted | None:
    try:
        told = json.loads(line)
        key = tuple((str(name), str(value)) for name, value in told["key"].items())
        return Planted(str(told["schema"]), str(told["table"]), int(told["person"]), key)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
