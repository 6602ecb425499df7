"""A processor that fails, at each step, in each way, lets out no octet that it did not release; and without the guard it does.

Every request and every response carries an address of its own, in its head and in its body, which the gate's flows hide. What the
service heard and what the client got is searched for them, to the last octet, whatever came of the request.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from faulty import FAULTS, KILLING
from http_stage import Answer, Shop, Stage, chunked, envoy_running, free_port, response, short_folder, unix_socket

from ringfence.gates.http.bootstrap import Service, Setup
from ringfence.gates.http.turns import Mode

HERE = Path(__file__).parent
STEPS = 8  # more than Envoy sends of the requests here
SHAPES = ("whole", "chunked")
ROUNDS = 12
MODES = pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.name.lower())


class Processor:
    """The faulty processor, started again whenever it has died: its socket stays, as with `ringfence up`."""

    def __init__(self, listening: int, bodies: str) -> None:
        self._command = [sys.executable, str(HERE / "faulty.py"), str(listening), bodies]
        self._listening = listening
        self._serving = 0

    async def keep(self) -> None:
        path = os.pathsep.join([str(HERE), str(HERE.parents[1])])
        process = await asyncio.create_subprocess_exec(
            *self._command,
            pass_fds=[self._listening],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            while line := await process.stdout.readline():
                self._serving = int(line)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    def revive(self) -> None:
        """Have one that was stopped die, so that there is another."""
        if self._serving:
            with suppress(ProcessLookupError):
                os.kill(self._serving, signal.SIGKILL)


@dataclass
class Trial:
    """What was sent, with which values in it, and what came of it."""

    fault: str
    step: int
    there: str = ""
    back: str = ""
    answer: Answer = field(default_factory=Answer)


@dataclass
class Trials:
    stage: Stage
    processor: Processor
    done: list[Trial] = field(default_factory=list)

    async def run(self, fault: str, step: int, shape: str) -> Trial:
        number = len(self.done)
        trial = Trial(fault, step, f"there{number}x", f"back{number}x")
        self.done.append(trial)
        body = b'{"n": "' + b"-" * 3000 + b'", "mail": "%s@example.com", "m": 1}' % trial.there.encode()
        answer = b'{"n": "' + b"-" * 3000 + b'", "mail": "%s@example.com", "m": 1}' % trial.back.encode()
        path = f"/orders/{number}"
        who = f"x-who: {trial.back}@example.com\r\n"
        if shape == "chunked":
            kind = f"application/json\r\n{who}x-end: 1"
            self.stage.shop.says[path] = chunked([answer[:1500], answer[1500:3020], answer[3020:]], kind)
            pieces = [body[:1500], body[1500:3020], body[3020:]]
        else:
            self.stage.shop.says[path], pieces = [response(answer, more=who)], None
        more = f"x-fault: |{step}|{fault}|\r\nx-who: {trial.there}@example.com\r\n"
        with suppress(TimeoutError, OSError):
            trial.answer = await self.stage.ask("POST", path, body, more=more, pieces=pieces)
        return trial

    def leaks(self) -> list[Trial]:
        heard = self.stage.shop.heard
        return [each for each in self.done if each.there.encode() in heard or each.back.encode() in each.answer.raw]


@asynccontextmanager
async def trials(mode: Mode, *, guard: bool = True, most_asked: int = 0) -> AsyncIterator[Trials]:
    async with short_folder() as folder:
        shop = Shop()
        service = await asyncio.start_server(shop.answer, "127.0.0.1", 0, limit=1 << 26)
        listening = unix_socket(folder / "0.processor")
        processor = Processor(listening.fileno(), mode.name.lower())
        keeping = asyncio.create_task(processor.keep())
        at = service.sockets[0].getsockname()[1]
        setup = Setup("api", "127.0.0.1", free_port(), (str(folder / "0.processor"),), Service("127.0.0.1", at), mode)
        setup = replace(setup, guard=guard, ask=1.0, idle=1.5, most_asked=most_asked)
        try:
            async with envoy_running(setup, folder):
                stage = Stage((setup.host, setup.port), shop, None, None, [], folder, setup)  # type: ignore[arg-type]
                tried = Trials(stage, processor)
                async with asyncio.timeout(30):
                    while (await tried.run("none", -1, "whole")).answer.status != 200:
                        tried.done.clear()
                yield tried
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping
            service.close()
            listening.close()


@MODES
def test_a_fault_at_any_step_lets_nothing_out(mode: Mode) -> None:
    async def play() -> None:
        async with trials(mode) as tried:
            quiet = [fault for fault in FAULTS if fault not in KILLING]
            for shape in SHAPES:
                for fault in quiet:
                    await asyncio.gather(*(tried.run(fault, step, shape) for step in range(STEPS)))
            for fault in KILLING:
                for step in range(STEPS - 2):
                    await tried.run(fault, step, "chunked")
                    tried.processor.revive()
                    await _well_again(tried)
            assert tried.leaks() == []
            broken = [each for each in tried.done if each.fault != "none" and each.answer.status != 200]
            assert len(broken) > len(quiet) * 2 * 2, "the faults did not bite"
            assert {each.fault for each in broken} >= set(FAULTS) - {"ok-after"}
            assert all(not each.answer.whole or each.answer.status >= 400 for each in broken)
            assert (await _well_again(tried)).answer.body.count(b"*" * 20) == 1

    asyncio.run(play())


async def _well_again(tried: Trials) -> Trial:
    async with asyncio.timeout(30):
        while (trial := await tried.run("none", -1, "whole")).answer.status != 200:
            pass
    return trial


@MODES
def test_without_the_guard_a_clean_close_lets_bodies_out(mode: Mode) -> None:
    """The control: the same trials, of two faults, without that one filter. If this finds nothing, the others prove nothing.

    Whether the end of the stream overtakes a body is chance, so there are several rounds.
    """

    async def play() -> None:
        async with trials(mode, guard=False) as tried:
            there = back = False
            for _ in range(ROUNDS):
                for shape in SHAPES:
                    for fault in ("ok", "ok-after"):
                        await asyncio.gather(*(tried.run(fault, step, shape) for step in range(STEPS)))
                leaked = tried.leaks()
                heard = tried.stage.shop.heard
                there = any(each.there.encode() in heard for each in leaked)
                back = any(each.back.encode() in each.answer.raw for each in leaked)
                if there and back:
                    break
            assert (there, back) == (True, True)

    asyncio.run(play())


@MODES
def test_random_faults_under_load_let_nothing_out(mode: Mode) -> None:
    _under_load(mode, faults=50, seed=3)


@pytest.mark.soak
@MODES
def test_a_thousand_random_faults_under_load_let_nothing_out(mode: Mode) -> None:
    _under_load(mode, faults=1000, seed=5)


def _under_load(mode: Mode, faults: int, seed: int) -> None:
    chance = random.Random(seed)

    async def play() -> None:
        async with trials(mode) as tried:
            left = [(chance.choice(FAULTS), chance.randrange(STEPS), chance.choice(SHAPES)) for _ in range(faults)]
            left += [("none", -1, chance.choice(SHAPES)) for _ in range(3 * faults)]
            chance.shuffle(left)

            async def client() -> None:
                while left:
                    fault, step, shape = left.pop()
                    trial = await tried.run(fault, step, shape)
                    if fault == "sigstop" and trial.answer.status != 200:
                        tried.processor.revive()

            async with asyncio.TaskGroup() as clients:
                for _ in range(8):
                    clients.create_task(client())
            assert tried.leaks() == []
            assert any(each.answer.status == 200 for each in tried.done if each.fault == "none")
            assert any(each.answer.status != 200 for each in tried.done if each.fault != "none")
            tried.processor.revive()
            await _well_again(tried)

    asyncio.run(play())


@MODES
def test_a_processor_that_is_not_there_or_has_too_much_to_do_lets_nothing_out(mode: Mode) -> None:
    async def play() -> None:
        async with trials(mode, most_asked=2) as tried:
            await asyncio.gather(*(tried.run("hang", step % 5, "chunked") for step in range(8)))  # the queue is full
            refused = [each for each in tried.done if each.fault == "hang"]
            assert all(each.answer.status != 200 or not each.answer.whole for each in refused)
            (tried.stage.folder / "0.processor").unlink()  # nobody is there
            tried.processor.revive()
            gone = [await tried.run("none", -1, shape) for shape in SHAPES]
            assert tried.leaks() == []
            assert all(each.answer.status >= 500 for each in gone[1:])

    asyncio.run(play())
