"""Feeding a crossing what takes long to search, without keeping other sessions waiting.

The rule: what is short, and what is not searched at all, is judged at once on the loop; a long stretch that is searched goes to a
thread, and its session takes nothing more of that direction until it is back. A crossing is in one place at a time.
"""

import asyncio
from typing import TYPE_CHECKING

from ringfence.policy import Decision

if TYPE_CHECKING:
    from datetime import datetime

    from ringfence.carriers import Rows
    from ringfence.crossing import Crossing, Effects
    from ringfence.policy import Plan

LONG = 32 * 1024  # bytes: at 2 MB/s, the slowest search there is, 16 ms


def searches(plan: "Plan") -> bool:
    """Whether values are searched under a plan."""
    return any(
        each.decision == "scan"
        or (isinstance(each.decision, Decision) and each.decision.form.passes_clear and not plan.carries_all_clear)
        for each in plan.announced
    )


def feed_apart(crossing: "Crossing", rows: "Rows", at: "datetime") -> "asyncio.Future[Effects]":
    """Feed a crossing in a thread."""
    return asyncio.get_running_loop().run_in_executor(None, crossing.feed, rows, at)


async def feed(crossing: "Crossing", rows: "Rows", at: "datetime", *, searched: bool) -> "Effects":
    """Feed a crossing, in a thread where it takes long."""
    if searched and len(rows.data) > LONG:
        return await feed_apart(crossing, rows, at)
    return crossing.feed(rows, at)
