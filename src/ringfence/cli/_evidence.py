"""What codes of evidence say in words: for whoever asks why something was found, or was decided.

The rule: a code that is not known here is told as it stands, so that evidence of a newer kind is never lost.
"""

from collections.abc import Iterable

_WORDS = {
    "pattern": "it has the shape of {}",
    "checksum": "its check digits hold ({})",
    "context": "the word {} stands near",
    "field": "the field is {}",
    "range": "it lies in a range that is in use ({})",
    "surrogate": "it was sent out in this exchange ({})",
    "disguise": "it was written in a disguise ({})",
    "declared": "the policy's own recognizer {} looks for it",
    "listed": "it stands in a list of the policy ({})",
    "model": "the model {} found it",
    "after": "what follows it speaks for it ({})",
    "neighbours": "what stands around it is alike ({})",
    "against": "speaks against it: {}",
    "known": "it is known from {}",
}
"""What a code of evidence says; the second half of the code fills the gap."""

_NAMES = frozenset({"declared"})  # whose second half is a name, and stays as it is written
_AGAINST = frozenset({"against", "known"})


def evidence_in_words(code: str) -> str:
    """Say one code of evidence in words.

    >>> evidence_in_words("context:date_of_birth"), evidence_in_words("moon:full")
    ('the word date of birth stands near', 'moon:full')
    """
    kind, _, rest = code.partition(":")
    if kind not in _WORDS:
        return code
    return _WORDS[kind].format(rest if kind in _NAMES else rest.replace("_", " "))


def for_and_against(evidence: Iterable[str]) -> tuple[list[str], list[str]]:
    """Sort evidence into what speaks for a finding and what against it, in words."""
    sides: tuple[list[str], list[str]] = ([], [])
    for code in evidence:
        sides[code.partition(":")[0] in _AGAINST].append(evidence_in_words(code))
    return sides
