"""Detection beside others, on the same text, for the same entities, in one run: MB/s, and how many times theirs ringfence's is.

Presidio's pattern recognizers, DataFog's patterns, hyperscan and RE2 with ringfence's own patterns. Peers are installed into an
environment under a temporary folder, which needs a network; each runs in a process of its own, and counts its seconds after it has
read the text once. What cannot be installed or run is said to be so, with the reason. The raw engines check nothing.
"""

import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path

from benchmarks._rows import Row
from benchmarks.detection import _dense, _sparse, patterns_of, unchecked
from ringfence.detect import RECOGNIZERS, Detector

ENTITIES = ("CREDIT_CARD", "EMAIL_ADDRESS", "IBAN", "IP_ADDRESS", "PHONE_NUMBER", "US_SSN")
SIZE = 60_000
"""Bytes of text: a second for the slowest. Those who take less read it over and over."""
LEAST = 0.3  # seconds of work in a measurement

_TIMED = f"""
import json, sys, time
def timed(work, text):
    work(text)
    count, seconds = 0, 0.0
    while seconds < {LEAST}:
        began = time.process_time(); found = work(text); seconds += time.process_time() - began; count += 1
    print(json.dumps([seconds / count, found]))
text = open(sys.argv[1], encoding="utf-8").read()
"""

_PRESIDIO = """
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer, EmailRecognizer, IbanRecognizer, IpRecognizer, PhoneRecognizer, UsSsnRecognizer)
each = [(one, one.supported_entities) for one in (
    CreditCardRecognizer(), EmailRecognizer(), IbanRecognizer(), IpRecognizer(), PhoneRecognizer(), UsSsnRecognizer())]
timed(lambda text: sum(len(one.analyze(text, entities, None) or ()) for one, entities in each), text)
"""

_DATAFOG = """
from datafog.processing.text_processing.regex_annotator.regex_annotator import RegexAnnotator
annotator = RegexAnnotator()
timed(lambda text: sum(len(found) for found in annotator.annotate(text).values()), text)
"""

_HYPERSCAN = """
import hyperscan
patterns = [one.encode("latin-1") for one in json.load(open(sys.argv[2]))]
database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
database.compile(expressions=patterns, ids=list(range(len(patterns))), elements=len(patterns), flags=[0] * len(patterns))
data = text.encode()
def count(_):
    found = [0]
    def seen(*_):
        found[0] += 1
    database.scan(data, match_event_handler=seen)
    return found[0]
timed(count, text)
"""

PEERS = (
    ("Presidio's pattern recognizers", "presidio-analyzer", _PRESIDIO),
    ("DataFog's patterns", "datafog", _DATAFOG),
    ("hyperscan with ringfence's patterns, nothing checked", "hyperscan", _HYPERSCAN),
)
MISSING = (
    "Alcatraz",
    "not run: a library for Go (github.com/hoophq/alcatraz), and this benchmark installs packages of Python",
)


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    work()
    count, seconds, found = 0, 0.0, 0
    while seconds < LEAST:
        began = time.process_time()
        found = work()
        seconds += time.process_time() - began
        count += 1
    return seconds / count, found


def _install(python: Path, package: str) -> str:
    """Install a peer; give the reason where that fails."""
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["pip failed"])[-1][:120]


def _peer(python: Path, code: str, *arguments: Path) -> tuple[float, int] | str:
    """Run a peer; give its seconds and findings, or why it did not run."""
    command = [str(python), "-W", "ignore", "-c", _TIMED + code, *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["it failed"])[-1][:120]
    seconds, found = json.loads(done.stdout.strip().splitlines()[-1])
    return float(seconds), int(found)


def run() -> list[Row]:
    texts = {"a finding each 65 B": _dense()[:SIZE], "a finding each 13 kB": _sparse()[:SIZE]}
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        venv.create(Path(folder, "env"), with_pip=True)
        python = Path(folder, "env", "bin", "python")
        reasons = {package: _install(python, package) for _, package, _ in PEERS}
        patterns = Path(folder, "patterns.json")
        patterns.write_text(json.dumps(patterns_of(ENTITIES)))
        raw = unchecked(patterns_of(ENTITIES))
        few, every = Detector(entities=ENTITIES), Detector()
        for what, data in texts.items():
            path = Path(folder, "text")
            path.write_bytes(data)
            size = len(data) / 1e6
            own, count = _timed(lambda data=data: len(few.find(data)))  # type: ignore[misc]
            whole, _ = _timed(lambda data=data: len(every.find(data)))  # type: ignore[misc]
            name = f"peers: log, {what}"
            rows.append(
                Row(f"{name}: ringfence, the same {len(ENTITIES)} entities", _speed(size / own), f"{count} found")
            )
            rows.append(Row(f"{name}: ringfence, all {len(RECOGNIZERS)} entities", _speed(size / whole), ""))
            bare = _timed(lambda data=data: raw(data))  # type: ignore[misc]
            rows.append(_beside(f"{name}: RE2 with ringfence's patterns, nothing checked", size, own, bare))
            for peer, package, code in PEERS:
                told = f"not installed: {reasons[package]}" if reasons[package] else _peer(python, code, path, patterns)
                rows.append(_beside(f"{name}: {peer}", size, own, told))
            rows.append(Row(f"{name}: {MISSING[0]}", MISSING[1]))
    return rows


def _beside(what: str, size: float, own: float, told: tuple[float, int] | str) -> Row:
    if isinstance(told, str):
        return Row(what, f"not runnable: {told}")
    seconds, found = told
    return Row(what, _speed(size / seconds), f"{found} found; ringfence takes {own / seconds:.3g} of its time")


def _speed(figure: float) -> str:
    return f"{figure:.0f} MB/s" if figure >= 10 else f"{figure:.2g} MB/s"


if __name__ == "__main__":
    sys.exit("python -m benchmarks peers")
