"""Running a program with its output taken across a boundary: `ringfence run`.

The rule: to the program nothing changes but where its output goes. Its standard input is ours; where our output is a terminal it
sees one too, of the same size; it gets the signals that we get; its exit code becomes ours. Standard output and standard error are
crossed apart. A stream whose reader has gone is closed on the program's side too, so that it learns of it as it would have.
"""

import asyncio
import fcntl
import os
import signal
import subprocess
import termios
import tty
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from ringfence.gates.logs.reading import Source
from ringfence.gates.logs.stream import LogGate, serve_stream
from ringfence.gates.logs.writing import Sink

STDOUT = 1
STDERR = 2
NAMES = {STDOUT: "stdout", STDERR: "stderr"}

FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
FROM_TERMINAL = (
    signal.SIGINT,
    signal.SIGQUIT,
)  # the terminal sends these to the whole foreground group, so the child has them

SIGNALLED = 128  # what a shell adds to the number of the signal that ended a program


@dataclass(frozen=True, slots=True)
class _Channel:
    """One output of the child: which of our descriptors it stands for, our end of it, and whether it is a terminal."""

    target: int
    ours: int
    is_terminal: bool


async def run_child(gates: dict[int, LogGate], command: Sequence[str]) -> int:
    """Run `command` with its outputs crossed (`gates` maps 1 and 2 to theirs); give its exit code, as a shell would.

    Raises `FileNotFoundError` or `PermissionError` where the program cannot be started.
    """
    channels, theirs = _open_channels()
    try:
        child = subprocess.Popen(list(command), stdout=theirs[STDOUT], stderr=theirs[STDERR])  # noqa: ASYNC220 (starting is quick)
    except OSError:
        for channel in channels:
            os.close(channel.ours)
        raise
    finally:
        for descriptor in theirs.values():
            os.close(descriptor)
    _forward_signals(child, channels)
    async with asyncio.TaskGroup() as owner:
        for channel in channels:
            owner.create_task(_serve(gates[channel.target], channel))
        code = await asyncio.to_thread(child.wait)
    return code if code >= 0 else SIGNALLED - code


async def _serve(gate: LogGate, channel: _Channel) -> None:
    try:
        await serve_stream(gate, NAMES[channel.target], Source(channel.ours), Sink(channel.target).write)
    except* BrokenPipeError:
        pass  # our reader has gone; closing our end tells the child, as its own pipe would have
    finally:
        os.close(channel.ours)


def _open_channels() -> tuple[list[_Channel], dict[int, int]]:
    channels: list[_Channel] = []
    theirs: dict[int, int] = {}
    for target in (STDOUT, STDERR):
        if os.isatty(target):
            ours, his = os.openpty()
            _as_plain_terminal(his)
        else:
            ours, his = os.pipe()
        channels.append(_Channel(target, ours, os.isatty(target)))
        theirs[target] = his
    _copy_size(channels)
    return channels, theirs


def _as_plain_terminal(descriptor: int) -> None:
    """Leave line ends to the real terminal: a second translation would double the carriage returns."""
    mode = termios.tcgetattr(descriptor)
    mode[tty.OFLAG] &= ~termios.OPOST
    termios.tcsetattr(descriptor, termios.TCSANOW, mode)


def _copy_size(channels: Sequence[_Channel]) -> None:
    for channel in channels:
        if channel.is_terminal:
            with suppress(OSError):
                size = fcntl.ioctl(channel.target, termios.TIOCGWINSZ, bytes(8))
                fcntl.ioctl(channel.ours, termios.TIOCSWINSZ, size)


def _forward_signals(child: "subprocess.Popen[bytes]", channels: Sequence[_Channel]) -> None:
    loop = asyncio.get_running_loop()
    for number in FORWARDED:
        loop.add_signal_handler(number, _send, child, number)
    for number in FROM_TERMINAL:
        loop.add_signal_handler(number, _send_unless_foreground, child, number)
    loop.add_signal_handler(signal.SIGWINCH, _copy_size, channels)


def _send(child: "subprocess.Popen[bytes]", number: int) -> None:
    with suppress(ProcessLookupError):
        child.send_signal(number)


def _send_unless_foreground(child: "subprocess.Popen[bytes]", number: int) -> None:
    try:
        with open("/dev/tty", "rb", buffering=0) as terminal:  # noqa: PTH123 (a device, not a path of ours)
            in_foreground = os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        in_foreground = False
    if not in_foreground:
        _send(child, number)
