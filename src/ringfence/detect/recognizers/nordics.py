"""Sweden, Norway, Denmark, Finland and Iceland, with Estonia, Latvia and Lithuania."""

from ringfence.detect._checks import holds_day, is_day, is_varied, luhn, shaped, stdnum, valid
from ringfence.detect.recognizer import (
    DIGITS,
    TELLING,
    Certainty,
    Recognizer,
    row,
    spelling,
)

_HETU_SIGNS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_HETU_CENTURIES = {**dict.fromkeys("-YXWVU", 1900), **dict.fromkeys("ABCDEF", 2000), "+": 1800}


def _is_hetu(number: str) -> bool:
    """Check a Finnish identity code; `plain` has taken its hyphen away."""
    sign, digits = (number[6], number[7:10]) if len(number) == 11 else ("-", number[6:9])
    day = is_day(_HETU_CENTURIES[sign] + int(number[4:6]), int(number[2:4]), int(number[:2]))
    return day and digits > "001" and _HETU_SIGNS[int(number[:6] + digits) % 31] == number[-1]


def _is_personnummer(number: str) -> bool:
    """Check a Swedish personal number, or a coordination number, whose day is 60 higher."""
    number = number.replace("+", "")
    short = number[-10:]
    month, day = int(short[2:4]), int(short[4:6])
    year = int(number[:4]) if len(number) == 12 else 2000 + int(short[:2])
    return is_day(year, month, day - 60 if day > 60 else day) and luhn(short)


def _is_organisation(number: str) -> bool:
    return number[2] >= "2" and luhn(number)


def _is_cpr(number: str) -> bool:
    return any(is_day(century + int(number[4:6]), int(number[2:4]), int(number[:2])) for century in (1900, 2000))


def _is_latvian(number: str) -> bool:
    if number.startswith("32"):
        return True  # those given out since 2017 hold no date
    total = sum(int(digit) * weight for digit, weight in zip(number, (1, 6, 3, 7, 9, 10, 5, 8, 4, 2), strict=False))
    return holds_day(4, 2, 0)(number) and (1101 - total) % 11 % 10 == int(number[-1])


