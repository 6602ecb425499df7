"""The APIs of models, as fields: what their documentation shows has no unknown field, but for what nobody can read."""

import json
from collections.abc import Iterator, Mapping

import pytest

from ringfence.carriers import make_carrier
from ringfence.policy import AssetName, Policy, read
from ringfence.policy.announcing import judge_path
from ringfence.policy.model_apis import MODEL_APIS
from ringfence.taxonomy import CATEGORIES

USER = {"role": "user", "content": "hello"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "send", "arguments": "{}"}}
TOOL = {
    "type": "function",
    "function": {"name": "send", "description": "Sends", "parameters": {"type": "object"}, "strict": True},
}
USAGE = {"prompt_tokens": 1, "total_tokens": 2, "prompt_tokens_details": {"cached_tokens": 0}}
RESPONSE_ITEM = {
    "type": "message",
    "id": "msg_1",
    "status": "completed",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}],
}
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "it"}]}
FUNCTION = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "send",
    "arguments": "{}",
    "status": "completed",
}

OPENAI = [
    {"model": "m", "messages": [{"role": "system", "content": "be"}, USER], "stream": True, "temperature": 0.2, "n": 1,
     "stream_options": {"include_usage": True}, "tools": [TOOL], "tool_choice": "auto", "max_completion_tokens": 5,
     "response_format": {"type": "json_object"}, "seed": 1, "stop": ["a"], "user": "u", "metadata": {"a": "b"}, "top_p": 1,
     "logit_bias": {"50256": -100}, "reasoning_effort": "low", "store": False, "parallel_tool_calls": True},
    {"model": "m", "messages": [{"role": "assistant", "content": None, "tool_calls": [CALL]},
     {"role": "tool", "tool_call_id": "call_1", "content": "done"},
     {"role": "user", "content": [{"type": "text", "text": "see"}]}]},
    {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "system_fingerprint": "fp", "usage": USAGE,
     "choices": [{"index": 0, "finish_reason": "stop", "logprobs": {"content": [{"token": "a", "logprob": -1}]},
                  "message": {"role": "assistant", "content": "hi", "refusal": None, "annotations": [], "tool_calls": [CALL]}}]},
    {"model": "m", "prompt": ["say"], "max_tokens": 7, "echo": False, "best_of": 1, "suffix": "x"},
    {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m", "usage": USAGE,
     "choices": [{"text": "this", "index": 0, "logprobs": None, "finish_reason": "length"}]},
    {"model": "m", "input": ["a", "b"], "encoding_format": "float", "dimensions": 2},
    {"object": "list", "data": [{"object": "embedding", "embedding": [0.1, -0.2], "index": 0}], "model": "m", "usage": USAGE},
    {"model": "m", "instructions": "be", "input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
     {"type": "function_call_output", "call_id": "call_1", "output": "done"}, RESPONSE_ITEM, FUNCTION],
     "text": {"format": {"type": "text"}}, "max_output_tokens": 3, "conversation": "conv_1", "reasoning": {"effort": "low"}},
    {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "background": False, "error": None,
     "incomplete_details": None, "instructions": None, "max_output_tokens": None, "model": "m", "parallel_tool_calls": True,
     "output": [REASONING, RESPONSE_ITEM, FUNCTION], "reasoning": {"effort": None, "summary": None}, "store": True,
     "temperature": 1.0, "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_p": 1.0,
     "truncation": "disabled", "usage": {"input_tokens": 1, "output_tokens": 2}, "user": None, "metadata": {}},
    {"error": {"message": "wrong", "type": "invalid_request_error", "param": None, "code": None}},
]  # fmt: skip
OPENAI_EVENTS = [
    {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "system_fingerprint": "fp", "usage": None,
     "choices": [{"index": 0, "delta": {"role": "assistant", "content": "a", "tool_calls": [{"index": 0, **CALL}]},
                  "logprobs": None, "finish_reason": None}]},
    {"type": "response.created", "sequence_number": 0, "response": {**OPENAI[8], "previous_response_id": None}},
    {"type": "response.output_item.added", "output_index": 0, "item": RESPONSE_ITEM, "sequence_number": 1},
    {"type": "response.content_part.added", "item_id": "i", "output_index": 0, "content_index": 0,
     "part": {"type": "output_text", "text": "", "annotations": []}},
    {"type": "response.output_text.delta", "item_id": "i", "output_index": 0, "content_index": 0, "delta": "a", "logprobs": [],
     "obfuscation": "xyz"},
    {"type": "response.output_text.done", "item_id": "i", "output_index": 0, "content_index": 0, "text": "a"},
    {"type": "response.function_call_arguments.delta", "item_id": "i", "output_index": 1, "delta": "{"},
    {"type": "response.function_call_arguments.done", "item_id": "i", "output_index": 1, "arguments": "{}", "name": "send"},
    {"type": "error", "code": "x", "message": "wrong", "param": None},
]  # fmt: skip
ANTHROPIC = [
    {"model": "m", "max_tokens": 9, "system": [{"type": "text", "text": "be", "cache_control": {"type": "ephemeral"}}],
     "messages": [USER, {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "thinking", "thinking": "b",
     "signature": "s"}, {"type": "tool_use", "id": "t", "name": "send", "input": {"to": "x"}}]},
     {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "done"}]}]}],
     "tools": [{"name": "send", "description": "Sends", "input_schema": {"type": "object"}}], "tool_choice": {"type": "auto"},
     "temperature": 1, "stream": True, "metadata": {"user_id": "u"}, "stop_sequences": ["x"], "thinking": {"type": "enabled"}},
    {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn", "stop_sequence": None,
     "content": [{"type": "text", "text": "hi"}], "usage": {"input_tokens": 1, "output_tokens": 2}},
    {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}, "request_id": "req_1"},
]  # fmt: skip
ANTHROPIC_EVENTS = [
    {"type": "message_start", "message": ANTHROPIC[1]},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "tool_use", "id": "t", "name": "send", "input": {}},
    },
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "{"}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "thinking_delta", "thinking": "a"}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "signature_delta", "signature": "a"}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 1},
    },
    {"type": "message_stop"},
    {"type": "ping"},
]
PAYLOADS = [
    *(("openai", "json", each) for each in OPENAI),
    *(("openai", "sse", each) for each in OPENAI_EVENTS),
    *(("anthropic", "json", each) for each in ANTHROPIC),
    *(("anthropic", "sse", each) for each in ANTHROPIC_EVENTS),
]


