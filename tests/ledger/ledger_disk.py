"""A disk under SQLite that can lose power, run full, turn read-only, fail and hang, at any of its steps.

It stands between SQLite and the real files: everything is passed through (so that readers, locks and the log's shared memory
are the real ones), and beside it is kept what a disk would hold if the power went now: each file as it was at its last sync,
and the writes since then. A power cut keeps any part of these, in units of 512-byte sectors, so that a write may be torn.

A *step* is a write, truncation, sync or deletion. `kill` is the end of a process without a power cut: what it wrote is still
there for the next one to see (it is in the page cache), synced or not.
"""

import random
import threading
from collections.abc import Callable
from pathlib import Path

import apsw

SECTOR = 512


class PowerCut(apsw.IOError):
    """The step at which the process was stopped."""


class Image:
    """One file as the disk knows it."""

    def __init__(self, content: bytes = b"", exists: bool = False) -> None:
        self.content = content  # at the last sync
        self.exists = exists
        self.since: list[tuple[int, bytes] | int] = []  # writes, and truncations by their new size
        self.delete_pending = False

    def sync(self, now: bytes) -> None:
        self.content, self.exists, self.since, self.delete_pending = now, True, [], False

    def after_power_cut(self, rng: random.Random, keep: float) -> bytes | None:
        """Give what is found after the power came back; each sector that was not synced was kept with probability `keep`."""
        if self.delete_pending and rng.random() < keep:
            return None
        if not self.exists and not (self.since and rng.random() < keep):
            return None
        content = bytearray(self.content)
        for change in self.since:
            if isinstance(change, int):
                if rng.random() < keep:
                    del content[change:]
                continue
            offset, data = change
            for at in range(0, len(data), SECTOR):
                if rng.random() >= keep:
                    continue
                end = offset + at + len(data[at : at + SECTOR])
                content.extend(bytes(max(0, end - len(content))))
                content[offset + at : end] = data[at : at + SECTOR]
        return bytes(content)


class Disk(apsw.VFS):
    """The file layer. `before` is asked at every step, by number and kind, and may raise or wait."""

    def __init__(self, name: str, files: list[Path]) -> None:
        self.name = name
        self.images = {str(file): Image(file.read_bytes(), exists=True) for file in files if file.exists()}
        self.steps = 0
        self.before: Callable[[int, str], None] = lambda _step, _kind: None
        self.is_stopped = False
        self.lock = threading.RLock()
        super().__init__(name, "")

    def xOpen(self, name: object, flags: list[int]) -> "DiskFile":  # noqa: N802
        return DiskFile(self, name, flags)

    def xDelete(self, name: str, sync_folder: bool) -> None:  # noqa: N802
        self.step("delete")
        super().xDelete(name, sync_folder)
        image = self.images.setdefault(name, Image())
        if sync_folder:
            self.images.pop(name)
        else:
            image.delete_pending = True

    def step(self, kind: str) -> None:
        """Count a step. After the process has been stopped, nothing that it tries happens."""
        if self.is_stopped:
            raise PowerCut
        self.steps += 1
        self.before(self.steps, kind)

    def stop_at(self, step: int) -> None:
        """Stop the process at a step: that step does not happen, nor any after it."""

        def before(now: int, _kind: str) -> None:
            if now == step:
                self.is_stopped = True
                raise PowerCut

        self.before = before

    def go_on(self) -> None:
        """Let a new process begin, over what the dead one left in the page cache."""
        self.is_stopped = False
        self.before = lambda _step, _kind: None

    def after_power_cut(self, folder: Path, rng: random.Random, keep: float) -> None:
        """Write into a folder what the disk holds after a power cut."""
        for name, image in self.images.items():
            content = image.after_power_cut(rng, keep)
            if content is not None:
                (folder / Path(name).name).write_bytes(content)


class DiskFile(apsw.VFSFile):
    """A file on it."""

    def __init__(self, disk: Disk, name: object, flags: list[int]) -> None:
        self._disk = disk
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        disk.images.setdefault(self._name, Image())
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.step("write")
        super().xWrite(data, offset)
        self._disk.images[self._name].since.append((offset, bytes(data)))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._disk.step("truncate")
        super().xTruncate(size)
        self._disk.images[self._name].since.append(size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.step("sync")
        super().xSync(flags)
        self._disk.images[self._name].sync(Path(self._name).read_bytes())
