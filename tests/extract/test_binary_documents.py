"""Office documents, PDF and pictures: the words of people in them, and what stands beside them."""

import struct
import sys
import tracemalloc
import zlib

import pytest

from extract.binary_files import PERSON, Taken, docx, made, ods, pdf, picture, xlsx, zipped
from ringfence.detect import detector_for
from ringfence.detect.own import Detection
from ringfence.extract import Bounds


def test_a_document_is_given_by_paragraph_with_what_was_deleted_and_who_wrote_it() -> None:
    taken = Taken(docx(), "a.docx")
    assert not taken.faults
    assert PERSON in next(text.value.decode() for text in taken.texts if not text.where and not text.path).splitlines()
    assert {"old words", "a comment", "a head", "mailto:dora@corp-x.de"} <= set(taken.words.splitlines())
    assert {"Ada Testperson", "Eve Testperson", "Bob Testperson", "Carol"} <= set(taken.by_path("author_name"))
    assert [text.where for text in taken.texts if b"header1.xml" in text.value] == ["member name"]
    assert taken.by_path("email") == ["fay@corp-x.de"]


def test_a_sheet_is_given_by_column_with_the_strings_that_no_cell_shows() -> None:
    taken = Taken(xlsx(), "a.xlsx")
    assert not taken.faults
    assert taken.by_path("name") == ["Ada Testperson", "7"]
    assert taken.by_path("email") == ["ada.testperson@corp-x.de"]
    assert {text.where for text in taken.texts if text.path} == {"sheet Kunden"}
    assert [text.value for text in taken.texts if text.where == "sheet name"] == [b"Kunden"]
    assert "deleted@corp-x.de" in taken.words


def test_open_document_sheets_are_given_by_column_and_text_by_paragraph() -> None:
    taken = Taken(ods(), "a.ods")
    assert not taken.faults
    assert taken.by_path("email") == ["ada.testperson@corp-x.de"]
    assert "Ada Testperson" in taken.words.splitlines()
    assert {text.where for text in taken.texts if text.path} == {"sheet Leute"}
    assert [text.value for text in taken.texts if text.where == "sheet name"] == [b"Leute"]


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


@pytest.mark.parametrize("bound", ["_ATTACHMENTS", "_NOTES_OF_A_PAGE", "_BOOKMARKS", "_LEVELS", "_PACKETS"])
def test_what_of_a_pdf_is_more_than_is_read_is_told(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from io import BytesIO

    from fpdf import FPDF

    from ringfence.extract import Bounds, Unreadable, pdfs
    from ringfence.extract.confined import taken as read

    document = FPDF()
    document.add_page()
    document.set_font("helvetica", size=12)
    document.start_section("a bookmark")
    document.start_section("one in it", level=1)
    document.text_annotation(50, 50, "a note")
    document.embed_file(bytes=b"attached", basename="people.txt")
    document.set_xmp_metadata("<x:xmpmeta>of a person</x:xmpmeta>")
    data = bytes(document.output())
    whole: list[object] = []
    read("pdf", BytesIO(data), Bounds(), whole.append)
    assert not [each for each in whole if isinstance(each, Unreadable)]
    monkeypatch.setattr(pdfs, bound, 1 if bound == "_LEVELS" else 0)
    told: list[object] = []
    read("pdf", BytesIO(data), Bounds(), told.append)
    assert [each.fault for each in told if isinstance(each, Unreadable)] == ["bomb"]


def test_xmp_that_does_not_end_is_told_and_its_beginning_read() -> None:
    unended = b"%<x:xmpmeta of bob@corp-x.de"
    behind = b" " * (1 << 20) + b"<x:xmpmeta>of carol@corp-x.de</x:xmpmeta>\n"
    taken = Taken(pdf() + unended + behind, "a.pdf")
    assert taken.kinds == ["damaged"]
    assert "bob@corp-x.de" in taken.words
    assert "carol@corp-x.de" in taken.words


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


def _tiff(entries: list[tuple[int, int, int, int]], behind: bytes = b"") -> bytes:
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return head + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4) + behind


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


