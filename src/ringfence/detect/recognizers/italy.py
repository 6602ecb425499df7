"""Italy."""

from ringfence.detect._checks import is_varied, shaped, stdnum, valid
from ringfence.detect.recognizer import (
    DIGITS,
    PROVEN,
    UNCHECKED,
    Certainty,
    Recognizer,
    row,
    spelling,
)

_DIGIT = "[0-9LMNP-V]"
_FISCAL = "[A-Z]{6}" + _DIGIT + "{2}[A-EHLMPRST]" + _DIGIT + "{2}[A-Z]" + _DIGIT + "{3}[A-Z]"


def _is_zero_filled(number: str) -> bool:
    return number[:7] != "0000000"


ITALY: tuple[Recognizer, ...] = (
    row(
        "IT_FISCAL_CODE",
        "D.M. 23 dicembre 1976 n. 13813; https://www.agenziaentrate.gov.it/portale/informazioni-codificazione-pf",
        (
            spelling(
                "it-fiscal",
                "(?i:" + _FISCAL + ")",
                valid(stdnum("it.codicefiscale"), evidence="mod26"),
                PROVEN,
                trigger=_FISCAL,
            ),
            spelling(
                "it-fiscal-spaced",
                "(?i:[A-Z]{3} ?[A-Z]{3} ?"
                + _DIGIT
                + "{2}[A-EHLMPRST]"
                + _DIGIT
                + "{2} ?[A-Z]"
                + _DIGIT
                + "{3} ?[A-Z])",
                valid(stdnum("it.codicefiscale"), evidence="mod26"),
                DIGITS,
            ),
        ),
        "codice fiscale, cod. fisc, c.f, fiscal code, tax code",
        "[RCCMNL83S18D969H]",
        "C.F. [rccmnl83s18d969h]",
        "RCCMNL83S18D969A",
    ),
    row(
        "IT_VAT_CODE",
        "D.P.R. 633/1972, art. 35; "
        "https://www.agenziaentrate.gov.it/portale/schede/istanze/aa9_11-apertura-variazione-chiusura-pf",
        (
            spelling(
                "it-vat",
                r"(?:[Ii][Tt] ?)?[0-9]{11}",
                valid(is_varied, _is_zero_filled, stdnum("it.iva"), evidence="luhn"),
                DIGITS,
            ),
        ),
        "partita iva, p. iva, p.iva, piva, iva, vat, vat number",
        "Partita IVA [01333550323]",
        "P.IVA: [IT 00743110157]",
        "ordine 01333550323",
        "P.IVA 01333550324",
    ),
    row(
        "IT_DRIVER_LICENSE",
        "https://www.consilium.europa.eu/prado/it/ITA-FO-09003/index.html",
        (
            spelling(
                "it-driver",
                r"[A-Za-z]{2}[0-9]{7}[A-Za-z]|[Uu]1[0-9B-HJ-NPR-Zb-hj-npr-z]{7}[A-Za-z]",
                shaped(),
                UNCHECKED,
            ),
        ),
        "licenza, patente, patente di guida, numero patente, driver license, driving licence, licenza di guida",
        "patente di guida [AA0123456B]",
        "licenza: [AA8931403B]",
        "pezzo AA0123456B",
        "patente U1H00A000B",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "IT_IDENTITY_CARD",
        "https://www.cartaidentita.interno.gov.it/la-carta/",
        (
            spelling(
                "it-id-card",
                r"[A-Za-z]{2}[0-9]{5}[A-Za-z]{2}|[0-9]{7}[A-Za-z]{2}|[A-Za-z]{2}[0-9]{7}",
                shaped(),
                UNCHECKED,
            ),
        ),
        "carta d'identità, carta di identità, carta identità, numero carta d'identità, cie, documento",
        "carta d'identità [CA12345AA]",
        "carta di identità: [CA21980AA]",
        "pezzo CA12345AA",
        "documento CA12345A",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "IT_PASSPORT",
        "https://www.consilium.europa.eu/prado/it/ITA-AO-04001/index.html",
        (spelling("it-passport", r"[A-Za-z]{2}[0-9]{7}", shaped(), UNCHECKED),),
        "passaporto, numero passaporto, passport, passport number",
        "passaporto n. [YA1234567]",
        "numero passaporto: [YA9791658]",
        "pezzo YA1234567",
        "passaporto YA123456",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "IT_HEALTH_CARD",
        "D.M. 11 marzo 2004; https://sistemats1.sanita.finanze.it/portale/",
        (spelling("it-health-card", r"80380[0-9]{15}", shaped(), (0.3, 0.9)),),
        "tessera sanitaria, numero tessera",
        "tessera sanitaria [80380000100012345678]",
        "numero tessera: [80380000200099945671]",
        "ordine 80380000100012345678",
        "tessera sanitaria 80370000100012345678",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "IT_POSTCODE",
        "https://www.poste.it/cerca/",
        (spelling("it-postcode", r"[0-9]{5}", shaped(is_varied), (0.1, 0.65), reach=8),),
        "codice postale, codice di avviamento postale, c.a.p",
        "C.A.P. [00184] Roma",
        "codice postale: [84635]",
        "sala 00184",
        "codice postale 0018",
        certainty=Certainty.CONTEXT,
        near=16,
    ),
    row(
        "IT_LICENSE_PLATE",
        "D.P.R. 495/1992, art. 254 to 260",
        (
            spelling(
                "it-plate",
                r"[A-HJ-NPR-TV-Za-hj-npr-tv-z]{2} ?[0-9]{3} ?[A-HJ-NPR-TV-Za-hj-npr-tv-z]{2}",
                shaped(),
                UNCHECKED,
            ),
        ),
        "targa, targa auto, veicolo targato, license plate",
        "targa [AB 123 CD]",
        "targa auto: [AB 973 CD]",
        "sala AB 123 CD",
        "targa IO 123 QU",
        certainty=Certainty.CONTEXT,
    ),
)
