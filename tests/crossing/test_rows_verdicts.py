"""Rows get the verdict that any other payload gets (law 5); only the columns that somebody must look at are looked at."""

import json
import random
from collections.abc import Sequence

import pytest
from crossing_plays import POLICY, Play, play
from row_plays import Lines, announced, begin_rows, lines, play_rows, row_exchange, table_of, text_columns

from ringfence.carriers import RowColumn
from ringfence.crossing import Json
from ringfence.policy import FieldUse, Use
from ringfence.transform import ValueType

MAIL = "ada.nowak@posta-nova.net"
CARD = "4539578763621486"
IBAN = "DE44500105175407324931"

CLEAR = """\
version: 1
zones: {core: {label: a}, outside: {label: b, controlled: false}}
assets:
  shop: {zone: core, kind: service, fields: {id: none, email: user.contact.email, note: scan, who: user.name}}
  saas: {zone: outside, kind: log}
flows:
  - {id: all, from: shop, to: saas, carry: {"*": clear}, unknown: clear}
  - {id: names, from: shop, to: saas, carry: {user.name: clear}, else: redact}
  - {id: cardless, from: shop, to: saas, carry: {user.name: clear, user.financial: deny}, else: redact}
"""


def facts(played: Play) -> list[Json]:
    """Everything that the entries tell but the places, which rows count by themselves."""
    found = [fact for entry in played.entries[-1:] for fact in entry.get("found", ())]
    told = [{key: value for key, value in fact.items() if key != "places"} for fact in found]
    return sorted(told, key=lambda fact: json.dumps(fact, sort_keys=True))


def as_ndjson(names: Sequence[str], table: Sequence[Sequence[str | None]]) -> bytes:
    return "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in table).encode()


def of_ndjson(released: bytes | bytearray) -> list[list[str | None]]:
    return [list(json.loads(line).values()) for line in bytes(released).splitlines()]


VALUES = [
    None,
    "",
    "plain",
    "4711",
    MAIL,
    CARD,
    f"write to {MAIL} or b.{MAIL}",
    f"pay {CARD}, or from {IBAN}",
    "born 17 May 1980",
    "+49 30 901820",
    "żółć and 漢字",
    "Ada Nowak",
]


@pytest.mark.parametrize(
    ("flow", "text", "names"),
    [
        ("shop-logs", POLICY, ["id", "email", "card", "note", "city"]),
        ("shop-logs", POLICY, ["note", "note2.note", "email"]),
        ("logs", POLICY, ["a", "email", "customer_name"]),
        ("strict", POLICY, ["a", "b"]),
        ("names", CLEAR, ["who", "note", "email", "id"]),
        ("cardless", CLEAR, ["who", "note"]),
        ("watched", POLICY, ["a", "b"]),
    ],
)
def test_the_same_values_get_the_same_verdict_as_lines_of_json(flow: str, text: str, names: list[str]) -> None:
    rng = random.Random(f"{flow} {names}")
    for _ in range(40):
        table = [[rng.choice(VALUES) for _ in names] for _ in range(rng.randrange(1, 5))]
        as_json = play(flow, "ndjson", as_ndjson(names, table), text=text)
        as_rows = play_rows(flow, text_columns(*names), table, text=text)
        if as_json.refusal is not None and as_json.refusal.reason == "unknown-field":
            assert as_rows.refusal is not None
            continue  # what rows announce is refused before any row is sent
        assert (as_rows.refusal is None) == (as_json.refusal is None)
        if as_json.refusal is not None and as_rows.refusal is not None:
            assert as_rows.refusal.reason == as_json.refusal.reason
            assert as_rows.refusal.category == as_json.refusal.category
            assert as_rows.released == as_json.released == b""
            continue
        assert table_of(as_rows.released) == of_ndjson(as_json.released)
        assert facts(as_rows) == facts(as_json)
        people = [entry.get("subjects") for entry in as_rows.entries]
        assert people == [entry.get("subjects") for entry in as_json.entries]


def test_columns_that_nobody_has_to_look_at_are_never_taken() -> None:
    form = Lines(5)
    columns = text_columns("id", "email", "city", "card", "city")
    text = POLICY.replace("index: k-who", "durability: recorded")
    played = play_rows("shop-logs", columns, [["1", MAIL, MAIL, CARD, CARD]], form=form, text=text)
    assert form.taken == {1, 3}
    [row] = table_of(played.released)
    assert (row[2], row[4]) == (MAIL, CARD)


def test_all_that_is_carried_clear_is_counted_and_passes_without_being_put_back() -> None:
    form = Lines(3)
    sent = [["1", MAIL, f"card {CARD}"], ["2", None, "x"], ["3", "", "y"], ["4", "b@c.example", ""]]
    played = play_rows("all", text_columns("id", "email", "shoe"), sent, text=CLEAR, form=form)
    assert bytes(played.released) == lines(sent).data
    assert form.puts == 0
    assert [(fact["category"], fact["form"], fact["how"], fact["count"]) for fact in played.entries[0]["found"]] == [
        ("user.contact.email", "clear", "declared", 2),
        ("unknown", "clear", "unknown", 3),
    ]


