"""Flows that observe and enforce by turns: nothing is dropped, and what was said would be is what then is."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from serve_plays import Place, Up, running

from command_line import Cli
from postgres_servers import Server, as_user
from ringfence.access.scram import make_verifier
from ringfence.ledger import Reader

TABLE = """
do $$ begin create role switch_client login; exception when duplicate_object then null; end $$;
create table person (id int primary key, name text, email text not null, born date, note text, pet text);
insert into person
  select n, 'Wanda Walker', 'walker' || n || '@posta-nova.net', date '1980-01-01' + n, 'at walker@posta-nova.net', 'cat'
  from generate_series(1, 20) n;
create table item (id int primary key, label text);
insert into item select n, 'item ' || n from generate_series(1, 20) n;
grant select, insert, update, delete on person, item to switch_client;
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
      public.person.email: user.contact.email
      public.person.born: user.demographic.date_of_birth
      public.person.note: scan
      public.item: none
roles: {support: {group: support}}
principals: {staff-users: {scram: "file:staff.scram", zone: staff}}
gates:
  pg: {kind: postgres, listen: "127.0.0.1:0", upstream: people, logins: {support: switch_client}}
flows:
  - {id: reads, from: people, to: staff, via: {gate: pg}, mode: observe, else: redact,
     predicates: {user.name: {equality: 3}},
     carry: {user.contact.email: mask, user.demographic.date_of_birth: deny}}
  - {id: writes, from: staff, to: people, via: {gate: pg}, mode: observe, carry: {user.name: clear}}
