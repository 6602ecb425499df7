"""Reading PostgreSQL's own text of a tree: exactly one tree, or none."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.sql import EXAMPLE_TREE
from ringfence.sql.nodes import LAYOUTS
from ringfence.sql.tree import DEEPEST, LONGEST, Unreadable, Value, digest, parse_stored, parse_tree, unwrap

TREES = Path(__file__).resolve().parent / "trees"


def dumped(text: str) -> str:
    """Break a text into lines as PostgreSQL's format_node_dump does."""
    data = text.encode()
    lines: list[bytes] = []
    at = 0
    while True:
        line = data[at : at + 78]
        at += len(line)
        if at >= len(data):
            break
        if data[at : at + 1] == b" ":
            at += 1
        else:
            blank = line.rfind(b" ", 1)
            if blank > 0:
                at -= len(line) - blank - 1
                line = line[:blank]
        lines.append(line)
    if line:
        lines.append(line)
    return b"".join(each + b"\n" for each in lines).decode()


def token(name: str) -> str:
    """Spell a name as PostgreSQL's outToken does."""
    if not name:
        return '""'
    out = ""
    if name[0] in '<"0123456789' or (name[0] in "+-" and (name[1:2] in "0123456789." and name[1:2] != "")):
        out = "\\"
    return out + "".join(f"\\{char}" if char in " \n\t(){}\\" else char for char in name)


def alias(name: str, columns: list[str]) -> str:
    listed = " ".join('"' + (token(each) if each else "") + '"' for each in columns)
    return f"{{ALIAS :aliasname {token(name)} :colnames {f'({listed})' if columns else '<>'}}}"


words = st.text(st.characters(codec="utf-8", exclude_characters="\n\x00", exclude_categories=["Cs", "Co"]), max_size=12)


@given(st.lists(words.map(token), min_size=1))
def test_line_breaks_are_undone_exactly_or_the_text_is_refused(tokens: list[str]) -> None:
    text = "{" + " ".join(tokens) + "}"
    try:
        assert unwrap(dumped(text)) == text
    except Unreadable:
        # A break may have fallen into a word, or beside one: only where a line has no blank to break at.
        assert any(len(line.encode()) == 78 and " " not in line[1:] for line in dumped(text).split("\n"))


@given(words, st.lists(words, max_size=30))
def test_names_read_as_they_are_whatever_is_in_them(name: str, columns: list[str]) -> None:
    (node,) = parse_stored(f"({alias(name, columns)})").nodes
    assert node.text("aliasname") == name
    assert node.names("colnames") == columns


@given(st.text("ab \n\\(){}:", max_size=200))
def test_a_name_with_a_line_break_is_never_read_as_another(name: str) -> None:
    text = alias(name, [name])
    try:
        read = unwrap(dumped(text))
    except Unreadable:
        return
    assert read == text


def test_a_forged_node_in_a_name_stays_a_name() -> None:
    name = "x} {QUERY :commandType 1} <> (b 1) \\"
    (node,) = parse_stored(alias(name, [name, ":resno 1"])).nodes
    assert node.text("aliasname") == name
    assert node.names("colnames") == [name, ":resno 1"]
    assert node.name == "ALIAS"


def test_a_break_within_a_word_is_ambiguous() -> None:
    for length in (78, 79, 100, 200):
        with pytest.raises(Unreadable, match=r"ambiguous|too long"):
            unwrap(dumped("a" * length + " b"))


def test_a_line_that_was_not_broken_where_the_server_breaks_is_refused() -> None:
    good = dumped(" ".join(["{word}"] * 40))
    assert unwrap(good) == " ".join(["{word}"] * 40)
    for at in range(1, len(good) - 1):
        if good[at] == " ":
            with pytest.raises(Unreadable):
                unwrap(good[:at] + "\n" + good[at + 1 :])
        elif good[at] == "\n":
            with pytest.raises(Unreadable):
                unwrap(good[:at] + " " + good[at + 1 :])


