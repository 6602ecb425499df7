"""What a run writes to the ledger: that it began, and what came of it.

The rule: categories, roles, routes and counts, never a value. A run whose beginning stands there without a result was broken
off.
"""

from collections.abc import Sequence
from datetime import datetime

from ringfence.crossing import Body
from ringfence.crossing.entries import VERSION
from ringfence.probe.matrix import Matrix, Verdict
from ringfence.stamps import stamp

MOST_LISTED = 200  # leaks in one entry; the rest are counted


def began_entry(
    run: str, at: datetime, principal: str, policy: str, gate: str, roles: Sequence[str], attacks: int
) -> Body:
    """Make the entry of a run's beginning."""
    return {
        "v": VERSION,
        "id": f"probe.{run}.began",
        "kind": "probe",
        "at": stamp(at),
        "principal": principal,
        "run": run,
        "stage": "began",
        "policy": policy,
        "gate": gate,
        "roles": list(roles),
        "attacks": attacks,
    }


def ended_entry(matrix: Matrix, at: datetime, principal: str) -> Body:
    """Make the entry of a run's result."""
    counts = {verdict.value: number for verdict, number in matrix.counts().items()}
    leaks = [
        {
            "role": cell.role,
            "category": cell.category,
            "route": cell.route,
            "attack": cell.attack,
            "read": list(cell.leaked),
        }
        for cell in matrix.leaks
    ]
    return {
        "v": VERSION,
        "id": f"probe.{matrix.run}.ended",
        "kind": "probe",
        "at": stamp(at),
        "principal": principal,
        "run": matrix.run,
        "stage": "ended",
        "policy": matrix.against.policy,
        "gate": matrix.against.gate,
        "flows": list(matrix.against.flows),
        "attacks": matrix.against.attacks,
        "statements": matrix.statements,
        "outcome": "leaked" if matrix.leaks else "held",
        "counts": counts,
        "leaks": leaks[:MOST_LISTED],
        "leaks_not_listed": max(0, counts[Verdict.LEAKED.value] - MOST_LISTED),
    }
