"""How a time is written in every entry, by whichever room makes it."""

from datetime import UTC, datetime


def stamp(at: datetime) -> str:
    """Write a time as RFC 3339, in UTC, to the microsecond, so that times compare as their texts do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
