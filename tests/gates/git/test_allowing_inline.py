"""A comment beside a finding: what it covers, where it counts, and what is told of one that allows nothing."""

import time
from io import BytesIO

import pytest
from allowing_support import DETECTOR, found_in, item_of, looked_at, standings
from hypothesis import given
from hypothesis import strategies as st

from ringfence.gates.git import allowing
from ringfence.gates.git.allowing import Allowances, Settling
from ringfence.gates.git.model import By, Found, Scanned, Standing

ALLOWANCES = Allowances()
MAIL = b"nadia.kerst@brieffalke.de"
OTHER = b"olav.brandvik@listolot.pl"
PHONE = b"+49 151 23456789"

COVERED = [
    ("a.py", b'CONTACT = "%s"  # ringfence: allow EMAIL_ADDRESS our own imprint\n'),
    ("a.py", b'CONTACT = "%s"  # RINGFENCE: Allow email_address our own imprint\n'),
    ("a.py", b'# ringfence: allow EMAIL_ADDRESS our own imprint\nCONTACT = "%s"\n'),
    ("a.py", b'    # ringfence:allow EMAIL_ADDRESS: our own imprint\nCONTACT = "%s"\n'),
    ("a.c", b'/* ringfence: allow EMAIL_ADDRESS our own imprint */\nchar *c = "%s";\n'),
    ("a.c", b'char *c = "%s"; /* ringfence: allow EMAIL_ADDRESS our own imprint */\n'),
    ("a.js", b'const c = "%s" // ringfence: allow EMAIL_ADDRESS - our own imprint\n'),
    ("README.md", b"Write to %s <!-- ringfence: allow EMAIL_ADDRESS our own imprint -->\n"),
    ("NOTES", b"ringfence: allow EMAIL_ADDRESS our own imprint\nWrite to %s\n"),
    ("a.yaml", b"contact: %s  # ringfence: allow EMAIL_ADDRESS our own imprint\n"),
    ("a.yaml", b"{n: O'Brien, a: '', contact: \"%s\"}  # ringfence: allow EMAIL_ADDRESS our own imprint\n"),
    ("a.yaml", b"# ringfence: allow EMAIL_ADDRESS our own imprint\ncontact: %s\n"),
    (".env", b"# ringfence: allow EMAIL_ADDRESS our own imprint\nCONTACT=%s\n"),
    ("config/.env.local", b"CONTACT=%s # ringfence: allow EMAIL_ADDRESS our own imprint\n"),
    ("a.ini", b"; ringfence: allow EMAIL_ADDRESS our own imprint\ncontact = %s\n"),
    ("a.xml", b"<a><!-- ringfence: allow EMAIL_ADDRESS our own imprint --><b>%s</b></a>\n"),
    ("a.sql", b"-- ringfence: allow EMAIL_ADDRESS our own imprint\nINSERT INTO t VALUES ('%s');\n"),
    ("a.bat", b"rem ringfence: allow EMAIL_ADDRESS our own imprint\nset CONTACT=%s\n"),
    ("a.tex", b"%% ringfence: allow EMAIL_ADDRESS our own imprint\n\\href{%s}\n"),
    ("a.py", b'# ringfence: allow EMAIL_ADDRESS our own imprint\r\nCONTACT = "%s"\r\n'),
    ("a.py", b'# ringfence: allow user.contact.email our own imprint\nCONTACT = "%s"\n'),
    ("a.py", b'# ringfence: allow user.contact our own imprint\nCONTACT = "%s"\n'),
    ("a.py", b'# ringfence: allow PHONE_NUMBER, EMAIL_ADDRESS our own imprint\nCONTACT = "%s"\n'),
    (
        "a.py",
        b"# ringfence: allow EMAIL_ADDRESS our own imprint\n# ringfence: allow PHONE_NUMBER a hotline\nCONTACT = '%s'\n",
    ),
]


@pytest.mark.parametrize(("name", "text"), COVERED)
def test_a_comment_with_a_reason_lets_a_finding_stay_and_says_why(name: str, text: bytes) -> None:
    scanned = looked_at(name, text % MAIL, ALLOWANCES)
    assert standings(scanned) == [("allowed", "inline", "our own imprint")]
    assert [one.used for one in scanned.allowances][:1] == [1]


