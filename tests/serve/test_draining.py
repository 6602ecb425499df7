"""What runs may end; what is idle is ended; nobody new is served; and the exit code says how it went."""

import os
import signal
import time

import pytest
from serve_plays import Client, Place, one_worker, running, two_workers, until

place = pytest.fixture(one_worker)
pair = pytest.fixture(two_workers)


def test_a_running_statement_ends_idle_sessions_are_closed_and_newcomers_refused(pair: Place) -> None:
    with running(pair, "--drain", "30") as up, Client(up.port) as busy, Client(up.port) as idle:
        idle.ask()
        busy.send("slow 2")
        until(lambda: pair.status()["gates"][0]["figures"]["statements"] == 2, "the statement runs")
        up.process.terminate()
        with pytest.raises(ConnectionError):
            idle.read()
        until(lambda: _is_refused(up.port), "both workers have stopped listening")
        assert busy.read()["process"]
        assert up.process.wait(20) == 0


def _is_refused(port: int) -> bool:
    """Whether a newcomer is not served; one that comes before the second worker has heard of the end may still be."""
    try:
        with Client(port) as newcomer:
            newcomer.ask()
    except ConnectionError:
        return True
    return False


def test_at_the_deadline_what_still_runs_is_cut(place: Place) -> None:
    with running(place, "--drain", "0.2") as up, Client(up.port) as client:
        client.send("slow 50")
        until(lambda: place.status()["gates"][0]["figures"]["statements"] == 1, "the statement runs")
        began = time.monotonic()
        assert up.end() == 0
        assert time.monotonic() - began < 20
        with pytest.raises(ConnectionError):
            client.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_everything_at_once(place: Place, number: signal.Signals) -> None:
    with running(place) as up, Client(up.port) as client:
        client.send("slow 50")
        until(lambda: place.status()["gates"][0]["figures"]["statements"] == 1, "the statement runs")
        up.process.send_signal(number)
        until(lambda: up.events("draining"), "the drain begins")
        assert place.status()["state"] == "draining"
        assert place.call("reload").returncode == 2
        up.process.send_signal(number)
        assert up.process.wait(20) == 128 + number
        assert not up.workers()


def test_a_worker_that_is_stuck_is_killed_at_the_deadline(place: Place) -> None:
    with running(place, "--drain", "0.2") as up, Client(up.port) as client:
        client.ask()
        client.send("spin 50")
        assert up.end() == 0
        assert up.events("killed")


def test_a_worker_that_rests_between_two_starts_holds_up_nothing(place: Place) -> None:
    with running(place) as up:
        up.expect()
        (place.folder / "broken").touch()
        os.kill(up.workers()[0], signal.SIGKILL)
        until(lambda: len(up.events("died")) >= 3, "it rests for a while")
        assert up.end() == 0


def test_nothing_but_the_lock_is_left_behind(place: Place) -> None:
    with running(place) as up:
        up.expect()
        assert (place.folder / ".ringfence" / "up.sock").stat().st_mode & 0o777 == 0o600
        assert up.end() == 0
    assert [each.name for each in (place.folder / ".ringfence").glob("up*")] == ["up.lock"]
    done = place.call("status")
    assert done.returncode == 2
    assert "nothing runs here" in done.stderr
