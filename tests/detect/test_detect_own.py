"""Recognizers of one's own: what a pattern may be, what announces it, and that it is found as ringfence's own are."""

import string

import pytest
import re2
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ringfence.detect import BadPattern, Detection, Detector, OwnPattern, OwnRecognizer, classify, detector_for
from ringfence.detect._announcing import announced
from ringfence.detect._checks import stands_free
from ringfence.detect._regular import read_pattern, spelt
from ringfence.detect.own import CHECKS, check_named, has_trigger, hold

CUSTOMER = OwnRecognizer(
    "CUSTOMER_NUMBER", "user.unique_id", (OwnPattern("K-[0-9]{8}"),), words=("kunde", "customer no"), check="luhn"
)
STAFF = OwnRecognizer("STAFF", "user.unique_id", (OwnPattern("[A-Z]{2}[0-9]{6}"),), words=("staff",), fields=("emp",))


def entities(detector: Detector, text: str, field: str = "") -> list[tuple[str, str]]:
    return [(one.entity, text[one.start : one.end]) for one in detector.find(text, field=field)]


def test_a_number_of_ones_own_is_found_with_its_category_and_its_evidence() -> None:
    (found,) = Detector(own=[CUSTOMER]).find(
        "sent to K-12345674 today, not to K-12345675, nor to XK-12345674 or K-123456741"
    )
    assert (found.start, found.end, found.entity, found.category) == (8, 18, "CUSTOMER_NUMBER", "user.unique_id")
    assert found.evidence == ("pattern:customer-number", "declared:CUSTOMER_NUMBER", "checksum:luhn")
    assert Detector(own=[CUSTOMER]).find("Kunde K-12345674")[0].score > found.score


def test_what_nothing_announces_is_found_beside_its_words_in_its_fields_or_everywhere() -> None:
    detector = Detector(own=[STAFF])
    assert entities(detector, "AB123456 came") == []
    assert entities(detector, "staff AB123456 came") == [("STAFF", "AB123456")]
    assert entities(detector, "AB123456", field="$.rows[3].emp") == [("STAFF", "AB123456")]
    everywhere = OwnRecognizer("STAFF", "user.unique_id", STAFF.patterns, everywhere=True)
    assert entities(Detector(own=[everywhere]), "AB123456 came") == [("STAFF", "AB123456")]


def test_a_recognizer_without_a_pattern_finds_its_fields_whole() -> None:
    detector = Detector(own=[OwnRecognizer("NICKNAME", "user.account.username", fields=("handle",))])
    assert entities(detector, "the owl", field="player.handle") == [("NICKNAME", "the owl")]
    assert entities(detector, "the owl", field="player.note") == []


def test_ringfences_own_entities_take_more_words_and_patterns() -> None:
    text = "Aktenzeichen 536228712 and SV-536228712"
    assert entities(Detector(entities=["US_SSN"]), text) == []
    more = OwnRecognizer("US_SSN", patterns=(OwnPattern("SV-[0-9]{9}", "with-prefix"),), words=("Aktenzeichen",))
    detector = Detector(entities=["US_SSN"], own=[more])
    assert entities(detector, text) == [("US_SSN", "536228712"), ("US_SSN", "SV-536228712")]
    assert detector.find(text)[0].category == "user.government_id.national_identification_number"
    assert "pattern:with-prefix" in detector.find(text)[1].evidence


def test_a_column_of_ones_own_numbers_is_classified_by_its_values_and_by_its_name() -> None:
    detector = Detector(own=[CUSTOMER, STAFF])
    numbers = ["K-12345674", "K-00000018", "K-45678901"]
    assert classify("t.c17", "text", "", numbers, detector=detector).judgement == "user.unique_id"
    assert classify("t.c17", "text", "", numbers).judgement != "user.unique_id"
    assert classify("t.emp", "text", "", [], detector=detector).judgement == "user.unique_id"


def test_a_detector_is_made_once_for_what_is_told() -> None:
    told = Detection(recognizers=(CUSTOMER,))
    assert detector_for(told) is detector_for(Detection(recognizers=(CUSTOMER,)))
    assert detector_for(told) is not detector_for(Detection(recognizers=(STAFF,)))


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        (r"(?=K)K-1", "not linear"),
        (r"(?<=K)1", "not linear"),
        (r"(K)\1", "not linear"),
        (r"(?P<a>K)(?P=a)", "not linear"),
        (r"(?>K)1", "not linear"),
        (r"K++", "not linear"),
        ("K*", "empty text"),
        (r"\b", "empty text"),
        ("(K|)", "empty text"),
        ("[^,]{3}", "line feed"),
        (r"K\s1", "line feed"),
        ("(?s)K.1", "line feed"),
        ("^K", "anchor"),
        (r"K\z", "anchor"),
        ("(K", "breaks off"),
        ("K)", "closing bracket"),
        ("[9-0]", "backwards"),
        ("[[:lettter:]]", "unknown name"),
        ("+K", "repeats nothing"),
        (r"\bK\b+", "repeats a place"),
        ("K{1,2000}", "too often"),
        (r"\p{Lu}", "not known here"),
        ("(?x)K", "flag"),
        ("(" * 40, "too deep"),
        ("K" * 1001, "characters"),
        ("((K{100}){100}){100}", "too large"),
    ],
)
def test_a_pattern_that_cannot_be_kept_is_refused_without_being_quoted(pattern: str, what: str) -> None:
    with pytest.raises(BadPattern) as raised:
        hold(pattern)
    assert what in str(raised.value)
    assert raised.value.mend
    with pytest.raises(BadPattern):
        Detector(own=[OwnRecognizer("OWN", "user", (OwnPattern(pattern),))])


