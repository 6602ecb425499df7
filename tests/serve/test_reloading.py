"""A policy that is read again is in force in every worker, or in none; sessions stay."""

import signal
import threading
from itertools import pairwise

import pytest
from serve_plays import Client, Place, one_worker, running, two_workers, until

from ringfence.ledger import Query, Reader

place = pytest.fixture(one_worker)
pair = pytest.fixture(two_workers)

OTHER = ("user.financial.credit_card: last4", "user.financial.credit_card: deny")


def entries(place: Place) -> list[dict[str, object]]:
    with Reader(place.folder / ".ringfence" / "ledger.db") as reader:
        return [dict(entry.body) for entry in reader.find(Query(kind="policy"), 10) if entry.body]


def test_a_changed_policy_is_taken_by_running_sessions(place: Place) -> None:
    with running(place) as up, Client(up.port) as client:
        before = client.ask()["policy"]
        place.write(*OTHER)
        done = place.call("reload")
        after = client.ask()["policy"]
        assert done.returncode == 0, done.stderr
        assert after != before
        assert str(after) in done.stdout
        assert place.status()["policy"] == after


def test_hangup_reads_the_policy_again(place: Place) -> None:
    with running(place) as up, Client(up.port) as client:
        before = client.ask()["policy"]
        place.write(*OTHER)
        up.process.send_signal(signal.SIGHUP)
        until(lambda: up.events("reloaded"), "the policy is read")
        assert client.ask()["policy"] != before


def test_each_change_is_an_entry_of_the_ledger_made_before_it_is_in_force(place: Place) -> None:
    with running(place) as up, Client(up.port) as client:
        first = client.ask()["policy"]
        place.write(*OTHER)
        assert place.call("reload").returncode == 0
        second = client.ask()["policy"]
        assert up.end() == 0
    start, change = entries(place)
    assert (start["cause"], start["before"], start["policy"]) == ("start", "", first)
    assert (change["cause"], change["before"], change["policy"]) == ("reload", first, second)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("user.authorization: deny", "user.authorisation: deny", "user.auth"),
        ("version: 1", "version: [", "ringfence.yaml:"),
        ("workers: 1", "workers: 2", "gates.pg.workers: a reload cannot change it"),
        ('listen: "127.0.0.1:0"', 'listen: "127.0.0.1:1"', "gates.pg.listen: a reload cannot change it"),
        ("upstream: app", "upstream: log-saas", "gates.pg.upstream: a reload cannot change it"),
        ("  pg: {", "  other: {", "gates.pg: a running gate cannot be removed"),
    ],
)
def test_what_is_wrong_or_cannot_change_leaves_the_old_policy_in_force(
    place: Place, old: str, new: str, said: str
) -> None:
    with running(place) as up, Client(up.port) as client:
        before = client.ask()["policy"]
        place.write(old, new)
        done = place.call("reload")
        assert done.returncode == 2
        assert said in done.stderr
        assert done.stderr.count("\n") == 2
        assert client.ask()["policy"] == before
        status = place.status()
        assert (status["state"], status["policy"]) == ("degraded", before)
        assert said in str(status["reload"])
        assert place.call("status").returncode == 1
        place.write("version: 1", "version: 1")
        assert place.call("reload").returncode == 0
        assert place.call("status").returncode == 0


def test_a_worker_that_cannot_take_it_keeps_all_others_from_taking_it(pair: Place) -> None:
    with running(pair) as up:
        clients = [Client(up.port) for _ in range(8)]
        before = {str(client.ask()["policy"]) for client in clients}
        pair.write(*OTHER)
        (pair.folder / "unprepared").touch()
        done = pair.call("reload")
        assert done.returncode == 2
        assert "the users file cannot be read" in done.stderr
        assert {str(client.ask()["policy"]) for client in clients} == before
        assert len(before) == 1
        for client in clients:
            client.__exit__()
    assert [entry["cause"] for entry in entries(pair)] == ["start"]


