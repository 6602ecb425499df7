"""The two kinds of payload that a crossing takes: bytes that a carrier reads, and rows whose columns were announced.

The rule: what differs between them is here, so that the order of effects is kept in one place for both. A payload gives what it
was fed judged, piece by piece, and makes of each judged piece what will be released.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from ringfence.carriers import (
    Carrier,
    Fault,
    Layer,
    Rows,
    RowsCarrier,
    TranscodedCarrier,
    Undecodable,
    Unit,
    released,
    rest,
)
from ringfence.crossing.effects import Reason
from ringfence.crossing.joining import Joined, Joiner
from ringfence.crossing.judging import Denied, Judge, Judged
from ringfence.crossing.restoring import Surrogates
from ringfence.crossing.row_judging import JudgedRows, RowJudge
from ringfence.detect import Detector
from ringfence.policy.model import NONE, Mode
from ringfence.policy.plan import Plan
from ringfence.transform import Keyring, MissingKey


class Payload(Protocol):
    """One payload, read and judged."""

    @property
    def held(self) -> int:
        """How many bytes are held back, not yet judged."""

    def feed(self, piece: bytes | Rows) -> Iterator[Judged | JudgedRows]:
        """Take the next piece and judge what is complete, one after another. Raises `Undecodable` before the first."""

    def end(self) -> Iterator[Judged | JudgedRows]:
        """Take the end of the payload and judge what was still held."""

    def render(self, judged: Judged | JudgedRows) -> tuple[bytes | Rows, int]:
        """Make what will be released, and say in how many places it was changed; raise `Undecodable` where it cannot be."""

    def finish(self) -> bytes:
        """Give what is to be released after all that was rendered: an encoding's end."""


def payload(
    plan: Plan,
    keys: Keyring,
    detector: Detector,
    carrier: Carrier | RowsCarrier,
    *,
    issued: Surrogates | None,
    restored: Surrogates | None,
    joins: bool = False,
) -> Payload:
    """Begin a payload that a carrier reads."""
    if isinstance(carrier, RowsCarrier):
        return _RowsPayload(RowJudge(plan, keys, detector, carrier, issued=issued, restored=restored), carrier)
    if isinstance(carrier, Layer) and plan.mode is Mode.OBSERVE:
        carrier.forget()
    judge = Judge(plan, keys, detector, issued=issued, restored=restored)
    if joins and restored is not None and plan.mode is Mode.ENFORCE:
        return _BytesPayload(judge, carrier, Joiner(restored, lambda path: plan.judge(path) != NONE))
    return _BytesPayload(judge, carrier)


class _BytesPayload:
    def __init__(self, judge: Judge, carrier: Carrier, joiner: Joiner | None = None) -> None:
        self._judge = judge
        self._carrier = carrier
        self._joiner = joiner
        self._fault: Undecodable | None = None  # told already, as a denial
        # What an encoding stands between has to be rendered unit by unit, in its order.
        self._goes_in_runs = joiner is None and (
            not isinstance(carrier, Layer) or isinstance(carrier, TranscodedCarrier)
        )

    @property
    def held(self) -> int:
        return self._carrier.held + (self._joiner.held if self._joiner is not None else 0)

    def feed(self, piece: bytes | Rows) -> Iterator[Judged]:
        if isinstance(piece, Rows):
            raise TypeError("rows were fed to a carrier of bytes")
        if self._fault is not None:
            raise self._fault
        if isinstance(self._carrier, Layer):
            return self._decoded(self._carrier.stream(piece))
        return self._judged(self._carrier.feed(piece))

    def end(self) -> Iterator[Judged]:
        if self._fault is not None:
            raise self._fault
        return self._judged(self._carrier.end(), ends=True)

    def render(self, judged: Judged | JudgedRows) -> tuple[bytes, int]:
        if isinstance(judged, JudgedRows):
            raise TypeError("rows came from a carrier of bytes")
        edits = judged.edits(self._carrier.write) if judged.slots else []
        return released(self._carrier, judged.unit, edits), len(edits)

    def finish(self) -> bytes:
        return rest(self._carrier)

    def _decoded(self, units: Iterator[Unit]) -> Iterator[Judged]:
        """Judge what is decoded bit by bit. What cannot be decoded is a denial; whoever feeds more is told so again."""
        try:
            yield from self._judged(units)
        except Undecodable as fault:
            self._fault = fault
            yield Judged(Unit(b""), denied=malformed(fault))

    def _judged(self, units: Iterable[Unit], *, ends: bool = False) -> Iterator[Judged]:
        """Judge units, as many in one search as are small."""
        together: list[Joined] = []
        size = 0
        try:
            for joined in self._joined(units, ends=ends):
                together.append(joined)
                size += len(joined.unit.read)
                if size >= _TOGETHER:
                    yield from self._each(together)
                    together, size = [], 0
        except Undecodable:
            yield from self._each(together)  # what came before the fault
            raise
        yield from self._each(together)

    def _joined(self, units: Iterable[Unit], *, ends: bool) -> Iterator[Joined]:
        if self._joiner is None:
            yield from map(Joined, units)
            return
        for unit in units:
            yield from self._joiner.feed(unit)
        if ends:
            yield from self._joiner.end()

    def _each(self, joined: Sequence[Joined]) -> Iterable[Judged]:
        units = [each.unit for each in joined]
        try:
            if self._goes_in_runs and self._judge.judges_runs:
                return self._judge.judge_runs(units)
            return self._judge.judge_each(units, [each.found for each in joined] if self._joiner is not None else ())
        except MissingKey as missing:
            if len(joined) > 1:
                return self._one_by_one(joined)
            return [Judged(joined[0].unit, denied=_keyless(missing))]

    def _one_by_one(self, joined: Sequence[Joined]) -> Iterator[Judged]:
        for each in joined:
            yield from self._each((each,))


_TOGETHER = 64 * 1024  # bytes of units that are searched at once


class _RowsPayload:
    held = 0

    def __init__(self, judge: RowJudge, carrier: RowsCarrier) -> None:
        self._judge = judge
        self._carrier = carrier

    def feed(self, piece: bytes | Rows) -> Iterator[JudgedRows]:
        if not isinstance(piece, Rows):
            raise TypeError("bytes were fed to a carrier of rows")
        return self._judged(piece)

    def end(self) -> Iterator[JudgedRows]:
        return iter(())

    def render(self, judged: Judged | JudgedRows) -> tuple[Rows, int]:
        if isinstance(judged, Judged):
            raise TypeError("a unit of bytes came from a carrier of rows")
        return judged.rendered(self._carrier), judged.changes

    def finish(self) -> bytes:
        return b""

    def _judged(self, rows: Rows) -> Iterator[JudgedRows]:
        try:
            yield self._judge.judge(rows)
        except MissingKey as missing:
            yield JudgedRows(rows, denied=_keyless(missing))
        except Undecodable as fault:  # a denial like others: where the flow observes, the rows pass as they came
            yield JudgedRows(rows, denied=malformed(fault))


def malformed(fault: Undecodable) -> Denied:
    """Say why a payload that cannot be read may not cross."""
    return Denied(_REASONS.get(fault.fault, Reason.UNDECODABLE), f"send what the format allows: {fault}")


_REASONS = {Fault.TOO_LARGE: Reason.TOO_LARGE, Fault.TOO_DEEP: Reason.TOO_LARGE, Fault.AMBIGUOUS: Reason.AMBIGUOUS}


def _keyless(missing: MissingKey) -> Denied:
    return Denied(Reason.KEY, f"make the key with `ringfence key add {missing.name}`")
