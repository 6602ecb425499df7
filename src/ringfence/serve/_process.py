"""What a process says to its kernel: end with the parent, leave no image of the memory behind, open as many files as allowed."""

import argparse
import ctypes
import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence

from ringfence.traces import leave_no_image

PARENT_GONE = 5  # the exit code of a child that nobody waits for

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def begin_child(about: str, arguments: Sequence[str] | None = None, *, niceness: int = 0) -> socket.socket | None:
    """Begin as a child of `ringfence up`: give the line to it, on the descriptor that it names; None where it has ended already.

    What a terminal sends is for the parent, which says when to end.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    given = parser.parse_args(arguments)
    if not end_with(given.parent):
        return None
    leave_no_image()
    if niceness:
        os.nice(niceness)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    control = socket.socket(fileno=given.control)
    control.set_inheritable(False)
    return control


def end_with(parent: int) -> bool:
    """Have this process killed when its parent ends. False: it has ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    return os.getppid() == parent


def raise_file_limit() -> int:
    """Allow as many open files as the machine lets this process have; give how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else sys.maxsize
