"""Numbers of states and banks: right ones are found beside their words, wrong ones are not; checks agree with the library's."""

import pytest
from benchmarks._numbers import NUMBERS
from benchmarks.recognition import counted
from hypothesis import given
from hypothesis import strategies as st
from stdnum import bitcoin, verhoeff

from ringfence.detect import RECOGNIZERS, Detector
from ringfence.detect._checks import adds_up, holds_day, luhn
from ringfence.detect._keccak import keccak_256
from ringfence.detect.recognizers.wallet import is_base58, is_bech32, is_eip55

DETECTOR = Detector()


def test_right_numbers_beside_a_word_are_found_and_wrong_ones_are_not() -> None:
    total, found, wrong = counted(DETECTOR, 6, 11)
    assert len(total) == len(NUMBERS) >= 70
    assert found.total() >= 0.95 * total.total()
    assert wrong.total() <= 0.05 * total.total()
    assert not [entity for entity in total if found[entity] < 0.8 * total[entity]]


@pytest.mark.soak
def test_many_right_numbers_are_found_for_each_entity() -> None:
    total, found, wrong = counted(DETECTOR, 200, 12)
    assert not [entity for entity in total if found[entity] < 0.95 * total[entity]]
    assert wrong.total() <= 0.05 * total.total()


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        (b"a" * 136, "a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e"),
    ],
)
def test_keccak_gives_the_published_digests(data: bytes, digest: str) -> None:
    assert keccak_256(data).hex() == digest


@pytest.mark.parametrize(
    "address",
    [  # https://eips.ethereum.org/EIPS/eip-55
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ],
)
def test_an_ethereum_address_is_checked_by_its_capitals(address: str) -> None:
    assert is_eip55(address)
    letter = max(at for at, sign in enumerate(address) if sign.isalpha())
    assert not is_eip55(address[:letter] + address[letter].swapcase() + address[letter + 1 :])
    assert not is_eip55(address.lower())


@pytest.mark.parametrize(
    ("address", "right"),
    [  # https://github.com/bitcoin/bips/blob/master/bip-0350.mediawiki#test-vectors
        ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", True),
        ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", True),
        ("bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y", True),
        ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", False),  # bech32 instead of bech32m
        ("BC1QW508d6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", False),  # in both cases
    ],
)
def test_a_segwit_address_is_checked_by_its_version(address: str, right: bool) -> None:
    assert is_bech32(address) is right


@given(st.text("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", min_size=26, max_size=35))
def test_base58_agrees_with_stdnum_on_what_is_wrong(address: str) -> None:
    assert is_base58(address) == (bitcoin.is_valid(address) and address[0] in "13") or address[0] not in "13"


@given(st.text("0123456789", min_size=2, max_size=20))
def test_the_shared_luhn_agrees_with_itself_on_a_changed_digit(digits: str) -> None:
    right = digits + next(last for last in "0123456789" if luhn(digits + last))
    assert luhn(right)
    assert not luhn(right[:-1] + str((int(right[-1]) + 1) % 10))


def test_the_makers_of_checks_do_as_they_say() -> None:
    assert adds_up((1, 1), 2)("11")
    assert holds_day(0, 2, 4)("240229")
    assert not holds_day(0, 2, 4)("230229"), "neither 1923 nor 2023 was a leap year"


def test_verhoeff_is_the_librarys() -> None:
    number = "23412341234"
    assert verhoeff.is_valid(number + verhoeff.calc_check_digit(number))


def test_a_number_alone_is_nothing_and_beside_its_word_it_is() -> None:
    for text, entity in (
        ("123456782", "CA_SIN"),
        ("943 476 5870", "UK_NHS"),
        ("44051401359", "PL_PESEL"),
        ("10000000146", "TR_NATIONAL_ID"),
    ):
        assert not DETECTOR.find(text), entity
        words = next(one.words for one in RECOGNIZERS if one.entity == entity)
        assert [one.entity for one in DETECTOR.find(f"{words[0]}: {text}")] == [entity]


def test_a_lower_threshold_looks_everywhere() -> None:
    assert not Detector(entities=["PL_PESEL"]).find("44051401359")
    alone = next(one for one in RECOGNIZERS if one.entity == "PL_PESEL").patterns[0].alone
    assert Detector(entities=["PL_PESEL"], thresholds={"PL_PESEL": alone}).find("44051401359")
    assert not Detector(entities=["PL_PESEL"], thresholds={"PL_PESEL": alone + 0.01}).find("44051401359")
    assert Detector(entities=["ES_NIE"], thresholds={"ES_NIE": 0.01}).find("x2482300w")


def test_a_match_that_no_trigger_announced_does_not_live_on_its_neighbours() -> None:
    bare, dotted = "7569217076985", "756.9217.0769.85"
    assert not DETECTOR.find(bare)
    found = DETECTOR.find(f"{bare}\n{dotted}")
    assert [one.start for one in found] == [len(bare) + 1]


def test_what_a_program_writes_is_no_persons_age_or_gender() -> None:
    for text in ("max-age=60", "age: int = 34", 'if sex == "M"', "gender.lower() == 'f'", "ALTER_SYSTEM (1"):
        assert not DETECTOR.find(text), text
    for text in ("Age: 34", "patient_age=34", '"gender": "F"', "Religion: Sikh", "Edad 45"):
        assert DETECTOR.find(text), text
