"""The writer's process: ``python -m ringfence.ledger --ledger FILE --key FILE``, started by clients and seldom by hand.

The rule: the command ends, with 0, when a writer listens, be it this one, now in the background, or another that was faster; so
whoever started it knows that connecting will work, and has no child left to wait for.
"""

import argparse
import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from ringfence.ledger.address import IDLE_SECONDS, beside, socket_path
from ringfence.ledger.faults import Fault, LedgerError, LedgerUnavailable
from ringfence.ledger.keys import read_signing_key
from ringfence.ledger.local import Ledger
from ringfence.ledger.note import SigningKey
from ringfence.ledger.writer import Writer, listen, serve

LOCK_SECONDS = 5.0  # for a writer that is just ending
LOCK_STEP = 0.02
_STANDARD = 3  # input, output, errors: what every process has open


def main(arguments: Sequence[str] | None = None) -> int:
    """Start a writer in the background. 0: one listens; 2: it cannot, and standard error says why."""
    parser = argparse.ArgumentParser(prog="python -m ringfence.ledger", description="The writer of a ledger.")
    parser.add_argument("--ledger", type=Path, required=True, help="the ledger's file")
    parser.add_argument("--key", type=Path, required=True, help="the private key's file")
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds without a client after which it ends")
    given = parser.parse_args(arguments)
    try:
        ledger = _owned(given.ledger, read_signing_key(given.key))
        if ledger is None:
            return 0
        log = os.open(beside(given.ledger, "log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        listener = listen(given.ledger)
    except LedgerError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{error.filename or given.ledger}: {os.strerror(error.errno or 0)}\n")
        return 2
    # The file has not been opened yet: SQLite's locks do not survive a fork, the flock and the socket do.
    if os.fork():
        os._exit(0)
    _detach(log, {listener.fileno(), ledger.lock_descriptor})
    serve(ledger, listener, given.idle, _stop_on_signals)
    return 0


def _owned(file: Path, key: SigningKey) -> Ledger | None:
    """Take the ledger's lock. None where another writer listens already."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return Ledger(file, key)
        except LedgerUnavailable as error:
            if error.fault is not Fault.BUSY or time.monotonic() > deadline:
                raise
        if _is_listening(file):
            return None
        time.sleep(LOCK_STEP)  # the lock's holder is ending, or just beginning


def _is_listening(file: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, suppress(OSError), socket_path(file) as path:
        probe.connect(path)
        return True
    return False


def _detach(log: int, kept: Collection[int]) -> None:
    """Leave the terminal, and keep nothing that is open but the log and what is `kept`.

    Whoever started this may have handed down more than the standard three (uvloop leaves a pipe's own number open beside them),
    and would wait for its end as long as it is held here.
    """
    os.setsid()
    os.chdir("/")
    os.umask(0o077)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number, handle in enumerate((nothing, nothing, log)):
        os.dup2(handle, number)
    low = _STANDARD
    for high in (*sorted(kept), os.sysconf("SC_OPEN_MAX")):
        os.closerange(low, high)
        low = high + 1


def _stop_on_signals(writer: Writer) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, writer.stop)


if __name__ == "__main__":
    sys.exit(main())
