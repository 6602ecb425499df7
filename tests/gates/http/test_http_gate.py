"""The gate before a real service, over a real Envoy: what comes out at either end."""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from http_stage import POLICY, Stage, chunked, policy, response, stage

from drawn import apart
from ringfence.gates.http.turns import Mode

MODES = pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.name.lower())
MAIL = b'{"mail": "ada@example.com", "n": 1}'
MASKED = b'{"mail": "***************", "n": 1}'


def play(work: Callable[[Stage], Awaitable[None]], mode: Mode = Mode.STREAMED, text: str = POLICY) -> None:
    async def run() -> None:
        async with stage(policy(text, mode.name.lower()), mode=mode) as one:
            await work(one)
            assert one.told == []

    asyncio.run(run())


@MODES
def test_both_directions_cross_by_their_flows_and_are_recorded_first(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        one.shop.says["/a"] = [response(MAIL, more='etag: "1"\r\naccept-ranges: bytes\r\n')]
        answer = await one.ask("GET", "/a?q=1")
        assert (answer.status, answer.body, answer.whole) == (200, MASKED, True)
        assert answer.value("etag") is None
        assert answer.value("accept-ranges") is None
        assert one.notes.kinds() == ["crossed"]
        assert (await one.ask("POST", "/orders/1", MAIL)).status == 200
        assert one.shop.requests[-1].body == b'{"mail": "[redacted:email]", "n": 1}'
        assert [body["flow"] for body in one.notes.bodies] == ["answers", "orders"]
        assert {body["principal"] for body in one.notes.bodies} == {"anyone"}
        assert b"127.0.0.1" not in one.shop.heard.lower()  # the client's address goes no further

    play(work, mode)


@MODES
def test_a_body_with_nothing_to_change_comes_out_bit_identical_and_is_counted(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        body = b'{ "n" : 1.50e+1,\r\n "t":"\\u00e9 caf\xc3\xa9" , "n2":[ ] }\n'
        one.shop.says["/a"] = [response(body, more='etag: "1"\r\n')]
        answer = await one.ask("GET", "/a")
        assert answer.body == body
        assert answer.value("etag") == '"1"'
        assert one.notes.kinds() == []
        await one.gate.close()
        [counted] = one.notes.bodies
        assert (counted["kind"], counted["payloads"], counted["bytes_out"]) == ("counted", 1, len(body))

    play(work, mode)


@MODES
def test_a_value_cut_between_two_chunks_does_not_slip_through(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        for at in range(8, 26, 3):
            one.shop.says["/a"] = chunked([MAIL[:at], MAIL[at:]])
            assert (await one.ask("GET", "/a")).body == MASKED
            await one.ask("POST", "/orders", pieces=[MAIL[:at], MAIL[at:]])
            assert one.shop.requests[-1].body == b'{"mail": "[redacted:email]", "n": 1}'

    play(work, mode)


@MODES
def test_trailers_are_taken_off_and_the_body_before_them_is_masked(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        one.shop.says["/a"] = chunked([MAIL[:11], MAIL[11:]], trailers=b"x-who: ada@example.com\r\n")
        answer = await one.ask("GET", "/a", more="te: trailers\r\n")
        assert (answer.status, answer.body) == (200, MASKED)
        assert b"ada" not in apart(answer.raw)

    play(work, mode)


@MODES
def test_a_refusal_is_a_problem_with_its_crossing_and_nothing_of_the_payload(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        card = b'{"card": "4111 1111 1111 1111"}'
        one.shop.says["/a"] = [response(card)]
        refused = [await one.ask("GET", "/a"), await one.ask("POST", "/orders", card), await one.ask("PUT", "/a", MAIL)]
        for answer, entry in zip(refused, one.notes.bodies, strict=True):
            assert answer.status == 403
            assert answer.value("content-type") == "application/problem+json"
            problem = json.loads(answer.body)
            assert problem["crossing"] == entry["crossing"]
            assert b"4111" not in apart(answer.raw)
        assert json.loads(refused[0].body)["category"] == "user.financial.credit_card"
        assert b"4111" not in one.shop.heard
        assert b"PUT" not in one.shop.heard or b"ada" not in one.shop.heard

    play(work, mode)


@MODES
def test_what_cannot_be_recorded_or_read_does_not_pass(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        one.shop.says["/a"] = [response(MAIL)]
        one.shop.says["/b"] = [response(b"\x89PNG", "image/png")]
        one.shop.says["/c"] = [response(b"\x1f\x8b", more="content-encoding: gzip\r\n")]
        one.shop.says["/d"] = [response(b'{"mail": "ada@exa')]
        for path in ("/b", "/c", "/d"):
            assert (await one.ask("GET", path)).status == 502
        one.notes.fails = True
        answer = await one.ask("GET", "/a")
        assert (answer.status, json.loads(answer.body)["reason"]) == (503, "ledger-unavailable")
        one.notes.fails = False
        assert (await one.ask("GET", "/a")).body == MASKED

    play(work, mode)


@MODES
def test_the_service_is_asked_for_whole_bodies_that_can_be_read(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        await one.ask("GET", "/a", more="range: bytes=3-9\r\nif-range: x\r\naccept-encoding: gzip, br\r\n")
        asked = one.shop.requests[-1]
        assert asked.value("range") is None
        assert asked.value("if-range") is None
        assert asked.value("accept-encoding") == "identity"

    play(work, mode)


@MODES
def test_answers_without_a_body_come_through(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        one.shop.says["/none"] = [b"HTTP/1.1 204 No Content\r\n\r\n"]
        one.shop.says["/same"] = [b'HTTP/1.1 304 Not Modified\r\netag: "1"\r\n\r\n']
        one.shop.says["/head"] = [b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 35\r\n\r\n"]
        assert (await one.ask("GET", "/none")).status == 204
        same = await one.ask("GET", "/same")
        assert (same.status, same.value("etag")) == (304, '"1"')
        reader, writer = await asyncio.open_connection(*one.address)
        writer.write(b"HEAD /head HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        head = await reader.read()
        writer.close()
        assert head.startswith(b"HTTP/1.1 200")
        assert head.endswith(b"\r\n\r\n")
        assert one.notes.kinds() == []

    play(work, mode)


def test_a_long_answer_is_opened_in_the_ledger_before_its_first_octet_and_closed_after_its_last() -> None:
    async def work(one: Stage) -> None:
        line = MAIL + b"\n"
        one.shop.says["/a"] = chunked([line * 100] * 30, "application/x-ndjson")
        answer = await one.ask("GET", "/a")
        assert answer.body == (MASKED + b"\n") * 3000
        assert one.notes.kinds() == ["opened", "closed"]
        assert one.notes.bodies[1]["bytes_out"] == len(answer.body)

    play(work)


def test_the_first_lines_of_an_answer_go_before_the_rest_has_come() -> None:
    async def work(one: Stage) -> None:
        gone = asyncio.Event()

        async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            head, first, *rest = chunked([MAIL + b"\n", MAIL + b"\n"], "application/x-ndjson")
            writer.write(head + first)
            await gone.wait()  # the rest comes only when the client has the first line
            writer.write(b"".join(rest))
            await writer.drain()
            writer.close()

        one.shop.answer = slow  # type: ignore[method-assign]
        reader, writer = await asyncio.open_connection(*one.address)
        writer.write(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(MASKED), 20)
        assert b"HTTP/1.1 200" in head
        gone.set()
        assert MASKED in await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 20)
        writer.close()

    play(work)


def test_an_answer_that_must_be_refused_in_its_middle_is_cut_off() -> None:
    async def work(one: Stage) -> None:
        lines = [MAIL + b"\n", b'{"card": "4111 1111 1111 1111"}\n', MAIL + b"\n"]
        one.shop.says["/a"] = chunked(lines, "application/x-ndjson")
        one.shop.pause = 0.05
        answer = await one.ask("GET", "/a")
        assert b"4111" not in apart(answer.raw)
        assert not answer.whole or answer.status >= 400
        assert one.notes.kinds()[-1] == "refused"
        one.told.clear()  # it was told that a request was cut off

    play(work)


def test_a_client_that_goes_away_leaves_a_closed_record() -> None:
    async def work(one: Stage) -> None:
        one.shop.says["/a"] = chunked([MAIL + b"\n"] * 1000, "application/x-ndjson")
        one.shop.pause = 0.01
        reader, writer = await asyncio.open_connection(*one.address)
        writer.write(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n")
        await reader.readuntil(MASKED)
        writer.close()
        async with asyncio.timeout(20):
            while one.notes.kinds()[-1] != "refused":  # noqa: ASYNC110 (the ledger here tells nobody)
                await asyncio.sleep(0.01)
        assert one.notes.kinds() == ["opened", "refused"]
        assert one.notes.bodies[-1]["refused"] == "cut"
        assert one.gate.streams == 0

    play(work)


@MODES
def test_where_a_flow_observes_everything_passes_and_what_would_have_been_is_recorded(mode: Mode) -> None:
    text = POLICY.replace("{user.contact.email: mask}, else: deny}", "{}, else: deny, mode: observe}")

    async def work(one: Stage) -> None:
        one.shop.says["/a"] = [response(MAIL)]
        one.shop.says["/b"] = [response(b"\x89PNG", "image/png")]
        assert (await one.ask("GET", "/a")).body == MAIL
        assert (await one.ask("GET", "/b")).body == b"\x89PNG"
        assert [body["would"] for body in one.notes.bodies] == ["category-denied", "undecodable"]

    play(work, mode, text)


@MODES
def test_the_canary_is_seen_masked_both_ways_and_leaks_are_seen(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        assert (await one.gate.canary()).masked
        open_side = one.gate._setting.side  # where the gate's own policy lets the address through on its way in
        judged = one.gate._setting.canary_side
        one.gate._setting.canary_side = open_side
        assert not (await one.gate.canary()).masked
        one.gate._setting.canary_side = judged
        assert (await one.gate.canary()).masked
        assert [body["principal"] for body in one.notes.bodies][:2] == ["ringfence:canary"] * 2

    play(work, mode)


@MODES
def test_clients_wait_until_the_gate_is_opened_and_canaries_do_not(mode: Mode) -> None:
    async def run() -> None:
        async with stage(policy(bodies=mode.name.lower()), mode=mode, opened=False) as one:
            one.shop.says["/a"] = [response(MAIL)]
            asking = asyncio.create_task(one.ask("GET", "/a"))
            async with asyncio.timeout(20):
                while not one.gate.streams:  # noqa: ASYNC110 (it has come to the gate)
                    await asyncio.sleep(0.01)
            assert (await one.gate.canary()).masked
            assert one.shop.requests == []
            assert not asking.done()
            one.gate.open()
            assert (await asking).body == MASKED

    asyncio.run(run())


def test_no_client_can_say_that_it_is_a_canary() -> None:
    async def work(one: Stage) -> None:
        one.shop.says["/a"] = [response(b'{"card": "4111 1111 1111 1111"}')]
        assert (await one.ask("GET", "/a", more="x-ringfence-canary: 1\r\n")).status == 403

    play(work)


@MODES
def test_many_requests_at_once_each_get_their_own_answer(mode: Mode) -> None:
    async def work(one: Stage) -> None:
        for number in range(100):
            one.shop.says[f"/{number}"] = [response(b'{"n": %d, "mail": "ada@example.com"}' % number)]
        answers = await asyncio.gather(*(one.ask("GET", f"/{number}") for number in range(100)))
        assert [json.loads(answer.body)["n"] for answer in answers] == list(range(100))
        assert not any(b"ada" in apart(answer.raw) for answer in answers)
        assert one.gate.counts.bodies == 100

    play(work, mode)


def test_early_hints_of_the_service_do_not_pass() -> None:
    async def work(one: Stage) -> None:
        hint = b"HTTP/1.1 103 Early Hints\r\nlink: </ada@example.com>\r\n\r\n"
        one.shop.says["/a"] = [hint + response(MAIL)]
        answer = await one.ask("GET", "/a")
        assert b"ada" not in apart(answer.raw)

    play(work)


def _resident(process: int) -> int:
    """Octets of memory that a process has."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def test_clients_that_do_not_read_hold_the_service_back_and_nobody_else() -> None:
    """An endless answer to each of twenty clients that read nothing: neither process grows with it, and others are served."""
    stalled, most = 20, 64 * 1024 * 1024

    async def run() -> None:
        async with stage(idle=60.0) as one:
            given = 0
            line = b'{"n": "' + b"-" * 16_000 + b'"}\n'

            async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                nonlocal given
                head = await reader.readuntil(b"\r\n\r\n")
                if b"/endless" not in head:
                    writer.write(response(MAIL))
                    writer.close()
                    return
                writer.write(chunked([], "application/x-ndjson")[0])
                with suppress(OSError):
                    while True:
                        writer.write(b"%x\r\n%s\r\n" % (len(line), line))
                        given += len(line)
                        await writer.drain()

            one.shop.answer = endless  # type: ignore[method-assign]
            assert (await one.ask("GET", "/a")).body == MASKED
            processes = (os.getpid(), one.envoy)
            sizes = [_resident(process) for process in processes]
            clients = [await asyncio.open_connection(*one.address, limit=1) for _ in range(stalled)]
            for _, writer in clients:
                writer.write(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n")
            before = -1
            async with asyncio.timeout(100):
                while given != before or not given:  # until the service, too, has come to stand still
                    before = given
                    await asyncio.sleep(2)
            grown = [_resident(process) - size for process, size in zip(processes, sizes, strict=True)]
            assert max(grown) < most
            assert (await one.ask("GET", "/a")).body == MASKED
            for _, writer in clients:
                writer.close()
            async with asyncio.timeout(60):
                while one.gate.streams:  # noqa: ASYNC110 (nothing tells of it)
                    await asyncio.sleep(0.05)

    asyncio.run(run())


def test_a_gate_sees_that_its_envoy_has_gone_whoever_started_it() -> None:
    async def work(one: Stage) -> None:
        assert (await one.ask("GET", "/a")).status == 200
        assert not one.gate.is_without_envoy
        os.kill(one.envoy, signal.SIGKILL)
        async with asyncio.timeout(20):
            while not one.gate.is_without_envoy:  # noqa: ASYNC110 (it looks now and then)
                await asyncio.sleep(0.02)

    play(work)
