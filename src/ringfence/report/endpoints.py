"""Which endpoints of a service are declared and called, which are declared and never called, and which nobody declared.

The rule: the policy says what is declared, the ledger what was called; neither is asked of the service. "Never called" is said of a
stretch of time of which the ledger has counts: where it has none, nothing can be said. What an endpoint exposes is what its
responses are declared to hold, and what crossed in them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ringfence.gates.http.calling import KIND
from ringfence.ledger import Entry, JsonValue
from ringfence.policy import AssetName, Endpoint, Policy
from ringfence.policy.model import NONE, SCAN, UNKNOWN
from ringfence.report.passing import Outcome, Passage, passages

_NO_CATEGORY = (NONE, SCAN, UNKNOWN)


class Standing(StrEnum):
    """What is known of an endpoint."""

    CALLED = "called"
    UNUSED = "never called"
    NOT_COUNTED = "not counted"  # the ledger has no counts of its service
    UNDECLARED = "undeclared"


@dataclass(frozen=True, slots=True)
class Usage:
    """One endpoint: how often it was asked for, and what its responses expose. `last` is a time of the ledger, or ""."""

    asset: str
    endpoint: str
    standing: Standing
    calls: int = 0
    refused: int = 0
    last: str = ""
    exposes: tuple[str, ...] = ()  # categories that its responses are declared to hold
    collects: tuple[str, ...] = ()  # categories that its requests are declared to hold
    seen: tuple[str, ...] = ()  # categories that crossed in its responses

    @property
    def is_finding(self) -> bool:
        """Whether somebody should look: nobody declared it, or it exposes something and nobody needs it."""
        if self.standing is Standing.UNDECLARED:
            return True
        return self.standing is Standing.UNUSED and bool(self.exposes)


@dataclass(frozen=True, slots=True)
class Usages:
    """All endpoints, and from when on they were counted ("": never). `more` calls went to endpoints that were not listed."""

    endpoints: tuple[Usage, ...]
    counted_since: str = ""
    more: int = 0


@dataclass(slots=True)
class _Calls:
    calls: int = 0
    refused: int = 0
    last: str = ""
    seen: set[str] = field(default_factory=set)


_Counted = dict[tuple[str, str], _Calls]
"""By asset and endpoint."""


def endpoint_usage(policy: Policy, entries: Iterable[Entry], assets: Sequence[str] = ()) -> Usages:
    """Put declared endpoints and counted calls together; of these assets, or of all that declare endpoints."""
    counted: _Counted = defaultdict(_Calls)
    totals = _Totals()

    def kept() -> Iterator[Entry]:
        for entry in entries:
            if entry.body is not None and entry.body.get("kind") == KIND:
                _count(entry.body, counted, totals, assets)
            yield entry

    for passage in passages(kept()):
        name = _endpoint_of(passage)
        asset = _answering(policy, passage, name) if name and passage.outcome is not Outcome.REFUSED else None
        if asset is not None and (not assets or asset in assets):
            counted[asset, name].seen.update(each.category for each in passage.found)
    rows = [*_declared(policy, counted, totals, assets), *_undeclared(policy, counted, assets)]
    return Usages(tuple(rows), totals.since, totals.more)


@dataclass(slots=True)
class _Totals:
    since: str = ""
    more: int = 0
    assets: set[str] = field(default_factory=set)


def _count(body: Mapping[str, JsonValue], counted: _Counted, totals: _Totals, assets: Sequence[str]) -> None:
    asset, since, rows = str(body.get("asset")), str(body.get("since")), body.get("endpoints")
    if assets and asset not in assets:
        return
    totals.since = min(totals.since or since, since)
    totals.more += _number(body.get("more"))
    totals.assets.add(asset)
    for row in rows if isinstance(rows, Sequence) and not isinstance(rows, str) else ():
        if isinstance(row, Mapping):
            calls = counted[asset, str(row.get("endpoint"))]
            calls.calls += _number(row.get("calls"))
            calls.refused += _number(row.get("refused"))
            calls.last = max(calls.last, str(row.get("last") or ""))


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _answering(policy: Policy, passage: Passage, endpoint: str) -> AssetName | None:
    """Give the service whose response it was; None of a request, and where several behind the gate have such an endpoint."""
    gate = next((gate for name, gate in policy.gates.items() if name == passage.text("gate")), None)
    if gate is None:
        return None
    behind = [gate.upstream] if gate.upstream is not None else gate.upstreams
    there = [name for name in behind if policy.assets[name].zone == passage.text("from")]
    declaring = [name for name in there if endpoint in policy.assets[name].endpoints] if len(there) > 1 else there
    return declaring[0] if len(declaring) == 1 else None


def _endpoint_of(passage: Passage) -> str:
    client = passage.body.get("client")
    if passage.text("endpoint") or not isinstance(client, Mapping) or "path" not in client:
        return passage.text("endpoint")
    return f"{client.get('method')} {client.get('path')}"


def _declared(policy: Policy, counted: _Counted, totals: _Totals, assets: Sequence[str]) -> Iterator[Usage]:
    for name, asset in policy.assets.items():
        if assets and name not in assets:
            continue
        for each in asset.endpoints.values():
            calls = counted.get((name, each.name), _Calls())
            uncalled = Standing.UNUSED if name in totals.assets else Standing.NOT_COUNTED
            standing = Standing.CALLED if calls.calls else uncalled
            yield _usage(name, each.name, standing, calls, each)


def _undeclared(policy: Policy, counted: _Counted, assets: Sequence[str]) -> Iterator[Usage]:
    """Give what was called and stands in no asset's endpoints today: whether or not it did at the time."""
    declared = {str(name): asset.endpoints for name, asset in policy.assets.items() if asset.endpoints}
    paths = {name: {each.path for each in endpoints.values()} for name, endpoints in declared.items()}
    for (asset, endpoint), calls in sorted(counted.items()):
        if asset not in declared or not calls.calls or (assets and asset not in assets):
            continue
        method, _, path = endpoint.partition(" ")
        is_preflight = method == "OPTIONS" and path in paths[asset]
        if endpoint not in declared[asset] and not is_preflight:
            yield _usage(asset, endpoint, Standing.UNDECLARED, calls, None)


def _usage(asset: str, endpoint: str, standing: Standing, calls: _Calls, declared: Endpoint | None) -> Usage:
    response, request = (declared.response, declared.request) if declared is not None else ({}, {})
    return Usage(
        asset,
        endpoint,
        standing,
        calls.calls,
        calls.refused,
        calls.last,
        _categories(response),
        _categories(request),
        tuple(sorted(calls.seen)),
    )


def _categories(fields: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted({judged for judged in fields.values() if judged not in _NO_CATEGORY}))
