"""What detection says of a text: findings, never the values found.

A finding is entity, category, span, score and evidence. It holds no part of the text, so it may be logged, recorded and
printed. Offsets are in the units of what was given: code points of a `str`, bytes of a `bytes`.
"""

from typing import NamedTuple


class Finding(NamedTuple):
    """One piece of personal data in a text.

    Attributes
    ----------
    start, end
        Half-open span, in code points of a `str` and in bytes of a `bytes`.
    entity
        What a recognizer calls it: ``EMAIL_ADDRESS``.
    category
        Where the taxonomy puts it: ``user.contact.email``.
    score
        0.0 to 1.0.
    evidence
        Codes that say why: ``pattern:email``, ``checksum:luhn``, ``context:born``, ``field:first_name``. Words in them come
        from ringfence's own tables, never from the text.
    """

    start: int
    end: int
    entity: str
    category: str
    score: float
    evidence: tuple[str, ...] = ()