@pytest.mark.parametrize(
    ("pattern", "is_announced"),
    [
        ("K-[0-9]{8}", True),
        (r"\bEMP\d{5}\b", True),
        ("(?i)kunde-?[0-9]+", True),
        ("[A-Z]{3}-[0-9]{4}-[0-9]{4}", True),
        ("(?:K|C)-[0-9]{8}|ACC[0-9]{4}", True),
        ("größe[0-9]", True),
        ("[0-9]{8}", False),
        ("[A-Z]{2}[0-9]{6}", False),
        ("K-[0-9]{8}|[0-9]{8}", False),
        ("[a-z]+", False),
        ("a?b?c", False),
    ],
)
def test_a_pattern_with_text_of_its_own_is_announced_by_it(pattern: str, is_announced: bool) -> None:
    assert has_trigger(pattern) is is_announced


ATOMS = st.sampled_from(
    [
        "K",
        "x",
        "-",
        "7",
        r"\.",
        "[0-9]",
        "[A-Z]",
        "[a-f0-9]",
        "(?:AB|CD)",
        "(?:1|22)",
        "ö",
        r"\d",
        "[^a ,\\n]",
        "(?i:k)",
    ]
)
COUNTS = st.sampled_from(["", "", "", "?", "+", "{2}", "{1,3}", "*"])
PATTERNS = st.lists(st.builds(str.__add__, ATOMS, COUNTS), min_size=1, max_size=5).map("".join)
NOISE = st.text(alphabet=string.ascii_letters[:6] + "KxABCD0127-. ö\n", max_size=30)


@settings(max_examples=400)
@given(PATTERNS, st.data())
def test_the_engine_finds_what_the_bare_pattern_finds(pattern: str, data: st.DataObject) -> None:
    try:
        ways = announced(read_pattern(pattern))
    except BadPattern:
        assume(False)
        return
    assume(len(ways) == 1 and ways[0].trigger)
    values = data.draw(
        st.lists(st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="latin-1")), max_size=3)
    )
    noise = data.draw(st.lists(NOISE, min_size=4, max_size=4))
    text = "".join(part for pair in zip(noise, [*values, ""], strict=False) for part in pair)
    raw = text.encode()
    options = re2.Options()
    options.log_errors = False
    bare = [found.span() for found in re2.compile(ways[0].pattern.encode(), options).finditer(raw)]
    bare = [(start + (raw[start] == ord("_")), end) for start, end in bare]
    expected = [span for span in bare if stands_free(raw, *span)]
    detector = Detector(entities=["OWN"], own=[OwnRecognizer("OWN", "user", (OwnPattern(pattern),), threshold=0.0)])
    found = [(one.start, one.end) for one in detector.find(raw)]
    assert set(expected) <= set(found)
    # What stands right beside a finding is looked at again, with that blanked: more may be found, and nothing else.
    assert all(re2.compile(ways[0].pattern.encode(), options).fullmatch(raw[start:end]) for start, end in found)


@given(PATTERNS, st.text(alphabet="KxABCD0127-.aöfck\n", max_size=12))
def test_a_pattern_written_again_means_the_same(pattern: str, text: str) -> None:
    try:
        again = spelt(read_pattern(pattern))
    except BadPattern:
        return
    assert (re2.fullmatch(pattern, text) is None) == (re2.fullmatch(again, text) is None)


def test_every_check_takes_a_right_number_and_refuses_a_wrong_one() -> None:
    numbers = {
        "luhn": ("K-12345674", "K-12345675"),
        "verhoeff": ("2363", "2364"),
        "damm": ("5724", "5725"),
        "iban": ("DE89370400440532013000", "DE89370400440532013001"),
        "mod97": ("9999123456789012141490", "9999123456789012141491"),
        "mod11-2": ("07940", "07941"),
        "mod37-36": ("A12425GABC1234002M", "A12425GABC1234002N"),
        "stdnum:de.idnr": ("36574261809", "36574261808"),
    }
    assert set(CHECKS) <= set(numbers)
    for name, (right, wrong) in numbers.items():
        check = check_named(name)
        assert check is not None
        assert list(check(right.encode(), 0, len(right))), name
        assert not list(check(wrong.encode(), 0, len(wrong))), name


@pytest.mark.parametrize("name", ["luhm", "stdnum:os.path", "stdnum:..os", "stdnum:nothing.here", "stdnum:", "os", ""])
def test_a_check_of_no_name_is_none(name: str) -> None:
    assert check_named(name) is None


def test_the_work_for_a_pattern_is_linear_in_its_worst_text() -> None:
    detector = Detector(own=[OwnRecognizer("OWN", "user", (OwnPattern("K-[0-9]+(?:-[0-9]+)*"),))])
    work = []
    for size in (300_000, 3_000_000):
        before = detector.work.scanned
        detector.find(b"K-1-" * (size // 4))
        work.append(detector.work.scanned - before)
    assert work[1] <= 11 * work[0]
