"""A log is mapped by what stands in its lines: shares by kind, by field and by place; nothing of it is declared."""

import gzip
import json
from pathlib import Path

import pytest
from atlas_sources import CANARIES, EMAIL

from ringfence.atlas import AssetMap, AtlasError, map_log, read_map, write_map


def evidence(found: AssetMap) -> dict[str, tuple[str, ...]]:
    return {one.path: one.evidence for one in found.fields}


def lines(count: int = 100) -> str:
    half = [f"203.0.113.{n % 200} GET /a/{n} {EMAIL if n % 2 else '-'}" for n in range(count)]
    return "\n".join(half) + "\n"


def test_text_is_told_by_shares_and_places(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(lines())
    found = evidence(map_log(tmp_path / "access.log"))
    assert found["line"] == ("values:IP_ADDRESS:1.00", "values:EMAIL_ADDRESS:0.50")
    assert found["line, word 1"] == ("values:IP_ADDRESS:1.00",)
    assert found["line, word 4"] == ("values:EMAIL_ADDRESS:0.50",)


def test_lines_that_are_json_are_told_by_field(tmp_path: Path) -> None:
    documents = [json.dumps({"at": n, "user": {"mail": EMAIL}, "message": "done"}) for n in range(50)]
    (tmp_path / "app.log").write_bytes(gzip.compress(("\n".join(documents) + "\nplain words\n").encode()))
    found = map_log(tmp_path / "app.log")
    assert evidence(found)["user.mail"] == ("values:EMAIL_ADDRESS:1.00",)
    assert {one.path: one.judgement for one in found.fields}["message"] == "none"


def test_a_log_declares_no_field(tmp_path: Path) -> None:
    """A declared field would make every other one unknown, and the log would be refused."""
    (tmp_path / "access.log").write_text(lines())
    found = map_log(tmp_path / "access.log", zone="core")
    write_map(tmp_path / "map.yaml", found)
    assert read_map(tmp_path / "map.yaml")["access"].fields == {}
    text = (tmp_path / "map.yaml").read_text()
    assert "fields: {}  # line: 100 % of the values are IP_ADDRESS" in text
    assert not [canary for canary in CANARIES if canary in text]
    write_map(tmp_path / "map.yaml", found)
    assert (tmp_path / "map.yaml").read_text().count("# line: ") == 1


def test_what_is_no_log_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"\x00\x01" * 100)
    (tmp_path / "b.log").write_bytes(b"\x1f\x8b" + b"x" * 50)
    for name in ("a.log", "b.log", "absent.log", "."):
        with pytest.raises(AtlasError):
            map_log(tmp_path / name)
