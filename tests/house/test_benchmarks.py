"""Every benchmark is listed, and gives rows."""

from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OWN_TARGETS = {"scoreboard"}  # it installs a peer, and writes a page: `make scoreboard`


def test_every_file_of_the_folder_is_run_by_make_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    main = import_module("benchmarks.__main__")
    listed = (*main.NAMES, *main.WHEN_NAMED)
    files = {file.stem for file in (ROOT / "benchmarks").glob("*.py") if not file.stem.startswith("_")}
    assert files == {*listed, *OWN_TARGETS}
    for name in listed:
        assert callable(import_module(f"benchmarks.{name}").run)
