"""The United States of America."""

from collections.abc import Sequence

from ringfence.detect._bytes import digits_of, is_digit, is_word_after, is_word_before, line_start
from ringfence.detect._checks import is_varied, luhn, shaped, stdnum, valid
from ringfence.detect._engine import searcher
from ringfence.detect.recognizer import (
    DIGITS,
    UNCHECKED,
    Certainty,
    Example,
    Hit,
    Pattern,
    Recognizer,
    listed,
    row,
    spelling,
)


def _stands_free(data: bytes, start: int, end: int) -> bool:
    if is_word_before(data, start) or is_word_after(data, end):
        return False
    joins = (b"-",) if data[start + 3] == ord("-") else (b"-", b".")
    before, after = data[max(0, start - 1) : start] in joins, data[end : end + 1] in joins
    return not (before and is_digit(data, start - 2)) and not (after and is_digit(data, end + 1))


_NO_SSN = frozenset(("078051120", "457555462", "219099999"))  # printed in advertisements


def is_ssn(number: str) -> bool:
    """Tell whether nine digits lie in what is given out: python-stdnum's rule at a twentieth of its time."""
    return (
        number[0] != "9"
        and number[:3] not in ("000", "666")
        and number[3:5] != "00"
        and number[5:] != "0000"
        and number not in _NO_SSN
    )


