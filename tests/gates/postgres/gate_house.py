"""A gate in this process, over a real server: what the tests of the gate connect to.

It runs on a loop of its own in a thread, so that drivers that block can be let loose on it. Entries are kept where a ledger would
write them; `Entries.failing` is a ledger that cannot be written, `Entries.holding` one that takes its time.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ringfence.access import open_identities
from ringfence.access.scram import make_verifier
from ringfence.crossing import Body
from ringfence.gates.carrying import Unrecorded, now
from ringfence.gates.postgres.rim import PostgresGate
from ringfence.gates.postgres.shared import World
from ringfence.policy import Policy, read
from ringfence.transform import KeyHandle, Keyring

SCHEMA = """
create table person (id int primary key, name text, email text, note text, born date, doc jsonb, born_at int8);
insert into person values
 (1, 'Ada Example', 'ada@example.com', 'call +49 30 901820 please', '1980-05-17', '{"mail": "ada@example.net", "n": 1}', 7),
 (2, 'Bob Example', 'bob@example.org', 'nothing here', '1991-01-02', '{"n": 2}', 8),
 (3, 'Cyd Example', null, null, null, null, null);
create table item (id int primary key, label text, price numeric);
insert into item select n, 'item ' || n, n * 1.5 from generate_series(1, 500) n;
create view people as select id, email as contact from person;
create table secret (id int, word text);
insert into secret values (1, 'never shown');
do $$ begin if not exists (select from pg_roles where rolname = 'client') then create role client login; end if; end $$;
do $$ begin if not exists (select from pg_roles where rolname = 'auditor') then create role auditor login; end if; end $$;
grant usage, create on schema public to client, auditor;
grant select, insert, update, delete on all tables in schema public to client, auditor;
alter role client set log_min_messages = fatal;
alter role auditor set log_min_messages = fatal;
"""

POLICY = """
version: 1
zones: {{core: {{label: high sensitivity}}, staff: {{label: internal}}}}
assets:
  db:
    zone: core
    kind: postgres
    at: "{at}"
    fields:
      public.person.id: none
      public.person.name: user.name
      public.person.email: user.contact.email
      public.person.note: scan
      public.person.born: user.demographic.date_of_birth
      public.person.born_at: user.demographic.date_of_birth
      public.person.doc: scan
      public.person.doc.mail: user.contact.email
      public.item: none
      public.typed: scan
      public.typed.id: none
      public.typed.moods: none
keys: {{k: {{zones: [core]}}}}
forms: {{tok: {{transform: token, key: k, joinable: [staff]}}}}
roles: {{clerk: {{group: clerks}}, audit: {{group: auditors, needs: [reason]}}, tokens: {{group: tokens}}}}
purposes: {{care: {{basis: contract}}}}
principals: {{users: {{scram: "file:users.scram", zone: staff}}}}
gates:
  pg: {{kind: postgres, listen: "127.0.0.1:0", upstream: db, origins: {origins},
        logins: {{clerk: {{user: client}}, audit: {{user: auditor}}, tokens: {{user: client}}}} {more}}}
flows:
  - id: reads
    from: db
    to: staff
    via: {{gate: pg}}
    mode: {mode}
    carry:
      user.name: clear
      user.contact.email: [{{role: audit, form: clear}}, {{role: tokens, form: tok}}, {{form: mask}}]
    predicates: {{{predicates}}}
    else: redact
  - id: writes
    from: staff
    to: db
    via: {{gate: pg}}
    carry: {{user.name: clear, user.contact.email: clear}}
    else: deny
    restore: true
{detect}"""

KEEPING = ", allow: ['statement:keep-hidden']"
"""For `more`: temporary tables may hold what is not shown clear."""

USERS = {"ana": "clerks", "eve": "auditors", "tom": "tokens"}
PASSWORD = "a long enough word"


@dataclass
class Entries:
    """Where entries go. Each has its receipt once it stands in `bodies`."""

    bodies: list[Body] = field(default_factory=list)
    failing: bool = False
    holding: bool = False

    async def record(self, body: Body) -> str:
        while self.holding:  # noqa: ASYNC110 (set from another thread)
            await asyncio.sleep(0.005)
        if self.failing:
            raise Unrecorded("timeout")
        self.bodies.append(body)
        return f"test:{len(self.bodies)}"

    def kinds(self) -> list[str]:
        return [str(body["kind"]) for body in self.bodies]


@dataclass
class House:
    """A gate that takes connections."""

    port: int
    database: str
    entries: Entries
    told: list[str]
    gate: PostgresGate
    policy: Policy
    loop: asyncio.AbstractEventLoop

    def dsn(self, user: str = "ana", **parameters: str) -> str:
        more = "".join(f" {name}='{value}'" for name, value in parameters.items())
        return f"host=127.0.0.1 port={self.port} user={user} password='{PASSWORD}' dbname={self.database}{more}"

    def run(self, work: Any) -> Any:
        """Run something on the gate's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)


def read_policy(at: str, **changes: str) -> Policy:
    given = {"origins": "window", "more": "", "mode": "enforce", "predicates": "", "detect": "", **changes}
    return read("ringfence.yaml", {"ringfence.yaml": POLICY.format(at=at, **given)}, {})


@contextmanager
def house(dsn: str, folder: Path, **changes: str) -> Iterator[House]:
    """Run a gate before the database of a superuser's `dsn`."""
    file = folder / "users.scram"
    verifier = make_verifier(PASSWORD).spelt()
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}:{verifier}:{group}\n" for name, group in USERS.items()), encoding="utf-8")
    at = _without_user(dsn)
    policy = read_policy(at, **changes)
    entries, told = Entries(), []
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    loop = asyncio.new_event_loop()
    keys = Keyring([KeyHandle("k", 1, bytes(range(32)))])
    gate = PostgresGate(
        World(
            policy,
            policy.gates["pg"],
            keys,
            entries,
            now,
            told.append,
            open_identities(policy, policy.gates["pg"], folder, lambda fault: told.append(str(fault))),
            folder,
        )
    )
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    try:
        run(gate.start([listening]))
        run(gate.open())
        yield House(listening.getsockname()[1], at.rpartition("/")[2], entries, told, gate, policy, loop)
    finally:
        run(gate.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        listening.close()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _without_user(dsn: str) -> str:
    scheme, _, rest = dsn.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
