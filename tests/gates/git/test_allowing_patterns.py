"""Patterns of paths: what they mean is what git says they mean, and none of them is slow."""

import os
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ringfence.gates.git.patterns import BadPattern, compile_pattern, path_bytes

SEGMENTS = st.sampled_from(["a", "b", "ab", "a.csv", "b.sql", "tests", "B", "a b", "-", "a-b", "ä", "[a]", "a*", "\\"])
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)
PIECES = st.sampled_from(
    [
        *("a", "b", "ab", ".csv", "tests", "B", "-", "ä", "a b"),
        *("*", "**", "***", "?", "/", "/", "/", "**/", "/**", "/**/", "*.csv"),
        *(
            "[ab]",
            "[!a]",
            "[^b]",
            "[a-c]",
            "[!a-b]",
            "[[:upper:]]",
            "[][]",
            "[!]]",
            "[a-]",
            "[--a]",
            "[\\]a]",
            "[/]",
            "[!/]",
        ),
        *("\\*", "\\[", "\\a", "\\\\", "\\?"),
    ]
)
PATTERNS = st.lists(PIECES, min_size=1, max_size=5).map("".join)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("patterns")
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


def gits_word(repository: Path, patterns: list[str], paths: list[str]) -> list[set[str]]:
    """Ask git which paths each pattern fits: each is the only one of a folder."""
    for number, pattern in enumerate(patterns):
        folder = repository / f"n{number}"
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_bytes(os.fsencode(pattern) + b"\n")
    asked = b"".join(os.fsencode(f"n{number}/{path}") + b"\0" for number in range(len(patterns)) for path in paths)
    done = subprocess.run(
        ["git", "-c", "core.ignoreCase=false", "check-ignore", "--no-index", "-z", "--stdin"],
        input=asked,
        cwd=repository,
        capture_output=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    fitting = [set[str]() for _ in patterns]
    for told in done.stdout.split(b"\0")[:-1]:
        first, _, path = os.fsdecode(told).partition("/")
        fitting[int(first[1:])].add(path)
    return fitting


def _departs(pattern: str) -> bool:
    """Whether two stars stand behind something but a slash: git documents them as one, and takes them as two behind plain text."""
    return any("**" in part and part.strip("*") for part in pattern.split("/"))


def our_word(pattern: str, paths: list[str]) -> set[str]:
    try:
        fits = compile_pattern(pattern)
    except BadPattern:
        return set()
    return {path for path in paths if fits(path_bytes(path))}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@example(
    ["**", "a/**", "**/a", "a/**/b", "/a", "a/", "*/a", "a/*", "***/a", "a/***"], ["a", "a/b", "b/a", "a/c/b", "ab"]
)
@given(st.lists(PATTERNS, min_size=8, max_size=20), st.lists(PATHS, min_size=5, max_size=25, unique=True))
def test_a_pattern_fits_what_git_says_it_fits(repository: Path, patterns: list[str], paths: list[str]) -> None:
    patterns = [one for one in patterns if one == one.rstrip(" ") and not _departs(one)]
    for pattern, gits in zip(patterns, gits_word(repository, patterns, paths), strict=True):
        assert our_word(pattern, paths) == gits, pattern


@pytest.mark.parametrize("pattern", ["", "/", "//", "[a", "a[", "a\\", "[[:nobody:]]", "[/]", "x" * 1001, "[[:alpha:]"])
def test_a_pattern_that_fits_nothing_is_an_error(pattern: str) -> None:
    with pytest.raises(BadPattern) as told:
        compile_pattern(pattern)
    assert told.value.what
    assert told.value.mend


@pytest.mark.parametrize(
    "pattern", ["*a" * 300 + "b", "**/" * 200 + "b", "a**" * 200, "[a-z]*" * 150 + "!", "(a*)*" * 100]
)
def test_no_pattern_is_slow(pattern: str) -> None:
    fits = compile_pattern(pattern)
    path = path_bytes("/".join(["a" * 100] * 40))
    began = time.process_time()
    for _ in range(20):
        fits(path)
    assert time.process_time() - began < 2


def test_names_that_are_not_utf8_are_paths_too() -> None:
    path = os.fsdecode(b"fixtures/caf\xe9.csv")
    assert compile_pattern("fixtures/*.csv")(path_bytes(path))
    assert compile_pattern("caf?.csv")(path_bytes(path))
    assert not compile_pattern("café.csv")(path_bytes(path))


def test_a_path_with_a_line_break_is_one_path() -> None:
    assert compile_pattern("tests/**")(path_bytes("tests/a\nb.csv"))
    assert not compile_pattern("b.csv")(path_bytes("a\nb.csv"))
