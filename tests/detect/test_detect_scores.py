"""A score is a probability: what speaks for a hit and against it, and the table of weights that was fitted."""

import random
from functools import cache
from itertools import accumulate

import pytest
from benchmarks import calibration
from benchmarks._fitting import Fit, Scoring, fitted
from benchmarks._population import Judged, for_everything, population, state_of
from benchmarks.recognition import CORPORA

from ringfence.detect import RECOGNIZERS, Detector, Finding
from ringfence.detect import _calibration as table
from ringfence.detect._neighbours import FEWEST
from ringfence.detect.recognizers import DECLARED
from ringfence.detect.stream import BLOCK

DETECTOR = Detector()
KNOWN = {one.entity: one for one in RECOGNIZERS}
needs_corpora = pytest.mark.skipif(
    not (CORPORA / "meddocan_es.jsonl").is_file(), reason="needs shared/corpora beside the checkout"
)


def only(text: str, entity: str, field: str = "") -> Finding:
    (one,) = [each for each in DETECTOR.find(text, field=field) if each.entity == entity]
    return one


# --- what stands beside a value -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "entity", "word"),
    [
        ("536-22-8712 (SSN)", "US_SSN", "ssn"),
        ("536228712 (ssn)", "US_SSN", "ssn"),
        ("536228712 is my SSN", "US_SSN", "ssn"),
        ("943 476 5870 [NHS number]", "UK_NHS", "nhs number"),
        ("44051401359 - PESEL", "PL_PESEL", "pesel"),
    ],
)
def test_a_word_behind_a_value_speaks_for_it(text: str, entity: str, word: str) -> None:
    assert f"after:{word}" in only(text, entity).evidence


@pytest.mark.parametrize(
    "text",
    [
        "536228712 ssn: 219099998",  # the word announces the next one
        "536228712 ssn = none",
        "536228712 4 (SSN)",
        "536228712, ssn",
        '"a": "536228712", "ssn": ""',
        "536228712 and then there was quite some text (SSN)",
        "536228712\n(SSN)",
        "536228712 (assn)",
        "A12803456 passport",  # nothing is calculated there: its word must stand before
    ],
)
def test_a_word_further_off_or_of_something_else_does_not(text: str) -> None:
    assert all(one.start > 0 for one in DETECTOR.find(text)), text


@pytest.mark.parametrize(
    ("text", "value", "entity", "code"),
    [
        ('"order_id": "{}"', "536-22-8712", "US_SSN", "against:field order id"),
        ("shopOrderId={}", "536-22-8712", "US_SSN", "against:field order id"),
        ("sku: {}", "536-22-8712", "US_SSN", "against:field sku"),
        ("sku = {}", "10.20.30.40", "IP_ADDRESS", "against:field sku"),
        ("GET /item/{}/list", "536-22-8712", "US_SSN", "against:inside path"),
        ("a-{}", "536-22-8712", "US_SSN", "against:inside code"),
    ],
)
def test_the_name_of_another_thing_and_what_a_value_stands_inside_of_speak_against_it(
    text: str, value: str, entity: str, code: str
) -> None:
    detector = Detector(entities=[entity], thresholds={entity: 0.02})
    (alone,) = detector.find(value)
    (one,) = detector.find(text.format(value))
    assert code in one.evidence
    assert one.score < alone.score


def test_the_name_of_another_thing_does_not_outweigh_a_word_or_check_digits_that_are_hard_to_hit() -> None:
    assert only("order_id=1 ssn: 536-22-8712", "US_SSN").score > 0.9
    assert only("756.9217.0769.85", "CH_AHV", field="shop.order_id").score >= 0.5
    assert only("DE89370400440532013000", "IBAN", field="shop.order_id").score >= 0.5
    assert not DETECTOR.find("536-22-8712", field="shop.order_id")


def test_a_field_of_its_own_name_says_more_than_one_of_another() -> None:
    assert only("536-22-8712", "US_SSN", field="person.ssn").score > only("536-22-8712", "US_SSN", field="notes").score


