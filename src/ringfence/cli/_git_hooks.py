"""What git's hooks call: what is committed, said or pushed is looked at, judged, recorded, and refused or let go.

The rule: everything that goes wrong refuses. What is new is asked of git; by which rules is what `ringfence git install` was told.
"""

import os
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ringfence.cli._errors import Problem
from ringfence.detect import Detector, detector_for
from ringfence.extract.model import Bounds
from ringfence.gates.git.allowing import Allowances, Settling
from ringfence.gates.git.hook_settings import HookSettings
from ringfence.gates.git.ignoring import FILE as IGNORE_FILE
from ringfence.gates.git.model import MESSAGE, Item, Origin, Scanned
from ringfence.gates.git.naming import Names as Known
from ringfence.gates.git.opening import Opener
from ringfence.gates.git.repository import Repository
from ringfence.gates.git.rules import WITHOUT_POLICY, Rules
from ringfence.gates.git.running import GitFailed
from ringfence.gates.git.scanning import Digests, Scanner
from ringfence.gates.git.scans import Listed, Scan
from ringfence.home import Home
from ringfence.traces import leave_no_image

if TYPE_CHECKING:
    from ringfence.crossing import Body
    from ringfence.gates.carrying import Recorder
    from ringfence.gates.git.baseline import Baseline
    from ringfence.gates.git.ignoring import Ignoring
    from ringfence.gates.git.pushes import Ref
    from ringfence.gates.git.pushing import Asked, Judging, Verdict

ALLOW: Final = "RINGFENCE_ALLOW"
OPTION: Final = "ringfence.allow"
_AT_HEAD: Final = "HEAD:"
_REFUSED, _PASSED = 1, 0
_PUSHERS: Final = ("GL_USERNAME", "GITEA_PUSHER_NAME", "GERRIT_USER", "REMOTE_USER", "GL_ID")
"""Who pushes, as servers of git repositories tell their hooks."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a hook."""

    name: str
    arguments: tuple[str, ...]
    repository: Repository
    settings: HookSettings
    given: Iterable[bytes]


def run_hook(call: Call) -> int:
    """Run a hook; give its exit code."""
    leave_no_image()
    from ringfence.gates.git.pushing import Asked, Judging
    from ringfence.report.scan_refusal import Hint, said
    from ringfence.report.scan_words import Names

    if not call.settings.is_made:
        raise Problem("this repository has no settings for ringfence's hooks", "run `ringfence git install` in it")
    reason, through = _overriding(call)
    judging = Judging(bool(reason))
    client = {"hook": call.name}
    detector, gate = Detector(), ""
    for listed, rules in _looked_at(call, client):
        detector, gate = detector_for(rules.policy.detect), gate_of(rules)
        for scanned in listed:
            judging.take(scanned, rules)
    is_push = call.name in ("pre-push", "pre-receive")
    asked = Asked(gate, "", client, reason, through, every=is_push)
    verdict = settled(judging, asked, Home(Path(call.settings.policy), Path(call.settings.home)))
    noun = "push" if is_push else "commit"
    inline = call.settings.inline or not call.settings.server
    place = None if call.settings.server else Path(call.settings.home)
    hint = Hint(noun, _how_to_override(call), inline, place)
    for line in said(judging, verdict, hint, Names(detector)):
        print(f"ringfence: {line}" if not line.startswith(" ") else line, file=sys.stderr)
    return _PASSED if verdict.passes else _REFUSED


def _looked_at(call: Call, client: dict[str, str]) -> Iterator[tuple[Iterable[Scanned], Rules]]:
    """Look at what a hook is about, each part with the rules for it; add to `client` what is known of it."""
    if call.name in ("pre-commit", "commit-msg"):
        ref = _current_ref(call.repository)
        client["ref"] = ref
        rules = rules_for(call.settings, ref)
        looking = Looking(call.repository, call.settings, rules)
        if call.name == "pre-commit":
            from ringfence.gates.git.items import staged

            yield looking.scanned(staged(call.repository)), rules
        else:
            yield [looking.message(_draft(call))], rules
        return
    refs = _refs(call)
    client["ref"] = ", ".join(ref.name for ref in refs)
    if call.name == "pre-push":
        client["remote"] = call.arguments[0] if call.arguments and "/" not in call.arguments[0] else "without a name"
    pusher = next((os.environ[name] for name in _PUSHERS if os.environ.get(name)), "")
    if call.settings.server and pusher:
        client["pusher"] = pusher
    alive = [ref for ref in refs if ref.new]
    if not alive:
        return
    rules = rules_for(call.settings, alive[0].name)
    looking = Looking(call.repository, call.settings, rules)
    yield [looking.text(ref.name.removeprefix("refs/").partition("/")[2], "the ref's name") for ref in alive], rules
    if rules.depends_on_ref:
        for one in alive:
            yield _of_ref(call, one, replace(rules, ref=one.name))
    if call.settings.server:
        from ringfence.gates.git.pushes import pushed, unnamed

        yield looking.scanned((unnamed if rules.depends_on_ref else pushed)(call.repository, alive)), rules
    elif not rules.depends_on_ref:
        yield looking.scanned(_outgoing(call, alive)), rules


