"""Where the demo's files are: one folder, with a folder for each zone in it.

The rule: what stands in ``outside`` has crossed; nothing else of the demo may be read from there. Policy, keys and ledger are made
by `ringfence init`, and kept when they are there already.
"""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from os import environ
from pathlib import Path

POLICY = "ringfence.yaml"
FLOW = "app-logs"
PATIENCE = 30.0  # seconds for one command

PROGRAM = (sys.executable, "-P", "-c", "from ringfence.cli import main; main()")
"""The command `ringfence`, of the same installation whatever PATH says; -P: nothing is imported from the folder it runs in."""


class DemoProblem(Exception):
    """The demo cannot go on: `what` went wrong, and its `mend`."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n  {mend}")


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a command."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one demo."""

    folder: Path

    @property
    def policy(self) -> Path:
        """The policy."""
        return self.folder / POLICY

    @property
    def home(self) -> Path:
        """Keys and ledger, as `ringfence init` lays them out."""
        return self.folder / ".ringfence"

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.home / "ledger.db"

    @property
    def signing_key(self) -> Path:
        """The ledger's private key."""
        return self.home / "ledger.key"

    @property
    def public_key(self) -> Path:
        """The ledger's public key."""
        return self.home / "ledger.pub"

    @property
    def core(self) -> Path:
        """The service's zone: its own transcript of what it wrote."""
        return self.folder / "core"

    @property
    def outside(self) -> Path:
        """The log store's zone: what arrived."""
        return self.folder / "outside"

    @property
    def elsewhere(self) -> Path:
        """Where a checkpoint is kept, out of reach of the ledger's owner."""
        return self.folder / "elsewhere"

    @property
    def tampered(self) -> Path:
        """Copies of the ledger that are tampered with."""
        return self.folder / "tampered"

    def prepare(self, policy: str | None = None) -> bool:
        """Make what is missing; say whether a policy, keys and a ledger were there already."""
        if self.policy.exists() and not self.core.is_dir():
            raise DemoProblem(
                f"{self.folder} holds a policy that is not the demo's",
                "give --dir an empty folder, or one that the demo made",
            )
        kept = self.ledger.exists()
        for folder in (self.folder, self.core, self.outside, self.elsewhere):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.policy.exists():
            self.policy.write_text(policy if policy is not None else first_policy(), encoding="utf-8")
        done = self.call("init")
        if done.code:
            raise DemoProblem("policy, keys and ledger could not be made", done.err.strip())
        return kept

    def call(
        self,
        *arguments: str,
        typed: str = "",
        environment: Mapping[str, str] | None = None,
        seconds: float = PATIENCE,
    ) -> Done:
        """Run a ringfence command in this folder, as one would type it there; `typed` is what it reads."""
        try:
            done = subprocess.run(
                [*PROGRAM, *arguments],
                input=typed.encode(),
                capture_output=True,
                cwd=self.folder,
                env={**surroundings(), **(environment or {})},
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DemoProblem(
                f"`ringfence {arguments[0]}` did not end", "run the demo again on a machine that is less busy"
            ) from None
        return Done(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def surroundings() -> Mapping[str, str]:
    """Give the environment for the demo's processes: the user's, but for what would point ringfence elsewhere."""
    kept = {name: value for name, value in environ.items() if name not in ("RINGFENCE_POLICY", "RINGFENCE_HOME")}
    return {**kept, "PYTHONIOENCODING": "utf-8"}  # between processes, whatever the terminal takes


def first_policy() -> str:
    """Give the demo's own policy."""
    return files("ringfence.demo").joinpath(POLICY).read_text(encoding="utf-8")
