"""Changes change their spans and nothing else (law 6): random documents, random changes, read back by the standard library."""

import csv
import io
import json
import random
from collections.abc import Sequence

import pytest
from carrier_plays import Documents, Node, change_at_random, cut_at, feed

from ringfence.carriers import FORMATS, Carrier, Change, CsvCarrier, Edit, Field, JsonCarrier, Unit, splice

TEXTS = ["", "*", "[redacted]", '"', "\\", "a,b", "\n", "\r\n", "é", "😹", "0", "-1.5", "null", "x" * 70]


def written(carrier: Carrier, unit: Unit, changes: Sequence[tuple[Field, list[Change]]]) -> bytes:
    """Write changes, and see that every edit lies in its own field (with the quotes around it) and all else is kept."""
    edits: list[Edit] = []
    kept: list[bytes] = []
    at = 0
    for field, parts in changes:
        for edit in carrier.write(unit, field, parts):
            assert field.start - 1 <= edit.start <= edit.end <= field.end + 1
            edits.append(edit)
            kept.append(unit.raw[at : edit.start])
            at = edit.end
    kept.append(unit.raw[at:])
    spliced = splice(unit.raw, edits)
    place = 0
    for part, edit in zip(kept, [*edits, Edit(0, 0, b"")], strict=True):
        assert spliced.startswith(part + edit.raw, place)
        place += len(part) + len(edit.raw)
    assert place == len(spliced)
    return spliced


def expected_of(tree: object) -> object:
    """Say what a reader must make of a tree of nodes."""
    match tree:
        case Node(null=True):
            return None
        case Node(kind="scalar", text=text):
            return {"true": True, "false": False, "null": None}.get(
                text, ("number", text) if _is_number(text) else text
            )
        case Node(text=text):
            return text
        case list():
            return [expected_of(item) for item in tree]
        case ("object", pairs):
            return ("object", [(expected_of(key), expected_of(value)) for key, value in pairs])
    raise AssertionError


def _is_number(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return text[0] in "-0123456789" and text[-1] in "0123456789"


def read_json(data: bytes) -> object:
    def pairs(members: list[tuple[str, object]]) -> object:
        return ("object", members)

    def number(text: str) -> object:
        return ("number", text)

    return json.loads(data, object_pairs_hook=pairs, parse_int=number, parse_float=number)


def json_round(rng: random.Random, documents: Documents) -> int:
    """Change a document at random, and compare what a reader finds; say in how many fields."""
    data, tree, nodes = documents.make()
    if rng.random() < 0.5:
        carrier: Carrier = FORMATS["ndjson"]()
        data = data.replace(b"\n", b" ") + b"\n"
    else:
        carrier = JsonCarrier()
    [unit] = feed(carrier, cut_at(data, [rng.randrange(len(data) + 1)]))
    assert [field.value.decode() for field in unit.fields] == [node.text for node in nodes]
    chosen: list[tuple[Field, list[Change]]] = []
    for field, node in zip(unit.fields, nodes, strict=True):
        if rng.random() < 0.4:
            changes, text = change_at_random(rng, field, TEXTS)
            chosen.append((field, changes))
            node.null = text is None and node.kind != "key"
            node.text = "[redacted]" if text is None else text
    spliced = written(carrier, unit, chosen)
    assert read_json(spliced) == expected_of(tree)
    if not chosen:
        assert spliced == data
    return len(chosen)


CELLS = ["", "a", "7", " b ", 'say "x"', '"', "two\nlines", "\r\n", "a,b", "é", "日本", "😹", "'", "#", "x" * 40]


def spell_cell(rng: random.Random, text: str, *, alone: bool) -> str:
    if any(mark in text for mark in ',"\r\n') or (alone and not text) or rng.random() < 0.3:
        return '"' + text.replace('"', '""') + '"'
    return text


def csv_round(rng: random.Random) -> int:
    """Change a table at random, and compare what a reader finds; say in how many cells."""
    width = rng.choice((1, 1, 2, 3, 5))
    table = [[rng.choice(CELLS) for _ in range(width)] for _ in range(rng.choice((1, 2, 5)))]
    ends = [rng.choice(("\n", "\r\n")) for _ in table]
    if rng.random() < 0.3 and table[-1] != [""]:
        ends[-1] = ""
    lines = [",".join(spell_cell(rng, cell, alone=width == 1) for cell in record) for record in table]
    data = "".join(line + end for line, end in zip(lines, ends, strict=True)).encode()
    carrier = CsvCarrier()
    units = feed(carrier, cut_at(data, [rng.randrange(len(data) + 1)]))
    fields = [field for unit in units for field in unit.fields]
    assert [field.value.decode() for field in fields] == [cell for record in table for cell in record]
    assert [field.is_key for field in fields] == [True] * width + [False] * (len(fields) - width)
    spliced = b""
    changed = 0
    for unit in units:
        chosen: list[tuple[Field, list[Change]]] = []
        for field in unit.fields:
            if rng.random() < 0.4:
                changes, text = change_at_random(rng, field, TEXTS)
                chosen.append((field, changes))
                table[field.order // width][field.order % width] = "" if text is None else text
        spliced += written(carrier, unit, chosen)
        changed += len(chosen)
    assert list(csv.reader(io.StringIO(spliced.decode(), newline=""), strict=True)) == table
    return changed


def rounds(count: int, seed: int) -> int:
    rng = random.Random(seed)
    documents = Documents(rng)
    return sum(json_round(rng, documents) if number % 3 else csv_round(rng) for number in range(count))


def test_what_is_written_into_random_documents_is_what_a_reader_finds_and_nothing_else_has_changed() -> None:
    assert rounds(5000, 1) > 5000


@pytest.mark.soak
def test_what_is_written_into_100_000_random_documents_is_what_a_reader_finds_and_nothing_else_has_changed() -> None:
    for seed in range(100, 121):
        assert rounds(5000, seed) > 5000


def test_edits_that_overlap_are_not_applied() -> None:
    with pytest.raises(ValueError, match="overlap"):
        splice(b"abc", [Edit(0, 2, b""), Edit(1, 3, b"")])
