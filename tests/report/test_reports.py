"""Reports: what they count, what they say they cannot, and that every spelling says the same."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from report_ledgers import BEGAN, Story

from ringfence.ledger import Query, Reader, make_keys, open_checkpoint, read_public_key
from ringfence.policy import Policy, ZoneName, read
from ringfence.report import (
    WRITERS,
    Document,
    Outcome,
    Span,
    basis_of,
    passages,
    report_breach,
    report_crossings,
    report_observed,
)

EMAIL, NAME = "user.contact.email", "user.name"
SPAN = Span(BEGAN, BEGAN + timedelta(days=1))

POLICY = """
version: 1
zones: {core: {label: high sensitivity}, staff: {label: internal processing}}
assets: {db: {zone: core, kind: postgres, fields: {public.p.email: user.contact.email}}}
keys: {k: {zones: [core]}}
forms: {tok: {transform: token, key: k}}
flows: [{id: reads, from: db, to: staff, carry: {user.contact.email: tok, user.name: clear}, else: redact}]
"""


def policy() -> Policy:
    return read("ringfence.yaml", {"ringfence.yaml": POLICY}, {})


def story() -> Story:
    told = Story()
    told.add("crossed", "a", [(EMAIL, "tok", 3), (NAME, "clear", 3)], subjects=["s1", "s2", "s3"])
    told.add("opened", "b", [(EMAIL, "tok", 100)])
    told.add("widened", "b", [(NAME, "clear", 1)])
    told.add("closed", "b", [(EMAIL, "tok", 500), (NAME, "clear", 7)], subjects=["s3", "s4"], more_subjects=10)
    told.add("opened", "c", [(EMAIL, "tok", 40)])  # and never closed
    told.add("refused", "d", refused="not-allowed", rule="flows.reads.else", category="user.financial", mend="ask")
    told.add(
        "refused", "d9", refused="not-allowed", rule="flows.reads.else", category="user.financial", count=40, last="d8"
    )
    told.add("opened", "e", [(NAME, "clear", 5)])
    told.add("refused", "e", [(NAME, "clear", 9)], refused="category-denied", rule="flows.reads.else")
    told.add("crossed", "f", [(EMAIL, "tok", 2)], mode="observe", principal="users:bob")
    told.add("opened", "k", [(NAME, "clear", 4)], principal="users:eve")
    told.add("refused", "k", [(NAME, "clear", 4)], principal="users:eve", refused="cut")  # the client hung up
    told.add(
        "crossed", "g", [(EMAIL, "tok", 2)], mode="observe", would="not-allowed", rule="r1", category=None, why="no"
    )
    told.add("counted", "h", payloads=12, mode="observe")
    told.add("counted", "i", payloads=30)
    return told


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return story().write(tmp_path, make_keys(tmp_path / "ledger.key", tmp_path / "ledger.pub"))


def rows_of(document: Document, key: str) -> list[dict[str, object]]:
    (table,) = [each for each in document.tables if each.key == key]
    return [dict(zip([column.key for column in table.columns], row, strict=True)) for row in table.rows]


def test_crossings_are_put_together_from_their_entries(ledger: Path) -> None:
    with Reader(ledger) as reader:
        found = {each.crossing: each for each in passages(reader.each(Query(), reader.size))}
    assert {name: each.outcome for name, each in found.items()} == {
        "a": Outcome.CROSSED,
        "b": Outcome.CROSSED,
        "c": Outcome.UNKNOWN,
        "d": Outcome.REFUSED,
        "d9": Outcome.REFUSED,
        "e": Outcome.CUT,
        "k": Outcome.CUT,
        "f": Outcome.CROSSED,
        "g": Outcome.CROSSED,
    }
    assert (found["b"].first, found["b"].last) == (1, 3)
    assert [(each.category, each.count) for each in found["e"].found] == [(NAME, 5)], "what had been opened"


def test_what_crossed_is_counted_by_who_what_and_how(ledger: Path) -> None:
    with Reader(ledger) as reader:
        made = report_crossings(basis_of(reader, SPAN), reader.each(SPAN.query, reader.size))
    rows = {(row["principal"], row["category"], row["form"]): row for row in rows_of(made, "crossed")}
    assert {key: (row["crossings"], row["values"], row["unknown"]) for key, row in rows.items()} == {
        ("users:ann", EMAIL, "tok"): (3, 543, 1),
        ("users:ann", NAME, "clear"): (3, 15, 1),
        ("users:bob", EMAIL, "clear (observed)"): (1, 2, 0),
        ("users:eve", NAME, "clear"): (1, 4, 1),
        ("users:ann", EMAIL, "clear (observed)"): (1, 2, 0),
    }
    assert rows["users:ann", EMAIL, "tok"]["entries"] == "0-4"
    assert [(row["reason"], row["category"], row["times"]) for row in rows_of(made, "refused")] == [
        ("not-allowed", "user.financial", 41),
        ("category-denied", "", 1),
    ]
    assert rows_of(made, "plain") == [{"flow": "reads", "from": "core", "to": "staff", "payloads": 42}]
    assert any("unknown outcome" in note for note in made.notes)


def test_what_the_gate_sent_itself_reaches_nobody_and_one_is_not_several(tmp_path: Path) -> None:
    told = Story()
    told.add(
        "crossed",
        "z",
        [(EMAIL, "mask", 1)],
        flow="ringfence-canary",
        principal="ringfence:canary",
        role=None,
        to="staff",
    )
    told.add("crossed", "a", [(EMAIL, "tok", 1)])
    told.add("crossed", "o", [(EMAIL, "tok", 1)], mode="observe", would="not-allowed", rule="r", why="no", count=7)
    with Reader(told.write(tmp_path, make_keys(tmp_path / "ledger.key", tmp_path / "ledger.pub"))) as reader:
        basis = basis_of(reader, SPAN)
        crossed = report_crossings(basis, reader.each(SPAN.query, basis.size))
        reached = report_breach(basis, reader.each(SPAN.query, basis.size), ZoneName("staff"), policy())
        watched = report_observed(basis, reader.each(SPAN.query, basis.size))
    assert {row["principal"] for row in rows_of(crossed, "crossed")} == {"users:ann"}
    assert crossed.summary[0].endswith("to 1 receiver.")
    assert crossed.summary[1] == "0 were refused."
    assert reached.summary[0].startswith("1 category crossed into staff, in ")
    assert reached.summary[0].endswith("to 1 receiver.")
    [row] = rows_of(watched, "refused")
    assert watched.summary[0].startswith(f"reads: of 7 payloads {row['times']} would have been refused")


def test_what_would_have_been_is_apart_from_what_is_enforced(ledger: Path) -> None:
    with Reader(ledger) as reader:
        basis = basis_of(reader, SPAN)
        made = report_observed(basis, reader.each(SPAN.query, basis.size))
        other = report_observed(basis, reader.each(SPAN.query, basis.size), "writes")
    (sentence,) = made.summary
    assert sentence.startswith("reads: of 14 payloads 1 would have been refused and 1 changed; 12 would have passed")
    assert [(row["would"], row["why"], row["times"], row["example"]) for row in rows_of(made, "refused")] == [
        ("not-allowed", "no", 1, "g")
    ]
    assert [(row["form"], row["values"], row["client"]) for row in rows_of(made, "changed")] == [("tok", 2, "psql")]
    assert other.summary == ("No flow observed anything in that time.",)


def test_a_breach_is_bounded_in_people_and_says_what_undoes_each_form(ledger: Path) -> None:
    with Reader(ledger) as reader:
        basis = basis_of(reader, SPAN)
        made = report_breach(basis, reader.each(SPAN.query, basis.size), ZoneName("staff"), policy())
        elsewhere = report_breach(basis, reader.each(SPAN.query, basis.size), ZoneName("core"), policy())
    rows = {(row["category"], row["form"]): row for row in rows_of(made, "reached")}
    token = rows[EMAIL, "tok"]
    assert token["people"] == "4 to 14, and those of crossings without index"
    assert token["undone_by"] == "the key k (held by core), with ringfence"
    assert "GDPR" in str(token["regulations"])
    assert rows[EMAIL, "clear"]["people"] == "no index kept", "of a flow that observes, everything came as it is"
    assert {row["category"] for row in rows_of(made, "could")}.isdisjoint({EMAIL, NAME})
    assert rows_of(elsewhere, "reached") == []


def test_a_report_rests_on_a_checkpoint_that_verifies(ledger: Path) -> None:
    with Reader(ledger) as reader:
        basis = basis_of(reader, SPAN)
    kept = open_checkpoint(basis.note, read_public_key(ledger.parent / "ledger.pub"))
    assert (kept.size, kept.origin) == (basis.size, basis.origin)
    assert basis.size == basis.entries == len(story().bodies)


def test_only_entries_of_the_period_are_counted(ledger: Path) -> None:
    later = Span(BEGAN + timedelta(seconds=5), BEGAN + timedelta(seconds=6))
    with Reader(ledger) as reader:
        basis = basis_of(reader, later)
        made = report_crossings(basis, reader.each(later.query, basis.size))
    assert basis.entries == 1
    assert rows_of(made, "crossed") == []
    assert len(rows_of(made, "refused")) == 1


def test_every_spelling_says_the_same_and_nothing_in_it_runs(tmp_path: Path) -> None:
    hostile = "=cmd|'/c calc'!A1"
    markup = "<script>alert(1)</script>|`x`"
    told = Story()
    told.add("crossed", "a", [(EMAIL, "tok", 3)], principal=hostile, purpose=markup)
    ledger = told.write(tmp_path, make_keys(tmp_path / "ledger.key", tmp_path / "ledger.pub"))
    with Reader(ledger) as reader:
        basis = basis_of(reader, SPAN)
        made = report_crossings(basis, reader.each(SPAN.query, basis.size))
    spelt = {name: each.write(made) for name, each in WRITERS.items()}
    assert json.loads(spelt["json"])["tables"]["crossed"][0]["principal"] == hostile
    assert json.loads(spelt["json"])["basis"]["checkpoint"] == basis.note
    cells = [cell for row in csv.reader(io.StringIO(spelt["csv"])) for cell in row]
    assert f"'{hostile}" in cells
    assert hostile not in cells
    assert "<script>" not in spelt["html"]
    assert "<script>" not in spelt["markdown"]
    assert "| \\`x" not in spelt["markdown"]
    for name in ("text", "markdown", "html"):
        assert basis.root in spelt[name], name
