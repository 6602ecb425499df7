"""Names, places, organisations and links, where a label or the name of a field says what they are.

The rule: prose is not judged here; a capital letter is no name. What is found stands behind a label and a colon, as in forms
and records, or in a field of that name. Texts worth a model's look are another stage's.
"""

from collections.abc import Sequence

from ringfence.detect._bytes import is_word_after, is_word_before, line_start
from ringfence.detect._engine import searcher
from ringfence.detect.recognizer import Certainty, Check, Hit, Pattern, Recognizer, listed, row, told

_UPPER = r"\p{Lu}[\p{L}\p{M}'’.-]*"
_PARTICLE = r"(?:(?:de|da|do|dos|del|della|di|la|las|los|le|van|von|der|den|ter|zu|y|e|bin|al|el) ){0,3}"
PERSONS_NAME = _UPPER + "(?: " + _PARTICLE + _UPPER + "){0,5}"
_FLOOR = r"(?:[0-9][^\n\x1e\x1f,;|<>{}=\"]{0,24}|[0-9A-Z]{1,3}\b|[Bb]ajo [0-9A-Z]\b)"
_LINE = r"[\p{L}\p{N}][^\n\x1e\x1f,;|<>{}=\"]{2,80}(?:, ?(?:[Nn][º°.o]{0,2} ?)?" + _FLOOR + "){0,4}"


