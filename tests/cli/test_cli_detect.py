"""`ringfence detect`, `entities` and `categories` as a user meets them."""

import json
from pathlib import Path

import pytest

from command_line import Cli
from ringfence.detect import Detector
from ringfence.taxonomy import CATEGORIES, ENTITIES

DETECTOR = Detector()
TEXT = b"nothing here\nmail anna@mail.example and\nz\xc3\xbcrich 4111 1111 1111 1111\n"


def test_a_finding_is_told_with_its_place_and_its_shape(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(TEXT)
    done = cli("detect", "app.log")
    assert done.returncode == 1
    assert done.stdout.decode().splitlines() == [
        "app.log:2:6  EMAIL_ADDRESS  user.contact.email  1.00  pattern:email,known:documentation  xxxx@xxxx.xxxxxxx",
        (
            "app.log:3:9  CREDIT_CARD  user.financial.credit_card  "
            f"{DETECTOR.find('4111 1111 1111 1111')[0].score:.2f}  pattern:card,checksum:luhn,range:issuer,known:documentation  "
            "9999 9999 9999 9999"
        ),
    ]
    assert not done.stderr


@pytest.mark.parametrize("output", ["text", "json"])
def test_no_value_is_ever_shown(cli: Cli, output: str) -> None:
    done = cli("detect", "--format", output, stdin=TEXT)
    for value in (b"anna", b"4111", b"1111", b"mail.example"):
        assert value not in done.stdout + done.stderr


def test_json_is_one_document_a_line(cli: Cli) -> None:
    done = cli("detect", "-", "--format", "json", stdin=TEXT)
    first, second = map(json.loads, done.stdout.splitlines())
    assert first == {
        "file": "(standard input)",
        "line": 2,
        "column": 6,
        "start": 18,
        "end": 35,
        "entity": "EMAIL_ADDRESS",
        "category": "user.contact.email",
        "score": DETECTOR.find("anna@mail.example")[0].score,
        "evidence": ["pattern:email", "known:documentation"],
        "shape": "xxxx@xxxx.xxxxxxx",
    }
    assert (second["line"], second["column"]) == (3, 9)


def test_a_clean_text_exits_0_in_silence(cli: Cli) -> None:
    done = cli("detect", stdin=b"nothing here\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_entities_narrow_what_is_looked_for(cli: Cli) -> None:
    done = cli("detect", "--entities", "credit_card, IBAN", stdin=TEXT)
    assert [line.split("  ")[1] for line in done.stdout.decode().splitlines()] == ["CREDIT_CARD"]


def test_a_least_score_replaces_the_thresholds(cli: Cli) -> None:
    assert b"CREDIT_CARD" not in cli("detect", "--min-score", "0.95", stdin=TEXT).stdout
    assert cli("detect", "--min-score", "0.05", stdin=b"536.22.8712\n").returncode == 1
    assert cli("detect", stdin=b"536.22.8712\n").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing.log"], "missing.log: No such file or directory"),
        (["folder"], "folder: a folder"),
        (["binary"], "binary: a binary file"),
        (["--entities", "EMAIL"], "did you mean EMAIL_ADDRESS?"),
        (["--min-score", "2"], "--min-score"),
        (["--format", "xml"], "--format"),
    ],
)
def test_what_cannot_be_done_is_said_in_two_lines(cli: Cli, tmp_path: Path, arguments: list[str], says: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(b"\x7fELF\x00\x01")
    done = cli("detect", *arguments)
    assert done.returncode == 2
    assert says in done.stderr.decode()
    assert len(done.stderr.splitlines()) <= 2


def test_one_unreadable_file_does_not_hide_the_others(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(TEXT)
    done = cli("detect", "missing.log", "app.log")
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 2


def test_places_are_right_far_into_a_large_file(cli: Cli, tmp_path: Path) -> None:
    line = b"x" * 99 + b"\n"
    (tmp_path / "app.log").write_bytes(line * 20_000 + b"  10.0.0.7\n" + b"y" * 300_000 + b" 10.0.0.8")
    done = cli("detect", "app.log", "--format", "json")
    places = [(one["line"], one["column"], one["start"]) for one in map(json.loads, done.stdout.splitlines())]
    assert places == [(20_001, 3, 2_000_002), (20_002, 300_002, 2_000_011 + 300_001)]


def test_a_key_over_lines_is_one_finding(cli: Cli) -> None:
    key = b"a\n-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n10.0.0.7\n"
    done = cli("detect", stdin=key)
    places = [line.split("  ")[0] for line in done.stdout.decode().splitlines()]
    assert places == ["(standard input):2:1", "(standard input):5:1"]


def test_every_entity_is_listed(cli: Cli) -> None:
    text, document = cli("entities"), cli("entities", "--format", "json")
    assert text.returncode == document.returncode == 0
    assert all(name in text.stdout.decode() for name in ENTITIES)
    assert [row["entity"] for row in json.loads(document.stdout)] == list(ENTITIES)


def test_every_category_is_listed_with_its_regulations(cli: Cli) -> None:
    text, document = cli("categories"), cli("categories", "--format", "json")
    assert text.returncode == document.returncode == 0
    assert all(path in text.stdout.decode() for path in CATEGORIES)
    rows = {row["category"]: row for row in json.loads(document.stdout)}
    assert list(rows) == list(CATEGORIES)
    assert {cite["name"] for cite in rows["user.financial.credit_card"]["regulations"]} == {
        "GDPR",
        "PCI_DSS",
        "CPRA",
        "HIPAA",
    }
    assert rows["user.device.mac_address"]["in_fideslang"] is False
