"""Formats of text, one by one: what stands in which field, and where."""

import json

import pytest
from extracted import placed, texts, values

from ringfence.extract import sql_rows
from ringfence.extract.model import Kind
from ringfence.extract.tables import is_header


def test_cells_of_a_table_have_their_columns_as_paths() -> None:
    file = b'name;born\nAda;1815-12-10\n"Bo ""x""\nb";2000-01-01\n'
    assert values("a.csv", file) == [
        *(("name", b"Ada"), ("born", b"1815-12-10")),
        *(("name", b'Bo "x"\nb'), ("born", b"2000-01-01")),
    ]
    assert placed("a.csv", file, b"2000-01-01") == (4, 4, 38)
    assert placed("a.csv", file, b'Bo "x"\nb') == (3, 2, -1)


@pytest.mark.parametrize(
    "above",
    [
        b"Customer report;;\nPrinted on;2031-05-04;\n;;\n",
        b"person;;\n",
        b"# exported by somebody\n",
        b"sep=;\n",
    ],
)
def test_what_exports_write_above_a_header_is_none(above: bytes) -> None:
    rows = b"".join(b"Ada%d;1815-12-10;x\n" % number for number in range(4))
    given = values("a.csv", above + b"First name;Birth date;Note\n" + rows)
    assert [value for path, value in given if path.strip('"') == "First name"] == [b"Ada0", b"Ada1", b"Ada2", b"Ada3"]


def test_a_table_without_a_header_turns_no_value_into_a_path() -> None:
    found = values("a.csv", b"Ada,Lovelace,1815-12-10\nGrace,Hopper,1906-12-09\n")
    assert {path for path, _ in found} == {"column1", "column2", "column3"}


@pytest.mark.parametrize(
    ("first", "other", "held"),
    [
        (b"id,e_mail", b"1,a@b.example", True),
        (b"Vorname,Nachname", b"Ada,Lovelace", True),
        (b"Ada,Lovelace", b"Grace,Hopper", False),
        (b"ada@b.example,x", b"b@b.example,y", False),
        (b"4711,x", b"4712,y", False),
        (b"region,share", b"north,0.5", True),
        (b"a,a", b"1,2", False),
    ],
)
def test_a_first_record_names_columns_where_it_looks_like_names(first: bytes, other: bytes, held: bool) -> None:
    assert is_header(first.split(b","), [other.split(b",")]) is held


def test_a_quote_that_is_none_loses_no_cell() -> None:
    file = b'a,b\n1,5" pipe\n2,"open\n' + b"x,y\n" * 100_000
    whole = b"".join(text.value for text in texts("a.csv", file))
    assert b'5" pipe' in whole
    assert whole.count(b"x") >= 100_000


def test_json_is_given_by_path_and_the_place_of_each_value() -> None:
    file = b'{"a": [1, true, {"b.c": "\\u00e9"}],\n "ada@example.com": {"n": [12,\n 13]}}'
    assert values("a.json", file) == [
        *(("a[]", b"1"), ('a[]."b.c"', b"\xc3\xa9")),
        *(('"ada@example.com".n[]', each) for each in (b"12", b"13")),
    ]
    assert placed("a.json", file, b"13") == (3, 2, 68)
    assert placed("a.json", file, b"ada@example.com") == (2, 3, placed("a.json", file, b"ada@example.com")[2])
    assert [text.value for text in texts("a.json", file) if text.kind is Kind.NAME][-2:] == [b"ada@example.com", b"n"]


@pytest.mark.parametrize("file", [b'{\n// c\n"a": "b",\n}', b'{"a": "b", "c": "open', b'{"a": "b"]', b"{a: 'b'}"])
def test_json_that_is_none_is_a_program_and_nothing_of_it_is_lost(file: bytes) -> None:
    assert b"b" in b"".join(text.value for text in texts("a.json", file))


def test_a_broken_line_of_ndjson_is_text_and_the_others_are_read() -> None:
    file = b'{"a":"x"}\n{"a":"broken\n{"a":"y"}\n'
    assert values("a.ndjson", file) == [("a", b"x"), ("a", b"y")]
    assert placed("a.ndjson", file, b'{"a":"broken\n') == (2, 1, 10)


def test_numbers_without_end_are_placed_in_linear_time() -> None:
    found = texts("a.json", b"[" + b"1," * 30_000 + b"1]")
    assert found[-1].start == 60_001


