"""The house's contracts hold, and a planted violation of each breaks them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give a copy of the source and its configuration, to plant violations in."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "README.md").write_text("copy")
    return tmp_path


def lint_imports(folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [TOOLS / "lint-imports", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(folder / "src"), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
    )


def plant(folder: Path, module: str, line: str) -> None:
    file = folder / "src" / "ringfence" / module
    file.write_text(file.read_text() + f"\n{line}\n")


def test_the_contracts_hold(copy: Path) -> None:
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("detect/finding.py", "from ringfence.policy import model"),
        ("taxonomy/model.py", "import ringfence.detect"),
        ("carriers/model.py", "from ringfence.crossing import Crossing"),
        ("crossing/effects.py", "from ringfence.ledger import Receipt"),
        ("ledger/tree.py", "from ringfence.gates import loop"),
        ("policy/model.py", "import socket"),
        ("detect/finding.py", "from pathlib import Path"),
        ("transform/types.py", "import secrets"),
        ("carriers/model.py", "import asyncio"),
        ("crossing/crossing.py", "import time"),
        ("taxonomy/model.py", "import os"),
    ],
)
def test_a_planted_import_breaks_them(copy: Path, module: str, line: str) -> None:
    plant(copy, module, line)
    done = lint_imports(copy)
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout


def ruff(folder: Path, code: str) -> str:
    file = folder / "src" / "ringfence" / "planted.py"
    file.write_text(f'"""Planted."""\n\n{code}\n')
    done = subprocess.run(
        [TOOLS / "ruff", "check", "--no-cache", str(file)], cwd=folder, capture_output=True, text=True
    )
    return done.stdout if done.returncode else ""


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("import pickle\n\npickle.loads(b'')", "TID251"),
        ("import re\n\nX = re.compile('a')", "TID251"),
        ("import random\n\nX = random.random()", "TID251"),
        ("X = eval('1')", "S307"),
        ("exec('1')", "S102"),
        ("from datetime import datetime\n\nX = datetime.now()", "DTZ005"),
        ("print('a')", "T201"),
        ("import yaml\n\nX = yaml.load('a')", "TID251"),
    ],
)
def test_what_is_banned_is_caught(copy: Path, code: str, rule: str) -> None:
    assert rule in ruff(copy, code)


def test_secrets_and_digests_are_compared_in_constant_time() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools" / "check_compares.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_plain_comparison_of_digests_is_caught(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("def check(signature: bytes, given: bytes) -> bool:\n    return signature == given\n")
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "check_compares.py", planted], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "signature" in done.stdout


def test_a_file_that_is_too_long_is_caught() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools" / "check_length.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
