"""JSON documents in a column: fields declared below the column's path decide, and what is put back is JSON."""

import json

import pytest
from crossing_plays import Play
from row_plays import Lines, announced, begin_rows, lines, play_rows, table_of

from ringfence.carriers import RowColumn
from ringfence.policy import FieldUse
from ringfence.transform import ValueType

MAIL = "ada.nowak@posta-nova.net"
CARD = "4539578763621486"

TEXT = """\
version: 1
zones: {core: {label: a}, staff: {label: b}}
assets:
  shop:
    zone: core
    kind: postgres
    subject: t.free.person
    fields:
      t.free: scan
      t.free.who: user.name
      t.free.id: none
      t.free.card: user.financial.credit_card
      t.plain: none
      t.plain.secret: user.contact.email
      t.harmless: none
      t.name: user.name
      t.mail: user.contact.email
      t.whole: user.contact.email
      t.whole.at: none
      t.whole.note: scan
keys: {k-who: {zones: [core]}, k-mail: {zones: [core]}, k-vault: {zones: [core]}}
forms: {last4: {transform: mask, keep_last: 4}, stand-in: {transform: surrogate, key: k-vault}}
flows:
  - id: read
    from: shop
    to: staff
    index: k-who
    carry: {user.contact.email: mask, user.financial.credit_card: last4, user.name: clear}
    else: redact
  - {id: strict, from: shop, to: staff, carry: {user.name: clear}}
  - {id: vault, from: shop, to: staff, carry: {user.contact.email: stand-in, user.name: clear}, else: redact}
  - {id: clear, from: shop, to: staff, carry: {"*": clear}}
"""


def documents(flow: str, path: str, *values: object, **more: object) -> Play:
    column = RowColumn(path, ValueType.STRING, 0, is_json=True)
    texts = [value if isinstance(value, str) or value is None else json.dumps(value) for value in values]
    return play_rows(flow, [column], [[text] for text in texts], text=TEXT, **more)


def came_out(played: Play) -> list[object]:
    assert played.refusal is None, played.refusal
    return [None if row[0] is None else json.loads(row[0]) for row in table_of(played.released)]


def test_fields_declared_below_a_column_decide_and_the_rest_goes_by_its_content() -> None:
    sent = {"who": "Ada", "id": MAIL, "card": int(CARD), "n": [1, f"to {MAIL}"], "deep": {"who": MAIL}}
    [out] = came_out(documents("read", "t.free", sent))
    masked = "***************-********"
    assert out == {"who": "Ada", "id": MAIL, "card": None, "n": [1, f"to {masked}"], "deep": {"who": masked}}


def test_a_field_below_a_harmless_column_is_still_what_it_was_declared_as() -> None:
    sent = {"secret": "not even an address", "other": MAIL}
    assert came_out(documents("read", "t.plain", sent)) == [{"secret": "*** **** ** *******", "other": MAIL}]


def test_a_harmless_column_without_declared_fields_is_not_even_read() -> None:
    form = Lines(1)
    played = documents("read", "t.harmless", "{not json", form=form)
    assert played.refusal is None
    assert form.taken == set()


def test_a_column_of_a_category_gives_its_form_to_each_value_in_its_documents() -> None:
    sent = {"a": "x@y.example", "at": MAIL, "note": f"card {CARD}", "l": ["hello", 7, None, True, ""]}
    [out] = came_out(documents("read", "t.whole", sent))
    assert out == {
        "a": "***********",
        "at": MAIL,
        "note": "card ************1486",
        "l": ["*****", None, None, None, ""],
    }


def test_what_was_computed_is_hidden_whole_whatever_its_fields_are_called() -> None:
    made = announced("read", FieldUse("t.whole", computed=True), text=TEXT)
    column = RowColumn("t.whole", ValueType.STRING, 0, is_json=True)
    played = Play(begin_rows(made, [column])).run([lines([['{"at": "x", "n": 1}'], ['"y"']])])
    assert came_out(played) == ["[redacted:email]", "[redacted:email]"]