NOT_COVERED = [
    # two lines above, or below
    ("a.py", b'# ringfence: allow EMAIL_ADDRESS a reason\n\nCONTACT = "%s"\n'),
    ("a.py", b'CONTACT = "%s"\n# ringfence: allow EMAIL_ADDRESS a reason\n'),
    # on the line above, but not alone there
    ("a.py", b'A = 1  # ringfence: allow EMAIL_ADDRESS a reason\nCONTACT = "%s"\n'),
    ("a.c", b'/* ringfence: allow EMAIL_ADDRESS a reason */ int a;\nchar *c = "%s";\n'),
    ("a.c", b'/* ringfence: allow EMAIL_ADDRESS a reason */{\nchar *c = "%s";\n'),
    # another entity, no entity, no reason
    ("a.py", b'CONTACT = "%s"  # ringfence: allow PHONE_NUMBER a reason\n'),
    ("a.py", b'CONTACT = "%s"  # ringfence: allow user.name a reason\n'),
    ("a.py", b'CONTACT = "%s"  # ringfence: allow\n'),
    ("a.py", b'CONTACT = "%s"  # ringfence: allow EMAIL_ADDRESS\n'),
    ("a.py", b'CONTACT = "%s"  # ringfence: allow EMAIL_ADDRESS ...\n'),
    ("a.py", b'CONTACT = "%s"  # ringfence: allow EMAIL_ADRESS a reason\n'),
    ("a.py", b'CONTACT = "%s"  # ringfence: allow EMAIL_ADDRESS, MAIL a reason\n'),
    ("a.py", b'CONTACT = "%s"  # ringfence: disallow EMAIL_ADDRESS a reason\n'),
    ("a.py", b'CONTACT = "%s"  # xringfence: allow EMAIL_ADDRESS a reason\n'),
    # formats that carry other people's words
    ("a.json", b'{"contact": "%s", "note": "ringfence: allow EMAIL_ADDRESS a reason"}\n'),
    ("a", b' {"contact": "%s", "note": "ringfence: allow EMAIL_ADDRESS a reason"}\n'),
    ("a.csv", b"contact,note\n%s,ringfence: allow EMAIL_ADDRESS a reason\n"),
    ("a.ndjson", b'{"contact": "%s", "note": "# ringfence: allow EMAIL_ADDRESS a reason"}\n'),
    ("a.ipynb", b'{"cells": ["x = \'%s\' # ringfence: allow EMAIL_ADDRESS a reason"]}\n'),
    ("a.log", b"12:00 %s said ringfence: allow EMAIL_ADDRESS a reason\n"),
    ("a.eml", b"To: %s\n\nringfence: allow EMAIL_ADDRESS a reason\n"),
    # beside a value, but not in a comment
    ("a.yaml", b"contact: %s\nnote: ringfence: allow EMAIL_ADDRESS a reason\n"),
    ("a.yaml", b"{contact: %s, note: 'x#ringfence: allow EMAIL_ADDRESS a reason'}\n"),
    ("a.yaml", b'contact: "%s, x # ringfence: allow EMAIL_ADDRESS a reason"\n'),
    ("a.toml", b"contact = '%s, x # ringfence: allow EMAIL_ADDRESS a reason'\n"),
    ("a.xml", b'<a b="%s" c="ringfence: allow EMAIL_ADDRESS a reason"/>\n'),
    ("a.sql", b"INSERT INTO t VALUES ('%s', '-- ringfence: allow EMAIL_ADDRESS a reason');\n"),
]


@pytest.mark.parametrize(("name", "text"), NOT_COVERED)
def test_what_is_no_allowance_of_a_finding_lets_nothing_stay(name: str, text: bytes) -> None:
    assert [one[0] for one in standings(looked_at(name, text % MAIL, ALLOWANCES))] == ["refused"]


