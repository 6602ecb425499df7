"""Rows leave in order and after their record, whatever fails; what is malformed does not leave at all (laws 2, 3 and 7)."""

import pytest
from crossing_plays import BEGAN, Play, head
from row_plays import Lines, announced, begin_rows, lines, play_rows, table_of, text_columns

from ringfence.carriers import Rows, RowsCarrier
from ringfence.crossing import Crossing, Ending, Refuse, Release
from ringfence.crossing.crossing import INBOX
from ringfence.transform import Keyring

MAIL = "ada.nowak@posta-nova.net"
BATCHES = [[[f"p{batch}{row}@posta-nova.net", "x"] for row in range(4)] for batch in range(3)]
COLUMNS = text_columns("email", "city")


def test_a_small_result_has_one_entry_and_a_long_one_is_opened_and_closed() -> None:
    held = play_rows("shop-logs", COLUMNS, *BATCHES)
    assert held.transcript == ["record crossed", "release"]
    streamed = play_rows("shop-logs", COLUMNS, *BATCHES, hold=0)
    assert streamed.transcript == ["record opened", "release", "record closed"]
    assert held.released == streamed.released
    assert len(table_of(held.released)) == 12
    assert held.entries[0]["changes"] == streamed.entries[-1]["changes"] == 12


@pytest.mark.parametrize("hold", [0, 1 << 17])
def test_every_record_failed_once_lets_no_row_out_afterwards(hold: int) -> None:
    failed = 0
    for effect in range(4):
        played = play_rows("shop-logs", COLUMNS, *BATCHES, hold=hold, fail=effect)
        assert played.after_fault == b""
        assert MAIL.encode() not in played.released
        failed += played.refusal is not None
    assert failed == 1


def test_a_finding_that_no_entry_names_yet_is_recorded_before_its_rows_go() -> None:
    batches = [[["plain"]] * 3, [["still plain"]], [[f"to {MAIL}"]], [["plain"]]]
    played = play_rows("shop-logs", text_columns("note"), *batches, hold=0)
    assert played.transcript == ["record opened", "release", "record widened", "release", "record closed"]


def test_a_rim_that_feeds_without_waiting_is_refused() -> None:
    crossing = begin_rows(announced("shop-logs", "email", "city"), COLUMNS, hold=0)
    batch = lines([[MAIL, "x" * 1000]] * 1000)
    effects = list(crossing.start())
    for _ in range(INBOX // len(batch.data) + 1):
        effects += crossing.feed(batch, BEGAN)
    assert not any(isinstance(effect, Release) for effect in effects)
    assert isinstance(effects[-1], Refuse)
    assert effects[-1].refusal.reason == "too-large"


@pytest.mark.parametrize(
    "rows",
    [
        Rows(b"a@b.example|x\n", 2),
        Rows(b"a@b.example|x\n" * 2, 1),
        Rows(b"a@b.example|x", 1),
        Rows(b"a@b.example|x|y\n", 1),
    ],
)
def test_rows_that_are_not_what_was_announced_are_refused(rows: Rows) -> None:
    played = Play(begin_rows(announced("shop-logs", "email", "city"), COLUMNS)).run([rows])
    assert played.refusal is not None
    assert played.refusal.reason == "undecodable"
    assert "a@b" not in str(played.refusal)
    assert played.released == b""


def test_observing_rows_pass_as_they_came_also_those_that_are_malformed() -> None:
    sent = [lines([[MAIL, "x"]]), Rows(b"no end", 1), lines([["y", MAIL]])]
    for hold in (0, 1 << 17):
        made = announced("watched", "email", "city")
        played = Play(begin_rows(made, COLUMNS, hold=hold)).run(sent)
        assert bytes(played.released) == b"".join(rows.data for rows in sent)
        assert played.entries[-1]["would"] == "category-denied"
        assert played.entries[-1]["changes"] == 0
    malformed = Play(begin_rows(announced("watched", "email", "city"), COLUMNS)).run([sent[1]])
    assert malformed.entries[-1]["would"] == "undecodable"


def test_a_missing_key_refuses_and_names_the_key() -> None:
    played = play_rows("shop-logs", COLUMNS, [[MAIL, "x"]], keys=Keyring())
    assert played.refusal is not None
    assert played.refusal.reason == "key-missing"
    assert "k-mail" in played.refusal.mend


def test_rows_and_bytes_are_not_fed_in_each_others_place() -> None:
    with pytest.raises(TypeError, match="bytes were fed"):
        begin_rows(announced("shop-logs", "email", "city"), COLUMNS).feed(b"x", BEGAN)


def test_a_result_that_is_cut_off_is_refused() -> None:
    crossing = begin_rows(announced("shop-logs", "email", "city"), COLUMNS)
    played = Play(crossing).run([lines([[MAIL, "x"]])], Ending.CUT)
    assert played.refusal is not None
    assert played.refusal.reason == "cut"


def test_a_plan_that_no_flow_leads_to_takes_no_rows() -> None:
    made = announced("no-such-flow", "email", "city")
    crossing = Crossing(made, head(made), Keyring(), RowsCarrier(Lines(2), COLUMNS))
    played = Play(crossing).run([lines([[MAIL, "x"]])])
    assert played.refusal is not None
    assert played.released == b""


def test_a_result_without_rows_leaves_no_entry() -> None:
    played = play_rows("shop-logs", COLUMNS)
    assert played.transcript == []
    assert played.crossing.summary.done
