"""Rows a second of one processor through a crossing: 2 of 8 columns masked, a column of free text searched, nothing to do."""

import struct
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from benchmarks._rows import Row
from ringfence.carriers import RowColumn, Rows, RowsCarrier
from ringfence.crossing import Crossing, CrossingId, Effects, Ending, Head, Record, Recorded, Release
from ringfence.policy import Asker, FieldUse, FlowId, Plan, Shape, plan, read
from ringfence.transform import Keyring, ValueType
from ringfence.wire.postgres.rows import DataRows

COUNT = 60_000
_TEXT = 25  # the type's OID
PIECE = 400  # rows of one batch: about what a read of 64 KiB brings
ROUNDS = 5
AT = datetime(2026, 1, 2, tzinfo=UTC)
COLUMNS = ("id", "name", "email", "city", "card", "total", "created", "note")
POLICY = """\
version: 1
zones: {core: {label: high}, staff: {label: internal}}
assets:
  shop:
    zone: core
    kind: postgres
    fields:
      t: none
      t.email: user.contact.email
      t.card: user.financial.credit_card
      t.note: scan
forms:
  domain: {transform: mask, keep_domain: true}
  last4: {transform: mask, keep_last: 4}
flows:
  - id: masked
    from: shop
    to: staff
    carry: {user.contact.email: domain, user.financial.credit_card: last4}
    else: redact
  - {id: clear, from: shop, to: staff, carry: {"*": clear}}
"""


def run() -> list[Row]:
    batches = _batches()
    size = sum(len(rows.data) for rows in batches)
    masked = _announced("masked", computed=("note",))
    searched, clear = _announced("masked"), _announced("clear", computed=("note",))
    harmless = _announced("masked", computed=("email", "card", "note"))
    walked = _rate(lambda: _walk(batches))
    return [
        Row(
            "rows, 2 of 8 columns masked",
            _shown(_rate(lambda: _cross(masked, batches)), size),
            f"taken and put back as they are {walked:,.0f}/s",
        ),
        Row("rows, and one of free text searched", _shown(_rate(lambda: _cross(searched, batches)), size)),
        Row("rows, all carried clear", _shown(_rate(lambda: _cross(clear, batches)), size)),
        Row("rows, nothing announced that needs a look", _shown(_rate(lambda: _cross(harmless, batches)), size)),
    ]


def _batches() -> list[Rows]:
    batches = []
    for start in range(0, COUNT, PIECE):
        made = b"".join(_row(number) for number in range(start, start + PIECE))
        batches.append(Rows(made, PIECE))
    return batches


def _row(number: int) -> bytes:
    cells = (
        b"%d" % number,
        b"Person %d" % (number % 5000),
        b"person%05d@posta-%d.example" % (number, number % 40),
        b"Ulm",
        b"4539 5787 6362 %04d" % (number % 10_000),
        b"%d.90" % (number % 977),
        b"2026-01-02 10:00:00+00",
        b"parcel %d left with the neighbour at half past ten" % number,
    )
    body = b"".join(struct.pack(">i", len(cell)) + cell for cell in cells)
    return b"D" + struct.pack(">ih", len(body) + 6, len(cells)) + body


def _announced(flow: str, computed: tuple[str, ...] = ()) -> Plan:
    """Make the plan of a result; columns in `computed` come from no field."""
    shape = Shape(tuple(FieldUse("t.id" if name in computed else f"t.{name}") for name in COLUMNS))
    return plan(read("ringfence.yaml", {"ringfence.yaml": POLICY}, {}), FlowId(flow), Asker(), shape)


def _cross(made: Plan, batches: Sequence[Rows]) -> None:
    columns = [RowColumn(f"t.{name}", ValueType.TEXT, number) for number, name in enumerate(COLUMNS)]
    head = Head(CrossingId("01bench"), made.policy_hash, AT, "bench", "local:bench")
    crossing = Crossing(
        made, head, Keyring(), RowsCarrier(DataRows([0] * len(COLUMNS), [_TEXT] * len(COLUMNS)), columns)
    )
    released = _carry(crossing, crossing.start())
    for rows in batches:
        released += _carry(crossing, crossing.feed(rows, AT))
    released += _carry(crossing, crossing.end(Ending.COMPLETE, AT))
    if released != COUNT:
        raise RuntimeError(f"{released} rows came out of {COUNT}")


def _carry(crossing: Crossing, effects: Effects) -> int:
    """Answer every record at once; count the rows released."""
    released = 0
    for effect in effects:
        if isinstance(effect, Release) and isinstance(effect.payload, Rows):
            released += effect.payload.count
        elif isinstance(effect, Record):
            released += _carry(crossing, crossing.answer(Recorded(effect.id, "t:1"), AT))
    return released


def _walk(batches: Sequence[Rows]) -> None:
    form = DataRows([0] * len(COLUMNS), [_TEXT] * len(COLUMNS))
    for rows in batches:
        if form.put(rows.data, (2, 4), form.take(rows.data, (2, 4))) != rows.data:
            raise RuntimeError("rows put back as they are were changed")


def _rate(work: Callable[[], None]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return COUNT / best


def _shown(rate: float, size: int) -> str:
    return f"{rate:,.0f} rows/s, {rate * size / COUNT / 1e6:,.0f} MB/s"
