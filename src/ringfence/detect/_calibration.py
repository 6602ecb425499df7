"""The weights that turn what speaks for a hit and against it into a probability, as log-odds.

Written by `python -m benchmarks.calibration --write`, which says what they were fitted to.
"""

KINDS: dict[str, tuple[float, float, float, float]] = {
    "checked": (0.26, 0.26, 0.26, -1.19),
    "checked, by words": (-3.42, 1.19, -3.42, -1.02),
    "context": (2.48, 2.48, 2.48, 2.48),
    "context, by words": (-2.67, 0.49, -2.67, 0.49),
    "field": (2.99, 2.99, 2.99, 2.99),
    "field, by words": (-3.75, -3.75, -3.75, -3.75),
    "shape": (1.70, 1.71, 1.70, 1.71),
    "shape, by words": (1.53, 1.54, 1.53, 1.54),
}
"""What a kind of pattern gives: alone, beside a word; the same two where the check digits are wrong."""

PATTERNS: dict[str, tuple[float, float]] = {
    "advertising-id": (0.00, -1.13),
    "ae-id": (1.54, 0.03),
    "age": (0.00, 1.19),
    "age-of": (0.53, 0.00),
    "age-old": (0.71, 0.00),
    "alien": (0.00, 0.17),
    "ar-cuit-written": (0.45, 0.01),
    "ar-dni": (0.00, -0.20),
    "be-nn-dotted": (0.21, 0.00),
    "bic": (0.00, -0.28),
    "br-cep": (0.00, 0.31),
    "br-cpf-written": (-0.23, 0.00),
    "br-rg-sp": (0.00, 0.34),
    "ca-ohip": (0.00, 0.26),
    "ca-postal": (0.00, -0.50),
    "card": (-2.19, 0.03),
    "ch-ahv": (0.63, 0.01),
    "cn-resident": (0.35, 0.01),
    "cvv": (0.00, -0.77),
    "date-numeric": (0.00, 0.96),
    "de-id-card": (0.00, 0.59),
    "de-passport": (0.00, 0.27),
    "de-plate": (0.00, 0.26),
    "de-vat": (0.11, 0.03),
    "device-id": (0.00, -0.96),
    "es-dni": (0.51, 0.03),
    "es-nie": (0.21, 0.03),
    "es-passport": (0.00, 0.17),
    "es-postcode": (4.98, 2.18),
    "fi-hetu": (0.40, 0.03),
    "fr-driver": (0.00, 0.58),
    "fr-nir": (0.10, -0.82),
    "fr-passport": (0.00, -0.15),
    "fr-plate": (0.00, -0.15),
    "fr-postcode": (4.42, -1.12),
    "gender": (0.00, 0.44),
    "iban": (-3.54, 0.00),
    "icd-10": (0.00, -0.65),
    "ie-eircode": (0.00, 0.28),
    "imsi": (0.00, -0.79),
    "in-gstin": (1.53, -0.71),
    "in-passport": (0.00, 0.76),
    "in-plate": (0.00, -0.37),
    "in-voter": (0.00, -1.22),
    "ipv4": (0.68, 0.00),
    "it-driver": (0.00, 0.51),
    "it-fiscal": (-1.59, 0.01),
    "it-passport": (0.00, -2.16),
    "it-postcode": (4.41, -0.31),
    "jp-passport": (0.00, 0.35),
    "ke-pin": (0.00, -0.55),
    "kr-passport": (0.00, 0.22),
    "marital": (0.00, 0.44),
    "mx-curp": (0.58, 0.01),
    "nationality": (0.00, 0.62),
    "ng-plate": (0.00, 0.47),
    "nl-document": (0.00, -0.33),
    "orientation": (0.00, 0.44),
    "person-labelled": (0.36, 0.00),
    "person-titled": (-1.01, 0.00),
    "ph-tin": (0.00, 0.15),
    "phone-national": (0.00, 0.56),
    "pl-passport": (0.00, 0.30),
    "place-labelled": (1.20, 0.00),
    "politics": (0.00, 0.44),
    "record-number": (0.00, -0.46),
    "ru-passport": (0.00, 0.15),
    "ssn": (-0.68, 0.03),
    "street-labelled": (0.94, 0.00),
    "th-tnin-dashed": (0.61, 0.01),
    "time-numeric": (0.00, 1.87),
    "uk-postcode": (0.00, -0.47),
    "union": (0.00, 0.44),
    "us-account": (0.00, 0.17),
    "us-driver": (0.00, 0.40),
    "zip": (4.43, 0.00),
}
"""What a pattern gives beyond its kind, alone and beside a word, where enough was seen of it."""

SLOPE = 2.13
"""What the log-odds of a declared score are multiplied by."""

BY_NAME = 0.997
"""The least score of what a field's name vouches for."""

UNLED = 0.070
"""The most that a match scores which neither its trigger nor a word announced."""

AFTER = 0.00
AGAINST_FIELD = -1.25
INSIDE = -0.40
"""A word behind the value rather than before it; the name of another thing; inside something longer."""
