"""What a scan says, in every output: to people, to programs, and to whoever named a file to do harm."""

import csv
import html
import io
import json
import os
import pty
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote

import html5lib
import pytest
from scans import ABOUT, DETECTOR, EMAIL, HOSTILE, NAMES, PLANTED, found, hostile, item, many, usual, written

from ringfence.extract.model import Fault
from ringfence.gates.git.model import Failed, Item, Origin, Scanned, Standing
from ringfence.gates.git.rules import Rules
from ringfence.gates.git.scanning import Scanner
from ringfence.report.scan_outputs import OUTPUTS, write_scan
from ringfence.report.scan_summary import About, Asked, Summary
from ringfence.report.scan_words import Names

GOLDEN = Path(__file__).with_name("golden")
EVERYTHING = Asked(allowed=True, carried=True, every=True)


@pytest.mark.parametrize(
    ("name", "file", "asked"),
    [
        ("text", "usual.txt", Asked()),
        ("text", "everything.txt", EVERYTHING),
        ("csv", "usual.csv", Asked()),
        ("html", "usual.html", EVERYTHING),
        ("json", "usual.ndjson", Asked()),
    ],
)
def test_what_a_person_reads_is_as_it_was_looked_at(name, file, asked):
    golden = GOLDEN / file
    now = written(name, usual(), asked)
    if "RINGFENCE_GOLDEN" in os.environ:  # to be looked at, before it is kept
        golden.write_bytes(now.encode())
    assert now == golden.read_bytes().decode()


def test_a_clean_scan_says_so_in_a_line():
    assert written("text", [item("a.py")]) == (
        "no personal data that may not be here (the index: 1 item, 1.2 kB, 0.2 s)\n"
    )


def test_what_lies_in_history_and_no_commit_names_is_not_to_be_mended_in_files():
    out = io.StringIO()
    write_scan(
        "text",
        [item("blob 0123", found("blob 0123", commit=""))],
        Summary(About("0", past=True)),
        out,
        Asked(),
        DETECTOR,
    )
    assert "`ringfence history plan`" in out.getvalue()
    assert "`ringfence scan --fix`" not in out.getvalue()


def test_a_scan_that_could_not_read_all_does_not_say_that_all_is_clean():
    said = written("text", [item("a.zip", failed=(Failed("a.zip", Fault.ENCRYPTED, "it is encrypted"),))])
    assert "no personal data that may not be here, as far as it could be read (" in said


