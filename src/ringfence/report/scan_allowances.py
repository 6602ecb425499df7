"""What a scan says of allowances that allow nothing, or that nothing needs.

The rule: one line each, with where it is said and what to do; names of files go through what makes them fit to be shown.
"""

from ringfence.gates.git.model import Allowance, By
from ringfence.report.scan_words import Names

_WHAT = {By.INLINE: "comment", By.IGNORED: "line", By.BASELINE: "entry"}


def said_wrong(one: Allowance, names: Names) -> str:
    """Say what is wrong with an allowance, and the mend."""
    return f"{_place(one, names)}: this comment allows nothing: {one.wrong}; {one.mend}"


def said_unused(one: Allowance, names: Names) -> str:
    """Say that nothing needs an allowance, or less of it."""
    what = f"{_WHAT[one.by]} that allows {', '.join(one.names) or 'everything'}"
    if one.by is By.BASELINE and one.used:
        return f"{_place(one, names)}: this {what} counts {one.spare} more than there are; write the baseline again"
    mend = "write the baseline again" if one.by is By.BASELINE else "take it out"
    return f"{_place(one, names)}: nothing needs this {what}; {mend}"


def _place(one: Allowance, names: Names) -> str:
    file = names.shown(one.file)
    return f"{file}:{one.line}" if one.line else file