def _of_ref(call: Call, ref: "Ref", rules: Rules) -> tuple[Iterable[Scanned], Rules]:
    """Look at what one ref is to get, by the rules for it: of what the server has, what was judged by the same ones is not new."""
    from ringfence.gates.git.pushes import named

    looking, alike = Looking(call.repository, call.settings, rules), rules.flows_at(rules.ref)
    if not call.settings.server:
        return looking.scanned(_outgoing(call, [ref])), rules
    return looking.scanned(named(call.repository, [ref], lambda name: rules.flows_at(name) == alike)), rules


def _outgoing(call: Call, refs: Sequence["Ref"]) -> Iterator[Listed]:
    from ringfence.gates.git.pushes import outgoing

    return outgoing(call.repository, refs, call.arguments[0] if call.arguments else "")


def _refs(call: Call) -> list["Ref"]:
    from ringfence.gates.git.pushes import pushing, received

    return (received if call.settings.server else pushing)(call.given, call.repository)


def _draft(call: Call) -> bytes:
    from ringfence.gates.git.opening import MOST_SAID, drafted

    if not call.arguments:
        raise Problem("commit-msg was called without a file", "the hook is to be run by git")
    file = Path(call.repository.top or call.repository.folder, call.arguments[0])
    with file.open("rb") as opened:
        said = opened.read(MOST_SAID + 1)
    if len(said) > MOST_SAID:
        raise Problem(f"the message has more than {MOST_SAID >> 20} MiB", "write one that somebody reads")
    return drafted(said)


def _current_ref(repository: Repository) -> str:
    try:
        return repository.run("symbolic-ref", "--quiet", "HEAD").decode("utf-8", "surrogateescape").strip()
    except GitFailed:
        return "HEAD"


@dataclass(slots=True)
class Looking:
    """Looks at what is listed, by the rules and allowances of a repository's hooks."""

    repository: Repository
    settings: HookSettings
    rules: Rules

    def scanned(self, listed: Iterable[Listed]) -> Iterator[Scanned]:
        """Look at items."""
        scanner, baseline = self._scanner()
        settling = Settling(scanner.allowances, baseline, whole=False, detection=self.rules.policy.detect)
        with Opener(self.repository) as opener:
            yield from Scan(listed, scanner, opener, settling).run()

    def message(self, content: bytes) -> Scanned:
        """Look at a commit's message that is not committed yet."""
        item = Item(MESSAGE, Origin.COMMIT, len(content))
        return self._scanner()[0].scan(item, lambda: BytesIO(content))

    def text(self, text: str, name: str) -> Scanned:
        """Look at a name that others will see."""
        content = text.encode("utf-8", "replace")
        scanner = Scanner(self.rules, allowances=Allowances(inline=False))
        return scanner.scan(Item(name, Origin.COMMIT, len(content)), lambda: BytesIO(content))

    def _scanner(self) -> tuple[Scanner, "Baseline | None"]:
        settings = self.settings
        names = Known.of(self.rules.policy.detect)
        baseline, digests = self._baseline()
        inline = settings.inline or not settings.server
        allowances = Allowances(names, self._ignoring(names), inline)
        bounds = Bounds(leaves_out=frozenset()) if settings.everything else Bounds()
        return Scanner(self.rules, bounds, digests, allowances), baseline

    def _ignoring(self, names: Known) -> "Ignoring | None":
        """Read what may stay: on a server never from what is being pushed."""
        from ringfence.gates.git.ignoring import parse_ignoring, read_ignoring

        settings, top = self.settings, self.repository.top
        if settings.ignoring:
            return read_ignoring(Path(settings.ignoring), names, top=top)
        if settings.server or not top:
            content = _at_head(self.repository, IGNORE_FILE)
            return parse_ignoring(content, f"{_AT_HEAD}{IGNORE_FILE}", names) if content is not None else None
        file = Path(top, IGNORE_FILE)
        return read_ignoring(file, names, shown=IGNORE_FILE, top=top) if file.is_file() else None

    def _baseline(self) -> tuple["Baseline | None", Digests | None]:
        settings = self.settings
        if not settings.baseline:
            return None, None
        from ringfence.gates.git.baseline import parse_baseline, read_baseline
        from ringfence.gates.git.scan_key import key_to_know_again

        if settings.baseline.startswith(_AT_HEAD):
            content = _at_head(self.repository, settings.baseline.removeprefix(_AT_HEAD))
            if content is None:
                return None, None
            read = parse_baseline(content, settings.baseline)
        else:
            read = read_baseline(Path(settings.baseline))
        home = Home(Path(settings.policy), Path(settings.home))
        key = key_to_know_again(read.key_name, read.key_version, home, os.environ)
        read.opened_by(key.handle)
        return read, Digests(key.keys, key.handle.name)


