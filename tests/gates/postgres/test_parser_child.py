"""The parser's child: it answers as the parser would, it may die and be killed, and nobody waits in vain."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
import uvloop

from ringfence.gates.postgres import parser
from ringfence.gates.postgres.parser import ParserChild, ParserUnavailable
from ringfence.sql.model import ParsedText, StatementKind
from ringfence.sql.parsing import ParseLimits, parse
from ringfence.sql.parsing_frames import HEADER, READY, decode, header, read_header


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[None, None, None]], None]:
    """Run a coroutine on either loop."""

    def go(main: Coroutine[None, None, None]) -> None:
        factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(asyncio.wait_for(main, 120))

    return go


@asynccontextmanager
async def _child(limits: ParseLimits | None = None, deadline: float = 30.0) -> AsyncIterator[ParserChild]:
    child = ParserChild(limits, deadline)
    await child.start()
    try:
        yield child
    finally:
        await child.close()


def _pid(child: ParserChild) -> int | None:
    return None if child._process is None else child._process.pid


def _rule(parsed: ParsedText) -> str:
    return "" if parsed.refused is None else parsed.refused.rule


async def _until(claim: Callable[[], bool]) -> None:
    while not claim():  # noqa: ASYNC110 (the child is another process: nothing here could set an event)
        await asyncio.sleep(0.01)


async def _stop(child: ParserChild) -> None:
    """Let the child stand still, all its threads."""
    process = _pid(child)
    assert process is not None
    os.kill(process, signal.SIGSTOP)
    threads = Path(f"/proc/{process}/task")
    await _until(lambda: all(b") T " in (thread / "stat").read_bytes() for thread in threads.iterdir()))


def test_what_the_child_says_is_what_the_parser_says(run) -> None:
    async def main() -> None:
        async with _child() as child:
            for text in (
                "select 1",
                "select 'é', -1; commit",
                "",
                "selec",
                "select 'a\0'",
                "copy t to program 'x'",
                'select U&"x"',
            ):
                answer, expected = await child.parse(text), parse(text)
                assert (list(answer.statements), answer.refused) == (list(expected.statements), expected.refused)
            assert child.restarts == 0

    run(main())


def test_answers_come_to_whoever_asked_however_many_ask_at_once(run) -> None:
    async def main() -> None:
        async with _child() as child:
            answers = await asyncio.gather(*(child.parse(f"fetch {number} from c{number}") for number in range(1_000)))
            assert [answer.statements[0].name for answer in answers] == [f"c{number}" for number in range(1_000)]

    run(main())


def test_texts_that_kill_parsers_are_refused_or_served_and_the_child_lives(run) -> None:
    async def main() -> None:
        async with _child() as child:
            for text, rule in {
                "select 1" + "+1" * 30_000: "limit",
                "select " + "(" * 5_000 + "1" + ")" * 5_000: "limit",
                "select '" + "x" * 10_000_000 + "'": "limit",
                "select '" + "(" * 5_000 + "'": "",
                "select " + ",".join(f"${number}" for number in range(1, 65_536)): "",
                "select $65536": "limit",
                "/*" * 4_000 + "*/" * 4_000 + "select 1": "",
                "select 'a\0b'": "syntax",
                "select '\ud800'": "syntax",
                "select 1;" * 1_000: "",
                "insert into t values " + ",".join(["(1, 'abc', null)"] * 20_000): "",
            }.items():
                assert _rule(await child.parse(text)) == rule, text[:40]
            assert child.restarts == 0

    run(main())


def test_a_tree_far_deeper_than_any_limit_kills_no_child(run) -> None:
    async def main() -> None:
        async with _child(ParseLimits(chain=1_000_000, nesting=1_000_000)) as child:
            for text in (
                "select 1" + "+1" * 30_000,
                "select " + "(" * 5_000 + "1" + ")" * 5_000,
                "select 1" + "::int" * 20_000,
                "select 1" + " union select 1" * 20_000,
                "select " + "(select " * 1_000 + "1" + ")" * 1_000,
            ):
                assert _rule(await child.parse(text)) in ("", "limit")
            assert _rule(await child.parse("select 1")) == ""
            assert child.restarts == 0

    run(main())


def test_a_child_that_is_killed_under_load_costs_one_text(run) -> None:
    async def main() -> None:
        async with _child() as child:
            refused = 0
            for _ in range(3):
                asked = [asyncio.ensure_future(child.parse(f"select {number}")) for number in range(700)]
                await asked[20]
                assert _pid(child) is not None
                os.kill(_pid(child), signal.SIGKILL)
                answers = await asyncio.gather(*asked)
                assert {_rule(answer) for answer in answers} <= {"", "limit"}
                refused += sum(answer.refused is not None for answer in answers)
            assert refused <= 3
            assert child.restarts == 3

    run(main())


def test_a_child_that_is_killed_while_idle_is_replaced_unnoticed(run) -> None:
    async def main() -> None:
        async with _child() as child:
            before = _pid(child)
            assert before is not None
            os.kill(before, signal.SIGKILL)
            await _until(lambda: child.restarts == 1)
            assert _rule(await child.parse("select 1")) == ""
            assert _pid(child) != before

    run(main())


def test_a_text_that_is_late_is_refused_and_those_behind_it_are_served(run) -> None:
    async def main() -> None:
        async with _child(deadline=2.0) as child:
            await _stop(child)
            late, *behind = await asyncio.gather(*(child.parse(f"select {number}") for number in range(20)))
            assert (_rule(late), [_rule(each) for each in behind]) == ("limit", [""] * 19)
            assert child.restarts == 1

    run(main())


def test_a_short_text_waits_for_the_one_under_way_and_not_for_all_long_ones(run) -> None:
    async def main() -> None:
        async with _child() as child:
            long = "select 1, " + "a," * 50_000 + "a"
            ended: list[str] = []

            async def ask(text: str, asker: str) -> None:
                assert _rule(await child.parse(text, asker)) == ""
                ended.append(asker)

            async with asyncio.TaskGroup() as group:
                for number in range(8):
                    for _ in range(2):
                        group.create_task(ask(long, f"long {number}"))
                await asyncio.sleep(0)
                group.create_task(ask("select 2", "short"))
            assert ended.index("short") <= 1

    run(main())


def test_those_who_went_while_their_text_waited_cost_nothing(run) -> None:
    async def main() -> None:
        async with _child() as child:
            await _stop(child)
            gone = [asyncio.ensure_future(child.parse("x" * 20_000, number)) for number in range(10)]
            await asyncio.sleep(0)
            for each in gone:
                each.cancel()
            process = _pid(child)
            assert process is not None
            os.kill(process, signal.SIGCONT)
            assert _rule(await child.parse("select 1")) == ""
            assert (child._number, child._bytes, child._sent_bytes) == (2, 0, 0)

    run(main())


def test_whoever_no_longer_waits_is_passed_over(run) -> None:
    async def main() -> None:
        async with _child() as child:
            gone = asyncio.ensure_future(child.parse("select 1"))
            await asyncio.sleep(0)
            gone.cancel()
            assert _rule(await child.parse("select 2")) == ""

    run(main())


def test_more_texts_than_may_wait_are_refused_at_once(run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with _child() as child:
            await _stop(child)
            waiting = [asyncio.ensure_future(child.parse("select 1")) for _ in range(parser.MOST_WAITING)]
            await asyncio.sleep(0)
            assert _rule(await child.parse("select 2")) == "limit"
            assert _pid(child) is not None
            os.kill(_pid(child), signal.SIGCONT)
            assert {_rule(each) for each in await asyncio.gather(*waiting)} == {""}
            monkeypatch.setattr(parser, "MOST_BYTES", 1_000)
            assert _rule(await child.parse("select '" + "x" * 1_000 + "'")) == "limit"

    run(main())


def test_closing_refuses_what_waits_and_ends_the_child(run) -> None:
    async def main() -> None:
        child = ParserChild()
        await child.start()
        process = _pid(child)
        assert process is not None
        await _stop(child)
        waiting = [asyncio.ensure_future(child.parse("select 1")) for _ in range(5)]
        await asyncio.sleep(0)
        await child.close()
        assert [_rule(each) for each in await asyncio.gather(*waiting)] == ["limit"] * 5
        assert _rule(await child.parse("select 1")) == "limit"
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)

    run(main())


def test_the_loop_goes_on_while_a_large_text_is_parsed(run) -> None:
    async def main() -> None:
        async with _child() as child:
            asked = asyncio.ensure_future(
                child.parse("insert into t values " + ",".join(["(1, 'abc', null)"] * 20_000))
            )
            beats = 0
            while not asked.done():
                await asyncio.sleep(0.001)
                beats += 1
            assert asked.result().statements[0].kind is StatementKind.PLANNED
            assert beats > 20

    run(main())


def test_a_child_that_cannot_start_is_said_and_leaves_nothing(run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr(parser, "_MODULE", "ringfence.there_is_no_such_module")
        child = ParserChild()
        with pytest.raises(ParserUnavailable, match="does not start"):
            await child.start()
        assert _pid(child) is None

    run(main())


def _raw_child(limits: ParseLimits) -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", parser._MODULE, str(theirs.fileno()), json.dumps(asdict(limits))],
            pass_fds=[theirs.fileno()],
        )
    ours.settimeout(60)
    assert ours.recv(1) == READY
    return ours, process


def _ask(connection: socket.socket, number: int, text: bytes) -> ParsedText:
    connection.sendall(header(number, len(text)) + text)
    data = b""
    while len(data) < HEADER or len(data) < HEADER + read_header(data)[1]:
        data += connection.recv(1_000_000)
    assert read_header(data)[0] == number
    return decode(data[HEADER:])


def test_the_child_refuses_what_is_not_utf8_and_ends_when_its_parent_does() -> None:
    connection, process = _raw_child(ParseLimits())
    try:
        with connection:
            refused = _ask(connection, 7, b"select '\xff'").refused
            assert refused is not None
            assert (refused.rule, refused.why) == ("syntax", "it is not UTF-8")
            assert _ask(connection, 8, b"select 1").refused is None
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def test_the_child_has_bounds_on_memory_and_time_and_leaves_no_core() -> None:
    connection, process = _raw_child(ParseLimits())
    try:
        with connection, Path(f"/proc/{process.pid}/limits").open(encoding="ascii") as file:
            _ask(connection, 1, b"select 1")
            lines = {line[:26].strip(): line[26:].split()[0] for line in file.read().splitlines()[1:]}
        assert lines["Max address space"] == str(2 * 1024**3)
        assert lines["Max core file size"] == "0"
        assert int(lines["Max cpu time"]) < 60
    finally:
        process.kill()
        process.wait()


def test_memory_stays_bounded_however_many_texts_are_parsed() -> None:
    connection, process = _raw_child(ParseLimits())
    try:
        with connection:
            text = b"insert into t values " + b",".join([b"(1, 'abc', null)"] * 2_000)
            for number in range(1, 11):
                _ask(connection, number, text)
            before = _resident(process.pid)
            for number in range(11, 31):
                _ask(connection, number, text)
                _ask(connection, number, b"select 1 +")
            assert _resident(process.pid) < before * 1.3
    finally:
        process.kill()
        process.wait()


def _resident(process: int) -> int:
    with Path(f"/proc/{process}/statm").open(encoding="ascii") as file:
        return int(file.read().split()[1])


@pytest.mark.soak
def test_an_ordinary_statement_is_answered_within_half_a_millisecond() -> None:
    async def main() -> None:
        async with _child() as child:
            taken = []
            for number in range(2_000):
                begun = time.perf_counter()
                await child.parse(f"SELECT abalance FROM pgbench_accounts WHERE aid = {number}")
                taken.append(time.perf_counter() - begun)
            assert sorted(taken)[len(taken) // 2] < 0.0005

    asyncio.run(main())
