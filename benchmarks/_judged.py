"""What a reading of sampled findings in clean text came to.

The rule: each finding of the sample (`python -m benchmarks._clean`) was read with what stands around it. It is right where the text
says what the finding says, however invented the value: an author's mailbox, a host's address in an example, the password of a test.
It is false where it is something else. What is written down is kinds and counts, never a value.
"""

from typing import NamedTuple


class Verdict(NamedTuple):
    """How many findings of an entity were judged, how many of them are false, what those are, and which share of all is false.

    Where the judged were not drawn evenly, the share is that of the strata together.
    """

    judged: int
    false: int
    what: str = ""
    stratified: float | None = None

    @property
    def share(self) -> float:
        return self.false / self.judged if self.stratified is None else self.stratified


SOURCES = {
    "IP_ADDRESS": Verdict(
        160,
        7,
        "versions (3), sections of a standard (2), object identifiers (2). None of 70 drawn from all; these are among 90 different "
        "ones drawn from the 1,278 of small numbers, and count for those",
        1278 * 7 / 90 / 10_987,
    ),
    "EMAIL_ADDRESS": Verdict(
        96,
        21,
        "identifiers of messages (16), escapes cut out of links (2), minified code (2), a format (1). None of 50 drawn from all; "
        "these are among the 46 different ones of the 113 that have no letter before the sign, an odd host or a header's name "
        "before them, and count for those",
        113 * 21 / 46 / 6_262,
    ),
    "MAC_ADDRESS": Verdict(20, 0),
    "URL_CREDENTIALS": Verdict(20, 0),
    "AGE": Verdict(12, 1, "a file's age compared with zero"),
    "PRIVATE_KEY": Verdict(12, 5, "the marker alone, in code that looks for it (4), and before asterisks (1)"),
    "DEVICE_ID": Verdict(12, 0),
    "PHONE_NUMBER": Verdict(12, 0),
    "COORDINATES": Verdict(12, 2, "bounds of a longitude (2)"),
    "PERSON": Verdict(13, 4, "names of things behind `Name:` (2) and of nodes behind `Mr.` (2)"),
    "GENDER": Verdict(11, 2, "a legend of abbreviations (2)"),
    "US_ZIP_CODE": Verdict(10, 0),
    "US_SSN": Verdict(4, 0),
    "CONNECTION_STRING": Verdict(4, 0),
    "ICD_CODE": Verdict(3, 3, "minified code (2), a type's name (1)"),
    "SERVICE_TOKEN": Verdict(3, 0),
    "LOCATION": Verdict(2, 0),
    "SWIFT_BIC": Verdict(2, 2, "words behind the name of a criterion (2)"),
    "US_BANK_NUMBER": Verdict(2, 2, "a cloud's account number (2)"),
    "CARD_VERIFICATION": Verdict(1, 1, "an exponent"),
    "DATE_OF_BIRTH": Verdict(1, 0),
    "IT_POSTCODE": Verdict(1, 1, "a character's number"),
    "ORGANIZATION": Verdict(1, 1, "a type's name"),
    "CREDIT_CARD": Verdict(1, 1, "a measurement"),
    "CARD_EXPIRY": Verdict(1, 1, "a snapshot's expiry"),
}
LOGS = {
    "CREDIT_CARD": Verdict(
        31,
        31,
        "bare numbers of 14 to 16 digits that begin as a network's cards do and end in a right check digit, by chance (29), or "
        "groups of digits like a card's (2)",
    ),
    "IP_ADDRESS": Verdict(13, 13, "numbers of runs and jobs, written as four groups with points (13)"),
}
