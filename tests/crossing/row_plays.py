"""Rows in tests: lines of cells parted by ``|``, of which some are quoted, as the copy formats of databases quote them."""

from collections.abc import Sequence

from crossing_plays import KEYS, POLICY, Play, head, policy

from ringfence.carriers import Fault, RowColumn, Rows, RowsCarrier, Undecodable
from ringfence.crossing import Crossing, Exchange
from ringfence.policy import Asker, FieldUse, FlowId, Plan, Shape, plan
from ringfence.transform import Keyring, ValueType

Table = Sequence[Sequence[str | None]]


class Lines:
    """``4711|"Ada|Nowak"|\\N`` and a line break: a quoted cell may hold what parts cells, ``\\N`` is null, byte 1 a line break."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.opaque: frozenset[int] = frozenset()
        self.taken: set[int] = set()
        self.puts = 0
        self._data = b""
        self._kept: dict[int, list[bytes | None]] = {}

    def take(self, data: bytes, columns: Sequence[int]) -> list[list[bytes | None]]:
        self.taken.update(columns)
        rows = [[read(cell) for cell in cells] for cells in self._cells(data)]
        self._data = data
        self._kept = {column: [row[column] for row in rows] for column in columns}
        return [self._kept[column] for column in columns]

    def put(self, data: bytes, columns: Sequence[int], values: Sequence[Sequence[bytes | None]]) -> bytes:
        self.puts += 1
        if data is not self._data:
            self.take(data, columns)
        lines = self._cells(data)
        for column, given in zip(columns, values, strict=True):
            for cells, value, old in zip(lines, given, self._kept[column], strict=True):
                if value != old:
                    cells[column] = written(value)
        return b"".join(b"|".join(cells) + b"\n" for cells in lines)

    def _cells(self, data: bytes) -> list[list[bytes]]:
        if not data.endswith(b"\n"):
            raise Undecodable(Fault.TRUNCATED, "a line without its end", len(data))
        lines = [cells_of(line) for line in data[:-1].split(b"\n")]
        if any(len(cells) != self.width for cells in lines):
            raise Undecodable(Fault.MALFORMED, f"a line without {self.width} cells", 0)
        return lines


def cells_of(line: bytes) -> list[bytes]:
    cells = [b""]
    for piece in line.split(b"|"):
        inside = cells[-1].startswith(b'"') and not (len(cells[-1]) > 1 and cells[-1].endswith(b'"'))
        if inside:
            cells[-1] += b"|" + piece
        else:
            cells.append(piece)
    return cells[1:]


def read(cell: bytes) -> bytes | None:
    if cell == b"\\N":
        return None
    bare = cell[1:-1] if len(cell) > 1 and cell.startswith(b'"') else cell
    return bare.replace(b"\x01", b"\n")


def written(value: bytes | None) -> bytes:
    if value is None:
        return b"\\N"
    line = value.replace(b"\n", b"\x01")
    return b'"' + line + b'"' if b"|" in line or line.startswith(b'"') else line


def lines(table: Table) -> Rows:
    encoded = [b"|".join(written(None if cell is None else cell.encode()) for cell in row) + b"\n" for row in table]
    return Rows(b"".join(encoded), len(encoded))


def table_of(data: bytes | bytearray) -> list[list[str | None]]:
    rows = [[read(cell) for cell in cells_of(line)] for line in bytes(data).split(b"\n")[:-1]]
    return [[None if cell is None else cell.decode() for cell in row] for row in rows]


def announced(flow: str, *uses: FieldUse | str, text: str = POLICY) -> Plan:
    fields = tuple(FieldUse(use, apart=True) if isinstance(use, str) else use for use in uses)
    return plan(policy(text), FlowId(flow), Asker(), Shape(fields))


def text_columns(*paths: str) -> list[RowColumn]:
    return [RowColumn(path, ValueType.TEXT, number) for number, path in enumerate(paths)]


def begin_rows(
    made: Plan,
    columns: Sequence[RowColumn],
    *,
    form: Lines | None = None,
    hold: int = 1 << 17,
    keys: Keyring = KEYS,
) -> Crossing:
    carrier = RowsCarrier(form or Lines(len(columns)), columns)
    return Crossing(made, head(made), keys, carrier, hold=hold)


def play_rows(
    flow: str,
    columns: Sequence[RowColumn],
    *batches: Table,
    text: str = POLICY,
    form: Lines | None = None,
    hold: int = 1 << 17,
    keys: Keyring = KEYS,
    **more: object,
) -> Play:
    """Announce the columns, each shown as it stands in its field, and let batches of rows cross."""
    made = announced(flow, *(column.path for column in columns), text=text)
    crossing = begin_rows(made, columns, form=form, hold=hold, keys=keys)
    return Play(crossing, **more).run([lines(table) for table in batches])


def row_exchange(out: Plan, back: Plan, columns: Sequence[RowColumn]) -> Exchange:
    """Begin an exchange of rows for rows."""

    def carrier() -> RowsCarrier:
        return RowsCarrier(Lines(len(columns)), columns)

    return Exchange((out, head(out), carrier()), (back, head(back), carrier()), KEYS)
