"""The objects of a repository, read through one running ``git cat-file --batch``.

The rule: an object is asked for by its full id, and only a window of questions is on its way at a time: less than the smallest pipe
holds, so that neither side ever waits for the other. A large object is a stream, never held. When the child is ended, it is begun
again, and what was asked is asked again; what it fell over is told as damaged, and the others are still read. The child ends with
this process, because its input does; a process that was forked begins its own.
"""

import io
import os
import subprocess
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import IO, BinaryIO, Final, Self, cast

from ringfence.extract.model import Fault
from ringfence.gates.git.repository import Repository
from ringfence.home import Problem

HELD: Final = 4 << 20
"""Objects up to this size are held; larger ones are streams."""

_MEND: Final = "`git fsck` lists what is damaged; fetch or clone again"
_WINDOW: Final = 60  # questions of 65 bytes: less than 4096, what a pipe holds at the least
_DRAINED: Final = 16 << 20  # what is left of a stream is read away up to here; beyond, a new child is cheaper


class Unread(OSError):
    """An object or a file cannot be read. `fault` says why; `absent`: of a clone that does not have it all, and no fault."""

    def __init__(self, fault: Fault, what: str, mend: str = "", *, absent: bool = False) -> None:
        self.fault = fault
        self.what = what
        self.mend = mend
        self.absent = absent
        super().__init__(what)


@dataclass(slots=True, repr=False)
class Opened:
    """What can be read, from its beginning."""

    stream: BinaryIO
    size: int
    kind: str  # blob, commit, tag, tree; "file" on disk


class Objects:
    """The objects of one repository, until it is closed; a context manager. One thread at a time."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._waiting = 0  # questions that the child has not answered
        self._body: _Body | None = None
        self._lacking: bool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def get(self, name: str) -> Opened:
        """Open one object. A stream that was given before ends with this. Raises `Unread`."""
        got = next(self.many([name]))
        if isinstance(got, Unread):
            raise got
        return got

    def many(self, names: Iterable[str]) -> Iterator[Opened | Unread]:
        """Open objects in their order, each valid until the next is asked for."""
        asked: deque[str] = deque()
        rest = iter(names)
        fell = False
        try:
            while True:
                self._settle()
                asked.extend(islice(rest, _WINDOW - len(asked)))
                if not asked:
                    return
                child = self._running()
                self._ask(child, islice(asked, self._waiting, None))
                self._waiting = len(asked)
                got, whole = self._answer(child, asked[0])
                if not whole and not fell:  # ended from outside, or over this object: the second time tells
                    fell = True
                    continue
                fell = False
                asked.popleft()
                self._waiting = max(0, self._waiting - 1)
                yield got
        finally:
            if self._waiting:
                self.close()  # answers are on their way that nobody waits for

    def close(self) -> None:
        """End the child. It is begun again where it is needed."""
        child, self._child, self._body, self._waiting = self._child, None, None, 0
        if child is None or self._owner != os.getpid():
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        child.wait()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._owner != os.getpid():
            self._child, self._body, self._waiting, self._owner = None, None, 0, os.getpid()
        if self._child is None:
            repository = self._repository
            try:
                self._child = subprocess.Popen(
                    repository.command("cat-file", "--batch"),
                    env=repository.environment(),
                    cwd=repository.folder,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    bufsize=1 << 16,
                )
            except OSError:
                raise Problem("git, or the repository, is gone", "see that both are there") from None
        return self._child

    def _settle(self) -> None:
        """Bring the child behind what was given last."""
        body, self._body = self._body, None
        if body is not None and self._owner == os.getpid() and not body.drain(_DRAINED):
            self.close()

    def _ask(self, child: subprocess.Popen[bytes], names: Iterable[str]) -> None:
        if child.stdin is None:
            return
        with suppress(OSError):  # a child that has ended is seen where it should answer
            child.stdin.write(b"".join(name.encode("ascii", "replace") + b"\n" for name in names))
            child.stdin.flush()

    def _answer(self, child: subprocess.Popen[bytes], name: str) -> tuple[Opened | Unread, bool]:
        """Take the next answer, and whether it came whole: the child may end before it, or in it."""
        out = child.stdout
        head = out.readline(4096) if out is not None else b""
        if out is None or not head.endswith(b"\n"):
            self.close()
            return self._missing(name), False
        parts = head.split()
        if len(parts) != 3 or not parts[2].isdigit():
            return self._missing(name), True
        kind, size = parts[1].decode("ascii", "replace"), int(parts[2])
        if size > HELD:
            self._body = _Body(out, size)
            return Opened(cast("BinaryIO", io.BufferedReader(self._body, 1 << 16)), size, kind), True
        data = out.read(size + 1)
        if len(data) <= size:
            self.close()
            return _damaged(), False
        return Opened(io.BytesIO(data[:size]), size, kind), True

    def _missing(self, name: str) -> Unread:
        if self._lacking is None:
            self._lacking = self._repository.lacking()
        if self._lacking:
            mend = "fetch it first, to have it looked at: git fetch --refetch, or git fetch --unshallow"
            return Unread(Fault.GONE, f"object {name[:12]} is not in this clone", mend, absent=True)
        return Unread(Fault.DAMAGED, f"object {name[:12]} is missing or damaged", _MEND)


class _Body(io.RawIOBase):
    """What is left of one large object in the child's output."""

    def __init__(self, out: IO[bytes], size: int) -> None:
        self._out = out
        self._left = size
        self._behind = 1  # the line feed after it

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        if not self._left:
            return 0
        got = self._out.read(min(len(buffer), self._left)) if not self._out.closed else b""
        if not got:
            raise _damaged()
        buffer[: len(got)] = got
        self._left -= len(got)
        return len(got)

    def drain(self, most: int) -> bool:
        """Read the rest away, if it is no more than `most`. Whether the child stands behind it."""
        if self._left > most:
            return False
        while self._left + self._behind:
            got = len(self._out.read(min(1 << 16, self._left + self._behind)))
            if not got:
                return False
            self._behind -= max(0, got - self._left)
            self._left -= min(got, self._left)
        return True


def _damaged() -> Unread:
    return Unread(Fault.DAMAGED, "an object of the repository is damaged", _MEND)
