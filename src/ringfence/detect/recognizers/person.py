"""The person: name, and date of birth."""

from collections.abc import Sequence
from datetime import date

from ringfence.detect._bytes import is_digit, is_word_after, is_word_before, line_start
from ringfence.detect._engine import prefix, searcher
from ringfence.detect._words import folded
from ringfence.detect.recognizer import Certainty, Example, Hit, Pattern, Recognizer, listed
from ringfence.detect.recognizers._keyed_names import BEHIND_KEYS
from ringfence.detect.recognizers.labelled import PERSONS_NAME, behind_colon, labelled

_MONTHS = {
    folded(name): number
    for number, names in enumerate(
        (
            "january jan januar jänner janvier janv enero ene gennaio gen janeiro januari stycznia styczeń sty",
            "february feb februar février févr fevrier febrero febbraio fevereiro fev februari lutego luty lut",
            "march mar märz mrz mars marzo março maart mrt marca marzec",
            "april apr avril avr abril abr aprile kwietnia kwiecień kwi",
            "may mai mayo maggio mag maio mei maja maj",
            "june jun juni juin junio giugno giu junho czerwca czerwiec cze",
            "july jul juli juillet juil julio luglio lug julho lipca lipiec lip",
            "august aug août aout agosto ago augustus sierpnia sierpień sie",
            "september sep sept septembre septiembre settembre set setembro września wrzesień wrz",
            "october oct oktober okt octobre octubre ottobre ott outubro out października październik paź",
            "november nov novembre noviembre novembro listopada listopad lis",
            "december dec dezember dez décembre déc diciembre dic dicembre dezembro grudnia grudzień gru",
        ),
        start=1,
    )
    for name in names.split()
}
"""Months in English, German, French, Spanish, Italian, Portuguese, Dutch and Polish."""

_OLDEST, _YOUNGEST = 1880, 2100  # years; nobody older lives, and no clock is asked for the present one


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        return _OLDEST <= date(year, month, day).year <= _YOUNGEST
    except ValueError:
        return False


def _is_numeric_date(numbers: list[str]) -> bool:
    first, second, third = (int(number) for number in numbers)
    if len(numbers[0]) == 4:
        return _is_date(first, second, third)
    if len(numbers[2]) not in (2, 4):
        return False
    year = third if len(numbers[2]) == 4 else 1900 + third
    return _is_date(year, second, first) or _is_date(year, first, second)


def _is_spelt_date(numbers: list[str], month: str) -> bool:
    number = _MONTHS.get(folded(month), 0)
    year, day = sorted((int(text) for text in numbers), reverse=True)
    return bool(number) and _is_date(year, number, day)


def _check_birth(data: bytes, start: int, end: int) -> Sequence[Hit]:
    if is_word_before(data, start) or is_word_after(data, end):
        return ()
    if data[start - 1 : start] in (b"-", b".", b"/") and is_digit(data, start - 2):
        return ()
    if data[end : end + 1] in (b"-", b".", b"/") and is_digit(data, end + 1) and data[end] in data[start:end]:
        return ()  # it goes on
    text = data[start:end].decode(errors="replace").partition("T")[0]
    numbers = "".join(character if character.isdecimal() else " " for character in text).split()
    letters = [word for word in "".join(c if c.isalpha() else " " for c in text).split() if folded(word) in _MONTHS]
    if len(numbers) == 1 and len(numbers[0]) == 8:
        numbers = [numbers[0][:4], numbers[0][4:6], numbers[0][6:]]
    if (len(numbers) == 3 and not letters and _is_numeric_date(numbers)) or (
        len(numbers) == 2 and len(letters) == 1 and _is_spelt_date(numbers, letters[0])
    ):
        return (Hit(start, end),)
    return ()


_TIME = r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
_MONTH_WORD = r"[A-Za-z\x80-\xff]{3,14}\.?"


