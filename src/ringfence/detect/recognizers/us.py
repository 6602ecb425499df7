"""The United States of America."""

from collections.abc import Sequence

from stdnum.us import ssn

from ringfence.detect._bytes import digits_of, is_digit, is_word_after, is_word_before
from ringfence.detect.recognizer import Certainty, Example, Hit, Pattern, Recognizer, listed


def _stands_free(data: bytes, start: int, end: int) -> bool:
    if is_word_before(data, start) or is_word_after(data, end):
        return False
    joins = (b"-",) if data[start + 3] == ord("-") else (b"-", b".")
    before, after = data[start - 1 : start] in joins, data[end : end + 1] in joins
    return not (before and is_digit(data, start - 2)) and not (after and is_digit(data, end + 1))


def _check_ssn(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Check the areas that are given out. With points, or with blanks in a row of numbers, it is doubtful."""
    separator = data[start + 3] if end - start == len("078-05-1123") else 0
    if separator and separator != data[start + 6]:
        return ()
    if not _stands_free(data, start, end) or not ssn.is_valid(digits_of(data[start:end])):
        return ()
    is_row = separator == ord(" ") == data[start - 1] and is_digit(data, start - 2)
    return (Hit(start, end, ("range:area",), doubtful=separator == ord(".") or is_row),)


US: tuple[Recognizer, ...] = (
    Recognizer(
        entity="US_SSN",
        certainty=Certainty.CHECKED,
        source="https://www.ssa.gov/employer/randomization.html",
        patterns=(
            Pattern(
                code="ssn",
                pattern=r"[0-9]{3}[- .][0-9]{2}[- .][0-9]{4}",
                trigger=r"[0-9]{3}[- .][0-9]{2}[- .][0-9]{4}",
                alone=0.6,
                beside=0.95,
                doubtful=(0.3, 0.95),
                check=_check_ssn,
            ),
            Pattern(code="ssn-bare", pattern=r"[0-9]{9}", alone=0.1, beside=0.85, check=_check_ssn),
        ),
        words=listed("ssn, social security, social security number, ssno, soc sec, tax id, taxpayer id"),
        fields=("ssn", "social security", "social security number", "us ssn", "ssno"),
        examples=(
            Example("ssn 536-22-8712", ("536-22-8712",)),
            Example("abc 078 05 1123 abc", ("078 05 1123",)),
            Example("SSN: 536228712", ("536228712",)),
            Example("536228712", ("536228712",), field="customer.ssn"),
            Example("social_security=536.22.8712", ("536.22.8712",)),
            Example(
                "000-12-3456 666-12-3456 900-12-3456 536-00-1234 536-22-0000 1-536-22-8712 536-22-8712-1 536228712"
            ),
        ),
    ),
)
