"""What is made once for a whole run of the tests, however many workers there are: the first to ask makes it, others wait for it."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def shared(factory: pytest.TempPathFactory) -> Path:
    """Give the folder that the workers of a run have in common."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Give the folder of that name, which `make` has filled. Whoever reads it leaves it as it is."""
    folder = shared(factory) / name
    made = folder.with_suffix(".made")
    with locked(folder.with_suffix(".lock")):
        if not made.exists():
            folder.mkdir()
            make(folder)
            made.touch()
    return folder


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Do something that only one worker may do at a time."""
    number = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)
