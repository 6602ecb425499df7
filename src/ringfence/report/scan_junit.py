"""A scan as JUnit's XML, by the schema that Jenkins' plugins read (xUnit, junit-10.xsd): a test case for each file.

The rule: a refused finding is a failure, what could not be read is an error, what was left out is skipped; a clean file passes. The
names are plain, so that no character stands there that XML forbids.
"""

from collections.abc import Iterable, Iterator
from typing import Final, TextIO

from ringfence.gates.git.model import Found, Passed, Scanned, Standing
from ringfence.pages import escape
from ringfence.report.scan_spool import hand_on, spool
from ringfence.report.scan_summary import Asked, Summary
from ringfence.report.scan_words import (
    Names,
    counted,
    cut,
    further,
    in_short,
    looked_at,
    mends,
    message,
    place,
    plain,
    unread,
)

_MOST_FAILURES: Final = 200  # of one file


def write(scanned: Iterable[Scanned], summary: Summary, out: TextIO, asked: Asked, names: Names) -> None:
    """Write one suite. Its head says what is in it, so its cases wait."""
    failures = errors = skipped = 0
    with spool() as cases, spool() as whole:
        for item in scanned:
            told = list(_said(item, asked, names))
            kinds = {kind for kind, _ in told}
            failures += "failure" in kinds
            errors += "error" in kinds
            skipped += "skipped" in kinds
            cases.write(_case(names.shown(item.item.name), item.item.origin.value, told))
        heads = {
            "name": "ringfence",
            "tests": summary.items,
            "failures": failures,
            "errors": errors,
            "time": f"{summary.seconds:.3f}",
        }
        whole.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        whole.write(f"<testsuites {_attributes(heads)}>\n<testsuite {_attributes(heads | {'skipped': skipped})}>\n")
        whole.write(_properties(summary))
        hand_on(cases, whole)
        said = "\n".join((f"{in_short(summary)} ({looked_at(summary)})", *mends(summary)))
        whole.write(f"<system-out>{escape(said)}</system-out>\n</testsuite>\n</testsuites>\n")
        hand_on(whole, out)


def _properties(summary: Summary) -> str:
    about = summary.about
    pairs = {
        "version": about.version,
        "scanned": about.what,
        "flow": about.flow,
        "policy": about.policy,
        "revision": about.revision,
    }
    lines = [
        f"<property {_attributes({'name': name, 'value': plain(value)})}/>\n" for name, value in pairs.items() if value
    ]
    return f"<properties>\n{''.join(lines)}</properties>\n"


def _attributes(pairs: dict[str, object]) -> str:
    return " ".join(f'{name}="{escape(value)}"' for name, value in pairs.items())


def _case(name: str, origin: str, told: list[tuple[str, dict[str, object]]]) -> str:
    head = _attributes({"classname": f"ringfence.{origin.replace(' ', '-')}", "name": name})
    if not told:
        return f"<testcase {head}/>\n"
    inner = "".join(
        f"<{kind} {_attributes({key: value for key, value in said.items() if key != 'text'})}>{escape(said['text'])}</{kind}>\n"
        for kind, said in told
    )
    return f"<testcase {head}>\n{inner}</testcase>\n"


def _said(item: Scanned, asked: Asked, names: Names) -> Iterator[tuple[str, dict[str, object]]]:
    refused = [one for one in item.found if one.counts]
    for one in refused[:_MOST_FAILURES]:
        yield "failure", {"type": plain(one.entity), "message": message(one), "text": _line(one, names)}
    if (more := len(refused) - _MOST_FAILURES) > 0:
        said = f"and {counted(more, 'finding')} more in this file; `--format json` has all"
        yield "failure", {"type": "more", "message": said, "text": said}
    for failed in item.unread:
        text = f"{place(failed, names)}: {unread(failed, names)}"
        yield "error", {"type": failed.fault.value, "message": unread(failed, names), "text": text}
    if item.passed and not refused and not item.unread:
        said = cut("; ".join(_passed(one, names) for one in item.passed))
        yield "skipped", {"message": said, "text": said}
    others = [one for one in item.found if not one.counts and asked.wants(one)]
    if others:
        lines = [f"{_line(one, names)}  {message(one)}" for one in others[:_MOST_FAILURES]]
        lines += [f"and {len(others) - len(lines):,} more"] if len(others) > len(lines) else []
        yield "system-out", {"text": "\n".join(lines)}
    if odd := [f"{place(one, names)}: {unread(one, names)}" for one in item.failed if one.looked_at]:
        yield "system-err", {"text": "\n".join(odd)}


def _line(one: Found, names: Names) -> str:
    more = "; ".join(further(one, names))
    where = f"{place(one, names)}  {plain(one.entity)}" + (f"  ({more})" if more else "")
    return (
        where
        if one.standing is not Standing.REFUSED
        else f"{where}  {','.join(map(plain, one.evidence))}  {plain(one.shape)}"
    )


def _passed(one: Passed, names: Names) -> str:
    inside = f"{names.members(one.members)}: " if one.members else ""
    return f"{inside}{one.why.value}" + (f" ({names.shown(one.note)})" if one.note else "")