@pytest.mark.parametrize(
    ("scanned", "code"),
    [
        ([], 0),
        ([item("a", found("a", standing=Standing.NOTED), found("a", standing=Standing.ALLOWED))], 0),
        ([item("a", found("a"))], 1),
        ([item("a", found("a"), failed=(Failed("a", Fault.BOMB, "more comes out than may"),))], 2),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_the_exit_code_is_0_for_clean_1_for_found_2_for_unread(name, scanned, code):
    assert write_scan(name, scanned, Summary(ABOUT), io.StringIO(), Asked(), DETECTOR) == code


@pytest.mark.parametrize("name", [name for name, one in OUTPUTS.items() if one.streams])
def test_what_streams_is_written_before_the_next_item_is_asked_for(name):
    out, seen = io.StringIO(), []

    def scanned():
        yield item("first.txt", found("first.txt"))
        seen.append(out.getvalue())
        yield item("second.txt")

    write_scan(name, scanned(), Summary(ABOUT), out, Asked(), DETECTOR)
    assert "first.txt" in seen[0]


@pytest.mark.parametrize("name", [name for name, one in OUTPUTS.items() if not one.streams])
def test_of_a_scan_that_breaks_off_nothing_is_written_where_half_of_it_would_look_whole(name):
    def broken():
        yield item("first.txt", found("first.txt"))
        raise OSError("gone")

    out = io.StringIO()
    with pytest.raises(OSError, match="gone"):
        write_scan(name, broken(), Summary(ABOUT), out, Asked(), DETECTOR)
    assert out.getvalue() == ""


def decoded(output: str) -> str:
    """Undo how an output spells what it says, so that nothing hides behind it."""
    return "\n".join((output, unquote(output), html.unescape(output), output.replace("\\u003a", ":")))


@pytest.mark.parametrize("name", NAMES)
def test_no_output_holds_a_value_that_stands_in_a_name_a_field_or_a_note(name):
    output = decoded(written(name, hostile(), EVERYTHING))
    for value in PLANTED:
        assert value not in output
        assert value.replace(" ", "") not in output
    found_there = {output[one.start : one.end] for one in DETECTOR.find(output)}
    assert not found_there & set(PLANTED)
    assert not [value for value in found_there if "meier" in value or "peters" in value]


@pytest.mark.parametrize("name", NAMES)
def test_no_output_holds_what_commands_a_terminal_or_turns_the_writing(name):
    output = written(name, hostile(), EVERYTHING)
    assert {c for c in output if not c.isprintable()} <= {"\n", *("\r" if name == "csv" else "")}
    assert written(name, hostile(), EVERYTHING) == output


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sign", ["\n", "\x1b", "\x7f", "\x9b"])
def test_no_output_tells_a_members_name_that_holds_what_no_person_puts_into_one(name, sign):
    spoilt = "+49!30 7543812"  # no telephone number that is known, but nearly one
    scanned = packed({f"0.txt{sign}{spoilt}": f"{EMAIL}\n" * 8, f"1.txt{sign}{spoilt}": "\0\1\2"})
    assert scanned.found
    assert scanned.passed
    for asked in (Asked(), EVERYTHING):
        output = decoded(written(name, [scanned], asked))
        assert "7543812" not in output
        assert "+99!99 9999999" in output


def packed(members: dict[str, str]) -> Scanned:
    """Scan an archive of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return Scanner(Rules()).scan(Item("a.zip", Origin.FILE, out.tell()), lambda: io.BytesIO(out.getvalue()))


def test_a_name_is_shown_without_the_address_in_it_and_otherwise_as_it_is():
    shown = [Names(DETECTOR).shown(name) for name in HOSTILE]
    assert shown[0] == "exports/[redacted:email].csv"
    assert "two\\nlines\\r.txt" in shown
    assert "\\u202egpj.exe" in shown
    assert "f\\xfcr.txt" in shown
    assert "日本語/ファイル.csv" in shown
    ordinary = (
        "node_modules/@types/node/index.d.ts",
        "static/logo@2x.png",
        "db/migrations/20240131120000_create_users.py",
        "Lib/test/test_email/data/msg_01.txt",
        "docs/RFC-2822.md",
        "vendor/github.com/x/y@v1.2.3/go.mod",
        "tests/fixtures/anna.json",
        "docs/notes-1.7.0.6.txt",
    )
    assert [Names(DETECTOR).shown(name) for name in ordinary] == list(ordinary)


def test_an_address_of_the_network_in_a_name_is_taken_out_where_it_is_no_version():
    assert Names(DETECTOR).shown("logs/93.184.216.34.log") == "logs/[redacted:ip_address].log"


def test_text_takes_colours_on_a_terminal_alone_and_none_where_no_color_is_set(monkeypatch):
    def shown() -> str:
        parent, child = pty.openpty()
        with os.fdopen(child, "w", encoding="utf-8") as out:
            write_scan("text", hostile()[:3], Summary(ABOUT), out, Asked(), DETECTOR)
            said = os.read(parent, 1 << 16).decode()
        os.close(parent)
        return said

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = shown()
    assert "\x1b[1;31mEMAIL_ADDRESS\x1b[0m" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown()


def test_findings_alike_are_told_by_the_first_five_and_counted():
    column = [found("people.csv", line, field="email") for line in range(1, 10_001)]
    lines = written("text", [item("people.csv", *column)]).splitlines()
    assert len([line for line in lines if line.startswith("people.csv:")]) == 5
    assert "people.csv  and 9,995 more EMAIL_ADDRESS in field email, refused (--every lists them)" in lines
    every = written("text", [item("people.csv", *column)], Asked(every=True)).splitlines()
    assert len([line for line in every if line.startswith("people.csv:")]) == 10_000


@pytest.mark.parametrize("name", NAMES)
def test_an_output_that_knows_ascii_alone_takes_every_name(name):
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", newline="")
    assert write_scan(name, hostile(), Summary(ABOUT), out, Asked(), DETECTOR) == 2
    assert raw.getvalue().isascii()


def test_each_json_line_is_a_document_and_the_last_one_sums_up():
    lines = [json.loads(line) for line in written("json", hostile(), EVERYTHING).splitlines()]
    assert [one["kind"] for one in lines[:4]] == ["finding", "finding", "unreadable", "left-out"]
    assert lines[-1]["kind"] == "summary"
    assert lines[-1]["findings"] == {"refused": 20, "noted": 19, "allowed": 0, "carried": 0}
    assert lines[-1]["exit_code"] == 2
    uris = {one["uri"] for one in lines[:-1]}
    assert {"f%FCr.txt", "two%0Alines%0D.txt", "100%25%20sure%3F%23a%20b.txt", "file:///etc/absolute.txt"} <= uris


def test_no_cell_of_csv_is_a_formula_or_has_a_line_break():
    rows = list(csv.reader(io.StringIO(written("csv", hostile(), EVERYTHING))))
    assert {len(row) for row in rows} == {19}
    assert len(rows) == 1 + 39 + 19 + 19
    for row in rows:
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))
            assert "\n" not in cell
    assert any(cell == "'@SUM(1+1)*cmd" for row in rows for cell in row)


@pytest.mark.parametrize("scanned", [[], usual(), hostile()])
def test_the_page_is_html_that_asks_for_nothing(scanned):
    output = written("html", scanned, EVERYTHING)
    html5lib.HTMLParser(strict=True).parse(output)
    lowered = output.lower()
    assert "default-src 'none'" in lowered
    assert "<script" not in lowered
    assert not [word for word in ("src=", "url(", "@import", "<link", "http://", "https://") if word in lowered]


def test_a_page_of_very_many_findings_says_how_many_it_leaves_out():
    output = written("html", many(6_000))
    assert output.count("<tr style=") == 5_000
    assert "1,000 more are left out of this page" in output
    assert len(output) < 4_000_000


def test_writing_a_scan_needs_no_ledger_and_no_drawing_of_tables():
    code = (
        "import sys, io\n"
        "from ringfence.report.scan_outputs import write_scan\n"
        "from ringfence.report.scan_summary import About, Asked, Summary\n"
        "write_scan('text', [], Summary(About('1')), io.StringIO())\n"
        "print([m for m in ('ringfence.ledger', 'ringfence.detect', 'rich', 'asyncio', 'pydantic') if m in sys.modules])\n"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_what_is_said_of_a_scan_has_no_address_of_whoever_runs_it():
    for name in NAMES:
        output = written(name, usual(), EVERYTHING)
        assert "geheim" not in output
        assert EMAIL not in output
