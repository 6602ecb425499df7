"""`ringfence demo`: a real service's logs and a shop's database, taken across a boundary, and the proof of what crossed."""

import os
import signal
import sys
from contextlib import ExitStack, suppress
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)

PIPED_WIDTH = 140  # columns, where there is no terminal to ask
FAILED = 1


@app.command(
    help=(
        "Show the main jobs on an embedded example, in twenty steps. A service logs synthetic people, and a log store outside "
        "gets what may cross; a shop's PostgreSQL is asked straight and through its gate, by two roles; a partner asks its "
        "API, and a language model is told nothing; a commit with people in it is refused, and mended.\n\n"
        "Without a PostgreSQL, an Envoy or a git to start, the steps about it are left out, and say what brings one.\n\n"
        "Everything runs on this machine and in a temporary folder, and ends with the command.\n\n"
        "Exit code: 0 where every step held, 1 where one did not.\n\n"
        "Example: ringfence demo --once"
    )
)
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End after the scenes, rather than leave the service running.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Keep policy, keys, ledger and logs in this folder.", file_okay=False)
    ] = None,
) -> int:
    """Run every scene."""
    from ringfence.cli._table import console as terminal
    from ringfence.demo.performance import show, stay
    from ringfence.demo.place import Place
    from ringfence.demo.screen import Screen

    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that has no letter for a name shows a question mark
    console = terminal()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPED_WIDTH
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _interrupt)
    with ExitStack() as stack:
        name = stack.enter_context(TemporaryDirectory(prefix="ringfence-demo-")) if folder is None else folder
        place, screen = Place(Path(name).absolute()), Screen(console)
        held = show(place, screen)
        if folder is not None:
            screen.say(
                f"Policy, keys, ledger and both sides' logs are in {place.folder}; the same commands work there."
            )
        if not once:
            stay(place, screen)
    return 0 if held else FAILED


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (a signal handler's)
    """Take every way of being ended as Ctrl-C is taken: processes end, and the temporary folder goes, which takes seconds."""
    signal.signal(number, signal.default_int_handler)  # said once
    with suppress(OSError):
        os.write(2, b"\nEnding: what runs is stopped, and its files go.\n")
    raise KeyboardInterrupt
