"""What a finding is worth where it stands: what is noted, and what must be refused however much it looks like an example."""

import io
from base64 import b64encode

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

_WORDS_ONLY = [("USERNAME", "known:placeholder"), ("PASSWORD", "known:placeholder")]
_SEALED = [("PASSWORD", "known:placeholder")] * 2

_BEGIN = "-----BEGIN RSA PRIVATE KEY"
_CARD = "4539 1488 0343 6467"

NOTED = [
    ("a.py", 'HOST = "127.0.0.1"', [(_IP, "known:special-use")]),
    ("a.py", "# routed to 10.20.30.41 over there", [(_IP, "known:special-use")]),
    ("a.py", 'NET = "10.20.0.0/16"', [(_IP, "known:network")]),
    ("a.py", 'DNS = "8.8.8.8"', [(_IP, "known:public-service")]),
    ("a.py", "# see section 8.2.4.29 of the text", []),
    ("a.py", "# RFC 5891 §4.2.3.2 says so", [(_IP, "known:section-or-version")]),
    ("a.py", 'ED25519 = ObjectIdentifier("1.3.101.112")', [(_IP, "known:section-or-version")]),
    ("requirements.txt", "shop[x]>=83.149.9.216,<84\n", [(_IP, "known:section-or-version")]),
    ("requirements.txt", "shop<7.45.4,>=83.149.9.216\n", [(_IP, "known:section-or-version")]),
    ("x.dist-info/METADATA", "Requires-Dist: shop (!=83.149.9.216)\n", [(_IP, "known:section-or-version")]),
    ("a.json", '{"v": "11.2.0.2.v6"}', [(_IP, "known:section-or-version")]),
    ("a.xml", "<generator>LibreOffice/83.1.6.2$Linux</generator>", [(_IP, "known:section-or-version")]),
    ("a.schema", "attributetype ( 2.5.13.38 NAME 'shopMember' )\n", [(_IP, "known:section-or-version")]),
    ("CHANGES.rst", "83.2.0.1 (2031-04-14)\n---------\n", [(_IP, "known:section-or-version")]),
    ("a.py", "# from the spec 41.2.2.126", [(_IP, "known:section-or-version")]),
    ("a.rst", "    1.0.0.127.in-addr.arpa. 86400 IN PTR\n", [(_IP, "known:special-use")]),
    ("a.json", '{"Instances": [{"HealthStatus": "Healthy"}]}', [("HEALTH_CONDITION", "known:placeholder")]),
    ("a.yml", "user: {update_password: on_create}\n", [("PASSWORD", "known:placeholder")]),
    ("a.json", '{"account_number": "111122223333"}', [("US_BANK_NUMBER", "known:placeholder")]),
    ("a.toml", 'user_logins = ["dependabot[bot]"]\n', [("USERNAME", "known:role")]),
    (
        "a.py",
        f'"""E.g. `{_BEGIN}-----{"MIIEpQIBAAKCAQEA" * 4}\\n.-----END RSA"""',
        [("PRIVATE_KEY", "known:placeholder")],
    ),
    ("third-licenses.json", f'{{"text": "Copyright (c) 2031\\n  - Nora <{_ROW}>"}}', [(_MAIL, "place:notice")]),
    (
        "metadata.json",
        f'{{"extensions": {{"python.details": {{"contacts": [{{"email": "{_ROW}"}}]}}}}}}',
        [(_MAIL, "place:notice")],
    ),
    ("a.ts", "/* [MS-XLS] 2.5.198.57 */", [(_IP, "known:section-or-version")]),
    (
        "a.svg",
        '<svg><path d="M.7.76.75 0 0 1 .75.75.74.74 0 0 1-.75.75Zm"/></svg>',
        [(_IP, "known:section-or-version")],
    ),
    ("a.txt", '<path d="2.1 .87 2.33-.15 1.23.82.72 1.21 1.87.87 2.3-.1"/>', [(_IP, "known:section-or-version")]),
    ("a.py", 'A = "2002:7f00:1::"', [(_IP, "known:special-use")]),
    ("a.py", 'A = "64:ff9b::808:808"', [(_IP, "known:public-service")]),
    ("a.csv", "host\n169.254.169.254\n", [(_IP, "known:public-service")]),
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
    ("a.yml", f"# (c) 2031, Nora Perrin <{_ROW}>\na: 1\n", [(_MAIL, "place:notice")]),
    ("a.toml", f"# Copyright 2031 Nora Perrin <{_ROW}>\na = 1\n", [(_MAIL, "place:notice")]),
    ("a.xml", f"<!-- Author: Nora Perrin ({_ROW}) --><a/>", [(_MAIL, "place:notice")]),
    ("a.rst", f".. moduleauthor:: Nora Perrin <{_ROW}>\n", [(_MAIL, "place:notice")]),
    ("a.py", f'"""A port.\n\nMinor additions by Nora <{_ROW}>\n"""\n', [(_MAIL, "place:notice")]),
    ("shop.1", f".TH SHOP 1\n.SH AUTHOR\nshop by Nora <{_ROW}>.\n", [(_MAIL, "place:notice")]),
    ("vendor.js.LICENSE.txt", f"/*! @x\n Nora <{_ROW}>\n*/\n", [(_MAIL, "place:notice")]),
    ("x-1-py3-none-any.whl.metadata", f"Name: x\nAuthor-email: {_ROW}\n", [(_MAIL, "place:notice")]),
    ("x/1.0.json", f'{{"info": {{"author_email": "{_ROW}"}}}}', [(_MAIL, "place:notice")]),
    ("complete.toml", f'[tool.poetry]\nauthors = ["Nora <{_ROW}>"]\n', [(_MAIL, "place:notice")]),
    ("setup.py", f"told = {{'author_email': '{_ROW}'}}\nsetup(**told)\n", [(_MAIL, "place:notice")]),
    ("package.json.orig", f'{{"author": {{"email": "{_ROW}"}}}}', [(_MAIL, "place:notice")]),
    ("pt.po", f'msgid ""\nmsgstr ""\n"Last-Translator: Nora Perrin "\n"<{_ROW}>\\n"\n', [(_MAIL, "place:notice")]),
    ("doc/whatsnew/0.x.rst", f"* a fix (told of by\n  {_ROW})\n", [(_MAIL, "place:notice")]),
    ("LICENSE", "Fonts Ltd, phone: (718) 269-1816.\n", [("PHONE_NUMBER", "place:notice")]),
    ("a.py", 'REPLY = "no-reply@brunelle-versand.fr"', [(_MAIL, "known:role")]),
    ("a.py", "# ask brunelle-dev@lists.brunelle-versand.fr", [(_MAIL, "known:role")]),
    ("a.py", "# 01-23-45-67-89-ab, in hex", [("MAC_ADDRESS", "known:placeholder")]),
    ("a.yml", "repo: git@forge.brunelle-versand.fr:shop/x.git\n", [(_MAIL, "known:role")]),
    ("a.yml", "name: worker@100.service\n", [(_MAIL, "known:placeholder")]),
    ("a.csv", "origin\ngit@github.com\n", [(_MAIL, "known:role")]),
    ("a.py", 'KEX = f"kex-strict-{one}-v00@openssh.com"', [(_MAIL, "known:role")]),
    ("a.ics", "ATTENDEE:MAILTO:attendee@domain.tld\n", [(_MAIL, "known:placeholder")]),
    ("a.sty", "\\\\@nameuse{KV@shop@div.topic_border}\n", [(_MAIL, "known:placeholder")]),
    ("a.py", 'TEAM = "LANGUAGE <LL@li.org>"', [(_MAIL, "known:placeholder")]),
    ("a.py", 'CC = "cc.test@brunelle-versand.fr"', [(_MAIL, "known:placeholder")]),
    ("a.py", 'TO = "brunelle-test2@brunelle.fr"', [(_MAIL, "known:placeholder")]),
    ("a.py", 'MAIL = "foo@bar.com"', [(_MAIL, "known:placeholder")]),
    ("a.py", 'URL = "postgresql://user:password@db.brunelle-versand.fr/x"', [("URL_CREDENTIALS", "known:placeholder")]),
    ("a.py", 'URL = f"https://{user}:{password}@db.brunelle-versand.fr/x"', [("URL_CREDENTIALS", "known:placeholder")]),
    ("a.py", 'HEAD = b"-----BEGIN OPENSSH PRIVATE KEY-----"', [("PRIVATE_KEY", "known:placeholder")]),
    ("a.py", "# he said: age 44", [("AGE", "place:alone")]),
    ("a.py", "# of jo@example.com: age 44", [(_MAIL, "known:documentation"), ("AGE", "place:alone")]),
    ("a.py", 'TO = "+1 415 555 1234"', [("PHONE_NUMBER", "known:placeholder")]),
    ("a.csv", "phone\n+1-919-555-4821\n", [("PHONE_NUMBER", "known:placeholder")]),
    ("a.txt", f"1357 1246 450 411 54 {_CARD} 152 806 505 98 12\n", [("CREDIT_CARD", "place:listing")]),
    ("a.yml", 'db: {password: "{{ db_password }}"}', [("PASSWORD", "known:placeholder")]),
    ("a.yml", 'db: {password: "{{ db.pass | default(omit) }}"}', [("PASSWORD", "known:placeholder")]),
    ("a.yml", 'with: {username: "${{ secrets.HUB_USER }}"}', [("USERNAME", "known:placeholder")]),
    (".env", "DB_PASSWORD=${SHOP_PASSWORD}", [("PASSWORD", "known:placeholder")]),
    ("a.yml", "db: {username: my_user, password: other-mysql-password}", _WORDS_ONLY),
    ("a.yml", f"db:\n  password: |\n    $ANSIBLE_VAULT;1.1;AES256\n    {'3637623935356263' * 4}\n", _SEALED),
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
    ("a.py", 'CC = "nora.test@brunelle-versand.fr"', [_MAIL]),
    ("a.py", 'CC = "perrin+test@brunelle-versand.fr"', [_MAIL]),
    ("a.py", "# 3c-07-54-67-89-ab, in hex", ["MAC_ADDRESS"]),
    ("a.csv", "email\nx@nora.perrin@brunelle-versand.fr\n", [_MAIL]),
    ("customers.metadata", f"Nora <{_ROW}>\n", [_MAIL]),
    ("history.txt", "seen again, phone: (718) 269-1816.\n", ["PHONE_NUMBER"]),
    ("a.txt", "login!=83.149.9.216\n", [_IP]),
    ("a.csv", "email\ncc.test@brunelle-versand.fr\n", [_MAIL]),
    ("a.csv", "email\ngit@brunelle-versand.fr\n", [_MAIL]),
    ("a.md", "Follow @nora.perrin@brunelle-versand.fr there.\n", [_MAIL]),
    ("a.py", "# of 'Nora Perrin' (jo@example.com): age 44", ["AGE"]),
    ("a.csv", "phone\n+1-888-555-4821\n", ["PHONE_NUMBER"]),
    ("a.csv", "phone\n+1-919-556-4821\n", ["PHONE_NUMBER"]),
    ("a.csv", "phone\n+33 1 55 55 48 21\n", ["PHONE_NUMBER"]),
    ("a.txt", f"2031 05 04 {_CARD} 12 32 123\n", ["CREDIT_CARD"]),
    ("a.txt", f"4485 2757 4230 8327 {_CARD} 4916 3385 0608 2832\n", ["CREDIT_CARD"] * 3),
    ("a.txt", "LinkedIn: https://www.linkedin.com/in/nora-perrin\n", ["URL"]),
    ("a.txt", "ip.addr==83.149.9.216\n", [_IP]),
    ("a.txt", "remote_host >= 83.149.9.216\n", [_IP]),
    ("a.txt", "83.2.0.1 (2031-04-14) logged in\n", [_IP]),
    ("a.rst", "    216.9.149.83.in-addr.arpa. 86400 IN PTR\n", [_IP]),
    ("a.json", '{"patient": {"healthStatus": "asthma"}}', ["HEALTH_CONDITION"]),
    ("a.json", '{"lena": {"params": {"parent_name": "marlene"}}}', ["PERSON"]),
    ("a.json", '{"marlene.o@post.example": {"parent_name": "marlene"}}', ["PERSON"]),
    ("a.json", '{"Marlene": {"first_name": "Marlene"}}', ["PERSON"]),
    ("seats-licenses.json", f'{{"seat": "Nora <{_ROW}>"}}', [_MAIL]),
    ("metadata.json", f'{{"contacts": [{{"email": "{_ROW}"}}]}}', [_MAIL]),
    ("a.py", 'if sender == "83.149.9.216":', [_IP]),
    ("a.txt", "Received: from mail <83.149.9.216>\n", [_IP]),
    ("a.txt", "83.149.9.215 83.149.9.216 83.149.9.217 83.149.9.218 83.149.9.219\n", [_IP] * 5),
    ("a.txt", "83.149.9.215,83.149.9.216,83.149.9.217 - 83.149.9.218\n", [_IP] * 4),
    ("a.py", 'A = "::ffff:83.149.9.216"', [_IP]),
    ("a.py", 'A = "2002:5395:9d8::1"', [_IP]),
    ("a.py", 'LINE = "83.149.9.216 - - [17/May/2031:10:05:50 +0000] GET /"', [_IP]),
    ("a.py", 'URL = "postgresql://shop:Kq7-vVz2mE@db.brunelle-versand.fr/x"', ["URL_CREDENTIALS"]),
    (".env", "DATABASE_URL=postgresql://shop:Kq7-vVz2mE@localhost/x", ["URL_CREDENTIALS"]),
    ("a.py", f"# Nora ({_ROW}), age 44", [_MAIL, "AGE"]),
    ("a.py", "# 'Nora Perrin', age 44", ["AGE"]),
    ("a.py", 'CARD = "4539148803436467"', ["CREDIT_CARD"]),
    ("README.md", f"Write to {_ROW}.\n", [_MAIL]),
    ("a.yml", f"# the customer {_ROW} cannot log in\na: 1\n", [_MAIL]),
    ("a.yml", f"# (c) 2031, Nora Perrin\na: 1\nmail: {_ROW}\n", [_MAIL]),
    ("a.xml", f"<!-- Author: Nora Perrin --><a>{_ROW}</a>", [_MAIL]),
    ("shop.log.1", f"author: {_ROW} logged in\n", [_MAIL]),
    ("a.py", f"# a fix, and a version, that was asked for by {_ROW}\n", [_MAIL]),
    ("shop.1", f".TH SHOP 1\n.SH AUTHOR\nNora\n.SH EXAMPLES\nshop {_ROW}\n", [_MAIL]),
    ("x.LICENSE.csv", f"seat,email\n1,{_ROW}\n", [_MAIL]),
    ("x/1.0.json", f'{{"comments": [{{"author_email": "{_ROW}"}}]}}', [_MAIL]),
    ("a.py", f"told = {{'author_email': '{_ROW}'}}\n", [_MAIL]),
    ("pt.po", f'msgid "a"\nmsgstr ""\n"ask Nora "\n"<{_ROW}>\\n"\n', [_MAIL]),
    ("changelog/customers.csv", f"id,email\n1,{_ROW}\n", [_MAIL]),
    ("a.md", "Fonts Ltd, phone: (718) 269-1816.\n", ["PHONE_NUMBER"]),
    ("a.yml", "db: {username: nperrin, password: Kq7-vVz2mE}", ["USERNAME", "PASSWORD"]),
    ("a.yml", "db: {password: \"{{ 'Kq7-vVz2mE' | hash }}\"}", ["PASSWORD"]),
    ("a.yml", 'db: {password: "{{ salt }}Kq7-vVz2mE{{ end }}"}', ["PASSWORD"]),
    ("a.yml", 'user: {name: "{{ title }} Nora Perrin"}', ["PERSON"]),
    ("users.csv", "username,password\nbob,Kq7-vVz2mE\n", ["USERNAME", "PASSWORD"]),
    ("a.json", '{"user": {"name": "nora.perrin"}}', ["PERSON"]),
    ("a.json", '{"user": {"name": "GetHer Marlene"}}', ["PERSON"]),
    ("a.json", '{"display_name": "Nora Perrin"}', ["PERSON"]),
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
    "content",
    [
        '{"metadata": {"kernelspec": {"display_name": "Python 3 (ipykernel)"}}}',
        '{"params": {"parent_name": "chart.title"}}',
        '{"chart.title": {"params": {"parent_name": "chart"}}}',
        '{"user": {"name": "chart.title.font"}}',
        '{"operations": {"DeleteUser": {"name": "DeleteUser"}}}',
        '{"operations": {"AttuneAppWithUser": {"name": "AttuneAppWithUser"}}}',
        '{"user": {"name": "{{ item }}"}}',
        '{"src/Tooltip.react.js": {"displayName": "Tooltip"}}',
        '{"metadata": {"serviceFullName": "Amazon Route 53"}}',
    ],
)
def test_a_programs_thing_is_noted_where_a_person_could_be_named(content: str) -> None:
    assert told("a.json", content) == [("PERSON", "known:placeholder")]


