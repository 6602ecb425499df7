"""A rim that does everything wrong: whatever it calls, in whatever order, nothing leaves before a receipt and nothing in clear."""

from datetime import timedelta
from random import Random

import pytest
from crossing_plays import BEGAN, KEYS, begin, head, planned, play

from ringfence.carriers import make_carrier
from ringfence.crossing import (
    Crossing,
    EffectId,
    Effects,
    Ending,
    Reason,
    Record,
    Recorded,
    Refuse,
    Release,
    Resolve,
    Resolved,
)
from ringfence.policy import Asker, PurposeName

MAIL = b"ada.nowak@posta-nova.net"
CARD = b"4539578763621486"

PAYLOADS = {
    "log": b'GET /a?mail=%s 200\n{"user": {"mail": "%s"}, "n": 1}\nplain line\n' % (MAIL, MAIL),
    "ndjson": b'{"a": "%s"}\n{"b": [1, 2, {"c": "card %s"}]}\n' % (MAIL, CARD),
    "json": b'{"people": [{"mail": "%s"}, {"card": "%s"}], "n": [1, 2.5e3, null, true]}' % (MAIL, CARD),
    "csv": b'id,mail,card\r\n1,%s,"%s"\r\n2,"x ""y""",\r\n' % (MAIL, CARD),
}


class Hostile:
    """Answers late, twice, with wrong ids, feeds and ends while something waits; keeps the books all the same."""

    def __init__(self, crossing: Crossing, random: Random) -> None:
        self.crossing = crossing
        self.random = random
        self.asked: list[Record | Resolve] = []
        self.receipted = False  # whether any record was answered with a receipt
        self.released = bytearray()
        self.refused = False
        self.at = BEGAN

    def take(self, effects: Effects) -> None:
        for effect in effects:
            assert not self.refused, "an effect after a refusal"
            match effect:
                case Release(payload=payload):
                    assert isinstance(payload, bytes)
                    assert self.receipted, "bytes before any receipt"
                    self.released += payload
                case Refuse():
                    self.refused = True
                case Record() | Resolve():
                    self.asked.append(effect)

    def answer(self) -> None:
        if not self.asked:
            return
        effect = self.random.choice(self.asked)
        strange, number = self.random.random(), effect.id
        if strange < 0.2:
            number = EffectId(effect.id + 1000)
        if isinstance(effect, Record) == (strange < 0.9):
            self.receipted |= isinstance(effect, Record)
            self.take(self.crossing.answer(Recorded(number, "t:1"), self.at))
        else:
            asks = effect.asks if isinstance(effect, Resolve) else ()
            self.take(self.crossing.answer(Resolved(number, tuple("<v>" for _ in asks)), self.at))

    def run(self, payload: bytes) -> None:
        self.take(self.crossing.start())
        left, ended = payload, False
        for _ in range(60):
            self.at += timedelta(milliseconds=1)
            choice = self.random.random()
            if choice < 0.45 and left and not ended:
                size = self.random.choice((1, 7, 30, len(left)))
                self.take(self.crossing.feed(left[:size], self.at))
                left = left[size:]
            elif choice < 0.8:
                self.answer()
            elif choice < 0.9 and not left:
                self.take(self.crossing.end(Ending.COMPLETE, self.at))
                ended = True


@pytest.mark.parametrize("flow", ["logs", "vaulted", "everything"])
@pytest.mark.parametrize("carrier", PAYLOADS)
@pytest.mark.parametrize("hold", [0, 40, 1 << 17])
def test_a_hostile_rim_gets_nothing_in_clear_and_nothing_before_a_receipt(flow: str, carrier: str, hold: int) -> None:
    whole = play(flow, carrier, PAYLOADS[carrier], answer=lambda _: "<v>")
    released = 0
    for seed in range(60):
        driver = Hostile(begin(flow, carrier, hold=hold), Random(f"{flow} {carrier} {hold} {seed}"))
        driver.run(PAYLOADS[carrier])
        assert MAIL not in driver.released
        assert CARD not in driver.released
        assert bytes(whole.released).startswith(bytes(driver.released)), "what goes out goes in order, once"
        released += bool(driver.released)
    assert released, "some of these rims must get as far as a release"


@pytest.mark.parametrize("carrier", [*PAYLOADS, "text"])
@pytest.mark.parametrize("hold", [0, 40, 1 << 17])
def test_observe_passes_every_byte_once_also_of_what_is_malformed(carrier: str, hold: int) -> None:
    random = Random(f"{carrier} {hold}")
    for payload in (*PAYLOADS.values(), b'{"a": ', b'"a\n,"b', b"\xff\x00" * 50, b"[" * 3000, b""):
        for how in (Ending.COMPLETE, Ending.CUT):
            crossing = begin("watched", carrier, hold=hold)
            out, left = bytearray(), payload
            effects = list(crossing.start())
            while left:
                size = random.choice((1, 5, 64, len(left)))
                effects += crossing.feed(left[:size], BEGAN)
                left = left[size:]
            effects += crossing.end(how, BEGAN)
            out += b"".join(
                one.payload for one in effects if isinstance(one, Release) and isinstance(one.payload, bytes)
            )
            assert bytes(out) == payload


@pytest.mark.parametrize(
    "number",
    ["4539578763621486", "4539578763621486.0", "4.539578763621486e15", "45395787636214860e-1", "4539578763621486E0"],
)
def test_a_card_written_as_a_number_is_found_in_every_spelling(number: str) -> None:
    played = play("logs", "json", b'{"c": %s}' % number.encode())
    assert played.refusal is None
    assert b"4539578763621486" not in played.released
    assert b"539578" not in played.released


def test_a_number_with_a_vast_exponent_is_passed_on_and_not_spelt_out() -> None:
    payload = b'{"c": [1e999999999, 1E-400, 2.5e3, %s]}' % (b"9" * 300 + b"e5")
    assert bytes(play("logs", "json", payload).released) == payload


def test_a_purpose_that_there_is_not_is_the_clients_own_words_and_is_scrubbed() -> None:
    plan = planned("strict", Asker(purpose=PurposeName(f"for {MAIL.decode()}")))
    [record, refuse] = Crossing(plan, head(plan), KEYS, make_carrier("json")).start()
    assert isinstance(record, Record)
    assert isinstance(refuse, Refuse)
    assert record.body["purpose"] == "for [redacted:email]"
    assert MAIL.decode() not in repr(record.body)


def test_a_value_with_very_many_findings_is_refused_before_it_was_looked_through() -> None:
    """Each finding costs time in which nobody else is served: 8 MiB of addresses would be a minute."""
    few = play("logs", "json", b'["' + b"padding " * 20_000 + MAIL + b'"]')
    assert few.refusal is None
    assert MAIL not in few.released
    many = play("logs", "json", [b'["', *[MAIL + b" "] * 12_000, b'"]'])
    assert many.refusal is not None
    assert many.refusal.reason is Reason.TOO_LARGE
    assert many.released == b""
    assert [entry["kind"] for entry in many.entries] == ["refused"]
