"""What `ringfence scan` was asked, made into a scan."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ringfence.cli._errors import Problem
from ringfence.detect import Detector, detector_for
from ringfence.extract.model import Bounds, Why
from ringfence.gates.git.allowing import Allowances, Settling
from ringfence.gates.git.ignoring import FILE as IGNORE_FILE
from ringfence.gates.git.ignoring import Ignoring, read_ignoring
from ringfence.gates.git.model import Allowance, Item, Origin, Scanned
from ringfence.gates.git.naming import Names as Known
from ringfence.gates.git.opening import Opener
from ringfence.gates.git.repository import NoRepository, Repository, find
from ringfence.gates.git.rules import NO_POLICY, WITHOUT_POLICY, Rules, rules_of
from ringfence.gates.git.running import NoGit
from ringfence.gates.git.scanning import Digests, Scanner
from ringfence.gates.git.scans import Listed, Scan
from ringfence.home import Home
from ringfence.policy import Asker, FlowId, PurposeName, RoleName
from ringfence.report.scan_allowances import said_unused, said_wrong
from ringfence.report.scan_summary import About
from ringfence.report.scan_words import Names

if TYPE_CHECKING:
    from ringfence.gates.git.baseline import Baseline, Recording
    from ringfence.gates.git.scan_key import ScanKey

FlowOption = Annotated[
    str, typer.Option("--flow", "-f", help="The flow of the policy that decides.", show_default=False)
]
RoleOption = Annotated[str | None, typer.Option("--role", help="The role to ask as.")]
PurposeOption = Annotated[str | None, typer.Option("--purpose", help="Why: one of the flow's purposes.")]
IgnoreFileOption = Annotated[
    Path | None,
    typer.Option("--ignore-file", metavar="FILE", help="Instead of .ringfenceignore.", show_default=False),
]
ProcessesOption = Annotated[
    int | None, typer.Option("--processes", min=1, max=256, help="How many work at once.", show_default="one a core")
]
_INPUT: Final = "-"
_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class ScanFormat(StrEnum):
    """How a scan is written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITLAB = "gitlab"
    CSV = "csv"
    HTML = "html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """The options of one call, as the command line gives them."""

    place: Home
    paths: tuple[str, ...] = ()
    staged: bool = False
    diff: str | None = None
    history: bool = False
    since: str = ""
    authors: bool = False
    max_size: str = ""
    everything: bool = False
    name: str = ""
    flow: str = ""
    role: str | None = None
    purpose: str | None = None
    baseline: Path | None = None
    write_baseline: Path | None = None
    ignore_file: Path | None = None
    processes: int | None = None
    by_policy: bool = False
    overlay: Path | None = None
    tells_version: bool = True

    @property
    def what(self) -> str:
        """What is scanned, in words."""
        if self.staged:
            return "the index"
        if self.diff:
            return "a diff"
        if self.history:
            return "all history" if not self.since else "history"
        if len(self.paths) == 1:
            return "standard input" if self.paths[0] == _INPUT else "1 path"
        return f"{len(self.paths)} paths" if self.paths else "this folder"

    @property
    def whole(self) -> bool:
        """Whether all is looked at that an ignore file and a baseline are for."""
        return not (self.paths or self.staged or self.diff or self.since or self.max_size)


@dataclass(slots=True)
class Made:
    """A scan ready to run, and what goes with it."""

    scan: Scan
    about: About
    detector: Detector
    asking: Asking
    recording: "Recording | None" = None
    key: "ScanKey | None" = None
    old: "Baseline | None" = None
    notes: list[str] = field(default_factory=list)

    def taken(self, scanned: Iterable[Scanned]) -> Iterator[Scanned]:
        """Take down what a baseline is to be made of."""
        for one in scanned:
            yield self.recording.take(one) if self.recording is not None else one
        if self.scan.done is not None:
            self.scan.done.clear()

    def allowances(self) -> tuple[Allowance, ...]:
        """Give the allowances that allow nothing, and those that nothing needs."""
        return (*self.scan.settling.wrong(), *self.scan.settling.unused())

    def ended(self) -> Iterator[str]:
        """Do what comes after the last item; give what is to be said."""
        if self.scan.done is not None:
            self.scan.done.close()
        yield from self.notes
        clean = Names(self.detector)
        yield from self._baseline(clean)
        settling = self.scan.settling
        yield from (said_wrong(one, clean) for one in settling.wrong())
        yield from (said_unused(one, clean) for one in settling.unused())

    def _baseline(self, clean: Names) -> Iterator[str]:
        """Write the baseline that was asked for; say what was written."""
        file = self.asking.write_baseline
        if self.recording is None or self.key is None or file is None:
            return
        from ringfence.gates.git.baseline import write_baseline

        whole = self.scan.settling.whole
        made = self.recording.baseline(self.key.handle, counting=not self.asking.history, old=self.old, whole=whole)
        write_baseline(file, made)
        known = self.old.entries if self.old is not None else {}
        new, gone = len(made.entries.keys() - known), len(known.keys() - made.entries)
        kept = "" if whole and not self.recording.missed else "; not all was looked at, so none was taken out"
        yield f"wrote {clean.shown(os.fspath(file))}: {len(made.entries):,} entries, {new:,} new, {gone:,} gone{kept}"
        if self.key.is_new:
            place = clean.shown(self.key.place)
            yield f"made the key of the baseline: {place}; who checks against it needs it, and nobody else"


def listed_of(asking: Asking) -> tuple[Iterable[Listed], Repository | None]:
    """Give what is to be looked at, and the repository that it is in. Raises `Problem`."""
    if asking.diff == "":
        raise Problem("--diff names no revisions", "name two, as in main..HEAD: a variable may be empty")
    chosen = [
        name
        for name, is_so in (
            ("--staged", asking.staged),
            ("--diff", bool(asking.diff)),
            ("--history", asking.history),
            ("paths", bool(asking.paths)),
        )
        if is_so
    ]
    if len(chosen) > 1:
        raise Problem(f"{chosen[0]} and {chosen[1]} are asked for at once", "ask for one of them")
    for option, is_asked, other, is_there in (
        ("--since", asking.since, "--history", asking.history),
        ("--authors", asking.authors, "--history", asking.history),
        ("--name", asking.name, "-, standard input", _INPUT in asking.paths),
        ("--role", asking.role is not None, "--flow", asking.flow),
        ("--purpose", asking.purpose is not None, "--flow", asking.flow),
    ):
        if is_asked and not is_there:
            raise Problem(f"{option} is asked for without {other}", f"add {other}, or leave {option} out")
    if asking.staged or asking.diff or asking.history:
        repository = find()
        return _of_repository(asking, repository), repository
    if _INPUT in asking.paths:
        if len(asking.paths) > 1:
            raise Problem("standard input and files are asked for at once", "ask for one of them")
        return [Item(asking.name or "(standard input)", Origin.INPUT)], None
    from ringfence.gates.git.walking import walk

    try:
        repository = find()
    except (NoRepository, NoGit):  # files that are named need none
        return walk(asking.paths or (".",), ignore=not asking.everything), None
    return walk(asking.paths or (".",), ignore=not asking.everything), repository


def _of_repository(asking: Asking, repository: Repository) -> Iterable[Listed]:
    if asking.staged:
        from ringfence.gates.git.items import staged

        return staged(repository)
    if asking.diff:
        from ringfence.gates.git.items import between

        return between(repository, asking.diff)
    from ringfence.gates.git.history import Extent, history

    since = _moment(asking.since)
    after = "" if since is not None else asking.since
    return history(repository, Extent(since, after))


def _version() -> str:
    from importlib.metadata import version

    return version("ringfence")


def _moment(written: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        return None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def scan_of(asking: Asking, listed: Iterable[Listed], repository: Repository | None) -> Made:
    """Make the scan that was asked for. Raises `Problem`, `PolicyError`, and what the allowances' files raise."""
    rules = _rules(asking)
    detection = rules.policy.detect
    names = Known.of(detection)
    detector = detector_for(detection)
    key, old, recording = None, None, None
    if asking.write_baseline is not None or asking.baseline is not None:
        from ringfence.gates.git.baseline import Recording, read_baseline
        from ringfence.gates.git.scan_key import key_to_know_again, key_to_write

        if asking.write_baseline is not None:
            _check_place(asking.write_baseline)
        before = asking.baseline or asking.write_baseline
        if before is not None and (asking.baseline is not None or before.exists()):
            old = read_baseline(before)
            key = key_to_know_again(old.key_name, old.key_version, asking.place, os.environ)
            old.opened_by(key.handle)
        if asking.write_baseline is not None:
            key = key or key_to_write(asking.place, os.environ)
            recording = Recording()
    top = repository.top if repository is not None else ""
    allowances = Allowances(names, _ignoring(asking, top, names))
    digests = Digests(key.keys, key.handle.name) if key is not None else None
    leaves_out = frozenset[Why]() if asking.everything else Bounds().leaves_out
    scanner = Scanner(rules, Bounds(leaves_out=leaves_out), digests, allowances, _bytes(asking.max_size))
    applied = old if asking.baseline is not None and recording is None else None
    whole = asking.whole and (asking.history or not top or os.path.realpath(top) == os.path.realpath("."))
    settling = Settling(allowances, applied, whole, asking.history, detection)
    scan = Scan(
        listed,
        scanner,
        Opener(repository, authors=asking.authors),
        settling,
        asking.processes,
    )
    flow = "" if rules.named == NO_POLICY else asking.flow
    about = About(_version() if asking.tells_version else "", asking.what, flow, rules.policy.hash)
    return Made(scan, about, detector, asking, recording, key, old)