def test_a_policy_under_which_the_canary_comes_through_in_clear_is_taken_back_and_sessions_stay(pair: Place) -> None:
    with running(pair) as up, Client(up.port) as client:
        before = client.ask()["policy"]
        pair.write(*OTHER)
        (pair.folder / f"leak-unless-{str(before)[:12]}").touch()
        done = pair.call("reload")
        assert done.returncode == 2
        assert "the canary was seen clear" in done.stderr
        assert client.ask()["policy"] == before
        assert not up.events("died")
    assert [entry["cause"] for entry in entries(pair)] == ["start", "reload", "rollback"]


def test_a_policy_is_taken_also_while_the_canary_s_way_is_interrupted(place: Place) -> None:
    with running(place) as up, Client(up.port) as client:
        before = client.ask()["policy"]
        place.write(*OTHER)
        (place.folder / "down").touch()
        assert place.call("reload").returncode == 0
        assert client.ask()["policy"] != before
        until(lambda: place.status()["state"] == "degraded", "the canary is missed")
        (place.folder / "down").unlink()
        until(lambda: place.status()["state"] == "ready", "the canary is back")
        assert not up.events("died")


def test_a_worker_that_still_waits_for_its_canary_takes_a_policy_or_goes_on_waiting(place: Place) -> None:
    down, unprepared = place.folder / "down", place.folder / "unprepared"
    down.touch()
    with running(place) as up:
        until(lambda: up.events("waiting"), "the worker waits")
        unprepared.touch()
        assert place.call("reload").returncode == 2
        unprepared.unlink()
        place.write(*OTHER)
        assert place.call("reload").returncode == 0
        assert place.status()["gates"][0]["workers"][0]["state"] == "waiting"
        down.unlink()
        with Client(up.port) as client:
            assert client.ask()["policy"] == place.status()["policy"] == entries(place)[-1]["policy"]
        assert len(up.events("ready")) == 1


def test_a_ledger_that_does_not_take_the_entry_keeps_the_policy_from_coming_into_force(place: Place) -> None:
    with running(place) as up, Client(up.port) as client:
        before = client.ask()["policy"]
        ledger = place.folder / ".ringfence" / "ledger.db"
        ledger.rename(ledger.with_name("elsewhere.db"))
        place.write(*OTHER)
        done = place.call("reload")
        assert done.returncode == 2
        assert "the ledger could not be written" in done.stderr
        assert client.ask()["policy"] == before
        ledger.with_name("elsewhere.db").rename(ledger)
        assert place.call("reload").returncode == 0


class Asking:
    """Connections that stay, and what was answered on each of them."""

    def __init__(self, port: int, clients: int) -> None:
        self.answers: list[dict[str, object]] = []
        self.lost: list[BaseException] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(port,)) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _run(self, port: int) -> None:
        try:
            with Client(port) as client:
                while not self._stop.wait(0.005):
                    answer = client.ask()
                    with self._lock:
                        self.answers.append(answer)
        except (OSError, ValueError) as error:
            self.lost.append(error)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)


def _reload_often(place: Place, times: int) -> tuple[Asking, list[str]]:
    with running(place, "--drain", "5") as up:
        asking = Asking(up.port, 16)
        policies = []
        try:
            for number in range(times):
                place.write(OTHER[0], OTHER[number % 2])
                up.process.send_signal(signal.SIGHUP)
                until(lambda: len(up.events("reloaded")) + len(up.events("reload-refused")) > number, "it is read")  # noqa: B023 (called at once)
                policies.append(str(up.events("reloaded")[-1]["policy"]))
        finally:
            asking.stop()
        assert not up.events("reload-refused")
        assert not up.events("died")
        assert up.end() == 0
    return asking, policies


@pytest.mark.parametrize("times", [8, pytest.param(200, marks=pytest.mark.soak)])
def test_policies_are_read_again_and_again_under_load(pair: Place, times: int) -> None:
    asking, policies = _reload_often(pair, times)
    assert asking.lost == []
    assert len(set(policies)) == 2
    for process in {answer["process"] for answer in asking.answers}:
        own = sorted((a for a in asking.answers if a["process"] == process), key=lambda a: int(str(a["number"])))
        hashes = [str(a["policy"])[:12] for a in own]
        switches = sum(a != b for a, b in pairwise(hashes))
        assert set(hashes) <= set(policies)
        assert switches <= times  # a mixed policy would flicker: each reload switches a worker once at most
    assert len({answer["process"] for answer in asking.answers}) == 2
