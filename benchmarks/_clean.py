"""Text in which nobody should be found: sources of installed packages and of Python itself, and what machines write.

The rule: findings are counted by kind, and a seeded sample of each kind is read, one by one, the verdicts in `_judged.py`; so what
is told is how many of all findings are false, not how many one hopes are. Files are taken in an order that depends on their
names and a seed alone, and those whose subject are such numbers are left out: their examples are right.
"""

import random
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._machine_texts import blocks
from benchmarks._peers import SOURCES, environment
from benchmarks.recognition import ABOUT_NUMBERS, SUFFIXES
from ringfence.detect import Detector, Finding

SOURCE_BYTES = 250_000_000
LOG_BYTES = 55_000_000
_FILE_MOST = 3_000_000  # bytes: larger files are tables
_SEED = 3
_SUFFIXES = SUFFIXES | {".ts", ".java", ".sh", ".sql", ".yml", ".yaml", ".toml", ".cfg", ".xml", ".csv", ".po"}
_ABOUT_NUMBERS = (*ABOUT_NUMBERS, "Faker", "pip", "site-packages")  # of the library's folder: not the library's
QUOTAS = {
    "IP_ADDRESS": 70,
    "EMAIL_ADDRESS": 50,
    "CREDIT_CARD": 35,
    "PERSON": 30,
    "MAC_ADDRESS": 20,
    "URL_CREDENTIALS": 20,
}
"""How many findings of a kind are judged at least, where there are so many; of every other kind `_OTHERS`."""
_OTHERS = 12
_SHOWN_MOST = 80  # bytes of a finding that its judge sees


@dataclass
class Found:
    """What was found in a kind of text: how many of each entity, and where each stands."""

    size: int = 0
    seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    places: list[tuple[str, str, int, int]] = field(default_factory=list)  # entity, file, start, end

    def take(self, name: str, data: bytes, found: list[Finding], seconds: float) -> None:
        self.size += len(data)
        self.seconds += seconds
        self.kinds.update(one.entity for one in found)
        self.places.extend((one.entity, name, one.start, one.end) for one in found)


def sources() -> Iterator[tuple[str, bytes]]:
    """Give files of packages and of the standard library, as many as `SOURCE_BYTES` holds."""
    site = environment("sources", SOURCES) / "lib" / Path(sysconfig.get_paths()["purelib"]).parents[0].name
    files: list[tuple[str, Path]] = []
    for root in (site / "site-packages", Path(sysconfig.get_paths()["stdlib"])):
        for path in root.rglob("*"):
            name = path.relative_to(root)
            if path.suffix in _SUFFIXES and not name.parts[0].startswith(_ABOUT_NUMBERS) and path.is_file():
                files.append((name.as_posix(), path))
    files.sort()
    random.Random(_SEED).shuffle(files)
    size = 0
    for name, path in files:
        if path.stat().st_size < _FILE_MOST:
            data = path.read_bytes()
            size += len(data)
            yield name, data
            if size > SOURCE_BYTES:
                return


def in_sources(detector: Detector) -> Found:
    found = Found()
    for name, data in sources():
        began = time.process_time()
        findings = detector.find(data)
        found.take(name, data, findings, time.process_time() - began)
    return found


def in_logs(detector: Detector) -> Found:
    """Look through machines' texts; the addresses that stand there are right, and left out."""
    found = Found()
    for number, block in enumerate(blocks(LOG_BYTES, 1)):
        began = time.process_time()
        findings = detector.find(block.data)
        seconds = time.process_time() - began
        wrong = [
            one
            for one in findings
            if one.entity != "IP_ADDRESS" or block.data[one.start : one.end] not in block.addresses
        ]
        found.take(f"{block.kind} {number}", block.data, wrong, seconds)
    return found


def sampled(found: Found) -> list[tuple[str, str, int, int]]:
    """Choose the findings to be judged."""
    rng = random.Random(_SEED)
    chosen = []
    for entity in sorted(found.kinds):
        places = [one for one in found.places if one[0] == entity]
        chosen.extend(rng.sample(places, min(len(places), QUOTAS.get(entity, _OTHERS))))
    return chosen


def main() -> None:
    """Print the sample, each with what stands around it, for whoever judges: `python -m benchmarks._clean`."""
    detector = Detector()
    for what, found, texts in (
        ("sources", in_sources(detector), dict(sources())),
        ("logs", in_logs(detector), {f"{one.kind} {n}": one.data for n, one in enumerate(blocks(LOG_BYTES, 1))}),
    ):
        print(
            f"{what}\t{found.size / 1e6:.1f} MB\t{found.size / 1e6 / found.seconds:.0f} MB/s\t{found.kinds.most_common()}"
        )
        for entity, name, start, end in sampled(found):
            data, shown = texts[name], min(end, start + _SHOWN_MOST)
            before, value, after = data[max(0, start - 60) : start], data[start:shown], data[end : end + 24]
            line = b"\t".join((before, value, after)).replace(b"\n", b"|").decode(errors="replace")
            print(f"{what}\t{entity}\t{name[-60:]}\t{line}")


if __name__ == "__main__":
    main()