def judged(api: str, kind: str, payload: object) -> Iterator[tuple[str, str, bytes]]:
    """Give path, judgement and value of each field of a payload."""
    octets = json.dumps(payload).encode()
    if kind == "sse":
        octets = b"event: x\ndata: " + octets + b"\n\ndata: [DONE]\n\n: ping\n\n"
    fields: Mapping[str, str] = MODEL_APIS[api].fields
    longest = max(map(len, fields))
    carrier = make_carrier(kind)
    for unit in [*carrier.feed(octets), *carrier.end()]:
        for item in unit.fields:
            if not item.is_key:
                yield item.path, judge_path(fields, item.path, longest), item.value


@pytest.mark.parametrize(("api", "kind", "payload"), PAYLOADS)
def test_what_an_api_is_documented_to_say_holds_no_unknown_field(api: str, kind: str, payload: object) -> None:
    assert {path for path, judgement, _ in judged(api, kind, payload) if judgement == "unknown"} <= {
        "data.response.previous_response_id"
    }


TEXT = "Ada Nowak, ada@posta-nova.net"
PROMPTS = [
    ("openai", {"messages": [{"role": "user", "content": TEXT}]}),
    ("openai", {"messages": [{"role": "user", "content": [{"type": "text", "text": TEXT}]}]}),
    ("openai", {"messages": [{"role": "assistant", "tool_calls": [{"function": {"arguments": TEXT}}]}]}),
    ("openai", {"messages": [{"role": "tool", "tool_call_id": "x", "content": TEXT}]}),
    ("openai", {"tools": [{"type": "function", "function": {"name": "f", "description": TEXT}}]}),
    ("openai", {"prompt": [TEXT], "user": TEXT, "suffix": TEXT, "metadata": {"x": TEXT}, "stop": [TEXT]}),
    ("openai", {"input": TEXT}),
    ("openai", {"input": [TEXT], "instructions": TEXT}),
    ("openai", {"input": [{"role": "user", "content": TEXT}, {"type": "function_call_output", "output": TEXT}]}),
    ("openai", {"input": [{"role": "user", "content": [{"type": "input_text", "text": TEXT}]}]}),
    ("anthropic", {"system": TEXT, "messages": [{"role": "user", "content": TEXT}], "metadata": {"user_id": TEXT}}),
    (
        "anthropic",
        {
            "messages": [
                {"content": [{"type": "tool_result", "content": TEXT}, {"type": "tool_use", "input": {"a": [TEXT]}}]}
            ]
        },
    ),
    ("anthropic", {"messages": [{"content": [{"type": "tool_result", "content": [{"type": "text", "text": TEXT}]}]}]}),
]


