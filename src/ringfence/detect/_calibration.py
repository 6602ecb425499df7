"""The weights that turn what speaks for a hit and against it into a probability, as log-odds.

Written by `python -m benchmarks.calibration --write`, which says what they were fitted to.
"""

KINDS: dict[str, tuple[float, float, float, float]] = {
    "checked": (0.61, 0.61, 0.61, -1.14),
    "checked, by words": (-3.59, 1.34, -3.59, -1.00),
    "context": (3.08, 3.13, 3.08, 3.13),
    "context, by words": (-2.97, 0.31, -2.97, 0.31),
    "field": (3.33, 3.33, 3.33, 3.33),
    "field, by words": (-4.02, -4.02, -4.02, -4.02),
    "secret": (-1.00, -1.00, -1.00, -1.00),
    "shape": (1.84, 1.85, 1.84, 1.85),
    "shape, by words": (1.49, 1.50, 1.49, 1.50),
}
"""What a kind of pattern gives: alone, beside a word; the same two where the check digits are wrong."""

PATTERNS: dict[str, tuple[float, float]] = {
    "advertising-id": (0.00, -0.70),
    "ae-id": (1.46, 0.03),
    "age": (0.00, 1.78),
    "age-at": (0.14, 0.00),
    "age-of": (0.56, 0.00),
    "alien": (0.00, 0.10),
    "ar-cuit-written": (0.39, 0.01),
    "be-nn-dotted": (0.20, 0.01),
    "bic": (0.00, -0.42),
    "br-cep": (0.00, 0.20),
    "br-cpf-written": (-0.24, 0.01),
    "br-plate": (0.00, -0.20),
    "br-rg-sp": (0.00, 0.83),
    "ca-ohip": (0.00, 0.33),
    "card": (-0.73, 0.02),
    "ch-ahv": (0.64, 0.01),
    "cl-rut-written": (-0.12, 0.02),
    "cn-resident": (0.36, 0.01),
    "cvv": (0.00, -0.32),
    "date-numeric": (0.00, 1.19),
    "de-bsnr": (0.00, 0.24),
    "de-driver": (0.00, -0.11),
    "de-passport": (0.00, 0.26),
    "de-postcode": (0.00, 0.74),
    "device-id": (0.00, -0.79),
    "es-dni": (0.35, 0.04),
    "es-nie": (0.13, 0.03),
    "es-passport": (0.00, 0.13),
    "es-postcode": (5.02, 1.61),
    "fi-hetu": (0.31, 0.03),
    "fr-driver": (0.00, -0.11),
    "fr-id-card": (0.00, 0.33),
    "fr-nir": (0.01, -0.88),
    "fr-postcode": (4.42, 0.00),
    "gender": (0.00, 0.55),
    "iban": (-3.39, 0.00),
    "icd-10": (0.00, -0.47),
    "in-gstin": (1.39, -0.77),
    "in-voter": (0.00, -1.22),
    "ipv4": (0.74, 0.00),
    "it-driver": (0.00, 0.33),
    "it-fiscal": (-1.60, 0.01),
    "it-id-card": (0.00, 0.20),
    "it-passport": (0.00, 0.79),
    "it-plate": (0.00, 0.57),
    "it-postcode": (4.41, 0.27),
    "jp-passport": (0.00, -1.94),
    "ke-pin": (0.00, -0.73),
    "kr-passport": (0.00, 0.78),
    "marital": (0.00, 0.55),
    "mx-curp": (0.58, 0.01),
    "nationality": (0.00, 0.74),
    "ng-plate": (0.00, 0.25),
    "nl-postcode": (0.00, 0.70),
    "orientation": (0.00, 0.55),
    "pe-dni": (0.00, 0.15),
    "person-labelled": (0.82, 0.00),
    "person-titled": (-1.16, 0.00),
    "ph-tin": (0.00, 0.50),
    "phone-national": (0.00, 0.55),
    "pl-passport": (0.00, 0.45),
    "place-labelled": (1.18, 0.00),
    "politics": (0.00, 0.55),
    "record-number": (0.00, -0.16),
    "rsid": (0.00, -0.16),
    "sort-code": (0.00, -0.51),
    "ssn": (-0.89, 0.03),
    "street-labelled": (0.82, 0.00),
    "th-tnin-dashed": (0.53, 0.02),
    "time-numeric": (0.00, 1.77),
    "time-spelt": (0.49, 0.00),
    "uk-postcode": (0.00, -0.67),
    "union": (0.00, 0.55),
    "us-account": (0.00, 0.20),
    "us-driver": (0.00, 0.10),
    "us-passport": (0.00, 0.15),
    "zip": (4.43, 0.70),
}
"""What a pattern gives beyond its kind, alone and beside a word, where enough was seen of it."""

SLOPE = 1.97
"""What the log-odds of a declared score are multiplied by."""

BY_NAME = 0.998
"""The least score of what a field's name vouches for."""

UNLED = 0.069
"""The most that a match scores which neither its trigger nor a word announced."""

AFTER = 0.00
AGAINST_FIELD = -1.40
INSIDE = -0.40
"""A word behind the value rather than before it; the name of another thing; inside something longer."""
