"""The HTTP gate under pressure: bombs, peers that stall, more than it can do. It grows by little, and others are served."""

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from itertools import chain, repeat
from pathlib import Path

import brotli
import pytest
from http_pressure import (
    MASKED,
    MIB,
    MOST_GROWN,
    Answer,
    Pressure,
    chunks,
    pressed,
    request,
    response,
)

from command_line import Cli
from drawn import apart

BLOCK = b"x" * 65_536
MAIL = b"ada@example.com "


@cache
def zeros(mebibytes: int) -> bytes:
    """Give so much of one letter in gzip: a thousandth of that."""
    stream = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(stream.compress(b"x" * MIB) for _ in range(mebibytes)) + stream.flush()


@cache
def brotli_zeros(mebibytes: int) -> bytes:
    return brotli.compress(b"x" * (mebibytes * MIB), quality=1)


def laughs() -> bytes:
    lines = (f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "ha">{"".join(lines)}]><l>&l9;</l>'.encode()


def thousands(item: Callable[[int], bytes], count: int = 1_000_000) -> Iterator[bytes]:
    for start in range(0, count, 1000):
        yield b"".join(item(number) for number in range(start, start + 1000))


PART = b'--b\r\nContent-Disposition: form-data; name="a%d"\r\n\r\nx\r\n'

# What each is: its content type, its content coding, and its octets. Each is sent to the service, and said by it.
BOMBS: Mapping[str, tuple[str, str, Callable[[], Iterator[bytes]]]] = {
    "gzip of 100 MiB": ("text/plain", "gzip", lambda: iter([zeros(100)])),
    "gzip of gzip of 100 MiB": ("text/plain", "gzip, gzip", lambda: iter([gzip.compress(zeros(100))])),
    "br of 50 MiB": ("text/plain", "br", lambda: iter([brotli_zeros(50)])),
    "JSON a million deep": ("application/json", "", lambda: repeat(b"[" * 10_000, 100)),
    "XML a million deep": ("application/xml", "", lambda: repeat(b"<a>" * 10_000, 100)),
    "a billion laughs": ("application/xml", "", lambda: iter([laughs()])),
    "a million parts": ("multipart/form-data; boundary=b", "", lambda: thousands(lambda number: PART % number)),
    "a million keys": ("application/json", "", lambda: chain([b"{"], thousands(lambda number: b'"k%d": 1,' % number))),
    "a string without end": ("application/json", "", lambda: chain([b'{"a": "'], repeat(BLOCK, 16_000))),
    "a line of a gigabyte": ("application/x-ndjson", "", lambda: chain([b'{"a": "'], repeat(BLOCK, 16_000))),
    "a text of one line": ("text/plain", "", lambda: repeat(BLOCK, 16_000)),
    "an event without end": ("text/event-stream", "", lambda: repeat(b"data: x\n" * 8_000, 2_000)),
    "a million cells": ("text/csv", "", lambda: repeat(b"," * 10_000, 100)),
    "a tag without end": ("text/html", "", lambda: chain([b"<a "], repeat(b"b='1' " * 10_000, 100))),
    "a value full of addresses": ("application/json", "", lambda: chain([b'["'], repeat(MAIL * 4_000, 100))),
}


async def sent(one: Pressure, kind: str, coding: str, octets: Callable[[], Iterator[bytes]]) -> Answer:
    more = f"content-encoding: {coding}\r\n" if coding else ""
    return await one.ask(request("POST", "/in", kind=kind, more=more), octets())


async def said(one: Pressure, kind: str, coding: str, octets: Callable[[], Iterator[bytes]]) -> Answer:
    one.shop.says[b"/out"] = chunks(octets, kind, f"content-encoding: {coding}\r\n" if coding else "")
    return await one.ask(request(path="/out"))


async def was_borne(one: Pressure, name: str, work: Awaitable[Answer]) -> None:
    """Have something done; see that it was refused, that both processes stayed small and that others were served."""
    one.mark()
    async with one.others() as others:
        answer = await work
    assert answer.status >= 400 or not answer.raw.endswith(b"\r\n0\r\n\r\n"), name
    assert max(one.grown().values()) <= MOST_GROWN, (name, one.grown())
    served = [each for each in others if each.status == 200 and MASKED in each.raw]
    assert len(served) == len(others), (name, [each.status for each in others])


