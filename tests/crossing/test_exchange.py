"""An exchange: what went out as a stand-in comes back as what it stood for, and only where the plan lets it."""

import json

from crossing_plays import KEYS, Play, head, planned

from ringfence.carriers import make_carrier
from ringfence.crossing import Crossing, Exchange, Reason, Surrogates

MAIL = "ada.nowak@posta-nova.net"

INBOUND_DENIED = """\
version: 1
zones: {core: {label: a}, outside: {label: b, controlled: false}}
assets: {app: {zone: core, kind: service}, saas: {zone: outside, kind: log}}
flows: [{id: inbound, from: saas, to: app, carry: {}, else: redact}]
"""


def exchange(out: str, back_text: str | None = None) -> Exchange:
    there = planned(out)
    back = planned("inbound", text=back_text) if back_text else planned("inbound")
    return Exchange((there, head(there), make_carrier("text")), (back, head(back), make_carrier("json")), KEYS)


def test_a_token_that_went_out_comes_back_as_its_clear_value() -> None:
    talk = exchange("logs")
    sent = Play(talk.out).run([f"write to {MAIL}\n".encode()]).released.decode()
    token = sent.removeprefix("write to ").strip()
    assert MAIL not in sent
    answer = json.dumps({"text": f"I wrote to {token}.", "other": "someone@posta-nova.net"}).encode()
    received = json.loads(Play(talk.back).run([answer]).released)
    assert received["text"] == f"I wrote to {MAIL}."


def test_a_surrogate_from_the_vault_comes_back_too() -> None:
    talk = exchange("vaulted")
    sent = Play(talk.out, answer=lambda value: f"person-{len(value)}").run([f"{MAIL}\n".encode()]).released
    assert sent == b"person-24\n"
    received = json.loads(Play(talk.back).run([b'["person-24", "person-2"]']).released)
    assert received == [MAIL, "person-2"]


def test_a_token_stays_a_token_where_the_answers_flow_does_not_carry_its_category() -> None:
    talk = exchange("logs", INBOUND_DENIED)
    token = Play(talk.out).run([f"{MAIL}\n".encode()]).released.decode().strip()
    received = json.loads(Play(talk.back).run([json.dumps([token]).encode()]).released)
    assert received == [token]


def test_an_exchange_shows_no_value() -> None:
    talk = exchange("logs")
    Play(talk.out).run([f"{MAIL}\n".encode()])
    assert MAIL not in repr(talk) + repr(talk.surrogates) + repr(talk.out)


MODELS = """\
version: 1
zones: {core: {label: a}, models: {label: b, controlled: false}}
assets: {app: {zone: core, kind: service}, model: {zone: models, kind: http}}
keys: {k-vault: {zones: [core]}}
forms: {numbered: {transform: placeholder, key: k-vault, keep: 1h}}
flows:
  - {id: asks, from: app, to: model, carry: {user.name: redact}, else: numbered}
  - {id: redacts, from: app, to: model, carry: {}, else: redact}
"""


def conversing(flow: str, known: Surrogates) -> Play:
    plan = planned(flow, text=MODELS)
    return Play(Crossing(plan, head(plan), KEYS, make_carrier("json"), issued=known))


def test_an_exchange_alone_asks_no_vault() -> None:
    play = conversing("asks", Surrogates(alone=True)).run([json.dumps([f"{MAIL} {MAIL}"]).encode()])
    assert play.released == b'["[EMAIL_1] [EMAIL_1]"]'
    assert play.transcript == ["record crossed", "release"]


def test_a_conversation_that_a_field_names_after_the_values_counts_for_them() -> None:
    known = Surrogates(alone=True, named_by={"of": lambda value: f"named {value.decode()}"})
    play = conversing("asks", known).run([json.dumps({"text": MAIL, "of": "c1"}).encode()])
    assert known.conversation == "named c1"
    assert play.transcript == ["resolve", "record crossed", "release"]


def test_a_conversation_is_recalled_also_where_nothing_is_asked_and_never_where_nothing_can_be_kept() -> None:
    for flow, asks in (("asks", ["resolve"]), ("redacts", [])):
        known = Surrogates(alone=True, named_by={"of": lambda value: value.decode()})
        play = conversing(flow, known).run([b'{"text": "who is it?", "of": "c1"}'])
        assert play.transcript == [*asks, "release"]
        assert known.recalled == bool(asks)


def test_a_vault_that_is_silent_refuses_a_conversation_that_cannot_be_recalled() -> None:
    known = Surrogates(alone=True, named_by={"of": lambda value: value.decode()})
    plan = planned("asks", text=MODELS)
    going = Crossing(plan, head(plan), KEYS, make_carrier("json"), issued=known)
    play = Play(going, fail=0).run([b'{"text": "who is it?", "of": "c1"}'])
    assert play.refusal is not None
    assert play.refusal.reason is Reason.VAULT
    assert play.released == b""