NORDICS: tuple[Recognizer, ...] = (
    row(
        "SE_PERSONNUMMER",
        "Folkbokföringslagen (1991:481) section 18; "
        "https://www.skatteverket.se/privat/folkbokforing/personnummer.4.3810a01c150939e893f18c29.html",
        (
            spelling(
                "se-personnummer",
                r"(?:18|19|20)[0-9]{6}[-+]?[0-9]{4}|[0-9]{6}[-+]?[0-9]{4}",
                valid(is_varied, _is_personnummer, evidence="luhn"),
                DIGITS,
            ),
        ),
        "personnummer, pnr, person-nr, personnr, samordningsnummer, personal identity number, swedish id",
        "Personnummer: [19880320-0016]",
        "pnr [880320-0016]",
        "beställning 880320-0016",
        "pnr 880320-0018",
    ),
    row(
        "SE_ORGANISATIONSNUMMER",
        "Lag (1974:174); "
        "https://www.skatteverket.se/foretag/drivaforetag/startaochregistrera/organisationsnummer.4.361dc8c15312eff6fd235d1.html",
        (
            spelling(
                "se-orgnr", r"(?:16)?[0-9]{6}-?[0-9]{4}", valid(is_varied, _is_organisation, evidence="luhn"), DIGITS
            ),
        ),
        "organisationsnummer, orgnr, org.nr, org nr, org.-nr, company identity",
        "Orgnr: [556703-7485]",
        "organisationsnummer: [556742-5417]",
        "beställning 556703-7485",
        "orgnr 556703-7486",
    ),
    row(
        "NO_FODSELSNUMMER",
        "Folkeregisterforskriften section 2-2-3, https://lovdata.no/forskrift/2017-07-14-1201",
        (
            spelling(
                "no-fodselsnummer",
                r"[0-7][0-9][0-9]{4}[ -]?[0-9]{5}",
                valid(is_varied, stdnum("no.fodselsnummer"), evidence="mod11-twice"),
                DIGITS,
            ),
        ),
        "fødselsnummer, fodselsnummer, fnr, personnummer, d-nummer, f.nr, fødsels- og personnummer",
        "Fødselsnummer: [151086 95088]",
        "fodselsnummer: [30084601612]",
        "bestilling 15108695088",
        "fnr 15108695077",
    ),
    row(
        "DK_CPR",
        "CPR-loven; https://cpr.dk/cpr-systemet/opbygning-af-cpr-nummeret",
        (spelling("dk-cpr", r"[0-3][0-9][01][0-9]{3}[ -]?[0-9]{4}", shaped(is_varied, _is_cpr), (0.2, 0.85)),),
        "cpr, cpr-nr, cpr-nummer, cpr nr, personnummer, cpr number",
        "CPR-nr.: [211062-5629]",
        "cpr-nummer: [270758-3134]",
        "ordre 211062-5629",
        "cpr 511062-5629",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "FI_PERSONAL_IDENTITY_CODE",
        "Laki 661/2009; https://dvv.fi/en/personal-identity-code",
        (
            spelling(
                "fi-hetu",
                r"[0-3][0-9][01][0-9]{3}[-+A-FU-Ya-fu-y][0-9]{3}[0-9A-FHJ-NPR-Ya-fhj-npr-y]",
                valid(is_varied, _is_hetu, evidence="mod31", alone=True),
                TELLING,
                trigger=r"[0-3][0-9][01][0-9]{3}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]",
            ),
        ),
        "hetu, henkilötunnus, henkilötunnuksesi, personbeteckning, sotu, personal identity code",
        "[131052-308T]",
        "hetu [010516b903x]",
        "131052-308U 310252-308Y 311190-1111",
    ),
    row(
        "IS_KENNITALA",
        "Lög nr. 140/2019; https://www.skra.is/english/individuals/me-and-my-family/my-registration/id-numbers/",
        (
            spelling(
                "is-kennitala",
                r"[0-7][0-9][01][0-9]{3}-?[0-9]{3}[089]",
                valid(is_varied, stdnum("is_.kennitala"), evidence="mod11"),
                DIGITS,
            ),
        ),
        "kennitala, kennitölu",
        "Kennitala: [120174-3399]",
        "kennitölu: [070780-4459]",
        "pöntun 120174-3399",
        "kennitala 120174-3389",
    ),
    row(
        "EE_ISIKUKOOD",
        "EVS 585:2007; https://www.riigiteataja.ee/akt/106062012004",
        (spelling("ee-isikukood", r"[1-8][0-9]{10}", valid(is_varied, stdnum("ee.ik"), evidence="mod11"), DIGITS),),
        "isikukood, personal code, isikukoodi",
        "Isikukood: [36805280109]",
        "personal code: [34302146689]",
        "tellimus 36805280109",
        "isikukood 36805280108",
    ),
    row(
        "LT_ASMENS_KODAS",
        "Gyventojų registro įstatymas; https://www.e-tar.lt/portal/lt/legalAct/TAR.FEDD8AC2F1D0",
        (spelling("lt-asmens", r"[1-6][0-9]{10}", valid(is_varied, stdnum("lt.asmens"), evidence="mod11"), DIGITS),),
        "asmens kodas, a.k, asmens koda, personal code",
        "Asmens kodas: [33309240064]",
        "a.k: [38105314877]",
        "užsakymas 33309240064",
        "asmens kodas 33309240164",
    ),
    row(
        "LV_PERSONAS_KODS",
        "Fizisko personu reģistra likums, https://likumi.lv/ta/id/296185",
        (
            spelling(
                "lv-personas", r"[0-3][0-9][0-9]{4}-?[0-9]{5}", valid(is_varied, _is_latvian, evidence="mod11"), DIGITS
            ),
        ),
        "personas kods, pers. kods, personas koda",
        "Personas kods: [161175-19997]",
        "pers. kods: [325987-42109]",
        "pasūtījums 161175-19997",
        "personas kods 161175-19987",
    ),
)