def test_markup_gives_text_and_attributes_and_is_text_where_it_cannot_be_read() -> None:
    assert ("o.@id", b"1") in values("a.xml", b'<o id="1"><m>ada@example.com</m></o>')
    assert ("o.m", b"ada@example.com") in values("a.xml", b'<o id="1"><m>ada@example.com</m></o>')
    assert ("input.@value", b"v") in values("a.html", b'<p>x</p><input value="v">')
    for name in ("a.xml", "a.html"):
        assert b"ada@example.com" in b"".join(text.value for text in texts(name, b"<table>ada@example.com<td></o>"))


def test_yaml_is_given_by_path() -> None:
    file = (
        b"# by ada\nuser: &u\n  name: Ada   # who\n  tags: [a, 'b']\n  list:\n  - one\n  - k: \"e\\u00e9\"\n"
        b"text: |\n  line one\n\n  two\nflow: {name: Bo, n: [1]}\ntpl: {{ .x }}\nalias: *u\n---\nd:\n- - x\n"
    )
    assert values("a.yaml", file) == [
        *(("user.name", b"Ada"), ("user.tags[]", b"a"), ("user.tags[]", b"b"), ("user.list[]", b"one")),
        *(("user.list[].k", b"e\xc3\xa9"), ("text", b"line one"), ("text", b"two"), ("flow.name", b"Bo")),
        *(("flow.n[]", b"1"), ("tpl", b"{{ .x }}"), ("alias", b"*u"), ("d[][]", b"x")),
    ]
    assert placed("a.yaml", file, b"Ada")[:2] == (3, 9)
    assert placed("a.yaml", file, b"# who")[:2] == (3, 15)


def test_toml_is_given_by_path() -> None:
    file = (
        b'title = "T"\n[owner.x]\nname = "Ada" # c\nl = [ "a",\n  "b" ]\nt = { name = "Bo" }\n'
        b's = """m\nn"""\n[[p]]\nk = \'q\'\n'
    )
    assert values("a.toml", file) == [
        *(("title", b"T"), ("owner.x.name", b"Ada"), ("owner.x.l[]", b"a"), ("owner.x.l[]", b"b")),
        *(("owner.x.t.name", b"Bo"), ("owner.x.s", b"m"), ("owner.x.s", b"n"), ("p[].k", b"q")),
    ]


def test_settings_are_given_by_key_and_their_comments_as_text() -> None:
    file = b"# c\nexport A=ada@example.com\nB='x y' # d\nC: e\n[s]\nk = long \\\n  more\nno pair\n"
    assert values(".env", file) == [
        *(("A", b"ada@example.com"), ("B", b"x y"), ("C", b"e"), ("s.k", b"long \\"), ("s.k", b"more")),
    ]
    assert placed(".env", file, b"# d") == (3, 9, 37)
    assert placed(".env", file, b"no pair")[:2] == (8, 1)


DUMP = rb"""-- PostgreSQL database dump
CREATE TABLE public.u (
    id integer NOT NULL,
    mail character varying(10) DEFAULT 'a,b',
    CONSTRAINT x PRIMARY KEY (id)
);
COPY public.u (id, mail) FROM stdin;
1	ada@example.com
2	\N
3	a\tb
\.

INSERT INTO public.u VALUES (1, 'it''s'), (2, 'C:\');
INSERT INTO public.u VALUES (4, E'a\'b');
INSERT INTO t2 (a, "b c") VALUES (now(), ARRAY['x','y']) ON CONFLICT DO NOTHING;
UPDATE u SET mail = 'bo@example.com'; -- note
"""


def test_rows_of_a_dump_are_given_by_column() -> None:
    assert [pair for pair in values("a.sql", DUMP) if pair[0].startswith("public.u.mail")] == [
        *(("public.u.mail", b"ada@example.com"), ("public.u.mail", b""), ("public.u.mail", b"a\tb")),
        *(("public.u.mail", b"it's"), ("public.u.mail", b"C:\\"), ("public.u.mail", b"a'b")),
    ]
    assert [value for path, value in values("a.sql", DUMP) if path == "t2.b c"] == [b"ARRAY", b"x", b"y"]
    assert placed("a.sql", DUMP, b"ada@example.com") == (8, 3, DUMP.index(b"ada@"))
    assert placed("a.sql", DUMP, b"4") == (14, 30, DUMP.index(b"(4") + 1)


def test_what_is_no_row_of_a_dump_is_a_program() -> None:
    programs = b"".join(text.value for text in texts("a.sql", DUMP) if text.kind is Kind.CODE)
    assert b"bo@example.com" in programs
    assert b"-- note" in programs


