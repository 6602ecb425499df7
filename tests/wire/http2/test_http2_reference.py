"""The framing against grpc.aio as the client, and against grpc.aio's own server doing the same: message for message."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio
from http2_plays import PATH, Rim, mirror

from ringfence.wire.http2 import Event, Message, Method, Server, Status

SIZES = (0, 1, 5, 4090, 16_379, 16_384, 16_385, 65_536, 300_000, 1_000_000)
_OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


async def _ask(address: str, path: bytes, scripts: list[list[bytes]]) -> list[tuple[list[bytes], int]]:
    """Run each script as a call, all at once; give what came back and how each ended."""

    async def one(channel: grpc.aio.Channel, script: list[bytes]) -> tuple[list[bytes], int]:
        async def sent() -> AsyncIterator[bytes]:
            for message in script:
                yield message

        # One message goes with its call, as one: where several go, a call that ends meanwhile fails the next, with a status of
        # the client's own making.
        is_one = len(script) == 1
        call = (
            channel.unary_stream(path.decode())(script[0]) if is_one else channel.stream_stream(path.decode())(sent())
        )
        came: list[bytes] = []
        try:
            async for answer in call:
                came.append(answer)
        except grpc.aio.AioRpcError:
            pass
        return came, (await call.code()).value[0]

    async with grpc.aio.insecure_channel(address, options=_OPTIONS) as channel:
        return list(await asyncio.gather(*(one(channel, script) for script in scripts)))


async def _of_ours(
    folder: Path, path: bytes, scripts: list[list[bytes]], method: Method
) -> list[tuple[list[bytes], int]]:
    where = str(folder / "ours.sock")
    server = await asyncio.get_running_loop().create_unix_server(lambda: Rim(method, mirror), where)
    async with server:
        return await _ask(f"unix:{where}", path, scripts)


async def _of_theirs(folder: Path, path: bytes, scripts: list[list[bytes]]) -> list[tuple[list[bytes], int]]:
    async def look(messages: AsyncIterator[bytes], _context: object) -> AsyncIterator[bytes]:
        async for message in messages:
            yield message[::-1]

    where = str(folder / "theirs.sock")
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", 2 * 1024 * 1024)])
    name, method = PATH.decode().strip("/").split("/")
    handlers = {method: grpc.stream_stream_rpc_method_handler(look)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
    server.add_insecure_port(f"unix:{where}")
    await server.start()
    try:
        return await _ask(f"unix:{where}", path, scripts)
    finally:
        await server.stop(None)


def test_a_real_client_hears_from_it_what_it_hears_from_the_library(tmp_path: Path) -> None:
    chance = random.Random(11)
    scripts = [[chance.randbytes(size)] for size in SIZES]
    scripts += [[chance.randbytes(chance.choice(SIZES[:6])) for _ in range(chance.randrange(8))] for _ in range(60)]

    async def both() -> None:
        ours = await _of_ours(tmp_path, PATH, scripts, Method(PATH))
        theirs = await _of_theirs(tmp_path, PATH, scripts)
        assert ours == theirs
        assert [came for came, _ in ours] == [[message[::-1] for message in script] for script in scripts]

    asyncio.run(both())


def test_another_method_and_a_message_that_is_too_long_end_as_with_the_library(tmp_path: Path) -> None:
    async def both() -> None:
        for path, script in ((b"/house.Mirror/Break", [b"x"]), (PATH, [b"x" * (2 * 1024 * 1024 + 1)])):
            ours = await _of_ours(tmp_path, path, [script], Method(PATH))
            theirs = await _of_theirs(tmp_path, path, [script])
            assert ours == theirs
            assert ours[0][1] in (grpc.StatusCode.UNIMPLEMENTED.value[0], grpc.StatusCode.RESOURCE_EXHAUSTED.value[0])

    asyncio.run(both())


def test_a_client_that_reads_slowly_loses_nothing_and_holds_nobody_else_back(tmp_path: Path) -> None:
    """The answer is longer than the caller's window: it waits here, counted, while another call goes on."""
    most = 0
    large = 12 * 1024 * 1024

    def act(server: Server, event: Event) -> None:
        nonlocal most
        match event:
            case Message(call, b"large"):
                server.send(call, b"z" * large)
                most = max(most, server.unsent(call))
                server.finish(call, Status.OK)
            case Message(call, content):
                server.send(call, content)
                server.finish(call, Status.OK)

    async def play() -> None:
        where = str(tmp_path / "slow.sock")
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(lambda: Rim(Method(PATH), act), where)
        async with server, grpc.aio.insecure_channel(f"unix:{where}", options=_OPTIONS) as channel:
            slow = channel.stream_stream(PATH.decode())()
            await slow.write(b"large")
            quick = channel.stream_stream(PATH.decode())()
            await quick.write(b"quick")
            assert await quick.read() == b"quick"
            assert await slow.read() == b"z" * large
            assert (await slow.code()) is grpc.StatusCode.OK

    asyncio.run(play())
    assert most > 0
