"""The Federal Republic of Germany."""

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

_SIGNS = r"[0-9CFGHJ-NPRTV-Zcfghj-nprtv-z]{7}[0-9]"


def is_icao(number: str) -> bool:
    """Tell whether the last digit is the check digit of ICAO Doc 9303 part 3, section 4.9."""
    total = sum(int(sign, 36) * (7, 3, 1)[at % 3] for at, sign in enumerate(number[:-1]))
    return number[-1] == str(total % 10)


def _is_tax_id(number: str) -> bool:
    digits = number[:10]
    return number[0] != "0" and max(map(digits.count, digits)) <= 3 and _has_mod_11_10(number)


def _has_mod_11_10(number: str) -> bool:
    product = 10
    for digit in number[:-1]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(number[-1])


def _is_insured(number: str) -> bool:
    """Check a pension insurance number: VKVV section 2."""
    day, month = int(number[2:4]), int(number[4:6])
    digits = number[:8] + f"{ord(number[8]) - 64:02}" + number[9:11]
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    total = sum(sum(divmod(int(digit) * weight, 10)) for digit, weight in zip(digits, weights, strict=True))
    return (1 <= day <= 31 or 51 <= day <= 81) and 1 <= month <= 12 and total % 10 == int(number[11])


def _is_health_insured(number: str) -> bool:
    digits = f"{ord(number[0]) - 64:02}" + number[1:9]
    total = sum(sum(divmod(int(digit) * (1 + at % 2), 10)) for at, digit in enumerate(digits))
    return total % 10 == int(number[9])


def _is_physician(number: str) -> bool:
    total = sum(int(digit) * (4, 9)[at % 2] for at, digit in enumerate(number[:6]))
    return number[6] == str(-total % 10)


def _is_office(number: str) -> bool:
    return int(number[:2]) > 0 and is_varied(number)