def test_bombs_are_refused_in_little_memory_and_others_are_served_meanwhile(cli: Cli, tmp_path: Path) -> None:
    async def play() -> None:
        async with pressed(cli, tmp_path, "connections: 200") as one:
            for name, bomb in BOMBS.items():
                await was_borne(one, f"{name}, sent", sent(one, *bomb))
                await was_borne(one, f"{name}, said", said(one, *bomb))
            many = "".join(f"x-{number}: 1\r\n" for number in range(10_000))
            await was_borne(one, "many fields", one.ask(request(more=many)))
            assert MASKED in (await one.ask()).raw

    asyncio.run(play())


@pytest.mark.soak
def test_what_costs_much_and_may_pass_is_worked_off_between_others(cli: Cli, tmp_path: Path) -> None:
    """A million names of a form, a hundred thousand addresses in events: minutes of work, in which others get their answers."""

    async def play() -> None:
        async with pressed(cli, tmp_path, "connections: 200") as one:
            names = ("application/x-www-form-urlencoded", "", lambda: thousands(lambda number: b"k%d=1&" % number))
            events = ("text/event-stream", "", lambda: repeat(b"data: ada@example.com\n\n" * 1_000, 100))
            for way, costly in ((sent, names), (said, events)):
                one.mark()
                async with one.others() as others:
                    await way(one, *costly)  # type: ignore[arg-type]
                assert max(one.grown().values()) <= MOST_GROWN, one.grown()
                assert len(others) > 5
                assert {each.status for each in others} == {200}

    asyncio.run(play())


# ---------------------------------------------------------------- peers that stall


async def stall(one: Pressure, raw: bytes, loris: bytes = b"") -> tuple[asyncio.StreamWriter, asyncio.Task[None]]:
    """Begin a request and go no further; `loris`: with one octet of this every now and then."""
    _reader, writer = await asyncio.open_connection("127.0.0.1", one.port, limit=1)
    writer.write(raw)

    async def trickle() -> None:
        with suppress(OSError):
            for octet in loris:
                await asyncio.sleep(0.5)
                writer.write(bytes((octet,)))

    return writer, asyncio.create_task(trickle())


