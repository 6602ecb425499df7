"""Given values on their way in: charged, matched with tokens, restored, judged and changed before the statement runs.

The rule: what a client hands in takes one crossing under the flow that goes that way, all its values as one row. A token that this
asker was given stands for its clear value where it is compared with its own column, and, where the flow says `restore`, where it is
written. Only what changed is put back: a literal's token in the text, a value in a Bind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from ringfence.carriers import Rows, RowsCarrier
from ringfence.carriers.rows import RowColumn
from ringfence.crossing import Crossing, Ending, Refusal
from ringfence.gates.carrying import Carried, carry_out
from ringfence.gates.postgres.refusing import record_would
from ringfence.gates.postgres.searching import feed, searches
from ringfence.gates.postgres.speaking import data_row, rows_of
from ringfence.gates.postgres.verdicts import Verdict, verdict_of
from ringfence.policy import Denial, Mode, Plan, Refused
from ringfence.sql.model import Given, GivenKind
from ringfence.transform import About, MissingKey, NotAToken, ValueType, WrongKey, reverse
from ringfence.wire.postgres.rows import DataRows

if TYPE_CHECKING:
    from ringfence.gates.postgres.session import Session

_TEXT = 25
_TOKEN = "tok_"  # noqa: S105 (how tokens begin)
_UNREAD = "-"  # stands in the crossing for a value that nobody can look at: what was declared of it is recorded
_MARKER = "[redacted:"
_MASKED = "***"
_BUDGET = "the budget of comparisons with a column that is not shown clear is spent"


class Values(Protocol):
    """The values that a client gives with a statement."""

    def get(self, given: Given) -> str | None:
        """Give one as text; None where it is null or no text that can be read (then nothing in it is changed)."""

    def unreadable(self, given: Given) -> bool:
        """Whether a value is there that has no text."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why a statement may not run with these values."""

    plan: Plan
    what: str
    recorded: Refusal | None = None


@dataclass(frozen=True, slots=True)
class LetIn:
    """The verdict under which a statement runs, and the values that stand in the place of those that were given."""

    verdict: Verdict
    changes: dict[Given, str | None]
    is_clean: bool = False  # they were looked at, and nothing was found: the same values need no second look


async def let_in(
    session: "Session", verdict: Verdict, values: Values, only: GivenKind | None = None
) -> LetIn | Stopped:
    """Take the given values of a statement across; `only` those of one kind, where the others come at another time."""
    changes: dict[Given, str | None] = {}
    if verdict.matching:
        verdict = _match(session, verdict, values, changes, only)
    if verdict.refusal is not None and not verdict.observes:
        if only is GivenKind.LITERAL and _may_match_later(verdict):
            return LetIn(verdict, changes)
        return Stopped(verdict.refusal, verdict.what)
    would = verdict.refusal is not None  # it would not have come to what follows, but where that enforces
    once = only is not GivenKind.LITERAL  # for each time that it runs
    if verdict.refusal is not None and once:
        await record_would(session, verdict.refusal)
    if once and not (would and verdict.plan.mode is Mode.OBSERVE):
        stopped = await _charge(session, verdict)
        if stopped is not None:
            return stopped
    if verdict.inbound is None or (would and verdict.inbound.plan.mode is Mode.OBSERVE):
        return LetIn(verdict, changes)
    crossed = await _cross(session, verdict, values, changes, only)
    return crossed if isinstance(crossed, Stopped) else LetIn(verdict, changes, is_clean=crossed)


async def _stopped(session: "Session", plan: Plan, what: str) -> Stopped | None:
    """Stop; where the flow observes, record that it would have been, and go on."""
    if plan.mode is not Mode.OBSERVE:
        return Stopped(plan, what)
    await record_would(session, plan)
    return None


async def _charge(session: "Session", verdict: Verdict) -> Stopped | None:
    shared = session.shared
    budgets = shared.would_budgets if verdict.plan.mode is Mode.OBSERVE else shared.budgets
    for category, predicate in verdict.plan.charges:
        if not budgets.charge(session.principal, category, predicate, 1, shared.loop_time()):
            mend = f"wait: {predicate.count} comparisons are allowed every {predicate.seconds:g} seconds"
            refused = Refused(Denial.FIELD, f"flows.{verdict.plan.flow}.predicates", mend, category)
            return await _stopped(session, replace(verdict.plan, refused=refused), _BUDGET)
    return None


