"""A scan as JSON lines: a document for each finding, each thing left out and each unread, as they come; the last one sums up.

The rule: ASCII, so that it passes through anything. `file` and `members` are as a person reads them; `uri` is exact.
"""

import json
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeAlias

from ringfence.gates.git.model import Allowance, Failed, Found, Passed, Scanned, Standing
from ringfence.report.scan_summary import Asked, Summary
from ringfence.report.scan_words import Names, plain

Document: TypeAlias = dict[str, object]


def write(scanned: Iterable[Scanned], summary: Summary, out: TextIO, asked: Asked, names: Names) -> None:
    """Write JSON lines."""
    for item in scanned:
        told = False
        for document in _documents(item, asked, names):
            out.write(json.dumps(document) + "\n")
            told = True
        if told:
            out.flush()
    allowances = [_allowance(one, names) for one in summary.allowances()]
    out.write(json.dumps(summed(summary) | {"allowances": allowances}) + "\n")


def _documents(item: Scanned, asked: Asked, names: Names) -> Iterator[Document]:
    origin = item.item.origin.value
    for found in item.found:
        if asked.wants(found):
            yield {"kind": "finding", "origin": origin} | _where(found, names) | _finding(found, names)
    for failed in item.failed:
        said = {"fault": failed.fault.value, "what": names.shown(failed.what), "mend": names.shown(failed.mend)}
        yield (
            {"kind": "odd" if failed.looked_at else "unreadable", "origin": origin}
            | _where(failed, names)
            | {"line": failed.line}
            | said
        )
    for passed in item.passed:
        said = {"why": passed.why.value, "note": names.shown(passed.note)}
        yield {"kind": "left-out", "origin": origin} | _where(passed, names) | said


def _where(one: Found | Failed | Passed, names: Names) -> Document:
    return {
        "file": names.shown(one.file),
        "uri": names.uri(one.file),
        "members": [names.shown(member) for member in one.members],
    }


def _finding(one: Found, names: Names) -> Document:
    return {
        "where": names.shown(one.where),
        "field": names.shown(one.field),
        "line": one.line,
        "column": one.column,
        "end_line": one.end_line,
        "end_column": one.end_column,
        "start": one.start,
        "end": one.end,
        "entity": one.entity,
        "category": one.category,
        "score": round(one.score, 3),
        "evidence": list(one.evidence),
        "standing": one.standing.value,
        "rule": one.rule,
        "why": plain(one.why),
        "reason": plain(one.reason),
        "shape": plain(one.shape),
        "digest": one.digest,
        "commit": one.commit,
        "object": one.object,
        "count": one.count,
    }


def _allowance(one: Allowance, names: Names) -> Document:
    """Tell an allowance that allows nothing, or that nothing needs."""
    return {
        "by": one.by.value,
        "file": names.shown(one.file),
        "line": one.line,
        "names": list(one.names),
        "reason": plain(one.reason),
        "used": one.used,
        "spare": one.spare,
        "wrong": one.wrong,
        "mend": one.mend,
    }


def summed(summary: Summary) -> Document:
    """Give what a scan comes to."""
    about = summary.about
    return {
        "kind": "summary",
        "version": about.version,
        "what": about.what,
        "flow": about.flow,
        "policy": about.policy,
        "items": summary.items,
        "bytes": summary.size,
        "seconds": round(summary.seconds, 3),
        "findings": {one.value: summary.standing[one] for one in Standing},
        "categories": dict(summary.of_category(Standing.REFUSED)),
        "left_out": {why.value: number for why, number in sorted(summary.passed.items())},
        "unreadable": summary.failed,
        "exit_code": summary.exit_code,
    }
