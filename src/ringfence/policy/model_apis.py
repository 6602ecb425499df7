"""The APIs of language models, as fields: what is text of a prompt or an answer, what is harmless, what nobody can look at.

The rule: this is data. A path that is not here is unknown, and takes the flow's `unknown`: what a vendor adds tomorrow does not
cross by itself. Text is `scan`; names of models and kinds, numbers and identifiers that the API itself made are `none`; images,
sound and files that stand in the JSON, or that an address leads to, are `unknown`. So are identifiers of what the server remembers
(`previous_response_id`): what stands there was numbered in another conversation. Tool arguments and results are text.

Below ``data`` stand the same fields as events of a stream have them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

NONE: Final = "none"
SCAN: Final = "scan"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class ModelApi:
    """What an API's fields are judged, and the fields of a request that name its conversation."""

    fields: Mapping[str, str] = field(default_factory=dict)
    conversation: tuple[str, ...] = ()


NO_API: Final = ModelApi()


def _words(names: str) -> list[str]:
    return names.split()


_OPENAI_REQUEST: Final[Mapping[str, str]] = {
    # all
    **dict.fromkeys(
        _words(
            "model max_tokens max_completion_tokens max_output_tokens temperature top_p top_k n stream stream_options seed store "
            "presence_penalty frequency_penalty repetition_penalty min_p logit_bias logprobs top_logprobs service_tier modalities "
            "reasoning reasoning_effort verbosity parallel_tool_calls tool_choice truncation include best_of echo encoding_format "
            "dimensions background max_tool_calls keep_alive conversation thread_id prompt_cache_key"
        ),
        NONE,
    ),
    "metadata": SCAN,
    "user": SCAN,
    "safety_identifier": SCAN,
    "tools": SCAN,
    "functions": SCAN,
    "response_format": SCAN,
    "text": SCAN,
    "stop": SCAN,
    "prediction": SCAN,
    # chat completions
    "messages[].role": NONE,
    "messages[].name": SCAN,
    "messages[].content": SCAN,
    "messages[].refusal": SCAN,
    "messages[].reasoning_content": SCAN,
    "messages[].tool_call_id": NONE,
    "messages[].tool_calls[].id": NONE,
    "messages[].tool_calls[].type": NONE,
    "messages[].tool_calls[].index": NONE,
    "messages[].tool_calls[].function": SCAN,
    "messages[].function_call": SCAN,
    "messages[].content[].type": NONE,
    "messages[].content[].image_url": UNKNOWN,
    "messages[].content[].image_url.detail": NONE,
    "messages[].content[].input_audio": UNKNOWN,
    "messages[].content[].input_audio.format": NONE,
    "messages[].content[].file": UNKNOWN,
    "messages[].audio": UNKNOWN,
    # completions
    "prompt": SCAN,
    "suffix": SCAN,
    # embeddings and responses
    "input": SCAN,
    "input[].type": NONE,
    "input[].role": NONE,
    "input[].id": NONE,
    "input[].call_id": NONE,
    "input[].status": NONE,
    "input[].encrypted_content": UNKNOWN,
    "input[].result": UNKNOWN,
    "input[].content[].type": NONE,
    "input[].content[].image_url": UNKNOWN,
    "input[].content[].file_id": UNKNOWN,
    "input[].content[].file_data": UNKNOWN,
    "input[].content[].file_url": UNKNOWN,
    "input[].content[].input_audio": UNKNOWN,
    "input[].output[].type": NONE,
    "input[].output[].image_url": UNKNOWN,
    "input[].output[].file_data": UNKNOWN,
    "instructions": SCAN,
    "previous_response_id": UNKNOWN,
}

_OPENAI_OUTPUT: Final[Mapping[str, str]] = {  # an item that a response puts out
    "type": NONE,
    "id": NONE,
    "status": NONE,
    "role": NONE,
    "call_id": NONE,
    "name": SCAN,
    "content": SCAN,
    "content[].type": NONE,
    "content[].logprobs": SCAN,
    "summary": SCAN,
    "arguments": SCAN,
    "input": SCAN,
    "action": SCAN,
    "results": SCAN,
    "encrypted_content": UNKNOWN,
    "result": UNKNOWN,
}

_OPENAI_ANSWER: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        _words(
            "id object created created_at completed_at model system_fingerprint service_tier usage status background type "
            "sequence_number item_id output_index content_index summary_index obfuscation incomplete_details"
        ),
        NONE,
    ),
    "choices[].index": NONE,
    "choices[].finish_reason": NONE,
    "choices[].text": SCAN,
    "choices[].logprobs": SCAN,
    "choices[].content_filter_results": NONE,
    **{
        f"choices[].{part}{rest}": judged
        for part in ("message", "delta")
        for rest, judged in {
            "": SCAN,
            ".role": NONE,
            ".tool_calls[].id": NONE,
            ".tool_calls[].type": NONE,
            ".tool_calls[].index": NONE,
            ".audio": UNKNOWN,
        }.items()
    },
    "prompt_filter_results": NONE,
    # embeddings
    "data[].object": NONE,
    "data[].index": NONE,
    "data[].embedding": NONE,
    # responses
    **{f"output[].{path}": judged for path, judged in _OPENAI_OUTPUT.items()},
    "output_text": SCAN,
    "error": SCAN,
}

