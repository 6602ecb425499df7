"""What a field is judged to be: by its name, its type, its comment, its values, and where they disagree."""

import pytest

from detect.other_houses import ROWS
from ringfence.detect import Classified, classify

EMAILS = [f"anna{number}@mail.example" for number in range(40)]
IBANS = ["DE89370400440532013000", "GB29NWBK60161331926819", "FR1420041010050500013M02606"] * 5
CARDS = ["4111111111111111", "5555555555554444", "378282246310005"] * 5
PHONES = [f"+49 30 2312{number}" for number in range(5000, 5040)]
NAMES = [
    "Anna Berg",
    "Maria Rossi",
    "John Miller",
    "Jan Nowak",
    "Sofia Lindt",
    "Peter Kraus",
    "Zoë O'Hara",
    "Luis Ortega",
] * 3
TITLES = ["Academy Dinosaur", "Blue Chair", "Long Way Home", "Silent Paper", "Winter Engine", "Copper Lake"] * 4
STATES = ["open", "waiting", "closed"] * 20
SENTENCES = ["the parcel did not arrive and nobody knows why", "please leave it at the door behind the house"] * 10
HASHES = [f"$2b$12$abcdefghijklmnopqrstuv{number:031}" for number in range(20)]
PICTURES = ["\\x89504e470d0a1a0a0000"] * 5


@pytest.mark.parametrize(
    ("name", "type_", "comment", "sample", "judgement"),
    [
        # the name and its values agree
        ("public.customer.email", "text", "", EMAILS, "user.contact.email"),
        ("public.customer.phone", "text", "", PHONES, "user.contact.phone_number"),
        ("public.customer.name", "text", "", NAMES, "user.name"),
        ("public.staff.password", "varchar(60)", "", HASHES, "user.authorization.password"),
        ("public.staff.picture", "bytea", "", PICTURES, "user.content.self_image"),
        # the name says nothing, the values do
        ("public.t.c7", "text", "", EMAILS, "user.contact.email"),
        ("public.t.c8", "text", "", IBANS, "user.financial.bank_account"),
        ("public.t.c9", "text", "", PHONES, "user.contact.phone_number"),
        ("public.ticket.buyer", "text", "", NAMES, "user.name"),
        ("public.t.c10", "text", "", NAMES, "user.name"),
        # they disagree: values win where a check digit or their shape proves them
        ("public.staff.username", "text", "", EMAILS, "user.contact.email"),
        ("public.customer.phone", "text", "", IBANS, "user.financial.bank_account"),
        ("public.film.title", "text", "", CARDS, "user.financial.credit_card"),
        ("public.customer.email", "text", "", ["yes", "no"] * 20, "none"),
        # the table decides what a name means
        ("public.film.title", "text", "", TITLES, "none"),
        ("public.category.name", "text", "", ["Action", "Comedy", "Drama", "Travel"] * 5, "none"),
        ("public.actor.first_name", "text", "", ["PENELOPE", "NICK", "ED"] * 5, "user.name.first"),
        ("public.customer.id", "bigint", "", ["1", "2", "3"], "user.unique_id"),
        ("public.film.id", "bigint", "", ["1", "2", "3"], "none"),
        ("public.rental.customer_id", "integer", "", ["7", "8"], "user.unique_id"),
        ("public.address.state", "text", "", ["Bavaria", "Saxony"] * 5, "user.contact.address.state"),
        ("public.orders.state", "text", "", STATES, "none"),
        # types
        ("public.customer.newsletter_email", "boolean", "", ["t", "f"], "none"),
        ("public.customer.joined", "timestamp with time zone", "", ["2031-01-01 10:00:00+00"], "none"),
        ("public.customer.birth_date", "date", "", ["1980-03-12"], "user.demographic.date_of_birth"),
        ("public.customer.joined_on", "date", "", ["2031-01-01"], "none"),
        ("public.customer.last_ip", "inet", "", [], "user.device.ip_address"),
        ("public.film.fulltext", "tsvector", "", ["'dinosaur':2"], "scan"),
        ("public.ticket.attachment", "bytea", "", PICTURES, "unknown"),
        ("Contact.to", "phone-number", "", [], "user.contact.phone_number"),
        # free text and containers
        ("public.ticket.c3", "text", "", SENTENCES, "scan"),
        ("public.ticket.body", "text", "", [], "scan"),
        ("public.ticket.meta", "jsonb", "", ['{"a": 1}'], "scan"),
        ("public.t.c11", "text", "", ["see you", "call +49 30 23125000 now", "ok"], "scan"),
        # a field named after a person is never none for want of a better answer
        ("$.claim.patient.display", "string", "", [f"Q{number}x" for number in range(9)], "unknown"),
        ("$.claim.patient.display", "string", "", [f"Anna{n} Berg{n}" for n in range(9)], "user.name"),
        ("public.film_list.actors", "text", "", ["MARY BERG, PETER KRAUS, JOHN FORD, NICK STALL"] * 4, "user.name"),
        # comments
        ("public.t.c1", "text", "Date of birth, as written on the form", [], "user.demographic.date_of_birth"),
        ("public.t.c2", "text", "The customer's e-mail address", [], "user.contact.email"),
        ("public.t.c2", "text", "The country of the phone number", [], "unknown"),
        # nothing to go by: unknown, not none
        ("public.t.c4", "text", "", [], "unknown"),
        ("public.t.c5", "text", "", [f"{number:x}q" for number in range(9000, 9040)], "unknown"),
        ("", "", "", [], "unknown"),
    ],
)
def test_a_field_is_what_its_name_type_comment_and_values_say(
    name: str, type_: str, comment: str, sample: list[str], judgement: str
) -> None:
    assert classify(name, type_, comment, sample).judgement == judgement