def test_a_part_of_a_document_with_hidden_fields_shows_nothing_of_it() -> None:
    made = announced("read", FieldUse("t.free", computed=True), text=TEXT)
    column = RowColumn("t.free", ValueType.STRING, 0, is_json=True, exact=False)
    played = Play(begin_rows(made, [column])).run([lines([[json.dumps({"id": MAIL, "x": "y"})]])])
    assert came_out(played) == ["[redacted:credit_card]"]


def test_every_spelling_of_a_document_comes_back_with_only_its_spans_changed() -> None:
    long = json.dumps({"n": ["x" * 1000] * 90, "m": MAIL})
    sent = [
        '{"m" :  "MAIL", "e": 1.50e3}'.replace("MAIL", MAIL),
        '{\n  "m": "MAIL",\n  "u": "\\u00e4"\n}\n'.replace("MAIL", MAIL),
        f'"{MAIL}"',
        f'["{MAIL}", {{"k": "{MAIL}"}}]',
        long,
        "null",
        "12",
        None,
        "",
    ]
    played = documents("read", "t.free", *sent)
    masked = "".join("-" if character == "-" else "*" for character in MAIL)
    assert [row[0] for row in table_of(played.released)] == [
        None if value is None else value.replace(MAIL, masked) for value in sent
    ]
    [fact] = played.entries[0]["found"]
    assert (fact["category"], fact["count"]) == ("user.contact.email", 6)
    assert fact["places"] == [0, 2, 3, 3, 1, 4]
    assert set(fact["fields"]) == {"t.free.m", "t.free", "t.free[]", "t.free[].k"}


def test_personal_data_in_a_key_is_hidden_too() -> None:
    [out] = came_out(documents("read", "t.free", {MAIL: 1}))
    assert list(out) != [MAIL]


@pytest.mark.parametrize("broken", ["{", '{"a": }', "[" * 5000, '{"a": 1} {"b": 2}', "\x00"])
def test_a_document_that_is_malformed_or_too_deep_refuses_its_rows(broken: str) -> None:
    played = documents("read", "t.free", {"a": 1}, broken)
    assert played.refusal is not None
    assert played.refusal.reason in {"undecodable", "too-large"}
    assert played.released == b""


def test_a_repeated_key_with_another_verdict_refuses() -> None:
    played = documents("read", "t.free", '{"a": 1}', f'{{"a": "x", "a": "{MAIL}"}}')
    assert played.refusal is not None
    assert played.refusal.reason == "ambiguous"


def test_a_denied_finding_in_a_document_refuses() -> None:
    played = documents("strict", "t.free", {"who": "Ada"}, {"x": MAIL})
    assert played.refusal is not None
    assert played.refusal.category == "user.contact.email"


def test_a_vault_is_asked_for_values_in_documents() -> None:
    played = documents("vault", "t.free", {"x": f"to {MAIL}", "y": 1}, {"z": 2}, {"x": MAIL})
    assert came_out(played) == [{"x": "to <24>", "y": 1}, {"z": 2}, {"x": "<24>"}]


def test_a_person_named_in_a_document_is_indexed() -> None:
    played = documents("read", "t.free", {"person": "p-1"}, {"person": "p-2", "m": MAIL}, {"person": None})
    assert len(played.entries[0]["subjects"]) == 2


def test_all_clear_documents_are_recorded_and_pass_as_they_came() -> None:
    form = Lines(1)
    sent = [f'{{"who":  "Ada", "x": "{MAIL}"}}']
    played = documents("clear", "t.free", *sent, form=form)
    assert [row[0] for row in table_of(played.released)] == sent
    assert form.puts == 0
    assert {fact["category"] for fact in played.entries[0]["found"]} == {"user.name", "user.contact.email"}
