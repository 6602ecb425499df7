"""Addresses, messages, figures and the line between parent and worker, each by itself."""

import asyncio
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.serve import ServeFault, parse_address
from ringfence.serve.addresses import Address, address_of, check_private, listen_on
from ringfence.serve.channel import connect
from ringfence.serve.figures import COUNTERS, Figures, Requests, total
from ringfence.serve.messages import (
    Ask,
    Commit,
    Counted,
    Drain,
    NoMessage,
    Place,
    Prepare,
    Ready,
    Start,
    Wrong,
    read_order,
    read_report,
    write_order,
    write_report,
)
from ringfence.serve.reading import Reading

READING = Reading("/etc/p.yaml", None, {"/etc/p.yaml": "version: 1\nzones: {\N{SNOWMAN}: {}}\n"}, "ab")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:6432", Address("127.0.0.1", 6432)),
        ("localhost:0", Address("localhost", 0)),
        ("[::1]:65535", Address("::1", 65535)),
        ("unix:/run/a", Address(path="/run/a")),
    ],
)
def test_an_address_is_read_and_written_the_same(text: str, address: Address) -> None:
    assert parse_address(text, "here") == address
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    ["", ":1", "host", "host:", "host:65536", "host:-1", "host:٣", "::1:80", "unix:", "unix:" + "a" * 200, "h:1 "],
)
def test_what_is_no_address_is_refused_by_the_place_where_it_stands(text: str) -> None:
    with pytest.raises(ServeFault, match=r"gates\.pg\.listen"):
        parse_address(text, "gates.pg.listen")


def test_only_addresses_of_this_machine_are_private() -> None:
    for private in ("127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "localhost:1", "unix:/x"):
        check_private(parse_address(private, ""), "--health")
    for public in ("0.0.0.0:1", "[::]:1", "192.0.2.1:1", "example.org:1"):
        with pytest.raises(ServeFault, match="other machines"):
            check_private(parse_address(public, ""), "--health")


def test_an_address_that_is_taken_or_is_not_ours_is_said_so() -> None:
    (first,) = listen_on(Address("127.0.0.1", 0), "here")
    taken = address_of([first], Address("127.0.0.1", 0))
    with pytest.raises(ServeFault, match=f"here: port {taken.port}: Address already in use"):
        listen_on(taken, "here")
    with pytest.raises(ServeFault, match="Cannot assign"):
        listen_on(Address("192.0.2.1", 0), "here")
    first.close()


def test_a_socket_file_of_a_program_that_has_gone_is_replaced_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    address = Address(path=str(tmp_path / "s"))
    (first,) = listen_on(address, "here")
    with pytest.raises(ServeFault, match="in use"):
        listen_on(address, "here")
    first.close()
    (second,) = listen_on(address, "here")
    second.close()


def test_orders_and_reports_come_back_as_they_were() -> None:
    place = Place(Path("/k"), Path("/l"), Path("/s"))
    for order in (
        Start("pg", 1, READING, 3, place, (4, 5), "json"),
        Prepare(READING, 2),
        Commit(2),
        Ask(7),
        Drain(1.5),
    ):
        line = write_order(order)
        assert line.count(b"\n") == 1
        assert read_order(line) == order
    for report in (Ready(1), Wrong(2, "what", "mend"), Counted(1, "ab", Figures(statements=3, sessions={"a": 1}))):
        assert read_report(write_report(report)) == report


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b'{"said":"ready"}',
        b'{"said":"ready","generation":"x"}',
        b'{"said":"start"}',
        b"[" * 9999,
    ],
)
def test_what_is_no_message_is_refused_whole(line: bytes) -> None:
    with pytest.raises(NoMessage):
        read_report(line)


@given(
    st.lists(
        st.builds(Figures, connections=st.integers(0, 9), statements=st.integers(0, 99), epoch_age=st.floats(0, 9)),
        max_size=5,
    )
)
def test_a_sum_does_not_depend_on_which_worker_died(workers: list[Figures]) -> None:
    for split in range(len(workers) + 1):
        joined = total(workers[:split], workers[split:])
        assert joined.statements == sum(each.statements for each in workers)
        assert joined.connections == sum(each.connections for each in workers[:split])
    assert {"statements", "ledger_seconds"} <= COUNTERS


def test_lines_come_whole_however_they_are_cut() -> None:
    lines = [b"one", b"", b"three" * 100]
    stream = b"".join(line + b"\n" for line in lines)

    async def cut_at(size: int) -> tuple[list[bytes], bool]:
        ours, theirs = socket.socketpair()
        taken: list[bytes] = []
        lost = asyncio.Event()
        await connect(theirs, taken.append, lost.set)
        loop = asyncio.get_running_loop()
        ours.setblocking(False)
        for at in range(0, len(stream), size):
            await loop.sock_sendall(ours, stream[at : at + size])
            await asyncio.sleep(0)
        ours.close()
        async with asyncio.timeout(20):
            await lost.wait()
        return taken, lost.is_set()

    for size in (1, 2, 3, 7, 1000):
        assert asyncio.run(cut_at(size)) == (lines, True)


def test_who_sends_no_message_is_cut_off() -> None:
    async def send(line: bytes) -> bytes:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        await connect(theirs, lambda each: read_report(each) and None, lambda: None)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(ours, line)
        async with asyncio.timeout(20):
            end = await loop.sock_recv(ours, 10)
        ours.close()
        return end

    assert asyncio.run(send(b"nonsense\n")) == b""


def test_requests_of_several_workers_are_one_sum_also_of_those_that_died() -> None:
    one = Requests({"passed": 3, "refused": 0}, 5, 100, (0.001, 0.01), (2, 1, 0), 0.004)
    other = Requests({"passed": 1, "broken": 1}, 2, 50, (0.001, 0.01), (0, 0, 2), 4.0)
    joined = total([Figures(requests=one)], [Figures(requests=other)]).requests
    assert joined.outcomes == {"passed": 4, "refused": 0, "broken": 1}
    assert (joined.bodies, joined.size, joined.times, joined.seconds) == (7, 150, (2, 1, 2), 4.004)
    assert (joined.within(0.4), joined.within(0.6), joined.within(0.99)) == (0.001, 0.01, None)
    assert Requests().within(0.5) is None
