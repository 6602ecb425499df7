"""The United Kingdom, and Ireland."""

from ringfence.detect._checks import is_varied, shaped, stdnum, valid
from ringfence.detect.recognizer import (
    DIGITS,
    TELLING,
    UNCHECKED,
    Certainty,
    Recognizer,
    row,
    spelling,
    told,
)

_NINO = r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"
_NINO_SPACED = r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] [0-9]{2} [0-9]{2} [0-9]{2} [A-D]"
_OUTWARD = r"[A-PR-UWYZ][0-9][0-9A-HJKPSTUW]?|[A-PR-UWYZ][A-HK-Y][0-9][0-9ABEHMNPRVWXY]?"
_POSTCODE = r"(?i:GIR ?0AA|(?:" + _OUTWARD + r") ?[0-9][ABD-HJLNP-UW-Z]{2})"
_DRIVER = (
    r"[A-Za-z9]{5}[0-9](?:0[1-9]|1[0-2]|5[1-9]|6[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9][A-Za-z9]{2}[0-9A-Za-z][A-Za-z]{2}"
)
_UNUSED = ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
_PLATE = "[A-HJ-PR-Za-hj-pr-z]"
_YEAR = "[A-HJ-NPR-TV-Ya-hj-npr-tv-y]"


def _is_allocated(number: str) -> bool:
    return not number.startswith(_UNUSED)


def _has_surname(number: str) -> bool:
    return number[0] != "9" and "9" not in number[:5].rstrip("9")


UNITED_KINGDOM: tuple[Recognizer, ...] = (
    row(
        "UK_NHS",
        "https://www.datadictionary.nhs.uk/attributes/nhs_number.html",
        (
            spelling(
                "uk-nhs",
                r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}",
                valid(is_varied, stdnum("gb.nhs"), evidence="mod11"),
                DIGITS,
            ),
        ),
        "health authority, nhs, nhs number, nhs no, national health service, health service number",
        "NHS number: [943 476 5870]",
        "health authority: [030 681 0255]",
        "order 9434765870, NHS number 9434765871",
    ),
    row(
        "UK_NINO",
        "https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110",
        (
            spelling(
                "uk-nino",
                _NINO_SPACED,
                shaped(_is_allocated, alone=True),
                (0.6, 0.9),
                trigger=_NINO_SPACED,
            ),
            spelling("uk-nino-bare", "(?i:" + _NINO + ")", shaped(_is_allocated), (0.3, 0.85)),
        ),
        "nino, national insurance, national insurance number, ni number, ni no, insurance number",
        "National Insurance: [AA123456B]",
        "[YZ 61 48 68 B] on file",
        "AA123456B alone, BG 12 36 12 A, nino FQ 00 00 00 C",
        certainty=Certainty.SHAPE,
    ),
    row(
        "UK_PASSPORT",
        "https://www.gov.uk/government/publications/basic-passport-checks",
        (spelling("uk-passport", r"[A-Za-z]{2}[0-9]{7}|[0-9]{9}", shaped(is_varied), UNCHECKED),),
        "passport, passport number, passport no, travel document",
        "my passport number is [CD7654321]",
        "passport no: [CD1671959]",
        "part CD7654321, passport AB12345678",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "UK_POSTCODE",
        "BS 7666; https://www.gov.uk/government/publications/bulk-data-transfer-for-sponsors-xml-schema",
        (spelling("uk-postcode", _POSTCODE, shaped(), (0.2, 0.75), reach=10),),
        "postcode, post code, postal code, home address, address",
        "Postcode: [SW1A 1AA]",
        told("[EC1A1BB]", "shipping.postcode"),
        "room SW1A 1AA, postcode 1A1 1AA M1 1AI",
        certainty=Certainty.CONTEXT,
        near=40,
    ),
    row(
        "UK_VEHICLE_REGISTRATION",
        "https://www.gov.uk/government/publications/vehicle-registration-numbers-and-number-plates",
        (
            spelling(
                "uk-plate",
                r"[A-HJ-PR-Ya-hj-pr-y]{2}(?:0[1-9]|[12][0-9]|5[1-9]|[67][0-9]) ?" + _PLATE + "{3}",
                shaped(),
                (0.2, 0.75),
                reach=10,
            ),
            spelling(
                "uk-plate-old",
                r"[A-HJ-NPR-TV-Ya-hj-npr-tv-y][1-9][0-9]{0,2} ?"
                + _PLATE
                + "{3}|"
                + _PLATE
                + "{3} ?[1-9][0-9]{0,2} ?[A-HJ-NPR-TV-Ya-hj-npr-tv-y]",
                shaped(),
                (0.1, 0.6),
                reach=10,
            ),
        ),
        "v5c, logbook, vehicle registration, car reg, registration number, number plate, licence plate, "
        "license plate, reg no, vrm, vrn, "
        "car registration, registration mark",
        "My car reg is [AB51 ABC]",
        "v5c: [AB79 ABC]",
        "part AB51 ABC, number plate IB51 ABC AB35 ABC",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "UK_DRIVING_LICENCE",
        "https://www.gov.uk/government/publications/inf45d-the-driving-licence-and-its-categories",
        (
            spelling(
                "uk-driver",
                _DRIVER,
                shaped(_has_surname),
                TELLING,
                trigger=r"[A-Z9]{5}[0-9][0156][0-9][0-3][0-9][0-9][A-Z9]{2}[0-9A-Z][A-Z]{2}",
            ),
        ),
        "driver number, driving licence, driver licence, driving license, licence number, license number, dvla",
        "licence [MORGA657054SM9IJ]",
        "driver number: [MORGA708028SM4IJ]",
        "MORGA699054SM9IJ MORGA657054SM9I",
        certainty=Certainty.SHAPE,
    ),
    row(
        "UK_UTR",
        "https://design.tax.service.gov.uk/hmrc-design-patterns/unique-taxpayer-reference/",
        (spelling("uk-utr", r"[0-9]{5} ?[0-9]{5}", valid(is_varied, stdnum("gb.utr"), evidence="mod11"), DIGITS),),
        "utr, unique taxpayer reference, taxpayer reference",
        "UTR [1955839661]",
        "unique taxpayer reference: [3213700510]",
        "order 1955839661, UTR 2955839661",
    ),
    row(
        "IE_PPS",
        "https://www.gov.ie/en/service/12e6de-get-a-personal-public-service-pps-number/",
        (
            spelling(
                "ie-pps",
                r"[0-9]{7}[A-Wa-w][A-IWTXa-iwtx]?",
                valid(is_varied, stdnum("ie.pps"), evidence="mod23"),
                DIGITS,
            ),
        ),
        "pps, ppsn, pps number, pps no, personal public service",
        "PPSN: [6433435F]",
        "pps number: [6535168C]",
        "batch 6433435F, PPSN: 6433435E",
    ),
    row(
        "IE_EIRCODE",
        "https://www.eircode.ie/what-is-eircode",
        (
            spelling(
                "ie-eircode",
                r"(?i:[AC-FHKNPRTV-Y][0-9]{2}|D6W) ?(?i:[0-9AC-FHKNPRTV-Y]{4})",
                shaped(),
                (0.1, 0.65),
                reach=9,
            ),
        ),
        "eircode, post code, postcode, postal code",
        "Eircode [D02 AF30]",
        "post code: [D59 AF42]",
        "room D02 AF30, eircode B02 AF30",
        certainty=Certainty.CONTEXT,
        near=24,
    ),
)
