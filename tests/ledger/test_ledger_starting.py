"""Starting a writer, on either event loop: what is handed down does not matter, and no start goes wrong for good."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import uvloop
from ledger_plays import Place, entry, make_place

from ringfence.ledger import Fault, LedgerClient, LedgerUnavailable, client, verify
from ringfence.ledger.address import writer_command

PATIENCE = 10.0  # under the client's own deadline for a start: a wait for what never comes is seen

Run = Callable[[Coroutine[None, None, None]], None]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return make_place(tmp_path)


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a coroutine on either loop."""

    def go(main: Coroutine[None, None, None]) -> None:
        factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(asyncio.wait_for(main, 60))

    return go


@asynccontextmanager
async def _client(place: Place, deadline: float = PATIENCE) -> AsyncIterator[LedgerClient]:
    """A client that is not connected yet, and whose writer does not outlive the test."""
    ledger = LedgerClient(place.file, place.private, deadline=deadline, idle=60.0)
    try:
        yield ledger
    finally:
        await ledger.close()
        if ledger.writer_process:
            with suppress(ProcessLookupError):
                os.kill(ledger.writer_process, signal.SIGTERM)


def test_a_client_starts_a_writer_on_either_loop(run: Run, place: Place) -> None:
    async def main() -> None:
        async with _client(place) as ledger:
            async with asyncio.timeout(PATIENCE):
                await ledger.open()
            assert (await ledger.append([entry(1)]))[0].index == 0

    run(main())


def test_after_a_kill_of_the_writer_the_next_append_starts_another_on_either_loop(run: Run, place: Place) -> None:
    async def main() -> None:
        async with _client(place) as ledger:
            killed = []
            for number in range(3):
                assert (await ledger.append([entry(number)]))[0].index == number
                killed.append(ledger.writer_process)
                os.kill(ledger.writer_process, signal.SIGKILL)
            assert (await ledger.append([entry(3)]))[0].index == 3
            assert len({*killed, ledger.writer_process}) == 4

    run(main())
    assert verify(place.file, place.key.public).size == 4


def test_what_the_starter_handed_down_is_not_held_by_the_writer(place: Place) -> None:
    ours, theirs = os.pipe()
    high = os.dup2(theirs, 200)
    with open(ours, "rb") as pipe:  # noqa: PTH123 (a descriptor)
        subprocess.run(writer_command(place.file, place.private, 60.0), pass_fds=[theirs, high], check=True)
        os.close(theirs)
        os.close(high)
        process = _process_of(place)
        try:
            os.set_blocking(ours, False)
            end = time.monotonic() + PATIENCE
            while pipe.read(1) is None:  # b"" once nobody holds the other end
                assert time.monotonic() < end, "the writer holds what its starter handed down"
                time.sleep(0.01)
            open_files = {str(each.readlink()) for each in Path(f"/proc/{process}/fd").iterdir()}
            assert f"{place.file}.lock" in open_files
        finally:
            os.kill(process, signal.SIGTERM)


def _process_of(place: Place) -> int:
    async def ask() -> int:
        async with LedgerClient(place.file, place.private) as ledger:
            return ledger.writer_process

    return asyncio.run(ask())


def _starter(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let writers be started by other code."""
    monkeypatch.setattr(client, "writer_command", lambda *_given: [sys.executable, "-c", code])


def test_a_starter_that_hangs_is_ended_and_the_next_append_tries_again(
    run: Run, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with _client(place) as ledger:
            with monkeypatch.context() as hanging:
                hanging.setattr(client, "START_DEADLINE", 0.2)
                _starter(hanging, "import signal; signal.pause()")
                with pytest.raises(LedgerUnavailable) as caught:
                    await ledger.append([entry(1)])
                assert (caught.value.fault, "does not start in time" in caught.value.what) == (Fault.TIMEOUT, True)
            assert (await ledger.append([entry(1)]))[0].index == 0

    run(main())


def test_an_append_whose_deadline_ends_during_a_start_does_not_stop_it(
    run: Run, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with _client(place, deadline=0.01) as hasty:
            with pytest.raises(LedgerUnavailable):
                await hasty.append([entry(1)])
            await hasty.open()
            async with LedgerClient(place.file, place.private, deadline=PATIENCE) as patient:
                assert patient.writer_process == hasty.writer_process
                await patient.append([entry(1)])

    run(main())


def test_a_starter_that_fails_says_why_however_much_it_says(
    run: Run, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        ledger = LedgerClient(place.file, place.private)
        for told, shown in (("'no disk\\n  buy one\\n'", "does not start: no disk"), ("'x\\n' * 500_000", "it broke")):
            _starter(monkeypatch, f"import sys; sys.stderr.write({told}); sys.exit(2)")
            with pytest.raises(LedgerUnavailable, match=shown):
                await ledger.open()

    run(main())
