"""What a finding is worth where it stands: what is noted, and what must be refused however much it looks like an example."""

import io

import pytest

from ringfence.extract.model import Bounds
from ringfence.gates.git.model import Item, Origin, Standing
from ringfence.gates.git.rules import Rules, rules_of
from ringfence.gates.git.scanning import Scanner
from ringfence.policy import Asker, FlowId, read


def told(name: str, content: str, origin: Origin = Origin.FILE) -> list[tuple[str, str]]:
    """Give entity and why of what is found; "" for what is refused."""
    data = content.encode()
    scanned = Scanner(Rules(), Bounds(leaves_out=frozenset())).scan(
        Item(name, origin, len(data)), lambda: io.BytesIO(data)
    )
    assert all(bool(one.why) == (one.standing is Standing.NOTED) for one in scanned.found)
    return [(one.entity, one.why) for one in scanned.found]


_MAIL, _IP = "EMAIL_ADDRESS", "IP_ADDRESS"
_ROW = "nora.perrin@brunelle-versand.fr"

NOTED = [
    ("a.py", 'HOST = "127.0.0.1"', [(_IP, "known:special-use")]),
    ("a.py", "# routed to 10.20.30.41 over there", [(_IP, "known:special-use")]),
    ("a.py", 'NET = "10.20.0.0/16"', [(_IP, "known:network")]),
    ("a.py", 'DNS = "8.8.8.8"', [(_IP, "known:public-service")]),
    ("a.py", "# see section 8.2.4.29 of the text", []),
    ("a.py", "# RFC 5891 §4.2.3.2 says so", [(_IP, "known:section-or-version")]),
    ("a.py", 'ED25519 = ObjectIdentifier("1.3.101.112")', [(_IP, "known:section-or-version")]),
    ("a.csv", "host,port\n127.0.0.1,80\n", [(_IP, "known:special-use")]),
    ("a.py", f'__author__ = "Nora Perrin <{_ROW}>"', [(_MAIL, "place:notice")]),
    ("a.py", f'__author__ = (\n    "Nora Perrin <{_ROW}>",\n)', [(_MAIL, "place:notice")]),
    ("a.py", f"# Copyright (c) 2031 Nora Perrin\n#\n# {_ROW}\nx = 1\n", [(_MAIL, "place:notice")]),
    ("a.py", f"#  Author: Nora Perrin\n#          {_ROW}\nx = 1\n", [(_MAIL, "place:notice")]),
    ("a.py", f'"""A lexer.\n\nContributed by Nora Perrin <{_ROW}>.\n"""\n', [(_MAIL, "place:notice")]),
    ("a.h", f"/* Original code by Nora Perrin <{_ROW}> */\n", [(_MAIL, "place:notice")]),
    ("setup.py", f'setup(name="x", author_email="{_ROW}")', [(_MAIL, "place:notice")]),
    ("LICENSE", f"Copyright 2031 Nora Perrin {_ROW}\n", [(_MAIL, "place:notice")]),
    ("AUTHORS.md", f"- Nora {_ROW}\n", [(_MAIL, "place:notice")]),
    (".mailmap", f"Nora <{_ROW}>\n", [(_MAIL, "place:notice")]),
    ("x-1.dist-info/METADATA", f"Name: x\nAuthor-email: {_ROW}\n", [(_MAIL, "place:notice")]),
    ("fr.po", f'# Nora <{_ROW}>, 2031\nmsgid "a"\n', [(_MAIL, "place:notice")]),
    ("a.patch", f"Signed-off-by: Nora Perrin <{_ROW}>\n", [(_MAIL, "place:notice")]),
    ("a.py", 'REPLY = "no-reply@brunelle-versand.fr"', [(_MAIL, "known:role")]),
    ("a.py", "# ask brunelle-dev@lists.brunelle-versand.fr", [(_MAIL, "known:role")]),
    ("a.py", 'MAIL = "foo@bar.com"', [(_MAIL, "known:placeholder")]),
    ("a.py", 'URL = "postgresql://user:password@db.brunelle-versand.fr/x"', [("URL_CREDENTIALS", "known:placeholder")]),
    ("a.py", 'URL = f"https://{user}:{password}@db.brunelle-versand.fr/x"', [("URL_CREDENTIALS", "known:placeholder")]),
    ("a.py", 'HEAD = b"-----BEGIN OPENSSH PRIVATE KEY-----"', [("PRIVATE_KEY", "known:placeholder")]),
    ("a.py", "# he said: age 44", [("AGE", "place:alone")]),
]
"""What is noted in programs, notices, documents; none of it is a reason to refuse."""