@pytest.mark.parametrize(("api", "prompt"), PROMPTS)
def test_every_text_of_a_prompt_is_looked_at(api: str, prompt: object) -> None:
    found = [judgement for _, judgement, value in judged(api, "json", prompt) if value == TEXT.encode()]
    assert found
    assert set(found) == {"scan"}


UNREADABLE = [
    ("openai", {"messages": [{"content": [{"type": "image_url", "image_url": {"url": TEXT}}]}]}),
    ("openai", {"messages": [{"content": [{"type": "input_audio", "input_audio": {"data": TEXT, "format": "wav"}}]}]}),
    ("openai", {"messages": [{"content": [{"type": "file", "file": {"file_data": TEXT, "filename": TEXT}}]}]}),
    ("openai", {"input": [{"content": [{"type": "input_image", "image_url": TEXT}, {"type": "input_file", "file_data": TEXT}]}]}),
    ("openai", {"previous_response_id": TEXT, "what_comes_tomorrow": {"x": TEXT}}),
    ("anthropic", {"messages": [{"content": [{"type": "image", "source": {"type": "base64", "data": TEXT}}]}]}),
    ("anthropic", {"messages": [{"content": [{"type": "document", "source": {"type": "url", "url": TEXT}}]}]}),
]  # fmt: skip


@pytest.mark.parametrize(("api", "prompt"), UNREADABLE)
def test_what_nobody_can_look_at_is_unknown(api: str, prompt: object) -> None:
    found = [judgement for _, judgement, value in judged(api, "json", prompt) if value == TEXT.encode()]
    assert found
    assert set(found) == {"unknown"}


@pytest.mark.parametrize("api", MODEL_APIS)
def test_an_api_judges_its_fields_with_the_policys_own_words(api: str) -> None:
    assert set(MODEL_APIS[api].fields.values()) <= {"none", "scan", "unknown", *CATEGORIES}


POLICY = """
version: 1
zones: {a: {label: a}}
assets: {model: {zone: a, kind: http, api: openai, fields: {"messages[].content": user.content, mine: none}}}
"""


def test_what_a_policy_says_of_a_field_wins_over_its_api() -> None:
    made: Policy = read("p.yaml", {"p.yaml": POLICY}, {})
    fields = made.assets[AssetName("model")].fields
    assert (fields["messages[].content"], fields["mine"], fields["prompt"]) == ("user.content", "none", "scan")
    assert made.hash != read("p.yaml", {"p.yaml": POLICY.replace("openai", "anthropic")}, {}).hash
