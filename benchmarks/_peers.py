"""Environments that are thrown away: Presidio's own, and one of packages whose sources are clean text.

The rule: nothing of them comes into ringfence's environment. They stand in a folder for temporary files and are made when they are
missing; what Presidio found in the same texts is kept there, too, since it takes minutes. Deleting the folder starts afresh.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(tempfile.gettempdir()) / "ringfence-scoreboard"
_WORKER = Path(__file__).with_name("_presidio_worker.py")
PRESIDIO = ("presidio-analyzer==2.2.366",)
SOURCES = (
    "django==5.2.19",
    "sympy==1.14.0",
    "twisted==26.10.0",
    "ansible==12.3.0",
    "pandas==3.1.1",
    "scikit-learn==1.9.1",
    "networkx==3.6.1",
    "nltk==3.10.4",
    "jupyterlab==4.6.6",
    "matplotlib==3.11.2",
    "sqlalchemy==2.1.9",
    "botocore==1.44.8",
)
"""Big packages of many subjects; what stands in their sources is judged by reading it."""


class Span(NamedTuple):
    """What was found where, as what, and how surely."""

    start: int
    end: int
    entity: str
    score: float


class Peer(NamedTuple):
    """What Presidio found in one text: with the recognizers that it loads for the text's language, and with every country's."""

    default: tuple[Span, ...]
    everywhere: tuple[Span, ...]


def environment(name: str, packages: Sequence[str]) -> Path:
    """Give the folder of an environment in which packages are installed; make it first, where it is missing."""
    folder = FOLDER / name
    ready = folder / ".ready"
    wanted = "\n".join(packages)
    if not ready.is_file() or ready.read_text() != wanted:
        print(f"{name}: installing {len(packages)} packages in {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *packages], check=True)
        ready.write_text(wanted)
    return folder


def presidio(texts: Sequence[tuple[str, str]]) -> list[Peer]:
    """Give what Presidio finds in texts, each with its language."""
    lines = "".join(json.dumps({"lang": lang, "text": text}) + "\n" for lang, text in texts)
    digest = hashlib.sha256((lines + _WORKER.read_text() + repr(PRESIDIO)).encode()).hexdigest()[:20]
    found = FOLDER / f"found-{digest}.jsonl"
    if not found.is_file():
        python = environment("presidio", PRESIDIO) / "bin" / "python"
        given = FOLDER / f"given-{digest}.jsonl"
        given.write_text(lines, encoding="utf-8")
        partial = found.with_suffix(".partial")
        subprocess.run([python, "-P", _WORKER, given, partial], check=True)
        given.unlink()
        partial.rename(found)
    return [
        Peer(tuple(Span(*one) for one in row["default"]), tuple(Span(*one) for one in row["all"]))
        for row in map(json.loads, found.read_text(encoding="utf-8").splitlines())
    ]