GERMANY: tuple[Recognizer, ...] = (
    row(
        "DE_TAX_ID",
        "Section 139b AO; "
        "https://www.bzst.de/DE/Privatpersonen/SteuerlicheIdentifikationsnummer/steuerlicheidentifikationsnummer_node.html",
        (
            spelling(
                "de-tax-id",
                r"[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}",
                valid(_is_tax_id, stdnum("de.idnr"), evidence="mod11-10", else_doubtful=True),
                DIGITS,
                doubtful=(0.2, 0.7),
            ),
        ),
        "steuer-id, steuer id, steueridentifikationsnummer, identifikationsnummer, idnr, steuerliche identifikationsnummer, "
        "tax id, tax identification number, tin",
        "Steuer-ID: [36 574 261 809]",
        "IdNr. [36574261809] liegt vor",
        "Rechnung 36574261809, Steuer-ID: 136574261809",
    ),
    row(
        "DE_TAX_NUMBER",
        "Section 11 BpO, ELSTER's standard scheme; "
        "https://www.elster.de/eportal/helpGlobal?themaGlobal=wo_ist_meine_steuernummer_eop",
        (
            spelling("de-tax-number", r"(?:0[1-9]|1[0-6])[0-9]{11}", shaped(is_varied), UNCHECKED),
            spelling("de-tax-number-state", r"[0-9]{2,3}/[0-9]{3,4}/[0-9]{4,5}", shaped(is_varied), UNCHECKED),
        ),
        "steuernummer, steuer-nr, steuernr, st.-nr, stnr, st-nr",
        "Steuernummer [181/815/08155]",
        "St.-Nr.: [0281081508155]",
        "Bericht 181/815/08155 und 0281081508155",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "DE_PASSPORT",
        "PassV annex; ICAO Doc 9303 part 3, https://www.icao.int/publications/Documents/9303_p3_cons_en.pdf",
        (
            spelling(
                "de-passport",
                r"[CFGHJKcfghjk]" + _SIGNS,
                valid(is_varied, is_icao, evidence="icao", else_doubtful=True),
                DIGITS,
                doubtful=(0.1, 0.55),
            ),
        ),
        "reisepass, reisepassnummer, passnummer, pass-nr, passnr, passport, passport number, passport no",
        "Reisepass [C01X00T47] ausgestellt",
        "reisepassnummer: [C29X55T21]",
        "Paket C01X00T47 verschickt, Passnummer C0123456",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "DE_ID_CARD",
        "PAuswV annex; ICAO Doc 9303 part 3, https://www.icao.int/publications/Documents/9303_p3_cons_en.pdf",
        (
            spelling(
                "de-id-card",
                r"[CFGHJ-NPRTV-Zcfghj-nprtv-z]" + _SIGNS,
                valid(is_varied, is_icao, evidence="icao", else_doubtful=True),
                DIGITS,
                doubtful=(0.1, 0.55),
            ),
            spelling("de-id-card-old", r"[Tt][0-9]{8}", shaped(), UNCHECKED),
        ),
        "personalausweis, personalausweisnummer, ausweisnummer, ausweis-nr, ausweis, id card, identity card",
        "Personalausweis [L01X00T47]",
        "personalausweisnummer: [L48X15T19]",
        "Artikel L01X00T47, Ausweis T2200012",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "DE_SOCIAL_SECURITY",
        "Sections 2 to 4 VKVV, https://www.gesetze-im-internet.de/vkvv_2001/",
        (
            spelling(
                "de-pension",
                r"[0-9]{2} ?[0-9]{6} ?[A-Za-z] ?[0-9]{3}",
                valid(_is_insured, evidence="vkvv", alone=True),
                TELLING,
                trigger=r"[0-9]{2} ?[0-9]{6} ?[A-Z] ?[0-9]{3}",
            ),
        ),
        "sozialversicherungsnummer, rentenversicherungsnummer, sv-nummer, svnr, sv-nr, versicherungsnummer, rvnr, "
        "social security number",
        "SV-Nummer [15 070649 C 103]",
        "Versichert unter [65070803A019].",
        "15070049C103 und 65070803A018",
    ),
    row(
        "DE_HEALTH_INSURANCE",
        "Section 290 SGB V, "
        "https://www.gkv-spitzenverband.de/krankenversicherung/kv_grundprinzipien/krankenversichertennummer/kvnr.jsp",
        (spelling("de-health", r"[A-Za-z][0-9]{9}", valid(is_varied, _is_health_insured, evidence="luhn"), DIGITS),),
        "krankenversichertennummer, versichertennummer, kvnr, kv-nummer, krankenkasse, egk, egk-nummer, krankenversicherung, "
        "gesundheitskarte",
        "KVNR: [A123456780]",
        "krankenversichertennummer: [A114056553]",
        "Artikel A123456780, KVNR: A123456787",
    ),
    row(
        "DE_KFZ",
        "Sections 8 to 10 FZV, https://www.gesetze-im-internet.de/fzv_2023/",
        (
            spelling(
                "de-plate",
                r"(?:[A-Za-z]|\xc3[\x84\x96\x9c\xa4\xb6\xbc]){1,3}[ -][A-Za-z]{1,2}[ -]?[1-9][0-9]{0,3}[EeHh]?",
                shaped(),
                UNCHECKED,
            ),
        ),
        "kennzeichen, kfz-kennzeichen, kfz, autokennzeichen, nummernschild, license plate, licence plate, number plate",
        "Das Fahrzeug mit Kennzeichen [B AB 1234] wurde gesehen",
        "Kfz-Kennzeichen: [M-XY-999]",
        "Halle B AB 1234",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "DE_HANDELSREGISTER",
        "Section 13 HRV, https://www.gesetze-im-internet.de/hdlregvfg/",
        (
            spelling(
                "de-register",
                r"(?i:HR[AB])[ -]?(?:(?i:Nr)\.? ?)?[0-9]{1,6}",
                shaped(alone=True),
                (0.6, 0.9),
                trigger=r"HR[AB][ -]?(?:Nr\.? ?)?[0-9]",
            ),
        ),
        "handelsregister, handelsregisternummer, registergericht, amtsgericht",
        "Amtsgericht Ulm, [HRB 123456]",
        "handelsregister: [HRB 748497]",
        "HRC 12345 und HRB",
        certainty=Certainty.SHAPE,
    ),
    row(
        "DE_PLZ",
        "https://www.deutschepost.de/de/p/postleitzahlen.html",
        (
            spelling(
                "de-postcode",
                r"(?:0[1-9]|[1-9][0-9])[0-9]{3}",
                shaped(lambda number: number != "01000"),
                (0.1, 0.6),
                reach=8,
            ),
        ),
        "plz, postleitzahl, postanschrift",
        "PLZ: [89073] Ulm",
        "postleitzahl: [84337]",
        "PLZ 00000, Bestellung 89073",
        certainty=Certainty.CONTEXT,
        near=16,
    ),
    row(
        "DE_VAT_ID",
        "Section 27a UStG, "
        ""
        ""
        "https://www.bzst.de/DE/Unternehmen/Identifikationsnummern/Umsatzsteuer-Identifikationsnummer/umsatzsteuer-identifikationsnummer_node.html",
        (
            spelling(
                "de-vat",
                r"[Dd][Ee][ -]?[1-9][0-9]{2}[ .-]?[0-9]{3}[ .-]?[0-9]{3}",
                valid(
                    lambda number: number[2] != "0",
                    stdnum("de.vat"),
                    evidence="mod11-10",
                    alone=True,
                ),
                TELLING,
                trigger=r"DE[ -]?[1-9][0-9]{2}[ .-]?[0-9]{3}[ .-]?[0-9]{3}",
            ),
        ),
        "ust-id, ust-idnr, ustid, ust-id-nr, umsatzsteuer-identifikationsnummer, umsatzsteuer-id, vat, vat id",
        "USt-IdNr. [DE136695976]",
        "[DE 136 695 976]",
        "DE136695978 FR12345678901 DE12345678",
    ),
    row(
        "DE_BSNR",
        "Section 135 SGB V; https://www.kbv.de/html/1748.php",
        (spelling("de-bsnr", r"[0-9]{9}", shaped(_is_office), UNCHECKED),),
        "bsnr, betriebsstättennummer, betriebsstätte",
        "BSNR [711234567] der Praxis",
        "betriebsstättennummer: [901197519]",
        "Rechnung 711234567, BSNR 000000000",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "DE_LANR",
        "Section 293 SGB V; https://www.kbv.de/html/lanr.php",
        (spelling("de-lanr", r"[0-9]{9}", valid(is_varied, _is_physician, evidence="kbv"), DIGITS),),
        "lanr, arztnummer, lebenslange arztnummer, vertragsarzt",
        "LANR: [123456601]",
        "arztnummer: [906635959]",
        "Rechnung 123456601, LANR: 123456901",
    ),
    row(
        "DE_FUEHRERSCHEIN",
        "Annex 8 FeV, https://www.gesetze-im-internet.de/fev_2010/anlage_8.html",
        (
            spelling(
                "de-driver",
                r"[A-Za-z]{2}[0-9]{8}[0-9A-Za-z]|[A-Za-z][0-9]{2}[0-9A-Za-z]{6}[0-9Xx][0-9A-Za-z]",
                shaped(),
                UNCHECKED,
            ),
        ),
        "führerschein, führerscheinnummer, fahrerlaubnis, driving licence, driver license",
        "Führerscheinnummer: [B072RRE2I55]",
        "Seriennummer B072RRE2I55, Führerschein BO12345678",
        told("[MU12345678B]", "fuehrerscheinnummer"),
        certainty=Certainty.CONTEXT,
        fields="fuehrerschein, fuehrerscheinnummer",
    ),
)