def test_a_firms_page_is_no_persons() -> None:
    assert told("a.txt", "LinkedIn: https://www.linkedin.com/company/brunelle\n") == [("URL", "known:role")]


def test_the_second_column_of_a_table_of_places_holds_no_telephones() -> None:
    signs = ("+-", "--", "++", "-+")
    places = [
        f"{signs[number % 4][0]}{10 + number}{number % 60:02}{signs[number % 4][1]}0{30 + number}{(7 * number) % 60:02}"
        for number in range(60)
    ]
    found = told("zone.tab", "\n".join(f"X{number}\t{place}\tA/B{number}" for number, place in enumerate(places)))
    assert {why for entity, why in found if entity == "PHONE_NUMBER"} == {"place:listing"}
    people = "\n".join(f"X{number}\t+49 1516 4{number:02}792{number % 10}\tA/B{number}" for number in range(30))
    assert ("PHONE_NUMBER", "") in told("zone.tab", people)


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


@pytest.mark.parametrize(
    "line",
    [
        f"curl -d email={_ROW} https://shop.brunelle-versand.fr/",
        f"curl https://shop.brunelle-versand.fr/?email={_ROW}",
        f"git config user.email {_ROW}",
        f"mail -s x {_ROW} < a.txt",
        f"ssh web1 true; mail -s x {_ROW}",
    ],
)
def test_a_word_of_a_shell_is_data_without_quotes(line: str) -> None:
    assert told("a.sh", line + "\n") == [(_MAIL, "")]
    assert told("run", f"#!/bin/bash\n{line}\n") == [(_MAIL, "")]
    assert told("a.py", line + "\n") == []


