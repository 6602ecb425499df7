"""The PostgreSQL gate under `ringfence up`: it waits for its server, masks, is killed and reloaded, and leaves nothing."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from serve_plays import Place, Up, is_there, running, until

from command_line import Cli
from postgres_servers import Server, as_user
from ringfence.access.scram import make_verifier
from ringfence.gates.refusals import FIRST
from ringfence.ledger import Reader

TABLE = """
do $$ begin
  create role serve_client login; create role serve_super superuser login;
exception when duplicate_object then null; end $$;
create table person (id int primary key, email text not null);
insert into person select n, 'walker' || n || '@posta-nova.net' from generate_series(1, 50) n;
grant select on person to serve_client;
"""

POLICY = """
version: 1
zones: {core: {label: high sensitivity}, staff: {label: internal processing}}
assets:
  people:
    zone: core
    kind: postgres
    at: "AT"
    fields: {public.person.id: none, public.person.email: user.contact.email}
roles: {support: {group: support}}
principals: {staff-users: {scram: "file:staff.scram", zone: staff}}
gates:
  pg: {kind: postgres, listen: "127.0.0.1:0", upstream: people, workers: 2, logins: {support: LOGIN}}
flows:
  - {id: reads, from: people, to: staff, via: {gate: pg}, carry: {user.contact.email: mask}, else: redact}
"""
REDACTED = ("user.contact.email: mask}", "user.contact.email: redact}")
QUERY = "select email from person order by id limit 5"


@pytest.fixture
def database(postgres: Server) -> str:
    return postgres.database("people", TABLE)


def make_place(cli: Cli, folder: Path, dsn: str, login: str = "serve_client") -> Place:
    place = Place(folder, policy=POLICY.replace("AT", as_user(dsn, "").replace("//@", "//")).replace("LOGIN", login))
    assert cli("init").returncode == 0
    users = folder / "staff.scram"
    users.touch(mode=0o600)
    users.write_text(f"sam:{make_verifier('a password').spelt()}:support\n")
    return place


@pytest.fixture
def place(cli: Cli, tmp_path: Path, database: str) -> Place:
    return make_place(cli, tmp_path, database)


def connect(up: Up, database: str) -> "psycopg.Connection[tuple[str]]":
    name = urlsplit(database).path[1:]
    return psycopg.connect(
        host="127.0.0.1",
        port=up.port,
        user="sam",
        password="a password",
        dbname=name,
        autocommit=True,
        connect_timeout=60,
    )


def emails(connection: "psycopg.Connection[tuple[str]]") -> list[str]:
    return [str(row[0]) for row in connection.execute(QUERY)]


def test_the_gate_serves_once_its_canary_came_back_masked_and_counts_what_it_did(place: Place, database: str) -> None:
    with running(place) as up, connect(up, database) as connection:
        assert not [each for each in emails(connection) if "walker" in each or "posta" in each]
        status = place.status()
        (gate,) = status["gates"]
        assert status["state"] == "ready"
        assert (gate["figures"]["connections"], gate["figures"]["sessions"]) == (1, {"sam": 1})
        assert gate["figures"]["masked"] >= 5
        assert gate["figures"]["entries"] >= 1


def test_a_server_that_is_not_there_yet_is_waited_for(cli: Cli, tmp_path: Path, database: str) -> None:
    host, port = urlsplit(database).hostname, urlsplit(database).port
    with (
        socket.socket() as reserved
    ):  # bound throughout: a port that is free for a moment may be somebody else's in the next
        reserved.bind(("127.0.0.1", 0))
        own = reserved.getsockname()[1]
        place = make_place(cli, tmp_path, database.replace(f":{port}/", f":{own}/"))
        with running(place) as up:
            until(lambda: up.events("waiting"), "it waits for its server")
            assert place.status()["state"] == "starting"
            number = reserved.fileno()
            command = [sys.executable, "-c", RELAY, str(number), str(host), str(port)]
            with subprocess.Popen(command, pass_fds=[number]) as relay:
                reserved.close()
                try:
                    with connect(up, database) as connection:
                        assert len(emails(connection)) == 5
                    assert not up.events("died"), up.log()
                    relay.kill()
                    until(lambda: place.status()["state"] == "degraded", "it is seen that the server went away")
                    assert "its upstream does not answer" in str(place.status()["reasons"])
                finally:
                    relay.kill()


RELAY = """
import asyncio, socket, sys
async def pump(reader, writer):
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()
    writer.close()
