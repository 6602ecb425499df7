"""`ringfence init --pg`: what it writes, that it writes nothing into the database, and that no value is printed or kept."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from command_line import Cli
from postgres_servers import Server, as_user, shop_database
from ringfence.atlas import AssetMap, Mapped, MappedTable, read_map
from ringfence.cli._database_logins import schema_of
from ringfence.cli._database_policy import Account, database_policy
from ringfence.policy import Asker, FlowId, FormKind, RoleName, lint, plan, read_located
from ringfence.taxonomy import CATEGORIES
from ringfence.taxonomy.model import Sensitivity
from sakila import sakila_database, small_database

READER = """
do $$ begin
    if not exists (select from pg_roles where rolname = 'only_reads') then create role only_reads login; end if;
end $$;
alter role only_reads set default_transaction_read_only = on;
grant usage on schema public to only_reads;
grant select on all tables in schema public to only_reads;
"""


def database_of(dsn: str) -> str:
    return urlsplit(dsn).path[1:]


@pytest.fixture
def sakila(postgres: Server) -> str:
    return small_database(postgres)


def dumped(server: Server, dsn: str) -> str:
    """Give everything that is in a database, and the server's roles with what is set for them."""
    environment = {**os.environ, "PGPASSWORD": unquote(urlsplit(dsn).password or "")}
    dump = subprocess.run(
        [server.bin / "pg_dump", "--no-sync", dsn], env=environment, capture_output=True, check=True, timeout=120
    ).stdout.decode()
    kept = [line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
    return "\n".join(kept)


def written(folder: Path) -> bytes:
    """Give all that stands in a folder's files, one behind the other."""
    return b"\n".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def personal_values(dsn: str, folder: Path) -> Iterator[str]:
    """Give what stands in the columns that the map calls personal, where it is long enough to be told from a word."""
    accepted = next(iter(read_map(folder / "ringfence.map.yaml").values()))
    with psycopg.connect(dsn) as connection:
        for path, judgement in accepted.fields.items():
            schema, table, *column = path.split(".")
            if not judgement.startswith("user.") or len(column) != 1 or '"' in path:
                continue
            query = f"select distinct {column[0]}::text from {schema}.{table} limit 5000"
            yield from (value for (value,) in connection.execute(query) if value and len(value) >= 8)


def seen_in(values: Iterator[str], texts: bytes) -> list[str]:
    return [value for value in values if value.encode() in texts]


def test_it_writes_a_policy_a_map_logins_keys_and_a_ledger(cli: Cli, sakila: str, tmp_path: Path) -> None:
    done = cli("init", "--pg", sakila)
    assert done.returncode == 0, done.stderr.decode()
    said = done.stdout.decode()
    for made in ("ringfence.yaml", ".ringfence", ".ringfence/ledger.db", "ringfence.map.yaml", "ringfence.logins.sql"):
        assert f"made  {made}\n" in said
    assert re.search(r"Mapped sakila\S*: \d+ tables and views, \d+ fields: [1-9]\d* personal", said)
    linted = cli("policy", "lint", "--format", "json")
    assert linted.returncode == 0
    assert {problem["code"] for problem in json.loads(linted.stdout)["problems"]} == {"observe"}
    for role in ("support", "privacy"):
        assert S_IMODE((tmp_path / ".ringfence" / "logins" / role).stat().st_mode) == 0o600


def test_the_next_commands_are_said_with_this_database_in_them(cli: Cli, sakila: str) -> None:
    lines = cli("init", "--pg", sakila).stdout.decode().partition("Next:")[2].split("\n")
    commands = [line.strip().split("   #")[0] for line in lines if line.strip()]
    assert commands == [
        "psql ADMINISTRATORS_DSN -f ringfence.logins.sql",
        "ringfence user add NAME --group support",
        "ringfence up",
        f"psql 'host=127.0.0.1 port=6432 user=NAME dbname={database_of(sakila)}'",
        "ringfence report observe",
        "ringfence enforce staff-reads",
    ]


def test_the_next_commands_run_whatever_the_database_is_called(cli: Cli, postgres: Server) -> None:
    name = f'it\'s \\ "odd" $HOME {os.getpid()}'
    quoted = name.replace('"', '""')
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f'create database "{quoted}"'.encode())
    done = cli("init", "--pg", postgres.dsn(name))
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode().partition("Next:")[2].splitlines()
    [psql] = [line.partition("   #")[0] for line in lines if "dbname=" in line]
    words = shlex.split(psql)
    assert len(words) == 2
    assert conninfo_to_dict(words[1])["dbname"] == name


def test_the_policy_counts_the_unknown_columns_that_the_gate_would_refuse(
    cli: Cli, postgres: Server, tmp_path: Path
) -> None:
    script = (
        "create table t (id int, q text); insert into t select n, md5(n::text) from generate_series(1, 40) n;"
        "create view v as select id, left(q, 5) || 'x' as r from t;"
    )
    assert cli("init", "--pg", postgres.database("unjudged", script)).returncode == 0
    assert {path for path, one in fields_of(tmp_path).items() if one == "unknown"} == {"public.t.q", "public.v.r"}
    assert "# 1 column is unknown there" in (tmp_path / "ringfence.yaml").read_text(encoding="utf-8")


