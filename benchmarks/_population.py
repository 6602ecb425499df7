"""Hits with a judgement, right or wrong: what scores are fitted to, and what their reliability is measured on.

The population, in words: clinical cases with labels, lines of a web server's log, Presidio's examples, patients as FHIR documents;
numbers made right and wrong, with and without a word, in fields and under names of other things; numbers in which nothing can be
calculated, beside their words and beside a page's number; sources of installed packages, generated machine
logs in which nobody stands. The rule: a hit is judged by what its source says, never by ringfence; what a source
does not say is left out. A text belongs to one half by its hash: weights are fitted on one, measured on the other.
"""

import hashlib
import json
import random
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from benchmarks._numbers import NUMBERS, generated
from benchmarks.detection import _numbers, _sparse
from benchmarks.recognition import CORPORA, OURS, rows_of, sources
from ringfence.detect import Detector
from ringfence.detect._fitted import SHOWN, kind_of
from ringfence.detect._listed import Allowed
from ringfence.detect._overlap import Candidate, resolve
from ringfence.detect._weighing import by_name_alone
from ringfence.detect.recognizer import Certainty, Recognizer
from ringfence.detect.recognizers import DECLARED
from ringfence.taxonomy import ENTITIES

LABELS = {
    "DATE_TIME": ("DATE_TIME", "DATE_OF_BIRTH"),
    "PHONE_NUMBER": ("PHONE_NUMBER", "TR_PHONE_NUMBER", "PH_MOBILE_NUMBER"),
    "LOCATION": (
        "LOCATION",
        "STREET_ADDRESS",
        "ES_POSTCODE",
        "US_ZIP_CODE",
        "FR_POSTCODE",
        "DE_POSTCODE",
        "IT_POSTCODE",
    ),
    **{name: (name,) for name in ("EMAIL_ADDRESS", "IP_ADDRESS", "AGE", "PERSON", "URL")},
}
"""A corpus's label, and which of our entities it speaks of."""

_LABEL_OF = {entity: label for label, entities in LABELS.items() for entity in entities}
_UNSAID = ("OTHER", "NATIONAL_ID", "ORGANIZATION", "USERNAME")
"""Labels that do not say which of our entities a value is: what overlaps one is left out."""

_CASES = ("meddocan_es", ("DATE_TIME", "PHONE_NUMBER", "LOCATION", "EMAIL_ADDRESS", "AGE", "PERSON"))
_LOG_LINES = 1200
_SOURCES = 4_000_000  # bytes
_MACHINE = 400_000  # bytes of each log
_IN_SOURCES = frozenset(  # what does stand in sources and logs
    ("EMAIL_ADDRESS", "IP_ADDRESS", "URL", "URL_CREDENTIALS", "DATE_TIME", "ORGANIZATION", "PERSON", "LOCATION")
)
_PATIENTS = 6
_COUNT = 40  # numbers for each entity
_DRAWS = 24  # numbers for each entity in which nothing can be calculated
_OTHER_THINGS = ("order_id", "invoice_no", "sku", "version", "price", "timestamp", "bytes", "build_id")


@dataclass(frozen=True, slots=True)
class State:
    """What a hit's evidence says of it: its pattern, and what stands beside it."""

    kind: str
    code: str  # of its pattern
    declared: (
        float  # the score that its entry gives for this state, with all that was known of before weights were fitted
    )
    is_meant: bool  # whether its entry means it to be shown
    is_doubtful: bool
    is_named: bool
    is_beside: bool
    is_after: bool
    is_unled: bool
    against_field: bool
    is_inside: bool

    @property
    def is_vouched(self) -> bool:
        """Whether a word or a name speaks for it."""
        return self.is_named or self.is_beside or self.is_after


@lru_cache(maxsize=100_000)
def _state(evidence: tuple[str, ...]) -> State:
    heads = {one.partition(" ")[0].partition(":")[0] for one in evidence}
    against = {one.partition(":")[2].partition(" ")[0] for one in evidence if one.startswith("against:")}
    is_doubtful, is_named = "doubtful" in against, "field" in heads
    is_beside, is_after = "context" in heads, "after" in heads
    known = PATTERNS.get(evidence[0])
    if known is None:
        return State("name", "", _BY_NAME, True, False, True, False, False, False, False, False)
    kind, pattern = known
    scores = pattern.doubtful if is_doubtful else (pattern.alone, pattern.beside)
    unled, field, inside = "unannounced" in against, "field" in against, "inside" in against
    declared = (
        max(pattern.beside, _BY_NAME) if is_named else min(scores[is_beside], _UNLED) if unled else scores[is_beside]
    )
    is_meant = is_named or (scores[is_beside or is_after] >= SHOWN and not unled)
    return State(
        kind, pattern.code, declared, is_meant, is_doubtful, is_named, is_beside, is_after, unled, field, inside
    )


def state_of(hit: Candidate) -> State:
    """Read a hit's state from its evidence."""
    return _state(hit.evidence)


