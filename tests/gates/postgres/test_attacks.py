"""The table of attacks: each works straight, none at the gate, and each protection switched off lets one through."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from postgres_servers import Server, Servers, as_user
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
from ringfence.demo.postgres_shop import LOGINS, shop

ATTACKS = attacks()
LEAST = 60  # the least number that the table must hold


class Arena:
    """A database in which every attack works, and the ways to try one there."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.dsn = server.database("attacked", shop(marked(100)) + setup().encode())
        self.name = urlsplit(self.dsn).path[1:]
        self.brings = {"dblink"} if self._has("select 1 from pg_available_extensions where name = 'dblink'") else set()
        if self.brings:
            server.psql(self.name, setup_of_extensions(server.port, self.name), verbosity="terse")
        if self._xml():
            self.brings.add("xml")
        self._table = {(one.kind, one.name): one for one in attacks(server.port, self.name)}

    def _has(self, question: str) -> bool:
        return bool(self.server.psql(self.name, question).strip())

    def _xml(self) -> bool:
        with Wire(self.dsn) as wire:
            return not wire.query("select xmlcomment('x')").code

    def can(self, attack: Attack) -> bool:
        """Whether this server has what an attack needs."""
        return not attack.needs or attack.needs in self.brings

    def prove(self, question: str) -> str:
        """Run SQL as the superuser."""
        return self.server.psql(self.name, question)

    def straight(self, attack: Attack) -> Outcome:
        """Try without a gate."""
        with self.with_powers():
            return run(
                self._here(attack), lambda more: Wire(as_user(self.dsn, LOGINS[attack.role]), **more), self.prove
            )

    def through(self, gate: Gate, attack: Attack) -> Outcome:
        """Try through a gate."""
        return run(self._here(attack), connect(gate, attack), self.prove)

    @contextmanager
    def gate(self, folder: Path, *, switched_off: str = "", strict: bool = False) -> Iterator[Gate]:
        """Run a gate; give its login powers when it runs."""
        with shop_gate(folder, self.dsn, switched_off=switched_off, strict=strict) as gate, self.with_powers():
            yield gate

    @contextmanager
    def with_powers(self) -> Iterator[None]:
        """Give the login what no gate would start with, for a while."""
        self.prove(powers())
        try:
            yield
        finally:
            self.prove(powers_taken())

    def _here(self, attack: Attack) -> Attack:
        """Give the attack with this server's own address in it."""
        return self._table[attack.kind, attack.name]


def connect(gate: Gate, attack: Attack) -> Callable[[Mapping[str, str]], Wire]:
    return lambda more: Wire(gate.dsn(EVERYBODY[attack.role]), **more)


@pytest.fixture(scope="module")
def arena(servers: Servers) -> Arena:
    return Arena(servers.preferred)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory, arena: Arena) -> Iterator[Gate]:
    with arena.gate(tmp_path_factory.mktemp("gate")) as one:
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
def test_no_attack_succeeds_on_any_version(tmp_path: Path, server: Server, strict: bool) -> None:
    arena = Arena(server)
    with arena.gate(tmp_path / "gate", strict=strict) as gate:
        reached = [attack.name for attack in ATTACKS if arena.can(attack) and arena.through(gate, attack).succeeded]
    assert not reached


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda one: one.name)
def test_a_protection_that_is_switched_off_lets_an_attack_through(tmp_path: Path, arena: Arena, switch: Switch) -> None:
    named = [one for one in ATTACKS if one.name in switch.lets_through and arena.can(one)]
    assert named, "the switch names attacks of the table"
    with arena.gate(tmp_path / "gate", switched_off=switch.name) as gate:
        assert any(arena.through(gate, attack).succeeded for attack in named)
