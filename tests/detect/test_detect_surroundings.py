"""Values in company: what stands beside a value, or how its surroundings are written, must not hide it."""

import pytest

from ringfence.detect import Detector

DETECTOR = Detector()

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"

VALUES = {
    "EMAIL_ADDRESS": ("anna.berg@mail.example", "zo%C3%AB%40mail.example", "zoë@exämple.example"),
    "PHONE_NUMBER": ("+49 30 23125000", "+14155550132", "+1 (415) 555-0132", "%2B14155550132"),
    "CREDIT_CARD": ("4111111111111111", "4111 1111 1111 1111", "3782-822463-10005"),
    "IBAN": ("DE89370400440532013000", "gb82 west 1234 5698 7654 32"),
    "US_SSN": ("536-22-8712", "219-09-9998"),
    "IP_ADDRESS": ("192.0.2.17", "2001:db8::8a2e:370:7334", "fe80::1%eth0", "2001:0db8:0:0:0:ff00:42:8329"),
    "MAC_ADDRESS": ("00:1A:2B:3C:4D:5E", "aa-bb-cc-dd-ee-f0", "0012.3456.789A"),
    "JWT": (TOKEN,),
    "DATE_OF_BIRTH": ("1980-03-12", "12 March 1980", "12.03.1980"),
}
EVERY = [(entity, value) for entity, values in VALUES.items() for value in values]

SURROUNDINGS = (
    *(
        "{}",
        "{}\r\n",
        "\t{}\t",
        "({})",
        "[{}]",
        "<{}>",
        '"{}"',
        "'{}'",
        "“{}”",
        "«{}»",
        "x={};y=1",
        "x:{}",
        "k: {}",
        "|{}|",
    ),
    *(
        "{}.",
        "{},",
        "{}…",
        "—{}—",
        "\u00a0{}\u00a0",
        "\u200b{}\u200b",
        "\ufeff{}",
        "\x00{}\x00",
        "日本{}日本",
        "a,{},b",
    ),
    *(
        r"\n{}\n",
        r"\t{}\t",
        r"\\n{}\\n",
        r"\"{}\"",
        r"\u0022{}\u0022",
        r"\x27{}\x27",
        "%22{}%22",
        "%20{}%20",
        "x%3D{}%26",
    ),
    *(
        "\x1b[31m{}\x1b[0m",
        r"\u001b[1;31m{}\u001b[0m",
        r"\033[31m{}\033[0m",
        "client:{}",
        "node:{}",
        "2024-05-17 10:05:50 {}",
    ),
)

SEPARATORS = (" ", ",", "\t", "|", ";", "  ", ", ", "/", r"\n", r"\t")


def covered(text: str) -> set[int]:
    return {at for one in DETECTOR.find(text) for at in range(one.start, one.end)}


def left(text: str, value: str, at: int) -> str:
    """Give the letters and digits of a value that no finding covers."""
    known = covered(text)
    return "".join(char for number, char in enumerate(value, at) if number not in known and char.isalnum())


def spelt(entity: str, value: str) -> tuple[str, int]:
    """Give a value with the word that it needs, and where it begins in that."""
    return (f"born {value}", len("born ")) if entity == "DATE_OF_BIRTH" else (value, 0)


@pytest.mark.parametrize(("entity", "value"), EVERY, ids=[value[:24] for _, value in EVERY])
def test_a_value_is_found_whatever_surrounds_it(entity: str, value: str) -> None:
    text, shift = spelt(entity, value)
    for around in SURROUNDINGS:
        whole = around.format(text)
        assert left(whole, value, around.index("{}") + shift) == "", around


@pytest.mark.parametrize(("entity", "value"), EVERY, ids=[value[:24] for _, value in EVERY])
def test_neighbours_do_not_hide_each_other(entity: str, value: str) -> None:
    first, shift = spelt(entity, value)
    for other, value_beside in EVERY:
        second, shift_beside = spelt(other, value_beside)
        for separator in SEPARATORS:
            whole = first + separator + second
            assert left(whole, value, shift) == "", whole
            assert left(whole, value_beside, len(first + separator) + shift_beside) == "", whole


BEFORE = (
    "order: ",
    "order:",
    "id=",
    '"id": ',
    "ts=",
    "version=",
    "hash=",
    "seq=",
    "sku=",
    "serial: ",
    "bytes=",
    "urn:uuid:",
)