def test_where_all_is_carried_clear_free_text_is_still_searched_for_the_record() -> None:
    played = play_rows("all", text_columns("note"), [[f"card {CARD}"]], text=CLEAR)
    assert [fact["category"] for fact in played.entries[0]["found"]] == ["user.financial.credit_card"]
    assert table_of(played.released) == [[f"card {CARD}"]]


def test_only_the_cells_in_which_something_is_found_change_their_spelling() -> None:
    batch = lines([["a|b", "1"], [f"{MAIL}|x", "2"]])
    quoted = type(batch)(batch.data.replace(b'"a|b"', b'"ab"'), batch.count)
    made = announced("shop-logs", "note", "city")
    played = Play(begin_rows(made, text_columns("note", "city"))).run([quoted])
    out = bytes(played.released)
    assert out.startswith(b'"ab"|1\n"tok_')
    assert out.endswith(b'|x"|2\n')


def test_a_denied_finding_refuses_and_nothing_of_its_batch_goes() -> None:
    batches = [[["Ada"]] * 20, [["Bo"], [f"card {CARD}"], ["Cy"]]]
    played = play_rows("cardless", text_columns("who"), *batches, text=CLEAR, hold=0)
    assert played.refusal is not None
    assert played.refusal.category == "user.financial.credit_card"
    assert table_of(played.released) == batches[0]
    assert played.entries[-1]["refused"] == "category-denied"


def test_a_column_that_is_denied_refuses_before_any_row() -> None:
    played = play_rows("shop-logs", text_columns("id", "shoe"), [["1", "2"]])
    assert played.refusal is not None
    assert played.refusal.reason == "not-allowed"
    assert played.released == b""


def test_facts_count_cells_and_place_them_by_the_number_of_their_row() -> None:
    batches = [[["", "x"], ["a@b.example", f"to {MAIL}"]], [["c@d.example", "y"], [None, f"to {MAIL}"], ["e", "z"]]]
    played = play_rows("shop-logs", text_columns("email", "note"), *batches)
    declared, found = played.entries[0]["found"]
    assert (declared["how"], declared["count"], declared["places"]) == ("declared", 3, [1, 2])
    assert (found["how"], found["count"], found["places"]) == ("found", 2, [1, 3])
    assert found["fields"] == ["note"]


def test_a_value_that_stands_in_many_rows_is_counted_in_each() -> None:
    played = play_rows("shop-logs", text_columns("note"), [[f"to {MAIL}"], ["x"], [f"to {MAIL}"], [f"to {MAIL}"]])
    [fact] = played.entries[0]["found"]
    assert (fact["count"], fact["places"]) == (3, [0])
    assert len({row[0] for row in table_of(played.released)}) == 2


@pytest.mark.parametrize(
    ("kind", "value", "becomes"),
    [
        (ValueType.NUMBER, CARD, None),
        (ValueType.NUMBER, "4.539578763621486e15", None),
        (ValueType.NUMBER, "not a number e 5 é", "not a number e 5 é"),
        (ValueType.INTEGER, "4711", "4711"),
        (ValueType.BYTES, "\\x" + f"to {MAIL}!".encode().hex(), None),
        (ValueType.BYTES, "\\x00ff", "\\x00ff"),
        (ValueType.BYTES, "\\xzz", "\\xzz"),
        (ValueType.BYTES, f"to {MAIL}", None),
        (ValueType.OTHER, "{" + MAIL + ",x}", None),
        (ValueType.INET, "203.0.113.77/32", None),
        (ValueType.DATE, "2026-01-02", "2026-01-02"),
    ],
)
def test_what_is_found_in_a_value_with_a_type_replaces_all_of_it(
    kind: ValueType, value: str, becomes: str | None
) -> None:
    played = play_rows("shop-logs", [RowColumn("note", kind, 0)], [[value]])
    assert played.refusal is None
    assert table_of(played.released) == [[becomes]]


def test_a_token_that_is_too_long_for_its_column_is_null_wherever_it_stands() -> None:
    columns = [RowColumn("email", ValueType.TEXT, 0, 30), RowColumn("note", ValueType.TEXT, 1, 30)]
    played = play_rows("shop-logs", columns, [[MAIL, f"to {MAIL}"], ["", "a note"]])
    assert table_of(played.released) == [[None, None], ["", "a note"]]
    columns = [RowColumn("email", ValueType.TEXT, 0, 300), RowColumn("note", ValueType.TEXT, 1, 300)]
    [[token, note]] = table_of(play_rows("shop-logs", columns, [[MAIL, f"to {MAIL}"]]).released)
    assert token is not None
    assert note == f"to {token}"


