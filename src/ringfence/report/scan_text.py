"""A scan as text: a line for each finding, as it comes, and what it comes to.

The rule: the first word of a line is a place that editors and terminals jump to. Findings alike in one place of one file (a column
of addresses) are told by their first few, the others are counted, and so is what is noted; nothing is left out in silence. Colours
on a terminal alone.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, TextIO, TypeAlias

from ringfence.gates.git.model import Failed, Found, Scanned, Standing
from ringfence.report.scan_summary import Asked, Summary
from ringfence.report.scan_words import (
    READ_MEND,
    Names,
    counted,
    further,
    in_short,
    left_out,
    looked_at,
    mends,
    place,
    plain,
)

if TYPE_CHECKING:
    from rich.console import Console

_FIRST: Final = 5  # of findings alike
_MOST_RULES: Final = 5
_STYLES: Final = {
    Standing.REFUSED: "bold red",
    Standing.NOTED: "yellow",
    Standing.ALLOWED: "dim",
    Standing.CARRIED: "dim",
}

Line: TypeAlias = list[tuple[str, str]]
"""Pieces of a line, each with its style."""

_Alike: TypeAlias = tuple[str, tuple[str, ...], str, str, str, Standing, str]


def write(scanned: Iterable[Scanned], summary: Summary, out: TextIO, asked: Asked, names: Names) -> None:
    """Write text."""
    show = _Shown(out)
    for item in scanned:
        for line in _lines(item, asked, names):
            show.line(line)
        if item.found or item.failed:
            out.flush()
    for line in _summed(summary, asked):
        show.line(line)


class _Shown:
    """Where lines go: a terminal, with colours unless NO_COLOR is set, or anything else."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._encoding = out.encoding or "utf-8"
        self._console = _console(out) if out.isatty() and not os.environ.get("NO_COLOR") else None

    def line(self, pieces: Line) -> None:
        # An output that knows ASCII alone gets what it does not know spelt out.
        pieces = [
            (text.encode(self._encoding, "backslashreplace").decode(self._encoding), style) for text, style in pieces
        ]
        if self._console is None:
            self._out.write("".join(text for text, _ in pieces) + "\n")
            return
        from rich.text import Text

        self._console.print(Text.assemble(*pieces), soft_wrap=True)


def _console(out: TextIO) -> "Console":
    from rich.console import Console

    return Console(file=out, highlight=False, emoji=False, markup=False)


def _lines(item: Scanned, asked: Asked, names: Names) -> Iterator[Line]:
    alike: Counter[_Alike] = Counter()
    told: Counter[_Alike] = Counter()
    for one in item.found:
        if not asked.wants(one) or (one.standing is Standing.NOTED and not asked.every):
            continue
        key = (one.file, one.members, one.where, one.field, one.entity, one.standing, one.why)
        alike[key] += one.count
        if asked.every or told[key] < _FIRST:
            told[key] += one.count
            yield _finding(one, names)
    for key, number in alike.items():
        file, members, where, field, entity, standing, _ = key
        if number > told[key]:
            at = ", ".join(
                [*([names.shown(where)] if where else []), *([f"field {names.shown(field)}"] if field else [])]
            )
            more = f"and {number - told[key]:,} more {plain(entity)}{f' in {at}' if at else ''}, {standing.value}"
            yield [(names.joined(file, members), "bold"), (f"  {more} (--every lists them)", _STYLES[standing])]
    for failed in item.failed:
        yield from _failed(failed, names)


def _finding(one: Found, names: Names) -> Line:
    pieces: Line = [(place(one, names), "bold"), ("  ", ""), (plain(one.entity), _STYLES[one.standing])]
    evidence = ",".join(map(plain, one.evidence))
    words = [plain(one.category), f"{one.score:.2f}", evidence, plain(one.shape)]
    pieces.append(("  " + "  ".join(word for word in words if word), ""))
    more = list(further(one, names))
    if one.standing is not Standing.REFUSED:
        more.append(": ".join(plain(word) for word in (one.standing.value, one.why, one.reason) if word))
    if more:
        pieces.append((f"  ({'; '.join(more)})", "dim"))
    return pieces


def _failed(one: Failed, names: Names) -> Iterator[Line]:
    yield [
        (place(one, names), "bold"),
        ("  odd, but looked at", "yellow") if one.looked_at else ("  not read", "bold magenta"),
        (f"  {one.fault.value}: {names.shown(one.what)}", ""),
    ]
    if one.mend:
        yield [(f"  {names.shown(one.mend)}", "dim")]


def _summed(summary: Summary, asked: Asked) -> Iterator[Line]:
    if summary.standing or summary.failed:
        yield []
    style = "bold red" if summary.refused else "bold magenta" if summary.failed else "bold green"
    about = summary.about
    yield [(in_short(summary), style), (f" ({f'{about.what}: ' if about.what else ''}{looked_at(summary)})", "")]
    if summary.standing[Standing.NOTED] and not asked.every:
        yield [("  examples, published notices and what else is noted are counted only (--every lists them)", "dim")]
    if summary.refused:
        categories = ", ".join(f"{name} {number:,}" for name, number in summary.of_category(Standing.REFUSED))
        yield [(f"  {categories}", "")]
    if summary.rules:
        rules = [f"{plain(rule)} {number:,}" for rule, number in summary.rules.most_common(_MOST_RULES)]
        if more := len(summary.rules) - len(rules):
            rules.append(f"and {counted(more, 'other rule')}")
        yield [(f"  by {', '.join(rules)}", "")]
    if out := left_out(summary):
        yield [(f"  left out: {out}", "dim")]
    if summary.failed:
        yield [(f"  not read: {summary.failed:,}; {READ_MEND}", "bold magenta")]
    if summary.standing[Standing.ALLOWED] and not asked.allowed:
        yield [("  --allowed lists what is allowed", "dim")]
    yield from ([(f"  {words}", "")] for words in mends(summary))
