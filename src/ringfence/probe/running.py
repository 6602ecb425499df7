"""One run of the probe: every role, every category, every attack, against a gate that runs.

The rule: from outside, through the address that clients use; straight only by the reference that the policy names, which
reads a few rows and tries each attack where no gate stands. The run is in the ledger before its first statement, and its
result after its last.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ringfence.crossing import Body
from ringfence.detect.detector import detector_for
from ringfence.policy import RoleName
from ringfence.probe.asking import Budget, BudgetSpent, CannotBegin, CannotConnect, Client
from ringfence.probe.attacks import Attack, Filling, Goal, attacks
from ringfence.probe.catalogue import Unreadable, read_columns, read_readable
from ringfence.probe.decoding import DEPTH
from ringfence.probe.entries import began_entry, ended_entry
from ringfence.probe.manifest import Planted
from ringfence.probe.matrix import Against, Cell, Matrix, Verdict
from ringfence.probe.recognising import Recogniser, hidden_among
from ringfence.probe.roles import Known, Site, Unasked, read_secret, roles_of
from ringfence.probe.targets import WHOLE, Target, representatives, targets, values_by_category
from ringfence.probe.trying import Trying
from ringfence.stamps import stamp

READ_ONLY = {"options": "-c default_transaction_read_only=on -c statement_timeout=20s -c lock_timeout=2s"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What of all that there is to be tried; empty: everything."""

    roles: Sequence[str] = ()
    categories: Sequence[str] = ()
    routes: Sequence[str] = ()
    every_field: bool = False  # not one field of each category, but all

    def attacks(self) -> list[Attack]:
        """The attacks."""
        return [one for one in attacks() if not self.routes or one.route in self.routes]


