"""Which reader a file gets, what is left out, and that nothing it holds ends a scan."""

from io import BytesIO

import pytest
from extracted import steps, texts

from ringfence.extract import Bounds, LeftOut, Source, Unreadable, extract
from ringfence.extract.model import Fault, Why
from ringfence.extract.recognising import ENDINGS, MAGIC, NAMES, READERS, by_name, recognise


@pytest.mark.parametrize(
    ("name", "head", "reader"),
    [
        ("notes.txt", b"hello", "text"),
        ("src/app.PY", b"x = 1", "code"),
        ("Dockerfile", b"FROM x", "code"),
        ("Dockerfile.dev", b"FROM x", "code"),
        (".env.production", b"A=b", "settings"),
        ("values.yaml.tmpl", b"a: b", "yaml"),
        ("people.csv.bak", b"a,b", "csv"),
        ("messages.log.1", b"started", "text"),
        ("run", b"#!/usr/bin/env python3\n", "code"),
        ("dump", b"--\n-- PostgreSQL database dump\n--\n", "sql"),
        ("page", b"<!DOCTYPE html><p>", "html"),
        ("data", b'{"a": 1}\n{"a": 2}\n', "ndjson"),
        ("data", b'{"a": 1}', "json"),
        ("README", b"hello", "text"),
        ("book.xlsx", b"PK\x03\x04" + b"\0" * 40, "office"),
        ("book", b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml", "office"),
        ("a.jar", b"PK\x03\x04" + b"\0" * 40, "zip"),
        ("photo.txt", b"\xff\xd8\xff\xe0\0\0", "image"),
        ("backup", b"PGDMP\x01\x0e\0" + b"\0" * 20, "pgdump"),
        ("archive", b"\0" * 257 + b"ustar\x0000", "tar"),
        ("BZhello.txt", b"BZhello world", "text"),
        ("a", b"\x7fELF\0\0\0\0", ""),
        ("mail", b"From ada@example.com Mon Jan 1\nFrom: x", "mail"),
        ("letter.txt", b"From Ada, with love: at 10:00 or 11:00\n", "text"),
        ("sixteen", "a text in UTF-16".encode("utf-16-le"), "text"),
    ],
)
def test_first_bytes_tell_what_a_file_is_and_else_its_name(name: str, head: bytes, reader: str) -> None:
    assert recognise(name, head) == reader


def test_every_format_has_a_reader_and_a_way_to_be_told() -> None:
    told = {*ENDINGS.values(), *NAMES.values(), *(reader for _, _, reader in MAGIC)}
    assert told == set(READERS)
    assert by_name("a.unknown") == ""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("web/node_modules/x/index.js", Why.VENDORED),
        ("vendor/github.com/x/y.go", Why.VENDORED),
        ("lib/x-1.0.dist-info/METADATA", Why.VENDORED),
        ("package-lock.json", Why.GENERATED),
        ("go.sum", Why.GENERATED),
        ("dist/app.min.js", Why.MINIFIED),
    ],
)
def test_what_others_or_programs_wrote_is_left_out_by_name_and_said_so(name: str, why: Why) -> None:
    [left] = steps(name, b"hello")
    assert isinstance(left, LeftOut)
    assert left.why is why
    assert left.note
    asked_for = Bounds(leaves_out=frozenset())
    assert not any(isinstance(step, LeftOut) for step in steps(name, b'{"a": 1}', asked_for))


def test_a_program_of_one_long_line_without_spaces_is_minified_and_prose_is_not() -> None:
    [left] = steps("app.js", b"function(){a=b;}" * 1000)
    assert isinstance(left, LeftOut)
    assert left.why is Why.MINIFIED
    assert len(texts("app.js", b"let a = 'some words'; " * 1000)) == 1
    assert len(texts("app.txt", b"abcdefghij" * 1000)) == 1


