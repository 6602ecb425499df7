"""Examples in the docstrings of readers give what they say."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import ringfence.extract

_MODULES = sorted(
    path.stem for path in Path(ringfence.extract.__path__[0]).glob("*.py") if ">>> " in path.read_text("utf-8")
)


@pytest.mark.parametrize("module", _MODULES)
def test_an_example_gives_what_it_says(module: str) -> None:
    result = doctest.testmod(import_module(f"ringfence.extract.{module}"))
    assert result.attempted
    assert not result.failed
