"""Laws 1, 4, 5, 6 and 8 as they show in a crossing: what is decided, what is written down, what stays as it was."""

import json
import random

import pytest
from crossing_plays import planned, play

from ringfence.crossing import Json, scrub, scrubbing
from ringfence.detect import Detector

MAIL = "ada.nowak@posta-nova.net"
CARD = "4539578763621486"
IBAN = "DE44500105175407324931"


def facts(entry: Json) -> set[tuple[str, str, str]]:
    assert isinstance(entry, dict)
    return {(fact["category"], fact["form"], fact["rule"]) for fact in entry.get("found", ())}


def as_text(values: dict[str, str]) -> bytes:
    return "".join(f"{value}\n" for value in values.values()).encode()


def as_ndjson(values: dict[str, str]) -> bytes:
    return "".join(json.dumps({name: value}) + "\n" for name, value in values.items()).encode()


def as_csv(values: dict[str, str]) -> bytes:
    return (",".join(values) + "\r\n" + ",".join(f'"{value}"' for value in values.values()) + "\r\n").encode()


@pytest.mark.parametrize("flow", ["logs", "strict", "watched", "vaulted"])
@pytest.mark.parametrize(
    "values",
    [
        {"a": f"mail {MAIL} now"},
        {"a": f"{MAIL}", "b": f"pay {CARD}"},
        {"a": f"transfer to {IBAN}", "b": "nothing", "c": MAIL},
        {"a": "nothing at all"},
    ],
)
def test_the_same_facts_get_the_same_verdict_through_text_ndjson_and_csv(flow: str, values: dict[str, str]) -> None:
    plays = {
        "text": play(flow, "text", as_text(values)),
        "ndjson": play(flow, "ndjson", as_ndjson(values)),
        "csv": play(flow, "csv", as_csv(values)),
    }
    verdicts = {
        name: (
            played.refusal.reason if played.refusal else None,
            played.refusal.category if played.refusal else None,
            # A refused payload's entry tells what was seen until then, which a whole text shows at once.
            facts(played.entries[0]) if played.entries and not played.refusal else set(),
        )
        for name, played in plays.items()
    }
    assert verdicts["text"] == verdicts["ndjson"] == verdicts["csv"]


def test_the_same_value_gets_the_same_token_through_every_carrier() -> None:
    text = play("logs", "text", f"{MAIL}\n".encode()).released.decode().strip()
    ndjson = json.loads(play("logs", "ndjson", json.dumps({"m": MAIL}).encode() + b"\n").released)["m"]
    csv = play("logs", "csv", f"m\n{MAIL}\n".encode()).released.decode().splitlines()[1]
    assert text == ndjson == csv
    assert text.startswith("tok_")


def test_a_declared_field_takes_its_categorys_form_whatever_it_holds() -> None:
    played = play("shop-logs", "ndjson", b'{"id": 7, "email": "not an address", "city": "Ulm"}\n')
    document = json.loads(played.released)
    assert document["email"].startswith("tok_")
    assert document["city"] == "Ulm"
    assert played.entries[0]["found"][0]["how"] == "declared"


def test_an_unknown_field_is_denied_by_default_however_silent_detection_is() -> None:
    played = play("shop-logs", "ndjson", b'{"id": 7, "shoe": "blue"}\n')
    assert played.refusal is not None
    assert played.refusal.reason == "unknown-field"
    assert played.released == b""


def test_a_field_judged_none_passes_unscanned_and_one_judged_scan_by_its_content() -> None:
    played = play("shop-logs", "ndjson", json.dumps({"id": MAIL, "note": f"ask {MAIL}"}).encode() + b"\n")
    document = json.loads(played.released)
    assert document["id"] == MAIL
    assert MAIL not in document["note"]


def test_a_field_that_passes_clear_is_scanned_for_other_categories() -> None:
    text = """\
version: 1
zones: {core: {label: a}, outside: {label: b, controlled: false}}
assets:
  app: {zone: core, kind: service, fields: {who: user.name}}
  saas: {zone: outside, kind: log}
flows:
  - {id: f, from: app, to: saas, carry: {user.name: clear}, else: redact}
"""
    played = play("f", "ndjson", json.dumps({"who": f"Ada, card {CARD}"}).encode() + b"\n", text=text)
    assert json.loads(played.released)["who"] == "Ada, card [redacted:credit_card]"


def test_personal_data_in_an_objects_key_is_changed_too() -> None:
    played = play("logs", "ndjson", json.dumps({MAIL: 1, "x": {CARD: 2}}).encode() + b"\n")
    assert MAIL.encode() not in played.released
    assert CARD.encode() not in played.released
    assert list(json.loads(played.released).values()) == [1, {"************1486": 2}]


def test_a_number_that_is_a_card_stays_a_number_or_becomes_null() -> None:
    played = play("logs", "ndjson", b'{"card": %s, "n": 12}\n' % CARD.encode())
    assert json.loads(played.released) == {"card": None, "n": 12}


def test_a_repeated_key_is_blocked_where_the_verdicts_differ() -> None:
    differs = play("logs", "json", b'{"a": "x", "a": "%s"}' % MAIL.encode())
    assert differs.refusal is not None
    assert differs.refusal.reason == "ambiguous"
    escaped = play("logs", "json", b'{"ab": "x", "a\\u0062": {"c": "%s"}}' % MAIL.encode())
    assert escaped.refusal is not None
    same = play("logs", "json", b'{"a": "%s", "a": "%s"}' % (MAIL.encode(), b"b." + MAIL.encode()))
    assert same.refusal is None
    assert play("logs", "json", b'{"a": 1, "a": 2}').released == b'{"a": 1, "a": 2}'


