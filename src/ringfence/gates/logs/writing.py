"""Writing to a file descriptor that may block, without blocking the gate."""

import asyncio
import os
import queue
import threading

STREAMS = {0: "standard input", 1: "standard output", 2: "standard error"}
"""How a message names the descriptors that every program has."""


class Sink:
    """A file descriptor written by a thread of its own.

    The descriptor may be shared with other programs, so it is not made non-blocking. The thread is a daemon: a reader that never
    reads must not keep the program from ending.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._jobs: queue.SimpleQueue[tuple[bytes, asyncio.Future[None]]] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._serve, name=f"write-{descriptor}", daemon=True).start()

    async def write(self, data: bytes) -> None:
        """Write all of `data`; return when the system has taken it. Raises what `os.write` raises."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._jobs.put((data, done))
        await done

    def _serve(self) -> None:
        while True:
            data, done = self._jobs.get()
            try:
                self._write_all(data)
            except OSError as error:
                error.filename = STREAMS.get(self._descriptor)
                self._loop.call_soon_threadsafe(_fail, done, error)
            else:
                self._loop.call_soon_threadsafe(_finish, done)

    def _write_all(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]


def _finish(done: "asyncio.Future[None]") -> None:
    if not done.done():
        done.set_result(None)


def _fail(done: "asyncio.Future[None]", error: OSError) -> None:
    if not done.done():
        done.set_exception(error)
