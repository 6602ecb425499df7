"""Stand-ins are known again in what readers make of them, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.crossing import Surrogates
from ringfence.crossing.restoring import Issued
from ringfence.policy.model import FormKind
from ringfence.transform import Ask, ValueType

MAIL = "user.contact.email"
ADA, BOB, NAME = "ada@posta-nova.net", "bob@posta-nova.net", 'Ada "Countess" Nowak'


def memory() -> Surrogates:
    known = Surrogates()
    known.remember("[EMAIL_1]", MAIL, ADA)
    known.remember("[EMAIL_12]", MAIL, BOB)
    known.remember("Robin Keller", "user.name", NAME)
    return known


def restored(text: str, known: Surrogates | None = None) -> str:
    value, at, parts = text.encode(), 0, []
    for span in (known or memory()).spans(value):
        parts += [value[at : span.start], span.clear.encode()]
        at = span.end
    return b"".join([*parts, value[at:]]).decode()


@pytest.mark.parametrize(
    "spelt",
    [
        "[EMAIL_1]",
        "[email_1]",
        "[Email_1]",
        r"[EMAIL\_1]",
        r"\[EMAIL\_1\]",
        r"\\[EMAIL\\_1\\]",
        "[EMAIL 1]",
        "[ EMAIL_1 ]",
    ],
)
def test_a_placeholder_is_known_again_as_models_write_it(spelt: str) -> None:
    assert restored(f"write to {spelt}, or ({spelt}) today") == f"write to {ADA}, or ({ADA}) today"


def test_of_two_placeholders_that_begin_alike_each_is_itself() -> None:
    assert restored("[EMAIL_12][EMAIL_1][EMAIL_2]") == f"{BOB}{ADA}[EMAIL_2]"
    assert restored("[EMAIL_2][EMAIL_1]") == f"[EMAIL_2]{ADA}"


@pytest.mark.parametrize(
    "text",
    [
        "[EMAIL_2]",
        "[PHONE_NUMBER_1]",
        "EMAIL_1",
        "[EMAIL_01]",
        "[EMAIL_1",
        "[EMAIL__1]",
        "Robin Kellerman",
        "McRobin Keller",
    ],
)
def test_what_was_never_issued_is_left_as_it_is(text: str) -> None:
    assert restored(text) == text


def test_a_made_up_name_is_known_again_in_another_case_and_as_an_identifier() -> None:
    assert restored("ROBIN KELLER's file robin_keller.txt") == f"{NAME}'s file {NAME}.txt"


@pytest.mark.parametrize("cut", range(1, len(r"\[ EMAIL\_1 ]")))
def test_every_beginning_of_a_stand_in_is_held_back(cut: int) -> None:
    spelt = r"\[ EMAIL\_1 ]"
    assert memory().opening(b"mail " + spelt[:cut].encode()) == 5


@pytest.mark.parametrize(
    "text", ["a [link](x)", "list[0", "[EMAIL_3", "McRob", "an e-mail", "Robin Keller ", "[EMAIL_1]", "[EMAIL_1] "]
)
def test_what_can_be_no_beginning_is_not(text: str) -> None:
    assert memory().opening(text.encode()) == len(text)


def test_a_whole_name_waits_for_what_may_make_it_longer() -> None:
    assert memory().opening(b"by Robin Keller") == 3


@given(st.text(st.sampled_from("[]_ \\EMAIL12emailRobinKeller."), max_size=60), st.integers(0, 60))
def test_nothing_is_held_longer_than_the_longest_stand_in_may_be_spelt(text: str, cut: int) -> None:
    value = text[:cut].encode()
    assert len(value) - memory().opening(value) <= 3 * len("Robin Keller")


def ask(value: str, category: str = MAIL, kind: FormKind = FormKind.PLACEHOLDER) -> Ask:
    return Ask("k", "zone:models", category, ValueType.STRING, value, kind)


def test_an_exchange_numbers_its_values_as_they_first_appear() -> None:
    known = Surrogates(alone=True)
    first = known.assign([ask(ADA), ask("+33 1 99 00 12 34", "user.contact.phone_number"), ask(BOB)], [b""])
    assert first == ("[EMAIL_1]", "[PHONE_NUMBER_1]", "[EMAIL_2]")
    assert known.assign([ask(BOB), ask(ADA)], [b""]) == ("[EMAIL_2]", "[EMAIL_1]")


def test_a_number_that_somebody_wrote_himself_is_not_given() -> None:
    known = Surrogates(alone=True)
    assert known.assign([ask(ADA), ask(BOB)], [b"what is [EMAIL_1]? and [NAME_2]?"]) == ("[EMAIL_2]", "[EMAIL_3]")


def test_a_memory_shows_no_value() -> None:
    known = memory()
    issued = Issued("[EMAIL_1]", MAIL, ADA)
    assert ADA not in repr(known) + repr(issued) + repr(known.spans(b"[EMAIL_1]"))


def test_as_many_as_are_remembered_are_all_known_again() -> None:
    known = Surrogates()
    for number in range(5_000):
        known.remember(f"[EMAIL_{number}]", MAIL, f"mail-of-{number}")
        known.remember(f"{number}-alike", "user.name", f"name-of-{number}")
    text = " ".join(f"[EMAIL_{number}] {number}-alike" for number in range(0, 5_000, 7))
    assert restored(text, known) == " ".join(f"mail-of-{number} name-of-{number}" for number in range(0, 5_000, 7))