def fields_of(folder: Path) -> dict[str, str]:
    [asset] = read_map(folder / "ringfence.map.yaml").values()
    return dict(asset.fields)


def test_an_empty_address_makes_no_policy_of_something_else(cli: Cli, tmp_path: Path) -> None:
    done = cli("init", "--pg", "")
    assert done.returncode == 2
    assert done.stderr.decode().startswith("ringfence: --pg: it is empty\n")
    assert list(tmp_path.iterdir()) == []


def test_run_again_it_keeps_what_is_there(cli: Cli, sakila: str, tmp_path: Path) -> None:
    assert cli("init", "--pg", sakila).returncode == 0
    policy = tmp_path / "ringfence.yaml"
    policy.write_text(policy.read_text() + "# mine\n")
    before = {file: file.read_bytes() for file in tmp_path.glob("ringfence.*")}
    again = cli("init", "--pg", sakila)
    assert again.returncode == 0, again.stderr.decode()
    assert "made  " not in again.stdout.decode()
    assert {file: file.read_bytes() for file in tmp_path.glob("ringfence.*")} == before


def test_beside_a_policy_of_something_else_it_changes_nothing(cli: Cli, sakila: str, installed: Path) -> None:
    before = written(installed)
    done = cli("init", "--pg", sakila)
    assert done.returncode == 2
    assert "ringfence.yaml is there, and has no asset sakila" in done.stderr.decode()
    assert written(installed) == before


def test_the_script_makes_logins_with_the_least_rights(cli: Cli, postgres: Server, sakila: str, tmp_path: Path) -> None:
    assert cli("init", "--pg", sakila).returncode == 0
    script = (tmp_path / "ringfence.logins.sql").read_text()
    postgres.psql(database_of(sakila), script)
    postgres.psql(database_of(sakila), script)  # a second time, too
    names = sorted(set(re.findall(r'create role "(\w+)"', script)))
    assert [name.rpartition("_")[2] for name in names] == ["privacy", "support"]
    with psycopg.connect(sakila) as connection:
        for name in names:
            powers = "rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
            row = connection.execute(f"select {powers} from pg_roles where rolname = %s", [name]).fetchone()
            assert row == (False,) * 5
            rights = [
                right
                for right in ("select", "insert", "update", "delete", "truncate", "references", "trigger")
                for (held,) in connection.execute(
                    "select has_table_privilege(%s, 'public.customer', %s)", [name, right]
                )
                if held
            ]
            assert rights == (["select", "insert", "update", "delete"] if name.endswith("privacy") else ["select"])
            stored = connection.execute("select rolpassword from pg_authid where rolname = %s", [name]).fetchone()
            assert stored is not None
            assert stored[0].startswith("SCRAM-SHA-256$")
    for role in ("support", "privacy"):
        password = (tmp_path / ".ringfence" / "logins" / role).read_text().strip()
        assert len(password) >= 20
        assert password not in script


def test_a_script_that_is_gone_is_written_again_for_the_same_passwords(cli: Cli, sakila: str, tmp_path: Path) -> None:
    assert cli("init", "--pg", sakila).returncode == 0
    secret = tmp_path / ".ringfence" / "logins" / "support"
    before = secret.read_text()
    (tmp_path / "ringfence.logins.sql").unlink()
    assert "made  ringfence.logins.sql" in cli("init", "--pg", sakila).stdout.decode()
    assert secret.read_text() == before


@pytest.mark.parametrize("command", [("init",), ("map",), ("map", "--check")], ids=" ".join)
def test_a_login_that_may_only_read_is_enough(
    cli: Cli, postgres: Server, sakila: str, command: tuple[str, ...]
) -> None:
    postgres.psql(database_of(sakila), READER)
    dsn = as_user(sakila, "only_reads")
    if "--check" in command:
        assert cli("map", "--pg", dsn).returncode == 0
    done = cli(*command, "--pg", dsn)
    assert done.returncode == 0, done.stderr.decode()


def test_nothing_is_written_into_the_database_by_whom_could(cli: Cli, postgres: Server, sakila: str) -> None:
    """As the superuser, whom nothing holds back. What a write would look like is shown first."""
    before = dumped(postgres, sakila)
    assert cli("init", "--pg", sakila).returncode == 0
    assert cli("map", "--pg", sakila).returncode == 0
    assert cli("map", "--check", "--pg", sakila).returncode == 0
    assert dumped(postgres, sakila) == before
    postgres.psql(database_of(sakila), "update customer set last_name = last_name || 'x' where customer_id = 1")
    assert dumped(postgres, sakila) != before


