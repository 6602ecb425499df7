"""Mapping a log: which kinds of personal data stand in its lines, in which share of them, and where.

The rule: a log is free text, so content decides about it and the map declares no field of it: a declared field would make every
other one unknown. What is found is shown for the reader: by field for lines that are JSON, by the number of the word for others.
"""

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ringfence.atlas.faults import Unmappable, Unreachable
from ringfence.atlas.files import Readable, pieces, spread
from ringfence.atlas.gathering import CHARACTERS, Samples
from ringfence.atlas.judging import Judge
from ringfence.atlas.model import AssetMap, Mapped, MappedTable
from ringfence.atlas.postgres import Progress, asset_name
from ringfence.policy.model import NONE, SCAN

LINES: Final = 4_000
MOST_LINE: Final = 8 << 10  # bytes of a line that are looked at
_STEADY: Final = 0.8  # share of an entity's findings in one word's place, from which that place is told
LINE: Final = "line"
_GZIP: Final = b"\x1f\x8b"


def map_log(
    file: Path, *, asset: str = "", zone: str = "core", progress: Progress | None = None, judge: Judge | None = None
) -> AssetMap:
    """Map a log. Raises `Unreachable` and `Unmappable`."""
    judge = judge if judge is not None else Judge()
    lines = _lines(file)
    documents = Samples()
    texts: list[str] = []
    for number, line in enumerate(lines):
        if progress is not None and number % 200 == 0:
            progress(number, len(lines))
        read = _document(line)
        if read is None:
            texts.append(line)
        else:
            documents.add_parts(read, "")
    documents.settle(judge.detector)
    fields = [*_text_fields(texts, judge), *_document_fields(documents, judge)]
    if progress is not None:
        progress(len(lines), len(lines))
    name = asset or asset_name(file.name.partition(".")[0])
    table = MappedTable("", "log", tuple(fields), len(lines))
    return AssetMap(name, zone, "log", (table,))


def _lines(file: Path) -> list[str]:
    try:
        with file.open("rb") as opened:
            is_compressed = opened.read(2) == _GZIP
        with gzip.open(file) if is_compressed else file.open("rb") as source:
            raw = [line[:MOST_LINE] for piece in _read(source, file) for line in piece.splitlines() if line.strip()]
    except FileNotFoundError:
        raise Unreachable(f"{file}: there is no such file", "name a log that is there") from None
    except IsADirectoryError:
        raise Unreachable(f"{file}: a folder", "name a file in it") from None
    except (EOFError, gzip.BadGzipFile):
        raise Unmappable(f"{file}: a damaged archive", "fetch it again") from None
    return [line.decode(errors="replace") for line in spread(raw, LINES)]


def _read(source: Readable, file: Path) -> Iterator[bytes]:
    for piece, is_head in pieces(source):
        if is_head and b"\x00" in piece[:8192]:
            raise Unmappable(f"{file}: a binary file", "name a log of text")
        yield piece


def _document(line: str) -> object | None:
    if not line.startswith("{"):
        return None
    try:
        read: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return read


def _text_fields(lines: list[str], judge: Judge) -> Iterator[Mapped]:
    """Give the text lines as one field, and each word's place in which an entity steadily stands."""
    if not lines:
        return
    entities: Counter[str] = Counter()
    places: dict[str, Counter[int]] = {}
    for line in lines:
        found = judge.detector.find(line)
        entities.update({one.entity for one in found})
        for one in found:
            places.setdefault(one.entity, Counter())[len(line[: one.start].split(" "))] += 1
    shares = {entity: count / len(lines) for entity, count in entities.most_common()}
    yield _shared(LINE, shares)
    for entity, share in shares.items():
        place, count = places[entity].most_common(1)[0]
        if count >= _STEADY * places[entity].total():
            yield _shared(f"{LINE}, word {place}", {entity: share})


def _document_fields(samples: Samples, judge: Judge) -> Iterator[Mapped]:
    for path in samples.paths():
        values = [value[:CHARACTERS] for value in samples.values(path)]
        found = judge.detector.find_fields([(path, value.encode(errors="replace")) for value in values])
        entities = Counter(entity for findings in found for entity in {one.entity for one in findings})
        yield _shared(
            path, {entity: count / len(values) for entity, count in entities.most_common()}, samples.type_of(path)
        )


def _shared(path: str, shares: Mapping[str, float], kind: str = "text") -> Mapped:
    evidence = tuple(f"values:{entity}:{share:.2f}" for entity, share in shares.items())
    confidence = round(max(shares.values(), default=0.5), 2)
    return Mapped(path, kind, SCAN if shares else NONE, confidence, evidence, inner=True)