def test_dialects_of_dumps_are_told_apart() -> None:
    mysql = b"-- MySQL dump\nCREATE TABLE `u` (\n `id` int,\n `name` text,\n KEY `k` (`id`)\n) ENGINE=InnoDB;\n"
    mysql += b"INSERT INTO `u` VALUES (1,'O\\'Neil;'),\n(2,NULL);\n"
    assert [value for path, value in values("a.sql", mysql) if path == "u.name"] == [b"O'Neil;", b""]
    assert values("a.sql", b"INSERT INTO [dbo].[t] ([a b]) VALUES (N'x')\nGO\n") == [("dbo.t.a b", b"x")]


@pytest.mark.parametrize("rows", [1, 7, 40_000])
def test_rows_are_the_same_wherever_a_dump_is_cut_into_blocks(rows: int) -> None:
    listed = b",\n".join(b"(%d,'a %d','it''s;')" % (number, number) for number in range(rows))
    found = values("a.sql", b"INSERT INTO t (id, b, c) VALUES " + listed + b";\nSELECT 1;\n")
    assert [value for path, value in found if path == "t.id"] == [b"%d" % number for number in range(rows)]
    assert {value for path, value in found if path == "t.c"} == {b"it's;"}


def test_statements_without_strings_are_split_no_further_than_they_go(monkeypatch: pytest.MonkeyPatch) -> None:
    split: list[int] = []

    def counted(value: bytes, *, backslashes: bool) -> list[bytes]:
        split.append(len(value))
        return pieces(value, backslashes=backslashes)

    pieces = sql_rows._pieces
    monkeypatch.setattr(sql_rows, "_pieces", counted)
    file = b"".join(b"INSERT INTO t%d VALUES (%d);\n" % (number, number) for number in range(4000))
    assert [value for _, value in values("a.sql", file)] == [b"%d" % number for number in range(4000)]
    assert sum(split) < 200 * len(file)


def notebook() -> bytes:
    """Make a notebook with outputs of each kind."""
    outputs = [
        {
            "output_type": "execute_result",
            "data": {"text/html": ["<td>Ada &amp; Bo</td>\n"], "text/plain": ["0  Ada\n", "1  Bo"]},
        },
        {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo="}},
        {"output_type": "stream", "name": "stdout", "text": ["mail ada@example.com\n"]},
        {"output_type": "error", "ename": "E", "evalue": "bad", "traceback": ["\x1b[0;31mboom\x1b[0m"]},
    ]
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Title\n", "by Ada"]},
        {"cell_type": "code", "metadata": {}, "outputs": outputs, "source": ["x = 'a'\n", "y = 2"]},
    ]
    return json.dumps({"cells": cells, "metadata": {"authors": [{"name": "Ada"}]}, "nbformat": 4}, indent=1).encode()


def test_outputs_of_a_notebook_are_given_with_their_cell() -> None:
    found = {text.value: text for text in texts("a.ipynb", notebook())}
    assert found[b"# Title\nby Ada"].where == "cell 1, source"
    assert found[b"x = 'a'\ny = 2"].kind is Kind.CODE
    assert found[b"0  Ada\n1  Bo"].where == "cell 2, output"
    assert found[b" Ada & Bo \n"].where == "cell 2, output"
    assert found[b"boom"].where == "cell 2, output"
    assert not any(b"iVBORw0KGgo=" in value for value in found)
    mail = found[b"mail ada@example.com\n"]
    assert notebook().split(b"\n")[mail.line - 1].strip() == b'"mail ada@example.com\\n"'


def test_of_a_notebooks_pictures_only_points_are_passed_over() -> None:
    outputs = [{"data": {"image/png": "iVBORw0KGgo=\n", "image/svg+xml": ["<svg><text>Ada</text>\n", "</svg>"]}}]
    attachments = {"ada.png": {"image/png": "iVBORw0KGgo=", "image/jpeg": "no picture: Bo", "text/plain": "a note"}}
    cells = [
        {"cell_type": "code", "metadata": {"shop.png": {"owner": "Cy"}}, "outputs": outputs, "source": []},
        {"cell_type": "markdown", "attachments": attachments, "source": []},
    ]
    found = {text.value.strip() for text in texts("a.ipynb", json.dumps({"cells": cells}, indent=1).encode())}
    assert {b"Ada", b"no picture: Bo", b"a note", b"Cy"} <= found
    assert not any(b"iVBORw0KGgo=" in value for value in found)


def test_notebooks_of_the_third_format_and_broken_ones_are_read() -> None:
    third = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x"], "outputs": [{"text": ["Ada\n"]}]}]}]}
    found = {text.value: text.where for text in texts("a.ipynb", json.dumps(third, indent=1).encode())}
    assert found[b"x"] == "cell 1, source"
    assert found[b"Ada\n"] == "cell 1, output"
    assert b"ada@example.com" in b"".join(text.value for text in texts("a.ipynb", notebook()[:-40]))


