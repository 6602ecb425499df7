"""A leak is recognised in every spelling, and forms that hide are not taken for one."""

import hashlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.probe.inferring import Inferred, Question, infer
from ringfence.probe.recognising import Recogniser, Reply, Watched, hidden_among

MAIL, CARD, BORN, NAME = "qvkzmwtx@brieffalke.de", "4539771234567897", "1980-05-17", "Zoë Wtxqvkz"
WATCHED = [
    Watched("user.contact.email", MAIL),
    Watched("user.financial.credit_card", CARD),
    Watched("user.demographic.date_of_birth", BORN),
    Watched("user.name", NAME),
    Watched("user.contact.address.country", "DE"),
]
SEEKER = Recogniser(WATCHED)


def seen(*rows: Sequence[str | bytes], texts: Sequence[bytes] = (), own: str = "") -> set[str]:
    cells = [[cell.encode() if isinstance(cell, str) else cell for cell in row] for row in rows]
    return {one.category for one in SEEKER.seek([Reply(rows=cells, texts=texts)], own)}


def _url(text: str) -> str:
    return quote(text, safe="")


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


ENCODINGS: dict[str, Callable[[str], str | bytes]] = {
    "raw": str,
    "upper case": str.upper,
    "reversed": lambda text: text[::-1],
    "URL": _url,
    "JSON escapes": _escaped,
    "hexadecimal": lambda text: text.encode().hex(),
    "capital hexadecimal": lambda text: text.encode().hex().upper(),
    "bytea": lambda text: "\\x" + text.encode().hex(),
    "base64 of hexadecimal": lambda text: b64encode(text.encode().hex().encode()),
    "base64 for addresses": lambda text: urlsafe_b64encode(f"?>{text}".encode()),
    **{
        f"base64 behind {shift} bytes": lambda text, shift=shift: b64encode(b"~" * shift + text.encode())
        for shift in range(3)
    },
    **{
        name: lambda text, name=name: hashlib.new(name, text.encode()).hexdigest()
        for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
    },
    "sha256 in base64": lambda text: b64encode(hashlib.sha256(text.encode()).digest()),
    "sha256 as bytes": lambda text: hashlib.sha256(text.encode()).digest(),
    "md5 of small letters": lambda text: hashlib.md5(text.lower().encode(), usedforsecurity=False).hexdigest(),
}


ASCII_ONLY: dict[str, Callable[[str], str | bytes]] = {
    "UTF-16": lambda text: text.encode("utf-16-le"),
    "UTF-16 in hexadecimal": lambda text: text.encode("utf-16-be").hex(),
    "UTF-32 in base64": lambda text: b64encode(text.encode("utf-32-le")),
    "entities": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "hexadecimal entities": lambda text: "".join(f"&#x{ord(letter):x};" for letter in text),
    "an array of numbers": lambda text: "{" + ",".join(str(ord(letter)) for letter in text) + "}",
    "bits": lambda text: "".join(f"{ord(letter):08b}" for letter in text),
    "bits apart": lambda text: " ".join(f"{ord(letter):08b}" for letter in text),
    "hexadecimal apart": lambda text: ":".join(f"{ord(letter):02x}" for letter in text),
    "escaped bytes": lambda text: "".join(f"\\x{ord(letter):02x}" for letter in text),
    "hexadecimal numbers": lambda text: ", ".join(f"0x{ord(letter):02X}" for letter in text),
    "underscores between": "_".join,
    "wide letters": lambda text: "".join(chr(ord(letter) + 0xFEE0) for letter in text),
    "spaces without width between": "\u200b".join,
    "marks between": "\u0301".join,
    "sha3": lambda text: hashlib.sha3_256(text.encode()).hexdigest(),
    "blake2": lambda text: hashlib.blake2b(text.encode()).hexdigest(),
}


@pytest.mark.parametrize("encoding", ASCII_ONLY)
@pytest.mark.parametrize("value", [MAIL, CARD])
def test_a_value_is_recognised_in_other_letters_and_numbers(value: str, encoding: str) -> None:
    assert len(seen([ASCII_ONLY[encoding](value)])) == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("value", [MAIL, CARD, NAME])
def test_a_value_is_recognised_however_it_is_spelt(value: str, encoding: str) -> None:
    assert len(seen([ENCODINGS[encoding](value)])) == 1


@pytest.mark.parametrize("value", [MAIL, CARD])
def test_a_value_is_recognised_when_it_is_split(value: str) -> None:
    middle = len(value) // 2
    assert seen([value[:middle], value[middle:]]), "over columns"
    assert seen(*([letter] for letter in value)), "over rows"
    assert seen(*([str(at), value[at]] for at in reversed(range(len(value))))), "over rows from the last"
    assert seen([str(ord(letter)) for letter in value]), "into numbers over columns"
    assert seen(*([str(ord(letter))] for letter in value)), "into numbers of letters"
    assert seen(*(["xxxx" + value[at : at + 4]] for at in range(0, len(value), 4))), "by what masks leave"


def test_a_value_in_an_error_a_notice_or_a_copy_is_recognised() -> None:
    assert seen(texts=[f'invalid input syntax for type integer: "{MAIL}"'.encode()]) == {"user.contact.email"}


def test_a_number_is_recognised_with_separators() -> None:
    assert seen(["4539 7712-3456 7897"]) == {"user.financial.credit_card"}


def test_what_others_share_counts_only_in_an_answer_about_its_own_column() -> None:
    assert not seen([BORN], ["DE"])
    assert seen([BORN], own="user.demographic.date_of_birth")
    assert seen(["17.05.1980"], own="user.demographic.date_of_birth")
    assert seen(["DE"], own="user.contact.address.country")
    assert not seen(["DESK"], own="user.contact.address.country")


def test_forms_that_hide_are_not_taken_for_the_value() -> None:
    masked = [
        "q*******@brieffalke.de",
        "************7897",
        "1980s",
        "[redacted:name]",
        hashlib.sha256(b"k" + MAIL.encode()).hexdigest(),
    ]
    assert not seen(masked)
    assert not seen(*([cell] for cell in masked))


@given(st.lists(st.text("abcdefgh0123456789@.", max_size=30), max_size=8))
def test_nothing_is_seen_in_other_words(words: list[str]) -> None:
    assert not seen(*([word] for word in words))


def test_a_value_that_may_be_seen_elsewhere_is_not_watched() -> None:
    watched = hidden_among(
        {"user.name": [NAME], "user.account.username": [NAME, "another one"]}, frozenset({"user.name"})
    )
    assert not watched


def test_a_watched_value_shows_nothing_when_it_is_printed() -> None:
    assert MAIL not in repr(WATCHED)


def test_letters_are_spelt_by_yes_and_no() -> None:
    def honest(question: Question) -> bool:
        letter = CARD[question.place - 1 : question.place]
        return bool(letter) and ord(letter) > question.code

    assert infer(honest, CARD) is Inferred.SPELT
    assert infer(honest, "") is Inferred.SPELT


def test_answers_that_say_nothing_are_not_taken_for_a_leak() -> None:
    assert infer(lambda _: True, CARD) is Inferred.OTHER
    assert infer(lambda _: False, CARD) is Inferred.OTHER
    assert infer(lambda _: True, "") is Inferred.OTHER
    assert infer(lambda _: None, CARD) is Inferred.REFUSED
    assert infer(lambda _: True, "DE") is Inferred.SHORT
