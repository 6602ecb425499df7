"""Canada, Mexico, and South America without Brazil."""

from collections.abc import Sequence

from ringfence.detect._bytes import is_digit
from ringfence.detect._checks import is_day, is_varied, luhn, shaped, stdnum, valid
from ringfence.detect.recognizer import (
    DIGITS,
    PROVEN,
    TELLING,
    UNCHECKED,
    Certainty,
    Hit,
    Pattern,
    Recognizer,
    row,
    spelling,
)


def _is_sin(number: str) -> bool:
    return number[0] not in "08" and stdnum("ca.sin")(number)


_RFC_SIGNS = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"


def _is_rfc(number: str) -> bool:
    month, day = number[-7:-5], number[-5:-3]
    if not any(is_day(century + int(number[-9:-7]), int(month), int(day)) for century in (1900, 2000)):
        return False
    padded = number[:-1].rjust(12)
    total = sum(_RFC_SIGNS.index(sign) * weight for sign, weight in zip(padded, range(13, 1, -1), strict=True))
    return "0123456789A"[(11 - total % 11) % 11] == number[-1]


def _is_uruguayan(number: str) -> bool:
    number = number.zfill(8)
    total = sum(int(digit) * weight for digit, weight in zip(number, (2, 9, 8, 7, 6, 3, 4), strict=False))
    return -total % 10 == int(number[7])


_identity_card = shaped(is_varied)