_RESPONSE_ECHOES: Final[Mapping[str, str]] = {  # a response repeats what was asked
    path: judged
    for path, judged in _OPENAI_REQUEST.items()
    if not path.startswith(("messages", "input", "prompt", "stop", "stream", "functions"))
}

_OPENAI_EVENT: Final[Mapping[str, str]] = {
    **_OPENAI_ANSWER,
    "delta": SCAN,
    "text": SCAN,
    "refusal": SCAN,
    "arguments": SCAN,
    "logprobs": SCAN,
    "code": SCAN,
    "message": SCAN,
    "param": SCAN,
    "input": SCAN,
    "part": SCAN,
    "part.type": NONE,
    "annotation": SCAN,
    "annotation_index": NONE,
    "partial_image_b64": UNKNOWN,
    **{f"item.{path}": judged for path, judged in _OPENAI_OUTPUT.items()},
    **{f"response.{path}": judged for path, judged in {**_RESPONSE_ECHOES, **_OPENAI_ANSWER}.items()},
    "response.previous_response_id": NONE,
}

_ANTHROPIC_BLOCK: Final[Mapping[str, str]] = {  # a part of a message's content
    "type": NONE,
    "id": NONE,
    "tool_use_id": NONE,
    "name": NONE,
    "cache_control": NONE,
    "signature": NONE,
    "data": UNKNOWN,  # thinking that only the vendor can read
    "source": UNKNOWN,
    "source.type": NONE,
    "source.media_type": NONE,
}

_ANTHROPIC_REQUEST: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        _words(
            "model max_tokens temperature top_p top_k stream stop_sequences service_tier thinking tool_choice anthropic_version "
            "container"
        ),
        NONE,
    ),
    "metadata": SCAN,
    "system": SCAN,
    "system[].type": NONE,
    "system[].cache_control": NONE,
    "tools": SCAN,
    "messages[].role": NONE,
    "messages[].content": SCAN,
    **{f"messages[].content[].{path}": judged for path, judged in _ANTHROPIC_BLOCK.items()},
    "messages[].content[].content[].type": NONE,
    "messages[].content[].content[].source": UNKNOWN,
    "messages[].content[].content[].source.type": NONE,
    "messages[].content[].content[].source.media_type": NONE,
}

_ANTHROPIC_ANSWER: Final[Mapping[str, str]] = {
    **dict.fromkeys(_words("id type role model stop_reason usage container input_tokens"), NONE),
    "stop_sequence": SCAN,
    "content": SCAN,
    **{f"content[].{path}": judged for path, judged in _ANTHROPIC_BLOCK.items()},
    "error": SCAN,
    "request_id": NONE,
}

_ANTHROPIC_EVENT: Final[Mapping[str, str]] = {
    **{f"message.{path}": judged for path, judged in _ANTHROPIC_ANSWER.items()},
    **dict.fromkeys(_words("type index usage"), NONE),
    "delta": SCAN,
    "delta.type": NONE,
    "delta.stop_reason": NONE,
    "delta.signature": NONE,
    "content_block": SCAN,
    **{f"content_block.{path}": judged for path, judged in _ANTHROPIC_BLOCK.items()},
    "error": SCAN,
    "error.type": NONE,
}


_HEADERS: Final = _words(  # credentials for the service, as `Authorization` is, and what vendors' own clients send
    "x-api-key api-key anthropic-version anthropic-beta openai-beta openai-organization openai-project x-request-id request-id "
    "x-client-request-id"
)


def _api(
    request: Mapping[str, str], answer: Mapping[str, str], event: Mapping[str, str], conversation: Iterable[str] = ()
) -> ModelApi:
    """Put an API's fields together. What is judged in two ways is text: its content decides."""
    fields = dict(request)
    for path, judged in answer.items():
        fields[path] = judged if fields.get(path, judged) == judged else SCAN
    fields |= {f"data.{path}": judged for path, judged in event.items()}
    heads = {f"header.{name}": NONE for name in _HEADERS}
    return ModelApi({**fields, **heads, "data": SCAN, "event": NONE, "comment": SCAN}, tuple(conversation))


MODEL_APIS: Final[Mapping[str, ModelApi]] = {
    "openai": _api(
        _OPENAI_REQUEST,
        {**_RESPONSE_ECHOES, **_OPENAI_ANSWER},
        _OPENAI_EVENT,
        ("conversation", "conversation.id", "thread_id"),
    ),
    "anthropic": _api(_ANTHROPIC_REQUEST, _ANTHROPIC_ANSWER, _ANTHROPIC_EVENT),
}
"""The APIs, by the policy's word for them."""