def resume(made: Made) -> None:
    """Go on where a scan of this history was ended that asked for the same; nothing where it is of no history."""
    scan, asking, repository = made.scan, made.asking, made.scan.opener.repository
    if not asking.history or repository is None:
        return
    from ringfence.gates.git.baseline import check_of
    from ringfence.gates.git.resuming import Progress, place

    rules = scan.scanner.rules
    said = (
        _version(),
        rules,
        asking.authors,
        asking.everything,
        asking.max_size,
        asking.since,
        scan.scanner.allowances.ignoring,
    )
    key = check_of(made.key.handle) if made.key is not None else ""
    decided = sha256(repr((*said, rules.policy.hash, key)).encode("utf-8", "backslashreplace")).hexdigest()
    try:
        scan.done = Progress(place(repository), decided)
    except Problem as problem:
        made.notes.append(f"this scan cannot be resumed: {problem.what}")
        return
    if len(scan.done):
        made.notes.append(f"went on after {len(scan.done):,} objects that an earlier scan had looked at")


def _check_place(file: Path) -> None:
    """See that a file can be written there, before a long scan. Raises `Problem`."""
    target = file.resolve()
    if not target.parent.is_dir():
        raise Problem(f"{file}: there is no such folder", "make it first, or name another")
    if target.exists() and not target.is_file():
        raise Problem(f"{file} is no file", "name a file, which is there or is not")