def test_agreement_of_name_and_values_is_surer_than_either_alone() -> None:
    both = classify("public.customer.email", "text", "", EMAILS)
    by_name = classify("public.customer.email", "text", "", [])
    by_values = classify("public.t.c7", "text", "", EMAILS)
    assert both.confidence > by_values.confidence > by_name.confidence


def test_evidence_says_what_the_judgement_rests_on() -> None:
    mixed = [*EMAILS[:39], "nobody"]
    assert classify("public.customer.e_mail", "text", "", mixed) == Classified(
        "user.contact.email", pytest.approx(0.98, abs=0.01), ("field:email", "values:EMAIL_ADDRESS:0.97")
    )
    assert classify("public.t.c4", "text", "", []).evidence == ("sample:empty",)
    assert classify("public.t.flag", "boolean", "", []).evidence == ("type:boolean",)


def test_a_name_that_its_values_contradict_is_less_sure() -> None:
    stays = classify("public.customer.email", "text", "", ["kettle", "lamp", "desk", "clock", "teapot", "blanket"])
    assert stays.judgement == "user.contact.email"
    assert stays.confidence < 0.6


def is_right(judgement: str, wanted: str) -> bool:
    match wanted:
        case "id":
            return judgement == "user.unique_id"
        case "-":
            return not judgement.startswith("user")
    return judgement == wanted or judgement.startswith(f"{wanted}.") or wanted.startswith(f"{judgement}.")


def test_columns_of_other_houses_are_known_by_their_names_alone() -> None:
    rows = [line.split("|") for line in ROWS.strip().splitlines()]
    wrong = [name for name, type_, wanted in rows if not is_right(classify(name, type_, "", []).judgement, wanted)]
    assert wrong == ["$.user.profile.picture.large"]
    assert len(rows) > 250


FEW = ["blau", "rot", "gelb", "blau", "rot"] * 8


@pytest.mark.parametrize(
    ("path", "type_", "sample", "judgement"),
    [
        (
            "public.kunden.glaubensrichtung",
            "text",
            FEW,
            "unknown",
        ),  # few values of people, under a name that says nothing
        ("public.empleados.grado_minusvalia", "text", FEW, "unknown"),
        ("public.customers.status", "text", FEW, "none"),  # what says nothing of a person by itself still does
        ("public.customers.has_car", "text", ["1", "2", "3", "4"] * 10, "none"),
        ("public.products.farbe", "text", FEW, "none"),  # and so do things
        ("public.clientes.num_afiliacion", "text", [f"{28_000_000_000 + n}" for n in range(40)], "unknown"),
        ("public.directores.clasificacion", "text", FEW, "unknown"),  # a Romance plural
        ("public.ventas.id_empleado", "integer", ["1", "2", "3"], "user.unique_id"),  # the key's word first
        ("public.ventas.id_producto", "integer", ["1", "2", "3"], "none"),
        ("public.mitglieder.mit_nr", "integer", ["1", "2", "3"], "user.unique_id"),  # a table's name, cut short
        ("public.film_actor.film_id", "integer", ["1", "2", "3"], "none"),
        ("public.kunden.telefon_privat", "text", ["030 1234567"] * 9, "user.contact.phone_number"),
        ("public.kunden.gehalt_brutto", "numeric", ["3100.00"] * 9, "user.financial"),
    ],
)
def test_what_is_of_people_is_not_harmless_because_nobody_knows_its_name(
    path: str, type_: str, sample: list[str], judgement: str
) -> None:
    found = classify(path, type_, "", sample).judgement
    assert found == judgement or found.startswith(f"{judgement}.")
