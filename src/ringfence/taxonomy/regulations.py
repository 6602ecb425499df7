"""The laws and standards that name kinds of personal data, and how a category cites one.

The rule: a clause is cited by the number that the text itself gives it, so that a reader can look it up.
"""

from dataclasses import dataclass
from enum import Enum


class Regulation(Enum):
    """A law or standard: its title, and where its text is published."""

    GDPR = (
        "Regulation (EU) 2016/679 (GDPR)",
        "https://eur-lex.europa.eu/eli/reg/2016/679/oj",
    )
    CPRA = (
        "CCPA as amended by the CPRA, sensitive personal information, Cal. Civ. Code 1798.140(ae)",
        "https://leginfo.legislature.ca.gov/faces/codes_displaySection.xhtml?lawCode=CIV&sectionNum=1798.140",
    )
    HIPAA = (
        "HIPAA Privacy Rule, Safe Harbor identifiers, 45 CFR 164.514(b)(2)(i)",
        "https://www.ecfr.gov/current/title-45/section-164.514",
    )
    PCI_DSS = (
        "PCI DSS v4.0.1, account data",
        "https://www.pcisecuritystandards.org/document_library/",
    )

    def __init__(self, title: str, source: str) -> None:
        self.title = title
        self.source = source


@dataclass(frozen=True, slots=True)
class Citation:
    """A clause of a regulation that names a category."""

    regulation: Regulation
    clause: str

    def __str__(self) -> str:
        return f"{self.regulation.name} {self.clause}"


def gdpr(article: str) -> Citation:
    """Cite an article of the GDPR: ``4(1)`` personal data, ``9(1)`` special categories, ``10`` convictions."""
    return Citation(Regulation.GDPR, f"art. {article}")


def cpra(clause: str) -> Citation:
    """Cite a clause of Cal. Civ. Code 1798.140(ae): ``(1)(A)``."""
    return Citation(Regulation.CPRA, f"1798.140(ae){clause}")


def hipaa(letter: str) -> Citation:
    """Cite one of the 18 Safe Harbor identifiers by its letter, A to R."""
    return Citation(Regulation.HIPAA, f"164.514(b)(2)(i)({letter})")


CARDHOLDER = Citation(Regulation.PCI_DSS, "cardholder data")
SENSITIVE_AUTHENTICATION = Citation(Regulation.PCI_DSS, "sensitive authentication data")
