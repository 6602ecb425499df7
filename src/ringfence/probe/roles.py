"""Whom the probe asks as: for each role a login at the gate, and what the policy lets it see.

The rule: what may be seen is asked of the policy's own `plan`, never decided here. A role that cannot be asked as stays in the
matrix, with the reason.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ringfence.access import AccessFault, asked_of
from ringfence.gates.postgres.upstream_address import secret_of
from ringfence.policy import (
    Asker,
    Asset,
    FieldUse,
    Flow,
    Gate,
    Mode,
    Plan,
    Policy,
    PurposeName,
    RoleName,
    Shape,
    Use,
    ZoneName,
    flows_between,
    flows_into,
    plan,
)
from ringfence.policy.model import UNKNOWN, Login
from ringfence.taxonomy import CATEGORIES

REASON = "probe"


@dataclass(frozen=True, slots=True)
class Site:
    """What is attacked: a gate, where it listens, and the store behind it."""

    policy: Policy
    gate: Gate
    asset: Asset
    host: str
    port: int
    database: str


@dataclass(frozen=True, slots=True)
class Known:
    """A role that can be asked as."""

    role: RoleName
    address: str = field(repr=False)
    plan: Plan
    inward: Plan | None  # None: nothing personal may go in
    policy: Policy = field(repr=False)
    flow: Flow

    @property
    def hidden(self) -> frozenset[str]:
        """The categories, and `unknown`, whose values the role must not see."""
        found = {category for category in CATEGORIES if not self.plan.decide(category).form.passes_clear}
        unknown = self.plan.unknown
        if not isinstance(unknown, str) and not unknown.form.passes_clear:
            found.add(UNKNOWN)
        return frozenset(found)

    def may(self, use: Use, path: str) -> bool:
        """Whether a field may be compared."""
        shape = Shape((FieldUse(path, use),))
        return plan(self.policy, self.flow.id, self.plan.asker, shape).refused is None

    def may_give(self, category: str) -> bool:
        """Whether values of a category may go in."""
        return self.inward is not None and self.inward.decide(category).form.passes_clear


@dataclass(frozen=True, slots=True)
class Unasked:
    """A role that cannot be asked as, and why."""

    role: RoleName
    why: str


def roles_of(site: Site, environment: Mapping[str, str], folder: Path) -> list[Known | Unasked]:
    """Give every role that the gate has a login for. Raises nothing: what is wrong with one is said of that one."""
    return [_role(site, role, environment, folder) for role in site.gate.logins]


def _role(site: Site, role: RoleName, environment: Mapping[str, str], folder: Path) -> Known | Unasked:
    where = site.policy.probe.users.get(role)
    if where is None:
        return Unasked(role, f"no login for it: say in the policy `probe: {{users: {{{role}: env:NAME}}}}`")
    try:
        given = read_secret(where, environment, folder)
        parts = _parts(given, site)
    except AccessFault as fault:
        return Unasked(role, f"{fault.what}; {fault.mend}")
    except (psycopg.Error, ValueError):
        return Unasked(role, "its login is neither user:password nor an address")
    options = _options(str(parts.get("options") or ""))
    principals = {each.name: each for each in asked_of(site.policy, site.gate)}
    source = options.get("ringfence.principals", "")
    found = principals.get(source) or next((one for one in principals.values() if one.kind == "scram"), None)
    found = found or next(iter(principals.values()), None)
    if found is None:
        return Unasked(role, "the policy names nobody who may ask: `principals`")
    return _asking(site, role, parts, options, found.zone)


def _asking(
    site: Site, role: RoleName, parts: dict[str, object], options: dict[str, str], zone: ZoneName
) -> Known | Unasked:
    policy, gate, asset = site.policy, site.gate, site.asset
    stated = options.get("ringfence.purpose")
    purpose = PurposeName(stated) if stated else None
    flow = flows_between(policy, gate.name, asset.name, zone, purpose)
    if flow is None:
        return Unasked(role, f"no flow leads from {asset.name} to {zone}, where its login stands")
    if purpose is None:
        needs, may_state = "purpose" in policy.roles[role].needs, policy.roles[role].purposes
        stated_by_it = [each for each in policy.purposes if may_state is None or each in may_state]
        asked_for = [each for each in flow.purposes if each in stated_by_it] or flow.purposes
        purpose = next(iter(asked_for or (stated_by_it if needs else ())), None)
    if flow.mode is Mode.OBSERVE:
        return Unasked(role, f"flow {flow.id} observes: it lets everything pass, and protects nothing")
    asker = Asker(role, purpose, has_reason=True)
    made = plan(policy, flow.id, asker)
    if made.refused is not None:
        return Unasked(role, f"flow {flow.id} refuses it: {made.refused.mend}")
    inward = flows_into(policy, gate.name, zone, asset.name, purpose)
    options.setdefault("ringfence.role", role)
    if "reason" in policy.roles[role].needs:
        options.setdefault("ringfence.reason", REASON)
    if purpose is not None:
        options.setdefault("ringfence.purpose", purpose)
    parts["options"] = " ".join(f"-c {name}={_escaped(value)}" for name, value in options.items())
    address = make_conninfo("", **{name: str(value) for name, value in parts.items() if value is not None})
    return Known(role, address, made, plan(policy, inward.id, asker) if inward else None, policy, flow)


def read_secret(where: str, environment: Mapping[str, str], folder: Path) -> str:
    """Read what stands at ``env:NAME`` or ``file:PATH``. Raises `AccessFault`."""
    return secret_of(Login("", where), environment, folder) or ""


def _parts(given: str, site: Site) -> dict[str, object]:
    """Take a login apart: an address as it is, with what it leaves out; else user and password at the gate."""
    here: dict[str, object] = {"host": site.host, "port": site.port, "dbname": site.database}
    if "://" in given or "=" in given.partition(":")[0]:
        return {**here, **conninfo_to_dict(given)}
    user, colon, password = given.partition(":")
    if not colon:
        raise ValueError
    return {**here, "user": user, "password": password}


def _options(text: str) -> dict[str, str]:
    """Read the settings of a start-up's options, written ``-c name=value``."""
    words = [word.removeprefix("-c").removeprefix("--") for word in shlex.split(text) if word != "-c"]
    return dict(word.split("=", 1) for word in words if "=" in word)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")
