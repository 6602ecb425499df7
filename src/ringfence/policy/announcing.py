"""Judging announced fields: what is shown, compared, copied and written, before any of it moves.

The rule: a form fits a field's own value, so it is applied to nothing else. What was computed from a field that does not cross
clear is redacted: the last four characters of ``reverse(card)`` are the card's first four.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeGuard

from ringfence.policy.model import (
    CLEAR,
    NONE,
    REDACT,
    SCAN,
    UNKNOWN,
    Flow,
    FormKind,
    Judgement,
    Predicate,
)
from ringfence.policy.verdict import Announced, Decision, Denial, FieldUse, Refused, Use

Handling: TypeAlias = Decision | Literal["scan"] | None
"""What is done with one field: nothing (None), its content decides, or a decision."""

MOST_GUESSES = 16  # given values that one statement may compare a hidden field with

_BLURRED = frozenset({FormKind.REDACT, FormKind.NULL})  # forms that show nothing of a value, whatever it is


def judge_path(fields: Mapping[str, Judgement], path: str, longest: int) -> Judgement:
    """Look a path up: the longest declared path that covers it decides; a path that none covers is unknown.

    `longest` is the length of the longest declared path: a payload's path may be longer, and costs no more for it (law 7).
    """
    found = _covering(fields, path, longest)
    return fields[found] if found else UNKNOWN


def is_covered(fields: Mapping[str, Judgement], path: str, longest: int) -> bool:
    """Whether a declared path covers this one."""
    return bool(_covering(fields, path, longest))


def _covering(fields: Mapping[str, Judgement], path: str, longest: int) -> str:
    """Give the longest declared path that covers this one; "" where none does."""
    at = len(path)
    if at > longest:
        at = max(path.rfind(".", 0, longest + 1), path.rfind("[", 0, longest + 1))
    while at > 0:
        if path[:at] in fields:
            return path[:at]
        at = max(path.rfind(".", 0, at), path.rfind("[", 0, at))
    return ""


@dataclass(frozen=True, slots=True)
class Judging:
    """A flow's table and an asset's fields, to judge announced fields with."""

    flow: Flow
    table: Mapping[str, Decision]
    unknown: Decision | Literal["scan"]
    fields: Mapping[str, Judgement]
    longest: int  # of the paths in `fields`

    def announce(self, use: FieldUse) -> Announced:
        """Say what happens to a field's values. A comparison or a copy has none that cross."""
        if use.use not in _HOLDING:
            return Announced(judge_path(self.fields, use.path, self.longest), None)
        handled = [(judgement, how) for _, judgement, how in self._handled(use) if how is not None]
        hidden = [(judgement, how) for judgement, how in handled if _is_hidden(how)]
        if not hidden:
            return self._announce_open(use, handled)
        judgement, decision = hidden[0]
        if decision.form.denies:
            return Announced(judgement, decision)
        same = len(hidden) == len(handled) and len({how.form for _, how in hidden}) == 1
        if same and not use.computed:
            return Announced(judgement, decision)
        blurred = decision if decision.form.kind in _BLURRED else Decision(REDACT, decision.rule)
        return Announced(judgement, blurred, uniform=True)

    def _announce_open(self, use: FieldUse, handled: Sequence[tuple[Judgement, Handling]]) -> Announced:
        """Announce what nothing declared hides. What was computed from free text can be spelt so that no search finds it."""
        scanned = next((each for each in handled if each[1] == SCAN), None)
        hidden = self._hidden() if scanned is not None and use.computed else None
        if hidden is not None:
            return Announced(SCAN, Decision(REDACT, hidden[1].rule), uniform=True)
        return Announced(*(scanned or (handled[0] if handled else (NONE, None))))

    def refused(self, use: FieldUse) -> Refused | None:
        """Say why a use may not be, or None where it may."""
        if use.use is Use.STORED:
            return self._copy_refused(use)
        if use.use is Use.KEPT:
            return self._keeping_refused(use)
        for path, judgement, handling in self._handled(use):
            category = judgement if judgement in self.table else None
            if isinstance(handling, Decision) and handling.form.denies:
                return self._denied(use, path, handling, category)
            if use.count > MOST_GUESSES and _is_hidden(handling):
                mend = f"compare it with at most {MOST_GUESSES} given values in one statement"
                why = f"{path} is compared with {use.count} values"
                return Refused(Denial.FIELD, handling.rule, mend, category, why)
            if use.use in _COMPARING and not self._comparable(use.use, judgement, handling):
                return self._comparison_refused(use, path, handling, category)
        return None

    def _denied(self, use: FieldUse, path: str, decision: Decision, category: str | None) -> Refused:
        flow, done = self.flow.id, _DONE.get(use.use, use.use.value)
        if category is not None:
            why, mend = f"{path} may not be {done}", f"say in flow {flow} how {category} may cross"
        elif path.startswith(_RESULTS):
            why = f"what {path.removeprefix(_RESULTS)} gives may not be {done}: nobody has judged it"
            mend = f"declare it in the asset: `functions: {{{path.removeprefix(_RESULTS)}: none}}`, or a category"
        elif path:
            why = f"{path} may not be {done}: nobody has judged it"
            mend = f"judge it in the map (a category, none or scan), or set `unknown` on flow {flow}"
        else:
            why = f"what is computed here may not be {done}: nobody has judged what it comes from"
            mend = "declare what its functions give (`functions` of the asset), or leave it out"
        return Refused(Denial.FIELD, decision.rule, mend, category, why)

    def charges(self, uses: Sequence[FieldUse]) -> tuple[tuple[str, Predicate], ...]:
        """List what comparisons with given values cost: once for each given value that a hidden category is compared with."""
        equated = [use for use in uses if use.use is Use.EQUATED]
        return tuple(
            charge for use in equated for charge in self._charged(self._handled(use)) for _ in range(use.count)
        )

    def _charged(self, found: "Iterator[_Handled]") -> Iterator[tuple[str, Predicate]]:
        for _, judgement, handling in found:
            if handling is not None and not _is_clear(handling):
                predicate = self._predicate(judgement)
                if predicate is not None:
                    yield judgement, predicate

    def _handled(self, use: FieldUse) -> "Iterator[_Handled]":
        """Give what is done with each field of a use, and with those that are declared below it: the parts of a document.

        Where the payload shows a document's parts they go by their own paths, and here they only make it be looked at.
        """
        is_apart = use.apart and use.use in _HOLDING and not use.computed and not use.sources
        for path in (use.path,) if use.use is Use.WRITTEN else _paths(use):
            own = (path, *self._handle(path))
            below = [(part, *self._handle(part)) for part in self._below(path)]
            below = [part for part in below if part[2] is not None]
            if is_apart and below and own[2] is None:
                yield path, SCAN, "scan"
                continue
            yield own
            if not is_apart:
                yield from below

    def _below(self, path: str) -> list[str]:
        if len(path) >= self.longest:
            return []
        return [each for each in self.fields if each.startswith((f"{path}.", f"{path}["))]

    def _handle(self, path: str) -> tuple[Judgement, Handling]:
        judgement = judge_path(self.fields, path, self.longest)
        if judgement == NONE:
            return judgement, None
        if judgement == SCAN:
            return judgement, "scan"
        return judgement, self.unknown if judgement == UNKNOWN else self.table[judgement]

    def _comparable(self, use: Use, judgement: Judgement, handling: Handling) -> bool:
        if handling is None or _is_clear(handling) or (handling == SCAN and self._hidden() is None):
            return True
        if use is Use.MATCHED:
            return isinstance(handling, Decision) and handling.form.kind is FormKind.TOKEN
        return use is Use.EQUATED and self._predicate(judgement) is not None

    def _comparison_refused(self, use: FieldUse, path: str, handling: Handling, category: str | None) -> Refused:
        flow = self.flow.id
        if not isinstance(handling, Decision):
            _, decision = self._hidden() or ("", Decision(CLEAR, ""))
            why = f"{path} may not be compared: it is free text, of which a comparison shows what a search would hide"
            mend = f"leave it out; where nothing in it is hidden, judge it none in the map, or let flow {flow} carry all clear"
            return Refused(Denial.FIELD, decision.rule, mend, None, why)
        why = f"{path} may not be compared: what it holds is not shown clear, and a comparison tells it bit by bit"
        if category is None or self._predicate(category) is not None:
            mend = "only its equality with single given values may be asked, so many times"
        elif use.use is Use.EQUATED:
            mend = f"flow {flow} may allow it so many times: `predicates: {{{category}: {{equality: 20, per: 1h}}}}`"
        else:
            mend = f"flow {flow} would have to carry {category} as {CLEAR.name}"
        return Refused(Denial.FIELD, handling.rule, mend, category, why)

    def _copy_refused(self, use: FieldUse) -> Refused | None:
        """Refuse to copy what does not cross clear into a field that is judged otherwise: from there it would be shown."""
        target = judge_path(self.fields, use.path, self.longest)
        for path in use.sources:
            for judgement, handling in map(self._handle, (path, *self._below(path))):
                if handling is None or _is_clear(handling) or (judgement == target and not use.computed):
                    continue
                if handling == SCAN and self._hidden() is None:
                    continue
                category = judgement if judgement in self.table else None
                rule = handling.rule if isinstance(handling, Decision) else f"flows.{self.flow.id}"
                why = f"{use.path} may not be filled from {path}: it is judged {target}, and would be shown as such"
                mend = "copy whole values between fields that are judged alike"
                return Refused(Denial.FIELD, rule, mend, category, why)
        return None

    def _keeping_refused(self, use: FieldUse) -> Refused | None:
        """Refuse to keep what does not cross clear: in a table of one's own it could be asked about in every way there is."""
        for path in use.sources:
            for judgement, handling in map(self._handle, (path, *self._below(path))):
                if handling is None or _is_clear(handling) or (handling == SCAN and self._hidden() is None):
                    continue
                category = judgement if judgement in self.table else None
                rule = handling.rule if isinstance(handling, Decision) else f"flows.{self.flow.id}"
                mend = "leave it out: a temporary table holds what you see in clear, unless the gate allows statement:keep-hidden"
                why = f"{path} may not be kept in a table of one's own: it is not shown clear"
                return Refused(Denial.FIELD, rule, mend, category, why)
        return None

    def _hidden(self) -> tuple[str, Decision] | None:
        """Give a category that does not cross in clear: free text may hold any."""
        return next((row for row in self.table.items() if not row[1].form.passes_clear), None)

    def _predicate(self, category: str) -> Predicate | None:
        """Give what allows a category to be compared with given values: the longest path that covers it decides."""
        while category:
            if category in self.flow.predicates:
                return self.flow.predicates[category]
            category = category.rpartition(".")[0]
        return None


_Handled: TypeAlias = tuple[str, Judgement, Handling]
"""A field's path, what it is judged, and what is done with it."""

_RESULTS = "function."  # before the paths of what functions give
_DONE = {Use.COMPARED: "compared", Use.EQUATED: "compared", Use.MATCHED: "compared", Use.STORED: "copied"}
_COMPARING = frozenset({Use.COMPARED, Use.EQUATED, Use.MATCHED})
_HOLDING = frozenset({Use.SHOWN, Use.WRITTEN})  # uses whose payload holds the field's values


def _paths(use: FieldUse) -> tuple[str, ...]:
    return (use.path, *use.sources) if use.path or not use.computed else use.sources


def _is_hidden(handling: Handling) -> TypeGuard[Decision]:
    return isinstance(handling, Decision) and not handling.form.passes_clear


def _is_clear(handling: Handling) -> bool:
    return isinstance(handling, Decision) and handling.form.passes_clear
