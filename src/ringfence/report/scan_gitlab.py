"""A scan as GitLab reads code quality (https://docs.gitlab.com/ci/testing/code_quality/): a list of issues.

The rule: each fingerprint stands once in a report, for GitLab shows one issue for each. What could not be read is an issue, too,
for the format has no other place for it; what was left out is none. GitLab knows no archives: an issue in one is shown at the top
of its file, and says where.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Final, TextIO

from ringfence.gates.git.model import Failed, Found, Scanned, Standing
from ringfence.report.scan_spool import spooled
from ringfence.report.scan_summary import Asked, Summary
from ringfence.report.scan_words import Fingerprints, Names, further, message, severity, unread
from ringfence.taxonomy import Sensitivity

_SEVERITIES: Final = {Sensitivity.HIGH: "critical", Sensitivity.MEDIUM: "major", Sensitivity.LOW: "minor"}


def write(scanned: Iterable[Scanned], summary: Summary, out: TextIO, asked: Asked, names: Names) -> None:  # noqa: ARG001 (the format has no sums)
    """Write a list of issues."""
    fingerprints, between = Fingerprints(names), "[\n"
    with spooled(out) as spool:
        for item in scanned:
            for issue in _issues(item, asked, names, fingerprints):
                spool.write(between + json.dumps(issue))
                between = ",\n"
        spool.write("[]\n" if between == "[\n" else "\n]\n")


def _issues(item: Scanned, asked: Asked, names: Names, fingerprints: Fingerprints) -> Iterator[dict[str, object]]:
    for one in item.found:
        if asked.wants(one):
            told = _SEVERITIES[severity(one.category)] if one.standing is Standing.REFUSED else "info"
            yield _issue(one, names, f"{message(one)}{_inside(one, names)}", one.entity, told, fingerprints.unique(one))
    for failed in item.failed:
        said = unread(failed, names)
        print_ = fingerprints.unique_of("unread", names.inside(failed), failed.fault.value, str(failed.line))
        yield _issue(
            failed,
            names,
            f"{said}{_inside(failed, names)}",
            f"{'odd' if failed.looked_at else 'not-read'}-{failed.fault.value}",
            "info" if failed.looked_at else "major",
            print_,
        )


def _issue(one: Found | Failed, names: Names, said: str, check: str, told: str, fingerprint: str) -> dict[str, object]:
    return {
        "description": said,
        "check_name": f"ringfence/{check}",
        "fingerprint": fingerprint,
        "severity": told,
        "location": {
            "path": names.shown(one.file),
            "lines": {"begin": max(one.line, 1) if not one.members else 1},
        },
    }


def _inside(one: Found | Failed, names: Names) -> str:
    more = [f"in {names.members(one.members)}, line {one.line}"] if one.members else []
    if isinstance(one, Found):
        more += further(one, names)
    return f" ({'; '.join(more)})" if more else ""
