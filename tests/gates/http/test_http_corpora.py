"""Real documents through the gate: the JSON test suite, FHIR bundles, Twilio's fields.

All of them through carrier and crossing, as the gate drives them; a slice through a real Envoy. What is not changed must be the
same to the octet; what is no JSON must not pass; and of the fields by which people are named or reached, declared as the map
judges them, those must be hidden which their corpora mark, and hardly others.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from envoy.service.ext_proc.v3.external_processor_pb2 import (
    HttpBody,
    HttpHeaders,
    ProcessingRequest,
    ProcessingResponse,
)
from http_stage import Stage, policy, response, stage

from corpora import PASSES, bundles, corpus, json_suite, leaves
from ringfence.atlas import map_files
from ringfence.carriers import join_path
from ringfence.crossing import CrossingId, Record, Recorded, Resolve, Resolved
from ringfence.detect import classify
from ringfence.detect.recognizer import listed
from ringfence.gates.http.conversation import Conversation
from ringfence.gates.http.exchange import Side
from ringfence.gates.http.turns import Mode
from ringfence.policy import AssetName, ZoneName
from ringfence.transform import Keyring

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PIECE = 65_536
EVERY = 7  # of what goes through a real Envoy

POLICY = """
version: 1
zones: {core: {label: core}, partners: {label: partners}}
assets:
  shop: {zone: core, kind: http, at: "http://127.0.0.1:1", fields: FIELDS}
gates:
  api: {kind: http, listen: "127.0.0.1:8080", upstream: shop, clients: partners}
flows:
  - {id: answers, from: shop, to: partners, via: {gate: api}, carry: CARRY, else: redact, unknown: scan}
