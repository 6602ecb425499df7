"""Mapping files: CSV, JSON, JSON lines and Parquet, on a disk or wherever fsspec reaches.

The rule: of a file so many bytes are read, from its beginning and, where it can be sought in, from places all over it; never the
whole. Fields of all files of a name are judged together, by their paths as the gates spell them, for they are one payload's. A CSV
file whose first row is data, not names, is refused: a value would become a path.
"""

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from ringfence.atlas.faults import Unmappable, Unreachable
from ringfence.atlas.gathering import CHARACTERS, Samples, is_name
from ringfence.atlas.judging import Judge, concluded
from ringfence.atlas.model import AssetMap, Mapped, MappedTable
from ringfence.atlas.postgres import Progress, asset_name
from ringfence.carriers import join_path

if TYPE_CHECKING:
    from fsspec.core import OpenFile

MOST_FILES: Final = 64
HEAD_BYTES: Final = 2 << 20
PLACES: Final = 6  # of a large file, beside its beginning
PLACE_BYTES: Final = 128 << 10
DOCUMENT_BYTES: Final = 16 << 20  # of a file that is one JSON document
ROWS: Final = 200
MOST_COLUMNS: Final = 2_000
_GROUPS: Final = 4  # of a Parquet file
_ODD_ROWS: Final = 0.1  # share of rows with another number of cells, from which a CSV file is broken

_COMPRESSED: Final = frozenset({".gz", ".bz2", ".xz", ".zst", ".zip"})
FORMATS: Final[Mapping[str, str]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
}


class Readable(Protocol):
    """What is read from: a file, wherever it is. One with a `size` and places to go to is read all over."""

    def read(self, size: int = -1, /) -> bytes:
        """Read so many bytes, or what is left."""

    def seek(self, offset: int, _whence: int = 0, /) -> int:
        """Go to an offset."""

    def seekable(self) -> bool:
        """Whether `seek` works."""


@dataclass(slots=True)
class _Gathered:
    """What all files of a name gave."""

    samples: Samples = field(default_factory=Samples)
    types: dict[str, str] = field(default_factory=dict)
    columns: dict[str, None] = field(default_factory=dict)  # of CSV and Parquet, in order
    rows: int = 0
    formats: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def map_files(
    where: str,
    *,
    asset: str = "",
    zone: str = "core",
    progress: Progress | None = None,
    judge: Judge | None = None,
    reviewed: Mapping[str, str] | None = None,
) -> AssetMap:
    """Map a path or URL, which may hold `*`. Raises `Unreachable` and `Unmappable`."""
    judge = judge if judge is not None else Judge()
    found = _found(where)
    gathered = _Gathered()
    for number, one in enumerate(found[:MOST_FILES]):
        if progress is not None:
            progress(number, min(len(found), MOST_FILES))
        _gather(one, gathered, judge)
    if progress is not None:
        progress(min(len(found), MOST_FILES), min(len(found), MOST_FILES))
    if len(found) > MOST_FILES:
        gathered.left_out.append(f"{len(found) - MOST_FILES} more files")
    if gathered.samples.left_out:
        gathered.left_out.append(f"{gathered.samples.left_out} parts of documents, nested too deep or too many")
    if "" in gathered.samples.settle(judge.detector):
        gathered.left_out.append("every field of documents whose names are data themselves: content decides of them")
    kind = ", ".join(f"{count} {name}" for name, count in gathered.formats.items())
    table = MappedTable("", kind, tuple(_judged(gathered, judge)), gathered.rows)
    name = asset or asset_name(PurePosixPath(urlsplit(where).path).name.partition(".")[0].replace("*", "") or "files")
    return AssetMap(name, zone, "file", concluded([table], reviewed or {}), left_out=tuple(gathered.left_out))


def _judged(gathered: _Gathered, judge: Judge) -> Iterator[Mapped]:
    samples = gathered.samples
    for path in gathered.columns:
        if path not in gathered.types:
            continue
        yield judge.field(path, gathered.types[path], "", samples.values(path))
        samples.forget(path)
    yield from judge.documents(samples)


def _found(where: str) -> "list[OpenFile]":
    import fsspec

    try:
        listed = fsspec.open_files(where, mode="rb", compression="infer")
    except ImportError:
        raise Unreachable(
            f"{shown(where)}: this kind of address needs a package of its own",
            "install the one that fsspec names for it",
        ) from None
    except (OSError, ValueError, KeyError):
        raise Unreachable(f"{shown(where)}: no such files", "check the path; it may hold *") from None
    files = [one for one in listed if not _is_folder(one)]
    if not files:
        mend = "name files, such as 'data/*.csv'" if listed else "check the path; it may hold *"
        raise Unreachable(f"{shown(where)}: {'a folder' if listed else 'no such files'}", mend)
    return sorted(files, key=lambda one: str(one.path))


