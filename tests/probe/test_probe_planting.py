"""Planted people: in the manifest before they are in the database, and gone again whatever stands in the way."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from probe_house import SECRET, attacked, leaking, shop_with_reader

from postgres_servers import Servers, as_user
from ringfence.policy import Asset, AssetName, ZoneName
from ringfence.probe import Chosen
from ringfence.probe.cleaning import Cleaned, clean
from ringfence.probe.manifest import Manifest
from ringfence.probe.people import make_person
from ringfence.probe.planting import plant

SCHEMA = """
create type mood as enum ('calm', 'cross');
create table country (code char(2) primary key);
insert into country values ('DE');
create table person (id int primary key, name varchar(20) not null, mail text not null unique check (mail like '%@%'),
  born date, mood mood not null, code char(2) not null references country, made timestamptz not null default now(),
  net inet, doc jsonb not null, upper_mail text generated always as (upper(mail)) stored, gone timestamptz);
create table card (id bigint generated always as identity primary key, person int not null references person, number text not null);
create table log (id int generated always as identity primary key, person int references person, what text);
insert into person values (1, 'Real One', 'real@example.com', '1970-01-01', 'calm', 'DE', now(), null, '{}');
insert into card (person, number) values (1, 'real');
create function logged() returns trigger language plpgsql as
  $$begin insert into log (person, what) values (new.id, 'made'); return new; end$$;
create trigger logged after insert on person for each row execute function logged();
create function kept() returns trigger language plpgsql as
  $$begin update person set gone = now() where id = old.id; return null; end$$;
create trigger kept before delete on person for each row execute function kept();
create function forbidden() returns trigger language plpgsql as $$begin raise exception 'never'; end$$;
create trigger forbidden before delete on card for each row execute function forbidden();
"""
FIELDS = {
    "public.person": "none",
    "public.person.name": "user.name",
    "public.person.mail": "user.contact.email",
    "public.person.born": "user.demographic.date_of_birth",
    "public.person.net": "user.device.ip_address",
    "public.person.doc": "scan",
    "public.person.doc.mail": "user.contact.email",
    "public.card": "none",
    "public.card.number": "user.financial.credit_card",
}
ROLE = """
do $$ begin if not exists (select from pg_roles where rolname = 'ROLE') then create role ROLE login; end if; end $$;
"""
ASSET = Asset(AssetName("db"), ZoneName("core"), "postgres", "", "", FIELDS)


@pytest.fixture
def dsn(servers: Servers) -> str:
    return servers.preferred.database("planted", SCHEMA)


@contextmanager
def writer(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


def count(dsn: str, table: str) -> int:
    with writer(dsn) as connection:
        found = connection.execute(f"select count(*) from {table}".encode()).fetchone()
    assert found is not None
    return int(found[0])


def cleaned(dsn: str, folder: Path) -> Cleaned:
    with writer(dsn) as connection:
        return clean(connection, Manifest(folder), SECRET)


def test_people_stand_in_every_table_that_holds_people_as_its_rules_ask(dsn: str, tmp_path: Path) -> None:
    with writer(dsn) as connection:
        sown = plant(connection, ASSET, Manifest(tmp_path), SECRET, 3)
        assert not sown.refused
        assert dict(sown.rows) == {"public.person": 3, "public.card": 3}
        mails = {row[0] for row in connection.execute("select mail from person where id > 1")}
        joined = connection.execute(
            "select count(*) from card join person on person.id = card.person where person.id > 1"
        )
        assert joined.fetchone() == (3,)
        nested = {row[0] for row in connection.execute("select doc ->> 'mail' from person where id > 1")}
    assert mails == nested == {make_person(SECRET, number).value("user.contact.email") for number in (1, 2, 3)}


def test_planting_again_plants_only_who_is_missing(dsn: str, tmp_path: Path) -> None:
    with writer(dsn) as connection:
        plant(connection, ASSET, Manifest(tmp_path), SECRET, 2)
        plant(connection, ASSET, Manifest(tmp_path), SECRET, 3)
    assert count(dsn, "person") == 4


def test_triggers_references_and_soft_deletion_do_not_stop_the_cleaning(dsn: str, tmp_path: Path) -> None:
    with writer(dsn) as connection:
        plant(connection, ASSET, Manifest(tmp_path), SECRET, 3)
    assert count(dsn, "log") == 3
    done = cleaned(dsn, tmp_path)
    assert done.is_whole, done
    assert (count(dsn, "person"), count(dsn, "card"), count(dsn, "log")) == (1, 1, 0)
    assert done.referring == {"public.log": 3}
    assert not Manifest(tmp_path).rows()


def test_an_owner_who_is_no_superuser_cleans_as_well(servers: Servers, tmp_path: Path) -> None:
    owned = ROLE.replace("ROLE", "owning")
    given = "grant all on schema public to owning; set role owning;"
    dsn = as_user(servers.preferred.database("owned", owned + given + SCHEMA), "owning")
    with writer(dsn) as connection:
        plant(connection, ASSET, Manifest(tmp_path), SECRET, 2)
    assert count(dsn, "person") == 3
    done = cleaned(dsn, tmp_path)
    assert done.is_whole, done
    assert (count(dsn, "person"), count(dsn, "card")) == (1, 1)


def test_what_cannot_be_deleted_is_told_and_stays_in_the_manifest(servers: Servers, tmp_path: Path) -> None:
    role = ROLE.replace("ROLE", "adding")
    given = "grant all on schema public to adding; grant select, insert on all tables in schema public to adding;"
    dsn = as_user(servers.preferred.database("added", SCHEMA + role + given), "adding")
    with writer(dsn) as connection:
        plant(connection, ASSET, Manifest(tmp_path), SECRET, 1)
    done = cleaned(dsn, tmp_path)
    assert not done.is_whole
    assert set(done.left) == {"public.person", "public.card"}
    assert len(Manifest(tmp_path).rows()) == 2


def test_a_copy_that_a_trigger_made_elsewhere_is_told(dsn: str, tmp_path: Path) -> None:
    with writer(dsn) as connection:
        connection.execute("create table copied (what text)")
        connection.execute(
            "create function copy() returns trigger language plpgsql as $$begin insert into copied values (new.mail);"
            " return new; end$$; create trigger copying after insert on person for each row execute function copy()"
        )
        plant(connection, ASSET, Manifest(tmp_path), SECRET, 2)
    assert cleaned(dsn, tmp_path).copies == {"public.copied": 2}


def test_a_table_that_takes_no_row_is_told_and_the_others_are_filled(dsn: str, tmp_path: Path) -> None:
    with writer(dsn) as connection:
        connection.execute("alter table card add check (number like 'never%') not valid")
        sown = plant(connection, ASSET, Manifest(tmp_path), SECRET, 2)
    assert dict(sown.refused) == {"public.card": "it took no row (23514)"}
    assert count(dsn, "person") == 3
    assert cleaned(dsn, tmp_path).is_whole


def test_a_row_that_has_a_chosen_key_already_is_never_touched(dsn: str, tmp_path: Path) -> None:
    with writer(dsn) as connection:
        plant(connection, ASSET, Manifest(tmp_path), SECRET, 1)
        chosen = dict(Manifest(tmp_path).rows()[0].key)["id"]
        assert cleaned(dsn, tmp_path).is_whole
        connection.execute(
            "insert into person (id, name, mail, mood, code, doc) values (%s, 'Real Two', 'two@example.com', 'calm', 'DE', '{}')",
            [chosen],
        )
        sown = plant(connection, ASSET, Manifest(tmp_path), SECRET, 1)
    assert dict(sown.refused) == {"public.person": "a key that was chosen for it is taken"}
    cleaned(dsn, tmp_path)
    with writer(dsn) as connection:
        assert connection.execute("select count(*) from person where name like 'Real%'").fetchone() == (2,)


def test_a_row_that_was_refused_is_not_in_the_manifest(dsn: str, tmp_path: Path) -> None:
    with writer(dsn) as connection:
        connection.execute("alter table card add check (number like 'never%') not valid")
        plant(connection, ASSET, Manifest(tmp_path), SECRET, 1)
    assert {row.table for row in Manifest(tmp_path).rows()} == {"person"}


KILLED = """
import os, signal, sys
from pathlib import Path
import psycopg
from ringfence.policy import Asset, AssetName, ZoneName
from ringfence.probe import manifest, planting
sys.path.insert(0, sys.argv[4])
from test_probe_planting import ASSET, SECRET
steps = [int(sys.argv[3])]
def dying(original):
    def step(*given, **named):
        steps[0] -= 1
        if steps[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*given, **named)
    return step
