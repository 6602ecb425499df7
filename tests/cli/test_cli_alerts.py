"""`ringfence alerts`: what is shown, acknowledged and tried, and how it fails."""

import json
from pathlib import Path

import pytest

from command_line import Cli
from ringfence.ledger import BlockingClient, Query, Reader

SECTIONS = """
receivers:
  out: {stdout: true}
  sys: {syslog: "unix:/nowhere/log"}
alert: {on: [refused], to: [out, sys]}
"""


@pytest.fixture
def told(installed: Path) -> Path:
    """A home with rules, and two alerts in its ledger."""
    policy = installed / "ringfence.yaml"
    policy.write_text(policy.read_text() + SECTIONS)
    home = installed / ".ringfence"
    alerts = [
        {
            "kind": "alert",
            "id": f"a{number}",
            "at": f"2031-01-01T10:00:0{number}.000000Z",
            "alert": "refused",
            "count": 3,
        }
        | {"crossing": f"c{number}", "flow": "app-logs", "principal": "ada", "category": "user.name", "by": "alert[0]"}
        for number in (1, 2)
    ]
    with BlockingClient(home / "ledger.db", home / "ledger.key") as client:
        client.append(alerts)
    return installed


def test_tail_shows_what_was_raised_and_what_was_seen_to(told: Path, cli: Cli) -> None:
    done = cli("alerts", "tail")
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["a1", "a2"]
    done = cli("alerts", "ack", "a1")
    assert done.returncode == 0, done.stderr.decode()
    assert b"a1: acknowledged, entry 2" in done.stdout
    again = cli("alerts", "ack", "a1")
    assert (again.returncode, again.stdout) == (0, b"a1: acknowledged before\n")
    shown = [json.loads(line) for line in cli("alerts", "tail", "--format", "json").stdout.splitlines()]
    assert [(each["id"], each["acknowledged"]) for each in shown] == [("a1", True), ("a2", False)]
    with Reader(told / ".ringfence" / "ledger.db") as reader:
        (entry,) = reader.find(Query(kind="acknowledged"), 10)
    assert entry.body is not None
    assert entry.body["principal"]
    assert entry.body["crossing"] == "c1"
    story = cli("explain", "c1").stdout.decode()
    assert "an alert was raised" in story
    assert "the alert was acknowledged" in story


def test_an_alert_that_is_not_there_cannot_be_acknowledged(told: Path, cli: Cli) -> None:
    done = cli("alerts", "ack", "a9")
    assert done.returncode == 2
    assert b"no alert of that id" in done.stderr


def test_a_test_says_what_came_back_and_fails_where_one_did(told: Path, cli: Cli) -> None:
    done = cli("alerts", "test", "--format", "json")
    assert done.returncode == 1
    message, *results = [json.loads(line) for line in done.stdout.splitlines()]
    assert (message["kind"], message["text"].startswith("ringfence: a test")) == ("test", True)
    assert [(each["receiver"], each["taken"], each["said"]) for each in results] == [
        ("out", True, "written"),
        ("sys", False, "the syslog cannot be reached (FileNotFoundError)"),
    ]
    assert cli("alerts", "test", "out").returncode == 0
    with Reader(told / ".ringfence" / "ledger.db") as reader:
        assert reader.size == 2, "a test is no entry"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("alerts", "test", "nobody"), "no receiver of that name\n  it has: out, sys"),
        (("alerts", "ack"), "Missing argument"),
        (("alerts", "tal"), "did you mean"),
    ],
)
def test_what_is_typed_wrongly_is_told_with_its_mend(
    told: Path, cli: Cli, arguments: tuple[str, ...], said: str
) -> None:
    done = cli(*arguments)
    assert done.returncode == 2
    assert said in done.stderr.decode()


def test_without_rules_there_is_nothing_to_send(installed: Path, cli: Cli) -> None:
    for command, what in (("run", "the policy has no alert"), ("test", "the policy has no receivers")):
        done = cli("alerts", command)
        assert done.returncode == 2
        assert what in done.stderr.decode()
        assert "receivers: {out: {stdout: true}}" in done.stderr.decode()
