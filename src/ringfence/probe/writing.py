"""The matrix, written down: JSON for programs, JUnit for CI, a page for people.

The rule: names, counts and reasons; there is no value in a matrix, so none can get out by one of these.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from json import dumps
from xml.sax.saxutils import quoteattr

from ringfence.pages import Markup, badge, facts, listed, page, section, table, text
from ringfence.probe.matrix import Against, Cell, Matrix, Verdict

_TONES: Mapping[Verdict, "str"] = {
    Verdict.LEAKED: "bad",
    Verdict.CLEAR: "unknown",
    Verdict.CHANGED: "good",
    Verdict.BLOCKED: "good",
    Verdict.NOT_RUNNABLE: "warned",
}
WORDS: Mapping[Verdict, str] = {
    Verdict.LEAKED: "something that the policy hides was read, or a way round was open",
    Verdict.CLEAR: "it came as it is, as the policy allows",
    Verdict.CHANGED: "an answer came, and nothing hidden could be read in it",
    Verdict.BLOCKED: "it was refused, or failed",
    Verdict.NOT_RUNNABLE: "it could not be tried, and says nothing",
}


def as_json(matrix: Matrix) -> str:
    """Write one JSON document."""
    whole = {
        "run": matrix.run,
        "began": matrix.began,
        "ended": matrix.ended,
        "against": asdict(matrix.against),
        "statements": matrix.statements,
        "counts": {verdict.value: number for verdict, number in matrix.counts().items()},
        "cells": [asdict(cell) for cell in matrix.cells],
    }
    return dumps(whole, indent=1)


def as_junit(matrix: Matrix) -> str:
    """Write JUnit's XML: a leak is a failure, what is not runnable is skipped."""
    counts = matrix.counts()
    numbers = (
        f'tests="{len(matrix.cells)}" failures="{counts[Verdict.LEAKED]}" errors="0" '
        f'skipped="{counts[Verdict.NOT_RUNNABLE]}"'
    )
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="ringfence probe" {numbers}>']
    lines += [
        f" <testsuite name={quoteattr(f'gate {matrix.against.gate}')} timestamp={quoteattr(matrix.began)} {numbers}>"
    ]
    lines += [_case(cell) for cell in matrix.cells]
    return "\n".join([*lines, " </testsuite>", "</testsuites>", ""])


def _case(cell: Cell) -> str:
    head = f"  <testcase classname={quoteattr(f'{cell.role}.{cell.category}')} name={quoteattr(cell.attack)}"
    match cell.verdict:
        case Verdict.LEAKED:
            read = ", ".join(cell.leaked)
            message = f"{cell.why}: {read}" if read else cell.why
            return f'{head}><failure type="leaked" message={quoteattr(message)}/></testcase>'
        case Verdict.NOT_RUNNABLE:
            return f"{head}><skipped message={quoteattr(cell.why)}/></testcase>"
    return f"{head}/>"


def as_page(matrix: Matrix) -> str:
    """Write one page that needs nothing else."""
    counts = matrix.counts()
    parts = [
        section(
            "What came of it",
            [facts([(verdict.value, f"{number:,}") for verdict, number in counts.items()]), _outcome(matrix)],
        ),
        section("What it was tried against", [facts(tried_against(matrix))]),
    ]
    if matrix.leaks:
        parts.append(section("Leaks", [_leaks(matrix.leaks)]))
    parts += [section(f"As {role}", [_role(matrix, role)]) for role in matrix.roles()]
    reasons = [f"{number:,} x {why}" for why, number in matrix.reasons().items()]
    parts.append(
        section("Not runnable, and why", [listed(reasons)] if reasons else [text("Everything could be tried.")])
    )
    parts.append(
        section("What the words mean", [facts([(verdict.value, WORDS[verdict]) for verdict in reversed(Verdict)])])
    )
    return page("Leak matrix", parts)


def _outcome(matrix: Matrix) -> Markup:
    if matrix.leaks:
        return text(
            f"{len(matrix.leaks):,} of {matrix.ran:,} attacks read what the policy hides, or found a way round."
        )
    return text(f"None of the {matrix.ran:,} attacks that were tried read anything that the policy hides.")


def tried_against(matrix: Matrix) -> Sequence[tuple[str, str]]:
    """Say what a result rests on: no more than this was tried."""
    told: Against = matrix.against
    fields = [("fields", f"{told.fields:,}")] if told.fields else []
    return [
        ("gate", f"{told.gate}, before {told.asset}"),
        ("flows", ", ".join(told.flows)),
        ("policy", f"{told.policy[:16]}…"),
        ("when", f"{matrix.began} to {matrix.ended}"),
        ("attacks", f"{told.attacks} by {told.routes} routes, {matrix.statements:,} statements"),
        *fields,
        ("values watched for", f"{told.values:,} ({told.learnt})"),
        ("read as", f"it stands, reversed, split, hashed, and through {told.depth} encodings over one another"),
        ("attacks that write", "tried, and rolled back" if told.writes else "not tried"),
    ]


def _leaks(cells: Sequence[Cell]) -> Markup:
    rows = [
        (cell.role, cell.category, cell.attack, ", ".join(cell.leaked) or "", "; ".join(cell.ways), cell.why)
        for cell in cells
    ]
    return table("Each attack that leaked", ("role", "category", "attack", "read", "spelt", "how"), rows)


def _role(matrix: Matrix, role: str) -> Markup:
    categories = matrix.categories(role)
    found = {category: {route: verdict for route, verdict, _ in matrix.at(role, category)} for category in categories}
    routes = [route for route in matrix.routes() if any(route in by_route for by_route in found.values())]
    rows = [(route, *(_cell(found[category].get(route)) for category in categories)) for route in routes]
    heads = ("route", *("the gate itself" if category == "*" else category for category in categories))
    return table(f"What {role} gets, by route and category", heads, rows)


def _cell(verdict: Verdict | None) -> Markup | str:
    return badge(verdict.value, _TONES[verdict]) if verdict is not None else ""  # type: ignore[arg-type]


def summary(matrix: Matrix) -> Iterator[tuple[str, str, Mapping[Verdict, int]]]:
    """Give, for each role and category, how many routes there are of each verdict, the worst of its attacks counting."""
    for role in matrix.roles():
        for category in matrix.categories(role):
            verdicts = [verdict for _, verdict, _ in matrix.at(role, category)]
            yield role, category, {verdict: verdicts.count(verdict) for verdict in Verdict}
