"""Money beside cards and accounts: bank identifiers, cards' secrets, wallets, securities' keys and tax numbers across Europe."""

from collections.abc import Sequence
from hashlib import sha256

from stdnum import bic as stdnum_bic

from ringfence.detect._bytes import digits_of, is_word_after, is_word_before
from ringfence.detect._checks import is_varied, luhn, shaped, stands_free, stdnum, valid
from ringfence.detect._keccak import keccak_256
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

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def is_base58(address: str) -> bool:
    """Tell whether an address in Base58 ends in the first four bytes of its payload's hash, hashed twice."""
    value = 0
    for sign in address:
        value = value * 58 + _BASE58.index(sign)
    zeros = len(address) - len(address.lstrip("1"))
    body = value.to_bytes((value.bit_length() + 7) // 8, "big")
    data = bytes(zeros) + body
    return len(data) == 25 and sha256(sha256(data[:-4]).digest()).digest().startswith(data[-4:])


def is_bech32(address: str) -> bool:
    """Check a segwit address: BIP 173 for version 0, BIP 350 (bech32m) for those after it."""
    if address not in (address.lower(), address.upper()):
        return False
    address = address.lower()
    human, _, data = address.rpartition("1")
    values = [ord(sign) >> 5 for sign in human] + [0] + [ord(sign) & 31 for sign in human]
    values += [_BECH32.index(sign) for sign in data]
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            check ^= generator if top >> bit & 1 else 0
    return check == (1 if data[0] == "q" else 0x2BC830A3)


def is_eip55(address: str) -> bool:
    """Tell whether an Ethereum address's capitals are its checksum; one without capitals has none."""
    digits = address[2:]
    if digits in (digits.lower(), digits.upper()):
        return False
    hashed = keccak_256(digits.lower().encode()).hex()
    return all(not sign.isalpha() or sign.isupper() == (hashed[at] >= "8") for at, sign in enumerate(digits))


def _wallet(data: bytes, start: int, end: int) -> Sequence[Hit]:
    if is_word_before(data, start) or is_word_after(data, end):
        return ()
    address = data[start:end].decode("ascii")
    match address[:2].lower():
        case "0x":
            if is_eip55(address):
                return (Hit(start, end, ("checksum:eip55",)),)
            return (Hit(start, end, doubtful=True),)
        case "bc" | "tb":
            return (Hit(start, end, ("checksum:bech32",)),) if is_bech32(address) else ()
    return (Hit(start, end, ("checksum:base58",)),) if is_base58(address) else ()


def _track(data: bytes, start: int, end: int) -> Sequence[Hit]:
    mark = b"^" if data[start : start + 1] == b"%" else b"="
    digits = digits_of(data[start:end].partition(mark)[0])
    return (Hit(start, end, ("checksum:luhn",)),) if luhn(digits) and len(set(digits)) > 1 else ()


def _code_of_card(data: bytes, start: int, end: int) -> Sequence[Hit]:
    free = stands_free(data, start, end) and data[end : end + 1] not in (b"/", b":")
    return (Hit(start, end),) if free else ()


def _is_bic(number: str) -> bool:
    return number[4:6] in _COUNTRIES and stdnum_bic.is_valid(number)


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
        "CRYPTO",
        "BIP 173 and 350, https://github.com/bitcoin/bips; EIP-55, https://eips.ethereum.org/EIPS/eip-55",
        (
            Pattern(
                "bitcoin",
                r"[13][1-9A-HJ-NP-Za-km-z]{25,34}",
                *(0.9, 0.97),
                trigger=r"\b[13][1-9A-HJ-NP-Za-km-z]{22}",
                before=1,
                after=16,
                check=_wallet,
            ),
            Pattern(
                "bitcoin-segwit",
                r"(?:bc|tb)1[02-9ac-hj-np-z]{11,71}|(?:BC|TB)1[02-9AC-HJ-NP-Z]{11,71}",
                *(0.95, 0.97),
                trigger=r"\b(?:(?:bc|tb)1[02-9ac-hj-np-z]{11}|(?:BC|TB)1[02-9AC-HJ-NP-Z]{11})",
                before=1,
                after=64,
                check=_wallet,
            ),
            Pattern(
                "ethereum",
                r"0x[0-9A-Fa-f]{40}",
                *(0.95, 0.97),
                doubtful=(0.3, 0.8),
                trigger=r"\b0x[0-9A-Fa-f]{20}",
                before=1,
                after=24,
                check=_wallet,
            ),
        ),
        "bitcoin, btc, ethereum, eth, wallet, crypto, wallet address, crypto address",
        "[16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ] [3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy]",
        "[bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq]",
        "[0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed]",
        "ETH wallet [0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed]",
        "16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ2 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
    ),
    row(
        "SWIFT_BIC",
        "ISO 9362, https://www.swift.com/standards/data-standards/bic-business-identifier-code",
        (
            spelling(
                "bic",
                r"[A-Za-z]{4} ?[A-Za-z]{2} ?[0-9A-Za-z]{2}(?: ?[0-9A-Za-z]{3})?",
                valid(_is_bic, evidence="country"),
                (0.2, 0.8),
            ),
        ),
        "bic, swift, swift code, swift/bic, bic code, bic/swift",
        "BIC: [AGRIFRPP882]",
        "part AGRIFRPP882",
        "BIC AGRIF2PP",
        certainty=Certainty.CONTEXT,
        near=24,
    ),
    row(
        "UK_SORT_CODE",
        "https://www.payuk.co.uk/sort-codes-and-account-numbers",
        (spelling("sort-code", r"[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}", shaped(is_varied), (0.1, 0.75), reach=10),),
        "sort code, sortcode, sort-code",
        "Sort code: [20-36-47]",
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
