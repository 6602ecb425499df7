"""The second stage: a model of names, or of whatever no pattern tells, that sees only the texts worth it.

The rule: a model is slow, so it is handed little: no field whose name has said what it holds, no text of one word, no digits, no
code; and it is handed it once, all sentences of a call together. What it finds is resolved with all else by the one rule of
overlaps. Texts are sentences of at most `SENTENCE_MOST` bytes, so that what is found does not depend on how a stream was cut.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ringfence.detect._engine import searcher
from ringfence.detect._overlap import Candidate
from ringfence.detect._weighing import Fields
from ringfence.detect.recognizer import Certainty

if TYPE_CHECKING:
    from ringfence.detect._listed import Allowed

SENTENCE_MOST = 1024
FEWEST_WORDS = 3
MODEL = "model"
"""The kind of evidence."""

_ENDS = searcher(r"[\n\x1e]|[.!?;][ \t\r]")
_LETTERS_LEAST = 0.5  # of a text's bytes: in code and records there are fewer


class Named(NamedTuple):
    """What a model found in a text: its span in characters, an entity of the model's, and how sure it is."""

    start: int
    end: int
    entity: str
    score: float


class Model(Protocol):
    """A model that finds what no pattern tells.

    It keeps no state between calls that would change what it finds: the same text gives the same findings.
    """

    @property
    def name(self) -> str:
        """What evidence calls it: ``model:NAME``."""

    @property
    def entities(self) -> Mapping[str, str]:
        """The entities that it finds, each with its category."""

    def is_worth(self, text: str) -> bool:
        """Tell whether a sentence is worth its time. What has few words or letters has been left out before."""

    def find(self, texts: Sequence[str]) -> Sequence[Sequence[Named]]:
        """Find in each of these sentences."""


class SecondStage:
    """A model at work: which sentences it sees, and what becomes of its findings."""

    def __init__(self, model: Model, wanted: frozenset[str], thresholds: Mapping[str, float]) -> None:
        self._model = model
        self._wanted = wanted
        self._thresholds = thresholds
        self._evidence = (f"{MODEL}:{model.name}",)

    def find(self, data: bytes, fields: Fields, allow: "Allowed") -> list[Candidate]:
        """Find what the model finds in a buffer; `fields` are those whose names say what they hold."""
        known = [(start, end) for start, end, names in fields if names]
        starts = [start for start, _ in known]
        texts: list[str] = []
        places: list[int] = []
        for begin, end in sentences(data):
            before = bisect_left(starts, end)  # a sentence lies in one field
            if end - begin > SENTENCE_MOST or (before and known[before - 1][1] > begin):
                continue
            text = data[begin:end].decode(errors="surrogateescape")
            seen = "".join("\ufffd" if "\ud800" <= sign <= "\udfff" else sign for sign in text)
            if is_worth_it(seen) and self._model.is_worth(seen):
                texts.append(seen)
                places.append(begin)
        if not texts:
            return []
        return [
            one
            for begin, text, found in zip(places, texts, self._model.find(texts), strict=True)
            for one in self._candidates(data, begin, text, found)
            if not allow.covers(one.entity, data[one.start : one.end])
        ]

    def _candidates(self, data: bytes, begin: int, text: str, found: Iterable[Named]) -> Iterator[Candidate]:
        for one in found:
            if one.entity not in self._wanted or one.score < self._thresholds[one.entity]:
                continue
            if not 0 <= one.start < one.end <= len(text):
                continue
            start = begin + _bytes_of(data, begin, one.start)
            end = begin + _bytes_of(data, begin, one.end)
            yield Candidate(start, end, Certainty.CONTEXT, one.entity, one.score, self._evidence)


def _bytes_of(data: bytes, begin: int, characters: int) -> int:
    """Give the bytes of so many characters behind an offset; a broken byte is one."""
    return len(
        data[begin : begin + SENTENCE_MOST]
        .decode(errors="surrogateescape")[:characters]
        .encode(errors="surrogateescape")
    )


def sentences(data: bytes) -> Iterator[tuple[int, int]]:
    r"""Give the sentences of a buffer, without what they end in.

    >>> [data[b:e] for data in [b"One here. Two\nthree"] for b, e in sentences(data)]
    [b'One here', b'Two', b'three']
    """
    begin, size = 0, len(data)
    while begin < size:
        low, high = _ENDS(data, begin, size)
        if low < 0:
            low = high = size
        if low > begin:
            yield begin, low
        begin = high


def is_worth_it(text: str) -> bool:
    """Tell free text from values, records and code: three words, and at least half of it letters."""
    words = text.split()
    if len(words) < FEWEST_WORDS or sum(word[:1].isalpha() for word in words) < FEWEST_WORDS:
        return False
    return sum(map(str.isalpha, text)) >= _LETTERS_LEAST * len(text)
