"""The log of a running gate: one line an event, on standard error.

The rule: what stands in a line are words of ringfence's own, names from the policy, numbers, and text that passed `scrub`; never
a value (law 4). Other libraries' log records may quote anything, so of them only name and level are told. A line goes out in one
write: parent and workers share the stream.
"""

import asyncio
import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from types import TracebackType
from typing import TypeAlias

from ringfence.crossing import scrub
from ringfence.detect import Detector
from ringfence.serve.faults import say
from ringfence.stamps import stamp

STANDARD_ERROR = 2
MOST_TEXT = 1000  # characters of a text in a line

Fact: TypeAlias = str | int | float | bool


class LogFormat(StrEnum):
    """How the log is written."""

    JSON = "json"
    TEXT = "text"


class Level(StrEnum):
    """How grave an event is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@cache
def _detector(own: frozenset[str]) -> Detector:
    return Detector(allow=own)


def clean(text: str, own: frozenset[str] = frozenset()) -> str:
    """Take personal data out of a text that may hold what a client chose.

    `own` are hosts that the policy names: an address is left standing where it is one of them exactly.

    >>> clean("from 198.51.100.7 to 192.0.2.9:5432", frozenset({"192.0.2.9"}))
    'from [redacted:ip_address] to 192.0.2.9:5432'
    """
    return scrub(text, _detector(own), MOST_TEXT)


def _write(line: bytes) -> None:
    try:
        os.write(STANDARD_ERROR, line)
    except OSError:
        return  # nobody reads the log any more: that is no reason to stop serving


class Log:
    """Writes events. `about` stands in each of its lines: the gate, the worker."""

    def __init__(
        self,
        format_: LogFormat,
        about: Mapping[str, Fact] | None = None,
        write: Callable[[bytes], None] = _write,
        own: frozenset[str] = frozenset(),
    ) -> None:
        self._format = format_
        self._about = dict(about or {})
        self._write = write
        self._own = own

    def within(self, **about: Fact) -> "Log":
        """Give a log whose lines say more about where they come from."""
        return Log(self._format, {**self._about, **about}, self._write, self._own)

    def naming(self, own: frozenset[str]) -> "Log":
        """Give a log that may name these hosts, which the policy names."""
        return Log(self._format, self._about, self._write, own)

    def info(self, event: str, text: str = "", **facts: Fact) -> None:
        """Tell what happened. `text` is scrubbed; `event` and `facts` are ringfence's own words, policy names and numbers."""
        self._tell(Level.INFO, event, text, facts)

    def warning(self, event: str, text: str = "", **facts: Fact) -> None:
        """Tell what somebody should know."""
        self._tell(Level.WARNING, event, text, facts)

    def error(self, event: str, text: str = "", **facts: Fact) -> None:
        """Tell what somebody has to mend."""
        self._tell(Level.ERROR, event, text, facts)

    def fault(self, event: str, error: BaseException, **facts: Fact) -> None:
        """Tell of an error, with its mend."""
        said = say(error)
        self._tell(Level.ERROR, event, said.what, {**facts, **({"mend": clean(said.mend)} if said.mend else {})})

    def _tell(self, level: Level, event: str, text: str, facts: Mapping[str, Fact]) -> None:
        at = stamp(datetime.now(UTC))
        line: dict[str, Fact] = {"time": at, "level": level.value, **self._about, "event": event}
        if text:
            line["text"] = clean(text, self._own)
        line.update(facts)
        self._write((json.dumps(line) if self._format is LogFormat.JSON else _in_words(line)).encode() + b"\n")


def _in_words(line: Mapping[str, Fact]) -> str:
    head = f"{line['time']} {line['level']:<7} {line['event']}"
    rest = [
        f"{name}={json.dumps(fact) if isinstance(fact, str) and not fact.isalnum() else fact}"
        for name, fact in line.items()
        if name not in {"time", "level", "event"}
    ]
    return " ".join([head, *rest])


class _OfLibraries(logging.Handler):
    """Tells that a library had something to say, not what: its words may quote a payload."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        facts = {"library": record.name.partition(".")[0], "where": f"{record.module}:{record.lineno}"}
        if record.exc_info and record.exc_info[0] is not None:
            facts["type"] = record.exc_info[0].__name__
        self._log.warning("library", **facts)


def silence_foreign_words(log: Log) -> None:
    """Put everything that Python and libraries would write to standard error by themselves through the log."""
    logging.root.handlers[:] = [_OfLibraries(log)]
    logging.root.setLevel(logging.WARNING)
    warnings.simplefilter("ignore")

    def uncaught(_kind: type[BaseException], error: BaseException, _where: TracebackType | None) -> None:
        log.fault("broken", error)

    def unraisable(found: "sys.UnraisableHookArgs") -> None:
        log.error("broken", type=found.exc_type.__name__)

    sys.excepthook = uncaught
    sys.unraisablehook = unraisable


def watch_loop(loop: asyncio.AbstractEventLoop, log: Log) -> None:
    """Tell of errors that a loop's callbacks and forgotten tasks end with, without their text."""

    def broken(_loop: asyncio.AbstractEventLoop, context: Mapping[str, object]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            log.fault("broken", error)
        else:
            log.error("broken")

    loop.set_exception_handler(broken)