def test_the_subject_is_recorded_as_a_blind_index_and_never_as_itself() -> None:
    played = play("shop-logs", "ndjson", b'{"id": "customer-778899", "email": "x@posta-nova.net"}\n')
    entry = played.entries[0]
    assert len(entry["subjects"]) == 1
    assert "778899" not in json.dumps(entry)
    again = play("shop-logs", "ndjson", b'{"id": "customer-778899", "email": "y@posta-nova.net"}\n')
    assert again.entries[0]["subjects"] == entry["subjects"]


def test_no_value_stands_in_an_entry_a_refusal_or_a_repr() -> None:
    line = {"user": {MAIL: CARD, "note": f"{IBAN} for {MAIL}"}}
    for flow in ("logs", "strict", "watched", "vaulted", "shop-logs"):
        played = play(flow, "ndjson", json.dumps(line).encode() + b"\n")
        told = json.dumps(played.entries) + repr(played.entries) + str(played.refusal) + repr(played.crossing)
        for value in (MAIL, CARD, IBAN):
            assert value not in told


def test_what_became_of_a_string_is_remembered_for_one_detector_without_the_string() -> None:
    finding, blind = Detector(), Detector(entities=["US_SSN"])
    for _ in range(2):
        assert MAIL not in scrub(f"for {MAIL}", finding)
        assert scrub(f"for {MAIL}", blind) == f"for {MAIL}"
    assert scrub(f"for {MAIL}", finding, most=6) == f"for {MAIL}"[:6]
    assert not any(MAIL in str(known) for known in scrubbing._remembered(finding).items())


def test_strings_that_a_client_chose_are_scrubbed_before_they_are_recorded() -> None:
    clean = scrub(f"because {MAIL} asked\x1b[2J", Detector())
    assert MAIL not in clean
    assert "[redacted:email]" in clean
    assert "\x1b" not in clean
    assert len(scrub("x" * 5000, Detector())) <= 200


def test_every_fact_names_rule_form_and_evidence() -> None:
    played = play("logs", "text", f"mail {MAIL}\n".encode())
    (fact,) = played.entries[0]["found"]
    assert fact["rule"] == "flows.logs.carry[user.contact.email][0]"
    assert fact["form"] == "mail-token"
    assert fact["entity"] == "EMAIL_ADDRESS"
    assert fact["places"] == [5]
    assert fact["evidence"]


def test_places_are_offsets_in_the_payload_as_it_came() -> None:
    lines = [f"a {MAIL}\n", "b\n" * 50, f"c {CARD}\n"]
    whole = "".join(lines)
    played = play("logs", "text", [line.encode() for line in lines], hold=0)
    places = [place for fact in played.entries[-1]["found"] for place in fact["places"]]
    assert sorted(places) == [whole.index(MAIL), whole.index(CARD)]


def _documents(count: int, seed: int) -> "list[tuple[str, bytes, list[str]]]":
    rng = random.Random(seed)
    fillers = [
        "",
        "plain",
        "12",
        "ü–漢",
        "a b  c",
        "x=1;y=2",
        "\\u0041",
        "tab\there",
        "2026-01-02T03:04:05Z",
        "id-00017",
    ]
    made = []
    for _ in range(count):
        planted = [f"{rng.choice('abcdef')}{rng.randrange(10**6)}@posta-nova.net" for _ in range(rng.randrange(3))]
        parts = [rng.choice(fillers) for _ in range(rng.randrange(1, 6))] + planted
        rng.shuffle(parts)
        kind = rng.choice(["text", "ndjson", "csv", "json"])
        if kind == "text":
            made.append((kind, ("\n".join(" ".join(parts) for _ in range(2)) + "\n").encode(), planted))
        elif kind == "csv":
            row = ",".join('"' + part.replace('"', '""') + '"' if rng.random() < 0.5 else part for part in parts)
            made.append((kind, (",".join(f"c{n}" for n in range(len(parts))) + "\n" + row + "\n").encode(), planted))
        else:
            document = {f"k{number}": part for number, part in enumerate(parts)}
            text = json.dumps(
                document, ensure_ascii=rng.random() < 0.5, indent=None if kind == "ndjson" else rng.choice([None, 1, 4])
            )
            made.append((kind, text.encode() + b"\n", planted))
    return made


def _assert_only_spans_change(count: int, seed: int) -> None:
    for kind, payload, planted in _documents(count, seed):
        played = play("logs", kind, payload)
        assert played.refusal is None, (kind, len(payload))
        expected, at, out = payload, 0, bytes(played.released)
        # Walk both texts: between planted values every byte must be the same, at a planted value a token stands.
        while True:
            spots = [(spot, value) for value in planted if (spot := expected.find(value.encode(), at)) >= 0]
            if not spots:
                break
            spot, value = min(spots)
            same = spot - at
            assert out[:same] == expected[at:spot]
            out = out[same:]
            assert out.startswith(b"tok_")
            end = 4
            while end < len(out) and (chr(out[end]).isalnum() or out[end] in b"-_"):
                end += 1
            out = out[end:]
            at = spot + len(value)
        assert out == expected[at:]


def test_bytes_outside_the_spans_are_identical_in_random_documents() -> None:
    _assert_only_spans_change(1500, 1)


@pytest.mark.soak
def test_bytes_outside_the_spans_are_identical_in_a_hundred_thousand_random_documents() -> None:
    _assert_only_spans_change(100_000, 2)


def test_a_plan_without_a_flow_lets_nothing_cross() -> None:
    made = planned("no-such-flow")
    assert made.refused is not None
    assert made.decide("user.contact.email").form.denies
