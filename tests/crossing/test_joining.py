"""A model's answer comes in pieces, and what stands for a value may be cut between any two of them."""

import gzip
import json
import zlib
from collections.abc import Callable, Sequence

import brotli
import pytest
from crossing_plays import BEGAN, KEYS, Play, head, planned
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.carriers import make_body_carrier, make_carrier
from ringfence.crossing import Crossing, Record, Recorded, Release, Surrogates
from ringfence.crossing.joining import MOST_UNITS

ADA, QUOTED = "ada@posta-nova.net", 'Ada "Countess"\nNowak\\'

INBOUND = """\
version: 1
zones: {core: {label: a}, models: {label: b, controlled: false}}
assets: {app: {zone: core, kind: service}, saas: {zone: models, kind: http}}
flows: [{id: inbound, from: saas, to: app, carry: {user: clear}, else: redact, restore: true}]
"""


def memory() -> Surrogates:
    known = Surrogates()
    known.remember("[EMAIL_1]", "user.contact.email", ADA)
    known.remember("[NAME_11]", "user.name", QUOTED)
    known.remember("Robin Keller", "user.name", "Grace Nowak")
    return known


def chat(piece: str) -> object:
    return {"id": "c", "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]}


def tool(piece: str) -> object:
    call = {"index": 0, "function": {"arguments": piece}}
    return {"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}]}


def block(piece: str) -> object:
    return {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": piece}}


def partial(piece: str) -> object:
    return {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": piece}}


def output(piece: str) -> object:
    return {"type": "response.output_text.delta", "item_id": "m", "output_index": 0, "content_index": 0, "delta": piece}


def arguments(piece: str) -> object:
    return {"type": "response.function_call_arguments.delta", "item_id": "f", "output_index": 1, "delta": piece}


TEXTS: Sequence[Callable[[str], object]] = (chat, block, output)
JSONS: Sequence[Callable[[str], object]] = (tool, partial, arguments)


def piece_of(event: dict) -> str:  # type: ignore[type-arg]
    if "choices" in event:
        delta = event["choices"][0]["delta"]
        return str(delta["content"] if "content" in delta else delta["tool_calls"][0]["function"]["arguments"])
    delta = event["delta"]
    return str(delta if isinstance(delta, str) else delta.get("text", delta.get("partial_json")))


def sse(events: Sequence[object]) -> bytes:
    return b"".join(b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n" for event in events)


def read(stream: bytes) -> list[dict]:  # type: ignore[type-arg]
    return [json.loads(line[6:]) for line in stream.split(b"\n") if line.startswith(b"data: {")]


def crossing(known: Surrogates | None = None, carrier: str = "sse") -> Crossing:
    plan = planned("inbound", text=INBOUND)
    return Crossing(plan, head(plan), KEYS, make_carrier(carrier), hold=0, restored=known or memory(), joins=True)


def carried(stream: bytes, width: int = 1 << 20) -> bytes:
    pieces = [stream[at : at + width] for at in range(0, len(stream), width)]
    return bytes(Play(crossing()).run(pieces).released)


def whole(text: str) -> str:
    """What the same text is in one piece."""
    return "".join(piece_of(event) for event in read(carried(sse([chat(text)]))))


WORDS = st.sampled_from(
    ["[EMAIL_1]", "[NAME_11]", "[email_1]", r"\[EMAIL\_1\]", "[ EMAIL_1 ]", "Robin Keller", "ROBIN KELLER", "Robin", "[EMAIL_2]",
     "[EMA", "[", "]", "\\", " ", "_", ".", "1", "é", "Dear ", "x", "\n", "[EMAIL_1", "NAME_11]"]
)  # fmt: skip


@st.composite
def cut_texts(draw: st.DrawFn) -> list[str]:
    text = "".join(draw(st.lists(WORDS, min_size=1, max_size=12)))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@settings(max_examples=300, deadline=None)
@given(cut_texts(), st.sampled_from(TEXTS), st.integers(1, 400))
def test_a_text_cut_into_any_events_and_chunks_comes_back_as_it_does_in_one(
    pieces: list[str], spelt: Callable[[str], object], width: int
) -> None:
    events = read(carried(sse([spelt(piece) for piece in pieces]), width))
    assert len(events) == len(pieces)
    assert "".join(map(piece_of, events)) == whole("".join(pieces))


@settings(max_examples=200, deadline=None)
@given(cut_texts())
def test_each_event_waits_for_no_more_than_the_longest_stand_in(pieces: list[str]) -> None:
    going = crossing()
    released = fed = 0
    left = [*pieces, "."]  # what a stand-in is followed by
    out = bytearray()
    for number, piece in enumerate(left):
        effects = list(going.feed(sse([chat(piece)]), BEGAN))
        while effects:
            effect = effects.pop(0)
            if isinstance(effect, Release):
                out += effect.payload  # type: ignore[arg-type]
            else:
                assert isinstance(effect, Record)
                effects = [*going.answer(Recorded(effect.id, "r"), BEGAN), *effects]
        fed = number + 1
        released = len(read(bytes(out)))
        waiting = "".join(left[released + 1 : fed])  # after the event that waits
        assert len(waiting) <= len(r"\\[  EMAIL\\_1  \\]")


@pytest.mark.parametrize("spelt", JSONS)
@pytest.mark.parametrize("width", [1, 2, 3, 5, 100])
def test_the_arguments_of_a_tools_call_are_json_in_json_and_stay_so(spelt: Callable[[str], object], width: int) -> None:
    text = json.dumps({"to": "[EMAIL_1]", "name": "Dr [NAME_11]", "n": [1]})
    events = read(carried(sse([spelt(text[at : at + width]) for at in range(0, len(text), width)])))
    assert json.loads("".join(map(piece_of, events))) == {"to": ADA, "name": f"Dr {QUOTED}", "n": [1]}


@pytest.mark.parametrize("width", [1, 4, 100])
def test_an_answer_that_is_json_as_a_whole_stays_json(width: int) -> None:
    text = ' {"name": "[NAME_11]"}'
    events = read(carried(sse([chat(text[at : at + width]) for at in range(0, len(text), width)])))
    assert json.loads("".join(map(piece_of, events))) == {"name": QUOTED}


def test_nothing_changes_in_a_stream_in_which_nothing_is_put_back() -> None:
    stream = (
        b': hi\n\nevent: x\r\ndata: {"delta":\ndata:   "[EMA"}\n\n'
        + sse([chat("a [EMAIL"), chat("_7] b [")])
        + b"data: [DONE]\n\n"
    )
    assert carried(stream, 7) == stream


def test_an_event_that_held_only_the_beginning_stays_and_is_empty() -> None:
    events = read(carried(sse([chat("Hi ["), chat("EMAIL_1"), chat("]!")])))
    assert list(map(piece_of, events)) == ["Hi ", "", f"{ADA}!"]


def test_texts_that_come_by_turns_are_not_mixed() -> None:
    def of(choice: int, piece: str) -> object:
        return {"choices": [{"index": choice, "delta": {"content": piece}}]}

    events = read(carried(sse([of(0, "a [EMA"), of(1, "b [NA"), of(1, "IL_1]"), of(0, "IL_1] c"), of(1, " d")])))
    said = ["".join(piece_of(each) for each in events if each["choices"][0]["index"] == one) for one in (0, 1)]
    assert said == [f"a {ADA} c", "b [NAIL_1] d"]


ENDS = [
    {"type": "content_block_stop", "index": 1},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {"type": "response.output_text.done", "item_id": "m", "output_index": 0, "content_index": 0, "text": "by [EMA"},
]


@pytest.mark.parametrize(("spelt", "end"), list(zip((block, chat, output), ENDS, strict=True)))
def test_the_end_of_a_text_lets_go_what_waits(spelt: Callable[[str], object], end: object) -> None:
    going = Play(crossing())
    stream = sse([spelt("by [EMA"), end])
    going._carry(going.crossing.feed(stream, BEGAN))
    assert bytes(going.released) == stream


def test_a_whole_name_at_the_end_of_a_text_is_put_back() -> None:
    events = read(carried(sse([chat("by Robin"), chat(" Keller"), ENDS[1]])))
    assert "".join(piece_of(each) for each in events[:2]) == "by Grace Nowak"


def test_a_text_that_says_no_more_holds_up_others_only_so_long() -> None:
    going = Play(crossing())
    going._carry(going.crossing.feed(sse([chat("[EMA")]), BEGAN))
    for _ in range(MOST_UNITS + 1):
        going._carry(going.crossing.feed(b": ping\n\n", BEGAN))
    assert going.released.count(b": ping") > MOST_UNITS


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate"])
def test_a_compressed_stream_is_joined_too(coding: str) -> None:
    stream = sse([chat(piece) for piece in ("to [EM", "AIL_1", "] now", " [EMA")])
    plan = planned("inbound", text=INBOUND)
    carrier = make_body_carrier("text/event-stream", [coding], assumed="utf-8")
    going = Play(Crossing(plan, head(plan), KEYS, carrier, hold=0, restored=memory(), joins=True))
    packed = {"gzip": gzip.compress, "br": brotli.compress, "deflate": zlib.compress}[coding](stream)
    out = bytes(going.run([packed[at : at + 11] for at in range(0, len(packed), 11)]).released)
    opened = {"gzip": gzip.decompress, "br": brotli.decompress, "deflate": zlib.decompress}[coding](out)
    assert "".join(map(piece_of, read(opened))) == f"to {ADA} now [EMA"


def test_lines_of_json_are_joined_too() -> None:
    lines = [json.dumps({"message": {"content": piece}, "done": False}) for piece in ("to [EM", "AIL_1", "] now")]
    out = bytes(Play(crossing(carrier="ndjson")).run([("\n".join(lines) + "\n").encode()]).released)
    assert "".join(json.loads(line)["message"]["content"] for line in out.splitlines()) == f"to {ADA} now"


def test_what_the_flow_does_not_carry_clear_stays_a_placeholder_in_every_event() -> None:
    plan = planned("inbound", text=INBOUND.replace("user: clear", "user.name: clear"))
    going = Crossing(plan, head(plan), KEYS, make_carrier("sse"), hold=0, restored=memory(), joins=True)
    stream = sse([chat("[EMA"), chat("IL_1]"), chat(".")])
    assert bytes(Play(going).run([stream]).released) == stream


def test_what_is_put_back_is_recorded_once_as_restored() -> None:
    going = Play(crossing()).run([sse([chat("[EM"), chat("AIL"), chat("_1]")])])
    assert [entry["kind"] for entry in going.entries] == ["opened", "closed"]
    [fact] = going.entries[1]["found"]  # type: ignore[misc]
    assert (fact["how"], fact["count"], fact["category"]) == ("restored", 1, "user.contact.email")  # type: ignore[index,call-overload]
