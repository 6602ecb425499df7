"""Trying one attack as one role on one target, and judging what came of it.

The rule: an attack proves something only where it works on a straight connection: where a reference was given, each is tried
there first, and what finds nothing there is *not runnable*, however quiet the gate. What counts as a leak follows from the
policy's own plan: a hidden value that can be read, an answer to a comparison that the policy does not allow, a way round that
is open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ringfence.policy import Use
from ringfence.policy.model import SCAN
from ringfence.probe.asking import Client
from ringfence.probe.attacks import Answer, Attack, Goal, fill
from ringfence.probe.catalogue import literal
from ringfence.probe.inferring import Inferred, Question, infer, places_in
from ringfence.probe.matrix import Cell, Verdict
from ringfence.probe.people import forged
from ringfence.probe.recognising import Recogniser, Reply, Seen, Watched
from ringfence.probe.roles import Known
from ringfence.probe.targets import Target

CARD = "user.financial.credit_card"

# SQLSTATEs of a statement that does not suit a database or a type, and was never run.
_NOT_FITTING = frozenset(
    {
        "0A000",
        "22P05",
        "3D000",
        "3F000",
        "42601",
        "42602",
        "42611",
        "42622",
        "42701",
        "42702",
        "42703",
        "42704",
        "42710",
        "42723",
        "42725",
        "42804",
        "42809",
        "42830",
        "42846",
        "42883",
        "42P01",
        "42P02",
        "42P07",
        "42P08",
        "42P10",
        "42P18",
        "42P20",
        "42P21",
        "42P22",
        "428C9",
    }
)
_BEYOND = frozenset(
    ["53000", "53100", "53200", "53300", "53400", "57014", "57P01", "57P02", "57P03"]
)  # it is full, slow or ending


class NotRunnable(Exception):
    """An attack cannot be tried, and why."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass
class Trying:
    """What all trials of a run share."""

    reference: Client | None
    writes: bool
    lifted: frozenset[str]
    secret: bytes = field(repr=False)
    _controls: dict[tuple[str, str], str] = field(default_factory=dict)
    _own: dict[str, Recogniser] = field(default_factory=dict)

    def attempt(self, role: Known, client: Client, seeker: Recogniser, attack: Attack, target: Target) -> Cell:
        """Try, and say what came of it."""
        try:
            self._check(attack, target)
            verdict, why, seen = self._try(role, client, seeker, attack, target)
        except NotRunnable as not_runnable:
            verdict, why, seen = Verdict.NOT_RUNNABLE, not_runnable.why, []
        return Cell(
            role.role,
            target.category,
            attack.route,
            attack.id,
            verdict,
            why,
            target.path,
            tuple(sorted({one.category for one in seen})),
            tuple(sorted({one.way for one in seen})),
        )

    def _check(self, attack: Attack, target: Target) -> None:
        """Raise `NotRunnable` where an attack cannot be tried on a target."""
        if attack.writes and not self.writes:
            raise NotRunnable("it writes, and the policy does not say `probe: {write: true}`")
        if attack.goal is Goal.RUNS:
            return
        if attack.needs == "view" and not target.filling.view:
            raise NotRunnable("no view depends on the column")
        if attack.text_only and not target.is_text:
            raise NotRunnable("it fits text only, and the column is of another type")
        if attack.goal is Goal.SHOWS and not any(target.found.values()):
            why = (
                "no value of it is known" if self.reference is None else "nothing was found in the rows that were read"
            )
            mend = ": give `probe: {reference: env:NAME}`" if self.reference is None else ""
            raise NotRunnable(why + mend)
        if not target.filling.keys and attack.goal in (Goal.INFERS, Goal.STORES):
            raise NotRunnable("its table has no rows, or no key that may be compared")
        if self.reference is not None and not attack.writes and (why := self._control(attack, target)):
            raise NotRunnable(why)

    def _control(self, attack: Attack, target: Target) -> str:
        """Try straight; say why it proves nothing, "" where it works."""
        key = (attack.id, target.path)
        if key not in self._controls:
            self._controls[key] = self._straight(attack, target)
        return self._controls[key]

    def _straight(self, attack: Attack, target: Target) -> str:
        reference = self.reference
        assert reference is not None  # noqa: S101 (asked before)
        if attack.goal is Goal.INFERS:
            return _straight_answers(reference, attack, target)
        replies = reference.attempt(attack, _statements(attack, target))
        code = replies[-1].code
        if attack.goal is Goal.ANSWERS:
            return f"it does not run straight either ({code})" if code else ""
        if self._of(target).finds(replies, _own_category(target)):
            return ""
        return f"it finds nothing straight either{f' ({code})' if code else ''}"

    def _of(self, target: Target) -> Recogniser:
        """Give the recogniser of a target's own values."""
        if target.path not in self._own:
            watched = [Watched(category, value) for category, values in target.found.items() for value in values]
            self._own[target.path] = Recogniser(watched)
        return self._own[target.path]

    def _try(
        self, role: Known, client: Client, seeker: Recogniser, attack: Attack, target: Target
    ) -> tuple[Verdict, str, Sequence[Seen]]:
        own = _own_category(target)
        if attack.goal is Goal.INFERS:
            return _inferred(role, client, attack, target)
        more = {"forged": literal(_forged(target, self.secret))} if attack.goal is Goal.STORES else {}
        replies = client.attempt(attack, _statements(attack, target, more))
        leaks = seeker.seek(replies, own)
        if leaks:
            return Verdict.LEAKED, "a hidden value was read", leaks
        code = replies[-1].code
        if code:
            return _failed(replies[-1], checked=self.reference is not None and not attack.writes)
        match attack.goal:
            case Goal.RUNS:
                is_lifted = bool(self.lifted)
                return (Verdict.CLEAR, "the gate's `allow` lifts refusals", ()) if is_lifted else _open("it was run")
            case Goal.ANSWERS:
                return _allowed(may=role.may(Use(attack.use), target.path))
            case Goal.STORES:
                return _allowed(may=role.may_give(CARD if target.category == SCAN else target.category))
        if not set(target.found) & role.hidden and self._of(target).finds(replies, own):
            return Verdict.CLEAR, "the policy allows it", ()
        return Verdict.CHANGED, "", ()


