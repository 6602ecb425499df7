"""The script that makes a database's logins for the gate: one for each role, with the least rights.

The rule: no password stands in it, only what PostgreSQL keeps of one (a SCRAM verifier), so it may be read, mailed and run by an
administrator, and the server's log never sees a password. The passwords themselves are files of their owner alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ringfence.access.scram import generate_password, make_verifier
from ringfence.atlas import AssetMap
from ringfence.cli._database_policy import Account

LOGINS_FILE = "ringfence.logins.sql"


def password_of(file: Path) -> str:
    """Give the password in a file, which is made where it is not there."""
    from ringfence.cli._files import write_private

    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(file, generate_password() + "\n")
    return file.read_text(encoding="utf-8").strip()


def logins_script(database: str, found: AssetMap, accounts: Sequence[Account], passwords: Sequence[str]) -> str:
    """Write the script, for psql or whatever runs SQL; it may be run again."""
    schemas = list(dict.fromkeys(schema_of(table.path) for table in found.tables))
    return "\n".join(_lines(database, schemas, accounts, passwords))


def _lines(
    database: str, schemas: Sequence[str], accounts: Sequence[Account], passwords: Sequence[str]
) -> Iterator[str]:
    yield "-- Logins for ringfence's gate: one for each role of the policy, with the least rights. Run it as an administrator:"
    yield f"--   psql ADMINISTRATORS_DSN -f {LOGINS_FILE}"
    folder = accounts[0].secret.rpartition("/")[0]
    yield f"-- It holds no password: what follows `password` is a SCRAM verifier. The passwords are in {folder}."
    yield r"\set ON_ERROR_STOP on"
    yield "begin;"
    for account, password in zip(accounts, passwords, strict=True):
        user, verifier = quoted(account.user), make_verifier(password).spelt()
        rights = "select, insert, update, delete" if account.writes else "select"
        yield ""
        yield f"-- {account.role}: " + ("reads and writes" if account.writes else "reads")
        yield "do $$ begin"
        yield f"    if not exists (select from pg_catalog.pg_roles where rolname = {text(account.user)}) then"
        yield f"        create role {user} login nosuperuser nocreatedb nocreaterole noreplication;"
        yield "    end if;"
        yield "end $$;"
        yield f"alter role {user} password '{verifier}';"
        yield f"grant connect on database {quoted(database)} to {user};"
        for schema in schemas:
            yield f"grant usage on schema {schema} to {user};"
            yield f"grant {rights} on all tables in schema {schema} to {user};"
            if account.writes:
                yield f"grant usage on all sequences in schema {schema} to {user};"
        yield "-- The gate asks PostgreSQL how it understood a statement, and PostgreSQL would log its answer, literals included."
        yield f"do $$ begin alter role {user} set log_min_messages = fatal; exception when insufficient_privilege then"
        yield "    raise notice 'only a superuser may keep query trees out of the server''s log: see what the gate says'; end $$;"
    yield ""
    yield "commit;"
    yield ""


def schema_of(path: str) -> str:
    """Give the schema of a table's path, quoted for SQL.

    >>> schema_of("public.customer"), schema_of('"Odd.Schema".customer')
    ('"public"', '"Odd.Schema"')
    """
    if not path.startswith('"'):
        return quoted(path.partition(".")[0])
    at = 1
    while path[at] != '"' or path[at + 1 : at + 2] == '"':
        at += 2 if path[at] == '"' else 1
    return path[: at + 1]


def quoted(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Quote a text for SQL."""
    return "'" + value.replace("'", "''") + "'"


def account_names(asset: str, roles: Iterable[str]) -> dict[str, str]:
    """Name the login of each role: `shop_support`, in characters that need no quoting in a policy."""
    plain = "".join(character if character.isalnum() else "_" for character in asset.lower())[:40]
    return {role: f"{plain}_{role}" for role in roles}
