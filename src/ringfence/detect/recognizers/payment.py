"""Money beside cards and accounts: bank identifiers, cards' secrets, and value added tax numbers across Europe."""

from collections.abc import Iterable, Sequence

from ringfence.detect._bytes import digits_of
from ringfence.detect._checks import is_varied, luhn, shaped, stands_free, stdnum, valid
from ringfence.detect.recognizer import (
    DIGITS,
    Certainty,
    Hit,
    Pattern,
    Recognizer,
    row,
    spelling,
    told,
)


def _track(data: bytes, start: int, end: int) -> Sequence[Hit]:
    mark = b"^" if data[start : start + 1] == b"%" else b"="
    digits = digits_of(data[start:end].partition(mark)[0])
    return (Hit(start, end, ("checksum:luhn",)),) if luhn(digits) and len(set(digits)) > 1 else ()


def _code_of_card(data: bytes, start: int, end: int) -> Sequence[Hit]:
    free = stands_free(data, start, end) and data[end : end + 1] not in (b"/", b":")
    return (Hit(start, end),) if free else ()


_is_stdnums_bic = stdnum("bic")


def _is_bic(number: str) -> bool:
    return number[4:6] in _COUNTRIES and _is_stdnums_bic(number)


_bic = valid(_is_bic, evidence="country")


def _spelt_bic(data: bytes, start: int, end: int) -> Iterable[Hit]:
    """Take a code in letters of one size; one in small letters and in groups is words: ``AIC and BIC, please refer to``."""
    spelt = data[start:end]
    if not spelt[:8].isupper() and (not spelt.islower() or b" " in spelt):
        return ()
    return _bic(data, start, end)


_COUNTRIES = frozenset(
    [
        "AD",
        "AE",
        "AL",
        "AM",
        "AO",
        "AR",
        "AT",
        "AU",
        "AZ",
        "BA",
        "BB",
        "BD",
        "BE",
        "BG",
        "BH",
        "BM",
        "BO",
        "BR",
        "BS",
        "BW",
        "BY",
        "CA",
        "CH",
        "CI",
        "CL",
        "CM",
        "CN",
        "CO",
        "CR",
        "CU",
        "CW",
        "CY",
        "CZ",
        "DE",
        "DK",
        "DO",
        "DZ",
        "EC",
        "EE",
        "EG",
        "ES",
        "ET",
        "FI",
        "FO",
        "FR",
        "GB",
        "GE",
        "GG",
        "GH",
        "GI",
        "GL",
        "GR",
        "GT",
        "HK",
        "HN",
        "HR",
        "HU",
        "ID",
        "IE",
        "IL",
        "IM",
        "IN",
        "IQ",
        "IR",
        "IS",
        "IT",
        "JE",
        "JM",
        "JO",
        "JP",
        "KE",
        "KG",
        "KH",
        "KR",
        "KW",
        "KY",
        "KZ",
        "LA",
        "LB",
        "LC",
        "LI",
        "LK",
        "LT",
        "LU",
        "LV",
        "LY",
        "MA",
        "MC",
        "MD",
        "ME",
        "MG",
        "MK",
        "MM",
        "MN",
        "MO",
        "MR",
        "MT",
        "MU",
        "MV",
        "MX",
        "MY",
        "MZ",
        "NA",
        "NG",
        "NI",
        "NL",
        "NO",
        "NP",
        "NZ",
        "OM",
        "PA",
        "PE",
        "PG",
        "PH",
        "PK",
        "PL",
        "PR",
        "PS",
        "PT",
        "PY",
        "QA",
        "RO",
        "RS",
        "RU",
        "RW",
        "SA",
        "SC",
        "SD",
        "SE",
        "SG",
        "SI",
        "SK",
        "SM",
        "SN",
        "SV",
        "SY",
        "TG",
        "TH",
        "TL",
        "TN",
        "TR",
        "TT",
        "TW",
        "TZ",
        "UA",
        "UG",
        "US",
        "UY",
        "UZ",
        "VA",
        "VE",
        "VG",
        "VN",
        "XK",
        "YE",
        "ZA",
        "ZM",
        "ZW",
    ]
)

_EU = "AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI"

