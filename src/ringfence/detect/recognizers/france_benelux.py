"""France, Belgium, the Netherlands and Luxembourg."""

from ringfence.detect._checks import holds_day, is_varied, luhn, shaped, stdnum, valid
from ringfence.detect.recognizer import (
    DIGITS,
    PROVEN,
    UNCHECKED,
    Certainty,
    Recognizer,
    row,
    spelling,
)

_NIR = r"[1278] ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?[0-9][0-9ABab] ?[0-9]{3} ?[0-9]{3}(?:[ /-]?[0-9]{2})?"


def _is_nir(number: str) -> bool:
    return len(number) == 15 and stdnum("fr.nir")(number)


def _has_digits(number: str) -> bool:
    return sum(sign.isdigit() for sign in number) >= 4


FRANCE_BENELUX: tuple[Recognizer, ...] = (
    row(
        "FR_NIR",
        "Décret 82-103, https://www.legifrance.gouv.fr/loda/id/JORFTEXT000000521687",
        (
            spelling(
                "fr-nir",
                _NIR,
                valid(is_varied, _is_nir, evidence="mod97", else_doubtful=True),
                PROVEN,
                doubtful=(0.1, 0.4),
                trigger=r"[12] [0-9]{2} (?:0[1-9]|1[0-2]) [0-9][0-9AB] [0-9]{3} [0-9]{3}",
            ),
        ),
        "nir, numéro de sécurité sociale, sécurité sociale, n° ss, numéro ss, insee, numéro d'inscription au répertoire, "
        "carte vitale",
        "[2 95 10 99 126 111 93]",
        "sécurité sociale : [295109912611193]",
        "commande 295109912611193",
        "NIR 295109912611199",
    ),
    row(
        "FR_TAX_ID",
        "Article 1649 ter CGI; https://www.impots.gouv.fr/particulier/questions/je-ne-connais-pas-mon-numero-fiscal",
        (
            spelling(
                "fr-spi",
                r"[0-3][0-9] ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}",
                valid(is_varied, stdnum("fr.nif"), evidence="mod511"),
                DIGITS,
            ),
        ),
        "numéro fiscal, numero fiscal, numéro spi, identifiant fiscal, référence fiscale, nif",
        "numéro fiscal : [30 23 217 600 053]",
        "numéro spi: [30 41 597 497 302]",
        "commande 3023217600053",
        "numéro fiscal : 3023217600054",
    ),
    row(
        "FR_SIREN",
        "https://www.insee.fr/fr/metadonnees/definition/c2047",
        (
            spelling(
                "fr-siret",
                r"[0-9]{3} ?[0-9]{3} ?[0-9]{3} ?[0-9]{5}",
                valid(is_varied, stdnum("fr.siret"), evidence="luhn"),
                DIGITS,
            ),
            spelling(
                "fr-siren",
                r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}",
                valid(is_varied, stdnum("fr.siren"), evidence="luhn"),
                DIGITS,
            ),
        ),
        "siren, siret, rcs",
        "SIREN : [404 833 048]",
        "SIRET [73282932000074]",
        "commande 404833048",
        "SIREN 404833047",
    ),
    row(
        "FR_PASSPORT",
        "https://www.consilium.europa.eu/prado/fr/FRA-AO-03001/index.html",
        (spelling("fr-passport", r"[0-9]{2}[A-Za-z]{2}[0-9]{5}", shaped(), UNCHECKED),),
        "passeport, numéro de passeport, passport, passport number",
        "passeport n° [12AB34567]",
        "numéro de passeport: [16AB55207]",
        "pièce 12AB34567",
        "passeport 12AB3456",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "FR_ID_CARD",
        "https://www.consilium.europa.eu/prado/fr/FRA-BO-02002/index.html",
        (
            spelling(
                "fr-id-card", r"[0-9]{12}|[A-Za-z0-9]{3}[0-9A-Za-z]{5}[0-9]", shaped(is_varied, _has_digits), UNCHECKED
            ),
        ),
        "carte d'identité, carte nationale d'identité, cni, numéro de carte d'identité",
        "CNI n° [880692310285]",
        "carte d'identité: [823914297987]",
        "pièce 880692310285",
        "CNI 88069231028",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "FR_DRIVER_LICENSE",
        "Directive 2006/126/CE; https://www.service-public.fr/particuliers/vosdroits/F1758",
        (spelling("fr-driver", r"[0-9]{2}[0-9A-Za-z]{2}[0-9]{5}|[0-9]{12}", shaped(is_varied), UNCHECKED),),
        "permis de conduire, numéro de permis",
        "permis de conduire [14AA00002]",
        "numéro de permis: [61AA83906]",
        "pièce 14AA00002",
        "permis de conduire 14AA0000",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "FR_LICENSE_PLATE",
        "Arrêté du 9 février 2009, https://www.legifrance.gouv.fr/loda/id/JORFTEXT000020237165",
        (
            spelling(
                "fr-plate",
                r"[A-HJ-NP-TV-Za-hj-np-tv-z]{2}[ -]?[0-9]{3}[ -]?[A-HJ-NP-TV-Za-hj-np-tv-z]{2}",
                shaped(),
                UNCHECKED,
            ),
        ),
        "immatriculation, plaque, plaque d'immatriculation, license plate, licence plate",
        "immatriculation : [AB-123-CD]",
        "plaque: [AB-076-CD]",
        "salle AB-123-CD",
        "immatriculation OO-123-II",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "FR_POSTCODE",
        "https://datanova.laposte.fr/datasets/laposte-hexasmal",
        (spelling("fr-postcode", r"(?:0[1-9]|[1-8][0-9]|9[0-8])[0-9]{3}", shaped(is_varied), (0.1, 0.65), reach=8),),
        "code postal, c.p, cp, cedex",
        "Code postal : [75002] Paris",
        "c.p: [85009]",
        "salle 75002",
        "code postal 99001",
        certainty=Certainty.CONTEXT,
        near=16,
    ),
    row(
        "NL_BSN",
        "Wet algemene bepalingen burgerservicenummer, https://wetten.overheid.nl/BWBR0022428",
        (
            spelling(
                "nl-bsn",
                r"[0-9]{9}|[0-9]{4}\.[0-9]{2}\.[0-9]{3}|[0-9]{3} [0-9]{3} [0-9]{3}",
                valid(is_varied, stdnum("nl.bsn"), evidence="mod11"),
                DIGITS,
            ),
        ),
        "bsn, burgerservicenummer, sofinummer, sofi, citizen service number, onderwijsnummer",
        "BSN: [111222333]",
        "Burgerservicenummer [1112.22.333]",
        "order 111222333",
        "BSN 111252333",
    ),
    row(
        "NL_ID_DOCUMENT",
        "https://www.rvig.nl/documentnummer",
        (
            spelling(
                "nl-document",
                r"[A-NP-Za-np-z]{2}[0-9A-NP-Za-np-z]{6}[0-9]",
                shaped(_has_digits),
                UNCHECKED,
            ),
        ),
        "paspoort, paspoortnummer, identiteitskaart, documentnummer, id-kaart, passport, passport number",
        "Paspoortnummer: [XR1001R58]",
        "identiteitskaart: [XR2534R10]",
        "artikel XR1001R58",
        "paspoort XR1001R",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "NL_POSTCODE",
        "NEN 5825; https://www.postnl.nl/adres-zoeken/",
        (
            spelling(
                "nl-postcode",
                r"[1-9][0-9]{3} ?[A-Za-z]{2}",
                shaped(lambda number: number[4:] not in {"SA", "SD", "SS"}),
                UNCHECKED,
                reach=8,
            ),
        ),
        "postcode, adres, woonplaats",
        "Postcode: [2601 DC]",
        "adres: [6430 DC]",
        "zaal 2601 DC",
        "postcode 0601 DC",
        certainty=Certainty.CONTEXT,
        near=16,
    ),
    row(
        "BE_NATIONAL_NUMBER",
        "Koninklijk besluit van 3 april 1984; https://www.ibz.rrn.fgov.be/nl/rijksregister/",
        (
            spelling(
                "be-nn-dotted",
                r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}",
                valid(is_varied, stdnum("be.ssn"), evidence="mod97"),
                PROVEN,
                trigger=r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}",
            ),
            spelling(
                "be-nn",
                r"[0-9]{2}[ .]?[0-9]{2}[ .]?[0-9]{2}[ .-]?[0-9]{3}[ .]?[0-9]{2}",
                valid(is_varied, stdnum("be.ssn"), evidence="mod97"),
                DIGITS,
            ),
        ),
        "rijksregisternummer, numéro national, registre national, rijksregister, insz, niss, numéro de registre national, "
        "belgian national number, nationaal nummer, bisnummer, inss",
        "[85.07.30-033.28]",
        "Rijksregisternummer: [85073003328]",
        "bestelling 85073003328",
        "rijksregisternummer 85073003329",
    ),
    row(
        "LU_NATIONAL_ID",
        "Loi du 19 juin 2013, https://legilux.public.lu/eli/etat/leg/loi/2013/06/19/n1/jo",
        (
            spelling(
                "lu-matricule",
                r"(?:18|19|20)[0-9]{2} ?(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01]) ?[0-9]{3} ?[0-9]{2}",
                valid(holds_day(0, 4, 6, four=True), lambda number: luhn(number[:12]), evidence="luhn"),
                DIGITS,
            ),
        ),
        "matricule, numéro d'identification national, identification nationale, numéro matricule, cns",
        "Matricule: [1893120105732]",
        "numéro d'identification national: [1801040395657]",
        "commande 1893120105732",
        "matricule 1893120105832",
    ),
)
