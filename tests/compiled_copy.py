"""A copy of the sources with the modules compiled that may be: what the tests hold against the plain ones. Never the checkout's."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SETUP = """
from setuptools import setup
from mypyc.build import mypycify
setup(name="built", packages=[], package_dir={{"": "src"}}, ext_modules=mypycify({arguments!r}, opt_level="1"))
"""
CANNOT = shutil.which("cc") is None or find_spec("setuptools") is None or find_spec("mypyc") is None
WHY = "compiling needs a C compiler, setuptools and mypyc"


def compiled(folder: Path, rooms: Sequence[str]) -> Path:
    """Copy the sources into a folder and compile there those modules of rooms that the project lists; give the copy's."""
    hook = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]
    wanted = tuple(f"src/ringfence/{room}/" for room in rooms)
    files = [file for file in hook["mypyc"]["include"] if file.startswith(wanted)]
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "setup.py").write_text(SETUP.format(arguments=[*hook["mypyc"]["mypy-args"], *files]))
    built = subprocess.run(
        [sys.executable, "setup.py", "build_ext", "--inplace"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "MYPYPATH": "src"},
    )
    assert built.returncode == 0, built.stdout[-2_000:] + built.stderr[-2_000:]
    return folder / "src"


def said_with(source: Path, script: Path) -> list[str]:
    """Run a script with these sources; give the lines that it says."""
    paths = os.pathsep.join(
        [str(source), str(ROOT / "tests")]
    )  # a script stands among its room's tests, and shares with others
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, script], check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout.splitlines()
