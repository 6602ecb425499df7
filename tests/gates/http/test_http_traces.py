"""W3C Trace Context: what is an id is left alone and noted; what is beside it is payload."""

import asyncio
import json

import pytest
from http_stage import POLICY, policy, response, stage
from hypothesis import given
from hypothesis import strategies as st

from drawn import apart
from ringfence.gates.http.tracing import payload_of_state, trace_of
from ringfence.gates.http.turns import Mode

MODES = pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.name.lower())
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"
CARD = "4111111111111111"  # sixteen digits: a span's id by the grammar

INVALID = {
    "no version": f"ff-{TRACE}-{SPAN}-01",
    "no trace": f"00-{'0' * 32}-{SPAN}-01",
    "no span": f"00-{TRACE}-{'0' * 16}-01",
    "capitals": PARENT.upper(),
    "short": PARENT[:-1],
    "more": f"{PARENT}-ada@example.com",
    "more of a later version": f"cc-{TRACE}-{SPAN}-01-what-comes",
    "white space": f" {PARENT}",
    "another sign": PARENT.replace("-", "_"),
    "other digits": PARENT.replace("00f0", "00f\u0660"),
}


@pytest.mark.parametrize("name", INVALID)
def test_what_is_not_valid_to_its_last_octet_is_no_trace(name: str) -> None:
    assert trace_of((("traceparent", PARENT),)) is not None
    assert trace_of((("traceparent", INVALID[name]),)) is None
    assert trace_of((("traceparent", PARENT), ("traceparent", PARENT))) is None


@given(st.binary(max_size=80))
def test_what_is_to_be_looked_at_of_a_state_is_where_it_says_it_is(octets: bytes) -> None:
    for at, member in payload_of_state(octets):
        assert octets[at : at + len(member)] == member


ANSWERS = POLICY.replace("{user.contact.email: redact}, else: deny}", "{user.contact.email: redact}, else: redact}")


@MODES
def test_a_trace_goes_on_as_it_came_and_is_noted_in_the_entries_and_in_the_problem(mode: Mode) -> None:
    state = f"rojo={SPAN},congo={TRACE}-01"
    more = f"traceparent: {PARENT}\r\ntracestate: {state}\r\nbaggage: tier=gold\r\n"

    async def run() -> None:
        async with stage(policy(POLICY, mode.name.lower()), mode=mode) as one:
            one.shop.says["/a"] = [response(b'{"mail": "ada@example.com"}')]
            assert (await one.ask("GET", "/a", more=more)).status == 200
            asked = one.shop.requests[-1]
            assert asked.value("traceparent") == PARENT
            assert asked.value("tracestate") == state
            assert asked.value("baggage") == "tier=gold"
            one.shop.says["/b"] = [response(b'{"card": "4111 1111 1111 1111"}')]
            refused = await one.ask("GET", "/b", more=more)
            assert json.loads(refused.body)["trace"] == TRACE
            assert [body["trace"] for body in one.notes.bodies] == [{"id": TRACE, "parent": SPAN}] * 2
            await one.ask("GET", "/a", more="traceparent: 00-1\r\n")
            assert "trace" not in one.notes.bodies[-1]

    asyncio.run(run())


@MODES
def test_what_stands_beside_the_ids_is_payload(mode: Mode) -> None:
    async def run() -> None:
        async with stage(policy(ANSWERS, mode.name.lower()), mode=mode) as one:
            more = (
                f"traceparent: {PARENT}-ada@example.com\r\n"
                f"tracestate: rojo={SPAN},dd=s:2;t.usr.id:ada@example.com,es=s:1\r\n"
                "baggage: user=ada%40example.com;p=1,tier=gold\r\n"
            )
            answer = await one.ask("POST", "/orders", b"{}", more=more)
            assert answer.status == 200
            asked = one.shop.requests[-1]
            assert b"ada" not in apart(asked.raw)
            assert asked.value("tracestate") == f"rojo={SPAN},dd=s:2;t.usr.id:[redacted:email],es=s:1"
            assert (asked.value("baggage") or "").endswith(";p=1,tier=gold")
            [entry] = one.notes.bodies
            assert "trace" not in entry

    asyncio.run(run())


def test_a_number_in_the_place_of_an_id_goes_on_and_does_not_reach_the_ledger() -> None:
    async def run() -> None:
        async with stage(policy(ANSWERS)) as one:
            one.shop.says["/a"] = [response(b'{"mail": "ada@example.com"}')]
            parent = f"00-{TRACE}-{CARD}-01"
            await one.ask("GET", "/a", more=f"traceparent: {parent}\r\n")
            assert one.shop.requests[-1].value("traceparent") == parent
            [entry] = one.notes.bodies
            assert CARD not in json.dumps(entry)
            assert entry["trace"] == {"id": TRACE, "parent": "[redacted:credit_card]"}
            await one.ask("POST", "/orders", b"{}", more=f"tracestate: a={CARD}\r\n")
            assert CARD not in (one.shop.requests[-1].value("tracestate") or CARD)

    asyncio.run(run())


def test_a_trace_that_the_policy_judges_is_a_field_like_any() -> None:
    fields = "fields: {header.traceparent: user.device, header.tracestate: user.device}"
    text = ANSWERS.replace('at: "http://127.0.0.1:1"}', f'at: "http://127.0.0.1:1", {fields}}}')

    async def run() -> None:
        async with stage(policy(text)) as one:
            await one.ask("POST", "/orders", b"{}", more=f"traceparent: {PARENT}\r\ntracestate: rojo={SPAN}\r\n")
            asked = one.shop.requests[-1]
            assert asked.value("traceparent") == "[redacted:device]"
            assert SPAN not in (asked.value("tracestate") or "")

    asyncio.run(run())
