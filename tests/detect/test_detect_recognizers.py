"""Every recognizer's own examples, and what holds for the whole table."""

import pytest
import re2

from ringfence.detect import RECOGNIZERS, Detector
from ringfence.detect.recognizer import Example, Recognizer
from ringfence.taxonomy import ENTITIES

DETECTOR = Detector()
EXAMPLES = [(one, example) for one in RECOGNIZERS for example in one.examples]
PATTERNS = [pattern for one in RECOGNIZERS for pattern in one.patterns]


@pytest.mark.parametrize(
    ("recognizer", "example"), EXAMPLES, ids=[f"{one.entity}-{number}" for number, (one, _) in enumerate(EXAMPLES)]
)
def test_an_example_is_found_as_it_says(recognizer: Recognizer, example: Example) -> None:
    found = DETECTOR.find(example.text, field=example.field)
    category = ENTITIES[recognizer.entity].category
    mine = tuple(
        value
        for one in found
        for value in (example.text[one.start : one.end],)
        # Where two countries' numbers look alike and the same word stands beside them, either may name it.
        if one.entity == recognizer.entity or (one.category == category and value in example.found)
    )
    assert mine == example.found


@pytest.mark.parametrize(
    ("recognizer", "example"), EXAMPLES, ids=[f"{one.entity}-{number}" for number, (one, _) in enumerate(EXAMPLES)]
)
def test_an_example_is_found_without_the_other_recognizers_too(recognizer: Recognizer, example: Example) -> None:
    found = Detector(entities=[recognizer.entity]).find(example.text, field=example.field)
    assert tuple(example.text[one.start : one.end] for one in found) == example.found


def test_the_table_and_the_taxonomy_name_the_same_entities() -> None:
    assert sorted(one.entity for one in RECOGNIZERS) == sorted(ENTITIES)


@pytest.mark.parametrize("recognizer", RECOGNIZERS, ids=lambda one: one.entity)
def test_every_entry_has_both_kinds_of_examples_and_a_source(recognizer: Recognizer) -> None:
    assert any(example.found for example in recognizer.examples)
    assert any(not example.found for example in recognizer.examples)
    assert recognizer.source


@pytest.mark.parametrize("recognizer", RECOGNIZERS, ids=lambda one: one.entity)
def test_scores_straddle_the_threshold(recognizer: Recognizer) -> None:
    for pattern in recognizer.patterns:
        assert 0 <= pattern.doubtful[0] <= pattern.alone <= pattern.beside <= 1
        assert pattern.doubtful[0] < recognizer.threshold
        assert pattern.beside >= recognizer.threshold
        if pattern.trigger:
            assert pattern.alone >= recognizer.threshold
        else:
            assert pattern.alone < recognizer.threshold, "what is tried only beside words must need one"


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda one: one.code)
@pytest.mark.parametrize("mark", ["\n", "\x1e"], ids=["line feed", "joint"])
def test_no_pattern_matches_across_a_break(pattern: object, mark: str) -> None:
    text = pattern.pattern  # type: ignore[attr-defined]
    literal = "\\n" if mark == "\n" else "\\x1e"
    # A pattern that cannot consume the mark never gets past one, however it is wrapped in what it could match.
    compiled = re2.compile(text)
    for recognizer in RECOGNIZERS:
        for example in recognizer.examples:
            for at in range(0, len(example.text), 3):
                cut = example.text[:at] + mark + example.text[at:]
                assert not any(mark in match.group() for match in compiled.finditer(cut)), literal


def test_codes_are_unique() -> None:
    codes = [pattern.code for pattern in PATTERNS]
    assert len(codes) == len(set(codes))


def test_evidence_says_why() -> None:
    def evidence(text: str, field: str = "") -> tuple[str, ...]:
        return DETECTOR.find(text, field=field)[0].evidence

    card = ("pattern:card", "checksum:luhn", "range:issuer")
    assert evidence("4532 0151 1283 0366") == card
    assert evidence("4111 1111 1111 1111") == (*card, "known:documentation")
    assert evidence("DE89 3704 0044 0532 0130 00") == ("pattern:iban", "checksum:mod97")
    assert evidence("born on 12 March 1980") == ("pattern:date-spelt", "context:born")
    assert evidence("SSN: 536228712") == ("pattern:ssn-bare", "range:area", "context:ssn")
    assert evidence("536228712", "a.ssn") == ("pattern:ssn-bare", "range:area", "field:ssn")
    assert evidence("Anna", "a.firstName") == ("field:first name",)
    assert evidence("FECHA_DE_NACIMIENTO=12-03-1980") == ("pattern:date-numeric", "context:fecha de nacimiento")


def test_what_vouches_raises_the_score() -> None:
    alone = DETECTOR.find("536-22-8712")[0].score
    beside = DETECTOR.find("ssn 536-22-8712")[0].score
    named = DETECTOR.find("536-22-8712", field="ssn")[0].score
    assert alone < beside <= named


def test_a_threshold_of_the_policy_replaces_the_recognizers_own() -> None:
    text = "536-22-8712"
    assert Detector(thresholds={"US_SSN": 0.6}).find(text)
    assert not Detector(thresholds={"US_SSN": 0.7}).find(text)
    assert Detector(thresholds={"US_SSN": 0.7}).find(f"ssn {text}")


def test_allowed_values_are_never_findings() -> None:
    detector = Detector(allow=["hotline@mail.example", "Zoë"])
    assert [one.start for one in detector.find("hotline@mail.example anna@mail.example")] == [21]
    assert not detector.find("Zoë", field="first_name")
    assert detector.find("Zoëy", field="first_name")


def test_an_unknown_entity_is_refused_with_the_nearest_word() -> None:
    with pytest.raises(ValueError, match="did you mean EMAIL_ADDRESS"):
        Detector(entities=["EMAIL"])
    with pytest.raises(ValueError, match="did you mean IBAN"):
        Detector(thresholds={"IBANN": 0.5})


def test_a_finding_shows_nothing_of_the_value() -> None:
    finding = DETECTOR.find("anna@mail.example")[0]
    assert "anna" not in repr(finding)


def test_credentials_take_what_stands_in_them_along() -> None:
    found = DETECTOR.find("postgres://anna:pw@db.example/x")
    assert [(one.entity, one.start, one.end) for one in found] == [("URL_CREDENTIALS", 11, 18)]


def test_a_name_beside_an_address_is_not_lost_to_it() -> None:
    text = "Anna Berg <anna@mail.example>, Zoë"
    found = DETECTOR.find(text, field="recipient.full_name")
    assert [(one.entity, text[one.start : one.end]) for one in found] == [
        ("PERSON", "Anna Berg"),
        ("EMAIL_ADDRESS", "anna@mail.example"),
        ("PERSON", "Zoë"),
    ]


def test_fewer_entities_are_looked_for_on_demand() -> None:
    text = "anna@mail.example 10.0.0.7"
    assert [one.entity for one in Detector(entities=["IP_ADDRESS"]).find(text)] == ["IP_ADDRESS"]
