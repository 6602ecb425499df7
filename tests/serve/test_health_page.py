"""The health page: ready or not and why, metrics that Prometheus reads, bounded, and nothing personal."""

import json
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from serve_plays import Client, Place, Up, one_worker, running, two_workers, until

from drawn import apart
from ringfence.serve.health import MOST_CLIENTS, MOST_HEAD

place = pytest.fixture(one_worker)
pair = pytest.fixture(two_workers)

HEALTH = ("--health", "127.0.0.1:0")


def connect(up: Up) -> socket.socket:
    host, _, port = str(up.expect("health")["address"]).rpartition(":")
    return socket.create_connection((host, int(port)), 20)


def exchange(line: socket.socket, request: bytes) -> tuple[int, bytes]:
    with line, line.makefile("rb") as reader:
        line.sendall(request)
        head, _, body = reader.read().partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def get(up: Up, path: str) -> tuple[int, bytes]:
    return exchange(connect(up), f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())


def metrics(up: Up) -> dict[str, float]:
    code, body = get(up, "/metrics")
    assert code == 200
    families = text_string_to_metric_families(body.decode())
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_ready_is_200_and_not_ready_is_503_with_the_reasons(place: Place) -> None:
    down = place.folder / "down"
    down.touch()
    with running(place, *HEALTH) as up:
        until(lambda: up.events("waiting"), "the worker waits")
        code, body = get(up, "/health")
        said = json.loads(body)
        assert (code, said["status"], said["gates"]) == (503, "starting", {"pg": {"workers": 1, "ready": 0}})
        assert said["reasons"] == ["gate pg: worker 0 is waiting: no upstream for [redacted:email]"]
        down.unlink()
        up.expect()
        code, body = get(up, "/health")
        assert (code, json.loads(body)["status"]) == (200, "ready")


def test_a_refused_reload_degrades_and_does_not_take_the_gate_out(place: Place) -> None:
    with running(place, *HEALTH) as up:
        up.expect()
        place.write("version: 1", "version: 2")
        assert place.call("reload").returncode == 2
        code, body = get(up, "/health")
        assert (code, json.loads(body)["status"]) == (200, "degraded")
        assert metrics(up)["ringfence_reload_refused"] == 1


def test_metrics_are_the_sum_of_all_workers_and_name_no_principal(pair: Place) -> None:
    with running(pair, *HEALTH) as up, ExitStack() as stack:
        clients = [stack.enter_context(Client(up.port)) for _ in range(6)]
        for client in clients:
            client.ask()
        read = metrics(up)
        assert read["ringfence_statements_total"] == 6
        assert read["ringfence_open_connections"] == 6
        assert (read["ringfence_workers_ready"], read["ringfence_up"]) == (2, 1)
        assert b"ada" not in apart(get(up, "/metrics")[1] + get(up, "/health")[1])
        assert pair.status()["gates"][0]["figures"]["sessions"] == {"ada": 6}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (b"POST /health HTTP/1.1\r\n\r\n", 405),
        (b"HEAD /health HTTP/1.1\r\n\r\n", 405),
        (b"GET /elsewhere HTTP/1.1\r\n\r\n", 404),
        (b"GET /health?x=1 HTTP/1.0\r\n\r\n", 200),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /health HTTP/9\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\r\n\r\n", 400),
        (b"GET /" + b"a" * (MOST_HEAD + 10) + b" HTTP/1.1\r\n\r\n", 431),
    ],
)
def test_what_is_no_request_for_a_page_is_turned_away(place: Place, request_: bytes, code: int) -> None:
    with running(place, *HEALTH) as up:
        up.expect()
        assert exchange(connect(up), request_)[0] == code
        assert get(up, "/health")[0] == 200


def test_more_clients_than_there_are_places_are_turned_away_and_slow_ones_do_not_stay(place: Place) -> None:
    with running(place, *HEALTH) as up, ExitStack() as stack:
        up.expect()
        slow = [stack.enter_context(connect(up)) for _ in range(MOST_CLIENTS)]
        until(lambda: get(up, "/health")[0] == 503, "all places are taken")
        for each in slow:
            assert each.recv(1) == b""  # closed after the deadline
        assert get(up, "/health")[0] == 200


def test_it_may_be_a_unix_socket_of_its_owner_s_alone(place: Place) -> None:
    path = place.folder / "health.sock"
    with running(place, "--health", f"unix:{path}") as up:
        up.expect()
        assert path.stat().st_mode & 0o777 == 0o600
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.connect(str(path))
            assert exchange(line, b"GET /health HTTP/1.1\r\n\r\n")[0] == 200
        assert up.end() == 0
    assert not Path(path).exists()