def _may_match_later(verdict: Verdict) -> bool:
    return any(given.kind is GivenKind.PARAMETER for _, _, givens in verdict.matching for given in givens)


def _match(
    session: "Session",
    verdict: Verdict,
    values: Values,
    changes: dict[Given, str | None],
    only: GivenKind | None,
) -> Verdict:
    """Turn tokens that are compared with their own column into clear values."""
    matched = set()
    for path, category, givens in verdict.matching:
        if only is not None and any(given.kind is not only for given in givens):
            continue
        clear = {given: _reversed(session, verdict.plan, category, values.get(given)) for given in givens}
        if all(value is not None for value in clear.values()):
            matched.add(path)
            changes.update(clear)
    return verdict_of(session, verdict.known, matched=frozenset(matched)) if matched else verdict


def _reversed(session: "Session", plan: Plan, category: str, value: str | None) -> str | None:
    if value is None or not value.startswith(_TOKEN) or category not in plan.table:
        return None
    scope = plan.scope(plan.decide(category).form)
    try:
        return reverse(value, About("", category, scope, session.shared.keys))
    except (NotAToken, WrongKey, MissingKey):
        return None


def _is_a_form(plan: Plan, path: str, value: str) -> bool:
    """Whether a value is what this asker was shown in the place of one: writing that back would destroy what stands there."""
    judged = plan.judge(path)
    if judged in plan.table and plan.decide(judged).form.passes_clear:
        return False
    return _MARKER in value or (judged in plan.table and _MASKED in value)


async def _cross(
    session: "Session",
    verdict: Verdict,
    values: Values,
    changes: dict[Given, str | None],
    only: GivenKind | None,
) -> Stopped | bool:
    """Take values across; say whether nothing was found in them."""
    assert verdict.inbound is not None  # noqa: S101 (its caller looked)
    inbound = verdict.inbound.of(only)
    if only is not GivenKind.LITERAL:
        for given, refusing in inbound.nulls:
            if values.unreadable(given) or values.get(given) is not None:
                why = refusing.refused.why if refusing.refused is not None else ""
                return await _stopped(session, refusing, why) or False
    unread = [given for given in inbound.givens if values.unreadable(given)]
    if unread and not inbound.plan.passes_unread:
        refused = Refused(Denial.FIELD, "inbound", "send it as text: a value of this type cannot be looked at")
        what = "a given value cannot be read"
        return await _stopped(session, replace(inbound.plan, refused=refused), what) or False
    if not inbound.givens:
        return True
    given_values = [_UNREAD if given in unread else changes.get(given, values.get(given)) for given in inbound.givens]
    if inbound.plan.restore and inbound.plan.mode is Mode.ENFORCE:
        alone = frozenset(verdict.known.analysis.alone)
        for number, path in enumerate(inbound.paths):
            category = verdict.plan.judge(path) if path and inbound.givens[number] in alone else ""
            clear = _reversed(session, verdict.plan, category, given_values[number]) if category else None
            given_values[number] = clear if clear is not None else given_values[number]
    for path, value in zip(inbound.paths, given_values, strict=True):
        if path and value is not None and _is_a_form(verdict.plan, path, value):
            why = f"{path} would be filled with a form in which it was shown, not with a value"
            refused = Refused(
                Denial.FIELD, "inbound: a form", "write the value itself, or leave the column out", None, why
            )
            return await _stopped(session, replace(inbound.plan, refused=refused), why) or False
    width = len(given_values)
    columns = [RowColumn(path, ValueType.STRING, number) for number, path in enumerate(inbound.paths)]
    head = session.shared.head(session)
    crossing = Crossing(
        inbound.plan, head, session.shared.keys, RowsCarrier(DataRows([0] * width, [_TEXT] * width), columns)
    )
    carried = Carried()
    clock, recorder = session.shared.clock, session.shared.recorder
    await carry_out(crossing, crossing.start(), recorder, clock, carried)
    if carried.refusal is None:
        row = Rows(data_row(given_values), 1)
        effects = await feed(crossing, row, clock(), searched=searches(inbound.plan))
        await carry_out(crossing, effects, recorder, clock, carried)
    if carried.refusal is None:
        await carry_out(crossing, crossing.end(Ending.COMPLETE, clock()), recorder, clock, carried)
    if carried.ledger_fault:
        session.shared.ledger_fault(carried.ledger_fault)
    if carried.refusal is not None:
        return Stopped(inbound.plan, "a given value may not go there", carried.refusal)
    session.shared.count(crossing.summary, inbound.plan)
    released = b"".join(part.data for part in carried.released if isinstance(part, Rows))
    made = zip(inbound.givens, rows_of(released)[0], strict=True)
    changes.update({given: value for given, value in made if given not in unread and value != values.get(given)})
    return not crossing.summary.recorded


