"""The vocabulary announces a pattern wherever one of its words stands, in every spelling, and not in the middle of others."""

from unicodedata import combining, normalize

import pytest

from ringfence.detect import RECOGNIZERS, Detector
from ringfence.detect._engine import matcher, searcher
from ringfence.detect._words import Vocabulary, Words, folded
from ringfence.detect.recognizer import Recognizer

WORDED = [one for one in RECOGNIZERS if one.words and any(pattern.by_words for pattern in one.patterns)]
PATTERNS = [(one, pattern) for one in RECOGNIZERS for pattern in one.patterns]
VOCABULARY = Vocabulary([one.words if pattern.by_words else () for one, pattern in PATTERNS])
FIRST = searcher("|".join(VOCABULARY.triggers))
MATCH = matcher("|".join(VOCABULARY.triggers))


def spellings(word: str) -> set[str]:
    bare = word.rstrip("-")
    return {
        bare,
        bare.upper(),
        bare.capitalize(),
        bare.replace(" ", "_"),
        bare.replace(" ", "-"),
        f"({bare})",
        f"my_{bare}",
    }


@pytest.mark.parametrize("recognizer", WORDED, ids=lambda one: one.entity)
def test_a_word_is_announced_in_every_spelling_in_which_it_vouches(recognizer: Recognizer) -> None:
    words = Words(recognizer.words, 200)
    numbers = {number for number, (one, pattern) in enumerate(PATTERNS) if one is recognizer and pattern.by_words}
    for word in recognizer.words:
        for text in spellings(word):
            data = f"{text}: ".encode()
            if words.before(data, len(data)) is None:
                continue  # in this spelling it does not vouch
            assert FIRST(data, 0, len(data))[0] >= 0, text
            assert numbers <= set(VOCABULARY.announced(data, 0, len(data), MATCH)), text


@pytest.mark.parametrize("recognizer", WORDED, ids=lambda one: one.entity)
def test_a_word_vouches_as_it_is_written_in_the_table(recognizer: Recognizer) -> None:
    words = Words(recognizer.words, recognizer.near)
    for word in recognizer.words:
        data = f"{word.rstrip('-')}: ".encode()
        assert words.before(data, len(data)) is not None, word


def test_a_word_inside_another_word_or_a_hash_announces_nobody() -> None:
    for text in (b"telemetry", b"url", b"spinning", b"7cc9fa", b"FH739OL8RG", b"dea1f0", b"usage"):
        assert not set(VOCABULARY.announced(text, 0, len(text), MATCH)), text
    assert set(VOCABULARY.announced(b"tel2", 0, 4, MATCH))


def test_words_that_overlap_are_all_announced() -> None:
    detector = Detector()
    for text, entity in (
        ("national insurance number AA123456B", "UK_NINO"),
        ("Sozialversicherungsnummer 1237 010180", "AT_SOCIAL_SECURITY"),
        ("date of birth 1980-03-12", "DATE_OF_BIRTH"),
    ):
        assert entity in {one.entity for one in detector.find(text)}


def test_a_word_that_begins_with_anothers_announces_both_with_and_without_accents() -> None:
    begins: dict[str, set[int]] = {}
    for number, (one, pattern) in enumerate(PATTERNS):
        for word in one.words if pattern.by_words else ():
            begins.setdefault(folded(word), set()).add(number)
    words = {one.entity: Words(one.words, 200) for one in WORDED}
    tried = 0
    for word in {word.rstrip("-") for one in WORDED for word in one.words}:
        plain = "".join(sign for sign in normalize("NFKD", word) if not combining(sign))
        for text in {word, plain}:
            data = f"{text}: ".encode()
            announced = set(VOCABULARY.announced(data, 0, len(data), MATCH))
            for number in {each for size in range(len(text)) for each in begins.get(folded(text)[:size], ())}:
                if words[PATTERNS[number][0].entity].before(data, len(data)) is not None:
                    assert number in announced, (text, PATTERNS[number][0].entity)
                    tried += 1
    assert tried > 1000


def test_a_value_is_found_beside_its_word_whatever_line_stands_above() -> None:
    line = b"cartao cidadao:88320001613105"
    alone = [(one.entity, one.start, one.end) for one in Detector().find(line)]
    below = [(one.entity, one.start - 6, one.end - 6) for one in Detector().find(b"card:\n" + line)]
    assert below == alone
