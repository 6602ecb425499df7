"""Spain and Portugal."""

from collections.abc import Iterable

from ringfence.detect._checks import is_varied, shaped, stdnum, valid
from ringfence.detect.recognizer import (
    DIGITS,
    TELLING,
    UNCHECKED,
    Certainty,
    Check,
    Hit,
    Recognizer,
    row,
    spelling,
)

_UNITS = frozenset(b"KMGBkmgb")


def _unless_size(check: Check) -> Check:
    """Leave out sizes of memory, as in ``44082166K->76451584K(134707546K)``."""

    def of_a_person(data: bytes, start: int, end: int) -> Iterable[Hit]:
        grown = data[end : end + 1] == b"(" or data[end : end + 2] == b"->"
        shrunk = data[max(0, start - 2) : start] in (b"->", b"K(", b"M(", b"G(", b"B(")
        return () if data[end - 1] in _UNITS and (grown or shrunk) else check(data, start, end)

    return of_a_person


_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def _has_letter(number: str) -> bool:
    return number[-1] == _LETTERS[int(number[:-1]) % 23]


def _is_insured(number: str) -> bool:
    """Check an affiliation number: province, number, and the rest of both by 97."""
    province, serial, control = number[:2], number[2:-2], int(number[-2:])
    joined = int(province + serial.lstrip("0").zfill(7)) if int(serial) < 10_000_000 else int(province + serial)
    return len(number) >= 11 and _has_province(number) and joined % 97 == control


def _is_niss(number: str) -> bool:
    weights = (29, 23, 19, 17, 13, 11, 7, 5, 3, 2)
    return 9 - sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False)) % 10 == int(number[-1])


def _has_province(number: str) -> bool:
    return 1 <= int(number[:2]) <= 53 or number[:2] == "66"


