"""Tables in running text: each cell by its column's name, at its place; what has no head is no table."""

import io

import pytest

from ringfence.extract import extract
from ringfence.extract.model import Budget, Kind, LeftOut, Source, Text, Unreadable

_MARKDOWN = (
    b"# People\n\n| First name | Born |\n|---|:-:|\n| **Nora** | 1980-03-12 |\n| Jan | 1971-01-02 |\n\nThe end.\n"
)
_ORG = b"* People\n\n| First name | Born |\n|---+---|\n| Nora | 1980-03-12 |\n"
_LINE = b"+------------+------------+\n"
_GRID = _LINE + b"| First name | Born       |\n" + _LINE.replace(b"-", b"=") + b"| Nora       | 1980-03-12 |\n" + _LINE
_PSQL = b" first_name |    born    \n------------+------------\n Nora       | 1980-03-12\n(1 row)\n"
_GHERKIN = b"Feature: x\n  Scenario: y\n    Given people\n      | First name | Born |\n      | Nora | 1980-03-12 |\n"
_DOWN = b"Given a customer\n  | first_name | Nora |\n  | last_name | Perrin |\n  | birth_date | 1980-03-12 |\n"
_WIKI = b"||First name||Born||\n|Nora|1980-03-12|\n"
_LATEX = b"\\begin{tabular}{ll}\nFirst name & Born \\\\\n\\midrule\nNora & 1980-03-12 \\\\\n\\end{tabular}\n"
_ALIGNED = b"first_name  last_name  birth_date\n----------  ---------  ----------\nNora        Perrin     1980-03-12\n"
_FRAME = b"  first_name  last_name  birth_date\n0       Nora     Perrin  1980-03-12\n"


def cells(content: bytes, name: str = "a.txt") -> list[tuple[str, bytes]]:
    """Read a text; give what is given as cells of tables, and check where they stand."""
    given: list[tuple[str, bytes]] = []
    for step in extract(Source(name, len(content), lambda: io.BytesIO(content)), Budget()):
        assert not isinstance(step, LeftOut | Unreadable)
        for text in step:
            assert isinstance(text, Text)
            assert content[text.start :].startswith(text.value)
            if text.kind is Kind.VALUE:
                line = content.split(b"\n")[text.line - 1]
                assert line[text.column - 1 :].startswith(text.value)
                given.append((text.path, text.value))
    return given


@pytest.mark.parametrize("content", [_MARKDOWN, _ORG, _GRID, _PSQL, _GHERKIN, _WIKI, _LATEX])
def test_a_cell_of_a_table_in_text_is_given_by_its_columns_name(content: bytes) -> None:
    given = cells(content)
    assert [value for path, value in given if path.lower().replace("_", " ").strip('"') == "first name"][:1] == [
        b"Nora"
    ]
    assert [value for path, value in given if path.lower() == "born"][:1] == [b"1980-03-12"]


@pytest.mark.parametrize("content", [_ALIGNED, _FRAME])
def test_columns_under_each_other_are_a_table_where_their_names_say_so(content: bytes) -> None:
    assert cells(content) == [("first_name", b"Nora"), ("last_name", b"Perrin"), ("birth_date", b"1980-03-12")]


def test_a_table_of_two_columns_is_read_down_where_the_first_one_has_the_names() -> None:
    assert cells(_DOWN) == [("first_name", b"Nora"), ("last_name", b"Perrin"), ("birth_date", b"1980-03-12")]


@pytest.mark.parametrize(
    "content",
    [
        b"a | b\nand so on\n",
        b"2031-05-04 | INFO | started\n2031-05-04 | INFO | stopped\n",
        b"the name  of a thing\nand  its  use\n",
        b"||||||||\n|||\n" * 3,
    ],
)
def test_what_names_no_columns_is_no_table(content: bytes) -> None:
    assert cells(content) == []


def test_a_last_line_without_its_end_belongs_to_the_table() -> None:
    for content in (_ORG, _ALIGNED, _DOWN):
        assert cells(content.rstrip(b"\n")) == cells(content)


def test_a_feature_of_gherkin_is_text() -> None:
    assert cells(_GHERKIN, "sign_up.feature") == cells(_GHERKIN)
