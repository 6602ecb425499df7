"""Australia and New Zealand."""

from ringfence.detect._checks import is_varied, shaped, stdnum, valid
from ringfence.detect.recognizer import DIGITS, UNCHECKED, Certainty, Recognizer, row, spelling


def _is_medicare(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number, (1, 3, 7, 9, 1, 3, 7, 9), strict=False))
    return total % 10 == int(number[8])


_NHI_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def _is_nhi(number: str) -> bool:
    """Check a national health index number, of either form: HISO 10046."""
    values = [_NHI_LETTERS.index(sign) + 1 if sign.isalpha() else int(sign) for sign in number[:6]]
    total = sum(value * weight for value, weight in zip(values, range(7, 1, -1), strict=True))
    if number[6].isdigit():
        return total % 11 != 0 and (11 - total % 11) % 10 == int(number[6])
    return _NHI_LETTERS[23 - total % 23 - 1 if total % 23 else 22] == number[6]


OCEANIA: tuple[Recognizer, ...] = (
    row(
        "AU_ABN",
        "https://abr.business.gov.au/Help/AbnFormat",
        (
            spelling(
                "au-abn",
                r"[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}",
                valid(is_varied, stdnum("au.abn"), evidence="mod89"),
                DIGITS,
            ),
        ),
        "abn, australian business number, business number",
        "ABN: [83 914 571 673]",
        "australian business number: [72 507 283 357]",
        "order 83914571673",
        "ABN 83 914 571 674",
    ),
    row(
        "AU_ACN",
        "https://asic.gov.au/for-business/registering-a-company/steps-to-register-a-company/australian-company-numbers/",
        (
            spelling(
                "au-acn", r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}", valid(is_varied, stdnum("au.acn"), evidence="mod10"), DIGITS
            ),
        ),
        "acn, australian company number, company number",
        "ACN [004 085 616]",
        "australian company number: [182 337 908]",
        "order 004085616",
        "ACN 004 085 617",
    ),
    row(
        "AU_MEDICARE",
        "https://meteor.aihw.gov.au/content/270101",
        (
            spelling(
                "au-medicare",
                r"[2-6][0-9]{3} ?[0-9]{5} ?[0-9](?:[ /-]?[1-9])?",
                valid(is_varied, _is_medicare, evidence="mod10"),
                DIGITS,
            ),
        ),
        "medicare, medicare number, medicare card, medicare no",
        "Medicare: [2123 45670 1]",
        "medicare number: [2348 37166 0]",
        "order 2123456701",
        "Medicare 2123258701",
    ),
    row(
        "AU_TFN",
        "https://www.ato.gov.au/individuals-and-families/tax-file-number",
        (
            spelling(
                "au-tfn",
                r"[0-9]{3} ?[0-9]{3} ?[0-9]{2,3}",
                valid(is_varied, stdnum("au.tfn"), evidence="mod11"),
                DIGITS,
            ),
        ),
        "tfn, tax file number, tax file no",
        "TFN [123 456 782]",
        "tax file number: [812 845 830]",
        "order 123456782",
        "TFN 123 456 783",
    ),
    row(
        "AU_PASSPORT",
        "https://www.passports.gov.au",
        (spelling("au-passport", r"[A-Za-z]{1,2}[0-9]{7}", shaped(), UNCHECKED),),
        "passport, passport number, passport no",
        "passport [PA1234567]",
        "passport number: [PA2725245]",
        "part PA1234567",
        "passport PA123456",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "NZ_IRD",
        "https://www.ird.govt.nz/managing-my-tax/ird-numbers",
        (
            spelling(
                "nz-ird",
                r"[0-9]{2,3}[ -]?[0-9]{3}[ -]?[0-9]{3}",
                valid(is_varied, stdnum("nz.ird"), evidence="mod11"),
                DIGITS,
            ),
        ),
        "ird, ird number, ird no, inland revenue",
        "IRD number: [49-098-576]",
        "ird no: [13-261-814]",
        "order 49098576",
        "IRD 136410133",
    ),
    row(
        "NZ_NHI",
        "HISO 10046:2024, https://www.tewhatuora.govt.nz/health-services-and-programmes/health-identity/national-health-index/",
        (
            spelling(
                "nz-nhi",
                r"[A-HJ-NP-Za-hj-np-z]{3}[0-9]{2}(?:[0-9]{2}|[A-HJ-NP-Za-hj-np-z]{2})",
                valid(_is_nhi, evidence="mod11"),
                DIGITS,
            ),
        ),
        "nhi, national health index, nhi number",
        "NHI: [ZZZ0016]",
        "national health index: [ZZZ3538]",
        "part ZZZ0016",
        "NHI ZZZ0044",
    ),
)
