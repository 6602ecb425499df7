"""The modules that may be compiled find the same compiled and plain, to the byte. The build is a copy's, never the checkout's."""

import os
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FINDINGS = Path(__file__).with_name("compiled_findings.py")
SETUP = """
from setuptools import setup
from mypyc.build import mypycify
setup(name="built", packages=[], package_dir={{"": "src"}}, ext_modules=mypycify({arguments!r}, opt_level="1"))
"""
NEEDED = shutil.which("cc") is None or find_spec("setuptools") is None or find_spec("mypyc") is None


def listed() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    hook = project["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["mypyc"]
    return [*hook["mypy-args"], *(file for file in hook["include"] if file.startswith("src/ringfence/detect/"))]


def found_with(source: Path) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, FINDINGS], check=True, capture_output=True, text=True, env=environment)
    return done.stdout.splitlines()


@pytest.mark.soak
@pytest.mark.skipif(NEEDED, reason="compiling needs a C compiler, setuptools and mypyc")
def test_compiled_and_plain_modules_find_the_same(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "setup.py").write_text(SETUP.format(arguments=listed()))
    command = [sys.executable, "setup.py", "build_ext", "--inplace"]
    built = subprocess.run(
        command,
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "MYPYPATH": "src"},
    )
    assert built.returncode == 0, built.stdout[-2_000:] + built.stderr[-2_000:]
    plain, compiled = found_with(ROOT / "src"), found_with(tmp_path / "src")
    assert (plain[0], compiled[0]) == ("false", "true")
    assert len(plain) > 6_000
    assert plain[1:] == compiled[1:]
