"""The writer and its clients, as processes: started on demand, one per ledger, killed at random, and never a lost receipt."""

import asyncio
import json
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from ledger_plays import Place, entries, entry, make_place, running_writer

from ringfence.ledger import BlockingClient, Fault, Ledger, LedgerClient, LedgerUnavailable, Query, Reader, verify
from ringfence.ledger.address import MOST_SOCKET_PATH, socket_path, writer_command
from ringfence.ledger.frames import Append, Done, Failed, FrameReader, Hello, Reply, Welcome, frame, parse_reply

PATIENCE = 30.0


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return make_place(tmp_path)


def until(claim: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not claim():
        assert time.monotonic() < end, what
        time.sleep(0.005)


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@asynccontextmanager
async def client_of(place: Place, *, deadline: float = PATIENCE, idle: float = 60.0) -> AsyncIterator[LedgerClient]:
    """A client whose writer does not outlive the test."""
    ledger = LedgerClient(place.file, place.private, deadline=deadline, idle=idle)
    try:
        async with ledger:
            yield ledger
    finally:
        if ledger.writer_process:
            with suppress(ProcessLookupError):
                os.kill(ledger.writer_process, signal.SIGTERM)


def test_a_client_starts_a_writer_and_gets_receipts(place: Place) -> None:
    async def play() -> None:
        async with client_of(place) as ledger:
            assert is_running(ledger.writer_process)
            receipts = await ledger.append(entries(3))
            assert [(receipt.ledger, receipt.index, receipt.size) for receipt in receipts] == [
                (place.key.name, at, 3) for at in range(3)
            ]
            assert await ledger.append([]) == []
        with Reader(place.file) as reader:
            assert [one.body for one in reader.since(0)] == entries(3)

    asyncio.run(play())


def test_the_socket_is_for_its_owner_only(place: Place) -> None:
    before = os.umask(0)
    try:
        with running_writer(place):
            assert stat.S_IMODE(Path(f"{place.file}.sock").stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_many_clients_that_start_at_once_share_one_writer(place: Place) -> None:
    async def play() -> None:
        async with client_of(place) as first:
            others = [LedgerClient(place.file, place.private, deadline=PATIENCE) for _ in range(4)]
            await asyncio.gather(*(other.open() for other in others))
            assert {other.writer_process for other in others} == {first.writer_process}
            for other in others:
                await other.close()

    def started() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(writer_command(place.file, place.private, 60.0), stderr=subprocess.PIPE)

    starting = [started() for _ in range(4)]
    assert [process.wait(PATIENCE) for process in starting] == [0] * 4
    for process in starting:
        assert process.communicate()[1] == b""
    asyncio.run(play())


def test_a_writer_without_clients_ends_by_itself_and_the_next_append_starts_another(place: Place) -> None:
    async def once(number: int) -> int:
        ledger = LedgerClient(place.file, place.private, deadline=PATIENCE, idle=0.1)
        async with ledger:
            await ledger.append([entry(number)])
        return ledger.writer_process

    first = asyncio.run(once(1))
    until(lambda: not is_running(first), "the idle writer did not end")
    assert not Path(f"{place.file}.sock").exists()
    second = asyncio.run(once(2))
    assert second != first
    until(lambda: not is_running(second), "the idle writer did not end")
    assert verify(place.file, place.key.public).size == 2


def test_a_client_that_waits_keeps_the_writer_from_ending(place: Place) -> None:
    async def play() -> None:
        async with client_of(place, idle=0.05) as ledger:
            process = ledger.writer_process
            await asyncio.to_thread(until, lambda: time.monotonic() > begin + 0.3, "time stands still")
            await ledger.append([entry(1)])
            assert ledger.writer_process == process

    begin = time.monotonic()
    asyncio.run(play())


def test_a_terminated_writer_answers_what_it_has_and_leaves_no_socket(place: Place) -> None:
    async def play() -> int:
        async with client_of(place) as ledger:
            appends = [asyncio.ensure_future(ledger.append([entry(number)])) for number in range(50)]
            await asyncio.sleep(0)
            os.kill(ledger.writer_process, signal.SIGTERM)
            await asyncio.gather(*appends)
            return ledger.writer_process

    process = asyncio.run(play())
    until(lambda: not is_running(process), "the writer did not end")
    assert verify(place.file, place.key.public).size == 50


def test_entries_of_several_processes_are_all_there_once_and_in_their_order(place: Place) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from ringfence.ledger import LedgerClient\n"
        "async def main(who):\n"
        "    async with LedgerClient(Path(sys.argv[1]), Path(sys.argv[2]), deadline=30, idle=1) as ledger:\n"
        "        appends = [ledger.append([{'id': f'{who}-{n}', 'flow': who, 'n': n}]) for n in range(300)]\n"
        "        print([r[0].index for r in await asyncio.gather(*appends)])\n"
        "asyncio.run(main(sys.argv[3]))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(place.file), str(place.private), who], stdout=subprocess.PIPE)
        for who in "abcd"
    ]
    indices = {
        who: json.loads(process.communicate(timeout=60)[0]) for who, process in zip("abcd", processes, strict=True)
    }
    assert sorted(index for one in indices.values() for index in one) == list(range(1200))
    with Reader(place.file) as reader:
        for who, mine in indices.items():
            assert mine == sorted(mine)
            assert [one.body["n"] for one in reader.find(Query(flow=who), 1000) if one.body] == list(range(300))
    assert verify(place.file, place.key.public).holds


def test_more_entries_than_a_frame_holds_go_in_several(place: Place) -> None:
    async def play() -> None:
        async with client_of(place) as ledger:
            receipts = await ledger.append([{"id": str(number), "text": "x" * 900} for number in range(2500)])
            assert [receipt.index for receipt in receipts] == list(range(2500))
            big = await ledger.append([{"id": f"big-{number}", "text": "x" * 250_000} for number in range(9)])
            assert len(big) == 9
            with pytest.raises(LedgerUnavailable) as caught:
                await ledger.append([{"id": "too big", "text": "x" * 300_000}])
            assert caught.value.fault is Fault.ENTRY

    asyncio.run(play())
    assert verify(place.file, place.key.public).holds


def test_a_ledger_in_a_folder_too_deep_for_a_sockets_address_works(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    place = make_place(deep)
    assert len(os.fsencode(place.file)) > MOST_SOCKET_PATH

    async def play() -> None:
        async with client_of(place) as ledger:
            assert (await ledger.append([entry(1)]))[0].index == 0

    asyncio.run(play())
    with running_writer_stopped(place), BlockingClient(place.file, place.private) as client:
        assert client.append([entry(2)])[0].index == 1


def running_writer_stopped(place: Place):
    """A writer in this process, once the one that was started has ended."""

    def has_ended() -> bool:
        try:
            Ledger(place.file, place.key).close()
        except LedgerUnavailable:
            return False
        return True

    until(has_ended, "the writer did not end")
    return running_writer(place)


def test_without_its_key_a_writer_does_not_start_and_says_so_in_time(place: Place) -> None:
    place.private.unlink()

    async def play() -> None:
        with pytest.raises(LedgerUnavailable) as caught:
            await LedgerClient(place.file, place.private).open()
        assert caught.value.fault is Fault.CLOSED

    asyncio.run(play())
    with pytest.raises(LedgerUnavailable):
        BlockingClient(place.file, place.private)
    done = subprocess.run(writer_command(place.file, place.private), capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"Traceback" not in done.stderr


def test_a_missing_ledger_is_refused_by_the_writer_and_not_made_anew(place: Place) -> None:
    place.file.unlink()

    async def play() -> None:
        async with client_of(place, deadline=5) as ledger:
            with pytest.raises(LedgerUnavailable) as caught:
                await ledger.append([entry(1)])
            assert caught.value.fault is Fault.IO

    asyncio.run(play())
    assert not place.file.exists()


def test_what_the_writer_complains_of_holds_no_value(place: Place) -> None:
    place.file.write_bytes(b"no ledger")

    async def play() -> None:
        async with client_of(place, deadline=5) as ledger:
            with pytest.raises(LedgerUnavailable) as caught:
                await ledger.append([{"id": "1", "note": "a-private-word"}])
            assert caught.value.fault is Fault.DAMAGED

    asyncio.run(play())
    log = Path(f"{place.file}.log").read_text()
    assert "damaged" in log
    assert "a-private-word" not in log
    assert "Traceback" not in log


class Line:
    """A raw connection, for saying what no client says."""

    def __init__(self, place: Place) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        with socket_path(place.file) as path:
            self.socket.connect(path)
        self._frames = FrameReader()
        self._replies: list[Reply] = []

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.socket.close()

    def say(self, raw: bytes) -> None:
        self.socket.sendall(raw)

    def hear(self) -> Reply | None:
        while not self._replies:
            piece = self.socket.recv(65536)
            if not piece:
                return None
            self._replies += map(parse_reply, self._frames.feed(piece))
        return self._replies.pop(0)


@pytest.mark.parametrize(
    "said",
    [
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x00",
        b"\x00\x00\x00\x02{}",
        b"\x00\x00\x00\x02[]",
        b"GET / HTTP/1.1\r\n\r\n",
        frame(Append(1, [b"{}"])),  # before its hello
        frame(Hello(99)),
        frame(Hello()) + frame(Hello()),
        frame(Hello()) + b"\x00\x00\x00\x05hello",
        frame(Hello()) + frame(Append(1, [b'{"a":"\xff"}'])),
        frame(Hello()) + frame(Append(1, [b"no object"])),
        frame(Hello()) + frame(Append(1, [b"{}"] * 2000)),
    ],
)
def test_whoever_sends_what_is_no_message_is_cut_off_and_others_are_not(place: Place, said: bytes) -> None:
    with running_writer(place), Line(place) as good, Line(place) as bad:
        good.say(frame(Hello()))
        assert isinstance(good.hear(), Welcome)
        bad.say(said)
        while isinstance(reply := bad.hear(), Welcome):
            pass
        assert reply is None
        good.say(frame(Append(7, [b'{"id":"a"}'])))
        assert good.hear() == Done(7, [0], 1)
    assert verify(place.file, place.key.public).size == 1


def test_a_client_that_dies_within_a_frame_loses_that_frame_only(place: Place) -> None:
    with running_writer(place), Line(place) as good:
        good.say(frame(Hello()))
        good.hear()
        dying = Line(place)
        whole = frame(Append(1, [b'{"id":"whole"}']))
        dying.say(frame(Hello()) + whole + frame(Append(2, [b'{"id":"half"}']))[:-3])
        assert isinstance(dying.hear(), Welcome)
        assert dying.hear() == Done(1, [0], 1)
        dying.socket.close()
        good.say(frame(Append(3, [b'{"id":"good"}'])))
        assert good.hear() == Done(3, [1], 2)
    with Reader(place.file) as reader:
        assert [one.body for one in reader.since(0)] == [{"id": "whole"}, {"id": "good"}]


def test_an_entry_that_is_no_json_fails_its_own_request_only(place: Place) -> None:
    with running_writer(place), Line(place) as line:
        line.say(frame(Hello()))
        line.hear()
        bodies = [b'{"id":"1"}', b'{"id":oops}', b'{"id":"3"}', b"{'json5':1}"]
        line.say(b"".join(frame(Append(number, [body])) for number, body in enumerate(bodies)))
        replies = [line.hear() for _ in bodies]
        assert [type(reply) for reply in replies] == [Done, Failed, Done, Failed]
        assert [reply.fault for reply in replies if isinstance(reply, Failed)] == [Fault.ENTRY] * 2
    report = verify(place.file, place.key.public)
    assert (report.holds, report.size) == (True, 2)


def test_frames_cut_at_every_byte_are_the_same_messages(place: Place) -> None:
    whole = frame(Hello()) + frame(Append(5, [b'{"id":"1"}', b'{"b":2}'], frozenset({1})))
    frames = FrameReader()
    pieces = [content for at in range(len(whole)) for content in frames.feed(whole[at : at + 1])]
    assert pieces == FrameReader().feed(whole)


def test_a_client_that_sends_without_reading_its_answers_is_held_up_and_loses_nothing(place: Place) -> None:
    count = 6000
    with running_writer(place), Line(place) as line:
        line.say(frame(Hello()))
        line.hear()
        line.socket.setblocking(False)
        out = b"".join(
            frame(Append(number, [b'{"id":"%d","x":"%s"}' % (number, b"x" * 900)])) for number in range(count)
        )
        answered = 0
        while answered < count:
            with suppress(BlockingIOError):
                out = out[line.socket.send(out[:262_144]) :] if out else out
            with suppress(BlockingIOError):
                line._replies += map(parse_reply, line._frames.feed(line.socket.recv(65536)))
            answered += len(line._replies)
            line._replies.clear()
    assert verify(place.file, place.key.public).size == count


def test_bodies_are_dropped_through_the_writer_while_others_append(place: Place) -> None:
    async def play() -> None:
        async with client_of(place) as ledger:
            await ledger.append(entries(5000))

            def expire() -> int:
                with BlockingClient(place.file, place.private) as client:
                    return client.expire("2031-01-03", 4500).index

            expiring = asyncio.create_task(asyncio.to_thread(expire))
            number = 5000
            while not expiring.done():
                await ledger.append([entry(number)])
                number += 1
            with Reader(place.file) as reader:
                said = reader.entry(await expiring)
            assert said is not None
            assert said.body is not None
            assert said.body["through"] == 4500

    asyncio.run(play())
    report = verify(place.file, place.key.public)
    assert (report.problems, report.dropped) == ([], 4500)


async def _kill_at_random(place: Place, kills: int, seed: int) -> dict[int, int]:
    """Append from several tasks while the writer is killed again and again; give the index in each entry's receipt."""
    rng = random.Random(seed)
    indices: dict[int, int] = {}
    is_over = asyncio.Event()
    next_number = 0

    async def append(ledger: LedgerClient) -> None:
        nonlocal next_number
        while not is_over.is_set():
            numbers = range(next_number, next_number + rng.randrange(1, 6))
            next_number = numbers.stop
            receipts = await ledger.append([entry(number) for number in numbers])
            indices.update(zip(numbers, (receipt.index for receipt in receipts), strict=True))

    async def kill(ledger: LedgerClient) -> None:
        for _ in range(kills):
            goal = len(indices) + rng.randrange(1, 120)
            while len(indices) < goal:  # noqa: ASYNC110 (a kill at a random moment)
                await asyncio.sleep(rng.random() * 0.002)
            dead = ledger.writer_process
            with suppress(ProcessLookupError):
                os.kill(dead, signal.SIGKILL)
            async with asyncio.timeout(PATIENCE):
                while ledger.writer_process == dead:  # noqa: ASYNC110 (another process is waited for)
                    await asyncio.sleep(0.005)
        is_over.set()

    async with client_of(place) as ledger, asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(append(ledger))
        group.create_task(kill(ledger))
    return indices


def kill_at_random(place: Place, kills: int, seed: int) -> None:
    indices = asyncio.run(_kill_at_random(place, kills, seed))
    report = verify(place.file, place.key.public)
    assert report.problems == []
    assert report.size == len(indices)  # nothing lost, nothing written twice
    with Reader(place.file) as reader:
        ids = {one.index: one.body["id"] for one in reader.since(0) if one.body is not None}
    assert all(ids[index] == entry(number)["id"] for number, index in indices.items())


def test_a_writer_that_is_killed_twenty_times_at_random_loses_no_receipt(place: Place) -> None:
    kill_at_random(place, 20, seed=1)


@pytest.mark.soak
def test_a_writer_that_is_killed_a_thousand_times_at_random_loses_no_receipt(place: Place) -> None:
    kill_at_random(place, 1000, seed=2)
