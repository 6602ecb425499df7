"""Office documents, PDF and pictures: the words of people in them, and what stands beside them."""

import sys

import pytest

from extract.binary_files import PERSON, Taken, docx, made, ods, pdf, picture, xlsx, zipped
from ringfence.detect import detector_for
from ringfence.detect.own import Detection


def test_a_document_is_given_by_paragraph_with_what_was_deleted_and_who_wrote_it() -> None:
    taken = Taken(docx(), "a.docx")
    assert not taken.faults
    assert PERSON in next(text.value.decode() for text in taken.texts if not text.where and not text.path).splitlines()
    assert {"old words", "a comment", "a head", "mailto:dora@corp-x.de"} <= set(taken.words.splitlines())
    assert {"Ada Testperson", "Eve Testperson", "Bob Testperson", "Carol"} <= set(taken.by_path("author_name"))
    assert "header1.xml" not in taken.words
    assert taken.by_path("email") == ["fay@corp-x.de"]


def test_a_sheet_is_given_by_column_with_the_strings_that_no_cell_shows() -> None:
    taken = Taken(xlsx(), "a.xlsx")
    assert not taken.faults
    assert taken.by_path("name") == ["Ada Testperson", "7"]
    assert taken.by_path("email") == ["ada.testperson@corp-x.de"]
    assert {text.where for text in taken.texts if text.path} == {"sheet Kunden"}
    assert "deleted@corp-x.de" in taken.words


def test_open_document_sheets_are_given_by_column_and_text_by_paragraph() -> None:
    taken = Taken(ods(), "a.ods")
    assert not taken.faults
    assert taken.by_path("email") == ["ada.testperson@corp-x.de"]
    assert "Ada Testperson" in taken.words.splitlines()
    assert {text.where for text in taken.texts if text.path} == {"sheet Leute"}


def test_an_office_document_is_known_under_any_name() -> None:
    for name in ("a.bin", "a.zip", "a"):
        assert PERSON in Taken(docx(), name).words.splitlines()


def test_a_part_that_declares_entities_is_refused_and_its_text_still_looked_at() -> None:
    bomb = "<!DOCTYPE l [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
        f"<!ENTITY {after} '{f'&{before};' * 10}'>" for before, after in zip("abcdefgh", "bcdefghi", strict=True)
    )
    taken = Taken(docx(**{"word/document.xml": bomb + "]><l>&i; bob@corp-x.de</l>"}), "a.docx")
    assert "damaged" in taken.kinds
    assert "bob@corp-x.de" in taken.words
    assert len(taken.words) < 10_000


def test_a_part_that_reads_other_files_reads_none() -> None:
    outside = "<!DOCTYPE l [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><l>&x;</l>"
    taken = Taken(docx(**{"word/document.xml": outside}), "a.docx")
    assert "root:" not in taken.words


def test_elements_of_any_depth_are_bounded() -> None:
    deep = "<a>" * 100_000 + PERSON + "</a>" * 100_000
    taken = Taken(docx(**{"word/document.xml": deep}), "a.docx")
    assert "damaged" in taken.kinds
    assert PERSON in taken.words


def test_old_office_files_are_read_as_the_words_in_them() -> None:
    old = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(600)
        + "Ada Testperson".encode("utf-16-le")
        + bytes(50)
        + b"bob@corp-x.de\0\1\2"
    )
    taken = Taken(old, "a.doc")
    assert {"Ada Testperson", "bob@corp-x.de"} <= set(taken.words.splitlines())
    locked = old + "EncryptedPackage".encode("utf-16-le")
    assert Taken(locked, "a.docx").kinds == ["encrypted"]


def test_a_pdf_is_given_by_page_with_notes_links_author_and_attachments() -> None:
    taken = Taken(pdf(), "a.pdf")
    assert not taken.faults
    by_where = {text.where: text.value.decode() for text in taken.texts}
    assert by_where["page 1"] == PERSON
    assert by_where["page 2"] == "second"
    assert by_where["page 2, link"] == "mailto:bob.testperson@corp-x.de"
    assert by_where["page 2, note"] == "a note to carol.testperson@corp-x.de"
    assert taken.by_path("author_name") == ["Ada Testperson"]
    assert [text.members for text in taken.texts if b"dora" in text.value] == [("people.txt",)]


def test_an_encrypted_pdf_is_told() -> None:
    assert Taken(pdf("secret"), "a.pdf").kinds == ["encrypted"]


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


def test_an_archive_behind_a_picture_is_read() -> None:
    assert PERSON in Taken(picture("jpeg") + zipped({"a.txt": PERSON}), "a.jpg").words


@pytest.mark.parametrize("kind", ["jpeg", "png"])
@pytest.mark.parametrize("before", [b"", b"\0" * 16, b"a" * 70_000])
def test_a_text_behind_a_picture_is_read(kind: str, before: bytes) -> None:
    assert PERSON in Taken(picture(kind) + before + f"\nmail {PERSON} please\n".encode(), f"a.{kind}").words


def test_an_archive_behind_a_png_is_read_and_padding_is_nothing() -> None:
    assert PERSON in Taken(picture("png") + zipped({"a.txt": PERSON}), "a.png").words
    assert Taken(picture("png") + b"\0" * 16, "a.png").kinds == Taken(picture("png"), "a.png").kinds


@pytest.mark.parametrize(
    ("name", "library", "extra"),
    [("a.jpg", "exifread", "documents"), ("a.txt.zst", "backports.zstd", "documents")],
)
def test_without_its_library_a_file_is_unreadable_and_the_mend_names_the_extra(
    name: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = made(name)
    monkeypatch.setitem(sys.modules, library, None)
    taken = Taken(data, name)
    assert "extra-missing" in taken.kinds
    assert f"ringfence[{extra}]" in taken.faults[0].mend


@pytest.mark.parametrize(
    ("kind", "library"), [("pdf", "pypdfium2"), ("7z", "py7zr"), ("parquet", "pyarrow"), ("arrow", "pyarrow")]
)
def test_a_confined_reader_without_its_library_says_so(
    kind: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from io import BytesIO

    from ringfence.extract import Bounds
    from ringfence.extract.confined import taken as read

    data = made("a.pdf")
    monkeypatch.setitem(sys.modules, library, None)
    told: list[object] = []
    read(kind, BytesIO(data), Bounds(), told.append)
    assert [getattr(each, "fault", None) for each in told] == ["extra-missing"]