def test_columns_are_judged_by_what_they_stand_for_whatever_the_order_and_use() -> None:
    uses = (FieldUse("id"), FieldUse("card", Use.WRITTEN), FieldUse("email", Use.WRITTEN))
    made = announced("shop-logs", *uses)
    columns = [RowColumn("email", ValueType.TEXT, 2), RowColumn("card", ValueType.TEXT, 1)]
    [[mail, card]] = table_of(Play(begin_rows(made, columns)).run([lines([[MAIL, CARD]])]).released)
    assert mail is not None
    assert mail.startswith("tok_")
    assert card == "************1486"


@pytest.mark.parametrize("number", [-1, 1])
def test_a_column_must_stand_for_an_announced_field(number: int) -> None:
    with pytest.raises(ValueError, match="announced"):
        begin_rows(announced("shop-logs", "id"), [RowColumn("id", ValueType.TEXT, number)])


def test_the_people_that_rows_are_about_are_indexed_and_those_beyond_the_first_are_counted() -> None:
    table = [[f"customer-{number // 2}", MAIL] for number in range(700)]
    played = play_rows("shop-logs", text_columns("id", "email"), table[:600], table[600:], hold=0)
    entry = played.entries[-1]
    assert len(set(entry["subjects"])) == 256
    assert entry["more_subjects"] == 350 - 256
    assert len(played.crossing._payload._judge._subjects) == 256, "what is held is bounded"
    assert "customer-7" not in json.dumps(played.entries)


def test_no_person_is_indexed_by_what_was_computed_from_a_subject() -> None:
    columns = [RowColumn("id", ValueType.TEXT, 0, exact=False), RowColumn("email", ValueType.TEXT, 1)]
    [entry] = play_rows("shop-logs", columns, [["17", MAIL]]).entries
    assert "subjects" not in entry


def test_a_vault_is_asked_for_each_value_once_and_its_answers_are_put_in_every_row() -> None:
    text = POLICY + "  - {id: shop-vault, from: shop, to: saas, carry: {user.contact.email: stand-in}, else: redact}\n"
    table = [[MAIL, f"to {MAIL}!"], [None, "x"], ["b@posta-nova.net", ""], [MAIL, f"to {MAIL}!"]]
    played = play_rows("shop-vault", text_columns("email", "note"), table, text=text)
    assert played.transcript == ["resolve", "record crossed", "release"]
    assert table_of(played.released) == [["<24>", "to <24>!"], [None, "x"], ["<16>", ""], ["<24>", "to <24>!"]]
    twice = play_rows("shop-vault", text_columns("email", "note"), table, table[:2], text=text)
    assert table_of(twice.released) == [*table_of(played.released), *table_of(played.released)[:2]]
    silent = play_rows("shop-vault", text_columns("email", "note"), table, text=text, fail=0)
    assert silent.refusal is not None
    assert silent.refusal.reason == "vault-unavailable"
    assert silent.released == b""


def test_a_token_that_went_out_in_rows_comes_back_in_rows_as_its_clear_value() -> None:
    text = POLICY + "  - {id: back, from: saas, to: shop, carry: {user.contact.email: clear}, else: redact}\n"
    out = announced("shop-logs", "email", "note", text=text)
    back = announced("back", FieldUse("note", Use.WRITTEN), FieldUse("note", Use.WRITTEN), text=text)
    talk = row_exchange(out, back, text_columns("email", "note"))
    [[mail, note]] = table_of(Play(talk.out).run([lines([[MAIL, f"to {MAIL}"]])]).released)
    assert mail is not None
    assert note == f"to {mail}"
    answer = lines([[mail, f"wrote to {mail}."], ["x", "y"]])
    received = table_of(Play(talk.back).run([answer]).released)
    assert received == [[MAIL, f"wrote to {MAIL}."], ["x", "y"]]


def test_what_was_computed_from_something_hidden_is_the_same_in_every_row_also_where_there_was_nothing() -> None:
    made = announced("names", FieldUse("email", computed=True), text=CLEAR)
    played = Play(begin_rows(made, [RowColumn("email", ValueType.STRING, 0)])).run([lines([["x"], [None], [""]])])
    assert table_of(played.released) == [["[redacted:email]"]] * 3


def test_what_was_computed_from_free_text_is_not_searched_but_hidden() -> None:
    made = announced("names", FieldUse("note", computed=True), text=CLEAR)
    played = Play(begin_rows(made, [RowColumn("note", ValueType.STRING, 0)])).run([lines([["ten.avon@ada"], [None]])])
    assert len({row[0] for row in table_of(played.released)}) == 1
    assert "avon" not in str(table_of(played.released))
