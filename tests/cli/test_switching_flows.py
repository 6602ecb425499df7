"""Switching a flow where its overlay is odd: nothing is recorded that is not written, and no switch takes back another one."""

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from command_line import RINGFENCE, Cli
from ringfence.ledger import Query, Reader
from ringfence.policy import Mode, read

FLOWS = [f"flow-{number}" for number in range(6)]
ZONES = ", ".join(f"zone-{number}: {{label: internal}}" for number in range(len(FLOWS)))
EACH = "".join(f"  - {{id: {name}, from: app, to: zone-{number}, else: redact}}\n" for number, name in enumerate(FLOWS))
POLICY = f"""
version: 1
zones: {{core: {{label: high sensitivity}}, {ZONES}}}
assets: {{app: {{zone: core, kind: service}}}}
flows:
{EACH}"""


@pytest.fixture
def home(installed: Path) -> Path:
    (installed / "ringfence.yaml").write_text(POLICY)
    return installed


def recorded(home: Path) -> list[tuple[str, str]]:
    with Reader(home / ".ringfence" / "ledger.db") as reader:
        entries = reader.find(Query(kind="mode"), 100)
    return sorted((str((entry.body or {})["flow"]), str((entry.body or {})["mode"])) for entry in entries)


def observing(home: Path) -> list[str]:
    files = {name: (home / name).read_text() for name in ("ringfence.yaml", "ringfence.overlay.yaml")}
    policy = read("ringfence.yaml", files, {}, overlay="ringfence.overlay.yaml")
    return sorted(name for name, flow in policy.flows.items() if flow.mode is Mode.OBSERVE)


def test_flows_that_are_switched_at_once_are_all_switched(cli: Cli, home: Path) -> None:
    with ThreadPoolExecutor(len(FLOWS)) as threads:
        done = list(threads.map(lambda name: cli("observe", name), FLOWS))
    assert [one.returncode for one in done] == [0] * len(FLOWS), [one.stderr for one in done]
    assert observing(home) == FLOWS
    assert recorded(home) == [(name, "observe") for name in FLOWS]


def test_the_same_switch_given_twice_at_once_is_one(cli: Cli, home: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: cli("observe", FLOWS[0]), range(4)))
    assert sorted(b"It did so before" in one.stdout for one in done) == [False, True, True, True]
    assert recorded(home) == [(FLOWS[0], "observe")]


def test_an_overlay_that_is_a_link_stays_one_and_what_it_leads_to_is_written(cli: Cli, home: Path) -> None:
    real = home / "kept elsewhere" / "overlay.yaml"
    real.parent.mkdir()
    real.write_text("# ours\nflows: []\n")
    link = home / "ringfence.overlay.yaml"
    link.symlink_to(real)
    assert cli("observe", FLOWS[0]).returncode == 0
    assert link.is_symlink()
    assert real.read_text().startswith("# ours\n")
    assert observing(home) == FLOWS[:1]
    assert [file.name for file in real.parent.iterdir()] == ["overlay.yaml"]


def test_a_link_that_leads_nowhere_is_no_missing_overlay(cli: Cli, home: Path) -> None:
    (home / "ringfence.overlay.yaml").symlink_to(home / "unmounted" / "overlay.yaml")
    for command in (("observe", FLOWS[0]), ("policy", "lint")):
        done = cli(*command)
        assert done.returncode == 2, done.stdout
        assert b"ringfence.overlay.yaml" in done.stderr
    assert recorded(home) == []


def test_what_cannot_be_written_is_not_recorded(cli: Cli, home: Path) -> None:
    overlay = "o" * 250 + ".yml"  # as long as a name may be: nothing can be written beside it
    (home / overlay).write_text("flows: []\n")
    done = cli("observe", FLOWS[0], "--overlay", overlay)
    assert done.returncode == 2
    assert done.stderr.startswith(b"ringfence: ")
    assert recorded(home) == []


def test_a_switch_that_is_killed_anywhere_leaves_a_whole_overlay_and_the_next_one_goes_on(home: Path, cli: Cli) -> None:
    environment = {**os.environ, "COLUMNS": "200"}
    for number, name in enumerate(FLOWS * 2):
        mode = "observe" if number < len(FLOWS) else "enforce"
        process = subprocess.Popen([*RINGFENCE, mode, name], cwd=home, env=environment, stdout=subprocess.DEVNULL)
        try:
            process.wait(0.15 + number * 0.08)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        if (home / "ringfence.overlay.yaml").exists():
            assert set(observing(home)) <= {flow for flow, _ in recorded(home)}, "recorded first"
    end = time.monotonic() + 60
    while (done := cli("observe", FLOWS[0])).returncode != 0:  # the ledger's writer may still be going
        assert time.monotonic() < end, done.stderr
    assert FLOWS[0] in observing(home)
