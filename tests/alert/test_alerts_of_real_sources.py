"""An alert of each kind from what really raises it, under `ringfence up`: a PostgreSQL gate, a map's check, a probe that leaks."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

sys.path.append(str(Path(__file__).parents[1] / "serve"))

from alert_plays import SECRET, Got, Receiver
from serve_plays import Place, Up, running, until

from command_line import RINGFENCE, Cli
from postgres_servers import Server, as_user
from postgres_support.gate import SWITCHES
from ringfence.access.scram import make_verifier

SECONDS = 1.0  # from the entry to the receiver
PASSWORD = "a long enough word"

TABLES = """
do $$ begin create role alerts_client login; exception when duplicate_object then null; end $$;
create table person (id int primary key, name text, born date, note text, pet text);
insert into person
  select n, 'Wanda Walker ' || n, date '1980-01-01' + n % 900, 'write to walker' || n || '@posta-nova.net', 'a cat ' || n * 7919
  from generate_series(1, 10100) n;
grant select on person to alerts_client;
"""

POLICY = """
version: 1
zones: {core: {label: high sensitivity}, staff: {label: internal processing}}
assets:
  people:
    zone: core
    kind: postgres
    at: "AT"
    fields:
      public.person.id: none
      public.person.name: user.name
      public.person.born: user.demographic.date_of_birth
      public.person.note: scan
roles: {support: {group: support}}
principals: {staff-users: {scram: "file:staff.scram", zone: staff}}
gates:
  pg: {kind: postgres, listen: "127.0.0.1:0", upstream: people, logins: {support: alerts_client}}
flows:
  - {id: reads, from: people, to: staff, via: {gate: pg}, else: redact,
     carry: {user.name: clear, user.demographic.date_of_birth: deny}}
probe: {users: {support: "env:PROBE_SUPPORT"}, reference: "env:PROBE_REFERENCE", rate: 10000}
receivers: {ops: {webhook: "http://127.0.0.1:%d/hook", secret: "env:OPS_SECRET"}}
alert: {on: [refused, undeclared, drift, probe-leak, volume], to: [ops], flows: [reads]}
"""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("OPS_SECRET", SECRET)
    monkeypatch.setenv("PROBE_SUPPORT", f"sam:{PASSWORD}")
    with Receiver() as made:
        yield made


@pytest.fixture
def database(postgres: Server) -> str:
    return postgres.database("alerts", TABLES)


@pytest.fixture
def place(cli: Cli, tmp_path: Path, database: str, receiver: Receiver) -> Place:
    at = as_user(database, "").replace("//@", "//")
    made = Place(tmp_path, policy=POLICY.replace("AT", at) % receiver.port)
    assert cli("init").returncode == 0
    users = tmp_path / "staff.scram"
    users.touch(mode=0o600)
    users.write_text(f"sam:{make_verifier(PASSWORD).spelt()}:support\n")
    return made


def told(receiver: Receiver, kind: str) -> Got:
    """Wait for the alert of a kind."""
    until(lambda: [got for got in receiver.got if got.body["kind"] == kind], f"{kind} is told")
    return next(got for got in receiver.got if got.body["kind"] == kind)


def seconds(got: Got) -> float:
    """Say how long after the entry that it tells of it came."""
    arrived = time.time() - (time.monotonic() - got.at)
    return arrived - datetime.fromisoformat(str(got.body["until"])).timestamp()


@contextmanager
def leaky(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Up]:
    """Run a gate that does not know what nobody has judged; whatever else is started is whole."""
    with ExitStack() as stack:
        with monkeypatch.context() as off:
            off.setenv("RINGFENCE_TEST_SWITCHED_OFF", "unknown")
            off.setenv("PYTHONPATH", os.pathsep.join([str(SWITCHES), *filter(None, [os.environ.get("PYTHONPATH")])]))
            up = stack.enter_context(running(place))
        up.expect()
        until(lambda: '"state": "ready"' in json.dumps(place.status()["companions"]), "the sender is ready")
        yield up
        up.end()


def test_a_real_refusal_find_volume_drift_and_leak_are_each_told_within_a_second(
    place: Place, receiver: Receiver, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBE_REFERENCE", database)
    mapped = place.call("map", "--pg", database)
    assert mapped.returncode == 0, mapped.stderr
    with leaky(place, monkeypatch) as up:
        address = f"host=127.0.0.1 port={up.port} user=sam password='{PASSWORD}' dbname={urlsplit(database).path[1:]}"
        came: dict[str, Got] = {}
        with psycopg.connect(address, autocommit=True) as client:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                client.execute("select born from person")
            came["refused"] = told(receiver, "refused")
            client.execute("select note from person where id = 5")
            came["undeclared"] = told(receiver, "undeclared")
            assert len(client.execute("select name from person").fetchall()) == 10_100
            came["volume"] = told(receiver, "volume")
        with psycopg.connect(database, autocommit=True) as owner:
            owner.execute("alter table person add column mail text")
            owner.execute("update person set mail = 'walker' || id || '@posta-nova.net'")
        checked = place.call("map", "--pg", database, "--check")
        assert checked.returncode == 1, checked.stderr
        came["drift"] = told(receiver, "drift")
        probed = subprocess.run(
            [*RINGFENCE, "probe", "--category", "unknown", "--route", "select", "--format", "json"],
            cwd=place.folder,
            env=dict(os.environ),
            capture_output=True,
            timeout=200,
        )
        assert probed.returncode == 1, probed.stderr.decode()
        leaked = json.loads(probed.stdout)["counts"]["leaked"]
        came["probe-leak"] = told(receiver, "probe-leak")

    about = {kind: got.body for kind, got in came.items()}
    assert {kind: body.get("category") or body.get("categories") for kind, body in about.items()} == {
        "refused": "user.demographic.date_of_birth",
        "undeclared": "user.contact.email",
        "volume": "user.name",
        "drift": ["user.contact.email"],
        "probe-leak": ["unknown"],
    }
    assert [about[kind]["flow"] for kind in ("refused", "undeclared", "volume", "probe-leak")] == ["reads"] * 4
    assert about["volume"]["count"] == 10_100
    assert about["probe-leak"]["count"] == leaked > 0
    late = {kind: seconds(got) for kind, got in came.items()}
    assert all(one < SECONDS for one in late.values()), late
    whole = b"".join(got.raw for got in receiver.got)
    assert not [value for value in (b"posta-nova", b"Wanda", b"a cat") if value in whole]
