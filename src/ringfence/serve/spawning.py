"""A child process of the parent's own: started, ended, and its death described.

The rule: a child inherits the line to its parent and its sockets, nothing else; a terminal's interrupt does not reach it.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress


async def spawn(
    module: str,
    control: socket.socket,
    sockets: Sequence[socket.socket] = (),
    *,
    output: int | None = asyncio.subprocess.DEVNULL,
) -> asyncio.subprocess.Process:
    """Run a module as a child. `output` is where its standard output goes; None: where ours goes."""
    command = [sys.executable, "-P", "-m", module]  # -P: never a module of the folder that we happen to be in
    return await asyncio.create_subprocess_exec(
        *command,
        *("--control", str(control.fileno()), "--parent", str(os.getpid())),
        pass_fds=[control.fileno(), *(each.fileno() for each in sockets)],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        start_new_session=True,  # a terminal's interrupt is for the parent
    )


def kill(process: asyncio.subprocess.Process) -> None:
    """End a child at once, if it is there."""
    with suppress(ProcessLookupError):
        process.kill()


def describe_death(code: int) -> str:
    """Say how a process ended.

    >>> describe_death(-9), describe_death(2)
    ('SIGKILL', 'exit 2')
    """
    return signal.Signals(-code).name if code < 0 else f"exit {code}"
