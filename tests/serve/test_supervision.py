"""Workers are started, watched and started again; nothing outlives its parent; nobody is refused meanwhile."""

import asyncio
import fcntl
import json
import os
import pty
import shutil
import signal
import subprocess
import termios
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from serve_plays import Client, Place, Up, is_there, one_worker, running, two_workers, until

from ringfence.serve.log import Log, LogFormat
from ringfence.serve.messages import Waiting, write_report
from ringfence.serve.slot import Post, Slot

place = pytest.fixture(one_worker)
pair = pytest.fixture(two_workers)


def test_a_gate_is_announced_when_all_its_workers_have_seen_the_canary_masked(pair: Place) -> None:
    with running(pair) as up:
        said = up.expect()
        assert (said["gate"], said["workers"]) == ("pg", 2)
        assert f"port={up.port} " in str(said["psql"])
        assert len(up.events("ready")) == 2
        with Client(up.port) as client:
            assert client.ask("say write to ada.nowak@posta-nova.net")["said"] == "write to [redacted:email]"
        assert up.end() == 0


def test_a_worker_that_is_killed_is_started_again_and_nobody_is_refused(place: Place) -> None:
    with running(place) as up:
        port, (first,) = up.port, up.workers()
        os.kill(first, signal.SIGKILL)
        with Client(port) as client:  # waits in the queue until the next worker takes it
            assert client.ask()["process"] != first
        assert up.events("died")[0]["of"] == "SIGKILL"
        (gate,) = place.status()["gates"]
        assert gate["workers"][0]["restarts"] == 1


def test_what_a_dead_worker_counted_stays_in_the_sum(place: Place) -> None:
    with running(place) as up:
        with Client(up.port) as client:
            for _ in range(7):
                client.ask()
        assert place.status()["gates"][0]["figures"]["statements"] == 7
        os.kill(up.workers()[0], signal.SIGKILL)
        with Client(up.port) as client:
            client.ask()
        figures = place.status()["gates"][0]["figures"]
        assert (figures["statements"], figures["connections"]) == (8, 0)


def test_no_worker_outlives_a_parent_that_is_killed(pair: Place) -> None:
    with running(pair) as up:
        up.expect()
        workers = up.workers()
        with Client(up.port) as client:
            client.ask()
            up.process.kill()
            up.process.wait(10)
            until(lambda: not any(map(is_there, workers)), "workers end with their parent")
    with running(pair) as again:  # the lock and the socket of the killed one are no hindrance
        again.expect()
        assert again.end() == 0


def test_a_worker_that_is_stuck_does_not_outlive_its_parent_either(place: Place) -> None:
    with running(place) as up, Client(up.port) as client:
        (worker,) = up.workers()
        client.send("spin 50")
        until(lambda: _is_running(worker), "the worker works")
        up.process.kill()
        until(lambda: not is_there(worker), "the kernel ends it")
    assert not is_there(worker)


def _is_running(process: int) -> bool:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "R"


def test_a_worker_that_says_what_is_wrong_before_it_ever_served_is_given_up_and_the_exit_code_says_so(
    place: Place,
) -> None:
    (place.folder / "broken").touch()
    with running(place) as up:
        assert up.process.wait(60) == 2
        assert "the echo is broken" in str(up.events("gave-up")[0]["text"])
        assert [each["event"] for each in up.log()] == ["gave-up"]
        assert up.last_words() == "ringfence: gate pg: the echo is broken\n  remove the file\n"


def test_a_canary_that_comes_through_in_clear_ends_everything_at_once(place: Place) -> None:
    (place.folder / "leak").touch()
    with running(place) as up:
        assert up.process.wait(60) == 2
        assert not up.events("died")
        assert not up.events("ready")
        assert up.last_words() == "ringfence: gate pg: the canary was seen clear\n  do not serve: report it\n"


def test_a_gate_whose_upstream_went_away_is_degraded_with_the_reason(place: Place) -> None:
    with running(place) as up:
        up.expect()
        flag = place.folder / "hindered"
        flag.touch()
        until(lambda: place.status()["state"] == "degraded", "it is noticed")
        assert place.status()["reasons"] == ["gate pg: worker 0 is ready: its upstream does not answer"]
        done = place.call("status")
        assert (done.returncode, "its upstream does not answer" in done.stdout) == (1, True)
        flag.unlink()
        until(lambda: place.status()["state"] == "ready", "it is there again")
        assert [len(up.events(event)) for event in ("hindered", "unhindered")] == [1, 1]


