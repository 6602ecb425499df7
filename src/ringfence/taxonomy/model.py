"""The types of the taxonomy's rows."""

from dataclasses import dataclass
from enum import Enum, StrEnum

from ringfence.taxonomy.regulations import Citation


class Sensitivity(StrEnum):
    """How much harm it does where a value of the category reaches the wrong reader."""

    LOW = "low"  # says little about a person by itself: a language, a country
    MEDIUM = "medium"  # identifies or reaches a person: a name, an address
    HIGH = "high"  # opens the way to fraud or is what laws name as special: a card number, an illness, a password


class Domain(Enum):
    """How many values a category has, and so how easily a deterministic form of one is undone by trying them all.

    It counts values, not how often each occurs: a frequent name shows through any deterministic form.
    """

    SMALL = "small"  # a person could list them: birth dates, postcodes
    ENUMERABLE = "enumerable"  # a computer can: card numbers, phone numbers, IPv4 addresses
    LARGE = "large"  # nobody can


@dataclass(frozen=True, slots=True)
class CategoryInfo:
    """One kind of personal data."""

    path: str
    title: str
    sensitivity: Sensitivity
    domain: Domain
    regulations: tuple[Citation, ...] = ()

    @property
    def parent(self) -> str:
        """The path one level up; empty for a root."""
        return self.path.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class EntityInfo:
    """What detection calls a finding, and the category that it belongs to."""

    name: str
    category: str
    title: str
