"""The table of attacks: each works straight, none at the gate, and each protection switched off lets one through."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from postgres_servers import VERSIONS, as_user
from postgres_support.attacks import (
    Attack,
    Goal,
    Outcome,
    attacks,
    powers,
    powers_taken,
    run,
    setup,
    setup_of_extensions,
)
from postgres_support.gate import EVERYBODY, Gate, shop_gate
from postgres_support.marks import marked
from postgres_support.raw import Wire
from postgres_support.switches import SWITCHES, Switch
from ringfence.demo import postgres_server
from ringfence.demo.postgres_server import Installation, Running, ServerMissing, find_installation, find_installations
from ringfence.demo.postgres_shop import LOGINS, shop

ATTACKS = attacks()
NAME = "attacked"
LEAST = 60  # the least number that the table must hold


class Arena:
    """A database in which every attack works, on a server of its own: what a login may is the whole server's."""

    def __init__(self, server: postgres_server.Server) -> None:
        server.psql("postgres", f"create database {NAME}")
        server.psql(NAME, shop(marked(100)) + setup().encode(), verbosity="terse")
        self.dsn = server.dsn(NAME)
        self._superuser = psycopg.connect(self.dsn, autocommit=True)
        self.brings = set()
        if self.prove("select 1 from pg_available_extensions where name = 'dblink'"):
            server.psql(NAME, setup_of_extensions(server.port, NAME), verbosity="terse")
            self.brings.add("dblink")
        with Wire(self.dsn) as wire:
            if not wire.query("select xmlcomment('x')").code:
                self.brings.add("xml")
        self._table = {(one.kind, one.name): one for one in attacks(server.port, NAME)}

    def close(self) -> None:
        self._superuser.close()

    def prove(self, question: str) -> str:
        """Run SQL as the superuser; give what came of it, "" where nothing did."""
        cursor = self._superuser.execute(question.encode())
        return "\n".join(map(str, cursor.fetchall())) if cursor.description else ""

    def can(self, attack: Attack) -> bool:
        """Whether this server has what an attack needs."""
        return not attack.needs or attack.needs in self.brings

    def straight(self, attack: Attack) -> Outcome:
        """Try without a gate."""
        return self._try(attack, lambda more: Wire(as_user(self.dsn, LOGINS[attack.role]), **more))

    def through(self, gate: Gate, attack: Attack) -> Outcome:
        """Try through a gate."""
        return self._try(attack, lambda more: Wire(gate.dsn(EVERYBODY[attack.role], **more)))

    def _try(self, attack: Attack, connect: Callable[[Mapping[str, str]], Wire]) -> Outcome:
        """Give the login, for the time of an attack, what no gate would start with."""
        self.prove(powers())
        try:
            return run(self._table[attack.kind, attack.name], connect, self.prove)
        finally:
            self.prove(powers_taken())


@contextmanager
def arena_on(installation: Installation, folder: Path) -> Iterator[Arena]:
    with Running(installation, folder / "life", trusting=True) as server, closing(Arena(server)) as arena:
        yield arena


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    if not find_installations():
        pytest.skip("no PostgreSQL is installed here: pip install 'ringfence[dev]'")
    with arena_on(find_installation(), tmp_path_factory.mktemp("arena")) as one:
        yield one


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory, arena: Arena) -> Iterator[Gate]:
    with shop_gate(tmp_path_factory.mktemp("gate"), arena.dsn) as one:
        yield one


def test_the_table_holds_enough_attacks_each_under_a_name_of_its_own() -> None:
    assert len(ATTACKS) >= LEAST
    assert len({(one.kind, one.name) for one in ATTACKS}) == len(ATTACKS)
    assert {one.goal for one in ATTACKS} == set(Goal)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: f"{one.kind}: {one.name}")
def test_an_attack_works_on_a_straight_connection(arena: Arena, attack: Attack) -> None:
    if not arena.can(attack):
        pytest.skip(f"this PostgreSQL was built without {attack.needs}")
    assert arena.straight(attack).succeeded


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: f"{one.kind}: {one.name}")
def test_an_attack_comes_to_nothing_at_the_gate(arena: Arena, gate: Gate, attack: Attack) -> None:
    if not arena.can(attack):
        pytest.skip(f"this PostgreSQL was built without {attack.needs}")
    outcome = arena.through(gate, attack)
    assert not outcome.leaks
    assert not outcome.succeeded, outcome
    assert "XX000" not in outcome.codes, "refused by a rule, not by something that broke"


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("strict", [False, True], ids=["window", "strict"])
@pytest.mark.parametrize("version", VERSIONS)
def test_no_attack_succeeds_on_any_version(tmp_path: Path, version: int, strict: bool) -> None:
    try:
        installation = find_installation(version)
    except ServerMissing as missing:
        pytest.skip(missing.what)
    with arena_on(installation, tmp_path) as arena, shop_gate(tmp_path / "gate", arena.dsn, strict=strict) as gate:
        reached = [attack.name for attack in ATTACKS if arena.can(attack) and arena.through(gate, attack).succeeded]
    assert not reached


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda one: one.name)
def test_a_protection_that_is_switched_off_lets_an_attack_through(tmp_path: Path, arena: Arena, switch: Switch) -> None:
    named = [one for one in ATTACKS if one.name in switch.lets_through and arena.can(one)]
    assert named, "the switch names attacks of the table"
    named.sort(key=lambda one: len(one.statements))  # one is enough: the shortest first
    with shop_gate(tmp_path / "gate", arena.dsn, switched_off=switch.name) as gate:
        assert any(arena.through(gate, attack).succeeded for attack in named)
