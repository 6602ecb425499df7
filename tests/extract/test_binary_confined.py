"""The process that a reader of a confined format works in: what goes wrong in it is told, bounded, and leaves no process behind."""

import io
import os
import sys
from pathlib import Path

import pytest

from extract.binary_files import Taken, feather, parquet, zipped
from ringfence.extract import Bounds, Budget, Source, Unreadable
from ringfence.extract import confined as room
from ringfence.extract.confined import confined
from ringfence.extract.model import Fault

pytestmark = pytest.mark.timeout(60)

_CHILD = """
import os, sys, time, types
from ringfence.extract import confined
library = types.ModuleType("ringfence.extract.library")
library.take = lambda file, bounds, emit: {what}
sys.modules[library.__name__] = library
confined._SILENT = 1
confined.KINDS["library"] = "library:take"
confined.main(["library", sys.argv[-1]])
"""


def _child(what: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have confined readers run a library that does what is said; give the file that its process's number is in."""
    program, number = folder / "child.py", folder / "number"
    program.write_text(_CHILD.format(what=what))
    python = folder / "python"
    python.write_text(f'#!/bin/sh\necho $$ > "{number}"\nexec "{sys.executable}" "{program}" "$@"\n')
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))
    return number


def _is_gone(number: Path) -> bool:
    try:
        os.kill(int(number.read_text()), 0)
    except ProcessLookupError:
        return True
    return False


def _source() -> Source:
    return Source("a.x", 100, lambda: io.BytesIO(bytes(100)))


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        ("os._exit(3)", Fault.DAMAGED),
        ("os.abort()", Fault.DAMAGED),
        ("time.sleep(600)", Fault.BOMB),
        ("(os.close(1), time.sleep(600))", Fault.BOMB),
        ("bytearray(4 << 30)", Fault.BOMB),
        ("(os.write(1, bytes(5)), os._exit(0))", Fault.DAMAGED),
        ("os.write(os.open('written', os.O_WRONLY | os.O_CREAT), b'x')", Fault.DAMAGED),
    ],
)
def test_a_process_that_fails_is_one_word_and_gone(
    what: str, fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(room, "_PARTING", 1)
    number = _child(what, tmp_path, monkeypatch)
    told = list(confined("library", _source(), Budget()))
    assert [step.fault for step in told if isinstance(step, Unreadable)] == [fault]
    assert len(told) == 1
    assert _is_gone(number)


def test_a_reading_that_is_given_up_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "emit([confined.Text(b'word')])"
    number = _child(f"({words}, time.sleep(600))", tmp_path, monkeypatch)
    reading = confined("library", _source(), Budget())
    step = next(reading)
    assert not isinstance(step, Unreadable)
    assert not _is_gone(number)
    reading.close()  # type: ignore[attr-defined]
    assert _is_gone(number)


def test_a_frame_larger_than_may_be_is_a_bomb_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_LONGEST_HEAD", 1000)
    assert Taken(feather({"n" * 300_000: ["x"]}), "a.feather").kinds == ["bomb"]
    much = parquet({"a": ["x" * 30_000] * 2})
    bounds = Bounds(unpacked=20_000, document=20_000)
    assert Taken(much, "a.parquet", bounds).kinds == ["bomb"]


def test_what_comes_out_of_confined_readers_is_charged_to_the_budget_of_the_file_that_they_are_in() -> None:
    one = parquet({"a": [f"{number} is a value of some length" for number in range(2000)]})
    size = Taken(one, "a.parquet").budget.unpacked
    assert size == sum(len(f"{number} is a value of some length") for number in range(2000)) + len("a")
    whole = zipped({f"{number}.parquet": one for number in range(6)}, 0)
    taken = Taken(whole, "a.zip", Bounds(unpacked=3 * size + 100))
    assert "bomb" in taken.kinds
    assert taken.budget.unpacked < 5 * size
