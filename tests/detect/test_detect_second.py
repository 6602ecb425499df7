"""The second stage: a model is handed the texts worth it, and its findings take their place among all others."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest

from ringfence.detect import Detector, Model, Named
from ringfence.detect._second import SENTENCE_MOST

FIRST = frozenset(["Anna", "Ben", "Carla", "Dirk", "Emma", "Zoë"])
LAST = frozenset(["Berg", "Claus", "Diaz", "Ekström", "Vogel"])


class Names:
    """A small model: two words with capitals are a name, surer where a dictionary has both of them."""

    name = "dictionary"
    entities: Mapping[str, str] = {"PERSON": "user.name"}

    def __init__(self) -> None:
        self.seen: list[str] = []

    def is_worth(self, text: str) -> bool:
        return any(word[:1].isupper() for word in text.split())

    def find(self, texts: Sequence[str]) -> Sequence[Sequence[Named]]:
        self.seen.extend(texts)
        return [list(self._names(text)) for text in texts]

    def _names(self, text: str) -> list[Named]:
        words, at = [], 0
        for word in text.split(" "):
            words.append((at, word.strip(",.")))
            at += len(word) + 1
        pairs = pairwise(words)
        return [
            Named(start, begin + len(last), "PERSON", 0.4 + 0.25 * (first in FIRST) + 0.25 * (last in LAST))
            for (start, first), (begin, last) in pairs
            if first[:1].isupper() and last[:1].isupper()
        ]


def test_a_models_findings_are_findings() -> None:
    model: Model = Names()
    text = "Yesterday we saw Anna Berg. At noon Zoë Ekström wrote to ben@mail.example again"
    found = Detector(second=model).find(text)
    assert [(one.entity, text[one.start : one.end]) for one in found] == [
        ("PERSON", "Anna Berg"),
        ("PERSON", "Zoë Ekström"),
        ("EMAIL_ADDRESS", "ben@mail.example"),
    ]
    assert (found[0].category, found[0].score, found[0].evidence) == ("user.name", 0.9, ("model:dictionary",))


def test_thresholds_and_allowed_values_hold_for_a_model_too() -> None:
    text = "then we met Carla Unknown and Dirk Vogel there"
    cases: list[tuple[dict[str, object], list[str]]] = [
        ({}, ["Carla Unknown", "Dirk Vogel"]),
        ({"thresholds": {"PERSON": 0.8}}, ["Dirk Vogel"]),
        ({"allow": ["Dirk Vogel"]}, ["Carla Unknown"]),
        ({"entities": ["EMAIL_ADDRESS"]}, []),
    ]
    for given, expected in cases:
        detector = Detector(second=Names(), **given)  # type: ignore[arg-type]
        assert [text[one.start : one.end] for one in detector.find(text)] == expected


def test_only_texts_worth_it_are_handed_over() -> None:
    model = Names()
    detector = Detector(second=model)
    values = [
        b"4711",
        b"Anna Berg",
        b"all in small letters here",
        b'{"a": 1, "B": [2, 3, 4, 5]}',
        b"We like Anna Berg a lot",
    ]
    detector.find_fields([(f"c{number}", value) for number, value in enumerate(values)])
    assert model.seen == ["We like Anna Berg a lot"]
    detector.find("We like Anna Berg a lot", field="customer.first_name")
    assert len(model.seen) == 1  # the field's name has said what it holds
    detector.find("We like " + "Anna Berg " * 200)
    assert len(model.seen) == 1
    assert all(len(text.encode()) <= SENTENCE_MOST for text in model.seen)


def test_a_model_of_entities_of_its_own_brings_their_category() -> None:
    class Ships(Names):
        entities: Mapping[str, str] = {"SHIP": "user.location"}

        def _names(self, text: str) -> list[Named]:
            at = text.find("Vega")
            return [Named(at, at + 4, "SHIP", 0.9), Named(0, 10_000, "SHIP", 0.9)] if at >= 0 else []

    found = Detector(second=Ships()).find("she sails on the Vega tomorrow")
    assert [(one.entity, one.category, one.start, one.end) for one in found] == [("SHIP", "user.location", 17, 21)]


@pytest.mark.parametrize("broken", [b"\xff", "ö".encode(), "😀".encode()])
def test_spans_are_right_behind_bytes_that_are_broken_or_wide(broken: bytes) -> None:
    text = b"so " + broken + b" said that Anna Berg came"
    (found,) = Detector(second=Names()).find(text)
    assert text[found.start : found.end] == b"Anna Berg"


def test_a_stream_cut_anywhere_finds_the_same() -> None:
    detector = Detector(second=Names())
    text = b"Today we saw Anna Berg. Then\nwe all saw Dirk Vogel again"
    whole = detector.find(text)
    assert len(whole) == 2
    for cut in range(len(text)):
        stream = detector.stream()
        assert [*stream.feed(text[:cut]), *stream.feed(text[cut:]), *stream.end()] == whole
