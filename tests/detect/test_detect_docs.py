"""The examples in docstrings of detection and taxonomy run."""

import doctest
from importlib import import_module

import pytest

MODULES = (
    "ringfence.taxonomy",
    "ringfence.taxonomy.categories",
    "ringfence.detect",
    "ringfence.detect.recognizer",
    "ringfence.detect.recognizers",
    "ringfence.detect._against",
    "ringfence.detect._documentation",
    "ringfence.detect._fields",
    "ringfence.detect._fitted",
    "ringfence.detect._neighbours",
    "ringfence.detect._odds",
    "ringfence.detect._keccak",
    "ringfence.detect._regular_chars",
    "ringfence.detect._second",
)


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name: str) -> None:
    result = doctest.testmod(import_module(name))
    assert result.attempted
    assert not result.failed
