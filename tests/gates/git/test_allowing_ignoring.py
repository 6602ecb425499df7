"""`.ringfenceignore`: which line decides, what is left out and what may stay, and what is told of a file that is wrong."""

import time
from pathlib import Path

import pytest
from allowing_support import DETECTOR, looked_at, standings
from hypothesis import given
from hypothesis import strategies as st

from ringfence.extract.model import Why
from ringfence.gates.git.allowing import Allowances, Settling
from ringfence.gates.git.ignoring import BadIgnoreFile, Ignoring, parse_ignoring, read_ignoring
from ringfence.gates.git.model import By, Item, Origin
from ringfence.gates.git.naming import Names

NAMES = Names.of()
MAIL = b"nadia.kerst@brieffalke.de"
PHONE = b"+49 151 23456789"
TEXT = b"%s\n%s\n" % (MAIL, PHONE)
FILE = ".ringfenceignore"


def ignoring(*lines: str) -> Ignoring:
    return parse_ignoring("\n".join(lines).encode(), FILE, NAMES)


def what_becomes(name: str, *lines: str) -> str:
    """Tell in one word what becomes of a file with an address and a telephone number in it."""
    scanned = looked_at(name, TEXT, Allowances(NAMES, ignoring(*lines)))
    if scanned.passed:
        assert scanned.passed[0].why is Why.IGNORED
        assert not scanned.found
        return "left out"
    word = {"allowed": "may stay", "refused": "refused"}
    mail, phone = (word[one[0]] for one in standings(scanned))
    return mail if mail == phone else f"mail {mail}, phone {phone}"


@pytest.mark.parametrize(
    ("lines", "becomes"),
    [
        (["tests/**"], "left out"),
        (["tests/"], "left out"),
        (["*.csv"], "left out"),
        (["docs/**"], "refused"),
        (["# tests/**"], "refused"),
        (["tests/** # made with Faker"], "left out"),
        (["tests/** : EMAIL_ADDRESS"], "mail may stay, phone refused"),
        (["tests/** : email_address, user.contact.phone_number  # made with Faker"], "may stay"),
        (["tests/**:EMAIL_ADDRESS"], "refused"),  # a file of that name
        (["tests/** :\tuser.contact"], "may stay"),
        (["tests/** : user"], "may stay"),
        (["tests/**", "!tests/a.csv"], "refused"),
        (["!tests/a.csv", "tests/**"], "left out"),
        (["tests/", "!tests/a.csv"], "refused"),
        (["tests/**", "!*.csv : EMAIL_ADDRESS"], "mail refused, phone may stay"),
        (["tests/** : user.contact", "!*.csv : EMAIL_ADDRESS"], "mail refused, phone may stay"),
        (["!*.csv : EMAIL_ADDRESS", "tests/**"], "left out"),
        (["tests/**", "!*.csv", "*.csv : PHONE_NUMBER"], "mail refused, phone may stay"),
        (["tests/**", "*.csv : PHONE_NUMBER"], "left out"),
        (["*.csv : PHONE_NUMBER", "*.csv : EMAIL_ADDRESS"], "may stay"),
        (["\ufefftests/**"], "left out"),
        (["tests/**\r"], "left out"),
        ([r"tests/a\.csv"], "left out"),
    ],
)
def test_the_last_line_that_fits_decides(lines: list[str], becomes: str) -> None:
    assert what_becomes("tests/a.csv", *lines) == becomes


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a : b", r"a \: b"),
        ("a : b", r"a \: b : EMAIL_ADDRESS, PHONE_NUMBER"),
        ("a #1", r"a \#1"),
        ("#1", r"\#1"),
        ("!1", r"\!1"),
        ("a:b", "a:b"),
        ("a#1", "a#1"),
        ("a ", "a\\ "),
        ("a ", "a\\  # reason"),
        ("a\udce9.csv", "a?.csv"),
        ("Ä b.csv", "Ä b.csv"),
    ],
)
def test_any_name_can_be_written(name: str, line: str) -> None:
    assert what_becomes(name, line) in {"left out", "may stay"}


def test_what_is_allowed_or_left_out_says_by_which_line_and_why() -> None:
    lines = ["# fixtures", "tests/** : EMAIL_ADDRESS # made with Faker", f"docs/ # nobody's: {MAIL.decode()}"]
    allowances = Allowances(NAMES, ignoring(*lines))
    scanned = looked_at("tests/a.csv", TEXT, allowances)
    assert standings(scanned)[0] == ("allowed", "ignored", "made with Faker")
    assert [(one.by, one.line, one.used) for one in scanned.allowances] == [(By.IGNORED, 2, 1)]
    left_out = looked_at("docs/a.md", TEXT, allowances)
    assert left_out.passed[0].note == "by .ringfenceignore:3 (nobody's: [redacted:email])"


