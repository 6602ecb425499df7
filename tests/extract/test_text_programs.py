"""Running text and programs: charsets, blocks, places; strings and comments of many languages."""

import tracemalloc
from io import RawIOBase

import pytest
from extracted import placed, texts
from hypothesis import given
from hypothesis import strategies as st

from ringfence.extract import Source, extract
from ringfence.extract.languages import LANGUAGES
from ringfence.extract.lexing import parts
from ringfence.extract.model import BATCH, Kind
from ringfence.extract.places import Lines


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"]
)
def test_text_of_any_charset_is_given_in_utf8_by_line(codec: str) -> None:
    written = "one line\nZoë, Müller and others\nthree\n"
    found = texts("a.txt", written.encode(codec))
    assert b"".join(text.value for text in found).decode() == written
    [text] = [text for text in found if b"M\xc3\xbcller" in text.value]
    assert Lines(text).at(text.value.index(b"M\xc3\xbcller"))[0] == 2


def test_lines_that_are_utf8_keep_their_place_in_a_file_that_is_not() -> None:
    file = b"first\ncaf\xe9\nlast"
    assert placed("a.txt", file, b"first\n") == (1, 1, 0)
    assert placed("a.txt", file, b"caf\xc3\xa9\n") == (2, 1, -1)
    assert placed("a.txt", file, b"last") == (3, 1, 11)


def test_a_mark_is_no_part_of_the_text_and_counts_as_a_place() -> None:
    assert placed("a.txt", b"\xef\xbb\xbfhello", b"hello") == (1, 1, 3)


class _Endless(RawIOBase):
    """A file of a given size that is never there as a whole."""

    def __init__(self, line: bytes, size: int) -> None:
        self._line, self._left, self._at = line * (2 + BATCH // len(line)), size, 0
        self._width = len(line)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        size = min(size, self._left)
        at = self._at % self._width
        self._left -= size
        self._at += size
        return self._line[at : at + size]


@pytest.mark.parametrize(("name", "size"), [("a.log", 8), ("a.csv", 2), ("a.ndjson", 1), ("a.py", 12), ("a.sql", 8)])
def test_a_file_of_any_size_takes_the_memory_of_few_blocks(name: str, size: int) -> None:
    size <<= 20
    tracemalloc.start()
    source = Source(name, size, lambda: _Endless(b'{"a":"some words in a line"}\n', size))  # type: ignore[arg-type]
    given = sum(1 for _ in extract(source))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert given > 1
    assert peak < 26 << 20


def test_a_long_line_is_cut_where_no_value_goes_on() -> None:
    file = b"mail ada@example.com, " * (BATCH // 8)
    found = texts("a.txt", file)
    assert len(found) > 1
    assert b"".join(text.value for text in found) == file
    assert all(text.value.endswith((b" ", b",")) for text in found)
    assert [text.start for text in found] == [text.column - 1 for text in found]


@pytest.mark.parametrize(
    ("language", "program", "found"),
    [
        ("python", "x = f'a{b}' + '''t\n''' # c", ["f'a{b}'"[1:], "'''t\n'''", "# c"]),
        ("python", '"""doc\nof "x" """\ny = "open\nz', ['"""doc\nof "x" """', '"open']),
        ("javascript", "a = /['\"]x/; b = `y${f(`z`)}w` // c", ["= /['\"]x/", "`y${", "`z`", "}w`", "// c"]),
        ("javascript", "x = a / b / 'c' /* d */", ["'c'", "/* d */"]),
        ("java", 'char c = \'"\'; String s = """a\n"b" """; // c', ["'\"'", '"""a\n"b" """', "// c"]),
        ("c", 'R"(a"b)" "c\\"d" // e', ['R"(a"b)"', '"c\\"d"', "// e"]),
        ("go", 'a := `b\n\'c` + "d" // e', ["`b\n'c`", '"d"', "// e"]),
        ("rust", "fn f<'a>(x: &'a str) { 'c'; r#\"d\"e\"# } // f", ["'c'", 'r#"d"e"#', "// f"]),
        ("ruby", "a = <<~SQL\n b\nSQL\nc 'd' # e", [" b\n", "'d'", "# e"]),
        ("php", "<h1>a</h1><?php $b = 'c'; // d\n?>e", ["<h1>a</h1>", "'c'", "// d", "?>e"]),
        ("shell", "cat <<'EOF'\na # b\nEOF\necho \"c\" ${#d} # e", ["a # b\n", '"c"', " # e"]),
        ("perl", "my $a = q(b); # c\n__DATA__\nd", ["q(b)", "# c", "\n__DATA__\nd"]),
        ("lua", "a = [[b\nc]] --[[ d\n]] -- e", ["[[b\nc]]", "--[[ d\n]]", "-- e"]),
        ("haskell", 'a\' = "b" {- c\n-} -- d', ['"b"', "{- c\n-}", "-- d"]),
        ("powershell", '$a = @"\nb\n"@ <# c #> # d', ['@"\nb\n"@', "<# c #>", "# d"]),
        ("sql", "select 'it''s' -- a\n/* b */", ["'it''s'", "-- a", "/* b */"]),
        ("hcl", 'a = "b" # c\nd = <<EOT\ne\nEOT\n', ['"b"', "# c", "e\n"]),
        ("css", "a { content: 'b' } /* c */", ["'b'", "/* c */"]),
        ("elixir", '@doc """\na\n"""\nb = "c" # d', ['"""\na\n"""', '"c"', "# d"]),
    ],
)
def test_strings_and_comments_are_found(language: str, program: str, found: list[str]) -> None:
    value = program.encode()
    assert [value[part.start : part.end].decode() for part in parts(value, language)] == found


@given(st.sampled_from(sorted(LANGUAGES)), st.text(alphabet="ab \n\t'\"`\\/*#-<>?[](){}$=%|;E@_", max_size=200))
def test_parts_of_anything_are_in_order_and_inside(language: str, program: str) -> None:
    value = program.encode()
    at = 0
    for part in parts(value, language):
        assert at <= part.start < part.end <= len(value)
        at = part.end


def test_a_program_is_one_text_whose_parts_are_found_when_they_are_asked_for() -> None:
    [text] = texts("a.py", b"a = 'ada@example.com'\n")
    assert text.kind is Kind.CODE
    assert text.parts is not None
    [part] = text.parts()
    assert text.value[part.start : part.end] == b"'ada@example.com'"


def test_a_program_beyond_a_usual_size_loses_the_parts_of_what_follows_and_nothing_else() -> None:
    file = b"x = 'abc'  # and more\n" * 400_000
    found = texts("a.py", file)
    assert b"".join(text.value for text in found) == file
    assert [text.parts is None for text in found] == [False] + [True] * (len(found) - 1)
