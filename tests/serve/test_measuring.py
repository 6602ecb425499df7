"""What a worker counts of its ledger, and when it says that the ledger holds it up."""

import asyncio

import pytest

from ringfence.crossing import Body
from ringfence.gates.carrying import Unrecorded
from ringfence.serve import measuring
from ringfence.serve.figures import Figures
from ringfence.serve.measuring import Measured


class Ledger:
    def __init__(self) -> None:
        self.fails = False

    async def record(self, body: Body) -> str:
        if self.fails:
            raise Unrecorded("timeout")
        return "a receipt"


def test_a_ledger_that_takes_nothing_for_a_while_is_trouble_until_it_takes_something(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(measuring.time, "monotonic", lambda: now[0])
    ledger = Ledger()
    measured = Measured(ledger)
    asyncio.run(measured.record({"kind": "crossed", "changes": 2}))
    assert measured.trouble() == ""
    ledger.fails = True
    for moment in (100.0, 100.0 + measuring.LASTING):
        now[0] = moment
        with pytest.raises(Unrecorded):
            asyncio.run(measured.record({"kind": "crossed"}))
    assert "the ledger cannot be written" in measured.trouble()
    ledger.fails = False
    asyncio.run(measured.record({"kind": "refused"}))
    assert measured.trouble() == ""
    figures = measured.added_to(Figures())
    assert (figures.entries, figures.ledger_faults, figures.masked, figures.refusals) == (2, 2, 2, 1)


def test_what_was_cut_off_is_counted_apart_from_what_was_refused() -> None:
    measured = Measured(Ledger())
    for more in ({"refused": "cut"}, {"refused": "category-denied"}, {"refused": "cut", "count": 3}):
        asyncio.run(measured.record({"kind": "refused", **more}))
    figures = measured.added_to(Figures())
    assert (figures.refusals, figures.cut_off) == (1, 4)
