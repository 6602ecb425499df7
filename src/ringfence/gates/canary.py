"""What became of a canary, whichever gate it was sent through; and by what one is known for what it is, wherever it turns up.

The rule: nothing here holds a value: a canary's, or one that came in its place.

>>> is_canary(b"bcdfghjkm@quillpost.com"), is_canary(b"0123456789ab@example.com"), is_canary(b"anna.berg@quillpost.com")
(True, True, False)
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import re2

MARK_LETTERS: Final = "bcdfghjkmnpqrstvwxz"  # no vowels: a mark is no word, and nobody's name
MARK_LENGTH: Final = 9
MARK_DOMAINS: Final = (
    *("quillpost.com", "brieffalke.de", "plume-courrier.fr", "cartaveloz.es", "posta-airone.it", "listolot.pl"),
)
"""Of which the addresses of the probe's synthetic people are made. Theirs is told from others by its form alone; whose it is,
only the home's secret tells."""


@dataclass(frozen=True, slots=True)
class CanaryResult:
    """Whether it came back masked; if not, why; and whether it was seen clear."""

    masked: bool
    why: str = ""
    leaked: bool = False


def is_canary(address: bytes) -> bool:
    """Tell whether an e-mail address is a gate's canary or one of the probe's synthetic people."""
    return _pattern().fullmatch(address) is not None


@lru_cache(maxsize=1)
def _pattern() -> "re2._Regexp[bytes]":
    import re2

    domains = "|".join(domain.replace(".", r"\.") for domain in MARK_DOMAINS)
    people = f"[{MARK_LETTERS}]{{{MARK_LENGTH}}}@(?:{domains})"
    return re2.compile(rf"(?i){people}|[0-9a-f]{{12}}@example\.com".encode())
