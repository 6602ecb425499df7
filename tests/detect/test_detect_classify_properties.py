"""Whatever a field is called and whatever stands in it: an answer, soon, that holds no value."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.detect import Detector, classify
from ringfence.detect.recognizer import listed
from ringfence.taxonomy import CATEGORIES

NAMES = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            listed(
                "public, customer, address, email, phone, name, id, state, to, from, value, text, code, birth, date, card, is, "
                "has, ., [], 1, nr, by, created, in, orders, airports"
            )
        ),
        max_size=8,
    ).map("_".join),
)
TYPES = st.one_of(
    st.sampled_from(["text", "integer", "jsonb", "bytea", "date", "uuid", "boolean", "", "text[]"]),
    st.text(max_size=20),
)
MARK = "\u00ddq\u00dd"
"""What no table of ours holds: seen in an answer, it came from a value."""
DETECTOR = Detector()


@given(NAMES, TYPES, st.text(max_size=200), st.lists(st.text(max_size=60), max_size=20))
@settings(max_examples=300, deadline=None)
def test_any_field_has_an_answer(name: str, type_: str, comment: str, sample: list[str]) -> None:
    answer = classify(name, type_, comment, sample, detector=DETECTOR)
    assert answer.judgement in {"none", "scan", "unknown", *CATEGORIES}
    assert 0 < answer.confidence <= 1
    assert answer.evidence
    assert classify(name, type_, comment, sample, detector=DETECTOR) == answer


@given(NAMES, TYPES, st.lists(st.text(max_size=30).map(lambda text: f"{MARK}{text}{MARK}"), min_size=1, max_size=20))
@settings(max_examples=200, deadline=None)
def test_no_value_stands_in_the_evidence(name: str, type_: str, sample: list[str]) -> None:
    answer = classify(name, type_, sample[0], sample, detector=DETECTOR)
    assert MARK not in repr(answer)
    assert not any(value in code for value in sample for code in answer.evidence)


@pytest.mark.parametrize("value", ["anna@mail.example ", "1" * 90, "a@" * 40, "+49 30 2312500 ", "{" * 90, "Anna "])
def test_the_work_is_linear_in_the_sample(value: str) -> None:
    detector = Detector()

    def scanned(times: int) -> int:
        before = detector.work.scanned
        classify("public.t.phone", "text", "", [value * 10] * times, detector=detector)
        return detector.work.scanned - before

    scanned(10)
    assert scanned(800) <= 4.4 * scanned(200)


def test_a_huge_sample_is_read_in_part() -> None:
    detector = Detector()
    classify("public.t.c", "text", "", ["lamp and teapot " * 4_000] * 3_000, detector=detector)
    assert detector.work.scanned <= 2 * 2_000 * 2_001