planting.spelt = dying(planting.spelt)
manifest._written = dying(manifest._written)
os.fsync = dying(os.fsync)
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    planting.plant(connection, ASSET, manifest.Manifest(Path(sys.argv[2])), SECRET, 3)
"""


@pytest.mark.parametrize("step", [1, 2, 3, 5, 8, 12, 17])
def test_a_kill_at_any_step_leaves_nothing_that_cleaning_does_not_find(dsn: str, tmp_path: Path, step: int) -> None:
    tests = Path(__file__).parent
    path = os.pathsep.join([str(tests), str(tests.parent), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", KILLED, dsn, str(tmp_path), str(step), str(tests)]
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    done = cleaned(dsn, tmp_path)
    assert done.is_whole, done
    assert (count(dsn, "person"), count(dsn, "card"), count(dsn, "log")) == (1, 1, 0)


def test_planted_people_are_what_is_watched_for_and_a_gate_that_does_not_hold_leaks_them(
    servers: Servers, tmp_path: Path
) -> None:
    dsn = shop_with_reader(servers.preferred, people=5)
    with attacked(tmp_path / "gate", dsn) as house:
        with writer(dsn) as connection:
            sown = plant(connection, house.site.asset, Manifest(tmp_path), SECRET, 4)
        house.planted = Manifest(tmp_path).rows()
        house.environment["PROBE_WRITER"] = dsn
        chosen = Chosen(roles=("support",), routes=("select", "encoding"))
        held = house.probe(chosen, reference="", writer="env:PROBE_WRITER", write=True)
    with attacked(tmp_path / "open", dsn, switched_off="forms") as house:
        house.planted = Manifest(tmp_path).rows()
        house.environment["PROBE_WRITER"] = dsn
        leaked = house.probe(chosen, reference="", writer="env:PROBE_WRITER", write=True)
    assert sown.rows["public.customer"] == 4
    assert not leaking(held)
    assert "4 synthetic people" in held.against.learnt
    assert "user.contact.email" in {category for cell in leaked.leaks for category in cell.leaked}
    assert cleaned(dsn, tmp_path).is_whole