def _is_folder(one: "OpenFile") -> bool:
    try:
        return bool(one.fs.isdir(one.path))
    except (OSError, ValueError, NotImplementedError):
        return False


def shown(where: str) -> str:
    """Give an address as errors show it: without user, password and what is asked for."""
    if "://" not in where:
        return where
    parts = urlsplit(where)
    host = parts.hostname or ""
    return f"{parts.scheme}://{host}{parts.path}"


def _format_of(path: str) -> str:
    name = PurePosixPath(path.lower())
    if name.suffix in _COMPRESSED:
        name = PurePosixPath(name.stem)
    found = FORMATS.get(name.suffix)
    if found is None:
        raise Unmappable(
            f"{shown(path)}: its ending does not say what is in it", f"known are {', '.join(FORMATS)}, also compressed"
        )
    return found


def _gather(one: "OpenFile", gathered: _Gathered, judge: Judge) -> None:
    path = str(one.path)
    form = _format_of(path)
    name = shown(path)
    try:
        with one as file:
            match form:
                case "csv":
                    _csv(file, name, gathered, judge)
                case "ndjson":
                    _ndjson(file, name, gathered)
                case "json":
                    _json(file, name, gathered)
                case "parquet":
                    _parquet(file, name, gathered, judge)
    except FileNotFoundError:
        raise Unreachable(f"{name}: there is no such file", "check the path; it may hold *") from None
    except (EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            error.filename = name
            raise
        raise Unmappable(
            f"{name}: it is damaged, or cannot be reached", "fetch it again, and try it with its own tool"
        ) from None
    gathered.formats[form] = gathered.formats.get(form, 0) + 1


def pieces(file: Readable) -> Iterator[tuple[bytes, bool]]:
    """Give the file's beginning, then pieces from all over it, cut at line breaks; and whether each is the beginning."""
    head = file.read(HEAD_BYTES)
    whole = len(head) < HEAD_BYTES
    yield (head if whole else head[: head.rfind(b"\n") + 1]), True
    size = _size(file)
    if whole or size < 2 * HEAD_BYTES:
        return
    for place in range(1, PLACES + 1):
        file.seek(HEAD_BYTES + (size - HEAD_BYTES - PLACE_BYTES) * place // PLACES)
        piece = file.read(PLACE_BYTES)
        begin, end = piece.find(b"\n") + 1, piece.rfind(b"\n") + 1
        if 0 < begin < end:
            yield piece[begin:end], False


def _size(file: Readable) -> int:
    """Give a file's size, 0 where it cannot be told, or the file not be gone about in: one that is compressed, or a pipe."""
    told = getattr(file, "size", None)
    if isinstance(told, int):
        return told if file.seekable() else 0
    try:
        return os.fstat(file.fileno()).st_size if isinstance(file, io.BufferedReader) and file.seekable() else 0
    except OSError:
        return 0


def spread(rows: Sequence[Any], most: int) -> Sequence[Any]:
    """Take so many of the rows, from all over them."""
    return rows if len(rows) <= most else [rows[number * len(rows) // most] for number in range(most)]


_BROKEN: Final = "\ufffd"  # what stands for bytes that are no UTF-8


def _text(raw: bytes, name: str) -> str:
    if b"\x00" in raw[:8192]:
        raise Unmappable(f"{name}: a binary file, or not UTF-8", "save it as UTF-8 text, if it is text")
    return raw.decode("utf-8-sig", errors="replace")


# --- CSV ------------------------------------------------------------------------------------------------------------------


def _csv(file: IO[bytes], name: str, gathered: _Gathered, judge: Judge) -> None:
    paths: list[str] = []
    delimiter = ","
    for raw, is_head in pieces(file):
        text = _text(raw, name)
        if is_head:
            delimiter = _delimiter(text.partition("\n")[0])
        rows = _rows(text, delimiter, name)
        if is_head:
            if not rows:
                raise Unmappable(f"{name}: an empty file", "name one with a first row of names")
            paths = _names(rows.pop(0), name, judge)
            odd = sum(len(row) != len(paths) for row in rows)
            if odd > _ODD_ROWS * len(rows):
                raise Unmappable(
                    f"{name}: broken CSV: its rows have different numbers of cells",
                    "mend its quotes, or export it anew",
                )
        fitting = [row for row in rows if len(row) == len(paths)]
        chosen = spread(fitting, ROWS if is_head else ROWS // PLACES)
        for path in paths:
            gathered.columns[path] = None
            gathered.types.setdefault(path, "")
        for row in chosen:
            for path, cell in zip(paths, row, strict=True):
                if cell:
                    gathered.samples.add(path, cell)
        gathered.rows += len(chosen)


def _delimiter(line: str) -> str:
    return max(",;\t|", key=line.count)


def _rows(text: str, delimiter: str, name: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except csv.Error:
        raise Unmappable(f"{name}: broken CSV", "mend its quotes, or export it anew") from None


def _names(cells: Sequence[str], name: str, judge: Judge) -> list[str]:
    """Give the columns' paths, or refuse a first row that is no row of names."""
    plain = [cell.strip() for cell in cells]
    given = [cell for cell in plain if cell]
    if any(_BROKEN in cell for cell in given):
        raise Unmappable(f"{name}: not UTF-8", "save it as UTF-8 text")
    if not given or len(plain) > MOST_COLUMNS or not all(is_name(cell, judge.detector) for cell in given):
        raise Unmappable(f"{name}: its first row does not look like names of columns", "give it a first row of names")
    return [join_path("", cell or f"column {number}") for number, cell in enumerate(plain, 1)]


# --- JSON -----------------------------------------------------------------------------------------------------------------


def _ndjson(file: IO[bytes], name: str, gathered: _Gathered) -> None:
    broken = whole = 0
    for raw, is_head in pieces(file):
        lines = [line for line in raw.splitlines() if line.strip()]
        for line in spread(lines, ROWS if is_head else ROWS // PLACES):
            try:
                read = json.loads(line)
            except (ValueError, RecursionError):
                broken += 1
                continue
            whole += 1
            gathered.samples.add_parts(read, "")
    if broken > _ODD_ROWS * (broken + whole):
        raise Unmappable(
            f"{name}: its lines are not JSON documents", "one document a line; or name it .json, if it is one whole"
        )
    gathered.rows += whole


def _json(file: IO[bytes], name: str, gathered: _Gathered) -> None:
    raw = file.read(DOCUMENT_BYTES + 1)
    if len(raw) > DOCUMENT_BYTES:
        raise Unmappable(
            f"{name}: one JSON document of more than {DOCUMENT_BYTES >> 20} MiB", "write one document a line: .ndjson"
        )
    try:
        read = json.loads(raw)
    except (ValueError, RecursionError):
        raise Unmappable(f"{name}: not a JSON document", "mend it; one document a line is .ndjson") from None
    for each in spread(read, ROWS) if isinstance(read, list) else (read,):
        gathered.samples.add_parts([each] if isinstance(read, list) else each, "")
        gathered.rows += 1


# --- Parquet --------------------------------------------------------------------------------------------------------------


def _parquet(file: IO[bytes], name: str, gathered: _Gathered, judge: Judge) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        opened = pq.ParquetFile(file, buffer_size=1 << 16)
        schema = opened.schema_arrow
        if len(schema) > MOST_COLUMNS:
            raise Unmappable(f"{name}: more than {MOST_COLUMNS} columns", "name a narrower one")
        for each in schema:
            if not is_name(each.name, judge.detector):
                raise Unmappable(f"{name}: its columns' names look like data", "give its columns names")
            path = join_path("", each.name)
            gathered.columns[path] = None
            if not pa.types.is_nested(each.type):
                gathered.types[path] = str(each.type)
        wanted = [each.name for each in schema if not _is_binary(pa, each.type)]
        groups = min(_GROUPS, opened.num_row_groups)
        for number in range(groups):
            group = number * opened.num_row_groups // groups
            batches = opened.iter_batches(batch_size=ROWS // groups, row_groups=[group], columns=wanted)
            batch = next(iter(batches), None)
            if batch is not None:
                _take(batch.to_pydict(), gathered)
                gathered.rows += batch.num_rows
    except pa.ArrowException:
        raise Unmappable(
            f"{name}: not a Parquet file, or a damaged one", "write it anew, and try it with its own tool"
        ) from None


def _is_binary(pa: Any, kind: Any) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _take(columns: Mapping[str, Sequence[Any]], gathered: _Gathered) -> None:
    for name, values in columns.items():
        path = join_path("", name)
        for value in values:
            if isinstance(value, Mapping | list):
                gathered.samples.add_parts(value, path)
            elif value is not None:
                gathered.samples.add(path, str(value)[:CHARACTERS])