IBERIA: tuple[Recognizer, ...] = (
    row(
        "ES_NIF",
        "Real Decreto 1065/2007, art. 18 to 20, https://www.boe.es/eli/es/rd/2007/07/27/1065/con",
        (
            spelling(
                "es-dni",
                r"[0-9]{8}-?[A-Za-z]",
                _unless_size(valid(_has_letter, evidence="mod23", alone=True)),
                (0.6, 0.95),
                trigger=r"[0-9]{8}-?[A-HJ-NP-TV-Z](?:[^0-9A-Za-z_]|\z)",
            ),
            spelling(
                "es-nif",
                r"(?:[0-9]{7,8}|[0-9]{1,2}[.][0-9]{3}[.][0-9]{3})[ -]?[A-Za-z]",
                valid(_has_letter, evidence="mod23"),
                DIGITS,
            ),
        ),
        "nif, dni, documento nacional de identidad, número de identificación fiscal, identificación",
        "NIF: [54362315K]",
        "con DNI [54.362.315-K]",
        "[01111111G]",
        "54362315L NIF 54362315A 12345678a",
        "818566K->44082166K(76451584K)",
    ),
    row(
        "ES_NIE",
        "Real Decreto 557/2011, art. 206, https://www.boe.es/eli/es/rd/2011/04/20/557/con",
        (
            spelling(
                "es-nie",
                r"[XYZxyz][ -]?[0-9]{7,8}[ -]?[A-Za-z]",
                valid(is_varied, stdnum("es.nie"), evidence="mod23", alone=True),
                TELLING,
                trigger=r"[XYZ]-?[0-9]{7}-?[A-Z]",
            ),
        ),
        "nie, número de identidad de extranjero, número de identificación de extranjero, extranjero",
        "NIE [X-2482300-W] y NIE [x2482300w]",
        "número de identidad de extranjero: [X9600661R]",
        "X2482300A x9613851q",
    ),
    row(
        "ES_CIF",
        "Orden EHA/451/2008, https://www.boe.es/eli/es/o/2008/02/20/eha451/con",
        (
            spelling(
                "es-cif",
                r"[A-HJNP-SU-Wa-hjnp-su-w][ -]?[0-9]{7}[ -]?[0-9A-Ja-j]",
                valid(is_varied, stdnum("es.cif"), evidence="luhn"),
                DIGITS,
            ),
        ),
        "cif, nif, código de identificación fiscal",
        "CIF: [J99216582]",
        "nif: [B10065134]",
        "pieza J99216582, CIF: J99216583",
    ),
    row(
        "ES_PASSPORT",
        "Real Decreto 896/2003, https://www.boe.es/eli/es/rd/2003/07/11/896/con",
        (spelling("es-passport", r"[A-Za-z]{2,3}[0-9]{6}", shaped(lambda number: number[2].isalpha()), UNCHECKED),),
        "pasaporte, número de pasaporte, passport, passport number",
        "Mi pasaporte es [AAA123456]",
        "número de pasaporte: [AAA426874]",
        "pieza AAA123456, pasaporte AA123456",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "ES_SOCIAL_SECURITY",
        "https://www.seg-social.es/wps/portal/wss/internet/Trabajadores/Afiliacion/7332",
        (
            spelling(
                "es-nass",
                r"[0-9]{2}[ /-]?[0-9]{6,8}[ /-]?[0-9]{2}",
                valid(is_varied, _is_insured, evidence="mod97", else_doubtful=True),
                DIGITS,
                doubtful=(0.1, 0.55),
            ),
        ),
        "nass, seguridad social, número de afiliación, número de la seguridad social, naf, nuss",
        "NASS: [28 12345678 40]",
        "seguridad social: [49 50874067 72]",
        "pedido 281234567840",
        "NASS: 11 11111111 11",
    ),
    row(
        "ES_POSTCODE",
        "https://www.correos.es/es/es/herramientas/codigos-postales/detalle",
        (spelling("es-postcode", r"(?:0[1-9]|[1-4][0-9]|5[0-2])[0-9]{3}", shaped(is_varied), (0.1, 0.65), reach=8),),
        "código postal, cod. postal, c.p, cp",
        "CP: [28319].",
        "código postal: [39696]",
        "sala 28319",
        "código postal 99001",
        certainty=Certainty.CONTEXT,
        near=16,
    ),
    row(
        "PT_NIF",
        "Decreto-Lei 14/2013, https://diariodarepublica.pt/dr/detalhe/decreto-lei/14-2013-257006",
        (
            spelling(
                "pt-nif",
                r"[1-35689][0-9]{2}[ .]?[0-9]{3}[ .]?[0-9]{3}",
                valid(is_varied, stdnum("pt.nif"), evidence="mod11"),
                DIGITS,
            ),
        ),
        "nif, contribuinte, número de contribuinte, número de identificação fiscal, nipc",
        "NIF: [501 964 843]",
        "contribuinte: [265764033]",
        "fatura 501964843, NIF: 501964842",
    ),
    row(
        "PT_CC",
        "https://www.autenticacao.gov.pt/o-cartao-de-cidadao",
        (
            spelling(
                "pt-cc",
                r"[0-9]{8} ?[0-9] ?[0-9A-Za-z]{2}[0-9]",
                valid(is_varied, stdnum("pt.cc"), evidence="luhn36"),
                TELLING,
                trigger=r"[0-9]{8} ?[0-9] ?[A-Z]{2}[0-9]",
            ),
        ),
        "cartão de cidadão, cartao cidadao, número de documento, bilhete de identidade",
        "Cartão de Cidadão [00000000 0 ZZ4]",
        "cartao cidadao: [30791598 7 UA0]",
        "00000000 0 ZZ3",
    ),
    row(
        "PT_SOCIAL_SECURITY",
        "https://www.seg-social.pt/pedido-de-niss",
        (
            spelling(
                "pt-niss",
                r"[12][0-9]{10}",
                valid(
                    is_varied,
                    _is_niss,
                    evidence="niss",
                ),
                DIGITS,
            ),
        ),
        "niss, segurança social, número de segurança social",
        "NISS: [11234567892]",
        "segurança social: [12822955451]",
        "fatura 11234567892, NISS: 11234567893",
    ),
)
