"""A run's state: one line for each table that is finished, so that a run which was ended goes on where it was.

The rule: a line that was cut is passed over; a line holds paths, types, judgements and evidence, and no value. What is under way
stands in `NAME.part.jsonl`; when the run is over it becomes `NAME.jsonl`, which tells the types of what was mapped last. Both are
their owner's alone.
"""

import json
import os
from collections.abc import Mapping
from io import FileIO
from pathlib import Path
from typing import Final

from ringfence.atlas.model import AssetMap, Mapped, MappedTable

VERSION: Final = 1
FOLDER_MODE, FILE_MODE = 0o700, 0o600


class State:
    """The state of one asset's run. `source` tells whether what was begun was the same database or file."""

    def __init__(self, folder: Path, asset: str, source: str, *, fresh: bool = False) -> None:
        self._done = folder / f"{asset}.jsonl"
        self._part = folder / f"{asset}.part.jsonl"
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        head = {"v": VERSION, "asset": asset, "source": source}
        self._finished = {} if fresh else _read(self._part, head)
        if self._finished:
            self._file = self._opened(os.O_APPEND)
            self._file.write(b"\n")  # ends a line that was cut
        else:
            self._file = self._opened(os.O_TRUNC)
            self._write(head)
        self.resumed = len(self._finished)

    def _opened(self, how: int) -> FileIO:
        return FileIO(os.open(self._part, os.O_WRONLY | os.O_CREAT | how, FILE_MODE), "wb")

    def known(self, path: str, shape: str) -> MappedTable | None:
        """Give a table that this run has finished, where its columns are still the same."""
        found = self._finished.get(path)
        return found[1] if found is not None and found[0] == shape else None

    def keep(self, table: MappedTable, shape: str) -> None:
        """Write a table that is finished."""
        self._write({"shape": shape, **table_data(table)})

    def _write(self, line: Mapping[str, object]) -> None:
        self._file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        """Let go, with the run still to be gone on with."""
        self._file.close()

    def finish(self, found: AssetMap) -> None:
        """Say that the run is over, and keep what it found."""
        self._file.close()
        self._finished = {}
        with os.fdopen(os.open(self._part, os.O_WRONLY | os.O_TRUNC, FILE_MODE), "wb") as file:
            file.write(json.dumps({"v": VERSION, "asset": found.asset, "over": True}).encode() + b"\n")
            for table in found.tables:
                file.write(json.dumps(table_data(table), separators=(",", ":")).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._part.replace(self._done)


def types_before(folder: Path, asset: str) -> Mapping[str, str]:
    """Give the types that the last whole run found, by path; nothing where there was none here."""
    try:
        lines = (folder / f"{asset}.jsonl").read_bytes().splitlines()
    except OSError:
        return {}
    found: dict[str, str] = {}
    for line in lines:
        table = _table(line)
        if table is not None:
            found |= {one.path: one.type for one in table[1].fields}
    return found


def table_data(table: MappedTable) -> dict[str, object]:
    """Give a table as plain data."""
    return {
        "table": table.path,
        "kind": table.kind,
        "rows": table.rows,
        "fields": [field_data(one) for one in table.fields],
    }


def field_data(one: Mapped) -> dict[str, object]:
    """Give a field as plain data."""
    data: dict[str, object] = {
        "path": one.path,
        "type": one.type,
        "judgement": one.judgement,
        "confidence": one.confidence,
        "evidence": list(one.evidence),
    }
    if one.lineage:
        data["lineage"] = [str(each) for each in one.lineage]
    if one.reviewed:
        data["reviewed"] = True
    if one.inner:
        data["inner"] = True
    return data


def _read(file: Path, head: Mapping[str, object]) -> dict[str, tuple[str, MappedTable]]:
    """Read what a run that was ended has finished, where it was of the same source."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return {}
    try:
        if not lines or json.loads(lines[0]) != head:
            return {}
    except ValueError:
        return {}
    tables = [table for table in map(_table, lines[1:]) if table is not None]
    return {table.path: (shape, table) for shape, table in tables}


def _table(line: bytes) -> tuple[str, MappedTable] | None:
    try:
        read = json.loads(line)
        fields = tuple(
            Mapped(
                each["path"],
                each["type"],
                each["judgement"],
                float(each["confidence"]),
                tuple(each["evidence"]),
                inner=bool(each.get("inner")),
            )
            for each in read["fields"]
        )
        return str(read.get("shape", "")), MappedTable(read["table"], read["kind"], fields, int(read["rows"]))
    except (ValueError, KeyError, TypeError):
        return None
