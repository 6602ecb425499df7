"""What is odd about a file is told; not read is only what was not looked at."""

import io
import tarfile
from functools import partial

import pytest

from ringfence.extract.model import Bounds
from ringfence.gates.git.model import Item, Origin, Scanned
from ringfence.gates.git.rules import Rules
from ringfence.gates.git.scanning import Scanner
from ringfence.report.scan_outputs import OUTPUTS, write_scan
from ringfence.report.scan_summary import About, Summary

EMAIL = b"ada.nowak@posta-nova.net"


def scanned(name: str, file: bytes, bounds: Bounds | None = None) -> Scanned:
    scanner = Scanner(Rules(), bounds or Bounds())
    return scanner.scan(Item(name, Origin.FILE, len(file)), partial(io.BytesIO, file))


def tarred(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT, errors="surrogateescape") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


ODD = {
    "a name that is not UTF-8": ("a.tar", tarred("\udcff.txt", b"nobody"), Bounds()),
    "a name that leads out": ("a.tar", tarred("../a.txt", b"nobody"), Bounds()),
    "a large notebook": ("a.ipynb", b'{"cells": [{"source": ["x = 1"]}]}', Bounds(document=8)),
    "JSON that is too deep": ("a.json", b"[" * 1000, Bounds()),
}


@pytest.mark.parametrize("case", ODD)
@pytest.mark.parametrize("output", OUTPUTS)
def test_it_is_told_in_every_output_and_the_exit_code_is_that_of_what_was_found(case: str, output: str):
    name, file, bounds = ODD[case]
    one = scanned(name, file, bounds)
    assert len(one.failed) == 1
    assert one.unread == ()
    out = io.StringIO()
    assert write_scan(output, [one], Summary(About("0")), out) == 0
    assert one.failed[0].what.split(";")[0] in out.getvalue()


def test_what_stands_in_it_is_found():
    one = scanned("a.tar", tarred("\udcff.txt", EMAIL))
    assert [each.entity for each in one.found] == ["EMAIL_ADDRESS"]
    assert one.unread == ()


def test_what_was_not_looked_at_is_still_an_error():
    one = scanned("a.zip", b"PK\x03\x04")
    assert one.unread == one.failed
    assert write_scan("text", [one], Summary(About("0")), io.StringIO()) == 2


@pytest.mark.parametrize("name", ["a.yaml", "a.toml"])
def test_a_line_with_more_brackets_than_are_followed_is_looked_at_to_its_end(name: str):
    start = b"a: " if name == "a.yaml" else b"a = "
    one = scanned(name, start + b"[" * 300 + b'"' + EMAIL + b'"' + b"]" * 300)
    assert [each.entity for each in one.found] == ["EMAIL_ADDRESS"]


@pytest.mark.parametrize("name", ["f\udcfcr.txt", "f\udcfcr.py", "f\udcfcr/LICENSE", "f\udcfcr.csv", "f\udcfcr.md"])
def test_a_file_whose_name_is_not_utf8_is_looked_at_as_any_other(name: str):
    one = scanned(name, b"id,email\n1," + EMAIL + b"\n# x = '" + EMAIL + b"'\n")
    assert one.failed == ()
    assert {each.entity for each in one.found} == {"EMAIL_ADDRESS"}


def test_of_a_large_file_that_is_left_out_only_its_beginning_is_read():
    read = list[int]()

    class Counted(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            given = super().read(size)
            read.append(len(given))
            return given

    item = Item("a.bin", Origin.FILE, 16 << 20)
    one = Scanner(Rules()).scan(item, partial(Counted, bytes(16 << 20)))
    assert [each.why for each in one.passed] == ["binary"]
    assert sum(read) < 1 << 20
