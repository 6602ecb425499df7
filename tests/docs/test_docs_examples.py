"""Every policy that a page shows is linted, and every example in Python is run."""

import ast
import doctest
import re
from pathlib import Path

import pytest
from docs_pages import DOCS, KINDS, ROOT, Block, all_blocks, blocks, name_of

from ringfence import Detector
from ringfence.policy import lint, read_located

POLICIES = [block for block in all_blocks("yaml") if block.runs]
LIMITS = DOCS / "threat-model.md"


def codes(texts: dict[str, str], file: str) -> set[str]:
    """Lint a policy and give the codes of its errors, with those of the warnings behind."""
    located = read_located(file, texts, {})
    return {f"{problem.severity}:{problem.code}" for problem in lint(located.policy, located.positions)}


def first_policy(page: Path) -> str:
    return next(block.text for block in blocks(page) if block.kind == "yaml" and (not block.said or block.file))


@pytest.mark.parametrize("block", POLICIES, ids=str)
def test_a_policy_in_a_page_is_one_without_errors(block: Block) -> None:
    said, _, told = block.said.partition(" lint=")
    texts = {"policy.yaml": block.text}
    if said == "fragment":
        texts = {
            "base.yaml": first_policy(block.page),
            "policy.yaml": f"version: 1\ninclude: [base.yaml]\n{block.text}",
        }
    else:
        assert not said or block.file, f"{block}: what is `{said}`?"
    found = codes(texts, "policy.yaml")
    expected = set(filter(None, told.split(",")))
    assert expected == expected & {one.partition(":")[2] for one in found}
    assert {one for one in found if one.startswith("error:")} <= {f"error:{one}" for one in expected}


def test_there_are_policies_to_lint() -> None:
    assert len(POLICIES) >= 10


@pytest.mark.parametrize("block", all_blocks("python"), ids=str)
def test_an_example_in_python_gives_what_the_page_says(block: Block) -> None:
    example = doctest.DocTestParser().get_doctest(block.text, {}, str(block), name_of(block.page), block.line)
    told: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(example, out=told.append)
    assert result.attempted > 0
    assert result.failed == 0, "".join(told)


@pytest.mark.parametrize("block", all_blocks(), ids=str)
def test_a_fence_says_what_it_holds(block: Block) -> None:
    assert block.kind in KINDS


def rows_below(page: Path, heading: str) -> list[list[str]]:
    """Give the rows of the first table below a heading."""
    rest = page.read_text(encoding="utf-8").partition(f"\n{heading}\n")[2]
    lines = re.search(r"^\|.*\n\|[ |-]*\n((?:\|.*\n)+)", rest, re.MULTILINE)
    assert lines is not None, f"{name_of(page)} has no table below {heading}"
    return [[cell.strip() for cell in line.strip("|\n ").split("|")] for line in lines[1].splitlines()]


@pytest.mark.parametrize("row", rows_below(LIMITS, "## What detection does not find"), ids=lambda row: row[0])
def test_what_is_said_not_to_be_found_is_not_found(row: list[str]) -> None:
    example = row[1].strip("`").replace("\\n", "\n")
    assert example
    # Where one of these fails, detection has become better: take the row out.
    assert Detector().find(example) == []


def decorated(file: str) -> dict[str, str]:
    """Give the tests of a file, each with its decorators as they are written."""
    text = (ROOT / file).read_text(encoding="utf-8")
    functions = [one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {one.name: " ".join(map(ast.unparse, one.decorator_list)) for one in functions}


def test_the_laws_of_the_readme_are_nine_and_each_names_tests_that_run() -> None:
    rows = rows_below(ROOT / "README.md", "## Nine promises")
    assert [row[0] for row in rows] == [str(number) for number in range(1, 10)]
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row[-1])
        assert named, f"law {row[0]} names no test"
        for file, test in named:
            assert test in decorated(file), f"{file}::{test}"
            assert not re.search(r"soak|skip|xfail", decorated(file)[test]), f"{file}::{test} is not run every time"
