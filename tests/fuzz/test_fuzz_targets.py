"""A short run of every fuzz target; `make fuzz` runs them long."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TARGETS = (
    *("carriers", "bodies", "policy", "ledger", "detection", "transforms", "crossing"),
    *("access", "sql_parsing", "sql_tree", "postgres_wire", "postgres_rows"),
    *("http2_wire", "http_processing", "http_heads", "endpoints"),
    *("extract_text", "extract_binary", "scanning"),
)


@pytest.mark.parametrize("target", TARGETS)
def test_a_few_hundred_mutated_inputs_break_nothing(target: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fuzz", "--runs", "400", "--seed", "7", target], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "nothing broke" in done.stdout


def test_every_file_of_the_folder_is_a_target_that_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    files = {file.stem for file in (ROOT / "fuzz").glob("*.py")} - {"__init__", "__main__"}
    assert files == set(TARGETS) == set(import_module("fuzz.__main__").NAMES)


def test_a_target_that_breaks_is_told_with_its_input(tmp_path: Path) -> None:
    package = tmp_path / "fuzz"
    package.mkdir()
    for name in ("__init__.py", "__main__.py"):
        (package / name).write_text((ROOT / "fuzz" / name).read_text())
    (package / "carriers.py").write_text("SEEDS = [b'a']\ndef target(data: bytes) -> None:\n    assert data == b'a'\n")
    done = subprocess.run(
        [sys.executable, "-m", "fuzz", "--runs", "50", "carriers"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "carriers: broken by" in done.stderr
