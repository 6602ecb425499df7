"""Office documents and PDF: the words of people in them, and what stands beside them."""

import re
import sys
import tracemalloc

import pytest

from extract.binary_files import PERSON, Taken, docx, made, ods, pdf, xlsx, zipped
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


def test_a_part_without_a_byte_is_no_damage_and_one_that_ends_early_is() -> None:
    taken = Taken(docx(**{"customXml/item1.xml": "", "word/comments.xml": ""}), "a.docx")
    assert not taken.faults
    assert PERSON in taken.words.splitlines()
    assert "damaged" in Taken(docx(**{"word/comments.xml": "<comments>"}), "a.docx").kinds


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


def _people(words: str) -> set[str]:
    """Give who is named in some words, each by an address of its own."""
    return set(re.findall(r"(?<![a-zA-Z])(person[0-9]+)@corp-x[.]de", words))


def _named(*parts: str) -> tuple[str, set[str]]:
    """Give parts, with a person in place of each mark, and who they are."""
    whole = "".join(parts)
    people = [f"person{number}" for number in range(whole.count("%"))]
    for person in people:
        whole = whole.replace("%", f"{person}@corp-x.de", 1)
    return whole, set(people)


def test_what_a_sheet_holds_outside_of_its_cells_is_read() -> None:
    sheet, people = _named(
        "<worksheet xmlns:x14='x' xmlns:xm='y'><sheetData><row><c r='A1'><f>IF(B1=\"%\",1,0)</f><v>7</v></c></row></sheetData>",
        "<protectedRanges><protectedRange name='%'/></protectedRanges>",
        "<scenarios><scenario name='%' user='%' comment='%'><inputCells r='A1' val='%'/></scenario></scenarios>",
        "<autoFilter><filterColumn><filters><filter val='%'/></filters><customFilters><customFilter val='%'/>",
        "</customFilters></filterColumn></autoFilter>",
        "<conditionalFormatting><cfRule type='containsText' text='%'><formula>A1=\"%\"</formula></cfRule></conditionalFormatting>",
        "<dataValidations><dataValidation promptTitle='%' prompt='%' errorTitle='%' error='%'><formula1>\"a,%\"</formula1>",
        '<formula2>"%"</formula2></dataValidation></dataValidations>',
        "<hyperlinks><hyperlink ref='A1' display='%' tooltip='%' location='%'/></hyperlinks>",
        "<headerFooter><oddHeader>&amp;L%</oddHeader><firstFooter>&amp;12%&amp;&amp;Ltd.&amp;Kff0000%</firstFooter>",
        "</headerFooter>",
        '<extLst><x14:dataValidation><x14:formula1><xm:f>"%"</xm:f></x14:formula1></x14:dataValidation>',
        "<x14:unknown>%</x14:unknown></extLst></worksheet>",
    )
    taken = Taken(zipped({**_BOOK, "xl/worksheets/sheet1.xml": sheet}), "a.xlsx")
    assert not taken.faults
    assert _people(taken.words) == people
    assert taken.by_path("column1") == ["7"]
    assert " Ltd." in taken.words


