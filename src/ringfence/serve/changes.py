"""What a reload may change, and the ledger's entry of it.

The rule: whatever decides about data may change under running sessions; what belongs to processes and sockets (which gates there
are, where they listen, how many workers they have, what stands behind them, what Envoy was started with) may not, for half of it
would be the old and half the new. A policy is in force only once the ledger says so (record first): kind `policy`, with the hash
before and after.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from ringfence.crossing import Body
from ringfence.crossing.entries import VERSION
from ringfence.policy import Gate, Policy
from ringfence.serve.companion import Purpose
from ringfence.serve.faults import Said
from ringfence.stamps import stamp

SERVED = {"postgres": "ringfence.serve.postgres", "http": "ringfence.serve.http"}
"""The kinds of gate that `ringfence up` runs, and the module that runs one worker of it."""

COMPANIONS = (
    Purpose("alerts", "ringfence.alert.child", lambda policy: bool(policy.alerts)),
    Purpose("probe", "ringfence.probe.child", lambda policy: policy.probe.every > 0),
)
"""What runs beside the gates, where the policy has use for it."""

LOG_KIND = "log"
HTTP_KIND = "http"  # whose clients are let in by Envoy, which runs beside the workers

Cause = Literal["start", "reload", "rollback"]

_RESTART = "restart `ringfence up` for that, or take it back"


def refused_changes(old: Policy, new: Policy, running: Sequence[str]) -> Said | None:
    """Say what a reload may not change, or nothing where it changes nothing of that."""
    for name in running:
        before, after = old.gates[name], new.gates.get(name)
        if after is None or after.kind != before.kind:
            return Said(f"gates.{name}: a running gate cannot be removed by a reload", _RESTART)
        for key, is_same in (
            ("listen", before.listen == after.listen),
            ("workers", before.workers == after.workers),
            ("upstream", _upstream(old, before) == _upstream(new, after)),
            ("bodies", before.bodies == after.bodies),
            ("limits", before.kind != HTTP_KIND or before.limits == after.limits),
            ("tls", before.kind != HTTP_KIND or _asks(before) == _asks(after)),
            ("principals", before.kind != HTTP_KIND or _told_envoy(old, before) == _told_envoy(new, after)),
        ):
            if not is_same:
                return Said(f"gates.{name}.{key}: a reload cannot change it", _RESTART)
    return None


def _asks(gate: Gate) -> tuple[bool, bool]:
    """Say whether clients need TLS, and a certificate. Which one the gate shows, and takes, is told to Envoy anew."""
    return gate.tls is not None, gate.tls is not None and bool(gate.tls.clients)


def takes_certificates(policy: Policy, gate: Gate) -> bool:
    """Whether a client certificate says who asks at a gate."""
    return any(policy.principals[name].kind == "certificate" for name in gate.principals)


def needs_certificate(policy: Policy, gate: Gate) -> bool:
    """Whether nobody comes in without a certificate: it does not say who asks, but lets in; or nothing else says who asks."""
    kinds = {policy.principals[name].kind for name in gate.principals}
    return "certificate" not in kinds or (len(kinds) == 1 and gate.clients is None)


def _told_envoy(policy: Policy, gate: Gate) -> tuple[bool, ...]:
    """Say what Envoy is told of who asks: it stays what it was started with."""
    return bool(gate.principals), takes_certificates(policy, gate), needs_certificate(policy, gate)


def _upstream(policy: Policy, gate: Gate) -> tuple[str, str] | None:
    """Say what stands behind a gate. Where HTTP services are is told to Envoy anew."""
    if gate.upstream is None:
        return None
    return gate.upstream, "" if gate.kind == HTTP_KIND else policy.assets[gate.upstream].at


def policy_entry(cause: Cause, before: str, after: str, gates: Sequence[str], principal: str, at: datetime) -> Body:
    """Make the ledger's entry of a policy coming into force; `before` is empty at a start."""
    return {
        "v": VERSION,
        "id": f"policy.{secrets.token_hex(13)}",
        "kind": "policy",
        "at": stamp(at),
        "cause": cause,
        "before": before,
        "policy": after,
        "gates": list(gates),
        "principal": principal,
    }
