"""`ringfence run`: a program, with its output taken across a flow's boundary."""

import errno
from typing import Annotated

import typer

from ringfence.cli._errors import Problem, in_words
from ringfence.cli._home import HomeOption, OverlayOption, PolicyOption, home
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
from ringfence.gates.logs import STDERR, STDOUT, LogGate, run_child
from ringfence.gates.loop import run as run_loop
from ringfence.gates.recording import LedgerRecorder

app = typer.Typer(add_completion=False)

FAILED = 125  # ringfence itself failed: the program was not started, or its output could not be carried
NOT_EXECUTABLE = 126
NOT_FOUND = 127


@app.command(
    context_settings={"allow_interspersed_args": False},
    help=(
        "Run a program with its standard output and standard error taken across a flow's boundary.\n\n"
        "Exit code: the program's (128 + n where signal n ended it); 125 where ringfence itself fails, 126 where the program "
        "cannot be run, 127 where it is not found.\n\n"
        "Example: ringfence run --flow app-logs -- python -m my_service"
    ),
)
def run(
    command: Annotated[
        list[str], typer.Argument(help="The program and its arguments, after --.", metavar="-- COMMAND...")
    ],
    flow: FlowOption,
    stderr_flow: Annotated[str | None, typer.Option("--stderr-flow", help="Another flow for standard error.")] = None,
    role: RoleOption = None,
    purpose: PurposeOption = None,
    reason: ReasonOption = "",
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
) -> int:
    """Run the program to its end."""
    try:
        place = home(policy, folder)
        read = open_policy(place, overlay)
        out = make_plan(
            read, find_flow(read, flow, ["stdout"] if stderr_flow else ["stdout", "stderr"]), role, purpose, reason
        )
        err = make_plan(read, find_flow(read, stderr_flow, ["stderr"]), role, purpose, reason) if stderr_flow else out

        async def serve() -> int:
            async with open_ledger(place) as client:
                recorder = LedgerRecorder(client)
                gates = {STDOUT: gate_for(out, place, recorder, reason), STDERR: gate_for(err, place, recorder, reason)}
                return await _start(gates, command)

        return run_loop(serve())
    except Exception as error:  # noqa: BLE001 (the gate's rim: the child's code must not be taken for ours)
        notify(in_words(error))
        return FAILED


async def _start(gates: dict[int, LogGate], command: list[str]) -> int:
    try:
        return await run_child(gates, command)
    except (FileNotFoundError, NotADirectoryError):
        notify(in_words(Problem("the program was not found", "give its path, or put its folder on PATH")))
        return NOT_FOUND
    except PermissionError:
        notify(in_words(Problem("the program cannot be executed", "give it the right to be: chmod +x")))
        return NOT_EXECUTABLE
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        notify(in_words(Problem("the program is of no kind that can be executed", "begin a script with #!/bin/sh")))
        return NOT_EXECUTABLE
