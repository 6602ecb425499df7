"""`ringfence probe` as a user runs it: against a gate that runs, and never a writer unless it is told."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

import psycopg
import pytest
from probe_house import SECTION, House, attacked, shop_with_reader

from command_line import RINGFENCE
from postgres_servers import Servers, as_user
from ringfence.demo.people import make_crowd
from ringfence.probe import Chosen

WRITING = SECTION.replace("  rate:", '  write: true\n  writer: "env:PROBE_WRITER"\n  rate:')
TWO_ROUTES = ("--role", "support", "--route", "alias", "--route", "comparison")


@pytest.fixture(scope="module")
def dsn(servers: Servers) -> str:
    return shop_with_reader(servers.preferred, people=30)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, dsn: str) -> Iterator[House]:
    with attacked(tmp_path_factory.mktemp("command") / "gate", dsn, WRITING) as one:
        yield one


def ringfence(house: House, *arguments: str, **more: str) -> "subprocess.CompletedProcess[bytes]":
    environment = {
        **os.environ,
        **house.environment,
        "SHOP_DSN": as_user(house.dsn, "").replace("//@", "//"),
        "SHOP_PASSWORD": "none",
        "SHOP_LISTEN": "127.0.0.1:0",
        "PROBE_WRITER": house.dsn,
        "COLUMNS": "250",
        **more,
    }
    command = [*RINGFENCE, *arguments, "--policy", str(house.gate.place.policy)]
    return subprocess.run(command, env=environment, cwd=house.folder, capture_output=True, timeout=280)


def contents(dsn: str) -> Mapping[str, str]:
    """Give a digest of each table, and where each sequence stands."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        tables = connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('public', 'staff')"
        ).fetchall()
        found = {}
        for (table,) in tables:
            digest = connection.execute(
                f"select md5(string_agg(r::text, '|' order by r::text)) from {table} r".encode()
            )
            found[table] = str(digest.fetchone())
        found |= dict(
            connection.execute("select sequencename, coalesce(last_value, 0)::text from pg_sequences").fetchall()
        )
    return found


def test_the_matrix_is_shown_and_nothing_leaks(house: House) -> None:
    done = ringfence(house, "probe", *TWO_ROUTES)
    assert done.returncode == 0, done.stderr.decode()
    text = done.stdout.decode()
    assert "0 of" in text
    assert "tried against:" in text
    assert "not runnable:" in text
    assert "user.contact.email" in text


def test_files_for_programs_for_ci_and_for_people(house: House, tmp_path: Path) -> None:
    junit, html = tmp_path / "probe.xml", tmp_path / "matrix.html"
    done = ringfence(house, "probe", *TWO_ROUTES, "--format", "json", "--junit", str(junit), "--html", str(html))
    told = json.loads(done.stdout)
    assert told["counts"]["leaked"] == 0
    assert told["against"]["attacks"] >= 10
    suites = ElementTree.fromstring(junit.read_bytes())  # noqa: S314 (our own)
    assert int(suites.get("tests", "0")) == len(told["cells"])
    assert len(suites.findall(".//skipped")) == told["counts"]["not runnable"]
    page = html.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "What it was tried against" in page


def test_no_output_holds_a_value(house: House, tmp_path: Path) -> None:
    html = tmp_path / "matrix.html"
    done = ringfence(house, "probe", "--role", "support", "--route", "select", "--html", str(html), "--format", "json")
    shown = done.stdout.decode() + done.stderr.decode() + html.read_text(encoding="utf-8")
    shown += json.dumps([entry.body for entry in house.gate.entries()])
    with psycopg.connect(house.dsn) as connection:
        rows = connection.execute("select email, card, iban, ssn, name, phone from customer").fetchall()
    assert not [value for row in rows for value in row if value and value in shown]


def test_by_default_nothing_is_written(house: House, dsn: str) -> None:
    before = contents(dsn)
    matrix = house.probe(Chosen(("support",), ("user.contact.email", "user.name", "scan")), write=False)
    assert len(matrix.routes()) > 20
    assert contents(dsn) == before


def test_attacks_that_write_are_rolled_back(house: House, dsn: str) -> None:
    before = {name: what for name, what in contents(dsn).items() if "." in name}
    matrix = house.probe(Chosen(roles=("support",), routes=("writing", "temporary tables")), write=True)
    assert not matrix.leaks
    assert matrix.ran > 20
    after = {name: what for name, what in contents(dsn).items() if "." in name}
    assert after == before


