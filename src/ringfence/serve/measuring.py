"""Counting what goes to the ledger, and how long it takes, on its way there.

The rule: what the ledger took is what counts: cells and bytes are those that its entries name, so metrics and ledger cannot differ.
(Payloads with nothing personal come with their entry, once a minute. A gate's own canaries are crossings like others.)
"""

import time
from dataclasses import replace

from ringfence.crossing import Body
from ringfence.gates.carrying import Recorder, Unrecorded
from ringfence.gates.refusals import is_cut, times_of
from ringfence.serve.figures import Figures

LASTING = 3.0  # seconds: a ledger that missed one deadline is no trouble yet
_WITH_TOTALS = frozenset({"crossed", "closed"})


class Measured:
    """A recorder that counts. Gives what the recorder within gives."""

    def __init__(self, within: Recorder) -> None:
        self._within = within
        self._entries = self._faults = self._refused = self._cut_off = self._changed = self._bytes_out = 0
        self._seconds = 0.0
        self._refusing_since: float | None = None  # the ledger took nothing since then

    async def record(self, body: Body) -> str:
        """Write one entry."""
        began = time.perf_counter()
        try:
            receipt = await self._within.record(body)
        except Unrecorded:
            self._faults += 1
            self._refusing_since = self._refusing_since or time.monotonic()
            raise
        self._refusing_since = None
        self._seconds += time.perf_counter() - began
        self._entries += 1
        kind = body.get("kind")
        if kind in _WITH_TOTALS:
            self._changed += _number(body, "changes")
            self._bytes_out += _number(body, "bytes_out")
        elif kind == "counted":
            self._bytes_out += _number(body, "bytes_out")
        elif is_cut(body):
            self._cut_off += times_of(body)
        elif kind == "refused":
            self._refused += times_of(body)
        return receipt

    def trouble(self) -> str:
        """Say that the ledger cannot be written, once that has lasted."""
        since = self._refusing_since
        if since is None or time.monotonic() - since < LASTING:
            return ""
        return "the ledger cannot be written, so what has to be recorded is refused: see its disk, and that its writer runs"

    def added_to(self, figures: Figures) -> Figures:
        """Give a gate's own figures with these."""
        return replace(
            figures,
            bytes_out=self._bytes_out,
            masked=self._changed,
            refusals=self._refused,
            cut_off=self._cut_off,
            entries=self._entries,
            ledger_seconds=self._seconds,
            ledger_faults=self._faults,
        )


def _number(body: Body, name: str) -> int:
    value = body.get(name)
    return value if isinstance(value, int) else 0