async def never(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()  # until the gate gives it up


async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(response(b'{"n": "' + b"-" * 3000 + b'"}')[:-1500])
    await reader.read()


STALLS: Mapping[str, tuple[bytes, bytes]] = {
    "in its head": (b"GET / HTTP/1.1\r\nhost: x\r\nx-a: ", b""),
    "in its head, an octet at a time": (b"GET / HTTP/1.1\r\nhost: x\r\nx-a: ", b"y" * 100),
    "in its body": (request("POST", "/", b" " * 4000)[:-2000], b""),
    "in a chunk": (request("POST") + b"1000\r\n[1, ", b""),
    "in its body, an octet at a time": (request("POST", "/", b" " * 4000)[:-200], b" " * 100),
    "in reading": (request(path="/long"), b""),
    "before a slow service": (request(path="/never"), b""),
    "before a service that stops": (request(path="/half"), b""),
}


MOST_OF_PEER = 64 * 1024  # octets of Envoy's memory for one peer that stalls


def _stalled(cli: Cli, folder: Path, clients: int) -> None:
    async def play() -> None:
        async with pressed(cli, folder, f"connections: {clients + 200}, idle: 30") as one:
            one.shop.says |= {b"/never": never, b"/half": half}
            one.shop.says[b"/long"] = chunks(lambda: repeat(b'{"a": "b"}\n' * 600, 30), "application/x-ndjson")
            one.mark()
            each = clients // len(STALLS)
            held: list[tuple[asyncio.StreamWriter, asyncio.Task[None]]] = []
            async with one.others() as others:
                for raw, loris in STALLS.values():
                    for _ in range(0, each, 50):
                        held += await asyncio.gather(*(stall(one, raw, loris) for _ in range(min(50, each))))
                assert len(held) >= clients * 0.95
                begun = len(others)
                async with asyncio.timeout(60):
                    while len(others) < begun + 20:  # noqa: ASYNC110 (served with all of them there)
                        await asyncio.sleep(0.05)
            assert [each.raw for each in others if each.status != 200] == []
            grown = one.grown()
            of_envoy = grown.pop("envoy")  # which has a connection each way and a stream to a worker for each of them
            assert of_envoy <= max(MOST_GROWN, clients * MOST_OF_PEER), of_envoy
            assert max(grown.values()) <= MOST_GROWN, grown
            for writer, trickling in held:
                trickling.cancel()
                writer.transport.abort()
            await asyncio.gather(*(trickling for _, trickling in held), return_exceptions=True)
            await asyncio.gather(*(writer.wait_closed() for writer, _ in held), return_exceptions=True)
            assert MASKED in (await one.ask()).raw

    asyncio.run(play())


def test_peers_that_stall_at_every_point_hold_nobody_up(cli: Cli, tmp_path: Path) -> None:
    _stalled(cli, tmp_path, clients=240)


@pytest.mark.soak
def test_two_thousand_peers_that_stall_hold_nobody_up(cli: Cli, tmp_path: Path) -> None:
    _stalled(cli, tmp_path, clients=2000)


def test_many_large_values_that_do_not_end_are_not_all_held(cli: Cli, tmp_path: Path) -> None:
    """Sixty strings of six megabytes are 360 to hold: those that are too much together are told to come again."""

    async def play() -> None:
        async with pressed(cli, tmp_path, "connections: 200, idle: 15") as one:
            one.mark()
            begun = chain([b'{"a": "'], repeat(BLOCK, 96))
            raw = request("POST") + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in begun)
            asked = [asyncio.create_task(one.ask(raw)) for _ in range(60)]
            async with one.others() as others:
                shed = 0
                for each in asyncio.as_completed(asked):  # those that may stay would wait until the gate gives them up
                    shed += (await each).status == 503
                    if shed >= 40:
                        break
                async with asyncio.timeout(60):
                    while len(others) < 30:  # noqa: ASYNC110 (served with the rest of them there)
                        await asyncio.sleep(0.05)
            for each in asked:
                each.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            assert [each.raw for each in others if each.status != 200] == []
            assert max(one.grown().values()) <= MOST_GROWN, one.grown()
            assert shed >= 40

    asyncio.run(play())


# ---------------------------------------------------------------- more than it can do


async def _hammer(one: Pressure, clients: int, seconds: float) -> list[Answer]:
    answers: list[Answer] = []
    until = asyncio.get_running_loop().time() + seconds

    async def client() -> None:
        while asyncio.get_running_loop().time() < until:
            with suppress(
                asyncio.IncompleteReadError, OSError
            ):  # the connection was closed: as clients do, begin another
                async with one.connected() as ask:
                    while asyncio.get_running_loop().time() < until:
                        answers.append(await ask())

    await asyncio.gather(*(client() for _ in range(clients)))
    return answers


@pytest.mark.parametrize("seconds", [3, pytest.param(30, marks=pytest.mark.soak)])
def test_five_times_as_many_requests_as_it_takes_are_shed_with_503_at_once_and_the_others_served(
    cli: Cli, tmp_path: Path, seconds: float
) -> None:
    async def play() -> None:
        async with pressed(cli, tmp_path, "connections: 40") as one:
            alone = await _hammer(one, clients=20, seconds=seconds)
            assert {each.status for each in alone} == {200}
            one.mark()
            answers = await _hammer(one, clients=200, seconds=seconds)
            assert {each.status for each in answers} == {200, 503}
            shed = [each for each in answers if each.status == 503]
            served = [each for each in answers if each.status == 200]
            assert all(MASKED in each.raw for each in served)
            assert not any(b"ada" in apart(each.raw) for each in answers)
            assert len(served) >= len(alone) / 4
            assert max(each.seconds for each in served) < 10
            assert max(each.seconds for each in shed) < 5
            assert max(one.grown().values()) <= MOST_GROWN, one.grown()
            assert {each.status for each in await _hammer(one, clients=20, seconds=0.5)} == {200}

    asyncio.run(play())
