"""The event loop of a gate that reads files, pipes and terminals alike."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


def run(main: Coroutine[object, object, T]) -> T:
    """Run a gate to its end, on a loop that polls.

    `epoll` refuses regular files, so `ringfence pipe < access.log` would fail on the usual loop; `poll` takes any descriptor.
    """
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.PollSelector())) as runner:
        return runner.run(main)
