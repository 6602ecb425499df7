"""Where the key of a baseline comes from, and what is said where there is none, or another one."""

import os
import traceback
from base64 import b64encode
from pathlib import Path

import pytest

from ringfence.gates.git.scan_key import VARIABLE, NoScanKey, key_to_know_again, key_to_write
from ringfence.home import Home
from ringfence.vault import BadKeyFile, KeyFault, create, rotate

SECRET = bytes(range(1, 33))
BASE64 = b64encode(SECRET).decode()
LINE = f"ringfence-key:v1:k-scan:1:{BASE64}"


@pytest.fixture
def place(tmp_path: Path) -> Home:
    return Home(tmp_path / "ringfence.yaml", tmp_path / ".ringfence")


def test_a_key_is_made_where_there_is_none_and_is_never_committed(place: Home) -> None:
    made = key_to_write(place, {})
    assert made.is_new
    assert made.place == os.fspath(place.keys / "k-scan.v1.key")
    assert Path(made.place).stat().st_mode & 0o077 == 0
    assert (place.folder / ".gitignore").read_text(encoding="utf-8").endswith("\n*\n")
    again = key_to_write(place, {})
    assert not again.is_new
    assert again.handle.derive("x", "") == made.handle.derive("x", "")
    assert key_to_know_again("k-scan", 1, place, {}).handle.derive("x", "") == made.handle.derive("x", "")


def test_a_key_that_was_rotated_still_opens_what_it_made(place: Home) -> None:
    first = key_to_write(place, {})
    rotate(place.keys, "k-scan")
    assert key_to_write(place, {}).handle.version == 2
    assert key_to_know_again("k-scan", 1, place, {}).handle.derive("x", "") == first.handle.derive("x", "")


@pytest.mark.parametrize("spelt", [LINE, LINE + "\n", BASE64, f" {BASE64}\n"])
def test_in_the_environment_it_is_a_line_or_base64_or_a_file_with_one(place: Home, tmp_path: Path, spelt: str) -> None:
    file = tmp_path / "key"
    file.write_text(spelt, encoding="utf-8")
    file.chmod(0o600)
    keys = [key_to_write(place, {VARIABLE: one}) for one in (spelt, str(file), f"file:{file}")]
    assert {one.handle.derive("x", "") for one in keys} == {keys[0].handle.derive("x", "")}
    assert {(one.handle.name, one.handle.version, one.place) for one in keys} == {("k-scan", 1, VARIABLE)}
    assert not place.folder.exists()


def test_the_key_of_a_folder_and_its_line_in_the_environment_are_one(place: Home) -> None:
    made = key_to_write(place, {})
    line = Path(made.place).read_text(encoding="utf-8")
    for given in (line, line.rstrip("\n").rpartition(":")[2], made.place):
        assert key_to_know_again("k-scan", 1, place, {VARIABLE: given}).handle.derive("x", "") == made.handle.derive(
            "x", ""
        )


def test_a_missing_key_is_told_with_the_mend(place: Home) -> None:
    with pytest.raises(NoScanKey) as raised:
        key_to_know_again("k-scan", 1, place, {VARIABLE: "  "})
    assert raised.value.what == f"key k-scan version 1 is neither in {place.keys} nor in {VARIABLE}"
    assert VARIABLE in raised.value.mend
    assert not place.folder.exists()
    key_to_write(place, {})
    create(place.keys, "k-other")
    with pytest.raises(NoScanKey, match="k-scan version 2 is neither"):
        key_to_know_again("k-scan", 2, place, {})


def test_another_key_than_the_one_that_is_needed_is_told(place: Home) -> None:
    with pytest.raises(NoScanKey, match=f"{VARIABLE} holds key k-scan version 1; needed is k-scan version 2"):
        key_to_know_again("k-scan", 2, place, {VARIABLE: LINE})


BAD = [
    "x",
    "/nowhere/at/all",
    "a\0b",
    "/",
    "/dev/null",
    BASE64[:-5],
    b64encode(SECRET + b"x").decode(),
    LINE[:-3],
    LINE.replace(":1:", ":0:"),
    LINE.replace("k-scan", "K SCAN"),
    LINE.replace("k-scan", "k-scän"),
    f"ringfence-key:v2:k-scan:1:{BASE64}",
    f"ringfence-key:v1:k-scan:{'9' * 5000}:{BASE64}",
    "ringfence-key:",
    "ä" * 50,
    "\udcff",
    "y" * 100_000,
]


@pytest.mark.parametrize("given", BAD)
def test_what_is_no_key_is_an_error_that_shows_nothing_of_it(place: Home, given: str) -> None:
    with pytest.raises((NoScanKey, BadKeyFile)) as raised:
        key_to_write(place, {VARIABLE: given})
    assert isinstance(raised.value, NoScanKey | KeyFault)
    assert raised.value.mend
    told = "".join(traceback.TracebackException.from_exception(raised.value, capture_locals=False).format())
    assert BASE64[:12] not in str(raised.value)
    assert BASE64[:12] not in told


def test_a_file_that_others_can_write_is_no_place_for_a_key(place: Home, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(LINE, encoding="utf-8")
    file.chmod(0o666)
    with pytest.raises(NoScanKey, match="cannot be trusted"):
        key_to_write(place, {VARIABLE: str(file)})


def test_a_key_has_no_readable_form(place: Home) -> None:
    key = key_to_write(place, {VARIABLE: LINE})
    assert BASE64[:12] not in repr(key)
    assert SECRET.hex()[:12] not in repr(key)
