"""A model behind the gate: what it is told are placeholders, what comes back is clear, however it comes."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from http_stage import Answer, Stage, policy, stage
from model_service import POLICY, Model

from ringfence.gates.http.turns import Mode
from ringfence.transform import KeyHandle, Keyring

KEYS = Keyring([KeyHandle("k-models", 1, bytes(range(32)))])
ADA, BOB, PHONE = "ada@posta-nova.net", "bob@posta-nova.net", "+33 1 42 68 53 00"
CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"


def on_stage(play: Callable[[Stage, Model], Awaitable[None]], text: str = POLICY, mode: Mode = Mode.STREAMED) -> Model:
    model = Model()

    async def run() -> None:
        async with stage(policy(text, mode.name.lower()), keys=KEYS, shop=model, mode=mode) as there:
            await play(there, model)
            assert there.told == []

    asyncio.run(run())
    return model


async def tell(stage: Stage, path: str, body: object, more: str = "") -> Answer:
    answer = await stage.ask("POST", path, json.dumps(body).encode(), more=more)
    assert answer.whole
    return answer


def turn(*texts: str, **more: object) -> dict[str, object]:
    return {"model": "m", "messages": [{"role": "user", "content": text} for text in texts], **more}


def events(answer: Answer) -> list[dict]:  # type: ignore[type-arg]
    assert answer.status == 200, answer.body
    return [json.loads(line[6:]) for line in answer.body.decode().splitlines() if line.startswith("data: {")]


def content(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    return str(json.loads(answer.body)["choices"][0]["message"]["content"])


@pytest.mark.parametrize("mode", Mode)
def test_a_model_is_told_placeholders_and_its_answer_comes_back_clear(mode: Mode) -> None:
    text = f"write to {ADA}, not to {BOB}; call {PHONE}; then write to {ADA}"

    async def play(stage: Stage, model: Model) -> None:
        assert content(await tell(stage, CHAT, turn(text))) == text
        assert stage.notes.bodies[-1]["kind"] == "crossed"

    model = on_stage(play, mode=mode)
    told = model.asked[0]["messages"][0]["content"]
    assert told == "write to [EMAIL_1], not to [EMAIL_2]; call +1 202 555 0100; then write to [EMAIL_1]"
    assert b"posta-nova" not in model.heard


def test_an_answer_that_streams_comes_back_clear_with_every_placeholder_cut() -> None:
    text = f"Hello Dr [EMAIL_1], {ADA} or {PHONE}; [EMAIL_9]"

    async def play(stage: Stage, _: Model) -> None:
        got = events(await tell(stage, CHAT, turn(text, stream=True)))
        assert "".join(each["choices"][0]["delta"].get("content", "") for each in got) == text
        assert got[-1]["choices"][0]["finish_reason"] == "stop"

    model = on_stage(play)
    assert model.asked[0]["messages"][0]["content"] == "Hello Dr [EMAIL_1], [EMAIL_2] or +1 202 555 0100; [EMAIL_9]"


@pytest.mark.parametrize("streams", [False, True])
def test_the_arguments_of_a_tools_call_come_back_clear_and_are_json(streams: bool) -> None:
    text = f'tell "them" \\ to write to {ADA}'

    async def play(stage: Stage, _: Model) -> None:
        answer = await tell(
            stage, CHAT, turn(text, stream=streams, tools=[{"type": "function", "function": {"name": "send"}}])
        )
        if streams:
            calls = [call for each in events(answer) for call in each["choices"][0]["delta"].get("tool_calls", ())]
            written = "".join(call["function"]["arguments"] for call in calls)
        else:
            written = json.loads(answer.body)["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
        assert json.loads(written) == {"to": ADA, "body": text}

    assert b"posta-nova" not in on_stage(play).heard


def test_messages_stream_clear_text_and_clear_arguments() -> None:
    async def play(stage: Stage, _: Model) -> None:
        body = {"max_tokens": 9, "system": f"you are {BOB}", **turn(f"mail {ADA}", stream=True)}
        got = [
            each["delta"] for each in events(await tell(stage, MESSAGES, body)) if each["type"] == "content_block_delta"
        ]
        assert "".join(delta.get("text", "") for delta in got) == f"mail {ADA}"
        assert json.loads("".join(delta.get("partial_json", "") for delta in got)) == {"to": ADA, "body": f"mail {ADA}"}

    model = on_stage(play, POLICY.replace("api: openai", "api: anthropic"))
    assert (model.asked[0]["system"], model.asked[0]["messages"][0]["content"]) == (
        "you are [EMAIL_1]",
        "mail [EMAIL_2]",
    )


def test_responses_stream_clear_and_so_does_the_whole_text_at_their_end() -> None:
    async def play(stage: Stage, _: Model) -> None:
        got = events(await tell(stage, RESPONSES, {"model": "m", "input": f"mail {ADA}.", "stream": True}))
        assert "".join(each["delta"] for each in got if each["type"].endswith("text.delta")) == f"mail {ADA}."
        assert got[-1]["response"]["output"][0]["content"][0]["text"] == f"mail {ADA}."

    assert on_stage(play).asked[0]["input"] == "mail [EMAIL_1]."


def test_embeddings_are_made_of_placeholders_and_come_back_as_they_are() -> None:
    async def play(stage: Stage, _: Model) -> None:
        answer = await tell(stage, "/v1/embeddings", {"model": "m", "input": [f"a {ADA}", "b"]})
        assert json.loads(answer.body)["data"][0]["embedding"] == [0.25, -0.5]

    assert on_stage(play).asked[0]["input"] == ["a [EMAIL_1]", "b"]


def test_a_history_that_is_sent_again_has_the_same_placeholders_and_leaves_nothing_on_the_disk() -> None:
    async def play(stage: Stage, _: Model) -> None:
        await tell(stage, CHAT, turn(f"I am {ADA}"))
        await tell(stage, CHAT, turn(f"I am {ADA}", f"and this is {BOB}"))
        assert not (stage.folder / "stand-ins.db").exists()

    model = on_stage(play)
    assert [each["content"] for each in model.asked[1]["messages"]] == ["I am [EMAIL_1]", "and this is [EMAIL_2]"]


OF_ADA = "x-conversation-id: c1\r\nauthorization: Bearer of-ada\r\n"


def test_a_conversation_that_is_named_goes_on_where_it_was_and_gives_back_what_came_before() -> None:
    async def play(stage: Stage, _: Model) -> None:
        await tell(stage, CHAT, turn(f"I am {ADA}"), OF_ADA)
        assert content(await tell(stage, CHAT, turn("who is [EMAIL_1]?"), OF_ADA)) == f"who is {ADA}?"
        got = events(await tell(stage, CHAT, turn(f"is {BOB} [EMAIL_1]?", stream=True), OF_ADA))
        assert "".join(each["choices"][0]["delta"].get("content", "") for each in got) == f"is {BOB} {ADA}?"

    assert on_stage(play).asked[2]["messages"][0]["content"] == "is [EMAIL_2] [EMAIL_1]?"


@pytest.mark.parametrize(
    "more",
    [
        "",
        "x-conversation-id: c2\r\nauthorization: Bearer of-ada\r\n",
        "x-conversation-id: c1\r\nauthorization: Bearer of-bob\r\n",
        "x-conversation-id: c1\r\n",
    ],
)
def test_who_guesses_a_placeholder_of_another_conversation_or_asker_gets_nothing(more: str) -> None:
    async def play(stage: Stage, _: Model) -> None:
        await tell(stage, CHAT, turn(f"I am {ADA}"), OF_ADA)
        answer = await tell(stage, CHAT, turn("[EMAIL_1] [EMAIL_2] [email_1]"), more)
        assert content(answer) == "[EMAIL_1] [EMAIL_2] [email_1]"

    on_stage(play)


def test_a_conversation_may_be_named_by_the_body() -> None:
    async def play(stage: Stage, _: Model) -> None:
        first = {"model": "m", "input": f"I am {ADA}", "stream": True, "conversation": "conv_1"}
        await tell(stage, RESPONSES, first)
        got = events(await tell(stage, RESPONSES, {**first, "input": "[EMAIL_1]?"}))
        assert "".join(each["delta"] for each in got if each["type"].endswith("text.delta")) == f"{ADA}?"
        other = events(await tell(stage, RESPONSES, {**first, "input": "[EMAIL_1]?", "conversation": "conv_2"}))
        assert "".join(each["delta"] for each in other if each["type"].endswith("text.delta")) == "[EMAIL_1]?"

    on_stage(play)


def test_a_vault_that_is_silent_refuses_what_needs_it_and_nothing_else() -> None:
    model = Model()

    async def run() -> None:
        async with stage(policy(POLICY), keys=KEYS, shop=model) as there:
            (there.folder / "stand-ins.db").write_bytes(b"no store")
            (there.folder / "stand-ins.db").chmod(0o600)
            refused = await tell(there, CHAT, turn(f"I am {ADA}"), OF_ADA)
            assert refused.status == 503
            assert b"vault-unavailable" in refused.body
            assert b"posta-nova" not in refused.body + model.heard
            assert content(await tell(there, CHAT, turn(f"I am {ADA}"))) == f"I am {ADA}"
            assert len(there.told) == 1

    asyncio.run(run())


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
SOUND = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}


@pytest.mark.parametrize("part", [IMAGE, SOUND, {"type": "file", "file": {"file_data": "JVBERi0="}}])
def test_pictures_and_sound_do_not_cross_unless_the_policy_says_so(part: object) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "look"}, part]}]}
    judged = POLICY.replace("api: openai", "api: openai, fields: {'messages[].content[].image_url': none, "
                            "'messages[].content[].input_audio': none, 'messages[].content[].file': none}")  # fmt: skip

    async def refused(stage: Stage, model: Model) -> None:
        assert (await tell(stage, CHAT, body)).status == 403
        assert model.asked == []

    async def passed(stage: Stage, _: Model) -> None:
        assert content(await tell(stage, CHAT, body)).startswith("look")

    on_stage(refused)
    on_stage(passed, judged)


def test_what_the_server_remembers_by_a_response_is_refused_for_its_numbers_are_of_another_conversation() -> None:
    async def play(stage: Stage, _: Model) -> None:
        answer = await tell(stage, RESPONSES, {"model": "m", "input": "x", "previous_response_id": "resp_1"})
        assert answer.status == 403

    on_stage(play)
