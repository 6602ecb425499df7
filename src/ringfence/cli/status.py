"""`ringfence status`: how what runs in a home is."""

import sys

import typer

from ringfence.cli._formats import Format, FormatOption
from ringfence.cli._home import HomeOption, PolicyOption, home
from ringfence.cli._table import show_table
from ringfence.serve import NotRunning, State, Status, ask_status, write_status
from ringfence.serve.figures import Requests

app = typer.Typer(add_completion=False)

READY, DEGRADED, NOT_RUNNING = 0, 1, 2
MOST_PRINCIPALS = 10


@app.command(
    help=(
        "Show how the gates are that `ringfence up` runs: workers, sessions, counts, the policy in force.\n\n"
        "Exit code: 0 ready, 1 degraded (or only starting, or draining), 2 not running.\n\n"
        "Example: ringfence status --format json"
    )
)
def status(
    policy: PolicyOption = None,
    folder: HomeOption = None,
    output: FormatOption = Format.TEXT,
) -> int:
    """Ask, and show the answer."""
    place = home(policy, folder).made()
    try:
        found = ask_status(place.folder)
    except NotRunning as error:
        if output is Format.JSON:
            print('{"state": "not running"}')
        else:
            print(f"ringfence: {error.what}\n  {error.mend}", file=sys.stderr)
        return NOT_RUNNING
    if output is Format.JSON:
        print(write_status(found).decode())
    else:
        _show(found)
    return READY if found.state is State.READY else DEGRADED


def _show(found: Status) -> None:
    print(f"{found.state}, process {found.process}, since {found.since}")
    times = found.generation - 1
    print(f"policy {found.policy}" + (f", after {times} reload{'s' if times != 1 else ''}" if times else ""))
    for reason in found.reasons:
        print(f"  {reason}")
    if found.reload is not None:
        outcome = "taken" if found.reload.taken else "refused; the policy of before stays in force"
        print(f"last reload {found.reload.at}: {outcome}")
        if found.reload.mend:
            print(f"  {found.reload.mend}")
    print()
    rows = [
        [
            gate.gate,
            gate.address,
            f"{gate.ready} of {len(gate.workers)}",
            str(sum(worker.restarts for worker in gate.workers)),
            f"{gate.figures.connections:,}",
            f"{gate.figures.statements:,}",
            f"{gate.figures.masked:,}",
            f"{gate.figures.refusals:,}",
        ]
        for gate in found.gates
    ]
    heads = ["gate", "address", "workers", "restarts", "open", "asked", "masked", "refused"]
    show_table(
        heads,
        rows,
        warned=[
            number
            for number, gate in enumerate(found.gates)
            if not gate.serves or any(worker.is_odd for worker in gate.workers)
        ],
    )
    for gate in found.gates:
        if gate.observing:
            print(f"\ngate {gate.gate} only observes {', '.join(gate.observing)}: everything passes there")
    _show_requests(found)
    _show_workers(found)
    _show_companions(found)
    _show_sessions(found)


def _show_requests(found: Status) -> None:
    """Show what HTTP gates count by themselves: what became of requests, and within which time."""
    counted = [gate for gate in found.gates if gate.figures.requests.times]
    outcomes = list(dict.fromkeys(name for gate in counted for name in gate.figures.requests.outcomes))
    rows = []
    for gate in counted:
        requests, envoy = gate.figures.requests, gate.envoy
        state = "your own" if envoy is None else "up" if envoy.up else "down"
        ended = [f"{requests.outcomes.get(name, 0):,}" for name in outcomes]
        restarts = str(envoy.restarts) if envoy is not None else ""
        rows.append([gate.gate, state, restarts, *ended, *(_within(requests, share) for share in (0.5, 0.99))])
    if rows:
        print()
        show_table(["gate", "envoy", "restarts", *outcomes, "half within", "99 % within"], rows)


def _within(requests: Requests, share: float) -> str:
    bound = requests.within(share)
    if bound is not None:
        return f"{bound * 1000:g} ms"
    return f"> {requests.bounds[-1] * 1000:g} ms" if sum(requests.times) else "-"


def _show_workers(found: Status) -> None:
    odd = [
        [gate.gate, str(worker.worker), worker.state.value, str(worker.process or ""), worker.why]
        for gate in found.gates
        for worker in gate.workers
        if worker.is_odd
    ]
    if odd:
        print()
        show_table(["gate", "worker", "state", "process", ""], odd)


def _show_companions(found: Status) -> None:
    for each in found.companions:
        counts = ", ".join(f"{int(count):,} {name}" for name, count in each.figures.items())
        print(f"\n{each.name}: {each.state}, {counts or 'nothing counted yet'}" + (f"; {each.why}" if each.why else ""))


def _show_sessions(found: Status) -> None:
    rows = [
        [gate.gate, name, f"{count:,}"]
        for gate in found.gates
        for name, count in sorted(gate.figures.sessions.items(), key=lambda each: -each[1])[:MOST_PRINCIPALS]
    ]
    if rows:
        print()
        show_table(["gate", "principal", "sessions"], rows)
