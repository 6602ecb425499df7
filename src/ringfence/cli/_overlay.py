"""The overlay in which flows are switched: beside the policy, and laid over it where no other one is named.

The rule: a switch is read as the policy will be read before it is written, stands in the ledger before it is in the file, and is
whole in the file or not there at all. Comments and everything else that stands in the file stay; a link stays a link. Switches wait
for one another from before they read to after what runs has followed, so that none takes back another one.
"""

import fcntl
import io
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from ringfence.cli._errors import Problem
from ringfence.cli._policy import OVERLAY_FILE, overlay_of, texts
from ringfence.policy import FlowId, Mode, Policy
from ringfence.policy.problems import nearest
from ringfence.policy.reading import read

PATIENCE = 60.0  # seconds that a switch waits for another one: a reload may take that long
_TURN = 0.05

_HEAD = "# What this environment lays over the policy. `ringfence enforce` and `ringfence observe` write modes here.\n"


@dataclass(frozen=True, slots=True)
class Switch:
    """A flow's mode, as it is and as it would be: the policies of both, and the overlay's text that makes it so."""

    file: Path
    text: str
    before: Policy
    after: Policy
    flow: FlowId
    is_new: bool


def prepare_switch(policy: Path, overlay: Path | None, name: str, mode: Mode) -> Switch | None:
    """Make a switch ready; None where the flow is in that mode already. Raises `Problem` and `PolicyError`."""
    there = overlay_of(policy, overlay)
    text_of = texts(policy, there)
    before = _read(policy, there, text_of)
    flow = before.flows.get(FlowId(name))
    if flow is None:
        raise Problem("the policy has no flow of that id", nearest(name, before.flows, "it has no flow at all"))
    if flow.mode is mode:
        return None
    file = there or policy.parent / OVERLAY_FILE
    text = _switched(text_of(os.fspath(there)) if there is not None else _HEAD, name, mode)
    named = os.fspath(file)
    after = _read(policy, file, lambda asked: text if asked == named else text_of(asked))
    return Switch(file, text, before, after, flow.id, there is None)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold other switches of an installation back. Raises `Problem` where one of them does not end."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    deadline = time.monotonic() + PATIENCE
    try:
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Problem("another flow is being switched", "try again when that has ended") from None
                time.sleep(_TURN)
        yield
    finally:
        os.close(held)


@contextmanager
def staged(switch: Switch) -> Iterator[Callable[[], None]]:
    """Write the overlay beside its place, durably; give what puts it there in one step. Raises `OSError` where it cannot."""
    file = switch.file.resolve()
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with fresh.open("x", encoding="utf-8") as out:
            out.write(switch.text)
            out.flush()
            os.fsync(out.fileno())
            os.fchmod(out.fileno(), 0o644 if switch.is_new else file.stat().st_mode & 0o777)
        yield lambda: _put(fresh, file)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()


def _put(fresh: Path, file: Path) -> None:
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(policy: Path, overlay: Path | None, text_of: Callable[[str], str]) -> Policy:
    over = os.fspath(overlay) if overlay is not None else None
    return read(os.fspath(policy), text_of, os.environ, overlay=over)


def _switched(text: str, name: str, mode: Mode) -> str:
    """Write a flow's mode into an overlay's text."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    if "\n- " not in text:  # lists stand indented, as they do in what `init` writes
        yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(text)
    if not isinstance(document, CommentedMap):  # nothing but comments
        return f"{text.rstrip()}\nflows:\n  - {{id: {name}, mode: {mode.value}}}\n"
    flows = document.get("flows")
    if flows is None:
        document["flows"] = flows = CommentedSeq()
    for each in flows:
        if isinstance(each, CommentedMap) and each.get("id") == name:
            each["mode"] = mode.value
            break
    else:
        entry = CommentedMap(id=name, mode=mode.value)
        entry.fa.set_flow_style()
        flows.append(entry)
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()
