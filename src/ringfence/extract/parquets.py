"""Parquet, Arrow and Feather files, by column, a batch of rows at a time; by pyarrow, in the confined process (`confined`).

The rule: a column's values are given as text, in the order of the file; those of lists and structures under the path that gates
give them (`orders[].city`). Numbers and days are values too: a telephone number may be kept as one. Only truth values are not
given.
"""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final

from ringfence.carriers import join_path
from ringfence.extract.confined import Columns, Emit, confined
from ringfence.extract.model import Bounds, Budget, Extracted, Fault, Kind, Source, Text, Unreadable
from ringfence.extract.unpacking import SPLIT, MissingExtra

_ROWS: Final = 4096
_MOST_COLUMNS: Final = 10_000
_LONGEST_PATH: Final = 480


def read_parquet(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read a Parquet file."""
    yield from confined("parquet", source, budget)


def read_arrow(source: Source, budget: Budget) -> Iterator[Extracted]:
    """Read an Arrow (Feather) file or stream."""
    yield from confined("arrow", source, budget)


def take_parquet(file: BinaryIO, bounds: Bounds, emit: Emit) -> None:
    """Give a Parquet file's names and values."""
    pa = _pyarrow()
    import pyarrow.parquet as pq

    with pq.ParquetFile(file, buffer_size=1 << 16, thrift_string_size_limit=bounds.document) as opened:
        schema = opened.schema_arrow
        _names(schema, emit)
        if len(schema) > _MOST_COLUMNS:
            emit(Unreadable(Fault.BOMB, f"more than {_MOST_COLUMNS} columns", SPLIT))
            return
        rows = max(1, _ROWS * 16 // max(len(schema), 16))
        given = _Giving(pa, file, bounds, emit)
        for group in range(opened.num_row_groups):
            where = f"row group {group + 1}" if opened.num_row_groups > 1 else ""
            for batch in opened.iter_batches(batch_size=rows, row_groups=[group], use_threads=False):
                if not given.batch(batch, where):
                    return


def take_arrow(file: BinaryIO, bounds: Bounds, emit: Emit) -> None:
    """Give an Arrow file's names and values."""
    pa = _pyarrow()
    given = _Giving(pa, file, bounds, emit)
    head = file.read(6)
    file.seek(0)
    if head == b"ARROW1":
        opened = pa.ipc.open_file(file)
        _names(opened.schema, emit)
        for number in range(opened.num_record_batches):
            if not given.all(opened.get_batch(number)):
                return
        return
    stream = pa.ipc.open_stream(file)
    _names(stream.schema, emit)
    for batch in stream:
        if not given.all(batch):
            return


def _pyarrow() -> Any:
    try:
        import pyarrow as pa
        import pyarrow.compute
        import pyarrow.ipc
    except ImportError:
        raise MissingExtra("Parquet and Arrow", "files") from None
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    return pa


def _names(schema: Any, emit: Emit) -> None:
    """Give the columns' names, and what programs note beside them."""
    texts = [Text(each.name.encode(), kind=Kind.NAME, where="column") for each in schema]
    for key, value in (schema.metadata or {}).items():
        if key != b"ARROW:schema":
            texts.append(Text(value, where="metadata"))
    emit(texts)


class _Giving:
    """Gives batches of rows, within bounds."""

    def __init__(self, pa: Any, file: BinaryIO, bounds: Bounds, emit: Emit) -> None:
        self._pa, self._bounds, self._emit = pa, bounds, emit
        here = file.tell()
        self._size = file.seek(0, 2)
        file.seek(here)
        self._out = 0
        self._bad: set[int] = set()  # columns that are no longer tried

    def all(self, batch: Any) -> bool:
        """Give a batch of any size."""
        batch.validate(
            full=True
        )  # offsets are read as they stand in the file: those that lead elsewhere are found first
        return all(self.batch(batch.slice(at, _ROWS), "") for at in range(0, batch.num_rows, _ROWS))

    def batch(self, batch: Any, where: str) -> bool:
        """Give a batch of few rows; say whether more may come."""
        columns: list[tuple[str, list[bytes]]] = []
        for number, (field, column) in enumerate(zip(batch.schema, batch.columns, strict=True)):
            if number in self._bad:
                continue
            try:
                columns += self._column(join_path("", field.name), column)
            except (ValueError, OverflowError, self._pa.ArrowException) as error:
                self._bad.add(number)
                what = f"values of a column cannot be read ({type(error).__name__})"
                self._emit(Unreadable(Fault.DAMAGED, what, "write that column anew, as text"))
        self._out += sum(len(value) for _, values in columns for value in values)
        self._emit(Columns(columns, where))
        if self._out > self._bounds.unpacked or self._out > max(1 << 20, self._bounds.ratio * self._size):
            self._emit(Unreadable(Fault.BOMB, "more comes out of it than may", SPLIT))
            return False
        return True

    def _column(self, path: str, column: Any) -> list[tuple[str, list[bytes]]]:
        types = self._pa.types
        kind = column.type
        if types.is_dictionary(kind):
            column = column.dictionary_decode()
            kind = column.type
        if types.is_boolean(kind) or types.is_null(kind):
            return []
        if types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind) or types.is_large_binary(kind):
            cast = column.cast(self._pa.large_binary()) if not types.is_large_binary(kind) else column
            return [(path, self._joined(cast.drop_null()))]
        if types.is_temporal(kind):
            return [(path, self._joined(self._days(column.drop_null()).cast(self._pa.large_binary())))]
        if types.is_nested(kind):
            wanted = self._with_days_as_text(kind)
            column = column if wanted == kind else column.cast(wanted)
            found: dict[str, list[bytes]] = {}
            for value in column.to_pylist():
                _parts(value, path, found, self._bounds.nesting)
            return list(found.items())
        if types.is_integer(kind):
            return [(path, self._joined(column.drop_null().cast(self._pa.string()).cast(self._pa.large_binary())))]
        return [(path, [_plain(value) for value in column.to_pylist() if value is not None])]

    def _days(self, column: Any) -> Any:
        """Give days and times as text, which knows those, too, that Python has no word for: nanoseconds, and years beyond 9999."""
        pa = self._pa
        if pa.types.is_interval(column.type):
            return pa.array(map(str, column.to_pylist()), pa.string())
        try:
            return column.cast(pa.string())
        except pa.ArrowInvalid:  # a time zone that is not known here
            return column.cast(pa.timestamp(column.type.unit)).cast(pa.string())

    def _with_days_as_text(self, kind: Any) -> Any:
        """Give a nested type whose days and times are text."""
        pa, inner = self._pa, self._with_days_as_text
        types = pa.types
        if types.is_struct(kind):
            return pa.struct([each.with_type(inner(each.type)) for each in kind])
        if types.is_map(kind):
            return pa.map_(inner(kind.key_type), inner(kind.item_type))
        if types.is_list(kind):
            return pa.list_(kind.value_field.with_type(inner(kind.value_type)))
        if types.is_large_list(kind):
            return pa.large_list(kind.value_field.with_type(inner(kind.value_type)))
        if types.is_fixed_size_list(kind):
            return pa.list_(kind.value_field.with_type(inner(kind.value_type)), kind.list_size)
        return pa.string() if types.is_temporal(kind) and not types.is_interval(kind) else kind

    def _joined(self, column: Any) -> list[bytes]:
        """Give the values of a column of bytes: joined and cut again, which takes a fifth of the time of one by one."""
        if not len(column):
            return []
        pa = self._pa
        whole = pa.ListArray.from_arrays(pa.array([0, len(column)], pa.int32()), column)
        cells: list[bytes] = pa.compute.binary_join(whole, pa.scalar(b"\0", pa.large_binary()))[0].as_py().split(b"\0")
        return cells if len(cells) == len(column) else list(column.to_pylist())


def _parts(value: object, path: str, found: dict[str, list[bytes]], depth: int) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, Mapping) and depth:
        for name, part in value.items():
            longer = join_path(path, str(name))
            _parts(part, longer if len(longer) <= _LONGEST_PATH else path, found, depth - 1)
    elif isinstance(value, list | tuple) and depth:
        for part in value:
            _parts(part, f"{path}[]", found, depth - 1)
    else:
        found.setdefault(path, []).append(_plain(value))


def _plain(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
