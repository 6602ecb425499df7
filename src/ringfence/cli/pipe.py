"""`ringfence pipe`: standard input to standard output, across a flow's boundary."""

import asyncio
import os
import signal
import sys
from enum import StrEnum
from typing import Annotated

import typer

from ringfence.cli._home import HomeOption, OverlayOption, PolicyOption, home
from ringfence.cli._program import FOUND
from ringfence.cli._session import (
    FlowOption,
    PurposeOption,
    ReasonOption,
    RoleOption,
    find_flow,
    gate_for,
    make_plan,
    notify,
    open_ledger,
    open_policy,
)
from ringfence.gates.logs import STDOUT, LogGate, Sink, Source, serve_payload, serve_stream
from ringfence.gates.loop import run
from ringfence.gates.recording import LedgerRecorder

app = typer.Typer(add_completion=False)

STDIN = 0
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Kind(StrEnum):
    """What standard input is: a stream of lines, or one payload."""

    LOG = "log"
    TEXT = "text"
    NDJSON = "ndjson"
    JSON = "json"
    CSV = "csv"
    FORM = "form"
    XML = "xml"
    HTML = "html"
    SSE = "sse"


PATIENCE = 2.0  # seconds that what was read before a signal may take to get out

STREAMS = frozenset({Kind.LOG, Kind.TEXT, Kind.NDJSON})


@app.command(
    help=(
        "Take standard input to standard output across a flow's boundary.\n\n"
        "A stream of lines goes window by window: what may not cross is changed, a window that is refused becomes one line that "
        "names its crossing. One payload (json, csv, form, xml, html, sse) is refused whole.\n\n"
        "Exit code: 0, 1 where something was refused, 2 on an error.\n\n"
        "Example: my-service 2>&1 | ringfence pipe --flow app-logs | ship-logs"
    )
)
def pipe(
    flow: FlowOption,
    kind: Annotated[
        Kind, typer.Option("--as", help="What comes in; log: lines of text and of JSON, mixed.")
    ] = Kind.LOG,
    role: RoleOption = None,
    purpose: PurposeOption = None,
    reason: ReasonOption = "",
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
) -> int:
    """Run the pipe to the end of its input."""
    place = home(policy, folder)
    read = open_policy(place, overlay)
    made = make_plan(read, find_flow(read, flow, ["stdin"] if kind in STREAMS else []), role, purpose, reason)
    stopped: list[int] = []

    async def serve() -> bool:
        async with open_ledger(place) as client:
            gate = gate_for(made, place, LedgerRecorder(client), reason)
            source = Source(STDIN)
            for number in STOPPING:
                asyncio.get_running_loop().add_signal_handler(number, _stop, source, number, stopped)
            return await _serve(gate, source, kind)

    try:
        refused = run(serve())
    except* BrokenPipeError:
        refused = True
        _die_of(signal.SIGPIPE)
    if stopped:
        _die_of(stopped[0])
    return FOUND if refused else 0


async def _serve(gate: LogGate, source: Source, kind: Kind) -> bool:
    sink = Sink(STDOUT)
    if kind in STREAMS:
        return await serve_stream(gate, "stdin", source, sink.write, carrier=kind.value)
    refusal = await serve_payload(gate, source, sink.write, carrier=kind.value)
    if refusal is not None:
        notify(str(refusal))
    return refusal is not None


def _stop(source: Source, number: int, stopped: list[int]) -> None:
    """Read no more, let out what may still go, then die of the signal: after `PATIENCE` at the latest, or at a second one."""
    if stopped:
        _die_of(number)
    stopped.append(number)
    source.stop()
    asyncio.get_running_loop().call_later(PATIENCE, _die_of, number)


def _die_of(number: int) -> None:
    """End as a program does that never heard of this signal, so that whoever waits for us sees it."""
    sys.stderr.flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
