"""Real, labelled documents that lie beside the checkout, as tests read them. Where they do not, a test that needs one skips."""

import base64
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

_CORPORA: Final = Path(__file__).resolve().parents[1] / ".." / "shared" / "corpora"

PASSES: Final = frozenset(
    {
        "i_number_pos_double_huge_exp.json",
        "i_number_real_neg_overflow.json",
        "i_number_real_pos_overflow.json",
        "i_object_key_lone_2nd_surrogate.json",
        "i_string_1st_surrogate_but_2nd_missing.json",
        "i_string_incomplete_surrogate_and_escape_valid.json",
        "i_string_incomplete_surrogates_escape_valid.json",
        "i_string_invalid_lonely_surrogate.json",
        "i_string_inverted_surrogates_U+1D11E.json",
    }
)
"""What passes of the documents that the JSON test suite leaves to each reader: the others are not UTF-8, too deep, or marked."""


def corpus(name: str) -> Path:
    """Give where a corpus is."""
    path = _CORPORA / name
    if not path.exists():
        pytest.skip(f"no corpus {name} at {_CORPORA}")
    return path


@cache
def json_suite() -> list[tuple[str, str, bytes]]:
    """Give the JSON test suite: names, what is expected, documents."""
    lines = corpus("naughty/json_test_suite.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    return [(case["name"], case["expect"], base64.b64decode(case["data_base64"])) for case in cases]


def bundles() -> Iterator[tuple[bytes, dict[str, str]]]:
    """Give FHIR bundles, each with what is marked in it, by its place."""
    folder = corpus("fhir")
    for line in corpus("fhir_truth.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield (folder / row["file"]).read_bytes(), {one["path"]: one["label"] for one in row["pii"]}


def leaves(value: object, pointer: str = "") -> Iterator[tuple[str, object]]:
    """Give what stands in a document that is neither object nor list, each with its place."""
    match value:
        case dict():
            for name, inner in value.items():
                yield from leaves(inner, f"{pointer}/{name}")
        case list():
            for number, inner in enumerate(value):
                yield from leaves(inner, f"{pointer}/{number}")
        case _:
            yield pointer, value