@pytest.mark.parametrize("before", [*BEFORE, *map(str.upper, BEFORE)])
@pytest.mark.parametrize("card", ["4539578763621486", "5500005555555559", "371449635398431", "4539 5787 6362 1486"])
def test_no_name_before_a_card_hides_it(before: str, card: str) -> None:
    assert left(before + card, card, len(before)) == ""


@pytest.mark.parametrize("before", ["order: ", "order no. ", "ref ", "test ", "part ", "invoice: ", "serial number "])
def test_no_things_name_hides_a_social_security_number_as_it_is_printed(before: str) -> None:
    assert left(before + "536-22-8712", "536-22-8712", len(before)) == ""


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ("4539578763621486", ".0"),
        ("4539578763621486", ".00"),
        ("anna.berg@mail.de", ".5"),
        ("anna.berg@mail.de", ".0.1"),
    ],
)
def test_decimals_behind_a_value_do_not_hide_it(value: str, after: str) -> None:
    assert left(value + after, value, 0) == ""


@pytest.mark.parametrize("mark", ["-", "_", ".", "+", "~"])
def test_an_address_is_found_behind_whatever_a_mark_joins_it_to(mark: str) -> None:
    mail = "anna.berg@mail.example"
    for value in ("4111111111111111", "+49 30 23125000", "DE89370400440532013000", "536-22-8712"):
        whole = value + mark + mail
        assert left(whole, mail, len(value + mark)) == ""
        assert left(whole, value, 0) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.17-192.0.2.20", ["192.0.2.17", "192.0.2.20"]),
        ("[2001:db8::1]:443 2001:0db8:0:0:0:ff00:42:8329:443", ["2001:db8::1", "2001:0db8:0:0:0:ff00:42:8329"]),
        ("mac 00:1A:2B:3C:4D:5E:443", ["00:1A:2B:3C:4D:5E"]),
        ("see...anna@mail.example", ["anna@mail.example"]),
        ("mail zo\\u00eb\\u0040mail.example", ["zo\\u00eb\\u0040mail.example"]),
        ("a%2520anna%2540mail.example", ["anna%2540mail.example"]),
        ("+14155550132/17 sip:+14155550132:5060", ["+14155550132", "+14155550132"]),
        ("tel 030 23125000 030 23125001", ["030 23125000", "030 23125001"]),
        ("_".join(["a@b.cd"] * 9), ["a@b.cd"] * 9),
        ("SSN: 4 078 05 1123", ["078 05 1123"]),
        ("x" * 200 + "@mail.example", ["x" * 64 + "@mail.example"]),
    ],
)
def test_forms_that_are_joined_to_something_are_found(text: str, found: list[str]) -> None:
    assert [text[one.start : one.end] for one in DETECTOR.find(text)] == found


@pytest.mark.parametrize(
    "text",
    [
        "cpu=0.118553608638091 at -0.4111111111111111",
        "request ee852a8a-dfd7-1fd1-98b4-65e82ad4f3fa be71096123456769ab",
        "fingerprint a3:25:a6:5e:19:cb:ae:53:02:82:bd:36:cb:9d:21:f6:be:6a:bf:0d",
        "h = h * 69069 + 907133923",
        "std::cout Ada::Face 12:34:56 12345:db8::1",
        "1-536-22-8712 536-22-8712-1",
        "host db.example:5432 mail @home",
    ],
)
def test_what_is_nobodys_is_left_alone(text: str) -> None:
    assert DETECTOR.find(text) == []


def test_the_name_of_a_host_is_no_remainder_of_an_address() -> None:
    text = "postgres://anna:s3cret@db.example:5432/shop"
    assert [text[one.start : one.end] for one in DETECTOR.find(text)] == ["anna:s3cret"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user.names", "Anna Berg"),
        ("contact.mobile.number", "030 23125003"),
        ("phones[0]", "030 23125001"),
        ("patient.telecom.value", "030 23125001"),
        ("person.birth.date", "1980-03-13"),
        ("birthdays[]", "1980-03-15"),
    ],
)
def test_lists_and_nested_names_are_read_as_what_they_are(field: str, value: str) -> None:
    assert [(one.start, one.end) for one in DETECTOR.find(value, field=field)] == [(0, len(value))]