"""
NOTHING_PERSONAL = '{"*": clear}'
NAMED_OR_REACHED = '{"*": clear, user.name: redact, user.contact: redact}'
ALL = "{}"


def text_of(carry: str, fields: Mapping[str, str] | None = None) -> str:
    return POLICY.replace("FIELDS", json.dumps(dict(fields or {}))).replace("CARRY", carry)


def side(text: str) -> Side:
    made = policy(text)
    return Side(made, "api", AssetName("shop"), ZoneName("partners"), Keyring(), lambda _at: CrossingId("01test"))


def crossed(of: Side, body: bytes) -> tuple[int, bytes]:
    """Take a body through as an answer; give the status and the body that the client would get."""
    conversation = Conversation(of, Mode.STREAMED)
    status, came = 200, b""
    for message in _messages(body):
        left = list(conversation.receive(message.SerializeToString(), NOW))
        while left:
            match left.pop(0):
                case Record(id=number):
                    left[:0] = conversation.answer(Recorded(number, "t:1"), NOW)
                case Resolve(id=number):
                    left[:0] = conversation.answer(Resolved(number, None), NOW)
        for octets in conversation.settle():
            reply = ProcessingResponse.FromString(octets)
            if reply.HasField("immediate_response"):
                return reply.immediate_response.status.code, b""
            came += reply.response_body.response.body_mutation.streamed_response.body
    return status, came


def _messages(body: bytes) -> Iterator[ProcessingRequest]:
    yield ProcessingRequest(request_headers=_head(True, {":method": "GET", ":path": "/a"}))
    yield ProcessingRequest(response_headers=_head(not body, {":status": "200", "content-type": "application/json"}))
    for at in range(0, len(body), PIECE):
        piece = body[at : at + PIECE]
        yield ProcessingRequest(response_body=HttpBody(body=piece, end_of_stream=at + PIECE >= len(body)))


def _head(ends: bool, fields: Mapping[str, str]) -> HttpHeaders:
    head = HttpHeaders(end_of_stream=ends)
    for name, value in fields.items():
        head.headers.headers.add(key=name, raw_value=value.encode())
    return head


async def through_envoy(one: Stage, body: bytes) -> tuple[int, bytes]:
    one.shop.says["/a"] = [response(body)]
    answer = await one.ask("GET", "/a")
    return answer.status, answer.body if answer.status == 200 else b""


# ---------------------------------------------------------------- the JSON test suite

OTHERWISE = {  # what HTTP makes of it: no body at all, and a mark that says the charset
    "n_structure_no_data.json": True,
}


def must_pass(name: str, expect: str) -> bool:
    return OTHERWISE.get(name, expect in ("accept", "transform") or name in PASSES)


def test_the_json_test_suite_is_refused_where_it_is_no_json_and_else_passes_to_the_octet() -> None:
    of = side(text_of(NOTHING_PERSONAL))
    wrong = []
    for name, expect, data in json_suite():
        status, body = crossed(of, data)
        if (status, body) != ((200, data) if must_pass(name, expect) else (502, b"")):
            wrong.append((name, status))
    assert wrong == []
    assert len(json_suite()) >= 150


def test_a_slice_of_the_suite_gets_the_same_verdicts_from_a_real_gate() -> None:
    async def play() -> None:
        async with stage(policy(text_of(NOTHING_PERSONAL))) as one:
            for name, expect, data in json_suite()[::EVERY]:
                expected = (200, data) if must_pass(name, expect) else (502, b"")
                assert await through_envoy(one, data) == expected, name

    asyncio.run(play())


# ---------------------------------------------------------------- FHIR


def changed(before: bytes, after: bytes) -> set[str]:
    was, now = dict(leaves(json.loads(before))), dict(leaves(json.loads(after)))
    assert was.keys() == now.keys()
    return {pointer for pointer, value in was.items() if now[pointer] != value}


def shares(hidden: Iterable[bool], right: Iterable[bool]) -> tuple[float, float]:
    """Recall, of what is to be hidden; precision, of what was."""
    recall, precision = list(hidden), list(right)
    return sum(recall) / len(recall), sum(precision) / len(precision)


REACHED = ("PERSON", "PHONE_NUMBER", "EMAIL_ADDRESS", "LOCATION")


def test_fhir_bundles_pass_to_the_octet_where_nothing_is_to_be_hidden() -> None:
    of = side(text_of(NOTHING_PERSONAL))
    for body, _ in bundles():
        assert crossed(of, body) == (200, body)


@cache
def fields_of_bundles() -> dict[str, str]:
    found = map_files(f"{corpus('fhir')}/*.json")
    return {one.path: one.judgement for one in found.fields if one.judgement != "unknown"}


def test_of_fhir_bundles_the_fields_by_which_people_are_named_and_reached_are_hidden_and_few_others() -> None:
    of = side(text_of(NAMED_OR_REACHED, fields_of_bundles()))
    hidden: list[bool] = []
    right: list[bool] = []
    for body, truth in bundles():
        status, after = crossed(of, body)
        assert status == 200
        gone = changed(body, after)
        hidden += [pointer in gone for pointer, label in truth.items() if label in REACHED]
        right += [pointer in truth for pointer in gone]
    recall, precision = shares(hidden, right)
    assert (recall >= 0.95, precision >= 0.8) == (True, True), (recall, precision, len(hidden), len(right))


def test_a_bundle_gets_the_same_from_a_real_gate() -> None:
    text = text_of(NAMED_OR_REACHED, fields_of_bundles())

    async def play() -> None:
        async with stage(policy(text)) as one:
            body, _ = next(bundles())
            assert await through_envoy(one, body) == crossed(side(text), body)

    asyncio.run(play())


# ---------------------------------------------------------------- Twilio

CONTACT = listed(
    "phonenumber, phonenumbers, phone, toformatted, fromformatted, forwardedfrom, email, emails, emailaddress, "
    "customername, callername, firstname, lastname, givenname, familyname, displayname, address, street, "
    "streetsecondary, streetaddress, addressline, city, state, subdivision, postalcode, countrycode, "
    "nationalformat, callerid, whatsapp"
)
"""Names of fields by which a person is named or reached, as `tests/detect/test_detect_classify_corpora.py` takes them."""
ENDS = ("to", "from", "callfrom", "callto")


def is_contact(row: Mapping[str, Any]) -> bool:
    name = "".join(letter for letter in row["field"].rpartition(".")[2].casefold() if letter.isalpha())
    if name.startswith("in"):
        return False  # what is looked for in a place: InPostalCode
    return row["format"] in ("phone-number", "email") or name in ENDS or name.endswith(CONTACT)


def twilio() -> dict[str, list[dict[str, Any]]]:
    """Give the rows of each document: a field of a schema once."""
    found: dict[str, dict[tuple[str, str], dict[str, Any]]] = defaultdict(dict)
    for line in corpus("openapi_twilio_fields.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found[row["spec"]].setdefault((row["where"], row["field"]), row)
    return {spec: list(rows.values()) for spec, rows in found.items()}


def hidden_of(rows: list[dict[str, Any]], carry: str) -> set[tuple[str, str]]:
    """Have an object of each schema cross, its fields declared as the map judges them; give the fields that were changed."""
    fields: dict[str, str] = {}
    body: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        said = classify(
            f"{row['where'].partition(':')[2]}.{row['field']}",
            row["format"] or row["type"] or "",
            row["description"] or "",
            [],
        )
        body[row["where"]][row["field"]] = "something"
        if said.judgement != "unknown":
            fields[join_path(join_path("", row["where"]), row["field"])] = said.judgement
    status, after = crossed(side(text_of(carry, fields)), json.dumps(body).encode())
    assert status == 200
    return {
        (where, name) for where, own in json.loads(after).items() for name, value in own.items() if value != "something"
    }


def test_of_twilios_fields_those_by_which_people_are_named_and_reached_are_hidden_and_few_others() -> None:
    hidden: list[bool] = []
    right: list[bool] = []
    for rows in twilio().values():
        personal, reaching = hidden_of(rows, ALL), hidden_of(rows, NAMED_OR_REACHED)
        for row in rows:
            at = (row["where"], row["field"])
            if row["pii"] and is_contact(row):
                hidden.append(at in personal)
            if at in reaching:
                right.append(bool(row["pii"]) or is_contact(row))
    recall, precision = shares(hidden, right)
    assert (recall >= 0.95, precision >= 0.8) == (True, True), (recall, precision, len(hidden), len(right))
