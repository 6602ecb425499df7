"""The weights that turn what speaks for a hit and against it into a probability, as log-odds.

Written by `python -m benchmarks.calibration --write`, which says what they were fitted to.
"""

KINDS: dict[str, tuple[float, float, float, float]] = {
    "checked": (-0.82, -0.82, -0.82, -1.58),
    "checked, by words": (-3.30, -0.46, -3.30, -1.72),
    "context": (2.25, 2.25, 2.25, 2.25),
    "context, by words": (-1.98, -0.70, -1.98, -0.70),
    "field": (2.79, 2.79, 2.79, 2.79),
    "field, by words": (-3.03, -3.03, -3.03, -3.03),
    "shape": (1.23, 1.23, 1.23, 1.23),
    "shape, by words": (1.65, 1.65, 1.65, 1.65),
}
"""What a kind of pattern gives: alone, beside a word; the same two where the check digits are wrong."""

PATTERNS: dict[str, tuple[float, float]] = {
    "aba": (0.00, 0.12),
    "ae-id": (2.31, 0.02),
    "age": (0.00, 2.04),
    "age-of": (0.43, 0.00),
    "age-old": (0.69, 0.00),
    "at-svnr": (0.00, 0.11),
    "at-tax": (0.00, 0.11),
    "au-abn": (0.00, 0.13),
    "au-acn": (0.00, 0.14),
    "au-tfn": (0.00, 0.12),
    "be-nn-dotted": (0.27, 0.00),
    "bg-egn": (0.00, 0.13),
    "br-cnpj-written": (0.31, 0.01),
    "br-cpf-written": (-1.26, 0.00),
    "ca-sin": (0.00, 0.13),
    "card": (-0.97, -0.62),
    "ch-ahv": (0.82, 0.01),
    "cl-rut-written": (0.69, 0.01),
    "cn-resident": (0.52, 0.01),
    "co-nit": (0.00, 0.11),
    "cz-dic": (0.00, 0.14),
    "date-numeric": (0.00, 1.18),
    "de-tax-id": (0.00, 0.18),
    "de-vat": (1.31, 0.03),
    "do-cedula": (0.00, 0.12),
    "ec-cedula": (0.00, 0.11),
    "ee-isikukood": (0.00, 0.17),
    "es-cif": (0.00, 0.13),
    "es-dni": (2.13, 0.02),
    "es-nie": (1.54, 0.03),
    "es-postcode": (5.45, 2.74),
    "eu-vat": (0.00, 0.10),
    "fi-hetu": (0.67, 0.03),
    "fr-nir": (0.29, -0.83),
    "fr-postcode": (4.84, 0.00),
    "fr-siren": (0.00, 0.13),
    "fr-spi": (0.00, 0.14),
    "gr-afm": (0.00, 0.12),
    "gr-amka": (0.00, 0.11),
    "hr-oib": (0.00, 0.13),
    "iban": (-1.91, 0.00),
    "id-npwp": (0.00, 0.12),
    "ie-pps": (0.00, 0.13),
    "il-id": (0.00, 0.12),
    "imei": (0.00, 0.13),
    "in-aadhaar": (0.00, 0.12),
    "in-gstin": (2.11, -0.43),
    "in-voter": (0.00, -0.79),
    "ipv4": (0.48, 0.00),
    "is-kennitala": (0.00, 0.12),
    "it-fiscal": (-1.29, 0.01),
    "it-postcode": (4.83, 0.00),
    "it-vat": (0.00, 0.12),
    "jp-my-number": (0.00, 0.10),
    "mx-curp": (0.83, 0.01),
    "nl-bsn": (0.00, 0.10),
    "no-fodselsnummer": (0.00, 0.15),
    "nz-ird": (0.00, 0.13),
    "pe-ruc": (0.00, 0.10),
    "person-labelled": (0.33, 0.00),
    "person-titled": (-1.03, 0.00),
    "phone-national": (0.00, 0.91),
    "pl-nip": (0.00, 0.11),
    "pl-pesel": (0.00, 0.12),
    "pl-regon": (0.00, 0.13),
    "place-labelled": (1.18, 0.00),
    "pt-nif": (0.00, 0.12),
    "ro-cnp": (0.00, 0.13),
    "rodne-cislo": (0.00, 0.13),
    "se-orgnr": (0.00, 0.12),
    "se-personnummer": (0.00, 0.11),
    "sg-uen": (0.00, 0.11),
    "si-emso": (0.00, 0.12),
    "ssn": (0.66, 0.02),
    "street-labelled": (0.92, 0.00),
    "th-tnin": (0.00, 0.12),
    "th-tnin-dashed": (1.71, 0.00),
    "time-numeric": (0.00, 2.31),
    "tr-kimlik": (0.00, 0.12),
    "tr-vkn": (0.00, 0.11),
    "ua-rnokpp": (0.00, 0.14),
    "uk-nhs": (0.00, 0.13),
    "uk-utr": (0.00, 0.11),
    "ve-rif": (0.00, 0.12),
    "za-id": (0.00, 0.12),
    "zip": (4.85, 0.00),
}
"""What a pattern gives beyond its kind, alone and beside a word, where enough was seen of it."""

SLOPE = 2.72
"""What the log-odds of a declared score are multiplied by."""

BY_NAME = 0.992
"""The least score of what a field's name vouches for."""

UNLED = 0.064
"""The most that a match scores which neither its trigger nor a word announced."""

AFTER = -0.30
AGAINST_FIELD = -1.27
INSIDE = -0.47
"""A word behind the value rather than before it; the name of another thing; inside something longer."""
