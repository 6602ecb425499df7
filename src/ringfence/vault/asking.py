"""The store of stand-ins as a gate asks it: in a thread of its own, and not for longer than its deadline.

The rule: whatever is wrong with the store, the answer is None: the vault is silent, and the crossing that asked refuses (law 3).
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from ringfence.transform import Ask, Keyring
from ringfence.vault.stand_ins import Recall, Resolution, StandIns

STAND_INS: Final = "stand-ins.db"
"""The file, beside the folder of keys."""

SECONDS: Final = 1.0  # for an answer
SWEPT: Final = 60.0  # seconds between two sweeps

_Made = TypeVar("_Made")


class Vault:
    """A store that is opened when it is first asked, so that a gate without conversations has none."""

    def __init__(
        self, file: Path, keys: Keyring, notify: Callable[[str], None] = lambda _: None, *, seconds: float = SECONDS
    ) -> None:
        self._file = file
        self._keys = keys
        self._notify = notify
        self._seconds = seconds
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vault")
        self._store: StandIns | None = None
        self._swept = 0.0
        self._complained = False

    def use(self, keys: Keyring) -> None:
        """Take other keys."""
        self._keys = keys

    async def resolve(self, asks: Sequence[Ask], conversation: str, recall: Recall, at: datetime) -> Resolution | None:
        """Answer; None where the store does not, in time."""
        keys = self._keys
        return await self._do(lambda store: store.resolve(keys, asks, conversation, recall, at.timestamp()))

    async def sweep(self, at: datetime) -> None:
        """Delete what has expired, where a store is there and it is time to."""
        now = at.timestamp()
        if now - self._swept >= SWEPT and (self._store is not None or self._file.exists()):
            self._swept = now
            await self._do(lambda store: store.sweep(now))

    async def close(self) -> None:
        """Close the store."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._store is not None:
            await asyncio.to_thread(self._closed, self._store)

    def _closed(self, store: StandIns) -> None:
        self._thread.shutdown(wait=True)
        store.close()

    async def _do(self, work: Callable[[StandIns], _Made]) -> _Made | None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds):
                made = await loop.run_in_executor(self._thread, lambda: work(self._opened()))
        except Exception as error:  # noqa: BLE001 (whatever it is, it says nothing, and the type alone is told)
            if not self._complained:
                self._notify(f"the vault does not answer ({type(error).__name__}): see {self._file}")
            self._complained = True
            return None
        self._complained = False
        return made

    def _opened(self) -> StandIns:
        """Open the store, in its thread; anew where its file was taken away, or another stands in its place."""
        if self._store is not None and not self._store.is_in_place:
            self._store.close()
            self._store = None
        if self._store is None:
            self._store = StandIns(self._file)
        return self._store
