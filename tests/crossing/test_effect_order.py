"""Law 2 and law 3: never a release without its receipt, never a raw byte after a fault, however a payload is cut."""

from datetime import timedelta

import pytest
from crossing_plays import BEGAN, Play, begin, play

MAIL = b"ada.nowak@posta-nova.net"
CARD = b"4539578763621486"

PAYLOADS = {
    "log": b'GET /a?mail=%s 200\n{"user": {"mail": "%s"}, "n": 1}\nplain line\n' % (MAIL, MAIL),
    "text": b"one\nmail %s and card %s\nlast" % (MAIL, CARD),
    "ndjson": b'{"a": "%s"}\n{"b": [1, 2, {"c": "card %s"}]}\n' % (MAIL, CARD),
    "json": b'{"people": [{"mail": "%s"}, {"card": "%s"}], "n": [1, 2.5e3, null, true]}' % (MAIL, CARD),
    "csv": b'id,mail,card\r\n1,%s,"%s"\r\n2,"x ""y""",\r\n' % (MAIL, CARD),
}


def cuts(payload: bytes) -> list[list[bytes]]:
    """The whole, every cut in two, and every byte by itself."""
    ways = [[payload], [payload[at : at + 1] for at in range(len(payload))]]
    ways += [[payload[:at], payload[at:]] for at in range(1, len(payload))]
    return ways


def assert_kept(played: Play) -> None:
    assert MAIL not in played.released
    assert CARD not in played.released
    assert played.after_fault == b""
    if played.refusal is not None:
        assert played.transcript.index("refuse") == len(played.transcript) - 1
    if "release" in played.transcript:
        assert played.transcript.index("release") > min(
            (number for number, line in enumerate(played.transcript) if line in {"record crossed", "record opened"}),
            default=len(played.transcript),
        )


@pytest.mark.parametrize("carrier", PAYLOADS)
@pytest.mark.parametrize("hold", [0, 40, 1 << 17], ids=["streamed", "part-held", "held"])
def test_every_cut_gives_the_same_bytes_each_after_its_record(carrier: str, hold: int) -> None:
    whole = play("logs", carrier, PAYLOADS[carrier])
    for pieces in cuts(PAYLOADS[carrier]):
        played = play("logs", carrier, pieces, hold=hold)
        assert played.refusal is None
        assert bytes(played.released) == bytes(whole.released)
        assert_kept(played)


@pytest.mark.parametrize("flow", ["logs", "vaulted"])
@pytest.mark.parametrize("carrier", PAYLOADS)
@pytest.mark.parametrize("hold", [0, 1 << 17], ids=["streamed", "held"])
def test_every_effect_failed_once_lets_nothing_out_afterwards(carrier: str, hold: int, flow: str) -> None:
    failed = 0
    payload = PAYLOADS[carrier]
    for pieces in cuts(payload)[:: 3 if hold == 0 else 7]:
        for effect in range(8):
            played = play(flow, carrier, pieces, hold=hold, fail=effect)
            assert_kept(played)
            if not played._faulted:
                break
            failed += 1
            assert played.refusal is not None
            assert played.refusal.reason in {"ledger-unavailable", "vault-unavailable"}
    assert failed > 5


@pytest.mark.parametrize("carrier", PAYLOADS)
def test_a_grant_that_expires_in_the_middle_stops_the_payload_there(carrier: str) -> None:
    payload = PAYLOADS[carrier]
    pieces = [payload[at : at + 7] for at in range(0, len(payload), 7)]
    refused = 0
    for call in range(len(pieces) + 6):
        played = Play(begin("logs", carrier, hold=0, expires=BEGAN + timedelta(hours=1)), expire_at=call).run(pieces)
        assert_kept(played)
        if played.refusal is not None:
            assert played.refusal.reason == "expired"
            refused += 1
    assert refused >= len(pieces)


def test_a_held_payload_is_recorded_once_and_then_released() -> None:
    assert play("logs", "text", b"mail %s\n" % MAIL).transcript == ["record crossed", "release"]


def test_a_streamed_payload_is_opened_widened_and_closed() -> None:
    played = play("logs", "text", [b"mail %s\n" % MAIL, b"nothing\n", b"card %s\n" % CARD], hold=0)
    assert played.transcript == [
        "record opened",
        "release",
        "record widened",
        "release",
        "record closed",
    ]
    kinds = {entry["kind"]: entry for entry in played.entries}
    assert [fact["category"] for fact in kinds["opened"]["found"]] == ["user.contact.email"]
    assert [fact["category"] for fact in kinds["widened"]["found"]] == ["user.financial.credit_card"]
    assert len(kinds["closed"]["found"]) == 2
    assert kinds["closed"]["bytes_in"] == len(b"mail %s\nnothing\ncard %s\n" % (MAIL, CARD))
    assert kinds["closed"]["bytes_out"] == len(played.released)


