"""A scan as CSV (RFC 4180): a row for each finding, each thing left out, each unread.

The rule: no cell is a formula (`as_cell`), and none has a line break.
"""

import csv
from collections.abc import Iterable, Iterator
from typing import Final, TextIO

from ringfence.gates.git.model import Failed, Found, Passed, Scanned
from ringfence.report.scan_spool import spooled
from ringfence.report.scan_summary import Asked, Summary
from ringfence.report.scan_words import Names, plain
from ringfence.report.writing import as_cell

_HEADS: Final = (
    "kind,file,members,where,line,column,field,entity,category,score,standing,"
    "why,rule,evidence,shape,commit,object,count,said"
)


def write(scanned: Iterable[Scanned], summary: Summary, out: TextIO, asked: Asked, names: Names) -> None:  # noqa: ARG001 (a table has no sums)
    """Write CSV."""
    heads = _HEADS.split(",")
    with spooled(out) as spool:
        writer = csv.DictWriter(spool, heads, restval="")
        writer.writeheader()
        for item in scanned:
            for row in _rows(item, asked, names):
                writer.writerow({key: as_cell(cell) for key, cell in row.items()})


def _rows(item: Scanned, asked: Asked, names: Names) -> Iterator[dict[str, str]]:
    for found in item.found:
        if asked.wants(found):
            yield {"kind": "finding"} | _where(found, names) | _finding(found, names)
    for failed in item.failed:
        said = {"line": str(failed.line or ""), "why": failed.fault.value}
        words = "; ".join(filter(None, (names.shown(failed.what), names.shown(failed.mend))))
        yield {"kind": "odd" if failed.looked_at else "unreadable"} | _where(failed, names) | said | {"said": words}
    for passed in item.passed:
        said = {"why": passed.why.value, "said": names.shown(passed.note)}
        yield {"kind": "left-out"} | _where(passed, names) | said


def _where(one: Found | Failed | Passed, names: Names) -> dict[str, str]:
    return {"file": names.shown(one.file), "members": names.members(one.members)}


def _finding(one: Found, names: Names) -> dict[str, str]:
    return {
        "where": names.shown(one.where),
        "line": str(one.line or ""),
        "column": str(one.column or ""),
        "field": names.shown(one.field),
        "entity": plain(one.entity),
        "category": plain(one.category),
        "score": f"{one.score:.2f}",
        "standing": one.standing.value,
        "why": plain(one.why),
        "rule": plain(one.rule),
        "evidence": ",".join(map(plain, one.evidence)),
        "shape": plain(one.shape),
        "commit": one.commit,
        "object": one.object,
        "count": str(one.count),
    }
