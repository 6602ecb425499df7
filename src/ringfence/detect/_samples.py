"""What a sample of a field's values looks like, in shares: how many are addresses, dates, sentences, names.

The rule: values go in, counts come out; no value is kept, and the work is linear in what is read: at most `_MOST` values, the
first `_LENGTH` characters of each.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ringfence.detect._given_names import GIVEN
from ringfence.detect._words import folded
from ringfence.detect.detector import Detector
from ringfence.detect.recognizer import listed

_MOST = 2_000
_LENGTH = 2_000
_DIGITS = "0123456789"  # at the end of a name: those who make people up number them
_SIGNS = bytes(byte for byte in range(0x80) if not chr(byte).isalnum())
_SHORTEST = 6  # characters of the shortest value that can be personal by itself: a@b.de
_WHOLE = 0.7  # of a value's letters and digits, from which a finding is the value rather than something in it

_TRUTHS = frozenset(
    ("t", "f", "true", "false", "yes", "no", "y", "n", "0", "1", "on", "off", "ja", "nein", "oui", "non")
)
_HASHES = ("$2a$", "$2b$", "$2y$", "$argon2", "$1$", "$5$", "$6$", "pbkdf2", "{SSHA", "scrypt:", "SCRAM-SHA-", "bcrypt")
_FIRMS = frozenset(
    listed(
        "inc, llc, ltd, gmbh, ag, corp, co, company, plc, sa, srl, spa, bv, nv, kg, ohg, hospital, clinic, center, "
        "centre, university, institute, practice, medical, associates, group, health, school, college, bank, "
        "foundation, services"
    )
)


@dataclass(frozen=True, slots=True)
class Profile:
    """A sample in figures. All but the first four are shares of the values that are not empty."""

    count: int
    distinct: int
    longest: int
    words: float  # a value's, in the mean
    truths: float
    numbers: float
    times: float
    dates: float
    uuids: float
    links: float
    hashes: float
    documents: float  # JSON objects, arrays, markup
    names: float  # two to four capitalised words
    given: float  # values in which a frequent given name stands
    firms: float
    whole: tuple[tuple[str, float], ...]  # entity, share of the values that are one
    within: float  # share of the values in which something personal stands

    @property
    def is_enumeration(self) -> bool:
        """Whether few values stand for many rows."""
        return self.count >= 10 and self.longest <= 64 and self.distinct <= max(3, min(60, self.count // 10))

    @property
    def is_prose(self) -> bool:
        """Whether people seem to have written it."""
        return self.words >= 5


def profiled(sample: Sequence[str], detector: Detector, hint: str) -> Profile | None:
    """Give a sample's figures; None where there is nothing in it. `hint` is a field's name that the detector is told."""
    step = max(1, -(-len(sample) // _MOST))
    values = [text for one in sample[::step] if (text := one[:_LENGTH].strip())]
    if not values:
        return None
    count = len(values)
    encoded = [value.encode(errors="surrogatepass") for value in values]
    longest = max(map(len, values))
    found = detector.find_in([hint] * count, encoded) if longest >= _SHORTEST else {}
    whole: Counter[str] = Counter()
    for number, findings in found.items():
        size = _size(encoded[number])
        covered: Counter[str] = Counter()
        for one in findings:
            covered[one.entity] += _size(encoded[number][one.start : one.end])
        entity, most = covered.most_common(1)[0]
        if most >= _WHOLE * size:
            whole[entity] += 1

    def share(claims: Iterable[bool]) -> float:
        return sum(claims) / count

    parts = [value.split() for value in values]
    return Profile(
        count=count,
        distinct=len(set(values)),
        longest=longest,
        words=sum(map(len, parts)) / count,
        truths=share(value.casefold() in _TRUTHS for value in values),
        numbers=share(_is_number(value) for value in values),
        times=share(_is_time(value) for value in values),
        dates=share(_is_date(value) for value in values),
        uuids=share(_is_uuid(value) for value in values),
        links=share("://" in value[:16] for value in values),
        hashes=share(_is_hash(value) for value in values),
        documents=share(_is_document(value) for value in values),
        names=share(_is_name(words) for words in parts),
        given=share(_has_given(words) for words in parts),
        firms=share(_is_firm(words) for words in parts),
        whole=tuple((entity, number / count) for entity, number in whole.most_common()),
        within=len(found) / count,
    )


def _size(data: bytes) -> int:
    return len(data.translate(None, _SIGNS))


def _is_number(value: str) -> bool:
    digits = value.lstrip("+-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit()


def _is_date(value: str) -> bool:
    return len(value) == 10 and value[4] == value[7] == "-" and value.replace("-", "").isdigit()


def _is_time(value: str) -> bool:
    return len(value) >= 16 and value[10] in "T " and value[13] == ":" and _is_date(value[:10])


def _is_uuid(value: str) -> bool:
    value = value.removeprefix("urn:uuid:")
    return len(value) == 36 and value[8] == value[13] == value[18] == value[23] == "-" and value.count("-") == 4


def _is_document(value: str) -> bool:
    """Tell JSON and markup; an array of words is none."""
    return (value[0] == "<" and value[-1] == ">") or (value[0] in "{[" and value[-1] in "}]" and ":" in value)


def _is_hash(value: str) -> bool:
    if value.startswith(_HASHES):
        return True
    return len(value) in (32, 40, 56, 64, 96, 128) and all(one in "0123456789abcdefABCDEF" for one in value)


def _is_name(words: list[str]) -> bool:
    """Tell two to four words that are written as names are; one may be an initial or a particle."""
    if not 2 <= len(words) <= 5:
        return False
    return all(_is_name_word(word) for word in words) and words[0][0].isupper() and words[-1][0].isalpha()


def _is_name_word(word: str) -> bool:
    return word.rstrip(_DIGITS).replace("-", "").replace("'", "").replace("’", "").rstrip(".,").isalpha()


def _has_given(words: list[str]) -> bool:
    return any(_plain(word.rstrip(_DIGITS)) in GIVEN for word in words[:3])


def _is_firm(words: list[str]) -> bool:
    return any(_plain(word) in _FIRMS for word in words[-3:])


def _plain(word: str) -> str:
    """Fold a word; most are of ASCII, and need but their signs taken away."""
    return word.strip(",.;:'\"()").lower() if word.isascii() else folded(word)