def test_it_is_not_for_messages_of_commits() -> None:
    scanned = looked_at("message", TEXT, Allowances(NAMES, ignoring("*")), item=Item("message", Origin.COMMIT))
    assert {one[0] for one in standings(scanned)} == {"refused"}


def test_a_line_that_nothing_needs_is_told_where_all_was_looked_at() -> None:
    lines = ["tests/** : EMAIL_ADDRESS", "tests/** : CREDIT_CARD # cards", "old/", "!tests/** : PHONE_NUMBER", "!new/"]
    allowances = Allowances(NAMES, ignoring(*lines))
    for whole, unused in ((True, [2, 3, 5]), (False, [])):
        settling = Settling(allowances, whole=whole)
        settling.take(looked_at("tests/a.csv", TEXT, allowances))
        assert [one.line for one in settling.unused()] == unused


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a\n\n/\n", "3: the pattern names nothing\n  write a path: tests/fixtures/**"),
        ("a : EMAIL_ADRESS", '1: no entity or category has that name\n  did you mean "EMAIL_ADDRESS"?'),
        (
            "a : nadia",
            "1: no entity or category has that name\n  `ringfence entities` and `ringfence categories` list them",
        ),
        ("a : ", "1: nothing stands behind the colon\n  name entities, or take the colon away"),
        ("a : , # x", "1: nothing stands behind the colon\n  name entities, or take the colon away"),
        ("!", "1: the pattern names nothing\n  write a path: tests/fixtures/**"),
        ("[a", "1: a bracket in the pattern is not closed\n  close it, or write \\[ for the character itself"),
        ("a\\", "1: the pattern ends in a backslash\n  double it, or take it away"),
        (" : EMAIL_ADDRESS", "1: the pattern names nothing\n  write a path: tests/fixtures/**"),
    ],
)
def test_a_line_that_cannot_be_understood_is_an_error_with_line_and_mend(content: str, told: str) -> None:
    with pytest.raises(BadIgnoreFile) as raised:
        parse_ignoring(content.encode(), FILE, NAMES)
    assert str(raised.value) == f"{FILE}:{told}"
    assert raised.value.what
    assert raised.value.mend


@pytest.mark.parametrize(
    "content",
    [
        b"a\n" * 3000,
        b"x" * (1 << 21),
        b"a\n\xff\xfe\n",
        b"\x00" * 2000,
        b"a : " + b"EMAIL_ADRESS," * 50_000,
        b"a : no%d\n" * 20_000,
        b"[" * 100_000,
        b"!" * 500_000,
        b"\n".join(b"a : no%d" % number for number in range(50_000)),
        b"*" * 900 + b"\n" + b"a*" * 490 + b"\n/\n",
    ],
)
def test_a_hostile_file_is_an_error_within_bounds(content: bytes) -> None:
    began = time.process_time()
    with pytest.raises(BadIgnoreFile) as raised:
        parse_ignoring(content, FILE, NAMES)
    assert time.process_time() - began < 10
    assert len(str(raised.value)) < 3000


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_whatever_a_file_holds_it_is_understood_or_an_error(content: bytes) -> None:
    try:
        read = parse_ignoring(content, FILE, NAMES)
    except BadIgnoreFile as error:
        assert error.wrongs  # noqa: PT017
    else:
        read.about("tests/a.csv")


@given(st.lists(st.sampled_from(["a/", "b.csv", "c : EMAIL_ADDRESS"]), max_size=6), st.integers(0, 6))
def test_comments_and_empty_lines_change_nothing(lines: list[str], at: int) -> None:
    more = [*lines[:at], "", "# a comment : EMAIL_ADDRESS", *lines[at:]]
    for name in ("a/x", "b.csv", "c", "d"):
        assert what_becomes(name, *lines) == what_becomes(name, *more)


def test_a_file_is_read_from_where_it_lies(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_text("tests/**  # x\n", encoding="utf-8")
    read = read_ignoring(file, NAMES, shown=FILE)
    assert [(line.number, read.reason(line, DETECTOR)) for line in read.lines] == [(1, "x")]
    assert read.file == FILE
    with pytest.raises(FileNotFoundError):
        read_ignoring(tmp_path / "none", NAMES)
