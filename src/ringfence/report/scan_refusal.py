"""What a hook says: what was refused, where it stands, and how to mend it, in few lines.

The rule: it is read in a terminal, over a network, with `remote: ` before each line. So there are at most `FINDINGS_KEPT` findings
and a bounded line for each, names pass `Names`, and a value is shown by its shape.
"""

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ringfence.crossing import Reason
from ringfence.gates.git.model import by_reason
from ringfence.gates.git.pushing import Judging, Verdict
from ringfence.report.scan_words import MENDS, Names, counted, cut, further, place, plain

_LINE: Final = 300
_LEFT_OUT: Final = "left out by rule, and not looked at: "
_FIX, _, _KEEP = MENDS
_COUNTED: Final = frozenset({Reason.CATEGORY, Reason.UNDECODABLE, Reason.UNKNOWN_FIELD})
_TO_MEND: Final = {
    "push": "mend: take it out of the commits named, and push again (`git commit --amend`, `git rebase --interactive`)",
    "call": "mend: leave it out, or give the agent a copy with synthetic values (`ringfence scan --fix`)",
}


@dataclass(frozen=True, slots=True)
class Hint:
    """What of a hook is said.

    Attributes
    ----------
    noun
        What it is that was judged: ``commit``, ``push``.
    override
        The command by which a person lets it go all the same; "" where nobody may.
    inline
        Whether a comment may say that something stays.
    place
        The folder of the ledger, for whoever can read it.
    """

    noun: str
    override: str = ""
    inline: bool = True
    place: Path | None = None


def said(judging: Judging, verdict: Verdict, hint: Hint, names: Names) -> Iterator[str]:
    """Say what came of it; nothing, where there is nothing to be said."""
    left_out = by_reason(judging.left_out)
    if verdict.passes:
        yield from _passed(judging, verdict, hint)
        if left_out:
            yield f"{_LEFT_OUT}{left_out}"
        return
    yield f"this {hint.noun} is refused: {'; '.join([*_counts(judging), *_reasons(verdict)])}"
    for one in judging.found:
        words = [place(one, names), plain(one.entity), plain(one.category), plain(one.shape)]
        more = "; ".join(further(one, names))
        yield "  " + cut("  ".join(word for word in words if word) + (f"  ({more})" if more else ""), _LINE)
    for failed in judging.failed:
        line = f"{place(failed, names)}  not read ({failed.fault.value}): {names.shown(failed.what)}"
        yield "  " + cut(f"{line}; {names.shown(failed.mend)}" if failed.mend else line, _LINE)
    if left := judging.refused - len(judging.found) + judging.unread - len(judging.failed):
        yield f"  and {left:,} more" + (
            ": `ringfence scan --diff A..B` lists all of two commits" if hint.noun == "push" else ""
        )
    if left_out:
        yield f"  {_LEFT_OUT}{left_out}"
    yield from (f"  {line}" for line in _mends(judging, verdict, hint))
    if verdict.crossings:
        yield f"  recorded: {_crossing(verdict, hint)}"
    elif verdict.fault:
        yield f"  the ledger could not be written ({plain(verdict.fault)}): it is in no ledger"


def _crossing(verdict: Verdict, hint: Hint) -> str:
    """Name a crossing, and how it is looked up where that can be done here."""
    if hint.place is None:
        return f"crossing {verdict.crossings[0]}"
    return f"`ringfence explain {verdict.crossings[0]} --home {shlex.quote(plain(os.fspath(hint.place)))}`"


def _counts(judging: Judging) -> Iterator[str]:
    if judging.refused:
        yield f"{counted(judging.refused, 'finding')} of personal data"
    if judging.unread:
        yield f"{counted(judging.unread, 'part')} that could not be read"


def _reasons(verdict: Verdict) -> list[str]:
    """Give the reasons that are no finding's."""
    others = (one for one in verdict.refusals if one.reason not in _COUNTED)
    return list(
        dict.fromkeys(f"{one.reason.value} ({plain(one.rule)})" if one.rule else one.reason.value for one in others)
    )


def _mends(judging: Judging, verdict: Verdict, hint: Hint) -> Iterator[str]:
    own = {refusal.mend for refusal in verdict.refusals if refusal.reason not in _COUNTED}
    yield from (f"mend: {plain(mend)}" for mend in sorted(own))
    if not (judging.refused or judging.unread):
        return
    yield _TO_MEND.get(hint.noun, _FIX)
    if hint.inline:
        yield _KEEP
    if hint.override:
        yield f"or let it go all the same, which is recorded: {hint.override}"


def _passed(judging: Judging, verdict: Verdict, hint: Hint) -> Iterator[str]:
    if judging.overridden:
        where = f"; {_crossing(verdict, hint)}" if verdict.crossings else ""
        yield f"{counted(judging.overridden, 'finding')} overridden: this {hint.noun} goes, and it is recorded{where}"
    if judging.observed:
        yield f"{counted(judging.observed, 'finding')} would refuse this {hint.noun}, but its flow only observes"
    if verdict.fault:
        yield f"the ledger could not be written ({plain(verdict.fault)}): this {hint.noun} is in no ledger"