PAYMENT: tuple[Recognizer, ...] = (
    row(
        "SWIFT_BIC",
        "ISO 9362, https://www.swift.com/standards/data-standards/bic-business-identifier-code",
        (
            spelling(
                "bic",
                r"[A-Za-z]{4} ?[A-Za-z]{2} ?[0-9A-Za-z]{2}(?: ?[0-9A-Za-z]{3})?",
                _spelt_bic,
                (0.2, 0.8),
            ),
        ),
        "bic, swift, swift code, swift/bic, bic code, bic/swift",
        "BIC: [AGRIFRPP882]",
        "swift: [AGRIFRPP556]",
        "part AGRIFRPP882",
        "BIC AGRIF2PP",
        "bic: [agrifrpp882]",
        "AIC and BIC, please refer to it; bic : Bayesian",
        certainty=Certainty.CONTEXT,
        near=24,
    ),
    row(
        "UK_SORT_CODE",
        "https://www.payuk.co.uk/sort-codes-and-account-numbers",
        (spelling("sort-code", r"[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}", shaped(is_varied), (0.1, 0.75), reach=10),),
        "sort code, sortcode, sort-code",
        "Sort code: [20-36-47]",
        told("[20-62-26]", "record.sort_code"),
        "order 20-36-47",
        "sort code 20-36",
        certainty=Certainty.CONTEXT,
        near=24,
    ),
    row(
        "CARD_VERIFICATION",
        "PCI DSS v4.0.1 section 3.3.1.2, https://www.pcisecuritystandards.org/document_library/",
        (Pattern("cvv", r"(?:\b|_)[0-9]{3,4}", *(0.1, 0.85), after=4, check=_code_of_card),),
        "cvv, cvc, cvv2, cvc2, cid, card verification, security code, card code, prüfziffer, kartenprüfnummer, cryptogramme, "
        "código de seguridad",
        "CVV: [123]",
        told("[0921]", "card.cvc"),
        "order 123",
        "cvv 12",
        certainty=Certainty.CONTEXT,
        near=28,
    ),
    row(
        "CARD_EXPIRY",
        "ISO/IEC 7813; PCI DSS v4.0.1",
        (spelling("card-expiry", r"(?:0[1-9]|1[0-2]) ?[/-] ?(?:20)?[2-4][0-9]", shaped(), (0.1, 0.75), reach=10),),
        "expiry, expiry date, expires, valid thru, valid through, gültig bis, exp date, expiration "
        "date, caducidad, scadenza",
        "valid thru [09/28]",
        "expiry: [12/42]",
        "page 09/28",
        "valid thru 13/28",
        certainty=Certainty.CONTEXT,
        near=20,
    ),
    row(
        "CARD_TRACK",
        "ISO/IEC 7813, https://www.iso.org/standard/43317.html; PCI DSS v4.0.1 section 3.3.1.1",
        (
            Pattern(
                "track-1",
                r"%[Bb][0-9]{12,19}\^[^\^\n\x1e\x1f?]{2,26}\^[0-9]{7}[^\n\x1e\x1f?]{0,64}\??",
                *(0.97, 0.97),
                trigger=r"%[Bb][0-9]{12,19}\^",
                after=112,
                check=_track,
                raw=True,
            ),
            Pattern(
                "track-2",
                r";[0-9]{12,19}=[0-9]{7}[0-9]{0,30}\??",
                *(0.95, 0.95),
                trigger=r";[0-9]{12,19}=[0-9]{2}",
                after=64,
                check=_track,
                raw=True,
            ),
        ),
        "",
        "[%B4111111111111111^BERG/ANNA^28091010000000000?]",
        "[;4111111111111111=28091010000000000?]",
        "%B4111111111111112^BERG/ANNA^2809101? ;411111111111=2809",
        certainty=Certainty.SECRET,
    ),
    row(
        "EU_VAT",
        "Directive 2006/112/EC art. 214 to 216; https://ec.europa.eu/taxation_customs/vies/",
        (
            spelling(
                "eu-vat",
                r"(?i:" + _EU + r")[ -]?[0-9A-Za-z](?:[ .-]?[0-9A-Za-z]){6,11}",
                valid(is_varied, stdnum("eu.vat"), evidence="vat"),
                DIGITS,
            ),
        ),
        "vat, vat number, vat no, vat id, ust-id, ust-idnr, tva, iva, btw, btw-nummer, moms, mva, alv, nip, dph, áfa, uid, "
        "intracommunautaire, numéro de tva, umsatzsteuer",
        "VAT: [BE0697449992]",
        "TVA [FR61954506077]",
        "order BE0697449992",
        "VAT BE0697449993",
    ),
)