PATTERNS = {f"pattern:{pattern.code}": (kind_of(one, pattern), pattern) for one in DECLARED for pattern in one.patterns}
_BY_NAME, _UNLED = 0.8, 0.1  # declared for what a field's name vouches for, and for what nothing announced


@dataclass(frozen=True, slots=True)
class Judged:
    """A hit and whether it was right."""

    source: str
    hit: Candidate
    right: bool
    fits: bool  # in the half that weights are fitted on


def for_everything() -> Detector:
    """Make a detector that looks for everything everywhere, whatever the score."""
    return Detector(thresholds=dict.fromkeys(ENTITIES, 0.0))


def population(detector: Detector, seed: int, share: float = 1.0) -> Iterator[Judged]:
    """Give every judged hit; `share` of the texts, for a test."""
    rng = random.Random(seed)

    def taken(texts: Iterable[Any]) -> Iterator[Any]:
        return (one for one in texts if share >= 1 or rng.random() < share)

    yield from _cases(detector, taken(rows_of(_CASES[0])))
    yield from _log(detector, taken(list(rows_of("logs/apache_access"))[:_LOG_LINES]))
    yield from _examples(detector, taken(rows_of("presidio_recognizer_examples")))
    yield from _patients(detector, taken(list(rows_of("fhir_truth"))[:_PATIENTS]))
    yield from _made(detector, max(2, int(_COUNT * share)), seed)
    yield from _unchecked(detector, max(1, int(_DRAWS * share)), rng)
    yield from _nobody(detector, share)


def fits(text: str | bytes) -> bool:
    """Say in which half a text is."""
    data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    return hashlib.sha256(data).digest()[0] % 2 == 0


def hits(detector: Detector, data: bytes, field: str = "") -> list[Candidate]:
    """Give the hits in a text: what would be shown by the declared scores, overlaps resolved, and what stands beside that."""
    names = detector._names.says(field) if field else {}
    named = [(0, len(data), names)] if names else []
    found = detector._search(data, named)
    found.extend(by_name_alone(data, named, detector._whole, detector._thresholds, Allowed(())))
    shown = resolve(data, [one for one in found if state_of(one).is_meant])
    ends = [one.end for one in shown]
    hidden = []
    for one in found:
        if not state_of(one).is_meant:
            at = bisect_right(ends, one.start)
            if at == len(shown) or shown[at].start >= one.end:
                hidden.append(one)
    return shown + hidden


def _cases(detector: Detector, rows: Iterable[dict[str, Any]]) -> Iterator[Judged]:
    for row in rows:
        text, half = row["text"], fits(row["text"])
        spans = _in_bytes(text, row["spans"])
        for hit in hits(detector, text.encode()):
            beside = {label for start, end, label in spans if start < hit.end and hit.start < end}
            label = _LABEL_OF.get(hit.entity, "")
            if label in beside:
                yield Judged("cases", hit, right=True, fits=half)
            elif not beside.intersection(_UNSAID) and label != "URL":
                yield Judged("cases", hit, right=False, fits=half)


def _in_bytes(text: str, spans: Iterable[dict[str, Any]]) -> list[tuple[int, int, str]]:
    return [(len(text[: one["start"]].encode()), len(text[: one["end"]].encode()), one["label"]) for one in spans]


def _log(detector: Detector, rows: Iterable[dict[str, Any]]) -> Iterator[Judged]:
    for row in rows:
        text, half = row["text"], fits(row["text"])
        spans = _in_bytes(text, row["spans"])
        for hit in hits(detector, text.encode()):
            beside = {label for start, end, label in spans if start < hit.end and hit.start < end}
            if hit.entity not in ("EMAIL_ADDRESS", "USERNAME", "URL"):  # robots' addresses are right, and not marked
                yield Judged("log", hit, right=_LABEL_OF.get(hit.entity, "-") in beside, fits=half)


def _examples(detector: Detector, rows: Iterable[dict[str, Any]]) -> Iterator[Judged]:
    for row in rows:
        entity = OURS.get(row["entity"], row["entity"])
        for hit in hits(detector, row["text"].encode(errors="surrogatepass")):
            if hit.entity == entity:
                yield Judged("examples", hit, right=row["expected_count"] > 0, fits=fits(row["text"]))


def _patients(detector: Detector, rows: Iterable[dict[str, Any]]) -> Iterator[Judged]:
    """Judge the values of documents by their paths, and the names that these hold."""
    for row in rows:
        path = CORPORA / "fhir" / row["file"]
        if not path.is_file():
            continue
        truth = {one["path"]: one["label"] for one in row["pii"]}
        for pointer, value in _leaves(json.loads(path.read_text(encoding="utf-8")), ""):
            label = truth.get(pointer, "")
            if label in _UNSAID:
                continue
            for hit in hits(detector, value.encode(), pointer.strip("/").replace("/", ".")):
                ours = _LABEL_OF.get(hit.entity, "")
                if ours == "DATE_TIME" or ours == "URL" or hit.entity in _IN_SOURCES - {"PERSON", "LOCATION"}:
                    continue  # dates of visits and links are not marked
                if not any(one.startswith(("context:", "field:")) for one in hit.evidence) and not label:
                    yield Judged("patients", hit, right=False, fits=fits(row["file"] + pointer))
                elif label or ours:
                    yield Judged("patients", hit, right=ours == label, fits=fits(row["file"] + pointer))


