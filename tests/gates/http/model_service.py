"""A model's service that says back what it was told: whole, in events of a few letters, as a tool's call, as vectors."""

import asyncio
import json
from collections.abc import Iterable, Iterator

from http_stage import Shop, chunked, read_message, response

LETTERS = 3  # of an event

POLICY = """
version: 1
zones: {office: {label: office}, models: {label: models, controlled: false}}
assets: {model: {zone: models, kind: http, at: "http://127.0.0.1:1", api: openai}}
keys: {k-models: {zones: [office]}}
forms:
  ph: {transform: placeholder, key: k-models}
  alike: {transform: surrogate, key: k-models}
gates:
  api: {kind: http, listen: "127.0.0.1:8080", upstream: model, clients: office, bodies: BODIES,
        conversation: [header.x-conversation-id]}
flows:
  - {id: asks, from: office, to: model, via: {gate: api}, carry: {user.contact.phone_number: alike}, else: ph}
  - {id: says, from: model, to: office, via: {gate: api}, carry: {"*": clear}, unknown: scan, restore: true}
"""


class Model(Shop):
    """Answers with the last text that it was told; keeps the bodies that reached it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict] = []  # type: ignore[type-arg]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await read_message(reader, self)
                path = request.raw.split(b" ", 2)[1].decode()
                body = json.loads(request.body) if request.body else {}
                self.asked.append(body)
                for piece in answer_of(path, body):
                    writer.write(piece)
                    await writer.drain()
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()


def answer_of(path: str, body: dict) -> Iterable[bytes]:  # type: ignore[type-arg]
    match path.rpartition("/")[2]:
        case "completions" if body.get("stream"):
            return chunked(sse(chat_events(body)), "text/event-stream")
        case "completions":
            return [response(json.dumps(chat(body)).encode())]
        case "messages" if body.get("stream"):
            return chunked(sse(message_events(body)), "text/event-stream")
        case "responses" if body.get("stream"):
            return chunked(sse(response_events(body)), "text/event-stream")
        case "embeddings":
            texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
            data = [{"object": "embedding", "index": at, "embedding": [0.25, -0.5]} for at in range(len(texts))]
            return [
                response(
                    json.dumps({"object": "list", "model": "m", "data": data, "usage": {"total_tokens": 1}}).encode()
                )
            ]
        case _:
            return [response(json.dumps({"error": {"message": "no such path"}}).encode(), status="404 Not Found")]


def said(body: dict) -> str:  # type: ignore[type-arg]
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)


def pieces(text: str) -> Iterator[str]:
    return (text[at : at + LETTERS] for at in range(0, len(text), LETTERS))


def arguments(text: str) -> str:
    return json.dumps({"to": text.split()[-1], "body": text})


def chat(body: dict) -> object:  # type: ignore[type-arg]
    message: dict[str, object] = {"role": "assistant", "content": said(body)}
    if "tools" in body:
        function = {"name": "send", "arguments": arguments(said(body))}
        message = {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "t1", "type": "function", "function": function}],
        }
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
        "usage": usage,
    }


def chat_events(body: dict) -> Iterator[object]:  # type: ignore[type-arg]
    def event(delta: object, reason: str | None = None) -> object:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}

    yield event({"role": "assistant", "content": ""})
    if "tools" in body:
        yield event(
            {
                "tool_calls": [
                    {"index": 0, "id": "t1", "type": "function", "function": {"name": "send", "arguments": ""}}
                ]
            }
        )
        for piece in pieces(arguments(said(body))):
            yield event({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    else:
        for piece in pieces(said(body)):
            yield event({"content": piece})
    yield event({}, "stop")
    yield "[DONE]"


def message_events(body: dict) -> Iterator[object]:  # type: ignore[type-arg]
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None}
    yield {"type": "message_start", "message": {**message, "usage": {"input_tokens": 1, "output_tokens": 1}}}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    yield {"type": "ping"}
    for piece in pieces(said(body)):
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
    yield {"type": "content_block_stop", "index": 0}
    yield {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "tool_use", "id": "t", "name": "send", "input": {}},
    }
    for piece in pieces(arguments(said(body))):
        yield {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": piece}}
    yield {"type": "content_block_stop", "index": 1}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 2},
    }
    yield {"type": "message_stop"}


def response_events(body: dict) -> Iterator[object]:  # type: ignore[type-arg]
    text, place = str(body["input"]), {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    yield {"type": "response.created", "response": {"id": "resp_1", "object": "response", "model": "m", "output": []}}
    for number, piece in enumerate(pieces(text)):
        yield {"type": "response.output_text.delta", **place, "delta": piece, "sequence_number": number}
    yield {"type": "response.output_text.done", **place, "text": text}
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    yield {
        "type": "response.completed",
        "response": {"id": "resp_1", "object": "response", "model": "m", "output": [item]},
    }


def sse(events: Iterable[object]) -> Iterator[bytes]:
    for event in events:
        if isinstance(event, str):
            yield f"data: {event}\n\n".encode()
            continue
        kind = event.get("type") if isinstance(event, dict) else None
        yield (f"event: {kind}\n" if kind else "").encode() + b"data: " + json.dumps(event).encode() + b"\n\n"