class Literals:
    """The values of constants that stand in a statement's text."""

    __slots__ = ("_start", "_text")

    def __init__(self, text: bytes, start: int) -> None:
        self._text = text
        self._start = start  # where the statement begins in the whole text: offsets count from there

    def get(self, given: Given) -> str | None:
        """Read a literal."""
        return literal_value(self._token(given))

    def unreadable(self, given: Given) -> bool:
        """Whether a literal is spelt in a way that is not read here."""
        token = self._token(given)
        return bool(token) and token[:1].lower() not in (b"n", b"t", b"f") and literal_value(token) is None

    def _token(self, given: Given) -> bytes:
        if not given.end:
            return b""  # NULL, TRUE and FALSE as arguments of an EXECUTE have no token
        return self._text[given.start - self._start : given.end - self._start]

    def changed(self, changes: dict[Given, str | None]) -> bytes:
        """Give the text with other literals."""
        parts: list[bytes] = []
        at = 0
        for given in sorted(changes, key=lambda each: each.start):
            value = changes[given]
            parts.append(self._text[at : given.start - self._start])
            parts.append(b"NULL" if value is None else quoted(value))
            at = given.end - self._start
        parts.append(self._text[at:])
        return b"".join(parts)


def quoted(value: str) -> bytes:
    """Write a value as a literal; `standard_conforming_strings` is on."""
    return b"'" + value.replace("\0", "").replace("'", "''").encode() + b"'"


def literal_value(token: bytes) -> str | None:
    """Read the value of a literal's token; None of NULL, and of a spelling that is not read here (``U&'...'``)."""
    if token[:1] == b"'" and token[-1:] == b"'" and len(token) >= 2:
        return _plain(token)
    if token[:1] in (b"E", b"e") and token[1:2] == b"'":
        return _escaped(token[2:-1])
    if token[:1] == b"$" and token[-1:] == b"$":
        tag = token[: token.index(b"$", 1) + 1]
        return token[len(tag) : -len(tag)].decode("utf-8", "replace") if token.endswith(tag) else None
    if token[:1].isdigit() or token[:1] in (b".", b"-", b"+"):
        return token.decode("ascii", "replace")
    if token[:1] in (b"B", b"b", b"X", b"x", b"N", b"n") and token[1:2] == b"'":
        return token[2:-1].decode("ascii", "replace")
    return None


def _plain(token: bytes) -> str | None:
    """Read a literal without escapes; None where it is continued on another line, which makes several quotes of it."""
    body = token[1:-1]
    if b"'" in body.replace(b"''", b""):
        return None
    return body.replace(b"''", b"'").decode("utf-8", "replace")


_ESCAPES = {ord("b"): "\b", ord("f"): "\f", ord("n"): "\n", ord("r"): "\r", ord("t"): "\t"}


def _escaped(body: bytes) -> str | None:
    """Read what stands between the quotes of an E'' literal; None where it has an escape by number, which is not read here."""
    out: list[str] = []
    for part in _split(body):
        if part[:1] != b"\\":
            if b"'" in part.replace(b"''", b""):
                return None
            out.append(part.replace(b"''", b"'").decode("utf-8", "replace"))
            continue
        code = part[1]
        if code in b"01234567xuU" or code > 127:
            return None
        out.append(_ESCAPES.get(code) or chr(code))
    return "".join(out)


def _split(body: bytes) -> Sequence[bytes]:
    """Cut at backslashes: each escape is a part of its own."""
    parts: list[bytes] = []
    at = 0
    while (found := body.find(b"\\", at)) >= 0 and found + 1 < len(body):
        parts += [body[at:found], body[found : found + 2]]
        at = found + 2
    parts.append(body[at:])
    return parts