_BESIDE = {
    "xl/workbook.xml": (
        "<workbook><absPath url='C:\\Users\\%'/><fileSharing userName='%'/><definedNames>"
        "<definedName name='_%' comment='%' description='%'>\"%\"</definedName></definedNames></workbook>"
    ),
    "xl/styles.xml": "<styleSheet><numFmt formatCode='\"%\" 0'/><cellStyle name='%'/></styleSheet>",
    "xl/comments1.xml": "<comments><authors><author>%</author></authors><comment><text><t>%</t></text></comment></comments>",
    "xl/tables/table1.xml": "<table displayName='%'><tableColumns><tableColumn name='%'/></tableColumns></table>",
    "xl/slicers/slicer1.xml": "<slicers><slicer name='%' caption='%'/></slicers>",
    "xl/slicerCaches/slicerCache1.xml": "<slicerCacheDefinition name='%' sourceName='%'/>",
    "xl/connections.xml": (
        "<c><connection name='%' description='%'><dbPr connection='User ID=%' command='select \"%\"'/></connection></c>"
    ),
    "xl/externalLinks/externalLink1.xml": "<e><sheetNames><sheetName val='%'/></sheetNames><cell><v>%</v></cell></e>",
    "xl/worksheets/_rels/sheet1.xml.rels": "<r><Relationship Id='1' Target='mailto:%' TargetMode='External'/></r>",
    "docProps/custom.xml": "<Properties><property name='%'><lpwstr>%</lpwstr></property></Properties>",
    "ppt/commentAuthors.xml": "<l xmlns:p='p'><p:cmAuthor name='%' initials='%'/></l>",
    "ppt/tags/tag1.xml": "<l xmlns:p='p'><p:tag name='%' val='%'/></l>",
    "ppt/slides/slide1.xml": "<s><cNvPr name='%' descr='%'/><hlinkClick tooltip='%'/></s>",
    "word/settings.xml": (
        "<w:s xmlns:w='w'><w:docVar w:name='%' w:val='%'/><w:query w:val='select %'/><w:connectString w:val='User=%'/></w:s>"
    ),
    "word/document.xml": (
        "<w:d xmlns:w='w'><w:fldSimple w:instr='HYPERLINK %'/><w:alias w:val='%'/><w:tag w:val='%'/>"
        "<w:listItem w:displayText='%' w:value='%'/><w:bookmarkStart w:name='%'/></w:d>"
    ),
    "content.xml": (
        "<o:d xmlns:o='o' xmlns:table='t' xmlns:text='x'><table:content-validation table:condition='list(\"%\")'/>"
        "<table:named-range table:name='%'/><table:table><table:table-row>"
        "<table:table-cell table:formula='of:=\"%\"'><text:bookmark text:name='%'/><text:p>7</text:p></table:table-cell>"
        "</table:table-row></table:table><text:user-field-decl text:name='%' o:string-value='%'/></o:d>"
    ),
}


@pytest.mark.parametrize("part", _BESIDE)
def test_what_a_document_holds_in_attributes_that_people_write_is_read(part: str) -> None:
    content, people = _named(_BESIDE[part])
    taken = Taken(zipped({"[Content_Types].xml": "<Types/>", part: content}), "a.docx")
    assert not taken.faults
    assert _people(taken.words) == people


def test_who_comments_in_a_presentation_and_who_refreshed_a_pivot_table_are_people() -> None:
    parts = {
        "ppt/commentAuthors.xml": "<l xmlns:p='p'><p:cmAuthor name='Ada Testperson' initials='AT'/></l>",
        "ppt/authors.xml": "<l xmlns:p='p'><p:author name='Bob Testperson' userId='x'/></l>",
        "xl/pivotCache/pivotCacheDefinition1.xml": "<pivotCacheDefinition refreshedBy='Carol Testperson'/>",
    }
    taken = Taken(zipped({"[Content_Types].xml": "<Types/>", **parts}), "a.pptx")
    assert {f"{name} Testperson" for name in ("Ada", "Bob", "Carol")} <= set(taken.by_path("author_name"))


def test_the_copy_of_a_table_that_a_pivot_table_keeps_is_given_by_its_columns() -> None:
    definition = (
        "<pivotCacheDefinition><worksheetSource name='Kunden'/><cacheFields>"
        "<cacheField name='customer_name' caption='of bob@corp-x.de'>"
        "<sharedItems><s v='Ada Testperson'/><m/><n v='7'/></sharedItems>"
        "</cacheField><cacheField name='email'><sharedItems/></cacheField></cacheFields></pivotCacheDefinition>"
    )
    records = (
        "<pivotCacheRecords><r><x v='0'/><s v='ada@corp-x.de'/></r>"
        "<r><s v='Carol'/><s v='carol@corp-x.de'/><s v='more'/></r></pivotCacheRecords>"
    )
    parts = {
        **_BOOK,
        "xl/pivotCache/pivotCacheDefinition1.xml": definition,
        "xl/pivotCache/pivotCacheRecords1.xml": records,
    }
    taken = Taken(zipped(parts), "a.xlsx")
    assert not taken.faults
    assert taken.by_path("customer_name") == ["Ada Testperson", "7", "Carol"]
    assert taken.by_path("email") == ["ada@corp-x.de", "carol@corp-x.de"]
    assert taken.by_path("column3") == ["more"]
    assert "of bob@corp-x.de" in taken.words
    assert "Kunden" in taken.words
    parts["xl/pivotCache/pivotCacheRecords2.xml"] = parts.pop("xl/pivotCache/pivotCacheRecords1.xml")
    assert Taken(zipped(parts), "a.xlsx").by_path("column2") == ["ada@corp-x.de", "carol@corp-x.de"]