def _check_ssn(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Check the areas that are given out. With points, or with blanks in a row or behind a thing's name, it is doubtful."""
    separator = data[start + 3] if end - start == len("078-05-1123") else 0
    if separator and separator != data[start + 6]:
        return ()
    if not _stands_free(data, start, end) or not is_ssn(digits_of(data[start:end])):
        return ()
    follows = data[max(0, start - 1) : start] == b" " and is_digit(data, start - 2)
    is_row = separator == ord(" ") and (follows or (data[end : end + 1] == b" " and is_digit(data, end + 1)))
    # Hyphens are how the number is printed: then no word before it, which anybody may write there, makes it another thing's.
    doubtful = separator == ord(".") or is_row or (separator != ord("-") and _is_things(data, start))
    return (Hit(start, end, ("range:area",), doubtful=doubtful),)


_THING = searcher(
    r"(?i)\b(?:part|lot|batch|order|ref|item|ticket|sku|serial|model|job|run|test|case|position|invoice|build|article|product)"
    r"(?: ?no\.?| number)?[:#=]? ?\z"
)
"""A word right before a number that makes it a thing's, not a person's."""

_THING_MOST = 20  # bytes


def _is_things(data: bytes, start: int) -> bool:
    low = line_start(data, start, _THING_MOST)
    return _THING(data[low:start], 0, start - low)[0] >= 0


_ITIN_GROUP = r"(?:5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-24-9])"
_LETTER, _EITHER = "[AC-HJKMNP-RT-Yac-hjkmnp-rt-y]", "[0-9AC-HJKMNP-RT-Yac-hjkmnp-rt-y]"
_MBI = ("[1-9]" + _LETTER + _EITHER + "[0-9]", _LETTER + _EITHER + "[0-9]", _LETTER + "{2}[0-9]{2}")


def _is_dea(number: str) -> bool:
    digits = [int(digit) for digit in number[2:]]
    return (digits[0] + digits[2] + digits[4] + 2 * (digits[1] + digits[3] + digits[5])) % 10 == digits[6]


def _is_npi(number: str) -> bool:
    return luhn("80840" + number)


def _has_licence_digits(number: str) -> bool:
    return sum(sign.isdigit() for sign in number) >= 3


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
            Example("part no. 686 40 0715, batch 314 05 6343 moved"),
            Example("order: 536-22-8712", ("536-22-8712",)),
        ),
    ),
    row(
        "US_ITIN",
        "https://www.irs.gov/tin/itin/individual-taxpayer-identification-number-itin",
        (
            spelling(
                "itin",
                "9[0-9]{2}-" + _ITIN_GROUP + "-[0-9]{4}",
                shaped(is_varied, alone=True),
                (0.6, 0.95),
                trigger="9[0-9]{2}-" + _ITIN_GROUP + "-[0-9]{4}",
            ),
            spelling("itin-any", "9[0-9]{2}[ -]?" + _ITIN_GROUP + "[ -]?[0-9]{4}", shaped(is_varied), (0.2, 0.85)),
        ),
        "individual taxpayer identification number, itin, individual taxpayer, taxpayer id, tax id, tin",
        "[911-53-1234]",
        "ITIN [912903456]",
        "911-89-1234, order 912903456",
    ),
    row(
        "US_EIN",
        "https://www.irs.gov/businesses/small-businesses-self-employed/how-eins-are-assigned-and-valid-ein-prefixes",
        (spelling("ein", "[0-9]{2}-?[0-9]{7}", valid(is_varied, stdnum("us.ein"), evidence="prefix"), (0.3, 0.85)),),
        "ein, employer identification, employer identification number, federal tax id, fein",
        "EIN: [91-1144442]",
        "employer identification: [85-6540885]",
        "order 91-1144442",
        "EIN: 07-1144442",
    ),
    row(
        "US_MBI",
        "https://www.cms.gov/medicare/new-medicare-card/understanding-the-mbi-with-format.pdf",
        (
            spelling("mbi", "-".join(_MBI), shaped(), (0.7, 0.95), trigger="-".join(_MBI)),
            spelling("mbi-bare", "".join(_MBI), shaped(), (0.3, 0.85)),
        ),
        "mbi, medicare, medicare beneficiary, medicare number, beneficiary identifier, medicare id",
        "Patient [1EG4-TE5-MK73]",
        "The MBI is [4EF6GH8JK12] for this patient",
        "1SG4-TE5-MK73 1EG4-TE5-MI73, part 4EF6GH8JK12",
        certainty=Certainty.SHAPE,
    ),
    row(
        "US_NPI",
        "45 CFR 162.406; https://www.cms.gov/Regulations-and-Guidance/Administrative-Simplification/NationalProvIdentStand",
        (spelling("npi", "[12][0-9]{3}-?[0-9]{3}-?[0-9]{3}", valid(is_varied, _is_npi, evidence="luhn"), DIGITS),),
        "national provider identifier, npi, national provider, provider identifier, provider id, npi number",
        "NPI [1245319599]",
        "national provider identifier: [2205707179]",
        "order 1245319599",
        "NPI 1245319598",
    ),
    row(
        "MEDICAL_LICENSE",
        "21 CFR 1301; https://www.deadiversion.usdoj.gov/drugreg/registration.html",
        (
            spelling(
                "dea", "[A-HJ-MPR-UXa-hj-mpr-ux][A-Za-z9][0-9]{7}", valid(is_varied, _is_dea, evidence="dea"), DIGITS
            ),
        ),
        "medical certificate, dea, dea number, dea no, medical license, certificate number, prescriber, medical licence",
        "my DEA certificate number is: [BB1388568]",
        "medical certificate: [BB8136447]",
        "part BB1388568",
        "The DEA number is BG8207031",
    ),
    row(
        "US_DRIVER_LICENSE",
        "https://www.aamva.org/topics/driver-license-and-identification-standards",
        (
            spelling(
                "us-driver",
                ""
                ""
                "[A-Za-z][0-9]{3,14}|[A-Za-z]{2}[0-9]{3,7}|[0-9]{2}[A-Za-z]{3}[0-9]{5,6}|[A-Za-z]{3,7}[0-9*][0-9A-Za-z*]{4,8}|[0-9]{7,14}",
                shaped(_has_licence_digits, is_varied),
                UNCHECKED,
            ),
        ),
        "dls, cdls, driver license, drivers license, driver's license, driving license, drivers "
        "licence, driver licence, dl number, dl no, "
        "license number, driver's licence",
        "driver license: [H12234567]",
        "dls: [H71247585]",
        "part H12234567",
        "driver license ABCDEFGH",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "US_PASSPORT",
        "https://travel.state.gov/content/travel/en/passports/passport-help/next-generation-passport.html",
        (spelling("us-passport", "[0-9]{9}|[A-Za-z][0-9]{8}", shaped(is_varied), UNCHECKED),),
        "passport, passport number, passport no, us passport, travel passport",
        "my travel passport is [A12803456]",
        "passport number: [A58124383]",
        "part A12803456",
        "passport A1280345",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "US_ALIEN_NUMBER",
        "8 CFR 1.2; https://www.uscis.gov/glossary-term/50684",
        (spelling("alien", "[Aa]-?[0-9]{3}-?[0-9]{3}-?[0-9]{2,3}|[0-9]{8,9}", shaped(is_varied), UNCHECKED),),
        "alien number, alien registration, a-number, uscis number, green card, permanent resident",
        "Alien number: [A012-345-678]",
        "alien registration: [A096-455-561]",
        "part A012-345-678",
        "alien number A012-345",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "ABA_ROUTING_NUMBER",
        "https://www.aba.com/about-us/routing-number",
        (spelling("aba", "[0-9]{4}-?[0-9]{4}-?[0-9]", valid(is_varied, stdnum("us.rtn"), evidence="mod10"), DIGITS),),
        "abarouting, bankrouting, aba, routing, routing number, aba number, routing no, transit number, rtn, aba routing",
        "Routing number: [0711-0130-7]",
        "abarouting: [193710870]",
        "order 071101307",
        "routing number 071101308",
    ),
    row(
        "US_BANK_NUMBER",
        "NACHA Operating Rules; no check digits, so a word must stand beside it",
        (spelling("us-account", "[0-9]{8,17}", shaped(is_varied), UNCHECKED),),
        "bank account number, bank account, account number, account no, checking account, savings account, "
        "acct no, acct number, bank number, acct",
        "bank account [945456787654]",
        "bank account number: [673457021012]",
        "order 945456787654",
        "account number 1234567",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
    row(
        "US_ZIP_CODE",
        "https://pe.usps.com/text/pub28/28c2_006.htm",
        (spelling("zip", "[0-9]{5}(?:-[0-9]{4})?", shaped(), (0.1, 0.6), reach=10),),
        "zip code, zipcode, postal code",
        "ZIP code: [94105-1234]",
        "postal code: [42082-8870]",
        "order 94105",
        "zip code 9410",
        certainty=Certainty.CONTEXT,
        near=16,
    ),
)
