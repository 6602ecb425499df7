"""The counts of a gate over a ledger that fails: none is lost, and none stands there twice."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from ringfence.crossing import Body, CrossingId, Summary
from ringfence.crossing.effects import Reason
from ringfence.gates.carrying import Unrecorded
from ringfence.gates.tallies import REST, Tallies
from ringfence.policy import Asker, FlowId, Plan, plan
from ringfence.policy.reading import read

BEGAN = datetime(2031, 1, 2, tzinfo=UTC)
POLICY = """
version: 1
zones: {core: {label: core}, outside: {label: outside}}
assets: {app: {zone: core, kind: log}}
gates: {logs: {kind: log}}
flows:
  - {id: one, from: app, to: outside, via: {gate: logs, match: {stream: stdout}}}
  - {id: two, from: app, to: outside, via: {gate: logs, match: {stream: stderr}}}
"""
QUIET = Summary(8, 8, recorded=False, refused=None, changes=0, done=True)


def planned(flow: str) -> Plan:
    return plan(read("p.yaml", {"p.yaml": POLICY}, {}), FlowId(flow), Asker())


class Ledger:
    """Takes entries, knows them again by their ids; can take nothing, or take an entry and lose the answer."""

    def __init__(self) -> None:
        self.entries: dict[object, Body] = {}
        self.says = "ok"
        self.asked = 0

    async def record(self, body: Body) -> str:
        self.asked += 1
        if self.says != "full":
            known = self.entries.setdefault(body["id"], body)
            assert known == body
        if self.says != "ok":
            raise Unrecorded(self.says)
        return str(len(self.entries))


class Gate:
    def __init__(self) -> None:
        self.at = BEGAN
        self._made = 0
        self.tallies = Tallies("logs", self._new_id, lambda: self.at)

    def _new_id(self, _at: datetime) -> CrossingId:
        self._made += 1
        return CrossingId(f"01count{self._made}")


@pytest.mark.parametrize("fault", ["full", "timeout"])
def test_a_count_that_could_not_be_written_is_written_when_the_ledger_is_there_again(fault: str) -> None:
    async def run() -> None:
        ledger, gate = Ledger(), Gate()
        one, two = planned("one"), planned("two")
        gate.tallies.add(one, QUIET)
        gate.tallies.add_many(two, 5, 100)
        gate.at += timedelta(minutes=1)
        ledger.says = fault
        with pytest.raises(Unrecorded):
            await gate.tallies.write(ledger)
        gate.tallies.add(one, QUIET)
        await gate.tallies.write(ledger)  # it rests: a ledger that fails costs a deadline each time
        assert ledger.asked == 1
        ledger.says = "ok"
        gate.at += REST
        await gate.tallies.write(ledger)
        await gate.tallies.write(ledger, closing=True)
        counted = [(body["flow"], body["payloads"], body["bytes_out"]) for body in ledger.entries.values()]
        assert sorted(counted) == [("one", 1, 8), ("one", 1, 8), ("two", 5, 100)]

    asyncio.run(run())


def test_what_left_an_entry_of_its_own_is_not_counted() -> None:
    async def run() -> None:
        ledger, gate = Ledger(), Gate()
        one = planned("one")
        gate.tallies.add(one, Summary(8, 8, recorded=True, refused=None, changes=1, done=True))
        gate.tallies.add(one, Summary(8, 0, recorded=False, refused=Reason.CATEGORY, changes=0, done=True))
        await gate.tallies.write(ledger, closing=True)
        assert ledger.asked == 0

    asyncio.run(run())
