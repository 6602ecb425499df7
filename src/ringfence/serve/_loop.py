"""The event loop of a worker: uvloop where it is installed (`ringfence[fast]`), asyncio's own otherwise."""

import asyncio
from collections.abc import Callable
from importlib.util import find_spec


def new_loop() -> tuple[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Give the loop's name for the log, and how one is made."""
    if find_spec("uvloop") is None:
        return "asyncio", asyncio.SelectorEventLoop
    import uvloop

    return "uvloop", uvloop.new_event_loop
