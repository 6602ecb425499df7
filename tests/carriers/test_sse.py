"""Server-sent events: nothing waits for what follows, and JSON in data is JSON."""

import json
import random

from carrier_plays import Documents, cut_at, feed, values

from ringfence.carriers import Change, EventsCarrier, Field, Unit, released


def read(data: bytes) -> list[dict[str, str]]:
    """Read a stream as the HTML Standard says: the events that a client is given."""
    text = data.decode().removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    events: list[dict[str, str]] = []
    event: dict[str, str] = {}
    lines: list[str] = []
    for line in text.split("\n")[:-1]:
        if not line:
            if lines:
                events.append({**event, "data": "\n".join(lines)})
            event = {name: value for name, value in event.items() if name == "id"}
            lines = []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            lines.append(value)
        elif name:
            event[name] = value
    return events


def test_json_in_data_has_paths_and_the_rest_is_text() -> None:
    raw = (
        b'event: delta\nid: 7\ndata: {"choices": [{"delta": {"content": "hi \\u00e9"}}]}\n\n'
        b": ping\n\ndata: [DONE]\n\ndata: one\ndata: two\n\nx-user: ada@example.com\n\n"
    )
    assert values(feed(EventsCarrier(), [raw])) == [
        ("event", b"delta"),
        ("id", b"7"),
        ("data.choices[].delta.content", "hi é".encode()),
        ("comment", b"ping"),
        ("data", b"[DONE]"),
        ("data", b"one\ntwo"),
        ("x-user", b"ada@example.com"),
    ]


def test_an_event_goes_with_the_first_byte_that_ends_it() -> None:
    for ending in (b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r\n", b"\r\n\n"):
        carrier = EventsCarrier()
        seen = 0
        raw = b'data: {"a": 1}' + ending
        for index in range(len(raw)):
            seen += len(carrier.feed(raw[index : index + 1]))
            whole = raw[: index + 1].replace(b"\r\n", b"\n").replace(b"\r", b"\n").endswith(b"\n\n")
            assert bool(seen) is whole, (ending, index)


def test_a_line_break_in_a_text_begins_another_line_of_data_and_nothing_else() -> None:
    carrier = EventsCarrier()
    [unit, _] = feed(carrier, [b"id: 1\ndata: secret\r\n\r\n"])
    edits = [
        edit
        for field in unit.fields
        for edit in carrier.write(unit, field, [Change(0, len(field.value), "a\n\nid: 9\rb")])
    ]
    made = released(carrier, unit, edits) + b"\n"
    assert read(made) == [{"id": "a  id: 9 b", "data": "a\n\nid: 9\nb"}]


def test_a_change_over_lines_of_data_leaves_what_stands_between() -> None:
    carrier = EventsCarrier()
    [unit] = feed(carrier, [b"data: my mail is ada@\nid: 3\ndata: example.com ok\n\n"])
    field = next(field for field in unit.fields if field.path == "data")
    start = field.value.index(b"ada@")
    made = released(carrier, unit, carrier.write(unit, field, [Change(start, field.value.index(b" ok"), "*")]))
    assert made == b"data: my mail is *\nid: 3\ndata:  ok\n\n"


def one_round(rng: random.Random, documents: Documents) -> int:
    """Change events at random, and compare what a reader finds; say in how many fields."""
    events: list[bytes] = []
    for _ in range(rng.randrange(1, 5)):
        end = rng.choice((b"\n", b"\r\n", b"\r"))
        document = b"[" + documents.make(2)[0].replace(b"\r", b"") + b"]"
        lines = [rng.choice((b"data:", b"data: ")) + line for line in document.split(b"\n")]
        if rng.random() < 0.3:
            lines.insert(0, b"id: 5")
        events.append(end.join(lines) + end + end)
    raw = b"".join(events)
    carrier = EventsCarrier()
    units = feed(carrier, cut_at(raw, [rng.randrange(len(raw) + 1)]))
    assert b"".join(unit.raw for unit in units) == raw
    out = b""
    changed: list[Field] = []
    for unit in units:
        chosen = [field for field in unit.fields if field.path != "id" and not field.is_key and rng.random() < 0.3]
        changed += chosen
        out += released(carrier, unit, [edit for field in chosen for edit in write(carrier, unit, field)])
    before, after = read(raw), read(out)
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        assert old.get("id") == new.get("id")
        old_json, new_json = json.loads(old["data"]), json.loads(new["data"])
        assert shape(old_json) == shape(new_json)
    assert sum(event["data"].count("*é") for event in after) == len(changed)
    return len(changed)


def write(carrier: EventsCarrier, unit: Unit, field: Field) -> list[object]:
    return carrier.write(unit, field, [Change(0, len(field.value), "*é")])  # type: ignore[return-value]


def shape(value: object) -> object:
    match value:
        case dict():
            return {key: shape(item) for key, item in value.items()}
        case list():
            return [shape(item) for item in value]
        case _:
            return None


def test_random_documents_in_data_are_changed_in_their_places_only() -> None:
    rng = random.Random(11)
    documents = Documents(rng)
    assert sum(one_round(rng, documents) for _ in range(600)) > 600