@pytest.mark.parametrize(
    ("text", "is_known"),
    [
        ("anna@mail.example", True),
        ("anna@EXAMPLE.com", True),
        ("anna@a.test", True),
        ("anna@myexample.com", False),
        ("anna@mail.org", False),
        ("192.0.2.17", True),
        ("2001:db8::1", True),
        ("2001:0DB8:0:0:0:ff00:42:8329", True),
        ("2001:db9::1", False),
        ("10.0.0.7", False),
        ("+1 415 555 0132", True),
        ("+1 415 555 2671", False),
        ("4111 1111 1111 1111", True),
        ("4532 0151 1283 0366", False),
    ],
)
def test_what_was_published_as_an_example_is_found_and_told(text: str, is_known: bool) -> None:
    (one,) = DETECTOR.find(text)
    assert ("known:documentation" in one.evidence) == is_known


# --- columns --------------------------------------------------------------------------------------------------------------


def luhn_column(size: int, path: str = "t.number") -> list[tuple[str, bytes]]:
    return [(path, str(1000000000 + 37 * number).encode() + b"0") for number in range(size)]


def pesels(count: int) -> list[bytes]:
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    made = []
    for number in range(count):
        body = f"80{1 + number % 9:02}{1 + number % 28:02}{1000 + 37 * number:04}"
        made.append(
            f"{body}{-sum(int(sign) * weight for sign, weight in zip(body, weights, strict=True)) % 10}".encode()
        )
    return made


def test_a_column_of_numbers_whose_digits_all_check_is_found_without_a_word() -> None:
    values = pesels(FEWEST)
    assert not any(DETECTOR.find(value, field="t.number") for value in values)
    found = DETECTOR.find_fields([("t.number", value) for value in values])
    assert [one.entity for each in found for one in each] == ["PL_PESEL"] * FEWEST
    assert found[0][0].evidence[-1] == f"neighbours:{FEWEST}/{FEWEST}"
    assert (found[0][0].start, found[0][0].end) == (0, 11)


def test_the_places_of_an_array_are_one_column() -> None:
    values = pesels(FEWEST)
    found = DETECTOR.find_fields([(f"people[{number}].number", value) for number, value in enumerate(values)])
    assert all(found)


def test_payloads_that_are_searched_together_are_found_in_as_each_alone() -> None:
    values = pesels(FEWEST)
    payloads = [
        [("ids[]", value) for value in values],  # they vouch for each other
        *([("ids[]", value), ("mail", b"ada@example.com"), ("", b"ids")] for value in values),  # these stand alone
        [],
        [("sku", b"A-1"), ("note", b"x" * 70_000 + b" bob@example.com")],
        [*(("ids[]", value) for value in values), *(("", b"%d" % number) for number in range(20))],
    ]
    for kept in (payloads, [[field for field in payload if len(field[1]) < 100] for payload in payloads]):
        fields = [field for payload in kept for field in payload]
        ends = list(accumulate(map(len, kept)))
        found = DETECTOR.find_in([path for path, _ in fields], [value for _, value in fields], ends)
        alone = [findings for payload in kept for findings in DETECTOR.find_fields(payload)]
        assert [found.get(number, []) for number in range(len(fields))] == alone
        assert [bool(each) for each in alone].count(True) == 3 * FEWEST + (kept is payloads)
        assert not alone[FEWEST]  # the first that stands alone


@pytest.mark.parametrize(
    "fields",
    [
        [("t.number", value) for value in pesels(FEWEST - 1)],
        [("t.number", pesels(1)[0])] * 40,
        [(f"t.number_{number}x", value) for number, value in enumerate(pesels(FEWEST))],
        [("", value) for value in pesels(40)],
        [("t.order_id", value) for value in pesels(40)],
        [("t.number", str(80010110000 + number).encode()) for number in range(40)],
        [("t.number", value) for value in (*pesels(20), *(b"80010110%03d" % number for number in range(20)))],
        luhn_column(40),
    ],
    ids=["few", "one again", "other paths", "no path", "named otherwise", "in a row", "half of them", "digits"],
)
def test_a_column_that_is_short_or_mixed_or_named_otherwise_says_nothing(fields: list[tuple[str, bytes]]) -> None:
    assert not any(DETECTOR.find_fields(fields))