def _behind_initials(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Take the number behind ``C.C.``; as a word, it would be every C++ file's ending."""
    while start < end and not is_digit(data, start):
        start += 1
    return tuple(_identity_card(data, start, end))


AMERICAS: tuple[Recognizer, ...] = (
    row(
        "CA_SIN",
        "https://www.canada.ca/en/employment-social-development/services/sin.html",
        (
            spelling(
                "ca-sin",
                r"[1-79][0-9]{2}(?:[0-9]{6}| [0-9]{3} [0-9]{3}|-[0-9]{3}-[0-9]{3})",
                valid(is_varied, _is_sin, evidence="luhn"),
                DIGITS,
            ),
        ),
        "sin, nas, social insurance, social insurance number, numéro d'assurance sociale, assurance sociale",
        "SIN: [123-456-782]",
        "mon NAS: [258 933 688]",
        "order 123-456-782",
        "SIN 130 692 545",
    ),
    row(
        "CA_HEALTH_CARD",
        "https://www.ontario.ca/page/health-card-renewal; https://www2.gov.bc.ca/gov/content/health/health-drug-coverage/msp",
        (
            spelling(
                "ca-ohip", r"[1-9][0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}(?:[ -]?[A-Za-z]{2})?", shaped(is_varied), UNCHECKED
            ),
            spelling("ca-ramq", r"[A-Za-z]{4} ?[0-9]{4} ?[0-9]{4}", shaped(), UNCHECKED),
        ),
        "health card, ohip, phn, personal health number, carte d'assurance maladie, ramq, assurance maladie, health number",
        "Health card: [9698-658-215]",
        "ohip: [6532-694-846]",
        "part 9698-658-215",
        "health card 969-658",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "CA_PASSPORT",
        "https://www.canada.ca/en/immigration-refugees-citizenship/services/canadian-passports.html",
        (spelling("ca-passport", r"[A-Za-z]{2}[0-9]{6}|[A-Za-z][0-9]{6}[A-Za-z]{2}", shaped(), UNCHECKED),),
        "passport, passport number, passeport, numéro de passeport",
        "passport [GA302922]",
        "passport number: [GA903072]",
        "part GA302922",
        "passport GA30292",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "CA_POSTAL_CODE",
        "https://www.canadapost-postescanada.ca/cpc/en/support/articles/addressing-guidelines/postal-codes.page",
        (
            spelling(
                "ca-postal",
                r"(?i:[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z][ -]?[0-9][ABCEGHJ-NPRSTV-Z][0-9])",
                shaped(),
                (0.2, 0.7),
                reach=8,
            ),
        ),
        "postal code, code postal, postal, address",
        "Postal code: [K1A 0B1]",
        "code postal: [K2A 5B2]",
        "part K1A 0B1",
        "postal code D1A 0B1",
        certainty=Certainty.CONTEXT,
        near=24,
    ),
    row(
        "MX_CURP",
        "Instructivo normativo para la asignación de la CURP, DOF 18/10/2021, https://www.gob.mx/curp/",
        (
            spelling(
                "mx-curp",
                r"(?i:[A-Z][AEIOUX][A-Z]{2}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9])",
                valid(stdnum("mx.curp"), evidence="mod10"),
                PROVEN,
                trigger=r"[A-Z][AEIOUX][A-Z]{2}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]",
            ),
        ),
        "curp, clave única de registro de población",
        "[BOXW310820HNERXN09]",
        "CURP: [boxw310820hnerxn09]",
        "BOXW310820HNERXN08",
    ),
    row(
        "MX_RFC",
        "Código Fiscal de la Federación, art. 27; https://www.sat.gob.mx",
        (
            spelling(
                "mx-rfc",
                r"(?i:[A-Z&]{3,4}[ -]?[0-9]{6}[ -]?[0-9A-Z]{2}[0-9A])",
                valid(_is_rfc, evidence="mod11"),
                DIGITS,
            ),
        ),
        "rfc, registro federal de contribuyentes",
        "RFC: [GODE561231GR8]",
        "registro federal de contribuyentes: [GODE000803GR2]",
        "pieza GODE561231GR8",
        "RFC: GODE561231GR9",
    ),
    row(
        "MX_SOCIAL_SECURITY",
        "https://www.imss.gob.mx",
        (
            spelling(
                "mx-nss",
                r"[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{4}[ -]?[0-9]",
                valid(is_varied, luhn, evidence="luhn"),
                DIGITS,
            ),
        ),
        "nss, imss, número de seguridad social, seguridad social",
        "NSS: [12345678903]",
        "imss: [53181259457]",
        "pieza 12345678903",
        "NSS 12345678904",
    ),
    row(
        "AR_DNI",
        "Ley 17.671; https://www.argentina.gob.ar/interior/renaper",
        (spelling("ar-dni", r"[1-9][0-9]?\.?[0-9]{3}\.?[0-9]{3}", shaped(is_varied), UNCHECKED),),
        "dni, documento nacional de identidad, d.n.i, documento",
        "DNI [20.123.456]",
        "documento nacional de identidad: [40.246.007]",
        "pieza 20.123.456",
        "DNI 20.123",
        certainty=Certainty.CONTEXT,
        near=40,
    ),
    row(
        "AR_CUIT",
        "https://www.afip.gob.ar/orientacion/clave-unica/",
        (
            spelling(
                "ar-cuit-written",
                r"(?:2[0347]|3[034])-[0-9]{8}-[0-9]",
                valid(is_varied, stdnum("ar.cuit"), evidence="mod11", alone=True),
                TELLING,
                trigger=r"(?:2[0347]|3[034])-[0-9]{8}-[0-9]",
            ),
            spelling(
                "ar-cuit", r"(?:2[0347]|3[034])[0-9]{9}", valid(is_varied, stdnum("ar.cuit"), evidence="mod11"), DIGITS
            ),
        ),
        "cuit, cuil, clave única de identificación tributaria",
        "[20-05536168-2]",
        "CUIL: [20055361682]",
        "pieza 20055361682",
        "20-05536168-3",
    ),
    row(
        "CL_RUT",
        "Decreto Ley 824; https://www.registrocivil.cl",
        (
            spelling(
                "cl-rut-written",
                r"[1-9][0-9]?\.[0-9]{3}\.[0-9]{3}-[0-9Kk]",
                valid(is_varied, stdnum("cl.rut"), evidence="mod11"),
                TELLING,
                trigger=r"[1-9][0-9]?\.[0-9]{3}\.[0-9]{3}-[0-9Kk]",
            ),
            spelling(
                "cl-rut", r"[1-9][0-9]{6,7}-?[0-9Kk]", valid(is_varied, stdnum("cl.rut"), evidence="mod11"), DIGITS
            ),
        ),
        "rut, rol único tributario, rol único nacional",
        "[12.531.909-2]",
        "RUT: [12531909-2]",
        "pieza 12531909-2",
        "12.531.909-3",
    ),
    row(
        "CO_CEDULA",
        "Ley 39 de 1961; https://www.registraduria.gov.co",
        (
            spelling(
                "co-cedula",
                r"[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,3}|[1-9][0-9]{5,9}",
                shaped(is_varied),
                UNCHECKED,
            ),
            Pattern(
                "co-cedula-cc",
                r"\bC\.? ?C\.?:? {0,2}(?:N[.o]{1,2} ?)?(?:[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,3}|[1-9][0-9]{5,9})",
                0.5,
                0.6,
                trigger=r"\bC\.? ?C\.?:? {0,2}(?:N[.o]{1,2} ?)?[1-9]",
                before=1,
                after=24,
                check=_behind_initials,
            ),
        ),
        "cédula, cédula de ciudadanía, cedula ciudadania, tarjeta de identidad",
        "Cédula de ciudadanía [1.032.456.789]",
        "con C.C. No. [79.456.123] de Bogotá",
        "queue.cc:60 expected 427571, CC=1032456789",
        "pieza 1.032.456.789",
        "cédula 1.03",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
    row(
        "CO_NIT",
        "https://www.dian.gov.co",
        (
            spelling(
                "co-nit",
                r"[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]",
                valid(is_varied, stdnum("co.nit"), evidence="mod11"),
                DIGITS,
            ),
        ),
        "nit, número de identificación tributaria",
        "NIT: [213.123.432-1]",
        "número de identificación tributaria: [964808864-3]",
        "pieza 213.123.432-1",
        "NIT 213.123.432-5",
    ),
    row(
        "PE_DNI",
        "Ley 26497; https://www.reniec.gob.pe",
        (spelling("pe-dni", r"[0-9]{8}(?:-[0-9])?", shaped(is_varied, alone=True), UNCHECKED),),
        "dni, cui, documento de identidad, reniec",
        "DNI: [10117410]",
        "cui: [55591164]",
        "pieza 10117410",
        "DNI 1011741",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
    row(
        "PE_RUC",
        "https://orientacion.sunat.gob.pe",
        (spelling("pe-ruc", r"(?:10|15|17|20)[0-9]{9}", valid(is_varied, stdnum("pe.ruc"), evidence="mod11"), DIGITS),),
        "ruc, registro único de contribuyentes",
        "RUC: [20512333797]",
        "registro único de contribuyentes: [20581026324]",
        "pieza 20512333797",
        "RUC 20512333798",
    ),
    row(
        "EC_CEDULA",
        "https://www.registrocivil.gob.ec",
        (spelling("ec-cedula", r"[0-3][0-9]{8}-?[0-9]", valid(is_varied, stdnum("ec.ci"), evidence="luhn"), DIGITS),),
        "cédula, ci, c.i, cédula de identidad, cédula de ciudadanía",
        "Cédula: [171430710-3]",
        "ci: [1726611088]",
        "pieza 171430710-3",
        "C.I. 171430710-4",
    ),
    row(
        "UY_CEDULA",
        "https://www.gub.uy/ministerio-interior/politicas-y-gestion/cedula-identidad",
        (
            spelling(
                "uy-cedula",
                r"[1-9]\.?[0-9]{3}\.?[0-9]{3}-?[0-9]",
                valid(is_varied, _is_uruguayan, evidence="mod10"),
                DIGITS,
            ),
        ),
        "cédula, ci, c.i, cédula de identidad",
        "C.I. [1.234.567-2]",
        "cédula: [9.852.360-0]",
        "pieza 1.234.567-2",
        "C.I. 1.234.567-3",
    ),
    row(
        "VE_RIF",
        "http://declaraciones.seniat.gob.ve",
        (
            spelling(
                "ve-rif",
                r"[VEJPGvejpg]-?[0-9]{8}-?[0-9]",
                valid(is_varied, stdnum("ve.rif"), evidence="mod11"),
                DIGITS,
            ),
        ),
        "rif, registro de información fiscal, r.i.f",
        "RIF: [V-11470283-4]",
        "registro de información fiscal: [V-77967653-2]",
        "pieza V-11470283-4",
        "RIF V-11470283-3",
    ),
    row(
        "DO_CEDULA",
        "https://jce.gob.do",
        (
            spelling(
                "do-cedula",
                r"[0-9]{3}-?[0-9]{7}-?[0-9]",
                valid(is_varied, stdnum("do.cedula"), evidence="luhn"),
                DIGITS,
            ),
        ),
        "cédula, cédula de identidad, cédula de identidad y electoral",
        "Cédula: [001-1391820-5]",
        "cédula de identidad: [001-5617940-0]",
        "pieza 001-1391820-5",
        "cédula 001-1391820-4",
    ),
)
