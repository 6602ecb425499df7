"""Syslog, standard output and apprise: the message arrives whole, and a failure names no address."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from alert_plays import SECRET, Receiver

from ringfence.alert import Message, Surroundings, Undelivered, deliver, receiving
from ringfence.policy import alerts

# Of apprise's own modules, on Python versions that go on without what they use.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

BODY = {"id": "01msg", "kind": "refused", "text": "ringfence: refused, user.name", "flow": "reads", "crossing": "01x"}
MESSAGE = Message("01msg", "refused", "2031-01-01T10:00:00.000000Z", "01x", json.dumps(BODY))


def send(receiver: alerts.Receiver, folder: Path = Path(), **environment: str) -> str:
    return asyncio.run(deliver(receiver, MESSAGE, Surroundings(environment, folder)))


def read_line(line: bytes) -> dict[str, object]:
    head, _, body = line.partition(b" - ")
    priority, at, _host, name, _process, kind = head.split()
    assert (priority, at, name, kind) == (b"<108>1", MESSAGE.at.encode(), b"ringfence", b"refused")
    return json.loads(body)


def test_a_local_syslog_gets_a_line_of_rfc_5424(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "log"))
        assert send(alerts.Receiver("sys", "syslog", f"unix:{tmp_path / 'log'}")) == "sent"
        assert read_line(server.recv(9000)) == BODY


def test_a_syslog_elsewhere_gets_it_as_a_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        send(alerts.Receiver("sys", "syslog", f"udp:127.0.0.1:{server.getsockname()[1]}"))
        assert read_line(server.recv(9000)) == BODY


def test_a_syslog_that_is_not_there_is_a_failure_without_its_address(tmp_path: Path) -> None:
    with pytest.raises(Undelivered, match="cannot be reached") as error:
        send(alerts.Receiver("sys", "syslog", f"unix:{tmp_path / 'log'}"))
    assert str(tmp_path) not in str(error.value)


def test_standard_output_gets_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert send(alerts.Receiver("out", "stdout")) == "written"
    assert json.loads(capfd.readouterr().out) == BODY


def test_standard_output_that_nobody_reads_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_number: int, _line: bytes) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(receiving.os, "write", closed)
    with pytest.raises(Undelivered, match="standard output cannot be written"):
        send(alerts.Receiver("out", "stdout"))


def test_a_link_leads_to_the_crossing(capfd: pytest.CaptureFixture[str]) -> None:
    send(alerts.Receiver("out", "stdout", link="https://console.shop.test/crossings/"))
    assert json.loads(capfd.readouterr().out)["link"] == "https://console.shop.test/crossings/01x"


def test_whatever_apprise_knows_is_reached_by_an_address_that_the_environment_or_a_file_holds(tmp_path: Path) -> None:
    with Receiver() as receiver:
        address = f"json://127.0.0.1:{receiver.port}/in"
        (tmp_path / "chat").write_text(f"{address}\n")
        (tmp_path / "chat").chmod(0o600)
        assert send(alerts.Receiver("chat", "apprise", "", "env:CHAT"), CHAT=address) == "taken"
        assert send(alerts.Receiver("chat", "apprise", "", "file:chat"), tmp_path) == "taken"
    for got in receiver.got:
        assert got.body["title"] == BODY["text"]
        assert "crossing: 01x" in str(got.body["message"])


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("json://127.0.0.1:9/hunter2", "could not deliver"),
        ("nosuch://hunter2", "does not know"),
        ("", "empty or not set"),
    ],
)
def test_what_apprise_cannot_reach_is_said_without_the_address(address: str, why: str) -> None:
    with pytest.raises(Undelivered, match=why) as error:
        send(alerts.Receiver("chat", "apprise", "", "env:CHAT"), CHAT=address)
    assert "hunter2" not in str(error.value)


def test_without_apprise_the_failure_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MODULE", "apprise_that_is_not_there")
    with pytest.raises(Undelivered, match=r"pip install 'ringfence\[alerts\]'"):
        send(alerts.Receiver("chat", "apprise", "", "env:CHAT"), CHAT="json://127.0.0.1:9/")


def test_nothing_but_apprise_itself_needs_apprise() -> None:
    code = "import sys, ringfence.alert, ringfence.alert.child; sys.exit('apprise' in sys.modules or 'requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=dict(os.environ)).returncode == 0


def test_a_secret_is_read_anew_for_each_message(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    with Receiver() as receiver:
        ops = alerts.Receiver("ops", "webhook", receiver.address, "file:secret")
        for secret in (SECRET, "another"):
            file.write_text(secret)
            file.chmod(0o600)
            send(ops, tmp_path)
        file.chmod(0o666)
        with pytest.raises(Undelivered):
            send(ops, tmp_path)
    assert len({got.headers["webhook-signature"] for got in receiver.got}) == 2
