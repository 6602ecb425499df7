"""One payload, from standard input to standard output, as a single streamed crossing: the JSON pipe, the CSV pipe.

A refusal ends it: what was not released is dropped, and nothing more goes out.
"""

from ringfence.carriers import make_carrier
from ringfence.crossing import Crossing, Ending, Head, Refusal
from ringfence.gates.carrying import Carried, carry_out, new_crossing_id
from ringfence.gates.logs.reading import Source
from ringfence.gates.logs.stream import LogGate, Write


async def serve_payload(gate: LogGate, source: Source, write: Write, *, carrier: str) -> Refusal | None:
    """Take everything from `source` across the boundary as one payload; give the refusal, if there is one."""
    began = gate.clock()
    head = Head(new_crossing_id(began), gate.plan.policy_hash, began, gate.name, gate.principal, gate.reason)
    crossing = Crossing(gate.plan, head, gate.keys, make_carrier(carrier))
    effects = crossing.start()
    ended = False
    while True:
        carried = Carried()
        await carry_out(crossing, effects, gate.recorder, gate.clock, carried)
        for part in carried.released:
            if isinstance(part, bytes):
                await write(part)
        if carried.refusal is not None or ended:
            break
        piece = await source.read()
        ended = not piece
        effects = crossing.feed(piece, gate.clock()) if piece else crossing.end(Ending.COMPLETE, gate.clock())
    if carried.ledger_fault and carried.refusal is None:
        gate.notify(
            f"crossing {head.crossing} could not be closed in the ledger ({carried.ledger_fault}): its outcome reads unknown"
        )
    tallies = gate.tallies()
    tallies.add(gate.plan, crossing.summary)
    await tallies.write(gate.recorder, closing=True)
    return carried.refusal
