"""A status as Prometheus metrics, in the text format.

The rule: labels are gate names, worker numbers and states: a handful of series, and no name of a principal among them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ringfence.serve.changes import HTTP_KIND
from ringfence.serve.figures import Figures
from ringfence.serve.status import CompanionStatus, GateStatus, Status, WorkerState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Measure = Callable[[Figures], float]

_COUNTERS: Mapping[str, tuple[str, Measure]] = {
    "ringfence_sent_bytes": ("Bytes that were sent to clients.", lambda each: each.bytes_out),
    "ringfence_masked_values": ("Values that crossed in another form than clear.", lambda each: each.masked),
    "ringfence_refusals": ("Crossings that were refused.", lambda each: each.refusals),
    "ringfence_cut_off": (
        "Crossings that were cut off: by their client, or by who was to answer.",
        lambda each: each.cut_off,
    ),
    "ringfence_ledger_entries": ("Entries that the ledger took.", lambda each: each.entries),
    "ringfence_ledger_seconds": ("Seconds that the ledger's entries took, in sum.", lambda each: each.ledger_seconds),
    "ringfence_ledger_faults": ("Entries that the ledger did not take.", lambda each: each.ledger_faults),
}
_COUNTERS_OF_STATEMENTS: Mapping[str, tuple[str, Measure]] = {
    "ringfence_connections": ("Connections that clients opened.", lambda each: each.accepted),
    "ringfence_statements": ("Statements that clients sent.", lambda each: each.statements),
    "ringfence_parser_restarts": ("Starts of the SQL parser after a death.", lambda each: each.parser_restarts),
}
_LEVELS_OF_STATEMENTS: Mapping[str, tuple[str, Measure]] = {
    "ringfence_open_connections": ("Connections that are open.", lambda each: each.connections),
    "ringfence_epoch_age_seconds": ("Age of what is known of the catalogue.", lambda each: each.epoch_age),
}
_COUNTERS_OF_REQUESTS: Mapping[str, tuple[str, Measure]] = {
    "ringfence_bodies": ("Bodies of requests and responses that were looked at.", lambda each: each.requests.bodies),
    "ringfence_body_bytes": ("Bytes of these, as they came.", lambda each: each.requests.size),
}
_LEVELS_OF_REQUESTS: Mapping[str, tuple[str, Measure]] = {
    "ringfence_open_requests": ("Requests that are under way.", lambda each: each.connections),
}


class _Snapshot(Collector):
    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        status = self._status
        yield GaugeMetricFamily("ringfence_up", "Whether every gate serves clients.", float(status.serves))
        yield GaugeMetricFamily("ringfence_policy_generation", "Readings of the policy.", status.generation)
        refused = status.reload is not None and not status.reload.taken
        yield GaugeMetricFamily("ringfence_reload_refused", "Whether the last reload was refused.", float(refused))
        statements = [gate for gate in status.gates if gate.kind != HTTP_KIND]
        requests = [gate for gate in status.gates if gate.kind == HTTP_KIND]
        yield from _families(status.gates, _COUNTERS, {})
        if statements:
            yield from _families(statements, _COUNTERS_OF_STATEMENTS, _LEVELS_OF_STATEMENTS)
        if requests:
            yield from _families(requests, _COUNTERS_OF_REQUESTS, _LEVELS_OF_REQUESTS)
            yield from _requests(requests)
        observing = GaugeMetricFamily("ringfence_observing_flows", "Flows that let everything pass.", labels=["gate"])
        for gate in status.gates:
            observing.add_metric([gate.gate], len(gate.observing))
        yield observing
        yield from _workers(status)
        for companion in status.companions:
            if companion.name == "alerts":
                yield from _alerts(companion)


_ALERTS = {
    "raised": "Alerts that were raised and recorded.",
    "delivered": "Alerts that a receiver took.",
    "failures": "Attempts to deliver that failed.",
}
_ALERT_LEVELS = {
    "waiting": "Alerts that wait for a receiver.",
    "behind": "Entries of the ledger that are not looked at yet.",
}


def _alerts(status: CompanionStatus) -> Iterator[Metric]:
    up = float(status.state is WorkerState.READY)
    yield GaugeMetricFamily("ringfence_alerts_up", "Whether the sender of alerts runs.", up)
    yield CounterMetricFamily("ringfence_alerts_restarts", "Starts of the sender after a death.", status.restarts)
    for name, words in _ALERTS.items():
        yield CounterMetricFamily(f"ringfence_alerts_{name}", words, status.figures.get(name, 0))
    for name, words in _ALERT_LEVELS.items():
        yield GaugeMetricFamily(f"ringfence_alerts_{name}", words, status.figures.get(name, 0))


def _families(
    gates: Sequence[GateStatus], counters: Mapping[str, tuple[str, Measure]], levels: Mapping[str, tuple[str, Measure]]
) -> Iterator[Metric]:
    for name, (words, measure) in counters.items():
        yield _filled(CounterMetricFamily(name, words, labels=["gate"]), gates, measure)
    for name, (words, measure) in levels.items():
        yield _filled(GaugeMetricFamily(name, words, labels=["gate"]), gates, measure)


def _requests(gates: Sequence[GateStatus]) -> Iterator[Metric]:
    outcomes = CounterMetricFamily("ringfence_requests", "Requests that ended.", labels=["gate", "outcome"])
    times = HistogramMetricFamily(
        "ringfence_request_seconds", "Time that the gate took for a request and its response.", labels=["gate"]
    )
    up = GaugeMetricFamily("ringfence_envoy_up", "Whether Envoy lets clients in.", labels=["gate"])
    restarts = CounterMetricFamily("ringfence_envoy_restarts", "Starts of Envoy after a death.", labels=["gate"])
    for gate in gates:
        counted = gate.figures.requests
        for outcome, count in counted.outcomes.items():
            outcomes.add_metric([gate.gate, outcome], count)
        bounds = [*map(str, counted.bounds), "+Inf"]
        if counted.times:
            seen = list(zip(bounds, accumulate(counted.times), strict=True))
            times.add_metric([gate.gate], buckets=seen, sum_value=counted.seconds)
        if gate.envoy is not None:
            up.add_metric([gate.gate], float(gate.envoy.up))
            restarts.add_metric([gate.gate], gate.envoy.restarts)
    yield from (outcomes, times, up, restarts)


def _filled(
    family: CounterMetricFamily | GaugeMetricFamily, gates: Sequence[GateStatus], measure: Measure
) -> CounterMetricFamily | GaugeMetricFamily:
    for gate in gates:
        family.add_metric([gate.gate], measure(gate.figures))
    return family


def _workers(status: Status) -> Iterator[Metric]:
    ready = GaugeMetricFamily("ringfence_workers_ready", "Workers that serve clients.", labels=["gate"])
    wanted = GaugeMetricFamily("ringfence_workers", "Workers that there should be.", labels=["gate"])
    restarts = CounterMetricFamily("ringfence_worker_restarts", "Starts of workers after a death.", labels=["gate"])
    for gate in status.gates:
        ready.add_metric([gate.gate], gate.ready)
        wanted.add_metric([gate.gate], len(gate.workers))
        restarts.add_metric([gate.gate], sum(worker.restarts for worker in gate.workers))
    yield from (ready, wanted, restarts)


def write_metrics(status: Status) -> bytes:
    """Write a status down for Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot(status))
    return generate_latest(registry)
