"""`ringfence map` as a user runs it: what it prints and writes, and never does; killed; drift in CI, and in the ledger."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from atlas_sources import CANARIES, EMAIL, EVERYTHING, readable

from command_line import RINGFENCE, Cli
from postgres_servers import Server, as_user
from ringfence.atlas import read_map
from ringfence.ledger import Query, Reader

LOGIN = "atlas_reader"
PATIENCE = 120


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Give an SQLite file with a few people."""
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("create table customer (id integer primary key, email text, colour text)")
        rows = [(n, f"p{n}@posta-nova.net", "blue") for n in range(20)]
        connection.executemany("insert into customer values (?, ?, ?)", rows)
    return file


def change(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(script)


def test_nothing_that_it_prints_or_writes_holds_a_value(cli: Cli, tmp_path: Path, postgres: Server) -> None:
    dsn = as_user(postgres.database("canary", EVERYTHING + readable(LOGIN)), LOGIN)
    said = b""
    for arguments in (
        ("--all", "--html", "map.html"),
        ("--format", "json"),
        ("--check",),
        ("--check", "--format", "json"),
    ):
        done = cli("map", "--pg", dsn, *arguments)
        assert done.returncode == 0, done.stderr.decode()
        said += done.stdout + done.stderr
    for file in tmp_path.rglob("*"):
        if file.is_file():
            said += file.read_bytes()
    assert b"user.contact.email" in said
    assert not [canary for canary in CANARIES if canary.encode() in said]
    assert json.loads(cli("map", "--pg", dsn, "--format", "json").stdout)["counts"]["personal"] > 8


def test_personal_fields_come_first_and_harmless_ones_are_counted(cli: Cli, shop: Path) -> None:
    done = cli("map", "--sqlite", str(shop), "--asset", "shop-db", "--zone", "inner")
    lines = done.stdout.decode().splitlines()
    assert lines[0].split() == ["field", "holds", "sure", "why"]
    assert lines[1].startswith("customer.email  user.contact.email")
    assert lines[2].startswith("customer.id ")
    assert "customer.colour" not in done.stdout.decode()
    assert (
        "shop-db in zone inner: 3 fields in 1 tables; 2 personal, 0 scan, 0 unknown, 1 none (--all lists them)" in lines
    )
    assert lines[-1] == "wrote ringfence.map.yaml"
    assert "customer.colour" in cli("map", "--sqlite", str(shop), "--asset", "shop-db", "--all").stdout.decode()
    assert read_map(shop.with_name("ringfence.map.yaml"))["shop-db"].zone == "inner"


def test_drift_is_listed_and_ends_with_one(cli: Cli, shop: Path) -> None:
    source = ("map", "--sqlite", str(shop))
    assert cli(*source).returncode == 0
    clean = cli(*source, "--check")
    assert (clean.returncode, clean.stdout.decode()) == (0, "shop: as it was accepted\n")
    change(
        shop,
        "alter table customer add column phone text; update customer set phone = '+44 20 7946 0958', colour = email;",
    )
    before = shop.with_name("ringfence.map.yaml").read_bytes()
    found = cli(*source, "--check")
    assert found.returncode == 1
    assert "new" in found.stdout.decode()
    told = json.loads(cli(*source, "--check", "--format", "json").stdout)
    assert told["counts"] == {"new": 1, "gone": 0, "changed": 1}
    assert [(one["how"], one["path"]) for one in told["drift"]] == [
        ("new", "customer.phone"),
        ("changed", "customer.colour"),
    ]
    assert shop.with_name("ringfence.map.yaml").read_bytes() == before
    assert cli(*source).returncode == 0
    assert cli(*source, "--check").returncode == 0
    change(shop, "drop table customer;")
    assert json.loads(cli(*source, "--check", "--format", "json").stdout)["counts"]["gone"] == 4


def test_a_check_leaves_nothing_behind(cli: Cli, shop: Path, tmp_path: Path) -> None:
    assert cli("map", "--sqlite", str(shop)).returncode == 0
    for file in (tmp_path / ".ringfence" / "map").iterdir():
        file.unlink()
    (tmp_path / ".ringfence" / "map").rmdir()
    (tmp_path / ".ringfence" / ".gitignore").unlink()
    (tmp_path / ".ringfence").rmdir()
    assert cli("map", "--sqlite", str(shop), "--check").returncode == 0
    assert not (tmp_path / ".ringfence").exists()


def test_drift_is_in_the_ledger_where_there_is_one(installed: Path, cli: Cli, shop: Path) -> None:
    assert cli("map", "--sqlite", str(shop)).returncode == 0
    assert cli("map", "--sqlite", str(shop), "--check").returncode == 0
    change(shop, f'alter table customer add column phone text; create table "{EMAIL}" (a text);')
    assert cli("map", "--sqlite", str(shop), "--check").returncode == 1
    with Reader(installed / ".ringfence" / "ledger.db") as reader:
        [entry] = reader.find(Query(kind="drift"), 10)
    assert entry.body is not None
    body = entry.body
    assert (body["asset"], body["new"], body["gone"], body["changed"]) == ("shop", 2, 0, 0)
    assert str(body["principal"]).startswith("local:")
    assert "posta-nova" not in json.dumps(body)
    assert {"v", "id", "at", "zone", "categories", "fields"} <= body.keys()
    tail = cli("ledger", "tail")
    assert tail.returncode == 0
    assert "drift" in tail.stdout.decode()


def test_what_a_person_judged_is_kept(cli: Cli, shop: Path) -> None:
    source = ("map", "--sqlite", str(shop))
    assert cli(*source).returncode == 0
    done = cli("map", "reject", "customer.email")
    assert done.stdout.decode() == "customer.email: user.contact.email -> none\n"
    assert cli("map", "accept", "colour", "--as", "user.content").returncode == 0
    assert cli("map", "accept", "customer.id").returncode == 0
    assert cli(*source, "--check").returncode == 0
    assert cli(*source).returncode == 0
    kept = read_map(shop.with_name("ringfence.map.yaml"))["shop"]
    assert kept.fields == {"customer.id": "user.unique_id", "customer.email": "none", "customer.colour": "user.content"}
    assert kept.reviewed == ("customer.email", "customer.colour", "customer.id")


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [*RINGFENCE, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_run_that_was_killed_goes_on_where_it_was(cli: Cli, tmp_path: Path, postgres: Server) -> None:
    tables = "".join(
        f"create table t{n:03} as select 'p' || i || '@example.org' as email, i as amount from generate_series(1, 100) i;"
        for n in range(250)
    )
    dsn = postgres.database("killed", tables)
    part = tmp_path / ".ringfence" / "map" / "db.part.jsonl"
    with started(tmp_path, "map", "--pg", dsn, "--asset", "db") as process:
        until = time.monotonic() + PATIENCE
        while not (part.exists() and part.read_bytes().count(b"\n") > 20):
            assert process.poll() is None
            assert time.monotonic() < until
        os.kill(process.pid, signal.SIGKILL)
    finished = part.read_bytes().count(b"\n") - 1
    assert 20 <= finished < 250
    assert not (tmp_path / "ringfence.map.yaml").exists()
    with psycopg.connect(dsn) as connection:  # what is done is not done again, what is not is
        connection.execute("update t000 set email = '7'")
        connection.execute("update t249 set email = '7'")
    done = cli("map", "--pg", dsn, "--asset", "db", timeout=PATIENCE)
    assert done.returncode == 0, done.stderr.decode()
    assert f"db: goes on; {finished} tables were mapped before" in done.stderr.decode()
    once = json.loads((tmp_path / ".ringfence" / "map" / "db.jsonl").read_text().splitlines()[1])
    assert once["fields"][0]["evidence"][-1].startswith("values:EMAIL_ADDRESS")
    assert len(read_map(tmp_path / "ringfence.map.yaml")["db"].fields) == 500
    part.write_bytes(b"")
    again = cli("map", "--pg", dsn, "--asset", "db", "--fresh", timeout=PATIENCE)
    assert "goes on" not in again.stderr.decode()
    fresh = json.loads((tmp_path / ".ringfence" / "map" / "db.jsonl").read_text().splitlines()[1])
    assert not [code for code in fresh["fields"][0]["evidence"] if code.startswith("values:")]


def test_the_map_of_a_policy_is_drawn_with_its_flows(installed: Path, cli: Cli, shop: Path) -> None:
    assert cli("map", "--sqlite", str(shop), "--html", "map.html").returncode == 0
    html = (installed / "map.html").read_text(encoding="utf-8")
    assert "app-logs: from app to log-saas" in html
    assert "Flows of the policy" in html


def test_a_name_is_spelt_on_one_line_whatever_is_in_it(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "odd.db"
    change(file, 'create table t ("e\nmail" text, "\x1b[2Jphone" text, "x: y" text)')
    done = cli("map", "--sqlite", str(file), "--all")
    assert done.returncode == 0, done.stderr.decode()
    said = done.stdout.decode()
    assert sum(line.startswith("t.") for line in said.splitlines()) == 3
    assert r"e\nmail" in said
    assert r"\x1b[2Jphone" in said
    judged = cli("map", "reject", 't."e\nmail"', "x: y")  # the second by its name as it is, without a path's quotes
    assert judged.returncode == 0, judged.stderr.decode()
    assert len(judged.stdout.splitlines()) == 2
    assert "\x1b" not in said + cli("map", "--sqlite", str(file), "--check").stdout.decode()


WRONG = [
    ((), "nothing to map"),
    (("--sqlite", "a.db", "--logs", "b.log"), "more than one source"),
    (("--sqlite", "absent.db"), "there is no such file"),
    (("--sqlite", "shop.db", "--check", "--asset", "x"), "it has no asset x to compare with"),
    (("--pg", "postgresql://u:hush-1@127.0.0.1:1/x"), "nothing listens there"),
    (("--sqlite", "shop.db", "--check", "--html", "a.html"), "--check writes nothing"),
    (("--pg", "hush-1"), "'host=HOST port=5432 user=USER dbname=DATABASE'"),
    (("--pg", ""), "--pg: it is empty"),
    (("--files", " "), "--files: it is empty"),
    (("--pg", "postgresql://u:s3@hush-1.invalid/w@h/x"), "write an at sign as %40"),
    (("--pg", "postgresql://u:12/hush-1@h/x"), "write an at sign as %40"),
    (("--pg", "postgresql://u@127.0.0.1:1/x"), "the DSN's host, port 1: nothing listens there"),
    (("--pg", "service=hush-1"), "the DSN's service is defined nowhere"),
    (("--pg", "host=localhost sslmode=hush-1"), "the DSN's sslmode is none"),
    (("--files", "absent/*.csv"), "no such files"),
    (("--openapi", "shop.db"), "not UTF-8"),
    (("--logs", "shop.db"), "a binary file"),
    (("accept", "no.such"), "no such map file"),
    (("accept", "a", "--as", "user.contact.emial"), 'did you mean "user.contact.email"?'),
    (("--sqlite", "shop.db", "--html", "absent/map.html"), "No such file or directory"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[" ".join(arguments) for arguments, _ in WRONG])
def test_what_is_wrong_is_said_in_two_lines(cli: Cli, shop: Path, arguments: tuple[str, ...], said: str) -> None:
    done = cli("map", *arguments)
    assert done.returncode == 2
    words = done.stderr.decode()
    assert said in words
    assert len(words.splitlines()) == 2
    assert "hush-1" not in words
    assert "[redacted" not in words
    assert "Traceback" not in words