@dataclass(frozen=True)
class Run:
    """What a run is given."""

    site: Site
    environment: Mapping[str, str] = field(repr=False)
    folder: Path  # of the policy: where secrets are files
    secret: bytes = field(repr=False)
    planted: Sequence[Planted]  # what of synthetic people stands in the database
    principal: str
    record: Callable[[Body], None]
    chosen: Chosen = Chosen()
    progress: Callable[[int, int], None] = lambda done, all_of_them: None  # noqa: ARG005 (nobody looks)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class NothingToAsk(Exception):
    """No role can be asked as, or nothing is there to ask about."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n  {mend}")


def probe(run: Run) -> Matrix:
    """Attack a gate; give the matrix. Raises `NothingToAsk`, `AccessFault`, `CannotConnect` and `Unreadable`."""
    policy, site, began = run.site.policy, run.site, run.clock()
    number = secrets.token_hex(8)
    roles = [
        one
        for one in roles_of(site, run.environment, run.folder)
        if not run.chosen.roles or one.role in run.chosen.roles
    ]
    known = [role for role in roles if isinstance(role, Known)]
    if not known:
        why = next((role.why for role in roles if isinstance(role, Unasked)), "the gate has no logins")
        raise NothingToAsk("no role can be asked as", why)
    chosen = run.chosen.attacks()
    run.record(
        began_entry(number, began, run.principal, policy.hash, site.gate.name, [one.role for one in known], len(chosen))
    )
    budget = Budget(policy.probe.budget, policy.probe.rate)
    with ExitStack() as stack:
        clients: dict[str, Client] = {role.role: stack.enter_context(Client(role.address, budget)) for role in known}
        reference = _reference(run, stack, budget)
        found, unreached = _targets(run, reference, clients)
        tried: dict[str, Sequence[Target]] = {role.role: _tried_as(run, role.role, found, reference) for role in roles}
        trying = Trying(reference, policy.probe.write, site.gate.allow, run.secret)
        cells = list(_cells(run, roles, clients, unreached, trying, chosen, tried, found))
    against = Against(
        site.gate.name,
        site.asset.name,
        sorted({role.flow.id for role in known}),
        policy.hash,
        len({cell.field for cell in cells if cell.field}),
        sum(len(values) for values in values_by_category(found).values()),
        _learnt(run, reference),
        len(chosen),
        len({one.route for one in chosen}),
        DEPTH + 1,
        policy.probe.write,
        {role.role: role.flow.id for role in known},
    )
    ended = run.clock()
    matrix = Matrix(number, stamp(began), stamp(ended), against, cells, budget.made)
    run.record(ended_entry(matrix, ended, run.principal))
    return matrix


def _reference(run: Run, stack: ExitStack, budget: Budget) -> Client | None:
    probing = run.site.policy.probe
    where = probing.reference or (probing.writer if run.planted else "")
    if not where:
        return None
    address = read_secret(where, run.environment, run.folder)
    client = stack.enter_context(Client(address, budget, READ_ONLY))
    client.connect()
    return client


def _learnt(run: Run, reference: Client | None) -> str:
    if reference is None:
        return "none: no reference was given"
    people = len({row.person for row in run.planted})
    return (
        f"{people} synthetic people that were planted, and what the reference read"
        if people
        else "read by the reference"
    )


def _targets(
    run: Run, reference: Client | None, clients: Mapping[str, Client]
) -> tuple[list[Target], Mapping[str, str]]:
    """Give what there is to attack, and the roles whose connection fails, with why."""
    unreached: dict[str, str] = {}
    for role, client in clients.items():
        try:
            client.connect()
        except CannotConnect as error:
            unreached[role] = f"its login gets no connection ({error.code or 'no answer'})"
    reader = reference or next((client for role, client in clients.items() if role not in unreached), None)
    if reader is None:
        raise NothingToAsk("no role gets a connection", next(iter(unreached.values())))
    detector = detector_for(run.site.policy.detect)
    columns = read_columns(reader)
    planted: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in run.planted:
        planted.setdefault((row.schema, row.table), []).append(dict(row.key))
    found = targets(columns, run.site.asset, detector, reader, with_values=reference is not None, planted=planted)
    wanted = run.chosen.categories
    found = [one for one in found if not wanted or one.category in wanted]
    if not found:
        raise NothingToAsk(
            "the database has no field that the policy judges personal, free text or unknown",
            "declare its fields in the asset: `ringfence probe` attacks what the policy hides",
        )
    return found, unreached


def _cells(
    run: Run,
    roles: Sequence[Known | Unasked],
    clients: Mapping[str, Client],
    unreached: Mapping[str, str],
    trying: Trying,
    chosen: Sequence[Attack],
    tried: Mapping[str, Sequence[Target]],
    found: Sequence[Target],
) -> Iterator[Cell]:
    values = values_by_category(found)
    pairs = {role: list(_pairs(chosen, some)) for role, some in tried.items()}
    done, all_of_them = 0, sum(map(len, pairs.values()))
    for role in roles:
        why = role.why if isinstance(role, Unasked) else unreached.get(role.role, "")
        seeker = Recogniser(hidden_among(values, role.hidden)) if isinstance(role, Known) else None
        for attack, target in pairs[role.role]:
            done += 1
            run.progress(done, all_of_them)
            if seeker is None or why or isinstance(role, Unasked):
                yield _not_runnable(role.role, attack, target, why)
                continue
            try:
                yield trying.attempt(role, clients[role.role], seeker, attack, target)
            except CannotBegin as error:
                yield _not_runnable(role.role, attack, target, f"no transaction could be begun ({error.code})")
            except BudgetSpent:
                why = f"the budget of {run.site.policy.probe.budget} statements was spent"
            except CannotConnect as error:
                why = f"its connection was lost, and it gets no other ({error.code or 'no answer'})"
            if why:
                yield _not_runnable(role.role, attack, target, why)


def _tried_as(run: Run, role: RoleName, found: Sequence[Target], reference: Client | None) -> Sequence[Target]:
    """Give what is tried as a role: of each category a field that its login may read, or every field."""
    if run.chosen.every_field:
        return found
    login = run.site.gate.logins[role].user
    return representatives(found, read_readable(reference, login) if reference is not None else None)


def _pairs(chosen: Sequence[Attack], tried: Sequence[Target]) -> Iterator[tuple[Attack, Target]]:
    yield from ((attack, target) for target in tried for attack in chosen if attack.goal is not Goal.RUNS)
    yield from ((attack, _WAY_ROUND) for attack in chosen if attack.goal is Goal.RUNS)


_WAY_ROUND = Target(WHOLE, "", Filling("", "", "", ""), is_text=False)


def _not_runnable(role: str, attack: Attack, target: Target, why: str) -> Cell:
    return Cell(role, target.category, attack.route, attack.id, Verdict.NOT_RUNNABLE, why, target.path)


__all__ = ["Chosen", "NothingToAsk", "Run", "Unreadable", "probe"]
