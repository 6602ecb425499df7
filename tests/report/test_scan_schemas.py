"""What programs read: SARIF by its schema and within GitHub's limits, JUnit by Jenkins' schema, GitLab's code quality."""

import csv
import gzip
import json
import random
import string
from functools import cache
from io import StringIO
from pathlib import Path

import html5lib
import jsonschema
import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from scans import HOSTILE, NOTHING_MORE, found, hostile, item, many, usual, written

from ringfence.extract.model import Fault, Why
from ringfence.gates.git.model import Failed, Passed, Standing, units_in
from ringfence.report import scan_sarif
from ringfence.report.scan_summary import Asked

SCHEMAS = Path(__file__).with_name("schemas")
EVERYTHING = Asked(allowed=True, carried=True)
SCANS = [[], usual(), hostile(), [*many(500)]]

# As https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format says it.
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


@cache
def sarif_schema() -> jsonschema.protocols.Validator:
    schema = json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text("utf-8"))
    return jsonschema.Draft4Validator(schema)


def sarif(scanned, asked=NOTHING_MORE) -> dict:
    text = written("sarif", scanned, asked)
    assert text.isascii()
    (run,) = json.loads(text)["runs"]
    return run


@pytest.mark.parametrize("scanned", SCANS)
@pytest.mark.parametrize("asked", [Asked(), EVERYTHING])
def test_sarif_is_valid_by_its_schema(scanned, asked):
    assert [error.message for error in sarif_schema().iter_errors(json.loads(written("sarif", scanned, asked)))] == []


@pytest.mark.parametrize("scanned", SCANS)
def test_junit_is_valid_by_jenkins_schema(scanned):
    assert [*junit_schema().iter_errors(written("junit", scanned, EVERYTHING))] == []


@cache
def junit_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")


@pytest.mark.parametrize("scanned", SCANS)
def test_gitlabs_code_quality_is_as_its_documentation_says(scanned):
    issues = json.loads(written("gitlab", scanned, EVERYTHING))
    jsonschema.validate(issues, GITLAB)
    prints = [one["fingerprint"] for one in issues]
    assert len(prints) == len(set(prints))


def test_a_refused_finding_is_an_error_one_that_is_noted_a_note():
    run = sarif(usual())
    assert {(one["level"], one["properties"]["standing"]) for one in run["results"]} == {
        ("error", "refused"),
        ("note", "noted"),
    }
    assert len(run["results"]) == 15


def test_an_allowed_finding_is_written_where_it_is_asked_for_and_then_suppressed():
    results = sarif(usual(), EVERYTHING)["results"]
    assert [one["suppressions"] for one in results if "suppressions" in one] == [
        [{"kind": "inSource", "status": "accepted", "justification": "inline"}],
        [{"kind": "external", "status": "accepted", "justification": "baseline"}],
    ]


def test_a_rule_is_an_entity_with_help_tags_and_a_severity():
    rules = {one["id"]: one for one in sarif(usual())["tool"]["driver"]["rules"]}
    assert set(rules) == {"EMAIL_ADDRESS", "IBAN", "PHONE_NUMBER"}
    assert rules["IBAN"]["properties"]["security-severity"] == "8.0"
    assert {"security", "user.financial.bank_account"} <= set(rules["IBAN"]["properties"]["tags"])
    assert "ringfence scan --fix" in rules["IBAN"]["help"]["text"]


def test_columns_are_utf_16_or_there_are_none():
    line = "Zoë 🙂: anna@firma.de".encode()
    before = line.index(b"anna")
    one = found(
        "a.md",
        1,
        column=before + 1,
        end_column=len(line) + 1,
        units=units_in(line[:before]) + 1,
        end_units=units_in(line) + 1,
        start=before,
        end=len(line),
    )
    run = sarif([item("a.md", one, found("a.md", 2))])
    assert run["columnKind"] == "utf16CodeUnits"
    first, second = (result["locations"][0]["physicalLocation"]["region"] for result in run["results"])
    assert first == {
        "startLine": 1,
        "endLine": 1,
        "startColumn": 9,
        "endColumn": 22,
        "byteOffset": 11,
        "byteLength": 13,
    }
    assert second == {"startLine": 2, "endLine": 2}