MAIL = b"""From: =?utf-8?q?Ad=C3=A9?= <ada@example.com>
Subject: a
 b
Content-Type: multipart/mixed; boundary=B

--B
Content-Type: text/plain

Hello Ada
--B
Content-Type: text/html
Content-Transfer-Encoding: quoted-printable

<p>caf=C3=A9</p>
--B
Content-Disposition: attachment; filename="p.csv"
Content-Transfer-Encoding: base64

bmFtZSxtYWlsCkFkYSxhZGFAZXhhbXBsZS5jb20K
--B--
"""


def test_headers_texts_and_attachments_of_mail_are_read() -> None:
    found = texts("a.eml", MAIL)
    assert ("from", b"Ad\xc3\xa9 <ada@example.com>") in values("a.eml", MAIL)
    assert ("subject", b"a b") in values("a.eml", MAIL)
    assert placed("a.eml", MAIL, b"Hello Ada") == (9, 1, MAIL.index(b"Hello"))
    assert any(b"caf\xc3\xa9" in text.value and text.line == 14 for text in found)
    assert [text.members for text in found if text.path == "mail"] == [("p.csv",)]


@pytest.mark.parametrize(
    ("spelt", "name"),
    [
        (b"all the\n people.csv", "all the people.csv"),
        (b"all the\r\n\tpeople.csv", "all the people.csv"),
        (b"=?utf-8?b?YW5uYS5tZWllckBmaXJtYS1tZWllci5kZS5jc3Y=?=", "anna.meier@firma-meier.de.csv"),
    ],
)
def test_an_attachments_name_is_what_it_means_and_says_how_it_is_read(spelt: bytes, name: str) -> None:
    found = texts("a.eml", MAIL.replace(b"p.csv", spelt))
    assert [text.members for text in found if text.path == "mail"] == [(name,)]
    assert name.encode() in [text.value for text in found if text.where == "attachment"]


@pytest.mark.parametrize("kind", [b"text/plain", b"multipart/mixed; boundary=C"])
def test_headers_of_a_message_in_a_message_are_read(kind: bytes) -> None:
    inner = b"From: bo@example.com\nCc: Cy\nContent-Type: " + kind + b"\n\nHello\n--C--\n"
    file = MAIL.replace(b"--B--\n", b"--B\nContent-Type: message/rfc822\n\n" + inner + b"--B--\n")
    assert {("from", b"bo@example.com"), ("cc", b"Cy")} <= set(values("a.eml", file))


@pytest.mark.parametrize("how", [b"inline", b"attachment"])
def test_the_name_of_a_file_in_a_mail_is_read_however_it_is_shown(how: bytes) -> None:
    file = MAIL.replace(
        b"Hello Ada", b"Hello Ada\n--B\nContent-Disposition: " + how + b'; filename="Cy Berg.txt"\n\nbody'
    )
    assert (b"Cy Berg.txt", Kind.NAME) in [(text.value, text.kind) for text in texts("a.eml", file)]
    assert any(text.value.strip() == b"body" for text in texts("a.eml", file))


def test_each_message_of_a_mailbox_is_read() -> None:
    found = texts("a.mbox", b"From x\n" + MAIL + b"\nFrom y\nFrom: bo@example.com\n\nbody\n")
    [body] = [text for text in found if text.value == b"body\n"]
    assert body.line == 1 + MAIL.count(b"\n") + 5


def test_a_number_that_is_missing_where_others_stand_is_no_value() -> None:
    file = b'{"a": 1, "b": 2, "c": , "d": 3}'
    assert values("a.json", file) == [("a", b"1"), ("b", b"2"), ("d", b"3")]
    assert placed("a.json", file, b"3") == (1, 30, 29)


@pytest.mark.parametrize(
    ("name", "file"),
    [("a.json", b'[{"a":1,"b":1,"c":1},{"a":1,"b":1,"c":1}]'), ("a.yaml", b"- a: 1\n  b: 1\n  c: 1\n" * 2)],
)
def test_only_so_many_names_are_remembered_and_the_others_told_again(
    monkeypatch: pytest.MonkeyPatch, name: str, file: bytes
) -> None:
    for module in ("json_values", "keyed_lines"):
        monkeypatch.setattr(f"ringfence.extract.{module}._KNOWN", 2)
    assert [text.value for text in texts(name, file) if text.kind is Kind.NAME] == [b"a", b"b", b"c", b"c"]