def test_an_unknown_type_of_node_is_refused() -> None:
    with pytest.raises(Unreadable, match="NEWFANGLED is not known"):
        parse_stored("{NEWFANGLED :a 1}")


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(Unreadable, match="a field of VAR is not known"):
        parse_stored("{VAR :varno 1 :varmagic 2}")


def test_a_field_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(Unreadable, match="twice"):
        parse_stored("{VAR :varno 1 :varno 2}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(",
        "{",
        "{VAR",
        "{VAR :varno",
        "{VAR :varno }",
        "{VAR :varno 1",
        "{VAR :varno 1}}",
        "{VAR :varno 1} {VAR :varno 1}",
        "({VAR :varno 1}",
        "(b 1 2)",
        "word",
        "{ALIAS :colnames (b 1 x)}",
        "{ALIAS :colnames (b 1",
        "{CONST :constvalue 4 [ 1 2 }",
        "{CONST :constvalue 4 [ 1 b ]}",
        "{CONST :constvalue four [ 1 ]}",
        "{ALIAS :aliasname a\\b}",
        "{ALIAS :aliasname \ue000\\ }",
    ],
)
def test_what_is_no_tree_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_stored(text)


def test_depth_and_length_are_bounded() -> None:
    deep = "{BOOLEXPR :args ("
    with pytest.raises(Unreadable, match="deep"):
        parse_stored(deep * DEEPEST + ")}" * DEEPEST)
    with pytest.raises(Unreadable, match="longer"):
        parse_tree(" " * (LONGEST + 1))


def test_values_are_what_they_are() -> None:
    (node,) = parse_stored(
        "({RANGETBLENTRY :relid 5 :inh true :lateral false :alias <> :selectedCols (b 8 10) :coltypes (o 23 25) "
        ":values_lists (({CONST :constvalue 4 [ -1 0 0 0 ] :constisnull false}) <>) :ctename <>})"
    ).nodes
    assert node.number("relid") == 5
    assert node.flag("inh")
    assert not node.flag("lateral")
    assert node.node("alias") is None
    assert node.numbers("selectedCols") == (8, 10)
    assert node.numbers("coltypes") == (23, 25)
    assert node.text("ctename") == ""
    row, nothing = node.items("values_lists")
    assert nothing is None
    assert isinstance(row, list)
    (constant,) = row
    assert not isinstance(constant, (str, tuple, list, type(None)))
    assert constant.fields["constvalue"] == (255, 0, 0, 0)


@pytest.mark.parametrize(
    ("value", "accessor"),
    [("x", "number"), ("x", "flag"), (["x"], "text"), ("x", "node"), ("x", "nodes"), ("x", "items"), ("x", "numbers")],
)
def test_a_field_of_another_kind_is_refused(value: Value, accessor: str) -> None:
    (node,) = parse_stored("{ALIAS :aliasname a}").nodes
    node.fields["aliasname"] = value
    with pytest.raises(Unreadable, match="aliasname"):
        getattr(node, accessor)("aliasname")


def test_parameters_of_the_client_are_listed() -> None:
    tree = parse_stored(
        "({PARAM :paramkind 0 :paramid 3} {PARAM :paramkind 2 :paramid 9} {PARAM :paramkind 0 :paramid 1})"
    )
    assert tree.parameters == {1, 3}


def test_the_digest_is_of_every_character() -> None:
    assert digest(EXAMPLE_TREE) == parse_tree(EXAMPLE_TREE).digest
    assert digest(EXAMPLE_TREE) != digest(EXAMPLE_TREE.replace("one", "two"))


@pytest.mark.parametrize("file", sorted(TREES.glob("*.txt")), ids=lambda file: file.stem)
def test_trees_of_every_version_are_read(file: Path) -> None:
    (query,) = parse_tree(file.read_text("utf-8")).nodes
    assert query.name == "QUERY"
    assert query.flag("canSetTag")


def test_every_known_type_has_its_fields() -> None:
    assert len(LAYOUTS) > 70
    assert "varno" in LAYOUTS["VAR"]
    assert {"setOperations", "mergeJoinCondition", "mergeUseOuterJoin", "hasGroupRTE"} <= LAYOUTS["QUERY"]
    assert all(name.isupper() and fields for name, fields in LAYOUTS.items())