def test_a_payload_with_nothing_personal_passes_without_an_entry_and_bit_identical() -> None:
    payload = b'{"a":1.50,  "b" : "\\u0041"}\n'
    played = play("logs", "ndjson", payload)
    assert played.transcript == ["release"]
    assert played.released == payload
    assert not played.crossing.summary.recorded


def test_record_all_records_those_too() -> None:
    assert play("everything", "text", b"nothing\n").transcript == ["record crossed", "release"]


def test_the_vault_is_asked_before_the_ledger_and_the_ledger_before_the_release() -> None:
    played = play("vaulted", "text", b"mail %s\n" % MAIL)
    assert played.transcript == ["resolve", "record crossed", "release"]
    assert played.released == b"mail <24>\n"


def test_relaxed_durability_does_not_wait_and_says_so() -> None:
    played = play("relaxed", "text", b"mail %s\n" % MAIL, fail=0)
    assert MAIL not in played.released
    assert played.released.startswith(b"mail tok_")
    assert played.entries[0]["durability"] == "relaxed"


def test_a_denied_category_is_recorded_and_refused() -> None:
    played = play("strict", "text", b"card %s\n" % CARD)
    assert played.transcript == ["record refused", "refuse"]
    assert played.released == b""
    assert played.refusal is not None
    assert played.refusal.category == "user.financial.credit_card"
    assert CARD.decode() not in str(played.refusal)


def test_observe_lets_everything_pass_and_records_what_would_have_been() -> None:
    payload = b"card %s\n" % CARD
    played = play("watched", "text", payload, fail=0)
    assert played.released == payload
    assert played.entries[-1]["mode"] == "observe"
    assert played.entries[-1]["would"] == "category-denied"


CROWD = b" ".join(b"a%d@example.com" % number for number in range(20_000))
CROWDED = {
    "json": b'{"a": "%s", "b": "%s", "c": "card %s"}' % (MAIL, CROWD, CARD),
    "ndjson": b'{"a": "%s"}\n{"b": "%s"}\n{"c": "card %s"}\n' % (MAIL, CROWD, CARD),
}


@pytest.mark.parametrize("carrier", CROWDED)
def test_observe_says_of_a_value_with_too_many_findings_that_it_was_not_searched_and_searches_the_others(
    carrier: str,
) -> None:
    played = play("watched", carrier, CROWDED[carrier])
    assert played.released == CROWDED[carrier]
    last = played.entries[-1]
    assert (last["would"], last["why"]) == ("too-large", "more stands in one value than is looked for")
    assert "5,000" in last["mend"]
    assert {fact["category"]: fact["count"] for fact in last["found"]} == {
        "user.contact.email": 1,
        "user.financial.credit_card": 1,
    }


@pytest.mark.parametrize("carrier", CROWDED)
def test_enforce_refuses_a_value_with_too_many_findings(carrier: str) -> None:
    played = play("logs", carrier, CROWDED[carrier])
    assert (played.refusal.reason, played.released) == ("too-large", b"")
    assert played.entries[-1]["why"] == "more stands in one value than is looked for"


@pytest.mark.parametrize("cut", range(1, 20))
def test_observe_passes_even_what_cannot_be_decoded(cut: int) -> None:
    payload = b'{"a": "b", nonsense} tail'
    for pieces in ([payload[:cut], payload[cut:]], [payload[at : at + 1] for at in range(len(payload))]):
        played = play("watched", "json", pieces)
        assert played.released == payload
        assert played.entries[-1]["would"] == "undecodable"


def test_enforce_blocks_what_cannot_be_decoded() -> None:
    played = play("logs", "json", b'{"mail": "%s", nonsense}' % MAIL)
    assert played.refusal is not None
    assert played.refusal.reason == "undecodable"
    assert played.released == b""


def test_a_payload_that_is_cut_off_is_refused() -> None:
    from ringfence.crossing import Ending

    played = Play(begin("logs", "text")).run([b"mail %s\n" % MAIL], Ending.CUT)
    assert played.refusal is not None
    assert played.refusal.reason == "cut"
    assert played.released == b""


def test_a_crossing_is_over_after_an_exception() -> None:
    crossing = begin("logs", "text")
    with pytest.raises((TypeError, AttributeError)):
        crossing.feed(12, BEGAN)  # type: ignore[arg-type]
    assert crossing.feed(b"mail %s\n" % MAIL, BEGAN) == ()
    from ringfence.crossing import Ending

    assert crossing.end(Ending.COMPLETE, BEGAN) == ()


def test_a_rim_that_feeds_without_waiting_is_refused_in_the_end() -> None:
    crossing = begin("logs", "text", hold=0)
    effects = list(crossing.feed(b"mail %s\n" % MAIL, BEGAN))
    assert len(effects) == 1
    line = b"x" * 1000 + b"\n"
    last: list[object] = []
    for _ in range(20_000):
        last = list(crossing.feed(line, BEGAN))
        if last:
            break
    assert last
    assert type(last[-1]).__name__ == "Refuse"
