"""Strings that somebody else chose, made fit to be kept and shown.

The rule: nothing but detection is needed for it, so that whoever only tells of names and reasons loads no crossing.
"""

from functools import lru_cache
from hashlib import sha256

from ringfence.detect import Detector

STRING_KEPT = 200  # characters of a string that a client chose
_MOST_SCRUBBED = 1024  # strings of one detector


def scrub(text: str, detector: Detector, most: int = STRING_KEPT) -> str:
    """Take personal data out of a string that a client chose, and bound its length to `most` characters.

    A client says the same of itself with every payload: what became of a string is remembered by its hash, never the string.
    Measured on a result of one row whose client said two things: a third of its crossing.
    """
    kept = text[:most]
    if len(kept) > STRING_KEPT:
        return _scrubbed(kept, detector)
    known = _remembered(detector)
    digest = sha256(kept.encode("utf-8", "surrogatepass")).digest()
    cleaned = known.get(digest)
    if cleaned is None:
        cleaned = _scrubbed(kept, detector)
        if len(known) >= _MOST_SCRUBBED:
            known.clear()
        known[digest] = cleaned
    return cleaned


def _scrubbed(kept: str, detector: Detector) -> str:
    parts: list[str] = []
    at = 0
    for finding in detector.find(kept):
        parts.append(kept[at : finding.start])
        parts.append(f"[redacted:{finding.category.rpartition('.')[2]}]")
        at = finding.end
    parts.append(kept[at:])
    cleaned = "".join(parts)
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in cleaned)


@lru_cache(maxsize=64)
def _remembered(detector: Detector) -> dict[bytes, str]:  # noqa: ARG001 (what it is remembered by; compiled, it has no weak references)
    return {}
