"""Mending one file: nothing but values changes, whatever the format and the charset, and what could break is left."""

import ast
import csv
import gzip
import io
import json
import sqlite3
import time
import tomllib
import zipfile
from itertools import chain, zip_longest
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mending_support import FILES, VALUES, mended, mender_of, outside
from ruamel.yaml import YAML

from ringfence.extract.model import Text
from ringfence.gates.git.spelling import Places, working


@pytest.mark.parametrize("name", FILES)
def test_values_go_and_every_other_byte_stays(name: str) -> None:
    data = FILES[name]
    result = mended(name, data)
    assert result.data is not None
    assert not result.left
    worked = working(result.data)
    assert worked is not None
    assert not any(value in worked.text for value in VALUES)
    before, made = outside(result)
    assert b"".join(chain(*zip_longest(before, made, fillvalue=b""))) == worked.text


@pytest.mark.parametrize("name", FILES)
def test_a_second_mending_changes_nothing(name: str) -> None:
    result = mended(name, FILES[name])
    assert result.data is not None
    again = mended(name, result.data)
    assert again.data is None
    assert not again.left


def test_formats_are_read_by_others_as_before() -> None:
    made = {name: mended(name, data).data or b"" for name, data in FILES.items()}
    assert ast.parse(made["app.py"])
    assert json.loads(made["user.json"])["x"] == "ä/"
    assert b'"n": 1.50, "x": "\\u00e4\\/"' in made["user.json"]
    assert len(json.loads(made["keys.json"])) == 2
    assert [len(row) for row in csv.reader(io.StringIO(made["people.csv"].decode("latin-1")), delimiter=";")] == [4, 4]
    assert made["people.csv"].count(b"\r\n") == 2
    assert made["wide.csv"].startswith(b"\xff\xfe")
    assert made["marked.csv"].startswith(b"\xef\xbb\xbf")
    assert tomllib.loads(made["conf.toml"].decode())["a"]["born"].month == 1
    assert YAML(typ="safe").load(made["people.yaml"])["people"][1]["tags"] == ["a", "b"]
    assert b"'O''Kerst'" in made["dump.sql"]
    assert b"%40example." in made["link.txt"]
    assert b"=%2B4930" in made["link.txt"]


def test_a_value_has_one_stand_in_in_all_files() -> None:
    mender = mender_of()
    made = [mended(name, FILES[name], mender).data or b"" for name in ("app.py", "conf.toml", "notes.md", "page.xml")]
    stand_in = made[0].split(b'"')[1]
    assert stand_in.endswith((b"@example.com", b"@example.org", b"@example.net"))
    assert all(stand_in in each for each in made)
    assert mended("app.py", FILES["app.py"]).data == made[0]  # under the same key
    assert mended("app.py", FILES["app.py"], mender_of(b"another key of thirty-two bytes!")).data != made[0]


def test_many_values_have_as_many_stand_ins() -> None:
    lines = [f"kim.nr{number}@brieffalke.de" for number in range(600)]
    result = mended("mails.txt", "\n".join(lines).encode())
    assert result.data is not None
    assert len(set(result.data.split(b"\n"))) == 600


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("broken.py", b'x = = "nadia.kerst@brieffalke.de"\n'),
        ("broken.json", b'{"a": "nadia.kerst@brieffalke.de"'),
        ("broken.toml", b'a = "nadia.kerst@brieffalke.de\n'),
        ("broken.yaml", b'a: "nadia.kerst@brieffalke.de\nb: [\n'),
        ("broken.xml", b"<a>nadia.kerst@brieffalke.de</b>"),
        ("deep.json", b"[" * 100_000 + b'"nadia.kerst@brieffalke.de"'),
    ],
)
def test_a_file_that_does_not_parse_is_left(name: str, data: bytes) -> None:
    result = mended(name, data)
    assert result.data is None
    assert {left.why for left in result.left} == {"it does not parse, so nobody could say whether it still would"}