def test_everything_is_asked_by_a_login_that_cannot_write(tmp_path: Path, servers: Servers) -> None:
    dsn = shop_with_reader(servers.preferred, 20)
    with psycopg.connect(dsn, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'alter database "{name}" set default_transaction_read_only = on'.encode())
    with attacked(tmp_path / "gate", dsn) as reading:
        matrix = reading.probe(
            Chosen(roles=("support",), routes=("select", "alias", "encoding", "comparison", "copy out"))
        )
    assert not matrix.leaks
    assert matrix.ran > 200


def test_people_are_planted_probed_and_cleaned(house: House, dsn: str) -> None:
    before = {name: what for name, what in contents(dsn).items() if "." in name}
    done = ringfence(house, "probe", "--plant", "3", "--role", "support", "--route", "select")
    assert done.returncode == 0, done.stderr.decode()
    assert "3 synthetic people" in done.stdout.decode()
    planted = {name: what for name, what in contents(dsn).items() if "." in name}
    assert planted["public.customer"] != before["public.customer"]
    done = ringfence(house, "probe", "clean")
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert "public.customer: 3 planted rows deleted" in done.stdout.decode()
    assert {name: what for name, what in contents(dsn).items() if "." in name} == before
    assert ringfence(house, "probe", "clean").stdout.decode() == "Nothing is planted.\n"


def test_planting_without_the_policys_leave_is_refused(house: House) -> None:
    policy = house.gate.place.policy
    text = policy.read_text(encoding="utf-8")
    try:
        policy.write_text(text.replace("  write: true\n", ""), encoding="utf-8")
        done = ringfence(house, "probe", "--plant", "3")
    finally:
        policy.write_text(text, encoding="utf-8")
    assert done.returncode == 2
    assert "does not let the probe write" in done.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--route", "by pigeon"), "--route: there is no such one"),
        (("--role", "nobody"), "--role: there is no such one"),
        (("--every", "soon"), "--every: not a time"),
    ],
)
def test_a_wrong_word_is_told_with_a_mend(house: House, arguments: tuple[str, ...], said: str) -> None:
    done = ringfence(house, "probe", *arguments)
    assert done.returncode == 2
    assert said in done.stderr.decode()


def test_a_login_that_is_not_set_makes_its_role_not_runnable(house: House) -> None:
    done = ringfence(house, "probe", "--route", "alias", PROBE_ANALYST="")
    assert done.returncode == 0
    assert "PROBE_ANALYST is empty or not set" in done.stdout.decode()


def test_under_up_it_runs_as_often_as_the_policy_says_and_is_in_the_ledger(tmp_path: Path, dsn: str) -> None:
    section = SECTION.replace("  rate:", "  every: 2s\n  budget: 300\n  rate:")
    variables = {"PROBE_REFERENCE": as_user(dsn, "shop_reader"), "PROBE_SUPPORT": "sam:a password for sam"}
    with pytest.MonkeyPatch.context() as patched:
        for name, value in variables.items():
            patched.setenv(name, value)
        with attacked(tmp_path / "gate", dsn, section) as house:
            deadline = time.monotonic() + 100
            ended: list[Mapping[str, object]] = []
            while len(ended) < 2 and time.monotonic() < deadline:
                time.sleep(0.2)
                bodies = [entry.body for entry in house.gate.entries() if entry.body is not None]
                ended = [body for body in bodies if body.get("kind") == "probe" and body.get("stage") == "ended"]
    assert len(ended) >= 2
    assert {body["outcome"] for body in ended} == {"held"}
    assert {body["principal"] for body in ended} == {"ringfence:probe"}


def test_a_leak_is_told_by_role_category_and_attack_with_code_1(tmp_path: Path, dsn: str) -> None:
    with attacked(tmp_path / "gate", dsn, switched_off="forms") as house:
        done = ringfence(house, "probe", "--role", "support", "--route", "select", "--category", "user.contact.email")
        entries = [entry.body for entry in house.gate.entries() if entry.body is not None]
    assert done.returncode == 1, done.stderr.decode()
    assert "leaked to" in done.stdout.decode()
    ended = next(body for body in entries if body.get("stage") == "ended")
    assert ended["outcome"] == "leaked"
    listed = ended["leaks"]
    assert isinstance(listed, list)
    assert {
        "role": "support",
        "category": "user.contact.email",
        "route": "select",
        "attack": "select/the column",
    }.items() <= {
        key: value for leak in listed if leak["attack"] == "select/the column" for key, value in leak.items()
    }.items()
    crowd = make_crowd(30)
    assert not [one for one in crowd if one.email in json.dumps(entries)]
