"""The sender beside the gates: started where the policy has rules, restarted, given a new policy, shown; and no gate's concern."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "serve"))

from alert_plays import SECRET, Receiver
from serve_plays import Client, Place, Up, one_worker, running, until

from ringfence.ledger import BlockingClient, Query, Reader

place = pytest.fixture(one_worker)

RULES = """
receivers: {ops: {webhook: "http://127.0.0.1:%d/hook", secret: "env:OPS_SECRET"}}
alert: {on: [refused], to: [ops], most: 1000 per 1h}
"""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("OPS_SECRET", SECRET)
    with Receiver() as made:
        yield made


def with_rules(place: Place, port: int) -> None:
    place.policy.write_text(place.policy.read_text() + RULES % port)


def companion(place: Place) -> dict[str, object]:
    found = place.status()["companions"]
    assert isinstance(found, list)
    return found[0] if found else {}


def delivered(place: Place) -> object:
    figures = companion(place).get("figures")
    return figures.get("delivered") if isinstance(figures, dict) else None


def get(page: str, path: str) -> str:
    connection = HTTPConnection(page, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def refuse(place: Place, number: int) -> None:
    """Write a refusal as a gate would."""
    folder = place.folder / ".ringfence"
    name = f"{number:026d}"
    entry = {"kind": "refused", "id": f"{name}.1", "crossing": name, "at": "2031-01-01T10:00:00Z"}
    with BlockingClient(folder / "ledger.db", folder / "ledger.key") as client:
        client.append([{**entry, "principal": f"user{number}", "flow": "reads"}])


def sender_of(up: Up) -> int:
    """The process that sends, once it does."""
    until(lambda: companion(up.place).get("state") == "ready", "the sender is ready")
    return int(str(companion(up.place)["process"]))


def test_it_runs_beside_the_gates_comes_back_after_a_kill_and_is_shown(place: Place, receiver: Receiver) -> None:
    with_rules(place, receiver.port)
    with running(place, "--health", "127.0.0.1:0") as up, Client(up.port) as client:
        first = sender_of(up)
        refuse(place, 1)
        until(lambda: receiver.got, "it is told")
        until(lambda: delivered(place) == 1, "it is counted")
        os.kill(first, signal.SIGKILL)
        refuse(place, 2)
        until(lambda: len(receiver.got) >= 2, "the next one goes on")
        assert sender_of(up) != first
        assert client.ask()["process"] in up.workers(), "no gate has noticed"
        until(lambda: delivered(place) == 2, "what died keeps its share of the count")
        page = str(up.expect("health")["address"])
        assert json.loads(get(page, "/health"))["companions"] == {"alerts": "ready"}
        metrics = get(page, "/metrics")
        assert "ringfence_alerts_up 1.0" in metrics
        assert "ringfence_alerts_restarts_total 1.0" in metrics
        assert "alerts: ready" in place.call("status").stdout
        assert up.end() == 0
    with Reader(place.folder / ".ringfence" / "ledger.db") as reader:
        assert len(reader.find(Query(kind="alert"), 10)) == 2


def test_without_rules_there_is_none_and_a_reload_brings_and_takes_it(place: Place, receiver: Receiver) -> None:
    with running(place) as up:
        up.expect()
        assert place.status()["companions"] == []
        text = place.policy.read_text()
        with_rules(place, receiver.port)
        assert place.call("reload").returncode == 0
        sender_of(up)
        refuse(place, 1)
        until(lambda: receiver.got, "it is told")
        with Receiver() as other:
            place.policy.write_text(text + RULES % other.port)
            assert place.call("reload").returncode == 0
            refuse(place, 2)
            until(lambda: other.got, "the new receiver is told")
        place.policy.write_text(text)
        assert place.call("reload").returncode == 0
        until(lambda: place.status()["companions"] == [], "it has ended")
        assert up.end() == 0


def test_a_receiver_that_is_down_degrades_and_no_gate_cares(place: Place, receiver: Receiver) -> None:
    with_rules(place, receiver.port)
    receiver.close()
    try:
        with running(place) as up, Client(up.port) as client:
            sender_of(up)
            refuse(place, 1)
            until(lambda: place.status()["state"] == "degraded", "it is said")
            assert "receiver ops: no connection" in str(place.status()["reasons"])
            assert client.ask()
            assert up.end() == 0
    finally:
        receiver.open()


def test_a_spool_that_cannot_be_read_keeps_no_gate_from_serving(place: Place, receiver: Receiver) -> None:
    with_rules(place, receiver.port)
    (place.folder / ".ringfence" / "alerts.db").write_bytes(b"not a database" * 100)
    with running(place) as up, Client(up.port) as client:
        until(
            lambda: "move it away" in str(up.events("died")) or "cannot be read" in str(up.events("died")), "it is said"
        )
        assert client.ask()
        assert up.end() == 0