_TITLES = (
    r"(?:D[rR]|D[rR][aA]|dra?|Mr|Mrs|Ms|Prof|Sra?|Dott|Mme|Dipl\.-Ing)[.:]|"
    r"Herrn?|Frau|Doctora?|Señora?|Madame|Monsieur|Signora?|Doña"
)
_title = prefix("(?:(?:" + _TITLES + ") {0,2}){1,2}")


_PLACES = frozenset(
    (
        "Hospital Hospitals Servicio Service Departamento Department Clínica Clinica Clinic Klinik Universitario Universidad "
        "University Universität Centro Center Centre Unidad Instituto Institut Calle Avenida Avda Avda. Av. AV. Plaza Paseo "
        "Pza Pza. Pz Pz. Carretera Carrera Apartado Street Avenue Rue Via Correo Email E-mail Tel. Sección Área Complejo Complexo "
        "Fundación Facultad Residencia Barrio Urbanización Ronda Camino"
    )
    .encode()
    .split()
)
"""Words with which what stands behind a name begins: where the person works, and where that is."""

_ABBREVIATION_MOST = 3  # bytes of a word that a point may end inside a name: ``M.``, ``Mª.``


def _name_end(data: bytes, start: int, end: int) -> int:
    """Give where a name ends: before the next label, a place, or the next sentence."""
    at = start
    while at < end:
        space = data.find(b" ", at, end)
        stop = end if space < 0 else space
        word = data[at:stop]
        if at > start and (word in _PLACES or (stop == end and _label(data, end, len(data)) >= 0)):
            return at - 1
        if word.endswith(b".") and at > start and (len(word) - 1 > _ABBREVIATION_MOST or stop == end):
            return stop - 1
        at = stop + 1
    return end


_label = prefix(r"[ \t]?:(?:[ \t]|[0-9])|/")
_of_a_place = searcher(
    r"(?:Hospital|Universitari[oa]|Hospitalario|Calle|[Cc]/\.?|Avda\.?|Avenida|Av\.|Plaza|Paseo|Cl[ií]nica) (?:Doctora? )?\z"
)
_PLACE_MOST = 24  # bytes before a title in which such a word stands