def test_a_comment_covers_all_of_its_entity_that_begin_on_its_line_and_nothing_else() -> None:
    text = b'A = ["%s", "%s", "%s"]  # ringfence: allow EMAIL_ADDRESS fixtures\nB = "%s"\n' % (MAIL, OTHER, PHONE, MAIL)
    scanned = looked_at("a.py", text, ALLOWANCES)
    by_entity = {(one.entity, one.line): one.standing for one in scanned.found}
    assert by_entity["EMAIL_ADDRESS", 1] is Standing.ALLOWED
    assert by_entity["PHONE_NUMBER", 1] is Standing.REFUSED
    assert by_entity["EMAIL_ADDRESS", 2] is Standing.REFUSED
    assert scanned.allowances[0].used == 2


def test_a_text_in_utf_16_says_what_is_allowed_too() -> None:
    text = b'# ringfence: allow EMAIL_ADDRESS our own imprint\nA = "%s"\n' % MAIL
    spelt = text.decode().encode("utf-16")
    reading = ALLOWANCES.about(item_of("a.py", spelt), lambda: BytesIO(spelt), DETECTOR)
    assert reading.open().read() == spelt
    assert standings(reading.settled(Scanned(reading.item, found_in("a.py", text))))[0][0] == "allowed"


def test_what_is_wrong_with_a_comment_is_told_with_its_line_and_the_mend() -> None:
    text = b"\n".join(
        [
            b"# ringfence: allow EMAIL_ADRESS a reason",
            b"x = 1",
            b"# ringfence: allow EMAIL_ADDRESS",
            b"x = 1",
            b"# ringfence: allow",
            b"x = 1",
            b"# ringfence: allow ENTITY reason",
            b"",
        ]
    )
    settling = Settling(ALLOWANCES)
    settling.take(looked_at("a.py", text, ALLOWANCES))
    assert [(one.by, one.file, one.line, one.wrong, one.mend) for one in settling.wrong()] == [
        (By.INLINE, "a.py", 1, "no entity or category has that name", 'did you mean "EMAIL_ADDRESS"?'),
        (By.INLINE, "a.py", 3, "it gives no reason", "say why, behind the name: ringfence: allow EMAIL_ADDRESS REASON"),
        (By.INLINE, "a.py", 5, "it does not say what is allowed", "write: ringfence: allow ENTITY reason"),
    ]


def test_personal_data_in_a_reason_or_in_a_name_is_not_told() -> None:
    text = b'A = "%s"  # ringfence: allow EMAIL_ADDRESS %s has agreed\n' % (MAIL, OTHER)
    text += b"# ringfence: allow nadia.kerst.%s a reason\n" % OTHER
    settling = Settling(ALLOWANCES)
    scanned = settling.take(looked_at("a.py", text, ALLOWANCES))
    told = f"{scanned} {settling.wrong()} {settling.unused()}"
    assert scanned.found[0].reason == "[redacted:email] has agreed"
    assert "olav" not in told
    assert "kerst" not in told


def test_a_comment_that_nothing_needs_is_told_where_its_file_was_looked_at_whole() -> None:
    text = b'A = "x"  # ringfence: allow EMAIL_ADDRESS a reason\n'
    for item, history, unused in [
        (item_of("a.py", text), False, 1),
        (item_of("a.py", text), True, 0),
        (item_of("a.py", text).__class__("a.py", item_of("a.py", text).origin, lines=((1, 2),)), False, 0),
    ]:
        settling = Settling(ALLOWANCES, history=history)
        settling.take(looked_at("a.py", text, ALLOWANCES, item=item))
        assert len(settling.unused()) == unused


def test_what_is_noted_or_carried_needs_no_allowance_and_uses_none() -> None:
    text = b'A = "%s"  # ringfence: allow EMAIL_ADDRESS a reason\n' % MAIL
    reading = ALLOWANCES.about(item_of("a.py", text), lambda: BytesIO(text), DETECTOR)
    reading.open()
    for standing in (Standing.NOTED, Standing.CARRIED):
        found = Found("a.py", "EMAIL_ADDRESS", "user.contact.email", 1.0, (), standing, line=1)
        scanned = reading.settled(Scanned(reading.item, (found,)))
        assert scanned.found == (found,)
        assert scanned.allowances[0].used == 0


