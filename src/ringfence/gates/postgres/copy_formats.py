"""How the rows of a COPY are framed, and cut out of its messages."""

from typing import TYPE_CHECKING

from ringfence.gates.postgres.describing import codecs_of
from ringfence.wire.postgres.copying import CopyCutter, CopyMessages

if TYPE_CHECKING:
    from ringfence.gates.postgres.verdicts import Verdict

LONGEST_ROW = 64 * 1024 * 1024  # bytes


def copy_rows(verdict: "Verdict") -> CopyMessages:
    """Give the format of a COPY's rows."""
    copy = verdict.known.raw.copy
    assert copy is not None  # noqa: S101 (its callers looked)
    return CopyMessages(copy, [each.type for each in verdict.known.columns], codecs_of(verdict.known))


def cutter_for(verdict: "Verdict") -> CopyCutter:
    """Give what cuts a COPY's messages into whole rows."""
    copy = verdict.known.raw.copy
    assert copy is not None  # noqa: S101 (its callers looked)
    return CopyCutter(copy, [each.type for each in verdict.known.columns], LONGEST_ROW)