REFUSED = [
    ("seed.rb", f'User.create!(first_name: "Nora", last_name: "Perrin", email: "{_ROW}")', ["PERSON", "PERSON", _MAIL]),
    ("Seed.java", 'c.setFirstName("Nora"); c.setLastName("Perrin");', ["PERSON", "PERSON"]),
    ("app.log", "created Customer(firstName=Nora, lastName=Perrin)\n", ["PERSON", "PERSON"]),
    ("tests/test_customers.py", f'CUSTOMER = {{"email": "{_ROW}"}}', [_MAIL]),
    ("tests/fixtures/customers.csv", f"full_name,email\nNora Perrin,{_ROW}\n", ["PERSON", _MAIL]),
    ("a.py", f"# the customer {_ROW} cannot log in", [_MAIL]),
    ("a.py", f"# e.g. Nora Perrin <{_ROW}> cannot log in", [_MAIL]),
    ("a.py", f'ROWS = """\nINSERT INTO author VALUES (1, \'{_ROW}\');\n"""', [_MAIL]),
    ("a.py", f'BOOK = {{"author": "{_ROW}"}}', [_MAIL]),
    ("authors.csv", f"author,email\nNora Perrin,{_ROW}\n", [_MAIL]),
    ("contributors.json", f'[{{"author": "{_ROW}"}}]', [_MAIL]),
    ("package.json", f'{{"config": {{"notify": "{_ROW}"}}}}', [_MAIL]),
    ("server.log", f"author: {_ROW} logged in\n", [_MAIL]),
    ("LICENSES.csv", f"seat,email\n1,{_ROW}\n", [_MAIL]),
    ("licenses/seats.csv", f"seat,email\n1,{_ROW}\n", [_MAIL]),
    ("customers.csv", "email\nsales@brunelle-versand.fr\n", [_MAIL]),
    ("access.log", "10.20.30.41 - - GET /\n", [_IP]),
    ("a.py", 'LINE = "83.149.9.216 - - [17/May/2031:10:05:50 +0000] GET /"', [_IP]),
    ("a.py", 'URL = "postgresql://shop:Kq7-vVz2mE@db.brunelle-versand.fr/x"', ["URL_CREDENTIALS"]),
    (".env", "DATABASE_URL=postgresql://shop:Kq7-vVz2mE@localhost/x", ["URL_CREDENTIALS"]),
    ("a.py", f"# Nora ({_ROW}), age 44", [_MAIL, "AGE"]),
    ("a.py", "# 'Nora Perrin', age 44", ["AGE"]),
    ("a.py", 'CARD = "4539148803436467"', ["CREDIT_CARD"]),
    ("README.md", f"Write to {_ROW}.\n", [_MAIL]),
]
"""What is refused, whatever stands around it."""


@pytest.mark.parametrize(("name", "content", "expected"), NOTED)
def test_an_example_a_notice_or_a_part_of_a_program_is_noted_with_its_reason(
    name: str, content: str, expected: list[tuple[str, str]]
) -> None:
    assert [(entity, why) for entity, why in told(name, content) if entity not in ("PERSON", "URL")] == expected


@pytest.mark.parametrize(("name", "content", "expected"), REFUSED)
def test_data_of_people_is_refused_however_much_stands_around_it(name: str, content: str, expected: list[str]) -> None:
    found = told(name, content)
    assert [entity for entity in expected if (entity, "") not in found] == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('User(first_name="Nora")', [("PERSON", "place:alone")]),
        ('User(first_name="John", last_name="Doe")', [("PERSON", "known:placeholder")]),
        ('first_name = Column("First name", String)\nlast_name = "Unknown"', []),
    ],
)
def test_a_name_behind_a_key_of_a_program_is_noted_where_it_is_nobodys(
    content: str, expected: list[tuple[str, str]]
) -> None:
    assert told("a.py", content) == expected


POLICY = """\
version: 1
zones: {dev: {label: developers}, repo: {label: repository}}
assets: {code: {zone: repo, kind: git, fields: {sku: none}}}
flows: [{id: push, from: dev, to: code, else: deny}]
"""


@pytest.mark.parametrize("value", ["12345678", "0", "100000", '"Example GmbH"'])
def test_an_unknown_field_takes_what_the_flow_says_of_it_however_harmless_it_looks(value: str) -> None:
    policy = read("p.yaml", {"p.yaml": POLICY}, {})
    data = f'{{"sku": 12345678, "size": {value}}}'.encode()
    scanned = Scanner(rules_of(policy, policy.flows[FlowId("push")], Asker())).scan(
        Item("a.json", Origin.FILE, len(data)), lambda: io.BytesIO(data)
    )
    assert [(one.category, one.standing, one.rule) for one in scanned.found] == [
        ("unknown", Standing.REFUSED, "flows.push.unknown")
    ]


def test_a_trailer_of_a_commit_is_a_notice_and_its_message_is_not() -> None:
    message = f"Fix what {_ROW} told us\n\nSigned-off-by: Nora Perrin <{_ROW}>\n"
    assert [why for entity, why in told("abc", message, Origin.COMMIT) if entity == _MAIL] == ["", "place:notice"]


def test_an_author_who_was_asked_for_is_no_notice() -> None:
    message = f"A change\n\nauthor Nora Perrin <{_ROW}> 1930000000 +0000\n"
    assert (_MAIL, "") in told("abc", message, Origin.COMMIT)


def test_a_certificate_is_made_to_be_shown_and_a_key_is_not() -> None:
    body = "bm9yYS5wZXJyaW5AYnJ1bmVsbGUtdmVyc2FuZC5mcg=="  # an address, in base64
    shown = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    assert {why for _, why in told("ca.pem", shown)} == {"place:certificate"}
    assert ("PRIVATE_KEY", "") in told("k.pem", f"-----BEGIN PRIVATE KEY-----\n{body * 4}\n-----END PRIVATE KEY-----\n")


def test_a_thousand_findings_in_one_line_are_weighed_in_their_own_windows() -> None:
    line = "# " + " ".join(f"nora.p{number}@brunelle-versand.fr" for number in range(3000)) + "\n"
    assert len(told("a.py", line)) == 3000


def test_what_stands_in_a_table_of_a_text_is_told_once_and_weighed_as_the_text_is() -> None:
    row = f"| First name | E-mail |\n|---|---|\n| Nora | {_ROW} |\n"
    assert told("notes.md", row) == [(_MAIL, ""), ("PERSON", "")]
    assert told("AUTHORS.md", row) == [(_MAIL, "place:notice"), ("PERSON", "place:notice")]