def _rules(asking: Asking) -> Rules:
    if not asking.by_policy:
        return Rules()
    from ringfence.cli._policy import load_policy

    policy = load_policy(asking.place.policy, overlay=asking.overlay)
    if not asking.flow:
        return Rules(policy=replace(WITHOUT_POLICY, hash=policy.hash, detect=policy.detect), named=NO_POLICY)
    flow = policy.flows.get(FlowId(asking.flow))
    if flow is None:
        from ringfence.policy.problems import nearest

        mend = nearest(asking.flow, policy.flows, f"the policy has: {', '.join(policy.flows) or 'no flow at all'}")
        raise Problem("--flow: the policy has no flow of that id", mend)
    asker = Asker(
        RoleName(asking.role) if asking.role is not None else None,
        PurposeName(asking.purpose) if asking.purpose is not None else None,
    )
    rules = rules_of(policy, flow, asker)
    refused = rules.plan_for("").refused if rules.named is not None else None
    if refused is not None:
        raise Problem(f"flow {flow.id}: {refused.why or refused.denial.value}", refused.mend)
    return rules


def _ignoring(asking: Asking, top: str, names: Known) -> Ignoring | None:
    file = asking.ignore_file if asking.ignore_file is not None else Path(top, IGNORE_FILE)
    if asking.ignore_file is None and not file.is_file():
        return None
    return read_ignoring(file, names, shown=IGNORE_FILE if asking.ignore_file is None else "", top=top or ".")


def _bytes(written: str) -> int:
    """Understand a size: 500, 64K, 10M, 1G."""
    if not written:
        return 0
    text = written.strip().upper().removesuffix("IB").removesuffix("B")
    unit = text[-1:] if text[-1:] in _UNITS else ""
    digits = text.removesuffix(unit) if unit else text
    if not digits.isdecimal() or not digits.isascii() or int(digits) == 0:
        raise Problem("--max-size: no size", "write it as 500K, 10M or 1G")
    return int(digits) * _UNITS[unit]