def test_a_pointer_of_lfs_is_said_and_not_taken_for_the_file() -> None:
    [left] = steps("a.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    assert isinstance(left, LeftOut)
    assert left.why is Why.POINTER


@pytest.mark.parametrize(
    "more", [b"mail a@b.de\n", b"oid a@b.de\n", b"size 4929123456781234\n", b"\n" * 1024, b" a@b.de\n"]
)
def test_what_only_begins_as_a_pointer_of_lfs_is_read(more: bytes) -> None:
    begun = b"version https://git-lfs.github.com/spec/v1"
    assert texts("a.txt", begun + more if more[:1] == b" " else begun + b"\noid sha256:00\nsize 1\n" + more)


def test_binary_without_a_reader_is_left_out_and_an_empty_file_gives_nothing() -> None:
    [left] = steps("a.bin", b"\x00\x01\x02" * 50)
    assert isinstance(left, LeftOut)
    assert left.why is Why.BINARY
    assert steps("a.csv", b"") == []


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (FileNotFoundError("ada@example.com"), Fault.GONE),
        (PermissionError("ada@example.com"), Fault.DENIED),
        (OSError("ada@example.com"), Fault.DAMAGED),
        (RecursionError("ada@example.com"), Fault.DAMAGED),
        (MemoryError("ada@example.com"), Fault.DAMAGED),
        (KeyError("ada@example.com"), Fault.DAMAGED),
    ],
)
def test_an_error_becomes_one_that_names_its_kind_and_nothing_of_the_file(error: BaseException, fault: Fault) -> None:
    def opened() -> BytesIO:
        raise error

    [step] = extract(Source("a.txt", 3, opened))
    assert isinstance(step, Unreadable)
    assert step.fault is fault
    assert "example" not in repr(step)


_WORDS = "mail anna@b.de please\n"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param((_WORDS * 3).encode("utf-32-le"), id="utf-32 without a mark"),
        pytest.param((_WORDS * 3).encode("utf-32-be"), id="utf-32-be without a mark"),
        pytest.param(("お客様のお名前と住所、" * 9 + _WORDS).encode("utf-16-le"), id="utf-16 of letters without NULs"),
        pytest.param(
            ("お客様のお名前と住所、" * 9 + _WORDS).encode("utf-16-be"), id="utf-16-be of letters without NULs"
        ),
        pytest.param(b"line\n" * 3000 + _WORDS.encode("utf-16-le"), id="utf-16 behind something else"),
        pytest.param(b"\xff\xfe" + _WORDS.encode() * 3, id="a mark of utf-16 before ASCII"),
        pytest.param(b"\xfe\xff" + _WORDS.encode() * 3, id="a mark of utf-16-be before ASCII"),
        pytest.param(b"\xff\xfe\0\0" + _WORDS.encode() * 3, id="a mark of utf-32 before ASCII"),
        pytest.param(b"\0" * 50 + _WORDS.encode(), id="padding"),
        pytest.param(_WORDS.encode().replace(b" ", b"\0") * 9, id="NULs between words"),
    ],
)
@pytest.mark.parametrize("name", ["a", "a.txt", "a.csv"])
def test_text_is_read_whatever_its_nuls_and_marks_say(name: str, content: bytes) -> None:
    assert any(b"anna@b.de" in text.value for text in texts(name, content))


def test_what_has_a_mark_of_two_bytes_and_letters_of_two_is_still_decoded() -> None:
    assert [text.value for text in texts("a.txt", "漢字かな交じり文".encode("utf-16"))] == ["漢字かな交じり文".encode()]


@pytest.mark.parametrize(
    "content", [bytes(range(256)) * 8, b"\0" * 500, b"\x7fELF\2\1\1" + b"\0" * 90 + b"GLIBC_2.2.5\0" * 9]
)
def test_nuls_among_other_signs_of_no_text_are_binary(content: bytes) -> None:
    [left] = steps("a.dat", content)
    assert isinstance(left, LeftOut)
    assert left.why is Why.BINARY
