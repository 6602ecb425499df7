"""Metrics: which there are, that the page names each, and what a scraper reads of an HTTP gate."""

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from ringfence.gates.http.counting import BOUNDS, Counts, Outcome
from ringfence.serve.figures import Figures, Requests
from ringfence.serve.metrics import write_metrics
from ringfence.serve.status import CompanionStatus, EnvoyStatus, GateStatus, State, Status, WorkerState, WorkerStatus

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
WORKER = WorkerStatus(0, WorkerState.READY, 1, 0, "", "")


def counted(*seconds: float) -> Requests:
    counts = Counts()
    for each in seconds:
        counts.end(Outcome.PASSED, each)
    return Requests({"passed": len(seconds)}, 1, 2, BOUNDS, tuple(counts.times), counts.seconds)


def status(requests: Requests, *, up: bool = True) -> Status:
    gates = (
        GateStatus("pg", "postgres", "x", (WORKER,), Figures()),
        GateStatus("api", "http", "y", (WORKER,), Figures(requests=requests), EnvoyStatus(up, 2, 1)),
    )
    alerts = CompanionStatus("alerts", WorkerState.READY, 3, 0, "", {})
    return Status(State.READY, (), "", 1, "", 1, None, gates, (alerts,))


def test_the_page_names_every_metric_and_none_that_there_is_not() -> None:
    text = write_metrics(status(counted(0.1))).decode()
    families = text_string_to_metric_families(text)
    there = {f"{one.name}_total" if one.type == "counter" else one.name for one in families}
    table = PAGE.read_text().partition("<!-- begin metrics -->")[2].partition("<!-- end metrics -->")[0]
    named = {word for row in table.splitlines() for word in row.split("`")[1::2] if word.startswith("ringfence_")}
    assert named == there


def test_times_are_a_histogram_whose_bounds_are_counted_with_their_values() -> None:
    text = write_metrics(status(counted(0.0005, 0.0006, 2.5, 9.0))).decode()
    samples = {
        (sample.name, sample.labels.get("le")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("ringfence_request_seconds")
    }
    buckets = "ringfence_request_seconds_bucket"
    assert (samples[buckets, "0.0005"], samples[buckets, "0.001"]) == (1, 2)
    assert (samples[buckets, "2.5"], samples[buckets, "+Inf"]) == (3, 4)
    assert samples["ringfence_request_seconds_count", None] == 4
    assert round(samples["ringfence_request_seconds_sum", None], 4) == 11.5011


def test_a_gate_serves_only_while_its_envoy_is_up() -> None:
    assert status(counted()).serves
    assert not status(counted(), up=False).serves
