"""What a field's name says, and values that are scanned together."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.detect import RECOGNIZERS, Detector
from ringfence.detect._fields import FieldNames, words_of

DETECTOR = Detector()
NAMES = FieldNames((one.entity, one.fields) for one in RECOGNIZERS)


@pytest.mark.parametrize(
    ("path", "entity"),
    [
        ("first_name", "PERSON"),
        ("customer.lastName", "PERSON"),
        ("FULL-NAME", "PERSON"),
        ("public.customer.first_name", "PERSON"),
        ("customer_first_name", "PERSON"),
        ("user.name", "PERSON"),
        ("customers[3].name", "PERSON"),
        ("customers.3.name", "PERSON"),
        ("customerName", "PERSON"),
        ("patient.name.given[0]", "PERSON"),
        ("Patient.name[0].family", "PERSON"),
        ("Vorname", "PERSON"),
        ("persona.nombre", "PERSON"),
        ("client.nom", "PERSON"),
        ("prénom", "PERSON"),
        ("prenom", "PERSON"),
        ("klient.imię", "PERSON"),
        ("ssn", "US_SSN"),
        ("customer.SSN", "US_SSN"),
        ("socialSecurityNumber", "US_SSN"),
        ("dob", "DATE_OF_BIRTH"),
        ("birthDate", "DATE_OF_BIRTH"),
        ("patient.date_of_birth", "DATE_OF_BIRTH"),
        ("card_number", "CREDIT_CARD"),
        ("payment.cardNumber", "CREDIT_CARD"),
        ("iban", "IBAN"),
        ("phone", "PHONE_NUMBER"),
        ("phone_number_2", "PHONE_NUMBER"),
        ("homePhone", "PHONE_NUMBER"),
        ("phone_home", "PHONE_NUMBER"),
        ("tel", "PHONE_NUMBER"),
        ("mobile", "PHONE_NUMBER"),
        ("userName", "USERNAME"),
        ("session.login", "USERNAME"),
        ("newPassword", "PASSWORD"),
        ("event.deviceId", "DEVICE_ID"),
        ("customer.gender", "GENDER"),
        ("employee.religion", "RELIGION"),
        ("paciente.dni", "ES_NIF"),
        ("cliente.codiceFiscale", "IT_FISCAL_CODE"),
    ],
)
def test_a_name_speaks_of_an_entity(path: str, entity: str) -> None:
    assert entity in NAMES.entities(path)


@pytest.mark.parametrize(
    "path",
    [
        *("name", "filename", "fileName", "file_name", "hostname", "host.name"),
        *(
            "product_name",
            "product.name",
            "nombre",
            "nom",
            "event.name",
            "service.name",
            "logger_name",
            "number",
            "id",
            "",
        ),
        *(
            "table.name",
            "telemetry",
            "mobility",
            "first",
            "family",
            "item.family",
            "last",
            "created_at",
            "...",
            "[0]",
            "0",
        ),
    ],
)
def test_a_name_speaks_of_nobody(path: str) -> None:
    assert not NAMES.entities(path)


@pytest.mark.parametrize("value", [b"12345", b"", b"-", b"\xff\xfe", b"2024-01-01", b"   "])
def test_a_person_field_without_a_letter_holds_no_name(value: bytes) -> None:
    assert not DETECTOR.find(value, field="first_name")


def test_what_a_name_is_surrounded_by_does_not_belong_to_it() -> None:
    assert [(one.start, one.end) for one in DETECTOR.find('  "Anna"  ', field="first_name")] == [(3, 7)]


def test_context_never_crosses_from_one_field_into_another() -> None:
    together = DETECTOR.find_fields(
        [("a", b"born"), ("b", b"1980-03-12"), ("c", b"ssn"), ("ssn", b"536228712"), ("d", b"536228712")]
    )
    assert [[one.entity for one in found] for found in together] == [[], [], [], ["US_SSN"], []]


def test_a_key_cut_short_does_not_run_into_the_next_field() -> None:
    first = b"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg"
    found = DETECTOR.find_fields([("a", first), ("b", b"QUJDREVGR0g=")])
    assert [[(one.entity, one.start, one.end) for one in each] for each in found] == [
        [("PRIVATE_KEY", 0, len(first))],
        [],
    ]


PATHS = st.sampled_from(["", "a.b", "first_name", "user.phone", "ssn", "dob", "card_number", "notes"])
VALUES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([example.text for one in RECOGNIZERS for example in one.examples]).map(str.encode),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(PATHS, VALUES), max_size=8))
def test_values_scanned_together_give_what_each_gives_alone(fields: list[tuple[str, bytes]]) -> None:
    assert DETECTOR.find_fields(fields) == [DETECTOR.find(value, field=path) for path, value in fields]


AGAINST_PATHS = st.sampled_from(["", "a.b", "sku", "items[].count", "order.title", "notes"])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(AGAINST_PATHS, VALUES), max_size=8))
def test_names_that_only_speak_against_say_the_same_of_values_together_and_alone(
    fields: list[tuple[str, bytes]],
) -> None:
    assert DETECTOR.find_fields(fields) == [DETECTOR.find(value, field=path) for path, value in fields]
    found = DETECTOR.find_in([path for path, _ in fields], [value for _, value in fields])
    assert list(found) == sorted(found)


def test_a_value_larger_than_a_block_is_scanned_as_any_other() -> None:
    value = b"x" * 70_000 + b" anna@mail.example"
    fields = [("a", b"10.0.0.7"), ("b", value), ("c", b"10.0.0.8")]
    assert DETECTOR.find_fields(fields) == [DETECTOR.find(value, field=path) for path, value in fields]
    assert [len(found) for found in DETECTOR.find_fields(fields)] == [1, 1, 1]


@given(st.text(max_size=30))
def test_any_path_can_be_read(path: str) -> None:
    assert all(words_of(path)) or not words_of(path)
    NAMES.entities(path)