@pytest.mark.parametrize("house", ["sakila", "shop"])
def test_no_value_is_printed_or_kept(cli: Cli, postgres: Server, tmp_path: Path, house: str) -> None:
    dsn = sakila_database(postgres) if house == "sakila" else shop_database(postgres, 100)
    said = b""
    for arguments in (("init",), ("map", "--all"), ("map", "--all", "--format", "json"), ("map", "--check")):
        done = cli(*arguments, "--pg", dsn)
        assert done.returncode == 0, done.stderr.decode()
        said += done.stdout + done.stderr
    values = sorted(set(personal_values(dsn, tmp_path)))
    assert len(values) > 200
    assert seen_in(iter(values), said + written(tmp_path)) == []
    longest = max(values, key=len)
    assert longest in seen_in(iter(values), said + longest.encode())  # it would be seen


def test_the_password_of_the_address_is_written_nowhere(
    cli: Cli, postgres: Server, sakila: str, tmp_path: Path
) -> None:
    secret = "Th1s-is-the-administrators"
    postgres.psql(database_of(sakila), READER)
    done = cli("init", "--pg", as_user(sakila, "only_reads", secret))
    assert done.returncode == 0, done.stderr.decode()
    everything = done.stdout + done.stderr + written(tmp_path)
    assert secret.encode() not in everything
    assert b"only_reads" not in everything


@pytest.mark.parametrize(
    "dsn",
    ["postgresql://nobody:s3cr3t-w0rd@127.0.0.1:1/shop", "not an address s3cr3t-w0rd", "postgresql://h:s3cr3t-w0rd/x"],
)
def test_an_address_that_leads_nowhere_is_said_without_its_secrets(cli: Cli, tmp_path: Path, dsn: str) -> None:
    done = cli("init", "--pg", dsn)
    assert done.returncode == 2
    assert b"s3cr3t" not in done.stdout + done.stderr + written(tmp_path)
    assert done.stderr.decode().startswith("ringfence: ")
    assert not (tmp_path / "ringfence.yaml").exists()


# --- the policy, whatever was found ---------------------------------------------------------------------------------------

ACCOUNTS = (
    Account("support", "shop_support", "SHOP_SUPPORT_SECRET", ".ringfence/logins/support", writes=False),
    Account("privacy", "shop_privacy", "SHOP_PRIVACY_SECRET", ".ringfence/logins/privacy", writes=True),
)
FOUND = st.sets(
    st.sampled_from(sorted([*(one for one in CATEGORIES if one.startswith("user.")), "none", "scan", "unknown"]))
)


def mapped(judgements: set[str]) -> AssetMap:
    fields = tuple(
        Mapped(f"public.t.c{number}", "text", judgement, 0.9) for number, judgement in enumerate(sorted(judgements))
    )
    return AssetMap(
        "shop", "core", "postgres", (MappedTable("public.t", "table", fields),), "postgresql://127.0.0.1/shop"
    )


def texts_of(found: AssetMap, policy: str) -> dict[str, str]:
    lines = "".join(f"      {one.path}: {one.judgement}\n" for one in found.fields)
    asset = (
        f"  shop:\n    zone: core\n    kind: postgres\n    fields:\n{lines}"
        if lines
        else "  shop: {zone: core, kind: postgres}\n"
    )
    return {"ringfence.yaml": policy, "ringfence.map.yaml": f"version: 1\nassets:\n{asset}"}


@given(FOUND)
@settings(max_examples=30)
def test_the_policy_of_any_map_lints(judgements: set[str]) -> None:
    found = mapped(judgements)
    observing = read_located("ringfence.yaml", texts_of(found, database_policy(found, ACCOUNTS)), {})
    assert {one.code for one in lint(observing.policy, observing.positions)} == {"observe"}


@given(FOUND)
@settings(max_examples=30)
def test_the_policy_of_any_map_holds_what_it_asserts_once_it_enforces(judgements: set[str]) -> None:
    found = mapped(judgements)
    text = (
        database_policy(found, ACCOUNTS).replace("mode: observe", "mode: enforce").replace("  # - never", "  - never")
    )
    enforcing = read_located("ringfence.yaml", texts_of(found, text), {})
    assert [one for one in lint(enforcing.policy, enforcing.positions) if one.severity == "error"] == []


@given(FOUND)
@settings(max_examples=30)
def test_what_is_sensitive_is_shown_clear_to_nobody(judgements: set[str]) -> None:
    found = mapped(judgements)
    policy = read_located("ringfence.yaml", texts_of(found, database_policy(found, ACCOUNTS)), {}).policy
    for role in ACCOUNTS:
        resolved = plan(policy, FlowId("staff-reads"), Asker(role=RoleName(role.role), has_reason=True))
        for category, info in CATEGORIES.items():
            if info.sensitivity is Sensitivity.HIGH and category.startswith("user."):
                decision = resolved.decide(category)
                assert decision.form is None or decision.form.kind is not FormKind.CLEAR, category


@pytest.mark.parametrize(
    ("path", "schema"),
    [("public.t", '"public"'), ('"Odd.One".t', '"Odd.One"'), ('"a""b".t', '"a""b"'), ('staff."T.x"', '"staff"')],
)
def test_a_schema_is_quoted_for_the_script(path: str, schema: str) -> None:
    assert schema_of(path) == schema
