"""Pictures: what stands in them beside the picture, and behind it."""

import struct
import zlib

import pytest

from extract.binary_files import PERSON, Taken, picture, zipped
from ringfence.detect import detector_for
from ringfence.detect.own import Detection


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff"])
def test_a_picture_gives_place_and_owner_under_paths_that_the_detector_knows(kind: str) -> None:
    taken = Taken(picture(kind), f"a.{kind}")
    assert not taken.faults
    detector = detector_for(Detection())
    found = {finding.entity for text in taken.texts for finding in detector.find_fields([(text.path, text.value)])[0]}
    assert {"PERSON", "EMAIL_ADDRESS"} <= found
    if kind != "tiff":
        assert "COORDINATES" in found
        assert taken.by_path("EXIF.GPS.coordinates") == ["52.520094, 13.405156"]


def test_text_chunks_of_a_png_are_read() -> None:
    from io import BytesIO

    from PIL import Image, PngImagePlugin

    words = PngImagePlugin.PngInfo()
    words.add_text("Author", "Ada Testperson")
    words.add_text("Comment", "for bob@corp-x.de", zip=True)
    words.add_itxt("Title", "Zürich", zip=True)
    out = BytesIO()
    Image.new("RGB", (4, 4)).save(out, "png", pnginfo=words)
    assert set(Taken(out.getvalue(), "a.png").words.splitlines()) == {"Ada Testperson", "for bob@corp-x.de", "Zürich"}


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_an_archive_behind_a_picture_is_read(kind: str) -> None:
    taken = Taken(picture(kind) + zipped({"a.txt": PERSON}), f"a.{kind}")
    assert not taken.faults
    assert PERSON in taken.words
    assert taken.budget.members == 2


def test_what_stands_behind_a_picture_beyond_what_is_read_is_told() -> None:
    taken = Taken(picture("png") + PERSON.encode() + b" and other words" * (1 << 20) + b" behind", "a.png")
    assert PERSON in taken.words
    assert [left.why for left in taken.left] == ["too-large"]
    assert not Taken(picture("png") + b"\0\0\n", "a.png").texts[-1].members


@pytest.mark.parametrize("kind", ["jpeg", "png"])
@pytest.mark.parametrize("before", [b"", b"\0" * 16, b"a" * 70_000])
def test_a_text_behind_a_picture_is_read(kind: str, before: bytes) -> None:
    assert PERSON in Taken(picture(kind) + before + f"\nmail {PERSON} please\n".encode(), f"a.{kind}").words


def test_an_archive_behind_a_png_is_read_and_padding_is_nothing() -> None:
    assert PERSON in Taken(picture("png") + zipped({"a.txt": PERSON}), "a.png").words
    assert Taken(picture("png") + b"\0" * 16, "a.png").kinds == Taken(picture("png"), "a.png").kinds


def _tiff(entries: list[tuple[int, int, int, int]], behind: bytes = b"") -> bytes:
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return head + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4) + behind


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_texts_of_a_png_that_unpack_to_more_than_may_be_held_are_a_bomb() -> None:
    text = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b" a" * 500_000))
    data = b"\x89PNG\r\n\x1a\n" + text * 100 + _chunk(b"IEND", b"")
    taken = Taken(data, "a.png")
    assert taken.kinds == ["bomb"]
    assert sum(len(text.value) for text in taken.texts) < 20 << 20


@pytest.mark.parametrize(("size", "times"), [((1 << 20) + 2, 1), (1 << 20, 30)])
def test_words_of_a_webp_that_are_more_than_may_be_held_are_a_bomb(size: int, times: int) -> None:
    chunk = b"XMP " + struct.pack("<I", size) + b"a " * (size // 2)
    taken = Taken(b"RIFF\0\0\0\0WEBP" + chunk * times, "a.webp")
    assert taken.kinds == ["bomb"]
    assert sum(len(text.value) for text in taken.texts) < 20 << 20


@pytest.mark.timeout(30)
def test_values_of_exif_that_lie_over_one_another_and_counts_that_lie_are_damage() -> None:
    words = PERSON.encode() + bytes(100_000)
    over = _tiff([(0xC000 + number, 2, 90_000, 4000) for number in range(300)], bytes(1000) + words)
    maker = _tiff([(0x8769, 4, 1, 26)], struct.pack("<HHHII", 1, 0x927C, 7, 1 << 31, 100) + bytes(4) + words)
    for data in (over, maker):
        taken = Taken(data, "a.tif")
        assert set(taken.kinds) == {"damaged"}
        assert PERSON in taken.words
        assert sum(len(text.value) for text in taken.texts) < 1 << 20


def test_a_picture_of_which_not_all_is_read_is_told_and_so_is_xmp_that_does_not_end() -> None:
    data = _tiff([(0x13B, 2, 8, 4000)], bytes(5000) + b"<x:xmpmeta of bob@corp-x.de")
    taken = Taken(data, "a.tif")
    assert taken.kinds == ["damaged"]
    assert "bob@corp-x.de" in taken.words
    assert [left.why for left in Taken(data + bytes(17 << 20), "a.tif").left] == ["too-large"]
