"""Closing the flows through which a probe got what it must not: where the policy says `probe: {on_leak: close}`.

The rule: it is the command that an operator would type, so that it is recorded, written and followed in the same way. Where it
fails that is said, and the flow is open still.
"""

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ringfence.policy import Policy
from ringfence.probe.matrix import Matrix

SECONDS = 240.0  # a reload has deadlines of its own within
_PROGRAM = (sys.executable, "-P", "-c", "from ringfence.cli import main; main()")


@dataclass(frozen=True, slots=True)
class Files:
    """Which policy is meant."""

    policy: Path
    overlay: Path | None
    home: Path


@dataclass(frozen=True, slots=True)
class Closed:
    """What came of closing a flow: nothing to add, or why it is open still."""

    flow: str
    trouble: str = ""


def close_leaking(matrix: Matrix, policy: Policy, files: Files) -> list[Closed]:
    """Close every flow that leaks, where the policy says so."""
    return [_close(flow, files) for flow in _flows(matrix)] if policy.probe.on_leak == "close" else []


def _flows(matrix: Matrix) -> Iterable[str]:
    flow_of = matrix.against.flow_of
    return dict.fromkeys(flow_of[cell.role] for cell in matrix.leaks if cell.role in flow_of)


def _close(flow: str, files: Files) -> Closed:
    command = [*_PROGRAM, "close", flow, "--policy", str(files.policy), "--home", str(files.home)]
    if files.overlay is not None:
        command += ["--overlay", str(files.overlay)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Closed(flow, f"`ringfence close {flow}` did not end")
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return Closed(flow, "" if done.returncode == 0 else said[0] if said else "it did not say why")