@pytest.mark.parametrize(
    "line",
    [
        "ssh -p 22 nora.perrin@web.brunelle-versand.fr uptime",
        "rsync -a x nora.perrin@web.brunelle-versand.fr:/srv",
        "git clone ssh://nora.perrin@web.brunelle-versand.fr/x",
        "git remote add x nora.perrin@web.brunelle-versand.fr:x.git",
        "curl https://nora.perrin@web.brunelle-versand.fr/x",
        "notify $WHO@brunelle-versand.fr",
    ],
)
def test_whom_a_machine_is_entered_as_is_no_word_of_data(line: str) -> None:
    assert told("a.sh", line + "\n") == []


@pytest.mark.parametrize("address", ["n.p@velten.fr", _ROW, f"email={_ROW}"])
@pytest.mark.parametrize("written", ["mail: {}", 'mail: "{}"', "mail: |\n    {}"])
def test_an_address_in_a_secret_of_kubernetes_is_told_in_its_base64(address: str, written: str) -> None:
    value = b64encode(address.encode()).decode()
    assert told("a.yaml", f"kind: Secret\ndata:\n  {written.format(value)}\n") == [(_MAIL, "")]


@pytest.mark.parametrize("body", ["string: email={}&x=1", "string: 'x=1&email={}'", "string: |\n    email={}&x=1"])
def test_an_address_in_a_recorded_form_is_told(body: str) -> None:
    form = body.format(_ROW.replace("@", "%40"))
    assert told("cassette.yaml", f"interactions:\n- request:\n   {form}\n".replace("\n    ", "\n      ")) == [
        (_MAIL, "")
    ]
