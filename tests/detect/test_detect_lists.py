"""Lists of one's own: values that are always found, in one pass, and values that never are."""

import base64
import string
from typing import Literal
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.detect import AllowList, DenyList, Detector

PEOPLE = DenyList("VIP", "user.name", ("Zoë Müller", "Anna", "Anna Berg", "+49 800 1234567", "王小明", "d'Arc"))


def found(text: str, *lists: DenyList, **more: object) -> list[str]:
    detector = Detector(entities=sorted({one.entity for one in lists}), deny=lists, **more)  # type: ignore[arg-type]
    return [text[one.start : one.end] for one in detector.find(text)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("by zoë müller, ZOË MÜLLER and Zoe Muller", ["zoë müller", "ZOË MÜLLER"]),
        ("ANNA\t BERG met Anna; Annabel and Joanna did not", ["ANNA\t BERG", "Anna"]),
        ("Anna Bergé", ["Anna"]),
        ("Anna Berg", ["Anna Berg"]),
        ("Anna\nBerg", ["Anna"]),
        ("call +49 800 1234567 or +49 800 12345678", ["+49 800 1234567"]),
        ("见王小明。", ["王小明"]),
        ('{"by": "Anna Berg"}', ["Anna Berg"]),
        ("Jeanne D'ARC", ["D'ARC"]),
        ("anna_berg anna1", ["anna"]),
        ("Anna…", ["Anna"]),
        ("", []),
    ],
)
def test_a_listed_value_is_found_as_a_whole_word_in_any_case(text: str, values: list[str]) -> None:
    assert found(text, PEOPLE) == values


@pytest.mark.parametrize("listed", ["İpek Şahin", "Zoë Müller", "Ζωή", "Ёлкина"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_listed_value_is_found_however_its_accents_are_encoded(listed: str, form: Literal["NFC", "NFD"]) -> None:
    kinds: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")
    for kept in kinds:
        accented = DenyList("VIP", "user.name", (normalize(kept, listed),))
        for written in (listed, listed.upper(), listed.lower()):
            text = normalize(form, f"by {written}.")
            assert found(text, accented) == [text[3:-1]], written.encode("unicode_escape")


def test_a_list_gives_entity_category_and_evidence_and_never_shows_its_values() -> None:
    (one,) = Detector(deny=[PEOPLE]).find("Anna Berg")
    assert (one.entity, one.category, one.score, one.evidence) == ("VIP", "user.name", 1.0, ("listed:deny",))
    assert "Anna" not in repr(PEOPLE) + repr(AllowList(("Anna",), ("An+a",)))


def test_what_stands_inside_a_longer_finding_belongs_to_it() -> None:
    kinds = [one.entity for one in Detector(deny=[PEOPLE]).find("anna@mail.example and Anna")]
    assert kinds == ["EMAIL_ADDRESS", "VIP"]


def test_a_listed_value_is_found_in_fields_and_under_a_disguise() -> None:
    detector = Detector(deny=[PEOPLE])
    assert [one.entity for one in detector.find("Anna Berg", field="note")] == ["VIP"]
    hidden = base64.b64encode(b"a word of Anna Berg and some more text").decode()
    assert [one.entity for one in detector.find(f"token {hidden}")] == ["VIP"]


@given(st.lists(st.sampled_from(["a", "b", "ab", "ö", "Ö1", "-", " "]), max_size=14).map("".join), st.data())
def test_lists_agree_with_looking_for_each_value(text: str, data: st.DataObject) -> None:
    word = st.sampled_from(["a", "b", "ab", "ö", "a b", "ab a", "ö1", "b-a"])
    values = data.draw(st.lists(word, min_size=1, max_size=4, unique=True))
    expected, at = [], 0
    while at < len(text):
        best = max((len(value) for value in values if _stands(text, at, value)), default=0)
        if best:
            expected.append(text[at : at + best])
        at += best or 1
    assert found(text, DenyList("VIP", "user.name", tuple(values))) == expected


def _stands(text: str, at: int, value: str) -> bool:
    end = at + len(value)
    if text[at:end].lower() != value:
        return False
    return not (at and text[at - 1].isalnum()) and not (end < len(text) and text[end].isalnum())


def test_a_stream_cut_anywhere_finds_the_same() -> None:
    detector = Detector(deny=[PEOPLE])
    text = "one Anna Berg\nand zoë müller, Anna\n".encode()
    whole = [(one.start, one.end) for one in detector.find(text)]
    for cut in range(len(text)):
        stream = detector.stream()
        parts = [*stream.feed(text[:cut]), *stream.feed(text[cut:]), *stream.end()]
        assert [(one.start, one.end) for one in parts] == whole


def test_twenty_thousand_values_are_found_and_nothing_between_them() -> None:
    letters = string.ascii_lowercase
    names = [f"{a}{b}an {c}{d}erg" for a in letters for b in letters for c in letters[:6] for d in letters[:5]]
    assert len(names) > 20_000
    detector = Detector(entities=["VIP"], deny=[DenyList("VIP", "user.name", tuple(names))])
    text = "; ".join(name.title() if number % 2 else f"{name}x" for number, name in enumerate(names)).encode()
    spans = [text[one.start : one.end].decode().lower() for one in detector.find(text)]
    assert spans == names[1::2]


def test_allowed_values_are_no_findings_exactly_by_pattern_and_of_one_entity() -> None:
    detector = Detector(
        allow=[
            "hotline@mail.example",
            AllowList(patterns=(r"^test-.*@corp\.example$", "10[.].*")),
            AllowList(("4111 1111 1111 1111",), entity="IBAN"),
        ]
    )
    text = "hotline@mail.example test-7@corp.example atest-7@corp.example 10.1.2.3 4111 1111 1111 1111"
    assert [text[one.start : one.end] for one in detector.find(text)] == ["atest-7@corp.example", "4111 1111 1111 1111"]
    narrowed = Detector(allow=[AllowList(("4111 1111 1111 1111",), entity="CREDIT_CARD")])
    assert narrowed.find("4111 1111 1111 1111") == []


def test_an_allowed_value_of_a_list_is_no_finding() -> None:
    assert found("Anna and Anna Berg", PEOPLE, allow=["Anna"]) == ["Anna Berg"]