def _titled(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Take what stands behind a title. One that ends a line of capitals, or names a place, or a product's, is no person's."""
    low = line_start(data, start, _PLACE_MOST)
    if (
        is_word_before(data, start)
        or data[start - 3 : start].upper() == b"TL;"
        or _of_a_place(data[low:start], 0, start - low)[0] >= 0
    ):
        return ()
    begin = _title(data, start, end)
    end = _name_end(data, begin, end)
    while end > begin and data[end - 1] in b".'-":
        end -= 1
    letters = data[begin:end]
    return () if len(letters) < 3 or letters.isupper() else (Hit(begin, end),)


def _named(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Take what stands behind the label, without a title; behind a bare ``Name`` two words at least: packages have names, too."""
    bare = data[start : start + 4] in (b"Name", b"Nome", b"Naam") and data[start + 4 : start + 5] in (
        b":",
        b" ",
        b'"',
        b"'",
    )
    if bare and (data[start + 4] in b"\"'" or (data[start - 1 : start] == b" " and is_word_before(data, start - 1))):
        return ()  # a thing's: `View Name: Channel Summary`, `"Name": "Boot Options"`
    if data[end : end + 8] == b", dtype:":
        return ()  # how pandas shows a column
    found = []
    for hit in behind_colon(data, start, end):
        begin = max(hit.start, _title(data, hit.start, hit.end))
        stop = _name_end(data, begin, hit.end)
        if begin < stop and not (bare and b" " not in data[begin:stop]) and _alone(data, begin, end) < 0:
            found.append(Hit(begin, stop))
    return found


_alone = prefix(r"(?:Dra?|Prof|Sra?)\b")
"""A title, and nothing else that could be taken."""


PERSONAL: tuple[Recognizer, ...] = (
    Recognizer(
        entity="DATE_OF_BIRTH",
        certainty=Certainty.CONTEXT,
        source="ISO 8601 and the customs of eight languages; alone, a date says nothing",
        patterns=(
            Pattern("date-iso", r"[12][0-9]{3}[-/.][0-9]{1,2}[-/.][0-9]{1,2}" + _TIME, 0.1, 0.8, check=_check_birth),
            Pattern(
                "date-numeric",
                r"[0-9]{1,2}(?:/[0-9]{1,2}/|-[0-9]{1,2}-|\. ?[0-9]{1,2}\. ?| [0-9]{1,2} )[0-9]{2,4}",
                0.1,
                0.8,
                check=_check_birth,
            ),
            Pattern("date-compact", r"(?:18|19|20)[0-9]{6}", 0.1, 0.7, check=_check_birth),
            Pattern(
                "date-spelt",
                r"[0-9]{1,2}(?:st|nd|rd|th|º|er|e|\.)?[ -](?:de |of )?" + _MONTH_WORD + r",?[ -](?:de |del )?[0-9]{4}",
                0.1,
                0.8,
                check=_check_birth,
            ),
            Pattern(
                "date-spelt-month",
                _MONTH_WORD + r" [0-9]{1,2}(?:st|nd|rd|th)?,? [0-9]{4}",
                0.1,
                0.8,
                check=_check_birth,
            ),
        ),
        words=listed(
            "born, dob, d.o.b, birth, birthdate, birthday, date of birth, birth date, year of birth, geboren, "
            "geb, geburts-, geburtstag, geburtsdatum, né le, née le, né, née, naissance, date de naissance, "
            "nacido, nacida, nacimiento, fecha de nacimiento, nato, nata, nato il, nata il, nascita, data di "
            "nascita, nascido, nascida, nascimento, data de nascimento, geboortedatum, geboorte, urodzenia, "
            "data urodzenia, urodzony, urodzona, ur"
        ),
        fields=listed(
            "dob, birth date, birthdate, date of birth, birthday, born, born on, bday, birth, geburtsdatum, "
            "geburtstag, geboren, date naissance, date de naissance, fecha nacimiento, fecha de nacimiento, "
            "data nascita, data di nascita, data nascimento, data de nascimento, geboortedatum, data "
            "urodzenia, birth dt, birthdt, geb, geb am, geb datum, geb dat, geb tag, geboren am, geburts datum, date naiss, né le, "
            "née le, fecha nac, fec nac, fecha nacim, dt nasc, dt nascimento, data nasc, nato il, data ur, data urodz"
        ),
        near=32,
        examples=(
            Example("born 12 March 1980 in Ulm", ("12 March 1980",)),
            Example("DOB: 03/12/1980", ("03/12/1980",)),
            Example("geb. am 12.3.1980", ("12.3.1980",)),
            Example("geboren am 12. März 1980", ("12. März 1980",)),
            Example("née le 1er août 1975", ("1er août 1975",)),
            Example("fecha de nacimiento: 5 de mayo de 1990", ("5 de mayo de 1990",)),
            Example("nato il 12/03/1980", ("12/03/1980",)),
            Example("data de nascimento 12-03-1980", ("12-03-1980",)),
            Example("geboortedatum: 12 mei 1980", ("12 mei 1980",)),
            Example("data urodzenia 12 września 1980", ("12 września 1980",)),
            Example('"dateOfBirth":"1980-03-12T00:00:00Z"', ("1980-03-12T00:00:00Z",)),
            Example("birthday: March 12th, 1980", ("March 12th, 1980",)),
            Example("19800312", ("19800312",), field="patient.birthDate"),
            Example("1980-03-12 reborn 1980-03-12 born 99/99/1980"),
            Example("12/03/1980", ("12/03/1980",), field="fecha_nac"),
            Example("12.03.1980", ("12.03.1980",), field="geb_datum"),
            Example("2024-05-17", field="created_at"),
        ),
    ),
    Recognizer(
        entity="PERSON",
        certainty=Certainty.FIELD,
        source="the names that databases, interfaces and forms give to a person's name; free text is not judged by it",
        patterns=(
            BEHIND_KEYS,
            *labelled(
                "person-labelled",
                "Name, Full name, Full Name, First name, First Name, Last name, Last Name, Surname, Patient, "
                "Patient name, Patient Name, "
                "Remitido por, Responsable clínico, Responsable clinico, Responsable médico, Vorname, Nachname, Familienname, "
                "Nom, Prénom, Nom et prénom, "
                "Patiente, Nombre, Apellidos, "
                "Nombre y apellidos, Paciente, "
                "Médico, Nome, Cognome, Nome e cognome, Paziente, Nome completo, Naam, Voornaam, Achternaam, Imię, Nazwisko, "
                "Imię i nazwisko",
                PERSONS_NAME,
                _named,
            ),
            Pattern(
                "person-titled",
                "(?:" + _TITLES + ") {1,2}" + PERSONS_NAME,
                *(0.6, 0.6),
                trigger=r"\b(?:" + _TITLES + r") {1,2}[A-Z\x80-\xff]",
                before=1,
                after=160,
                check=_titled,
                unicode=True,
            ),
        ),
        whole_field=True,
        fields=listed(
            "first name, last name, full name, given name, family name, middle name, maiden name, birth name, "
            "surname, forename, fname, lname, display name, legal name, nick name, cardholder, account "
            "holder, vorname, nachname, familienname, geburtsname, vollständiger name, prénom, nom de "
            "famille, nom usage, nom complet, first nm, last nm, firstnm, lastnm, full nm, "
            "zuname, rufname, nombre completo, apellido, apellidos, primer apellido, segundo apellido, "
            "cognome, nome completo, sobrenome, apelido, voornaam, achternaam, tussenvoegsel, roepnaam, "
            "familienaam, imię, nazwisko, given names, first names, last names"
        ),
        examples=(
            Example("Anna", ("Anna",), field="customer.first_name"),
            Example("Zoë O'Hara", ("Zoë O'Hara",), field="lastName"),
            Example("Anna Berg", ("Anna Berg",), field="customer.name"),
            Example("Anna Berg", ("Anna Berg",), field="users[0].name"),
            Example("Anna", ("Anna",), field="public.staff.Vorname"),
            Example("Łukasz", ("Łukasz",), field="klient.imię"),
            Example("Anna", ("Anna",), field="cust_first_nm"),
            Example("Anna", ("Anna",), field="Items[].first_name.S"),
            Example("Anna", field="sample.example"),
            Example("Anna", ("Anna",), field="First name (as in passport)"),
            Example("12345", field="first_name"),
            Example("report.pdf", field="filename"),
            Example("web-1", field="hostname"),
            Example("Blue chair", field="product_name"),
            Example("Blue chair", field="name"),
            Example("anna77", field="user_name"),
            Example("Name: Anna Berg", ("Anna Berg",)),
            Example('{"first_name": "Anna", :last_name => "Berg"}', ("Anna", "Berg")),
            Example("customer.setLastName('O'Hara');", ("O'Hara",)),
            Example("Customer(firstName=Anna, lastName=van der Berg)", ("Anna", "van der Berg")),
            Example('first_name = "First name", last_name: String, full_name="Widget", surname(Foo.bar)'),
            Example("Apellidos: Rivera Bueno.", ("Rivera Bueno",)),
            Example("Médico: Ana Rivera Bueno NºCol: 28 28", ("Ana Rivera Bueno",)),
            Example("Remitido por: Dr. Jon M. Rivera. Servicio de Cirugía", ("Jon M. Rivera",)),
            Example("seen by Dr. Anna Berg-Lund.", ("Anna Berg-Lund",)),
            Example("Sehr geehrte Frau Zoë Berg,", ("Zoë Berg",)),
            Example("MR. BERG and Dr. no one, Frau von gestern, TL;DR: Component of it"),
            Example(
                "Name: requests, my name is Anna, name: Foo Bar, View Name: Channel Change Count, Hospital Dr. Rivera"
            ),
        ),
    ),
)