def test_what_is_waited_for_is_said_again_but_not_every_time(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[bytes] = []
    clock = [1000.0]
    monkeypatch.setattr("ringfence.serve.slot.time.monotonic", lambda: clock[0])
    post = Post("pg", 0, "echo_worker", (), frozenset({"192.0.2.9"}))
    slot = Slot(post, NotImplemented, asyncio.Lock(), lambda: None, Log(LogFormat.JSON, write=lines.append))
    for _ in range(100):
        slot._take(write_report(Waiting("192.0.2.9:5432 cannot be reached, nor can 192.0.2.10", "start it")))
        clock[0] += 1
    said = [json.loads(line) for line in lines]
    assert [line["seconds"] for line in said] == [0, 30, 60, 90]
    assert said[0]["text"] == "192.0.2.9:5432 cannot be reached, nor can [redacted:ip_address]"
    assert said[0]["mend"] == "start it"


def test_before_the_canary_is_seen_masked_clients_wait(place: Place) -> None:
    down = place.folder / "down"
    down.touch()
    with running(place) as up:
        until(lambda: up.events("waiting"), "the worker waits")
        status = place.status()
        assert status["state"] == "starting"
        assert status["reasons"] == ["gate pg: worker 0 is waiting: no upstream for [redacted:email]"]
        down.unlink()
        with Client(up.port) as client:
            assert client.ask()["number"] == 1


def test_connections_that_come_at_once_are_spread_over_the_workers(pair: Place) -> None:
    with running(pair) as up, ExitStack() as stack:
        up.expect()
        clients = [stack.enter_context(Client(up.port)) for _ in range(40)]
        taken = Counter(client.ask()["process"] for client in clients)
        assert len(taken) == 2
        assert min(taken.values()) >= 4


def test_a_port_is_not_shared_with_another_instance_of_several_workers(
    pair: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with running(pair) as up:
        pair.write("127.0.0.1:0", f"127.0.0.1:{up.port}")
        elsewhere = tmp_path_factory.mktemp("elsewhere")
        shutil.copytree(
            pair.folder / ".ringfence", elsewhere / ".ringfence", ignore=lambda *_: {"up.sock", "ledger.db.sock"}
        )
        done = pair.call("up", "--home", str(elsewhere / ".ringfence"))
        assert done.returncode == 2
        assert "Address already in use" in done.stderr


def test_a_terminal_s_signals_to_workers_are_not_theirs_to_obey(place: Place) -> None:
    with running(place) as up, Client(up.port) as client:
        (worker,) = up.workers()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(worker, number)
        assert client.ask()["process"] == worker


def test_on_a_terminal_what_is_ready_is_said_in_colour_with_a_line_for_psql(place: Place) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        place.command("up"), cwd=place.folder, env=place.environment, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    try:
        while b"psql" not in shown:
            shown += os.read(ours, 4096)
        assert b"\x1b[1;32mready\x1b[0m    pg on 127.0.0.1:" in shown
        assert b"info    started" in shown  # the log as text
    finally:
        process.terminate()
        assert process.wait(30) == 0
        os.close(ours)


def test_when_its_terminal_is_closed_it_ends(place: Place) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        place.command("up"),
        cwd=place.folder,
        env=place.environment,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    while b"psql" not in os.read(ours, 4096):
        pass
    os.close(ours)
    assert process.wait(30) == 0


def test_a_second_instance_in_the_same_home_is_refused(place: Place) -> None:
    with running(place) as up:
        up.expect()
        second = place.call("up")
        assert second.returncode == 2
        assert "runs here already" in second.stderr
        assert up.end() == 0


class Traffic:
    """Clients that ask, and ask again, until they are stopped; a connection that was cut is opened anew."""

    def __init__(self, port: int, clients: int) -> None:
        self.answers = self.cut = self.refused = 0
        self._port = port
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with Client(self._port) as client:
                    while not self._stop.is_set():
                        client.ask()
                        self._add("answers")
                        time.sleep(0.002)  # leaves the machine to the others: not a wait for anything
            except ConnectionRefusedError:
                self._add("refused")
            except (ConnectionError, TimeoutError):
                self._add("cut")

    def _add(self, what: str) -> None:
        with self._lock:
            setattr(self, what, getattr(self, what) + 1)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)


def _kill_workers(up: Up, times: int) -> Traffic:
    traffic = Traffic(up.port, 4)
    try:
        for done in range(times):
            until(lambda: len(up.workers()) == 2, "both workers live")
            before = traffic.answers
            os.kill(up.workers()[done % 2], signal.SIGKILL)
            until(lambda before=before: traffic.answers > before + 20, "clients are answered")
    finally:
        traffic.stop()
    return traffic


@pytest.mark.parametrize("times", [5, pytest.param(50, marks=pytest.mark.soak)])
def test_workers_are_killed_under_load_and_no_connection_is_refused(pair: Place, times: int) -> None:
    with running(pair) as up:
        up.expect()
        traffic = _kill_workers(up, times)
        assert traffic.refused == 0
        assert traffic.cut <= 4 * times
        until(lambda: place_is(pair, "ready"), "all workers are back")
        assert up.process.poll() is None
        assert up.end() == 0
        assert not up.workers()


@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.soak)])
def test_parents_are_killed_under_load_and_leave_nothing_behind(pair: Place, times: int) -> None:
    for _ in range(times):
        with running(pair) as up:
            traffic = Traffic(up.port, 4)
            until(lambda traffic=traffic: traffic.answers > 20, "clients are answered")
            workers = up.workers()
            up.process.kill()
            until(lambda workers=workers: not any(map(is_there, workers)), "workers end with their parent")
            traffic.stop()
    with running(pair) as up:
        up.expect()
        assert up.end() == 0


def place_is(place: Place, state: str) -> bool:
    with suppress(ValueError):
        return place.status()["state"] == state
    return False