def binaries(folder: Path) -> dict[str, bytes]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("people.csv", "email\nnadia.kerst@brieffalke.de\n")
    database = folder / "a.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE t (email TEXT)")
        connection.execute("INSERT INTO t VALUES ('nadia.kerst@brieffalke.de')")
    connection.close()
    return {
        "a.zip": packed.getvalue(),
        "a.csv.gz": gzip.compress(b"email\nnadia.kerst@brieffalke.de\n"),
        "a.sqlite": database.read_bytes(),
        "a.eml": b"From: nadia.kerst@brieffalke.de\nSubject: x\n\nhello\n",
    }


def test_what_is_only_read_is_left_with_the_mend(tmp_path: Path) -> None:
    for name, data in binaries(tmp_path).items():
        result = mended(name, data)
        assert result.data is None
        assert result.left, name
        assert "git rm --cached" in result.left[0].mend
        assert "only read" in result.left[0].why


def test_comments_allow_and_stay() -> None:
    data = b'A = "nadia.kerst@brieffalke.de"  # ringfence: allow EMAIL_ADDRESS our imprint\nB = "olav.brandvik@listolot.pl"\n'
    result = mended("app.py", data)
    assert result.data is not None
    assert result.data.startswith(data.split(b"\n")[0])
    assert b"listolot" not in result.data


def test_reprs_hold_no_value() -> None:
    result = mended("app.py", FILES["app.py"])
    assert not any(value.decode() in repr(result) for value in VALUES)


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1")


@settings(max_examples=120, deadline=None)
@given(
    pieces=st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=0xFF), max_size=30), min_size=1, max_size=8),
    encoding=st.sampled_from(ENCODINGS),
    ends=st.sampled_from(["\n", "\r\n"]),
    name=st.sampled_from(
        ["a.txt", "a.csv", "a.md", "a.ini", "a.js", "a.sql", "a.html", "a.yaml", "a.json", "a.py", "a.properties"]
    ),
)
def test_any_text_keeps_all_but_what_was_found(pieces: list[str], encoding: str, ends: str, name: str) -> None:
    text = f" nadia.kerst@brieffalke.de {ends}".join(pieces) + " olav.brandvik@listolot.pl"
    data = text.encode(encoding)
    result = mended(name, data)
    if result.data is None:
        return
    before, made = outside(result)
    worked = working(result.data)
    assert worked is not None
    assert b"".join(chain(*zip_longest(before, made, fillvalue=b""))) == worked.text
    assert result.data.count(b"\n") == data.count(b"\n")
    assert result.data.count(b"\r") == data.count(b"\r")
    kept = working(data)
    assert kept is not None
    assert kept.text == result.text
    assert mended(name, result.data).data is None


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=300), name=st.sampled_from(sorted(FILES)))
def test_any_bytes_are_mended_or_left(data: bytes, name: str) -> None:
    whole = FILES[name] + data
    result = mended(name, whole)
    assert result.data is None or mended(name, result.data).data is None


def test_however_much_is_found_in_one_string_with_escapes_it_is_mended_in_the_time_of_its_length() -> None:
    people = 2_000
    note = " ".join(f"nadia.kerst{number}@brieffalke.de ä" for number in range(people))
    began = time.monotonic()
    result = mended("note.json", json.dumps({"note": note}).encode())
    assert time.monotonic() - began < 30
    assert len(result.edits) == people
    assert b"brieffalke" not in (result.data or b"")


def test_a_stretch_of_a_text_is_found_in_whatever_order_it_is_asked_for() -> None:
    value, work = "a\n\u00e4b\tc\u00e4".encode(), rb'"a\n\u00e4b\tc\xe4"'
    text = Text(value, line=1, column=2)
    ends = range(len(value) + 1)
    asked = [(start, end) for start in ends for end in ends if start < end]
    alone = {each: Places(work, 0).of(text, *each) for each in asked}
    assert alone[0, 1] == (1, 2)
    assert alone[1, 4] == (2, 10)
    assert alone[4, len(value)] == (10, 18)
    assert alone[2, 3] is None  # in the middle of a sign
    for order in (asked, asked[::-1], sorted(asked, key=lambda each: each[1])):
        where = Places(work, 0)
        assert {each: where.of(text, *each) for each in order} == alone