def test_members_of_archives_say_nothing() -> None:
    text = b"ringfence: allow EMAIL_ADDRESS a reason\n"
    reading = ALLOWANCES.about(item_of("a.zip", text), lambda: BytesIO(text), DETECTOR)
    reading.open()
    found = Found(
        "a.zip", "EMAIL_ADDRESS", "user.contact.email", 1.0, (), Standing.REFUSED, line=1, members=("notes.txt",)
    )
    assert reading.settled(Scanned(reading.item, (found,))).found == (found,)


def test_a_server_may_let_comments_count_for_nothing() -> None:
    text = b'A = "%s"  # ringfence: allow EMAIL_ADDRESS a reason\n' % MAIL
    scanned = looked_at("a.py", text, Allowances(inline=False))
    assert standings(scanned) == [("refused", "", "")]
    assert scanned.allowances == ()


@pytest.mark.parametrize("size", [-1, 0])
def test_a_file_larger_than_what_is_held_is_read_again(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(allowing, "KEPT", 1000)
    text = b"x = 1\n" * 400_000 + b'A = "%s"  # ringfence: allow EMAIL_ADDRESS a reason\n' % MAIL
    item = item_of("a.py", text if size == 0 else b"")
    reading = ALLOWANCES.about(
        item if size == 0 else item.__class__("a.py", item.origin), lambda: BytesIO(text), DETECTOR
    )
    assert reading.open().read() == text
    assert reading.open().read() == text
    found = Found("a.py", "EMAIL_ADDRESS", "user.contact.email", 1.0, (), Standing.REFUSED, line=400_001)
    assert reading.settled(Scanned(reading.item, (found,))).found[0].reason == "a reason"


@pytest.mark.parametrize(
    "text",
    [
        b"ringfence: allow EMAIL_ADDRESS a reason " * 20_000,
        b"ringfence: allow EMAIL_ADDRESS a reason\n" * 100_000,
        b"# " * 1_000_000 + b"ringfence: allow EMAIL_ADDRESS a",
        b"ringfence: allow " + b"A," * 1_000_000,
        b"ringfence: allow EMAIL_ADDRESS \xff\xfe\x00 \xf0\n" * 1000,
        b"\xff\xfe" + b"ringfence: allow EMAIL_ADDRESS a" * 1000,
        b"\n" * 3_000_000 + b"ringfence: allow \n",
        b"ringfence: allow EMAIL_ADRESS a\n" * 20_000,
    ],
)
def test_a_file_full_of_them_is_read_within_bounds(text: bytes) -> None:
    reading = ALLOWANCES.about(item_of("a.py", text), lambda: BytesIO(text), DETECTOR)
    reading.open()
    began = time.process_time()
    reading.settled(Scanned(reading.item))
    assert time.process_time() - began < 10


@given(st.binary(max_size=300), st.sampled_from(["a.py", "a.yaml", "a.sql", "a.csv", "", ".env", "a.xml"]))
def test_whatever_a_file_holds_it_is_read(data: bytes, name: str) -> None:
    for text in (data, b"ringfence: allow " + data, data + b"# ringfence: allow EMAIL_ADDRESS " + data):
        reading = ALLOWANCES.about(item_of(name, text), lambda text=text: BytesIO(text), DETECTOR)
        assert reading.open().read() == text
        reading.settled(Scanned(reading.item))


@given(st.integers(0, 20), st.integers(0, 5), st.sampled_from([b"\n", b"\r\n"]))
def test_a_comment_stays_with_its_line_wherever_that_moves(above: int, below: int, end: bytes) -> None:
    lines = [b"x = %d" % number for number in range(above)]
    lines += [b"# ringfence: allow EMAIL_ADDRESS a reason", b'A = "%s"' % MAIL, b'B = "%s"' % OTHER]
    lines += [b"y = 1"] * below
    scanned = looked_at("a.py", end.join(lines) + end, ALLOWANCES)
    assert [one[0] for one in standings(scanned)] == ["allowed", "refused"]