def _leaves(node: Any, path: str) -> Iterator[tuple[str, str]]:
    match node:
        case dict():
            for key, below in node.items():
                yield from _leaves(below, f"{path}/{key}")
        case list():
            for number, below in enumerate(node):
                yield from _leaves(below, f"{path}/{number}")
        case str():
            yield path, node
        case int() | float():
            yield path, str(node)


def _made(detector: Detector, count: int, seed: int) -> Iterator[Judged]:
    """Judge made numbers: a right one beside a word, in a field of its name, or of a telling shape is one.

    Others are none. Under the name of another thing stand digits as they come, in a number's shape, and half as often a right
    number.
    """
    rng = random.Random(seed)
    made = {name for name, *_ in NUMBERS}
    known = {one.entity: one for one in DECLARED if one.entity in made}
    for number, (entity, word, right, wrong) in enumerate(generated(count, seed)):
        one = known[entity]
        said = (f"{word} {{}}", f"{{}} ({word})", f"{{}} is the {word}")
        other = rng.choice(_OTHER_THINGS)
        for value, is_right in ((right, True), (wrong, False), (_any_digits(rng, right), None)):
            texts = [(f"{word}: {{}}", "", True), (said[number % 3], "", True), ("{}", rng.choice(one.fields), True)]
            texts += [("seen {} here", "", False), (f"GET /{rng.randrange(99)}/{{}}/list 200", "", False)]
            if is_right and number % 2:  # now and then, a number stands where it does not belong
                texts.append(("{}", f"shop.{other}", False))
                texts.append((f"{other}={{}} done", "", False))
            if is_right is None:
                texts = [("{}", f"shop.{other}", False), (f"{other}={{}} done", "", False), *texts[-2:]]
            for template, field, is_vouched in texts:
                text, at = template.format(value), len(template.partition("{")[0].encode())
                for hit in hits(detector, text.encode(), field):
                    covers = hit.start <= at and hit.end >= at + len(value)
                    same = ENTITIES[hit.entity].category == ENTITIES[entity].category and covers
                    if same and not is_right and hit.entity not in known:
                        continue  # nothing was made that says whether it is one
                    if is_right is False and state_of(hit).is_named and state_of(hit).is_doubtful:
                        continue  # its field says that it is one, its check digits that it is none
                    one_of_it = same and (state_of(hit).is_vouched if is_vouched else _is_telling(one, hit))
                    yield Judged("made", hit, bool(is_right) and one_of_it, fits(text + field))


def _any_digits(rng: random.Random, value: str) -> str:
    return "".join(rng.choice("0123456789") if sign.isdigit() else sign for sign in value)


def _unchecked(detector: Detector, count: int, rng: random.Random) -> Iterator[Judged]:
    """Judge numbers in which nothing can be calculated: entries' examples with other digits, their words before a page's number."""
    for one in DECLARED:
        shown = [example for example in one.examples if len(example.found) == 1 and not example.field]
        words = [word for word in one.words if not word.endswith("-")]
        if one.certainty is not Certainty.CONTEXT or not shown or not words:
            continue
        for number in range(count):
            example = shown[number % len(shown)]
            old = example.found[0]
            value = _any_digits(rng, old)
            before, _, after = example.text.partition(old)
            page = f"{rng.choice(words)} form, page "
            for text, at, is_right in (
                (before + value + after, len(before.encode()), True),
                (page + value, len(page.encode()), False),
            ):
                if not is_right and number % 4:
                    continue
                for hit in hits(detector, text.encode()):
                    is_it = hit.entity == one.entity and hit.start <= at and hit.end >= at + len(value.encode())
                    yield Judged("unchecked", hit, is_right and is_it and state_of(hit).is_meant, fits(text))


def _is_telling(recognizer: Recognizer, hit: Candidate) -> bool:
    return any(one.trigger and f"pattern:{one.code}" == hit.evidence[0] for one in recognizer.patterns)


def _nobody(detector: Detector, share: float) -> Iterator[Judged]:
    """Judge text without people: whatever is found there is wrong, but for what does stand there."""
    for data in sources(int(_SOURCES * share), seed=5):
        half = fits(data)
        for hit in hits(detector, data):
            if hit.entity not in _IN_SOURCES:
                yield Judged("sources", hit, right=False, fits=half)
    for data in (_sparse(), _numbers()):
        for line in data[: int(_MACHINE * share)].splitlines():
            half = fits(line)
            for hit in hits(detector, line):
                if hit.entity not in _IN_SOURCES:
                    yield Judged("machines", hit, right=False, fits=half)
