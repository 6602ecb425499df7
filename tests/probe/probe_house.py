"""What the tests of the probe attack: the demo's shop behind a gate that runs, and a policy that names logins and a reference."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from postgres_servers import Server, as_user
from postgres_support.gate import ANALYST, PRIVACY, SUPPORT, Gate, shop_gate, shop_policy
from ringfence.policy import Policy, read
from ringfence.probe import Chosen, Matrix, Run, probe
from ringfence.probe.manifest import Planted
from ringfence.probe.roles import Site

EVERYTHING = Chosen()
SECRET = b"a secret of thirty-two bytes or so"
SECTION = """
probe:
  users: {support: "env:PROBE_SUPPORT", analyst: "env:PROBE_ANALYST", privacy: "env:PROBE_PRIVACY"}
  reference: "env:PROBE_REFERENCE"
  rate: 10000
"""
READER = """
do $$ begin if not exists (select from pg_roles where rolname = 'shop_reader') then create role shop_reader login; end if; end $$;
grant usage on schema public, staff to shop_reader;
grant select on all tables in schema public, staff to shop_reader;
"""


@dataclass
class House:
    """A gate, and what the probe is told of it."""

    gate: Gate
    dsn: str  # straight, as the superuser
    policy: Policy
    environment: dict[str, str]
    folder: Path
    recorded: list[Mapping[str, Any]] = field(default_factory=list)
    planted: Sequence[Planted] = ()

    @property
    def site(self) -> Site:
        """What is attacked."""
        policy = self.policy
        return Site(
            policy,
            policy.gates["pg"],
            policy.assets["shop-db"],
            self.gate.open.host,
            self.gate.open.port,
            self.gate.database,
        )

    def probe(self, chosen: Chosen = EVERYTHING, **changes: Any) -> Matrix:
        """Run the probe. `changes` are of the policy's section."""
        site = replace(self.site, policy=replace(self.policy, probe=replace(self.policy.probe, **changes)))
        run = Run(site, self.environment, self.folder, SECRET, self.planted, "local:test", self.recorded.append, chosen)
        return probe(run)


@contextmanager
def attacked(
    folder: Path, dsn: str, section: str = SECTION, *, policy: str = "", switched_off: str = ""
) -> Iterator[House]:
    """Run the gate of a shop, and give what the probe is told."""
    text = (policy or shop_policy()) + section
    with shop_gate(folder, dsn, policy=text, switched_off=switched_off) as gate:
        environment = {
            "PROBE_SUPPORT": f"{SUPPORT.name}:{SUPPORT.password}",
            "PROBE_PRIVACY": f"{PRIVACY.name}:{PRIVACY.password}",
            "PROBE_ANALYST": gate.dsn(ANALYST),
            "PROBE_REFERENCE": as_user(dsn, "shop_reader"),
        }
        variables = {
            "SHOP_DSN": as_user(dsn, "").replace("//@", "//"),
            "SHOP_PASSWORD": "none",
            "SHOP_LISTEN": "127.0.0.1:0",
        }
        yield House(gate, dsn, read("ringfence.yaml", {"ringfence.yaml": text}, variables), environment, folder)


def shop_with_reader(server: Server, people: int = 60, more: str = "") -> str:
    """Make the demo's shop, with a login that reads, and nothing else."""
    from ringfence.demo.postgres_shop import shop

    return server.database("probed", shop(people) + (READER + more).encode())


def leaking(matrix: Matrix) -> Sequence[str]:
    """Say what leaks, for a test that fails."""
    return [f"{cell.role} {cell.category} {cell.attack}: {cell.why} {cell.leaked} {cell.ways}" for cell in matrix.leaks]
