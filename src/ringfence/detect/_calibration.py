"""The weights that turn what speaks for a hit and against it into a probability, as log-odds.

Written by `python -m benchmarks.calibration --write`, which says what they were fitted to.
"""

KINDS: dict[str, tuple[float, float, float, float]] = {
    "checked": (0.51, 0.51, 0.51, -1.07),
    "checked, by words": (-3.18, 1.06, -3.18, -1.02),
    "context": (2.44, 2.44, 2.44, 2.44),
    "context, by words": (-2.41, 0.39, -2.41, 0.39),
    "field": (2.95, 2.95, 2.95, 2.95),
    "field, by words": (-3.46, -3.46, -3.46, -3.46),
    "shape": (1.60, 1.60, 1.60, 1.60),
    "shape, by words": (1.56, 1.56, 1.56, 1.56),
}
"""What a kind of pattern gives: alone, beside a word; the same two where the check digits are wrong."""

PATTERNS: dict[str, tuple[float, float]] = {
    "advertising-id": (0.00, -1.16),
    "ae-id": (1.52, 0.02),
    "age": (0.00, 1.19),
    "age-of": (0.51, 0.00),
    "age-old": (0.71, 0.00),
    "alien": (0.00, 0.19),
    "ar-cuit-written": (0.35, 0.01),
    "ar-dni": (0.00, -1.17),
    "au-passport": (0.00, -2.04),
    "be-nn-dotted": (0.20, 0.00),
    "bic": (0.00, -0.29),
    "br-cep": (0.00, 0.32),
    "br-cnpj-written": (-0.13, 0.00),
    "br-cpf-written": (-0.27, 0.00),
    "br-rg-sp": (0.00, 0.39),
    "ca-ohip": (0.00, 0.28),
    "ca-postal": (0.00, -0.50),
    "card": (-2.04, 0.02),
    "ch-ahv": (0.58, 0.00),
    "cn-resident": (0.29, 0.01),
    "cvv": (0.00, -0.79),
    "date-numeric": (0.00, 0.92),
    "de-id-card": (0.00, 0.63),
    "de-passport": (0.00, 0.31),
    "de-plate": (0.00, 0.28),
    "device-id": (0.00, -0.98),
    "es-dni": (0.38, 0.02),
    "es-nie": (0.11, 0.02),
    "es-passport": (0.00, -0.32),
    "es-postcode": (4.99, 2.20),
    "fi-hetu": (0.26, 0.02),
    "fr-driver": (0.00, 0.60),
    "fr-nir": (0.09, -0.86),
    "fr-passport": (0.00, -0.12),
    "fr-plate": (0.00, -0.27),
    "fr-postcode": (4.43, -1.11),
    "gender": (0.00, 0.43),
    "iban": (-2.16, 0.00),
    "icd-10": (0.00, -0.67),
    "ie-eircode": (0.00, 0.29),
    "imsi": (0.00, -0.80),
    "in-gstin": (1.49, -0.76),
    "in-plate": (0.00, -0.38),
    "in-voter": (0.00, -1.20),
    "ipv4": (0.64, 0.00),
    "it-driver": (0.00, 0.53),
    "it-fiscal": (-1.72, 0.00),
    "it-passport": (0.00, 0.67),
    "it-plate": (0.00, 0.15),
    "it-postcode": (4.42, -0.30),
    "jp-passport": (0.00, 0.37),
    "ke-pin": (0.00, -0.57),
    "kr-passport": (0.00, 0.24),
    "marital": (0.00, 0.43),
    "mx-curp": (0.54, 0.01),
    "nationality": (0.00, 0.62),
    "ng-plate": (0.00, 0.50),
    "nl-document": (0.00, 0.14),
    "orientation": (0.00, 0.43),
    "person-labelled": (0.35, 0.00),
    "person-titled": (-1.01, 0.00),
    "ph-tin": (0.00, 0.18),
    "phone-national": (0.00, 0.58),
    "pl-passport": (0.00, 0.32),
    "place-labelled": (1.20, 0.00),
    "politics": (0.00, 0.43),
    "record-number": (0.00, -0.46),
    "ru-passport": (0.00, 0.18),
    "ssn": (-0.59, 0.02),
    "street-labelled": (0.94, 0.00),
    "th-tnin-dashed": (0.58, 0.01),
    "time-numeric": (0.00, 1.87),
    "uk-postcode": (0.00, -0.49),
    "union": (0.00, 0.43),
    "us-account": (0.00, 0.19),
    "us-driver": (0.00, 0.42),
    "zip": (4.45, 0.00),
}
"""What a pattern gives beyond its kind, alone and beside a word, where enough was seen of it."""

SLOPE = 2.24
"""What the log-odds of a declared score are multiplied by."""

BY_NAME = 0.997
"""The least score of what a field's name vouches for."""

UNLED = 0.070
"""The most that a match scores which neither its trigger nor a word announced."""

AFTER = -0.06
AGAINST_FIELD = -1.56
INSIDE = -0.91
"""A word behind the value rather than before it; the name of another thing; inside something longer."""