def _own_category(target: Target) -> str:
    return "" if target.category == SCAN else target.category


def _statements(attack: Attack, target: Target, more: Mapping[str, str] | None = None) -> list[str]:
    return [fill(one, target.filling, **(more or {})) for one in attack.statements]


def _failed(reply: Reply, *, checked: bool) -> tuple[Verdict, str, Sequence[Seen]]:
    if reply.by_gate:
        return Verdict.BLOCKED, f"refused by the gate ({reply.code})", ()
    if reply.code in _BEYOND:
        raise NotRunnable(f"no answer ({reply.code})")
    if reply.code in _NOT_FITTING and not checked:
        raise NotRunnable(f"the statement does not fit the database ({reply.code})")
    return Verdict.BLOCKED, f"failed ({reply.code})", ()


def _open(why: str) -> tuple[Verdict, str, Sequence[Seen]]:
    return Verdict.LEAKED, why, ()


def _allowed(*, may: bool) -> tuple[Verdict, str, Sequence[Seen]]:
    return (
        (Verdict.CLEAR, "the policy allows it", ())
        if may
        else _open("it was answered, which the policy does not allow")
    )


def _inferred(role: Known, client: Client, attack: Attack, target: Target) -> tuple[Verdict, str, Sequence[Seen]]:
    said: list[Reply] = []

    def ask(question: Question) -> bool | None:
        said.append(_asked(client, attack, target, question))
        return _answer(said[-1], attack.answer)

    if role.may(Use.COMPARED, target.path):
        if ask(Question(places_in(target.first)[0], 64)) is None:
            return _failed(said[-1], checked=bool(target.first))
        return Verdict.CLEAR, "the policy allows it", ()
    came = infer(ask, target.first)
    if came is Inferred.REFUSED:
        return _failed(said[-1], checked=bool(target.first))
    if came is Inferred.SHORT:
        raise NotRunnable("the value has too few letters to tell")
    if came is Inferred.OTHER:
        return Verdict.CHANGED, "the answers say nothing of the value", ()
    seen = Seen(target.category, "letter by letter")
    return Verdict.LEAKED, f"spelt out by {len(said)} questions", [seen]


def _straight_answers(reference: Client, attack: Attack, target: Target) -> str:
    """Ask straight one question whose answer is yes, and one whose answer is no."""
    place = places_in(target.first)[0]
    if len(target.first) < place:
        return "the value has too few letters to tell"
    code = min(ord(target.first[place - 1]), 127)
    replies = [_asked(reference, attack, target, Question(place, one)) for one in (code - 1, code)]
    answers = [_answer(reply, attack.answer) for reply in replies]
    if answers == [True, False] or (code > 126 and answers == [True, True]):
        return ""
    failed = next((reply.code for reply in replies if reply.code), "")
    return f"it does not answer straight either{f' ({failed})' if failed else ''}"


def _asked(client: Client, attack: Attack, target: Target, question: Question) -> Reply:
    spelt = question.spelt(target.filling.value)
    return client.attempt(attack, _statements(attack, target, {"question": spelt}))[-1]


def _answer(reply: Reply, how: Answer) -> bool | None:
    """Read yes or no; None where it was refused, or failed in a way that says nothing."""
    match how:
        case Answer.ERROR:
            is_none = reply.by_gate or reply.code in _NOT_FITTING or reply.code in _BEYOND
            return None if is_none else bool(reply.code)
        case Answer.ROWS:
            return None if reply.code else bool(reply.rows) or any(reply.texts)
        case Answer.TRUE:
            is_true = bool(reply.rows) and reply.rows[0][0] in (b"t", b"1", b"true")
            return None if reply.code else is_true


def _forged(target: Target, secret: bytes) -> str:
    """Make a value of nobody's that goes where the policy may not let it go."""
    return f"card {forged(CARD, secret)}" if target.category == SCAN else forged(target.category, secret)
