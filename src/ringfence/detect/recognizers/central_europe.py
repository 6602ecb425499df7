"""Poland, Czechia, Slovakia, Hungary, Austria, Switzerland, and the countries to the south of them."""

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


def _is_polish_document(number: str) -> bool:
    """Check an identity card: three letters, and digits of which the first is the check digit."""
    values = [int(sign, 36) for sign in number]
    return sum(value * weight for value, weight in zip(values, (7, 3, 1, 9, 7, 3, 1, 7, 3), strict=True)) % 10 == 0


def _is_taj(number: str) -> bool:
    return sum(int(digit) * (3, 7)[at % 2] for at, digit in enumerate(number[:8])) % 10 == int(number[8])


def _is_hungarian_tax(number: str) -> bool:
    return sum(int(digit) * at for at, digit in enumerate(number[:9], 1)) % 11 == int(number[9])


CENTRAL_EUROPE: tuple[Recognizer, ...] = (
    row(
        "PL_PESEL",
        "Ustawa o ewidencji ludności; https://www.gov.pl/web/gov/czym-jest-numer-pesel",
        (spelling("pl-pesel", r"[0-9]{11}", valid(is_varied, stdnum("pl.pesel"), evidence="mod10"), DIGITS),),
        "pesel, numer pesel, nr pesel",
        "PESEL: [44051401359]",
        "numer pesel: [75081832392]",
        "zamówienie 44051401359",
        "PESEL 44051401358",
    ),
    row(
        "PL_NIP",
        "Ustawa z dnia 13 października 1995, https://isap.sejm.gov.pl/isap.nsf/DocDetails.xsp?id=WDU19951420702",
        (
            spelling(
                "pl-nip",
                r"(?:[Pp][Ll] ?)?[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{2}|[0-9]{3}-[0-9]{2}-[0-9]{2}-[0-9]{3}",
                valid(is_varied, stdnum("pl.nip"), evidence="mod11"),
                DIGITS,
            ),
        ),
        "nip, numer identyfikacji podatkowej, nr nip",
        "NIP: [856-734-62-15]",
        "numer identyfikacji podatkowej: [626-054-56-79]",
        "zamówienie 8567346215",
        "NIP 8567346216",
    ),
    row(
        "PL_REGON",
        "https://bip.stat.gov.pl/dzialalnosc-statystyki-publicznej/rejestr-regon/",
        (spelling("pl-regon", r"[0-9]{14}|[0-9]{9}", valid(is_varied, stdnum("pl.regon"), evidence="mod11"), DIGITS),),
        "regon, nr regon, numer regon",
        "REGON: [192598184]",
        "nr regon: [872216472]",
        "zamówienie 192598184",
        "REGON 192598183",
    ),
    row(
        "PL_ID_CARD",
        "Rozporządzenie z dnia 29 stycznia 2015; https://www.gov.pl/web/gov/uzyskaj-dowod-osobisty",
        (
            spelling(
                "pl-id-card", r"[A-Za-z]{3} ?[0-9]{6}", valid(is_varied, _is_polish_document, evidence="mod10"), DIGITS
            ),
        ),
        "dowód osobisty, dowodu osobistego, nr dowodu, numer dowodu, seria i numer, identity card",
        "Dowód osobisty: [ABA300000]",
        "dowodu osobistego: [SNP500533]",
        "część ABA300000",
        "nr dowodu ABA400000",
    ),
    row(
        "PL_PASSPORT",
        "https://www.consilium.europa.eu/prado/pl/POL-AO-04001/index.html",
        (spelling("pl-passport", r"[A-Za-z]{2} ?[0-9]{7}", shaped(), UNCHECKED),),
        "paszport, numer paszportu, nr paszportu, passport, passport number",
        "Paszport [EA1234567]",
        "numer paszportu: [EA2867645]",
        "część EA1234567",
        "paszport EA123456",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "CZ_SK_RODNE_CISLO",
        "Zákon č. 133/2000 Sb. (CZ), zákon č. 301/1995 Z. z. (SK)",
        (
            spelling(
                "rodne-cislo",
                r"[0-9]{2}[0-8][0-9][0-3][0-9]/?[0-9]{3,4}",
                valid(is_varied, stdnum("cz.rc"), evidence="mod11"),
                DIGITS,
            ),
        ),
        "rodné číslo, rodne cislo, rč, birth number",
        "Rodné číslo: [710319/2745]",
        "rč: [880725/3631]",
        "zakázka 7103192745",
        "rodné číslo 710319/2746",
    ),
    row(
        "CZ_DIC",
        "Zákon č. 280/2009 Sb., section 130, https://www.zakonyprolidi.cz/cs/2009-280",
        (spelling("cz-dic", r"(?:[Cc][Zz] ?)?[0-9]{8}", valid(is_varied, stdnum("cz.dic"), evidence="mod11"), DIGITS),),
        "dič, ičo",
        "DIČ: [CZ25123891]",
        "ičo: [CZ10612866]",
        "zakázka 25123891",
        "IČO 25123890",
    ),
    row(
        "HU_TAJ",
        "1996. évi XX. törvény, https://net.jogtar.hu/jogszabaly?docid=99600020.tv",
        (
            spelling(
                "hu-taj", r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}", valid(is_varied, _is_taj, evidence="mod10"), DIGITS
            ),
        ),
        "taj, taj-szám, tajszám, taj szám, társadalombiztosítási azonosító",
        "TAJ: [123 456 788]",
        "taj-szám: [637 972 259]",
        "rendelés 123456788",
        "TAJ 123 456 789",
    ),
    row(
        "HU_TAX_ID",
        "1996. évi XX. törvény, https://net.jogtar.hu/jogszabaly?docid=99600020.tv",
        (spelling("hu-tax", r"8[0-9]{9}", valid(is_varied, _is_hungarian_tax, evidence="mod11"), DIGITS),),
        "adóazonosító, adóazonosító jel, adószám",
        "Adóazonosító jel: [8071592153]",
        "adószám: [8976951247]",
        "rendelés 8071592153",
        "adóazonosító 8071592154",
    ),
    row(
        "AT_SOCIAL_SECURITY",
        "ASVG section 460d; https://www.sozialversicherung.at/cdscontent/?contentid=10007.820902",
        (
            spelling(
                "at-svnr", r"[1-9][0-9]{3}[ -]?[0-9]{6}", valid(is_varied, stdnum("at.vnr"), evidence="mod11"), DIGITS
            ),
        ),
        "sozialversicherungsnummer, svnr, sv-nr, sv-nummer, versicherungsnummer, e-card",
        "SVNR: [1237 010180]",
        "sozialversicherungsnummer: [9598 310556]",
        "Auftrag 1237010180",
        "SVNR 2237 010180",
    ),
    row(
        "AT_TAX_NUMBER",
        "https://www.bmf.gv.at/themen/steuern/fuer-unternehmen/umsatzsteuer/uid-und-zm.html",
        (
            spelling(
                "at-tax",
                r"[0-9]{2}[ -]?[0-9]{3}/?[0-9]{4}",
                valid(is_varied, stdnum("at.tin"), evidence="mod10"),
                DIGITS,
            ),
        ),
        "steuernummer, abgabenkontonummer, steuernr, steuer-nr, finanzamt",
        "Steuernummer [59-119/9013]",
        "abgabenkontonummer: [59-268/2967]",
        "Auftrag 59-119/9013",
        "Steuernummer 59-119/9014",
    ),
    row(
        "CH_AHV",
        "AHVG art. 50c; https://www.zas.admin.ch/zas/de/home/partenaires-et-institutions-/navs13.html",
        (
            spelling(
                "ch-ahv",
                r"756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}",
                valid(is_varied, stdnum("ch.ssn"), evidence="ean13"),
                PROVEN,
                trigger=r"756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}",
            ),
        ),
        "ahv, ahv-nr, ahv-nummer, avs, numéro avs, n° avs, ahvn13, sozialversicherungsnummer, navs",
        "[756.9217.0769.85]",
        "AHV-Nr. [7569217076985]",
        "Auftrag 7569217076985",
        "756.9217.0769.84",
    ),
    row(
        "SI_EMSO",
        "Zakon o centralnem registru prebivalstva, http://www.pisrs.si/Pis.web/pregledPredpisa?id=ZAKO1570",
        (
            spelling(
                "si-emso", r"[0-3][0-9][01][0-9]{10}", valid(is_varied, stdnum("si.emso"), evidence="mod11"), DIGITS
            ),
        ),
        "emšo, emso, jmbg, matični broj, jedinstveni matični broj",
        "EMŠO: [0101006500006]",
        "jmbg: [2402944503178]",
        "naročilo 0101006500006",
        "EMŠO 0101006500007",
    ),
    row(
        "HR_OIB",
        "Zakon o osobnom identifikacijskom broju, https://narodne-novine.nn.hr/clanci/sluzbeni/2008_05_60_2033.html",
        (spelling("hr-oib", r"[0-9]{11}", valid(is_varied, stdnum("hr.oib"), evidence="mod11-10"), DIGITS),),
        "oib, osobni identifikacijski broj",
        "OIB: [33392005961]",
        "osobni identifikacijski broj: [47541180689]",
        "narudžba 33392005961",
        "OIB 33392005962",
    ),
    row(
        "RO_CNP",
        "OUG 97/2005, https://legislatie.just.ro/Public/DetaliiDocument/63562",
        (spelling("ro-cnp", r"[1-9][0-9]{12}", valid(is_varied, stdnum("ro.cnp"), evidence="mod11"), DIGITS),),
        "cnp, cod numeric personal, codul numeric",
        "CNP: [1630615123457]",
        "cod numeric personal: [1930517403959]",
        "comanda 1630615123457",
        "CNP 1632215123457",
    ),
    row(
        "BG_EGN",
        "Закон за гражданската регистрация, https://www.grao.bg/esgraon.html",
        (spelling("bg-egn", r"[0-9]{10}", valid(is_varied, stdnum("bg.egn"), evidence="mod11"), DIGITS),),
        "егн, egn, единен граждански номер, ЕГН",
        "EGN: [8032056031]",
        "ЕГН: [4103210980]",
        "поръчка 8032056031",
        "EGN 8032056032",
    ),
    row(
        "GR_AMKA",
        "Νόμος 3655/2008; https://www.amka.gr",
        (spelling("gr-amka", r"[0-3][0-9][01][0-9]{8}", valid(is_varied, stdnum("gr.amka"), evidence="luhn"), DIGITS),),
        "αμκα, amka, α.μ.κ.α",
        "ΑΜΚΑ: [01013099997]",
        "amka: [03015710969]",
        "παραγγελία 01013099997",
        "AMKA 01013099999",
    ),
    row(
        "GR_AFM",
        "https://www.aade.gr/polites/kleidarithmos-eggrafi-allagi-dieythynsis-kai-loipa/apodosi-afm",
        (spelling("gr-afm", r"(?:[Ee][Ll] ?)?[0-9]{9}", valid(is_varied, stdnum("gr.vat"), evidence="mod11"), DIGITS),),
        "αφμ, afm, α.φ.μ, αριθμός φορολογικού μητρώου",
        "ΑΦΜ: [094259216]",
        "afm: [895365001]",
        "παραγγελία 094259216",
        "AFM 123456781",
    ),
    row(
        "AL_NID",
        "Ligji nr. 10129; https://www.tatime.gov.al",
        (
            spelling(
                "al-nid",
                r"[A-Ta-t0-9][0-9](?:0[1-9]|1[0-2]|5[1-9]|6[0-2])[0-3][0-9]{4}[A-Wa-w]",
                shaped(is_varied),
                UNCHECKED,
            ),
        ),
        "nid, numri personal, numri i identitetit, letërnjoftim",
        "Numri personal: [J50712001H]",
        "nid: [J36226972P]",
        "porosi J50712001H",
        "numri personal J50712001",
        certainty=Certainty.CONTEXT,
    ),
)