def _at_head(repository: Repository, name: str) -> bytes | None:
    """Read a file as the default branch has it now."""
    try:
        return repository.run("cat-file", "blob", f"{_AT_HEAD}{name}")
    except GitFailed:
        return None


def rules_for(settings: HookSettings, ref: str = "") -> Rules:
    """Give the rules that settings name. Raises `Problem` and `PolicyError`."""
    if not settings.policy:
        return Rules()
    from ringfence.gates.git.rules import NO_POLICY, rules_of, rules_through
    from ringfence.policy import Asker, FlowId, PurposeName, RoleName
    from ringfence.policy_files import load_policy

    policy = load_policy(Path(settings.policy))
    asker = Asker(
        RoleName(settings.role) if settings.role else None, PurposeName(settings.purpose) if settings.purpose else None
    )
    if settings.gate:
        return rules_through(policy, settings.gate, asker, ref)
    if not settings.flow:
        return Rules(policy=replace(WITHOUT_POLICY, hash=policy.hash, detect=policy.detect), named=NO_POLICY)
    flow = policy.flows.get(FlowId(settings.flow))
    if flow is None:
        raise Problem(f"the policy has no flow {settings.flow}", "name one of its own: `ringfence git install --flow`")
    return rules_of(policy, flow, asker, ref)


def gate_of(rules: Rules, otherwise: str = "git") -> str:
    """Name the gate of rules, for entries."""
    flow = rules.policy.flows.get(rules.named) if rules.named is not None else None
    return rules.gate or (flow.via.gate if flow is not None else None) or otherwise


def _overriding(call: Call) -> tuple[str, str]:
    """Give why somebody overrides, and how it was said. A server takes only what was sent to it, where it takes it at all."""
    if not call.settings.server:
        return os.environ.get(ALLOW, "").strip(), ALLOW
    count = os.environ.get("GIT_PUSH_OPTION_COUNT", "")
    options = (os.environ.get(f"GIT_PUSH_OPTION_{n}", "") for n in range(int(count) if count.isdecimal() else 0))
    reason = next((each.partition("=")[2] for each in options if each.startswith(f"{OPTION}=")), "").strip()
    if reason and not call.settings.overriding:
        print("ringfence: this server takes no word that overrides; it is not heeded", file=sys.stderr)
        return "", ""
    return reason, OPTION


def _how_to_override(call: Call) -> str:
    if call.settings.server:
        return f"git push -o {OPTION}=REASON" if call.settings.overriding else ""
    return f"{ALLOW}=REASON git {'push' if call.name == 'pre-push' else 'commit'}"


def settled(judging: "Judging", asked: "Asked", place: Home) -> "Verdict":
    """Decide and record in a home's ledger, where there is something to record."""
    from ringfence.gates.git.pushing import Verdict

    if not judging.needs_ledger(asked):
        return Verdict()
    from ringfence.cli._session import principal
    from ringfence.gates.carrying import now
    from ringfence.gates.loop import run

    named = replace(asked, principal=principal())

    async def settle() -> "Verdict":
        async with _recorder(place) as recorder:
            return await judging.settle(named, recorder, now)

    return run(settle())


@asynccontextmanager
async def _recorder(place: Home) -> AsyncIterator["Recorder"]:
    """Give the ledger of a home; one that cannot be written takes no entry, so that nothing passes."""
    from ringfence.cli._errors import in_words
    from ringfence.gates.recording import LedgerRecorder
    from ringfence.ledger import LedgerClient, LedgerError

    client = LedgerClient(place.ledger, place.signing_key)
    fault = "" if place.ledger.is_file() else "there is none: `ringfence git install` makes one"
    try:
        if not fault:
            await client.open()
    except (LedgerError, OSError) as error:
        fault = in_words(error).partition("\n")[0]
    if fault:
        yield _Closed(fault)
        return
    try:
        yield LedgerRecorder(client)
    finally:
        await client.close()


@dataclass(frozen=True, slots=True)
class _Closed:
    """A ledger that could not be opened."""

    fault: str

    async def record(self, _body: "Body") -> str:
        from ringfence.gates.carrying import Unrecorded

        raise Unrecorded(self.fault)
