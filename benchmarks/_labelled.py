"""Labelled corpora: their texts and labels, ringfence's findings and Presidio's in the same texts, counted.

The rule: a corpus is asked only for the labels that it marks; a finding of another kind is no mistake there. What an entity of
either side is called in the corpora's labels stands in one table.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from benchmarks._peers import Peer, Span, presidio
from benchmarks._scores import Counts, exact, overlapping
from benchmarks.recognition import rows_of
from ringfence.detect import Detector
from ringfence.taxonomy import ENTITIES

NAMES = (
    "meddocan_es",
    "logs/apache_access",
    "broad_twitter_corpus_en",
    "wnut17_en",
    "wikigold_en",
    "sec_filings_en",
    "legal_entity_recognition_de",
)
FROM_A_MODEL = ("PERSON", "LOCATION", "ORGANIZATION")
"""Labels that prose holds: neither side looks for them there without a model."""

_LABELS = {
    "PHONE_NUMBER": "PHONE_NUMBER TR_PHONE_NUMBER PH_MOBILE_NUMBER",
    "EMAIL_ADDRESS": "EMAIL_ADDRESS",
    "CREDIT_CARD": "CREDIT_CARD",
    "IBAN": "IBAN IBAN_CODE",
    "IP_ADDRESS": "IP_ADDRESS",
    "DATE_TIME": "DATE_TIME DATE_OF_BIRTH",
    "AGE": "AGE",
    "URL": "URL",
    "USERNAME": "USERNAME",
    "NRP": "NRP NATIONALITY RELIGION POLITICAL_OPINION ETHNICITY",
    "PERSON": "PERSON",
    "LOCATION": "LOCATION STREET_ADDRESS",
    "ORGANIZATION": "ORGANIZATION",
}
_BY_NAME = {entity: label for label, entities in _LABELS.items() for entity in entities.split()}
_BY_CATEGORY = (
    ("user.contact.address", "LOCATION"),
    ("user.government_id", "NATIONAL_ID"),
    ("user.health.insurance_beneficiary_id", "NATIONAL_ID"),
    ("user.contact.phone_number", "PHONE_NUMBER"),
)
SETTINGS = ("default", "default ≥ 0.5", "all countries", "all countries ≥ 0.5")
"""Presidio's four: the recognizers it loads for the text's language or every country's, at any score or from 0.5 on."""


def label_of(entity: str) -> str | None:
    """Say what the corpora call an entity; ``NATIONAL_ID`` is any number of a state."""
    known = _BY_NAME.get(entity)
    if known is not None:
        return known
    info = ENTITIES.get(entity)
    if info is None:  # one that only Presidio has: a number of a country, by its name
        return "NATIONAL_ID" if entity[2:3] == "_" else None
    return next((label for category, label in _BY_CATEGORY if info.category.startswith(category)), None)


@dataclass(frozen=True)
class Judged:
    """One label of one corpus: counts of each text, ours and those of each of Presidio's settings; exact, then by overlap."""

    corpus: str
    label: str
    ours: tuple[list[Counts], list[Counts]]
    peers: dict[str, tuple[list[Counts], list[Counts]]]


def judged(detector: Detector) -> Iterator[Judged]:
    """Judge each corpus, label by label; `OTHER`, which is whatever a corpus marks besides, is left out."""
    for name in NAMES:
        rows = list(rows_of(name))
        if not rows:
            continue
        texts = [row["text"] for row in rows]
        ours = [_by_label(one[:3] for one in found) for found in map(detector.find, texts)]
        peers = [
            {way: _by_label(one[:3] for one in found) for way, found in by_setting(peer).items()}
            for peer in presidio([(_language(row["lang"]), row["text"]) for row in rows])
        ]
        labels = sorted({span["label"] for row in rows for span in row["spans"]} - {"OTHER"})
        for label in labels:
            wanted = [[(one["start"], one["end"]) for one in row["spans"] if one["label"] == label] for row in rows]
            yield Judged(
                name,
                label,
                _counted(wanted, [one.get(label, []) for one in ours]),
                {way: _counted(wanted, [one[way].get(label, []) for one in peers]) for way in SETTINGS},
            )


def _counted(
    wanted: list[list[tuple[int, int]]], found: list[list[tuple[int, int]]]
) -> tuple[list[Counts], list[Counts]]:
    pairs = list(zip(wanted, found, strict=True))
    return [exact(*pair) for pair in pairs], [overlapping(*pair) for pair in pairs]


def _by_label(spans: Iterable[tuple[int, int, str]]) -> dict[str, list[tuple[int, int]]]:
    sorted_out: dict[str, list[tuple[int, int]]] = {}
    for start, end, entity in spans:
        label = label_of(entity)
        if label is not None:
            sorted_out.setdefault(label, []).append((start, end))
    return sorted_out


def by_setting(peer: Peer) -> dict[str, list[Span]]:
    """Give what Presidio finds in a text by each of its settings."""
    return {
        way: [one for one in found if one.score >= least]
        for way, found, least in zip(
            SETTINGS,
            (peer.default, peer.default, peer.everywhere, peer.everywhere),
            (0.0, 0.5, 0.0, 0.5),
            strict=True,
        )
    }


def _language(lang: str) -> str:
    """Give a language that Presidio has recognizers for; what is undetermined counts as English."""
    return lang if lang in ("en", "es", "de", "it", "pl") else "en"
