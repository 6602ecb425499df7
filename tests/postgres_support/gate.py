"""A gate that runs in front of a test's own database: `ringfence up` as a user runs it, in a folder of its own.

The rule: nothing in it is replaced. What a test needs to be otherwise (a protection switched off) is said in the environment, and
done by `sitecustomize.py` in `switched_off` beside this file, in the gate's own processes.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from command_line import call
from postgres_servers import as_user
from ringfence.demo.place import Place
from ringfence.demo.postgres_gate import OpenGate, User, gate_up, write_users
from ringfence.demo.running import stop_writer
from ringfence.ledger import Entry, Reader

SUPPORT = User("sam", "a password for sam", "support")
PRIVACY = User("pia", "a password for pia", "privacy")
ANALYST = User("ann", "a password for ann", "analyst", "analysts")
EVERYBODY = {"support": SUPPORT, "privacy": PRIVACY, "analyst": ANALYST}
SWITCHES = Path(__file__).parent / "switched_off"


@dataclass(frozen=True)
class Gate:
    """A running gate: addresses for its users, and its ledger."""

    open: OpenGate
    database: str
    place: Place

    def dsn(self, user: User = SUPPORT, **parameters: str) -> str:
        """Give the database's address through the gate. `parameters` are start-up parameters."""
        return self.open.dsn(user, self.database, **parameters)

    def entries(self) -> list[Entry]:
        """Give the ledger's entries."""
        with Reader(self.place.ledger) as reader:
            return list(reader.since(0))


@contextmanager
def gate_on(
    folder: Path,
    dsn: str,
    policy: str,
    users: Mapping[str, Sequence[User]],
    *,
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Gate]:
    """Run a gate in front of a database. `policy` takes `${SHOP_DSN:-}`; `users` are by the name of their file."""
    folder.mkdir(exist_ok=True)
    place = Place(folder)
    place.policy.write_text(policy, encoding="utf-8")
    made = call(["init"], folder, os.environ)
    assert made.returncode == 0, made.stderr.decode()
    for name, some in users.items():
        write_users(folder / name, some)
    upstream = as_user(dsn, "")
    surroundings = {
        "SHOP_DSN": upstream.replace("//@", "//"),
        "SHOP_PASSWORD": "none",
        "SHOP_LISTEN": "127.0.0.1:0",
        **(environment or {}),
    }
    try:
        with gate_up(place.policy, surroundings, *options) as gate:
            yield Gate(gate, urlsplit(dsn).path[1:], place)
    finally:
        stop_writer(place)


@contextmanager
def shop_gate(
    folder: Path, dsn: str, *, policy: str | None = None, switched_off: str = "", strict: bool = False
) -> Iterator[Gate]:
    """Run the shop's gate, with its own policy. `switched_off` names protections that are not to hold, comma between them."""
    text = policy if policy is not None else shop_policy()
    if strict:
        text = text.replace("    upstream: shop-db\n", "    upstream: shop-db\n    origins: strict\n")
    environment = {}
    if switched_off:
        path = [str(SWITCHES), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {"RINGFENCE_TEST_SWITCHED_OFF": switched_off, "PYTHONPATH": os.pathsep.join(path)}
    users = {"staff.scram": [SUPPORT, PRIVACY], "analysts.scram": [ANALYST]}
    with gate_on(folder, dsn, text, users, environment=environment) as gate:
        yield gate


def shop_policy() -> str:
    """Give the demo's policy for the shop."""
    return files("ringfence.demo").joinpath("shop.yaml").read_text(encoding="utf-8")


ALL_CLEAR = """
version: 1
zones: {core: {label: high sensitivity}, staff: {label: internal processing}}
assets: {shop-db: {zone: core, kind: postgres, at: "${SHOP_DSN:-}", functions: {public.contact_line: none}}}
roles: {support: {group: support}}
principals: {staff: {scram: "file:staff.scram", zone: staff}}
gates:
  pg:
    kind: postgres
    listen: "127.0.0.1:0"
    upstream: shop-db
    logins: {support: {user: LOGIN, secret: "env:SHOP_PASSWORD"}}
    allow: [ALLOWED]
flows:
  - {id: reads, from: shop-db, to: staff, via: {gate: pg}, carry: {"*": clear}, else: clear, unknown: clear}
  - {id: writes, from: staff, to: shop-db, via: {gate: pg}, carry: {"*": clear}, else: clear, unknown: clear}
"""


def all_clear(login: str, allowed: Sequence[str] = ()) -> str:
    """Give a policy under which everything may cross, for one login upstream."""
    spelt = ", ".join(f'"{one}"' for one in allowed)
    return ALL_CLEAR.replace("LOGIN", login).replace("ALLOWED", spelt)