def test_random_numbers_of_any_length_are_no_column_of_anything() -> None:
    rng = random.Random(4)
    for size in range(8, 25):
        for count in (FEWEST, 100):
            values = [str(rng.randrange(10 ** (size - 1), 10**size)).encode() for _ in range(count)]
            found = DETECTOR.find_fields([("t.number", value) for value in values])
            assert not [one for each in found for one in each if any("neighbours:" in said for said in one.evidence)]


def test_a_card_among_numbers_that_are_none_scores_less_but_stays_a_finding() -> None:
    card = b"4532015112830366"
    (alone,) = DETECTOR.find(card, field="t.number")
    others = [b"45320151128%05d" % number for number in range(0, 400, 7)]
    found = DETECTOR.find_fields([("t.number", value) for value in (card, *others)])
    (among,) = found[0]
    assert KNOWN["CREDIT_CARD"].threshold <= among.score < alone.score
    assert among.evidence[-1].startswith("against:neighbours ")
    assert (among.start, among.end, among.entity) == (alone.start, alone.end, alone.entity)


def test_a_value_in_a_long_text_is_not_judged_by_other_texts() -> None:
    texts = [(f"note {number}: 536-22-8712").encode() for number in range(40)]
    found = DETECTOR.find_fields([("t.note", text) for text in texts])
    assert found == [DETECTOR.find(text, field="t.note") for text in texts]


# --- the table ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entity", KNOWN)
def test_a_threshold_parts_what_an_entry_means_to_show_from_what_it_does_not(entity: str) -> None:
    declared = next(one for one in DECLARED if one.entity == entity)
    for before, after in zip(declared.patterns, KNOWN[entity].patterns, strict=True):
        states = zip(
            (before.alone, before.beside, *before.doubtful), (after.alone, after.beside, *after.doubtful), strict=True
        )
        for said, score in states:
            assert (score >= KNOWN[entity].threshold) == (said >= 0.5), (before.code, said, score)
    assert KNOWN[entity].by_name >= KNOWN[entity].threshold


@cache
def judged() -> tuple[Judged, ...]:
    return tuple(population(for_everything(), seed=21, share=0.08))


def fit_of_the_table() -> Fit:
    return Fit(
        table.KINDS,
        table.PATTERNS,
        table.SLOPE,
        table.AFTER,
        table.AGAINST_FIELD,
        table.INSIDE,
        table.BY_NAME,
        table.UNLED,
    )


@needs_corpora
def test_the_measured_scores_are_those_that_detection_gives() -> None:
    scoring = Scoring(fit_of_the_table())
    assert len(judged()) > 10_000
    assert not [one for one in judged() if abs(scoring(state_of(one.hit)) - one.hit.score) > 1e-9][:3]


@needs_corpora
def test_scores_hold_what_they_promise_on_texts_that_they_were_not_fitted_to() -> None:
    every = calibration.measured(judged(), Scoring(fit_of_the_table()))
    shown = calibration.measured(judged(), Scoring(fit_of_the_table()), 0.5)
    declared = calibration.measured(judged(), lambda state: state.declared, 0.5)
    assert every.error <= 0.05
    assert shown.error <= 0.05 < declared.error
    assert shown.brier < declared.brier
    assert every.furthest <= 0.15  # the slice is small: the whole population is held to 0.1 by the benchmark


@needs_corpora
def test_a_fit_to_a_slice_gives_about_the_table() -> None:
    again, own = Scoring(fitted(judged())), Scoring(fit_of_the_table())
    states = [state_of(one.hit) for one in judged() if not one.fits]
    assert sum(abs(again(state) - own(state)) for state in states) / len(states) <= 0.05
    assert again(states[0]) != pytest.approx(states[0].declared, abs=1e-6)


def test_a_long_value_hears_its_fields_name_as_a_short_one_does() -> None:
    padding = b"lorem ipsum\n" * (BLOCK // 12 + 1)
    for field in ("order_id", "remark"):
        short = DETECTOR.find(b"536-22-8712", field=field)
        long = DETECTOR.find(padding + b"536-22-8712", field=field)
        assert [(one.entity, one.score, one.evidence) for one in long] == [
            (one.entity, one.score, one.evidence) for one in short
        ]
    assert DETECTOR.find(padding + b"536-22-8712", field="remark")
