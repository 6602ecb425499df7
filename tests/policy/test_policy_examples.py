"""The examples in the docstrings of the room are run."""

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("name", ["", ".problems", ".tree"])
def test_the_examples_of_a_module_say_what_it_does(name: str) -> None:
    result = doctest.testmod(import_module(f"ringfence.policy{name}"))
    assert result.attempted > 0
    assert result.failed == 0