def test_what_stands_in_an_archive_is_shown_at_the_archive_and_says_where():
    run = sarif(usual())
    (one,) = [result for result in run["results"] if "xlsx" in json.dumps(result)]
    place = one["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "db/seed.tar.gz"
    assert place["physicalLocation"]["region"] == {"startLine": 1}
    assert [(each["kind"], each["fullyQualifiedName"]) for each in place["logicalLocations"]] == [
        ("member", "büro.zip!Kunden 2024.xlsx"),
        ("part", "sheet Kunden"),
        ("field", "Telefon"),
    ]
    artifacts = run["artifacts"]
    nested = [
        (each["location"]["uri"], artifacts[each["parentIndex"]]["location"]["uri"])
        for each in artifacts
        if "parentIndex" in each
    ]
    assert ("/b%C3%BCro.zip", "db/seed.tar.gz") in nested
    assert ("/Kunden%202024.xlsx", "/b%C3%BCro.zip") in nested


def test_a_name_is_a_reference_from_the_top_of_the_source_byte_for_byte():
    places = [one["locations"][0]["physicalLocation"]["artifactLocation"] for one in sarif(hostile())["results"]]
    bases = {place["uri"]: place.get("uriBaseId") for place in places}
    assert bases["f%FCr.txt"] == "%SRCROOT%"
    assert bases["100%25%20sure%3F%23a%20b.txt"] == "%SRCROOT%"
    assert bases["exports/%5Bredacted%3Aemail%5D.csv"] == "%SRCROOT%"
    assert bases["file:///etc/absolute.txt"] is None
    assert bases["../outside.txt"] is None
    assert len(bases) == len(HOSTILE) + 1


def test_what_could_not_be_read_and_what_was_left_out_is_notified_and_the_exit_code_told():
    (invocation,) = sarif(usual())["invocations"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (2, False)
    told = [(one["descriptor"]["id"], one["level"]) for one in invocation["toolExecutionNotifications"]]
    assert told == [("not-read", "error")] * 2 + [("left-out", "note")] * 2


def test_the_repository_is_told_without_the_password_to_it():
    assert sarif([])["versionControlProvenance"] == [
        {
            "repositoryUri": "https://git.example.com/shop/shop.git",
            "mappedTo": {"uriBaseId": "%SRCROOT%"},
            "revisionId": "0123456789abcdef0123456789abcdef01234567",
            "branch": "main",
        }
    ]


def prints(*of) -> list[str]:
    return [one["partialFingerprints"]["ringfence/v1"] for one in sarif(of)["results"]]


def test_a_fingerprint_stays_when_lines_move_and_with_a_digest_when_files_are_renamed():
    keyed = {"digest": "ab" * 16}
    before = prints(item("a.csv", found("a.csv", 2), found("a.csv", 3, **keyed), found("a.csv", 4)))
    after = prints(item("a.csv", found("a.csv", 12), found("a.csv", 13, **keyed), found("a.csv", 14)))
    assert before == after
    assert len(set(before)) == 3
    renamed = prints(item("b.csv", found("b.csv", 2), found("b.csv", 3, **keyed)))
    assert (renamed[0] == before[0], renamed[1] == before[1]) == (False, True)
    assert "ab" * 16 not in before  # a report is no baseline


def cut_at(most: int) -> None:
    """Write more than fits: a fifth as many again, of which the last fifth is noted only."""
    noted = most // 25 * 2

    def scanned():
        yield item("few.txt", *(found("few.txt", 1, Standing.NOTED) for _ in range(noted)))
        yield from many(most // 5 * 6)

    run = sarif(scanned())
    assert len(run["results"]) == most
    assert sum(one["level"] == "error" for one in run["results"]) == most // 25 * 24
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    left = f"{most // 5 + noted:,} results of {most // 5 * 6 + noted:,} left out of this file, the least severe"
    assert told["message"]["text"].startswith(left)
    assert run["properties"]["findings"]["noted"] == most // 25 * 6 + noted


def test_more_than_github_takes_is_cut_from_the_least_severe_and_told(monkeypatch):
    monkeypatch.setattr(scan_sarif, "MOST_RESULTS", 250)
    cut_at(250)


@pytest.mark.soak
def test_25000_results_are_written_and_no_more():
    cut_at(25_000)


def test_a_message_is_never_longer_than_a_thousand_characters():
    rule = "flows." + "x" * 5_000
    run = sarif([item("a", found("a", rule=rule, field="y" * 3_000))])
    assert len(run["results"][0]["message"]["text"]) == 1_000


def stays_below(size: int, names: int) -> None:
    """Write a file that would be a fifth too large, of names that cannot be squeezed."""
    made = random.Random(8)

    def scanned():
        for _ in range(names):
            name = "".join(made.choices(string.ascii_letters, k=4_000))
            failed = (Failed(name, Fault.DAMAGED, "no JSON"),)
            yield item(name, found(name, 1), failed=failed, passed=(Passed(name, Why.BINARY),))

    text = written("sarif", scanned())
    assert len(gzip.compress(text.encode())) < size
    (run,) = json.loads(text)["runs"]
    told = run["invocations"][0]["toolExecutionNotifications"]
    assert told[0]["descriptor"]["id"] == "cut"
    assert names // 2 < len(run["results"]) < names


def test_names_that_cannot_be_squeezed_do_not_make_the_file_too_large(monkeypatch):
    monkeypatch.setattr(scan_sarif, "MOST_COMPRESSED", scan_sarif.MOST_COMPRESSED // 20)
    monkeypatch.setattr(scan_sarif, "MOST_WHOLE", scan_sarif.MOST_WHOLE // 20)
    stays_below(560_000, 100)  # a compressor holds back some 20 kB, however small the file


@pytest.mark.soak
def test_a_file_stays_below_the_10_megabytes_that_github_takes():
    stays_below(10_000_000, 2_000)


def test_junit_has_a_case_for_each_file_a_failure_for_each_refusal():
    tree = xmlschema.XMLResource(written("junit", usual())).root
    (suite,) = tree
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "7",
        "failures": "3",
        "errors": "2",
        "skipped": "1",
    }
    cases = {case.get("name"): [child.tag for child in case] for case in suite.iter("testcase")}
    assert cases["src/app.py"] == []
    assert cases["tests/fixtures/people.csv"] == ["failure"] * 11
    assert cases["db/seed.tar.gz"] == ["failure", "failure", "error"]
    assert cases["static/app.min.js"] == ["skipped"]
    assert cases["docs/mails.md"] == ["system-out"]


@settings(max_examples=12, deadline=None)
@given(
    name=st.text(st.characters(), min_size=1, max_size=40),
    words=st.text(st.characters(), max_size=20),
    line=st.integers(0, 3),
)
def test_whatever_a_name_is_every_output_is_well_formed(name, words, line):
    one = found(
        name, line, field=words, where=words, members=(words,) if words else (), why=words, shape=words, commit=words
    )
    own = found(name, line, Standing.NOTED, entity="STAFF_NUMBER", category="user.staff_number", why=words)
    failed = (Failed(name, Fault.GONE, words, words, (), line),)
    scanned = [item(name, one, own, failed=failed, passed=(Passed(name, Why.LINK, (words,), words),))]
    assert [*sarif_schema().iter_errors(json.loads(written("sarif", scanned)))] == []
    assert [*junit_schema().iter_errors(written("junit", scanned))] == []
    jsonschema.validate(json.loads(written("gitlab", scanned)), GITLAB)
    assert len(written("json", scanned).splitlines()) == 5
    assert len([*csv.reader(StringIO(written("csv", scanned)))]) == 5
    html5lib.HTMLParser(strict=True).parse(written("html", scanned))
    assert written("text", scanned, EVERYTHING).replace("\n", "").isprintable()