_BOOK = {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"}


def _book(rows: str, strings: str = "") -> dict[str, str]:
    return {
        **_BOOK,
        "xl/sharedStrings.xml": f"<sst>{strings}</sst>",
        "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{rows}</sheetData></worksheet>",
    }


def test_tables_that_stand_in_one_another_lose_nothing() -> None:
    def table(*rows: str) -> str:
        return "<table:table>" + "".join(f"<table:table-row>{row}</table:table-row>" for row in rows) + "</table:table>"

    def cell(content: str) -> str:
        return f"<table:table-cell>{content}</table:table-cell>"

    inner = table(cell("<text:p>inside@corp-x.de</text:p>"))
    outer = table(
        cell(f"<text:p>before@corp-x.de</text:p>{inner}<text:p>after@corp-x.de</text:p>") + cell("beside@corp-x.de"),
        cell("below@corp-x.de"),
    )
    content = f"<office:doc xmlns:office='o' xmlns:table='t' xmlns:text='x'>{outer}<text:p>behind@corp-x.de</text:p></office:doc>"
    taken = Taken(zipped({"content.xml": content}), "a.odt")
    assert not taken.faults
    places = ("before", "inside", "after", "beside", "below", "behind")
    assert sorted(taken.words.split()) == sorted(["content.xml", *(f"{place}@corp-x.de" for place in places)])
    assert taken.by_path("column2") == ["beside@corp-x.de"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_cells_far_to_the_right_cost_no_more_than_others(kind: str) -> None:
    if kind == "xlsx":
        data = zipped(_book("<row><c r='XFD1' t='str'><v>ada@corp-x.de</v></c></row>" * 20_000))
    else:
        empty = "<table:table-cell table:number-columns-repeated='16383'/>"
        row = f"<table:table-row>{empty}<table:table-cell><text:p>ada@corp-x.de</text:p></table:table-cell></table:table-row>"
        head = "<office:doc xmlns:office='o' xmlns:table='t' xmlns:text='x'><table:table>"
        data = zipped({"content.xml": head + row * 20_000 + "</table:table></office:doc>"})
    tracemalloc.start()
    try:
        taken = Taken(data, f"a.{kind}", Bounds(ratio=10_000))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert not taken.faults
    assert taken.by_path("column16384") == ["ada@corp-x.de"] * 20_000
    assert most < 30 << 20


@pytest.mark.timeout(60)
def test_a_cell_of_many_parts_takes_time_by_its_size_and_is_cut_where_it_is_longer_than_any() -> None:
    parts = "<v>person </v>" * 400_000
    taken = Taken(zipped(_book(f"<row><c r='A1' t='str'>{parts}</c></row>")), "a.xlsx", Bounds(ratio=10_000))
    assert not taken.faults
    assert taken.words.count("person") == 400_000
    assert max(len(text.value) for text in taken.texts) < 2 << 20


def test_a_string_that_many_cells_show_is_charged_and_one_longer_than_a_cell_is_given_once() -> None:
    person = f"<si><t>{PERSON}</t></si>"
    shown = "<row><c t='s'><v>0</v></c></row>" * 1000
    once, often = (Taken(zipped(_book(shown[: 32 * times], person)), "a.xlsx") for times in (1, 1000))
    assert often.by_path("column1") == [PERSON] * 1000
    written = 999 * 32
    assert often.budget.unpacked == once.budget.unpacked + written + 999 * len(PERSON)
    most = Bounds(unpacked=once.budget.unpacked + written + 20_000)
    assert "bomb" in Taken(zipped(_book(shown, person)), "a.xlsx", most).kinds
    long = Taken(zipped(_book(shown, f"<si><t>{PERSON}{' ' * 40_000}</t></si>")), "a.xlsx")
    assert long.words.count(PERSON) == 1


def test_strings_of_a_workbook_that_are_not_held_are_looked_at_and_told() -> None:
    strings = "".join(f"<si><t>person{number}@corp-x.de</t></si>" for number in range(100))
    shown = "".join(f"<row><c t='s'><v>{number}</v></c></row>" for number in range(100))
    taken = Taken(zipped(_book(shown, strings)), "a.xlsx", Bounds(document=1200))
    assert taken.kinds == ["bomb"]
    assert taken.faults[0].looked_at
    assert all(taken.words.count(f"person{number}@corp-x.de") == 1 for number in range(100))


def test_strings_of_a_workbook_that_stand_in_two_parts_of_one_name_are_both_read() -> None:
    from io import BytesIO
    from zipfile import ZipFile

    out = BytesIO()
    with ZipFile(out, "w") as archive:
        for name, content in _book("", "<si><t>bob@corp-x.de</t></si>").items():
            archive.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("xl/sharedStrings.xml", "<sst><si><t>carol@corp-x.de</t></si></sst>")
    assert {"bob@corp-x.de", "carol@corp-x.de"} <= set(Taken(out.getvalue(), "a.xlsx").words.splitlines())


def test_a_part_that_declares_attributes_is_refused_and_its_text_still_looked_at() -> None:
    declared = f"<!DOCTYPE l [<!ATTLIST l title CDATA '{'y' * 50_000}'>]><r>{'<l/>' * 1000}{PERSON}</r>"
    taken = Taken(docx(**{"word/document.xml": declared}), "a.docx")
    assert "damaged" in taken.kinds
    assert PERSON in taken.words
    assert len(taken.words) < 100_000


def test_a_paragraph_longer_than_any_is_cut() -> None:
    line = "<w:t>word </w:t>" * 600_000
    taken = Taken(docx(**{"word/document.xml": f"<w:p xmlns:w='w'>{line}</w:p>"}), "a.docx", Bounds(ratio=10_000))
    assert not taken.faults
    assert taken.words.count("word ") == 600_000
    assert max(len(text.value) for text in taken.texts) < 3 << 20


def test_words_in_bytes_are_never_cut_in_two_and_come_in_batches() -> None:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    for before in range((1 << 20) - 30, 1 << 20, 5):
        body = head + b"\n".ljust(before - len(head), b"\0") + PERSON.encode() + bytes(1 << 20)
        assert PERSON in Taken(body, "a.doc").words.splitlines()
    many = Taken(head + b"some words\0" * 300_000, "a.doc")
    assert many.words.count("some words") == 300_000
    assert len(many.texts) > 2
    assert max(len(text.value) for text in many.texts) < 2 << 20