def behind_colon(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Take what stands behind the label."""
    begin = data.index(b":", start, end) + 1
    while begin < end and data[begin] in b" \t\"'":
        begin += 1
    while end > begin and data[end - 1] in b" \t\"'.,-":
        end -= 1
    return () if is_word_before(data, start) or begin >= end or is_word_after(data, end) else (Hit(begin, end),)


def _street(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Take an address: letters and a number, and neither a link nor a mailbox."""
    return [
        hit
        for hit in behind_colon(data, start, end)
        if any(0x30 <= byte <= 0x39 for byte in data[hit.start : hit.end])
        and not any(mark in data[hit.start : hit.end + 1] for mark in (b"://", b"@", b"0x", b"_", b"::"))
        and b" " in data[hit.start : hit.end]
        and not data[hit.start : hit.end].startswith(
            (b"SIP/", b"HTTP/", b"1.0 ", b"1.1 ", b"2 ")
        )  # a header of that name
    ]


def labelled(
    code: str, labels: str, value: str, check: Check = behind_colon, score: float = 0.6
) -> tuple[Pattern, ...]:
    """Write the pattern of a label with a colon, and what stands behind."""
    label = r"(?:" + "|".join(sorted(listed(labels))) + r")[\"']?[ \t]{0,2}:[ \t]{0,2}[\"']?"
    trigger = label + r"(?:[A-Z\x80-\xff]" + (r"|[0-9a-z])" if value is _LINE else ")")
    return (
        Pattern(
            code, label + value, score, score, trigger=r"\b" + trigger, before=1, after=160, check=check, unicode=True
        ),
    )


def _link(data: bytes, start: int, end: int) -> Sequence[Hit]:
    while end > start and data[end - 1] in b".,;:!?)]'\"":
        end -= 1
    free = not is_word_before(data, start) and data[start - 1 : start] not in (b"@", b".", b"-", b"/")
    return (Hit(start, end),) if free and data[end : end + 1] != b"@" and not is_word_after(data, end) else ()


_answered = searcher(r"\" [1-5][0-9]{2} (?:[0-9]+|-)\z")
_ANSWER_MOST = 24  # bytes of the end of a request, its status and size


def _referrer(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Take the page that a visitor came from: in the combined log format it stands behind status and size."""
    low = line_start(data, start, _ANSWER_MOST)
    answered = _answered(data[low : start + 1], 0, start + 1 - low)[0] >= 0
    return (Hit(start + 3, end - 1),) if answered else ()


_TOP = (
    "com|org|net|edu|gov|mil|int|io|co|info|biz|dev|app|eu|uk|de|fr|es|it|nl|be|ch|at|pl|pt|br|mx|in|il|jp|cn|ru|au|nz|ca|us|"
    "se|no|dk|fi"
)

LABELLED: tuple[Recognizer, ...] = (
    row(
        "LOCATION",
        "the labels of forms; free text is not judged by it",
        labelled(
            "place-labelled",
            "City, Town, Country, Country of birth, País de nacimiento, País de residencia, Geburtsland, Pays de naissance, "
            "Place of birth, Birthplace, Residence, Ort, Wohnort, Geburtsort, Stadt, Land, Ville, Pays, "
            "Lieu de naissance, Ciudad, Localidad, Provincia, País, Lugar de nacimiento, Localidad/ "
            "Provincia, Città, Comune, Paese, "
            "Luogo di nascita, Cidade, Naturalidade, Woonplaats, Geboorteplaats, Miasto, Miejscowość",
            PERSONS_NAME,
        ),
        "",
        "City: [New York], and so on",
        "Wohnort: [Ulm]",
        told("[Ulm]", "patient.birth_place"),
        "city: Ulm capital of code; State: Running",
        certainty=Certainty.FIELD,
        fields="place of birth, birth place, birthplace, geburtsort, lieu de naissance, lugar de nacimiento, "
        "luogo di nascita, city of birth, home town, hometown, wohnort, woonplaats",
        whole_field=True,
    ),
    row(
        "STREET_ADDRESS",
        "the labels of forms; free text is not judged by it",
        labelled(
            "street-labelled",
            "Address, Home address, Street, Street address, Mailing address, Anschrift, Adresse, Straße, "
            "Strasse, Dirección, Domicilio, "
            "Calle, Indirizzo, Via, Endereço, Morada, Rua, Adres, Straat, Ulica",
            _LINE,
            _street,
        ),
        "",
        "Address: [12 Garden Lane], Leeds",
        "Domicilio: [Calle Losada Martí 23 5 B]",
        "Domicilio: [Av. Losada, 36].",
        "Domicilio: [C/ Losada, 27, 1 A].",
        told("[Gartenweg 5]", "customer.street_address"),
        "Address: https://shop.example/12 3 and Address: 0x7fff 12",
        certainty=Certainty.FIELD,
        fields="street, street address, address line, address line1, address line2, address1, address2, "
        "home address, mailing address, postal address, billing address, shipping address, "
        "delivery address, street name, strasse, straße, anschrift, rue, calle, direccion, domicilio, "
        "indirizzo, endereco, straat, ulica",
        whole_field=True,
    ),
    row(
        "ORGANIZATION",
        "the labels of forms; free text is not judged by it",
        labelled(
            "firm-labelled",
            "Employer, Company, Company name, Arbeitgeber, Firma, Employeur, Société, Empresa, Empleador, Datore di lavoro, "
            "Azienda, Empregador, Werkgever, Pracodawca, Hospital, Centro",
            PERSONS_NAME,
        ),
        "",
        "Employer: [Garden Works]",
        "Arbeitgeber: [Gartenbau Berg]",
        told("[Garden Works Ltd]", "person.employer"),
        "employer: none of them",
        certainty=Certainty.FIELD,
        fields="employer, employer name, arbeitgeber, employeur, empleador, werkgever, workplace, datore di lavoro",
        whole_field=True,
    ),
    row(
        "URL",
        "https://www.rfc-editor.org/rfc/rfc3986; only beside a word does a link say something of a person",
        (
            Pattern("link", r"(?i:https?|ftp)://[^\s\x1e\x1f<>\"'`{}|\\^]{3,512}", 0.2, 0.7, after=520, check=_link),
            Pattern(
                "link-referrer",
                r"[0-9-] \"https?://[^\s\x1e\x1f\"]{3,1000}\"",
                *(0.6, 0.7),
                trigger=r"[0-9-] \"https?://",
                before=1,
                after=1010,
                check=_referrer,
                raw=True,
            ),
            Pattern(
                "link-bare",
                r"(?i:(?:[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?\.){1,6}(?:"
                + _TOP
                + r")(?:/[^\s\x1e\x1f<>\"'`{}|\\^]{0,256})?)",
                0.15,
                0.65,
                after=320,
                check=_link,
            ),
        ),
        "personal website, personal page, blog url, linkedin, facebook profile, instagram profile, profile url, profile page, "
        "persönliche webseite, page personnelle, página personal",
        "Personal website: [https://anna.example/about]",
        "LinkedIn: [linkedin.com/in/anna-berg]",
        told("[https://anna.example/]", "user.website"),
        '"GET /a HTTP/1.1" 200 512 "[https://shop.example/?q=a]" "Mozilla/5.0"',
        "Homepage: https://shop.example/12",
        "see https://shop.example/12",
        certainty=Certainty.CONTEXT,
        near=32,
        fields="website, web site, homepage, home page, webseite, site web, sitio web, linkedin url, facebook url",
    ),
)