async def serve(reader, writer):
    other, out = await asyncio.open_connection(sys.argv[2], int(sys.argv[3]))
    await asyncio.gather(pump(reader, out), pump(other, writer), return_exceptions=True)
async def main():
    await (await asyncio.start_server(serve, sock=socket.socket(fileno=int(sys.argv[1])))).serve_forever()
asyncio.run(main())
"""


def test_a_superusers_login_is_refused_at_the_start(cli: Cli, tmp_path: Path, database: str) -> None:
    place = make_place(cli, tmp_path, database, login="serve_super")
    with running(place) as up:
        assert up.process.wait(120) == 2
        assert not up.events("ready")
        assert "SUPERUSER" in str(up.events("gave-up")[0])
        what, mend = up.last_words().splitlines()
        assert what.startswith("ringfence: ringfence.yaml:13: gate pg: login serve_super has SUPERUSER")
        assert mend.startswith("  alter role serve_super nosuperuser")


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("@", "", 8, "the upstream's address"),
        ("LOGIN", '{user: serve_client, secret: "env:NOT_SET_HERE"}', 13, "variable NOT_SET_HERE is empty or not set"),
        ("LOGIN", '{user: serve_client, secret: "hunter2 horse"}', 13, "neither env:NAME nor file:PATH"),
        ("staff.scram", "elsewhere.scram", 11, "there is no users file elsewhere.scram yet"),
        ("/people_", "/no_such_", 13, "has no such database"),
    ],
    ids=["address", "unset", "literal", "users", "database"],
)
def test_what_is_wrong_at_the_start_is_said_in_two_lines_with_its_place(
    cli: Cli, tmp_path: Path, database: str, old: str, new: str, line: int, said: str
) -> None:
    place = make_place(cli, tmp_path, database)
    name = urlsplit(database).path[1:]
    at = urlsplit(place._text.split('at: "')[1].split('"')[0]).netloc
    replaced = {"@": at, "LOGIN": "serve_client", "/people_": f"/{name}"}
    place.write(replaced.get(old, old), new)
    with running(place) as up:
        assert up.process.wait(120) == 2
        what, mend = up.last_words().splitlines()
    assert what.startswith(f"ringfence: ringfence.yaml:{line}: gate pg: ")
    assert said in what
    assert mend.startswith("  ")
    assert "redacted" not in what
    assert "hunter2" not in what + mend
    assert not up.events("died")


def test_a_key_that_is_missing_is_named_and_a_reload_that_needs_one_is_refused_until_it_is_made(
    place: Place, database: str
) -> None:
    token = (
        "zones: {core",
        "keys: {k-mail: {zones: [core]}}\nforms: {token: {transform: token, key: k-mail}}\nzones: {core",
    )
    with running(place) as up, connect(up, database) as connection:
        place._text = place._text.replace(*token)
        place.write("user.contact.email: mask}", "user.contact.email: token}")
        refused = place.call("reload")
        assert refused.returncode == 2
        assert "gate pg needs key k-mail" in refused.stderr
        assert place.call("key", "add", "k-mail").returncode == 0
        assert place.call("reload").returncode == 0
        assert all(each.startswith("tok_") for each in emails(connection))


class Load:
    """Clients that ask until they are stopped."""

    def __init__(self, up: Up, database: str, clients: int) -> None:
        self.seen: Counter[str] = Counter()
        self._up, self._database = up, database
        self._stop = threading.Event()
        self._lock = threading.Lock()
        up.expect()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with connect(self._up, self._database) as connection:
                    while not self._stop.wait(0.005):
                        values = emails(connection)
                        with self._lock:
                            self.seen["answers"] += 1
                            self.seen.update(values)
            except psycopg.OperationalError as error:
                with self._lock:
                    self.seen["refused" if "refused" in str(error) else "cut"] += 1

    def stop(self) -> Counter[str]:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        return self.seen


def crossings(place: Place) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with Reader(place.folder / ".ringfence" / "ledger.db") as reader:
        for entry in reader.since(0):
            body = entry.body or {}
            found.setdefault(str(body.get("crossing")), []).append(str(body.get("kind")))
    return found


@pytest.mark.parametrize("times", [4, pytest.param(50, marks=pytest.mark.soak)])
def test_workers_that_are_killed_under_load_show_nothing_and_come_back(place: Place, database: str, times: int) -> None:
    with running(place) as up:
        load = Load(up, database, 4)
        try:
            for number in range(times):
                until(lambda: len(up.workers()) == 2, "both workers live")
                before = load.seen["answers"]
                os.kill(up.workers()[number % 2], signal.SIGKILL)
                until(lambda before=before: load.seen["answers"] > before + 10, "clients are answered")
        finally:
            seen = load.stop()
        assert seen["refused"] == 0
        assert not [each for each in seen if "posta" in each]
        assert up.end() == 0
    kinds = crossings(place).values()
    assert all("opened" in each or "crossed" in each for each in kinds if "closed" in each)


@pytest.mark.parametrize("times", [6, pytest.param(200, marks=pytest.mark.soak)])
def test_policies_change_under_load_without_a_session_being_dropped(place: Place, database: str, times: int) -> None:
    with running(place) as up:
        load = Load(up, database, 4)
        try:
            for number in range(times):
                place.write(REDACTED[0], REDACTED[(number + 1) % 2])
                assert place.call("reload").returncode == 0
                with connect(up, database) as connection:
                    expected = "[redacted:email]" if number % 2 == 0 else "*"
                    assert all(expected in each for each in emails(connection))
        finally:
            seen = load.stop()
        assert (seen["cut"], seen["refused"]) == (0, 0)
        assert not [each for each in seen if "posta" in each]
        assert not up.events("died")
        assert up.end() == 0


def children_of(process: int) -> list[int]:
    """The processes that a process has started, as far down as they go."""
    found: list[int] = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(each.read_text().rpartition(")")[2].split()[1]) == process:
                child = int(each.parent.name)
                found += [child, *children_of(child)]
    return found


def test_a_killed_parent_leaves_no_worker_and_no_parser_behind(place: Place, database: str) -> None:
    with running(place) as up:
        load = Load(up, database, 2)
        until(lambda: load.seen["answers"] > 10, "clients are answered")
        below = children_of(up.process.pid)
        assert len(below) >= 4  # two workers with a parser each
        up.process.kill()
        until(lambda: not any(map(is_there, below)), "all have ended")
        load.stop()


def test_a_statement_that_runs_when_the_drain_begins_gets_its_answer(place: Place, database: str) -> None:
    answers: list[int] = []
    with running(place) as up, connect(up, database) as busy, connect(up, database) as idle:
        emails(idle)

        def run() -> None:
            answers.extend(
                row[0] for row in busy.execute("select count(*)::int from person a, person b, person c, person d")
            )  # type: ignore[misc]

        thread = threading.Thread(target=run)
        thread.start()
        until(lambda: place.status()["gates"][0]["figures"]["statements"] >= 2, "it runs")
        began = time.monotonic()
        assert up.end() == 0
        thread.join(60)
        assert answers == [50**4]
        with pytest.raises(psycopg.OperationalError):
            emails(idle)
        assert time.monotonic() - began < 60


def test_refusals_that_repeat_are_counted_told_once_and_each_can_be_explained(place: Place, database: str) -> None:
    place.policy.write_text(
        place.policy.read_text() + "receivers: {out: {stdout: true}}\nalert: {on: [refused], to: [out]}\n"
    )
    told: list[str] = []
    with running(place) as up:
        with connect(up, database) as connection:
            for _ in range(FIRST + 20):
                with pytest.raises(psycopg.errors.InsufficientPrivilege) as error:
                    connection.execute("select id from person where email like 'w%'")
                told.append(str(error.value))
        until(lambda: kinds_of(place)["alert"] == 1, "it is told")
        assert up.end() == 0
    bodies = [dict(body) for body in bodies_of(place) if body["kind"] == "refused"]
    assert len(bodies) == FIRST + 1
    assert bodies[-1]["count"] == 20
    alerts = [body for body in bodies_of(place) if body["kind"] == "alert"]
    assert [(body["principal"], body["flow"], body["count"]) for body in alerts] == [("staff-users:sam", "reads", 1)]
    middle = re.search(r"\b[0-9a-z]{26}\b", told[-5])
    assert middle is not None
    assert "counted    20 refusals alike" in place.call("explain", middle[0]).stdout


def bodies_of(place: Place) -> list[Mapping[str, object]]:
    with Reader(place.folder / ".ringfence" / "ledger.db") as reader:
        return [entry.body for entry in reader.since(0) if entry.body is not None]


def kinds_of(place: Place) -> Counter[object]:
    return Counter(body["kind"] for body in bodies_of(place))
