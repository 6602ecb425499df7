"""A company's own recognizers on the command line, from `detect` to `map`; and what `detect` is given wrongly."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from command_line import RINGFENCE, Cli

DETECT = r"""
detect:
  recognizers:
    - entity: CUSTOMER_NUMBER
      title: Number of a customer
      category: user.unique_id
      patterns: ['K-[0-9]{8}']
      check: luhn
      words: [kunde]
      fields: [customer_no]
      examples: {found: [order of K-12345674], not_found: [order of K-12345675]}
  deny: [{values: file:vips.txt, category: user.name}]
  allow: ['hotline@shop.example']
  thresholds: {EMAIL_ADDRESS: 0.9}
"""
VALUES = (b"K-12345674", b"12345674", b"Quintella", b"QUINTELLA")


@pytest.fixture
def own(installed: Path) -> Path:
    policy = installed / "ringfence.yaml"
    policy.write_text(policy.read_text() + DETECT)
    (installed / "vips.txt").write_text("# the board\nQuintella Kraken\n")
    return installed


TEXT = b"order of K-12345674 (not K-12345675)\nby QUINTELLA kraken, hotline@shop.example\n"


def test_detect_takes_a_policys_recognizers_lists_and_thresholds(cli: Cli, own: Path) -> None:
    done = cli("detect", "--policy", "ringfence.yaml", "--format", "json", stdin=TEXT)
    assert done.returncode == 1, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["entity"], one["line"], one["column"]) for one in found] == [
        ("CUSTOMER_NUMBER", 1, 10),
        ("LISTED_USER_NAME", 2, 4),
    ]
    assert not any(value in done.stdout + done.stderr for value in VALUES)
    only = cli("detect", "--policy", "ringfence.yaml", "--entities", "customer_number", stdin=TEXT)
    assert len(only.stdout.splitlines()) == 1
    assert cli("detect", "--entities", "customer_number", stdin=TEXT).returncode == 2
    assert b"CUSTOMER_NUMBER" not in cli("detect", stdin=TEXT).stdout


def test_a_list_that_is_a_folder_or_a_pipe_is_refused_at_once(cli: Cli, own: Path) -> None:
    vips = own / "vips.txt"
    vips.unlink()
    os.mkfifo(vips)
    done = cli("detect", "--policy", "ringfence.yaml", stdin=TEXT)
    assert (done.returncode, b"no ordinary file" in done.stderr) == (2, True)
    vips.unlink()
    vips.mkdir()
    done = cli("detect", "--policy", "ringfence.yaml", stdin=TEXT)
    assert b": this is a folder\n  name a file in it" in done.stderr


def test_explain_says_what_spoke_for_a_finding_and_whose_recognizer_it_was(cli: Cli, own: Path) -> None:
    done = cli("detect", "--policy", "ringfence.yaml", "--explain", stdin=TEXT + b"card 4111 1111 1111 1111\n")
    lines = done.stdout.decode().splitlines()
    assert lines[1] == (
        "    for      it has the shape of customer-number; the policy's own recognizer CUSTOMER_NUMBER looks for it; "
        "its check digits hold (luhn)"
    )
    assert lines[2] == "    score    0.70, and at least 0.50 counts"
    assert lines[3] == "    source   the policy"
    assert sum(line.startswith("    source   ") for line in lines) == 3
    assert "7812" in lines[-1]
    document = json.loads(cli("detect", "--explain", "--format", "json", stdin=b"kunde ada@example.org").stdout)
    assert document["for"] == ["it has the shape of email"]
    assert document["against"] == ["it is known from documentation"]
    assert document["threshold"] == 0.5
    assert document["source"].startswith("http")


def test_values_are_shown_where_they_are_asked_for_and_command_no_terminal(cli: Cli, own: Path) -> None:
    key = b"-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n"
    done = cli("detect", "--policy", "ringfence.yaml", "--show-values", stdin=TEXT + key)
    first, second, third = done.stdout.decode().splitlines()
    assert first.endswith("  K-12345674")
    assert second.endswith("  QUINTELLA kraken")
    assert third.endswith("-----BEGIN PRIVATE KEY-----\\nMIIEvQ\\n-----END PRIVATE KEY-----")
    assert cli("detect", "--show-values", "odd\x1b[31m.log").stderr.count(b"\x1b") == 0
    shown = cli("detect", "--show-values", "--format", "json", stdin=b"mail ada@example.org")
    assert json.loads(shown.stdout)["value"] == "ada@example.org"


def test_entities_lists_the_policys_own_first_with_examples_and_source(cli: Cli, own: Path) -> None:
    rows = json.loads(cli("entities", "--policy", "ringfence.yaml", "--format", "json").stdout)
    assert rows[0] == {
        "entity": "CUSTOMER_NUMBER",
        "title": "Number of a customer",
        "category": "user.unique_id",
        "threshold": 0.5,
        "source": "the policy",
        "examples": {"found": ["order of K-12345674"], "not_found": ["order of K-12345675"]},
    }
    by_name = {row["entity"]: row for row in rows}
    assert by_name["LISTED_USER_NAME"]["category"] == "user.name"
    assert by_name["EMAIL_ADDRESS"]["threshold"] == 0.9
    assert all(row["examples"]["found"] for row in rows if row["source"].startswith("http"))
    assert cli("entities", "--policy", "ringfence.yaml").stdout.decode().splitlines()[1].startswith("CUSTOMER_NUMBER")


def test_a_pipe_masks_what_the_policy_declares_and_explain_says_which_recognizer(cli: Cli, own: Path) -> None:
    done = cli("pipe", "--flow", "app-logs", stdin=TEXT + b'{"customer_no": "K-12345674", "by": "Quintella Kraken"}\n')
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        b"order of [redacted:unique_id] (not K-12345675)",
        b"by [redacted:name], hotline@shop.example",
        b'{"customer_no": "[redacted:unique_id]", "by": "[redacted:name]"}',
    ]
    said = cli("explain").stdout.decode()
    assert "user.unique_id (CUSTOMER_NUMBER), 2 x -> redact" in said
    assert "the policy's own recognizer CUSTOMER_NUMBER looks for it" in said
    assert "it stands in a list of the policy" in said
    assert not any(value in (own / ".ringfence" / "ledger.db").read_bytes() for value in VALUES)


def test_the_reports_and_queries_of_the_ledger_know_an_entity_of_ones_own(cli: Cli, own: Path) -> None:
    assert cli("pipe", "--flow", "app-logs", stdin=TEXT).returncode == 0
    assert cli("ledger", "query", "--category", "user.unique_id").stdout.count(b"\n") == 1
    report = cli("report", "crossings", "--format", "json")
    assert report.returncode == 0, report.stderr
    assert b"user.unique_id" in report.stdout


def test_a_map_judges_a_column_by_the_policys_recognizers(cli: Cli, own: Path) -> None:
    numbers = [b"K-12345674", b"K-00000018", b"K-45678901"] * 5
    (own / "c.csv").write_bytes(b"c17,n\n" + b"".join(number + b",%d\n" % at for at, number in enumerate(numbers)))
    done = cli("map", "--files", "c.csv", "--format", "json")
    assert done.returncode == 0, done.stderr
    (judged,) = [one for one in _fields(json.loads(done.stdout)) if str(one["path"]).endswith("c17")]
    assert judged["judgement"] == "user.unique_id"
    assert "values:CUSTOMER_NUMBER:1.00" in str(judged)


def _fields(document: object) -> list[dict[str, object]]:
    match document:
        case dict():
            own = [document] if "judgement" in document and "path" in document else []
            return own + [one for each in document.values() for one in _fields(each)]
        case list():
            return [one for each in document for one in _fields(each)]
    return []


def test_a_wrong_recognizer_is_told_with_its_line_by_every_command_that_reads_the_policy(cli: Cli, own: Path) -> None:
    policy = own / "ringfence.yaml"
    policy.write_text(policy.read_text().replace("K-[0-9]{8}", "(?=K)K-[0-9]{8}"))
    line = next(number for number, text in enumerate(policy.read_text().splitlines(), 1) if "(?=K)" in text)
    named = ["--policy", "ringfence.yaml"]
    for command in (["detect", *named], ["policy", "lint"], ["pipe", "--flow", "app-logs"], ["entities", *named]):
        done = cli(*command, stdin=TEXT)
        assert done.returncode == 2
        assert f"ringfence.yaml:{line}:18" in (done.stderr + done.stdout).decode()
        assert b"not linear" in done.stderr + done.stdout
        assert not any(value in done.stdout + done.stderr for value in VALUES)


def test_text_that_is_not_utf_8_or_has_no_end_of_line_is_searched(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "odd.log").write_bytes(b"\xff\xfe " + "ö".encode("latin-1") + b" ada@example.org \xc3")
    (tmp_path / "long.log").write_bytes(b"x" * 3_000_000 + b" ada@example.org " + b"y" * 3_000_000)
    done = cli("detect", "odd.log", "long.log", "--show-values")
    assert done.returncode == 1
    assert [line.split("  ")[-1] for line in done.stdout.decode().splitlines()] == ["ada@example.org"] * 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "shut.log").write_bytes(TEXT)
    (tmp_path / "shut.log").chmod(0)
    done = cli("detect", "shut.log")
    assert done.returncode == 2
    assert b"Permission denied" in done.stderr


def test_a_reader_that_goes_away_ends_it_in_silence(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(b"mail ada@example.org\n" * 50_000)
    process = subprocess.Popen(
        [*RINGFENCE, "detect", "app.log"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b"app.log:1:6")
    process.stdout.close()
    assert process.wait(60) == 141
    assert process.stderr.read() == b""
    process.stderr.close()