"""

LOAD: list[tuple[str, list[object]]] = [
    ("select id, email from person order by id limit 3", []),
    ("select id, name from person order by id", []),
    ("select upper(email) from person where id = %s", [3]),
    ("select id from person where email = %s", ["walker3@posta-nova.net"]),
    ("select id from person where email like 'walker1%%' order by id", []),
    ("select id from person where name = %s", ["Wanda Walker"]),
    ("select id from person where name = %s", ["Wilma Walker"]),
    ("select id from person where name = %s", ["Willy Walker"]),
    ("select id from person where name = %s", ["Walt Walker"]),  # beyond the budget
    ("select born from person where id = 1", []),
    ("select pet from person where id = 1", []),  # nobody has judged it
    ("select note from person order by id limit 2", []),
    ("select label from item order by id", []),
    ("select count(*) from item", []),
    ("do $$ begin end $$", []),
    ("explain analyze select email from person", []),
    ("insert into person (id, name, email, born) values (100, 'Nora New', %s, '1990-01-01')", ["nora@posta-nova.net"]),
    ("update person set name = %s where id = 2", ["Nadia New"]),
    ("update person set email = 'new@posta-nova.net' where id = 4", []),
    ("delete from person where id = 100", []),
    ("insert into item values (200, %s)", ["ask walker@posta-nova.net"]),
    ("delete from item where id = 200", []),
    ("select nothing_there from person", []),
    ("table person", []),
    ("select pg_read_file('/etc/hostname')", []),
]


@pytest.fixture
def database(postgres: Server) -> str:
    return postgres.database("switching", TABLE)


@pytest.fixture
def place(cli: Cli, tmp_path: Path, database: str) -> Place:
    place = Place(tmp_path, policy=POLICY.replace("AT", as_user(database, "").replace("//@", "//")))
    assert cli("init").returncode == 0
    users = tmp_path / "staff.scram"
    users.touch(mode=0o600)
    users.write_text(f"sam:{make_verifier('a password').spelt()}:support\n")
    return place


@contextmanager
def client(up: Up, database: str) -> "Iterator[psycopg.Connection[tuple[object, ...]]]":
    with psycopg.connect(
        host="127.0.0.1",
        port=up.port,
        user="sam",
        password="a password",
        dbname=urlsplit(database).path[1:],
        application_name="loader",
        autocommit=True,
    ) as connection:
        yield connection


def replay(connection: "psycopg.Connection[tuple[object, ...]]") -> list[str]:
    """Run the load; give what became of each statement: rows, or the code of its error."""
    came: list[str] = []
    for text, values in LOAD:
        try:
            cursor = connection.execute(text, values or None)  # type: ignore[arg-type] (they are literals above)
            came.append("rows" if cursor.description else "done")
        except psycopg.Error as error:
            came.append(str(error.sqlstate))
    return came


def report(place: Place, *arguments: str) -> dict[str, object]:
    done = place.call("report", *arguments, "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def would(place: Place) -> Counter[tuple[str, ...]]:
    """What the report says would have been refused."""
    found: Counter[tuple[str, ...]] = Counter()
    for row in report(place, "observe")["tables"]["refused"]:  # type: ignore[index]
        found[row["flow"], row["principal"], row["client"], row["would"], row["category"], row["rule"]] += row["times"]
    return found


def was(place: Place, since: int) -> Counter[tuple[str, ...]]:
    """What the ledger says was refused from an entry on."""
    with Reader(place.folder / ".ringfence" / "ledger.db") as reader:
        bodies = [entry.body or {} for entry in reader.since(since)]
    found: Counter[tuple[str, ...]] = Counter()
    for body in bodies:
        if body.get("kind") == "refused":
            client = body["client"]["application_name"]  # type: ignore[index,call-overload]
            about = (body["refused"], body.get("category") or "", body["rule"])
            found[tuple(map(str, (body["flow"], body["principal"], client, *about)))] += int(str(body.get("count", 1)))
    return found


def changed(place: Place, table: str, form: str) -> dict[str, int]:
    rows = report(place, *table.split())["tables"][form]  # type: ignore[index]
    return {f"{row['category']} {row['form']}": row["values"] for row in rows if "observed" not in row["form"]}


def size(place: Place) -> int:
    with Reader(place.folder / ".ringfence" / "ledger.db") as reader:
        return reader.size


def test_what_would_have_been_refused_is_what_then_is_and_no_session_is_dropped(place: Place, database: str) -> None:
    with running(place) as up, client(up, database) as connection:
        observed = replay(connection)
        assert set(observed) <= {"rows", "done", "42703", "42501"}, observed
        assert [text for (text, _), came in zip(LOAD, observed, strict=True) if came == "42501"] == [
            "select pg_read_file('/etc/hostname')"  # the server's own refusal
        ]
        expected = would(place)
        expected_changes = changed(place, "observe", "changed")
        assert sum(expected.values()) >= 11

        for flow in ("reads", "writes"):
            done = place.call("enforce", flow)
            assert done.returncode == 0, done.stderr
            assert "it is in force; sessions stay" in done.stdout
        before = size(place)
        enforced = replay(connection)
        assert was(place, before) == expected
        assert enforced.count("42501") == sum(expected.values())
        crossed = {name: count for name, count in changed(place, "crossings", "crossed").items() if "clear" not in name}
        assert crossed == expected_changes

        assert place.call("observe", "reads").returncode == 0
        assert place.call("observe", "writes").returncode == 0
        assert connection.execute("select email from person where id = 3").fetchone() == ("walker3@posta-nova.net",)

    with Reader(place.folder / ".ringfence" / "ledger.db") as reader:
        switches = [entry.body or {} for entry in reader.since(0) if (entry.body or {}).get("kind") == "mode"]
    assert [(each["flow"], each["was"], each["mode"]) for each in switches] == [
        ("reads", "observe", "enforce"),
        ("writes", "observe", "enforce"),
        ("reads", "enforce", "observe"),
        ("writes", "enforce", "observe"),
    ]


def test_a_closed_flow_lets_nothing_pass_and_drops_no_session(place: Place, database: str) -> None:
    with running(place) as up, client(up, database) as connection:
        assert place.call("close", "reads").returncode == 0
        for text in ("select id from person limit 1", "select email from person", "select 1", "table item"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="flow reads is closed"):
                connection.execute(text)
        with connection.transaction():
            pass  # what shows nothing of any row goes on
        shown = place.call("policy", "show", "ringfence.yaml")
        assert "! closed: nothing passes" in shown.stdout
        tried = place.call("try", "select id from person", "--as", "support")
        assert (tried.returncode, "flow reads is closed" in tried.stdout) == (1, True)
        assert place.call("enforce", "reads").returncode == 0
        assert connection.execute("select id from person order by id limit 1").fetchone() == (1,)


def test_errors_pass_as_they_are_where_a_flow_observes(place: Place, database: str) -> None:
    said = pytest.raises(psycopg.errors.InvalidTextRepresentation, match="walker")
    with running(place) as up, client(up, database) as connection, said:
        connection.execute("select email::int from person where id = 1")


def test_a_report_is_written_in_every_form_without_a_value(place: Place, database: str) -> None:
    with running(place) as up, client(up, database) as connection:
        replay(connection)
    for name in ("crossings", "observe", "breach --zone staff"):
        for form in ("text", "markdown", "html", "csv", "json"):
            file = place.folder / f"{name.split()[0]}.{form}"
            done = place.call("report", *name.split(), "--format", form, "--output", str(file))
            assert done.returncode in (0, 1), done.stderr
            text = file.read_text()
            assert "user.contact.email" in text.replace("\\", ""), (name, form)
            for value in ("walker1@", "posta-nova", "Wanda", "1980-01"):
                assert value not in text, (name, form)
            again = place.call("report", *name.split(), "--format", form, "--output", str(file))
            assert again.returncode == 2
            assert "there is such a file already" in again.stderr
    rows = list(csv.reader(io.StringIO((place.folder / "crossings.csv").read_text())))
    assert rows[0][0] == "table"
    assert {"crossed", "basis"} <= {row[0] for row in rows}
    assert "http" not in (place.folder / "crossings.html").read_text().replace("http-equiv", "")


def test_a_trial_says_what_would_become_of_a_query_without_running_it(place: Place) -> None:
    done = place.call(
        "try", "select id, email, upper(name) n from person where name = 'x'", "--as", "support", "--format", "json"
    )
    assert done.returncode == 0, done.stderr
    (trial,) = json.loads(done.stdout)
    assert trial["mode"] == "observe"
    assert [(each["column"], each["origins"], each["form"]) for each in trial["columns"]] == [
        ("id", ["public.person.id"], "as it is"),
        ("email", ["public.person.email"], "mask"),
        ("n", ["public.person.name (computed)"], "redact"),
    ]
    assert trial["compared"] == [
        {"column": "public.person.name", "judgement": "user.name", "how": "compared for equality with given values"}
    ]
    refused = place.call("try", "select born from person; select 1/0", "--as", "support")
    assert refused.returncode == 1
    assert "would be refused" in refused.stdout
    assert "public.person.born may not be shown" in refused.stdout
    wrong = place.call("try", "select nothing_there from person", "--as", "support")
    assert wrong.returncode == 2
    assert "nothing_there" in wrong.stdout
    assert place.call("try", "select 1", "--as", "suport").stderr.endswith('did you mean "support"?\n')
    assert size(place) == 0


def test_a_trial_changes_nothing(place: Place, postgres: Server, database: str) -> None:
    name = urlsplit(database).path[1:]
    spying = """create sequence counter; grant usage on sequence counter to switch_client;
        create function spying(n int) returns int language sql volatile as 'select nextval(''counter'')::int + n';"""
    postgres.psql(name, spying)
    for text in (
        "delete from person",
        "insert into person (id, email) values (500, 'x@posta-nova.net')",
        "select nextval('counter')",
        "select spying(1) from person",
        "truncate person",
        "create table made (id int)",
    ):
        done = place.call("try", text, "--as", "support", "--format", "json")
        assert done.returncode in (0, 1, 2), done.stderr
        assert "posta-nova" not in done.stdout.replace(text, "")
    assert postgres.psql(name, "select count(*) from person").strip() == "20"
    assert postgres.psql(name, "select is_called from counter").strip() == "f"
    assert postgres.psql(name, "select to_regclass('made') is null").strip() == "t"


def test_an_overlay_keeps_its_comments_and_a_wrong_flow_is_named(place: Place) -> None:
    overlay = place.folder / "ringfence.overlay.yaml"
    overlay.write_text("# ours\nflows:\n  - {id: writes, mode: enforce} # since May\n")
    assert place.call("enforce", "reads").returncode == 0
    assert overlay.read_text() == (
        "# ours\nflows:\n  - {id: writes, mode: enforce} # since May\n  - {id: reads, mode: enforce}\n"
    )
    assert "It did so before." in place.call("enforce", "reads").stdout
    wrong = place.call("enforce", "raeds")
    assert (wrong.returncode, wrong.stderr) == (
        2,
        'ringfence: the policy has no flow of that id\n  did you mean "reads"?\n',
    )
    before = overlay.read_text()
    (place.folder / "staff.scram").unlink()
    assert place.call("observe", "reads").returncode == 0
    assert overlay.read_text() == before.replace("reads, mode: enforce", "reads, mode: observe")
