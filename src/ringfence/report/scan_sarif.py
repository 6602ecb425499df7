"""A scan as SARIF 2.1.0 (OASIS), within what GitHub takes.

The rule: valid by the standard's schema; what does not fit is cut from the end of the least severe, and the run says how much.
GitHub takes 25,000 results in a run and shows 5,000, the most severe first, 20 tags in a rule, and 10 MB compressed
(https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning). It takes a
suppressed result for an open alert (github/codeql-action, issue 1230), so those that a person allowed are written where they are
asked for. GitHub shows nothing without a line: what stands in an archive, or has no lines, is shown at line 1 of its file, and
says where it is.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, TextIO, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from ringfence.gates.git.model import Failed, Found, Passed, Scanned, Standing
from ringfence.report.scan_lines import summed
from ringfence.report.scan_spool import hand_on, spool
from ringfence.report.scan_summary import Asked, Summary
from ringfence.report.scan_words import (
    MENDS,
    Fingerprints,
    Names,
    counted,
    cut,
    entity_title,
    further,
    message,
    plain,
    severity,
    unread,
)
from ringfence.taxonomy import CATEGORIES, Sensitivity

Json: TypeAlias = dict[str, object]

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS: Final = 25_000
SHOWN_RESULTS: Final = 5_000
MOST_COMPRESSED: Final = 9_000_000  # of 10 MB: results and their artifacts; the rest is for what stands around them
MOST_WHOLE: Final = 9_700_000  # with what is said of files that were not read
_MOST_NOTIFICATIONS: Final = 1_000  # of each kind
_MOST_TAGS: Final = 10  # that are shown
_ROOT: Final = "%SRCROOT%"
_SECURITY: Final = {Sensitivity.HIGH: "8.0", Sensitivity.MEDIUM: "5.5", Sensitivity.LOW: "3.0"}
_LEVELS: Final = {Standing.REFUSED: "error"}
_ORDER: Final = (Standing.REFUSED, Standing.NOTED, Standing.ALLOWED, Standing.CARRIED)


def write(scanned: Iterable[Scanned], summary: Summary, out: TextIO, asked: Asked, names: Names) -> None:
    """Write one run."""
    run = _Run(names, asked)
    for item in scanned:
        run.take(item)
    with spool() as waiting:
        waiting.write(f'{{"$schema": {json.dumps(SCHEMA)}, "version": "2.1.0", "runs": [{{"results": [\n')
        run.write_results(waiting)
        rest = json.dumps(run.rest(summary))
        waiting.write(f"\n], {rest[1:]}]}}\n")
        hand_on(waiting, out)


class _Run:
    """What is kept of a scan: of each standing as many results as a run takes at most, and what they point to."""

    def __init__(self, names: Names, asked: Asked) -> None:
        self._names = names
        self._asked = asked
        self._fingerprints = Fingerprints(names)
        self._kept: dict[Standing, list[tuple[Found, str]]] = {one: [] for one in _ORDER}
        self._wanted = 0
        self._written = 0
        self._rules: dict[str, int] = {}
        self._categories: dict[str, str] = {}
        self._artifacts: dict[tuple[str, ...], tuple[int, Json]] = {}
        self._failed: list[Failed] = []
        self._passed: list[Passed] = []
        self._squeezed = _Squeezed()

    def take(self, item: Scanned) -> None:
        for one in item.found:
            if not self._asked.wants(one):
                continue
            self._wanted += 1
            kept, fingerprint = self._kept[one.standing], self._fingerprints.lasting(one)
            if len(kept) < MOST_RESULTS:
                kept.append((one, fingerprint))
        self._failed += item.failed[: max(_MOST_NOTIFICATIONS - len(self._failed), 0)]
        self._passed += item.passed[: max(_MOST_NOTIFICATIONS - len(self._passed), 0)]

    def write_results(self, to: TextIO) -> None:
        between = ""
        for standing in _ORDER:
            for one, fingerprint in self._kept[standing]:
                if self._written == MOST_RESULTS or self._squeezed.size > MOST_COMPRESSED:
                    return
                text = self._squeezed.add("results", self._result(one, fingerprint))
                to.write(between + text)
                self._written += 1
                between = ",\n"

    def _result(self, one: Found, fingerprint: str) -> Json:
        self._categories.setdefault(one.entity, one.category)
        rule = self._rules.setdefault(one.entity, len(self._rules))
        inside = [f"in {self._names.members(one.members)}"] if one.members else []
        more = "; ".join([*inside, *further(one, self._names)])
        made: Json = {
            "ruleId": one.entity,
            "ruleIndex": rule,
            "level": _LEVELS.get(one.standing, "note"),
            "message": {"text": cut(message(one) + (f" ({more})" if more else ""))},
            "locations": [self._location(one)],
            "partialFingerprints": {"ringfence/v1": fingerprint},
            "rank": round(one.score * 100, 1),
            "properties": _properties(one),
        }
        if one.standing is Standing.ALLOWED:
            kind = "inSource" if one.why.startswith("inline") else "external"
            made["suppressions"] = [
                {"kind": kind, "status": "accepted", "justification": cut(plain(one.reason or one.why))}
            ]
        return made

    def _location(self, one: Found | Failed) -> Json:
        index = self._artifact((one.file,))
        physical: Json = {"artifactLocation": self._artifact_location(one.file) | {"index": index}}
        if isinstance(one, Failed):
            physical |= {"region": {"startLine": one.line}} if one.line and not one.members else {}
        else:
            physical["region"] = _region(one)
        logical: list[Json] = []
        if one.members:
            self._artifact((one.file, *one.members))
            inside = self._names.members(one.members)
            logical.append({"fullyQualifiedName": f"{inside}:{one.line}" if one.line else inside, "kind": "member"})
        if isinstance(one, Found):
            places = (("part", one.where), ("field", one.field))
            logical += [{"fullyQualifiedName": self._names.shown(name), "kind": kind} for kind, name in places if name]
        return {"physicalLocation": physical} | ({"logicalLocations": logical} if logical else {})

    def _artifact_location(self, file: str) -> Json:
        uri = self._names.uri(file)
        inside = not uri.startswith(("file:", "../"))
        return {"uri": uri, "uriBaseId": _ROOT} if inside else {"uri": uri}

    def _artifact(self, path: tuple[str, ...]) -> int:
        """Give the number of a file; of a member of an archive, which is nested in it (SARIF 3.24.3), too."""
        known = self._artifacts.get(path)
        if known is not None:
            return known[0]
        if len(path) == 1:
            made: Json = {"location": self._artifact_location(path[0])}
        else:
            parent = self._artifact(path[:-1])
            made = {"location": {"uri": f"/{self._names.uri(path[-1].lstrip('/'))}"}, "parentIndex": parent}
        self._squeezed.add("artifacts", made)
        number = len(self._artifacts)
        self._artifacts[path] = number, made
        return number

    def rest(self, summary: Summary) -> Json:
        """Give what stands beside the results."""
        about = summary.about
        notifications = [*self._notifications(summary)]
        made: Json = {
            "tool": {
                "driver": {
                    "name": "ringfence",
                    "version": about.version,
                    "rules": [self._rule(entity) for entity in self._rules],
                    "notifications": [{"id": one} for one in ("cut", "left-out", "not-read")],
                }
            },
            "automationDetails": {"id": "ringfence/"},
            "columnKind": "utf16CodeUnits",
            "originalUriBaseIds": {_ROOT: {"description": {"text": "The top of what was scanned."}}},
            "artifacts": [artifact for _, artifact in self._artifacts.values()],
            "invocations": [
                {
                    "executionSuccessful": not summary.failed,
                    "exitCode": summary.exit_code,
                    "exitCodeDescription": ("clean", "found", "something could not be read")[summary.exit_code],
                    "toolExecutionNotifications": notifications,
                }
            ],
            "properties": {key: value for key, value in summed(summary).items() if key != "kind"},
        }
        if about.repository:
            control: Json = {"repositoryUri": _without_login(about.repository), "mappedTo": {"uriBaseId": _ROOT}}
            named = {"revisionId": about.revision, "branch": plain(self._names.clean(about.branch))}
            made["versionControlProvenance"] = [control | {key: value for key, value in named.items() if value}]
        return made

    def _notifications(self, summary: Summary) -> Iterator[Json]:
        if cut_off := self._wanted - self._written:
            said = f"{counted(cut_off, 'result')} of {self._wanted:,} left out of this file, the least severe: GitHub takes no more"
            yield _notification("cut", "warning", f"{said}. `--format json` has all")
        elif self._written > SHOWN_RESULTS:
            said = f"GitHub shows {SHOWN_RESULTS:,} of these {self._written:,} results, the most severe"
            yield _notification("cut", "note", said)
        told = 0
        for failed in self._failed:
            if self._squeezed.size > MOST_WHOLE:
                break
            told += not failed.looked_at
            level = "note" if failed.looked_at else "error"
            made = _notification("not-read", level, f"{self._names.inside(failed)}: {unread(failed, self._names)}")
            made["locations"] = [self._location(failed)]
            self._squeezed.add("notifications", made)
            yield made
        if more := summary.failed - told:
            yield _notification("not-read", "error", f"{more:,} more could not be read")
        told = 0
        for passed in self._passed:
            if self._squeezed.size > MOST_WHOLE:
                break
            told += 1
            note = f": {self._names.shown(passed.note)}" if passed.note else ""
            made = _notification(
                "left-out", "note", f"{self._names.inside(passed)}: left out, {passed.why.value}{note}"
            )
            self._squeezed.add("notifications", made)
            yield made
        if more := sum(summary.passed.values()) - told:
            yield _notification("left-out", "note", f"{more:,} more were left out")

    def _rule(self, entity: str) -> Json:
        category = self._categories[entity]
        info, title = CATEGORIES.get(category), entity_title(entity)
        laws = sorted({one.regulation.name for one in info.regulations}) if info is not None else []
        help_text = f"{title} ({category}) is personal data; it stays in whatever copy of the repository there is. "
        help_text += ". ".join(words[0].upper() + words[1:] for words in MENDS)
        return {
            "id": entity,
            "name": "".join(word.capitalize() for word in entity.split("_")),
            "shortDescription": {"text": cut(f"{title} in a repository")},
            "fullDescription": {
                "text": cut(f"{title}: personal data of the category {category}, which may not be here.")
            },
            "help": {"text": help_text, "markdown": help_text},
            "defaultConfiguration": {"level": "error"},
            "properties": {
                "tags": ["security", "privacy", category, *laws][:_MOST_TAGS],
                "security-severity": _SECURITY[severity(category)],
            },
        }


class _Squeezed:
    """How large a file is when it is compressed, as its parts grow: what stands far apart is not compressed together."""

    def __init__(self) -> None:
        self._parts: defaultdict[str, zlib._Compress] = defaultdict(lambda: zlib.compressobj(wbits=31))
        self.size = 0

    def add(self, part: str, document: Json) -> str:
        """Count what stands in that part, and give its text."""
        text = json.dumps(document)
        self.size += len(self._parts[part].compress(text.encode()))
        return text


def _region(one: Found) -> Json:
    """Give where it stands in the file itself. Columns where somebody counted them in UTF-16, as `columnKind` says."""
    if one.members or not one.line:
        return {"startLine": 1}
    made: Json = {"startLine": one.line}
    if one.end_line:
        made["endLine"] = one.end_line
    if one.units:
        made["startColumn"] = one.units
        if one.end_units:
            made["endColumn"] = one.end_units
    if one.start >= 0:
        made |= {"byteOffset": one.start, "byteLength": one.end - one.start}
    return made


def _properties(one: Found) -> Json:
    made: Json = {
        "category": one.category,
        "score": round(one.score, 3),
        "evidence": list(one.evidence),
        "standing": one.standing.value,
        "rule": one.rule,
        "why": plain(one.why),
        "shape": plain(one.shape),
        "commit": one.commit,
        "object": one.object,
    }
    return {key: value for key, value in made.items() if value}


def _notification(code: str, level: str, said: str) -> Json:
    return {"descriptor": {"id": code}, "level": level, "message": {"text": cut(said)}}


def _without_login(address: str) -> str:
    """Give the address of a repository without who has a password to it."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
