"""How well entities are recognised: others' examples, numbers made at random, text in which there should be nothing, labelled text.

Corpora lie beside the checkout (`../shared/corpora`); what is absent is said, not guessed. The slice of installed packages leaves
out those whose subject are such numbers: their examples are right.
"""

import json
import random
import site
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks._numbers import NUMBERS, generated
from benchmarks._rows import Row
from benchmarks._scores import Counts, overlapping, summed
from ringfence.detect import Detector
from ringfence.taxonomy import ENTITIES

CORPORA = Path(__file__).resolve().parents[1] / ".." / "shared" / "corpora"
OURS = {"IBAN_CODE": "IBAN"}
"""Presidio's names that are not ours."""

LABELS = {
    "PHONE_NUMBER": ("PHONE_NUMBER", "TR_PHONE_NUMBER", "PH_MOBILE_NUMBER"),
    "EMAIL_ADDRESS": ("EMAIL_ADDRESS",),
    "IP_ADDRESS": ("IP_ADDRESS",),
    "DATE_TIME": ("DATE_TIME", "DATE_OF_BIRTH"),
    "AGE": ("AGE",),
    "PERSON": ("PERSON",),
}
LABELLED = ("meddocan_es", "logs/apache_access")
ABOUT_NUMBERS = ("stdnum", "python_stdnum", "faker", "phonenumbers", "ringfence", "localflavor", "presidio", "mimesis")
SUFFIXES = {".py", ".pyi", ".c", ".h", ".pyx", ".js", ".json", ".txt", ".md", ".rst", ".html", ".css"}
SLICE = 30_000_000  # bytes of sources
COUNT = 20  # numbers for each entity


def rows_of(name: str) -> Iterator[dict[str, Any]]:
    """Give the rows of a corpus; none where it is absent."""
    path = CORPORA / f"{name}.jsonl"
    if path.is_file():
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def examples() -> Iterator[tuple[str, str, int, int]]:
    """Give Presidio's examples: our entity, the text, how many it expects, how many one recognizer alone finds at any score.

    That is how its own tests run: one recognizer, and a finding of score 0.01 is one.
    """
    detectors: dict[str, Detector] = {}
    for name in ("presidio_recognizer_examples", "presidio_checksum_examples"):
        for row in rows_of(name):
            entity = OURS.get(row["entity"], row["entity"])
            expected = row["expected_count"] if "expected_count" in row else row["valid"]
            if expected is None:
                continue
            if entity not in detectors:
                detectors[entity] = Detector(entities=[entity], thresholds={entity: 0.0})
            yield entity, row["text"], int(expected), len(detectors[entity].find(row["text"]))


def counted(detector: Detector, count: int, seed: int) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Count made numbers beside a word: how many, how many right ones are found, how many wrong ones."""
    total, found, wrong = Counter[str](), Counter[str](), Counter[str]()
    for entity, word, right, other in generated(count, seed):
        total[entity] += 1
        for number, counter in ((right, found), (other, wrong)):
            text = f"{word}: {number}"
            start = len(text) - len(number)
            counter[entity] += any(
                one.category == ENTITIES[entity].category and one.start <= start and one.end >= len(text)
                for one in detector.find(text)
            )
    return total, found, wrong


def sources(most: int = SLICE, seed: int = 3) -> Iterator[bytes]:
    """Give so many bytes of installed packages' files, in an order that depends on their names and the seed alone."""
    files = [
        path
        for root in site.getsitepackages()
        for path in Path(root).rglob("*")
        if path.suffix in SUFFIXES and not path.relative_to(root).parts[0].startswith(ABOUT_NUMBERS)
    ]
    files.sort(key=lambda path: path.name)
    random.Random(seed).shuffle(files)
    size = 0
    for path in files:
        if path.is_file() and path.stat().st_size < 3_000_000:
            data = path.read_bytes()
            size += len(data)
            yield data
        if size > most:
            return


def _logs() -> Iterator[bytes]:
    for name in ("logs/apache_access.log", "logs/nginx_plus_status.jsonl"):
        path = CORPORA / name
        if path.is_file():
            yield path.read_bytes()


def _findings(what: str, texts: Iterator[bytes], detector: Detector) -> Row:
    size, seconds, kinds = 0, 0.0, Counter[str]()
    for data in texts:
        began = time.process_time()
        kinds.update(one.entity for one in detector.find(data))
        seconds += time.process_time() - began
        size += len(data)
    if not size:
        return Row(what, "not runnable: the corpora are absent")
    megabytes = size / 1e6
    # What was found before is right as a rule: addresses of authors and hosts do stand in sources.
    new = {
        kind: number for kind, number in kinds.items() if kind not in ("EMAIL_ADDRESS", "IP_ADDRESS", "URL_CREDENTIALS")
    }
    shown = ", ".join(f"{kind} {number}" for kind, number in Counter(new).most_common(12))
    return Row(
        f"recognition: {what}, {megabytes:.0f} MB at {megabytes / seconds:.0f} MB/s",
        f"{sum(new.values()) / megabytes:.2f} findings per MB but for e-mail and IP addresses and user info",
        shown,
    )


def _labelled(detector: Detector) -> Iterator[Row]:
    for name in LABELLED:
        counts: dict[str, list[Counts]] = {label: [] for label in LABELS}
        for row in rows_of(name):
            found = detector.find(row["text"])
            for label, entities in LABELS.items():
                spans = [(span["start"], span["end"]) for span in row["spans"] if span["label"] == label]
                ours = [(one.start, one.end) for one in found if one.entity in entities]
                counts[label].append(overlapping(spans, ours))
        totals = {label: summed(each) for label, each in counts.items()}
        figures = [f"{label} {total.f(1):.3f} ({total.labelled})" for label, total in totals.items() if total.hits]
        yield Row(f"recognition: F1 by overlap on {name}", ", ".join(figures) or "not runnable: the corpora are absent")


def run() -> list[Row]:
    detector = Detector()
    expected = found = negatives = silent = 0
    for _, _, wanted, got in examples():
        expected, found = expected + wanted, found + min(wanted, got)
        negatives, silent = negatives + (wanted == 0), silent + (wanted == got == 0)
    total, right, wrong = counted(detector, COUNT, 7)
    made = total.total()
    return [
        Row(
            "recognition: Presidio's examples",
            f"{found} of {expected} found, {silent} of {negatives} left alone",
            "one recognizer at any score, as its own tests run",
        ),
        Row(
            f"recognition: {made} numbers of {len(NUMBERS)} entities beside a word",
            f"{right.total() / made:.1%} of the right ones found, {wrong.total() / made:.1%} of the wrong ones",
            "right and wrong by python-stdnum",
        ),
        _findings("installed packages' sources", sources(), detector),
        _findings("logs", _logs(), detector),
        *_labelled(detector),
    ]
