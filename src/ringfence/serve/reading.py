"""A policy as it was read once: its texts, so that every worker decides by the same ones.

The rule: files are read by the parent only. A worker resolves the texts that it is handed and finds the parent's hash again, or
does not start; so no two workers can ever have read different states of a file that was just being written.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ringfence.policy import Policy
from ringfence.policy.reading import read, read_located
from ringfence.serve.faults import ServeFault

FileTexts = Callable[[str], str]


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """The texts of a policy and its overlay, by the names under which they were asked for; and the hash of what they say."""

    entry: str
    overlay: str | None
    texts: Mapping[str, str]
    hash: str

    @property
    def folder(self) -> Path:
        """The folder of the policy, beside which it names files."""
        return Path(self.entry).parent


def capture(entry: str, overlay: str | None, text_of: FileTexts) -> tuple[Reading, Policy]:
    """Read a policy's files, each once. Raises `PolicyError`."""
    texts: dict[str, str] = {}

    def kept(name: str) -> str:
        texts[name] = text_of(name)
        return texts[name]

    policy = read(entry, kept, os.environ, overlay=overlay)
    return Reading(entry, overlay, texts, policy.hash), policy


def place_of(reading: Reading, path: tuple[str, ...]) -> str:
    """Say in which file and line a part of a policy stands, as ``ringfence.yaml:12``; the file as it is seen from here."""
    found = read_located(reading.entry, reading.texts, os.environ, overlay=reading.overlay).positions.of(*path)
    seen = os.path.relpath(found.file)
    return f"{found.file if seen.startswith(os.pardir) else seen}:{found.line}"


def resolve(reading: Reading) -> Policy:
    """Give the policy of a reading. Raises `ServeFault` where it is not what the parent read."""
    policy = read(reading.entry, reading.texts, os.environ, overlay=reading.overlay)
    if policy.hash != reading.hash:
        raise ServeFault(
            "the policy's hash is not the one that was read", "restart: two versions of ringfence run at once"
        )
    return policy
