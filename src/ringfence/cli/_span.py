"""Times that somebody typed: `--since`, `--until`, `--before`, `--between`.

The rule: every command takes a time in the same spellings; what was typed and is no time is not repeated.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import re2

from ringfence.cli._errors import Problem
from ringfence.stamps import stamp

if TYPE_CHECKING:
    from ringfence.report import Span

TIME_HELP = "30d, 12h, or a time: 2031-01-31, 2031-01-31T12:00:00Z (UTC where it names no zone)"

_SPAN = re2.compile(r"([1-9][0-9]{0,4})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def span_of(since: str, until: str, option: str = "") -> "Span":
    """Read a stretch of time. `option` is the one that gives both; "": they are `--since` and `--until`. Raises `Problem`."""
    from ringfence.report import Span

    now = datetime.now(UTC)
    begin = _time(since, option or "--since", now)
    found = Span(begin, _time(until, option or "--until", now) if until else now)
    if found.since >= found.until:
        raise Problem("the period ends before it begins", "give the earlier time first")
    return found


def time_of(text: str, option: str) -> str:
    """Read a time; give it as the ledger spells it. Raises `Problem`."""
    return stamp(_time(text, option, datetime.now(UTC)))


def _time(text: str, option: str, now: datetime) -> datetime:
    back = _SPAN.fullmatch(text)
    try:
        if back is not None:
            return now - timedelta(**{_UNITS[back[2]]: int(back[1])})
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Problem(f"{option}: not a time", "write 30d, 12h, 2031-01-31 or 2031-01-31T12:00:00Z") from None
