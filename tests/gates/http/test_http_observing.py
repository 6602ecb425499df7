"""Flows that observe: everything passes as it came, in every format, heads and streams too; the ledger says what would be."""

import asyncio
import gzip

import pytest
from http_stage import POLICY, Answer, chunked, policy, response, stage

from ringfence.gates.http.counting import Outcome
from ringfence.gates.http.turns import Mode

MODES = pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.name.lower())
OBSERVED = POLICY.replace("else: deny}", "else: deny, mode: observe}").replace(
    ', match: {method: POST, path: "/orders*"}', ""
)
MAIL, CARD = "ada@example.com", "4111 1111 1111 1111"

JSON = f'{{ "mail" : "{MAIL}",\r\n "card":"{CARD}" }}'.encode()
BODIES: dict[str, tuple[str, bytes, str]] = {
    "json": ("application/json", JSON, ""),
    "lines of json": ("application/x-ndjson", JSON.replace(b"\r\n", b"") + b"\n", ""),
    "csv": ("text/csv", f'mail,card\r\n"{MAIL}",{CARD}\r\n'.encode(), ""),
    "form": ("application/x-www-form-urlencoded", b"mail=ada%40example.com&card=4111+1111+1111+1111", ""),
    "events": ("text/event-stream", f"data: {MAIL} {CARD}\n\n".encode(), ""),
    "xml": ("application/xml", f"<a><mail>{MAIL}</mail><card n='{CARD}'/></a>".encode(), ""),
    "html": ("text/html", f"<p>{MAIL}</p><!-- {CARD} -->".encode(), ""),
    "text": ("text/plain", f"{MAIL} {CARD}".encode(), ""),
    "multipart": (
        "multipart/form-data; boundary=b",
        f'--b\r\ncontent-disposition: form-data; name="mail"\r\n\r\n{MAIL} {CARD}\r\n--b--\r\n'.encode(),
        "",
    ),
    "gzip": ("application/json", gzip.compress(JSON, mtime=0), "content-encoding: gzip\r\n"),
    "json that breaks off": ("application/json", JSON[:-5], ""),
    "no gzip": ("application/json", b"\x1f\x8bada@example.com", "content-encoding: gzip\r\n"),
    "an image": ("image/png", b"\x89PNG ada@example.com", ""),
    "text of no charset": ("text/plain; charset=utf-8", b"caf\xe9 ada@example.com", ""),
}
WOULD = {
    **dict.fromkeys(BODIES, "category-denied"),
    **dict.fromkeys(["json that breaks off", "no gzip", "an image", "text of no charset"], "undecodable"),
}


def fields_of(answer: Answer) -> set[tuple[str, str]]:
    """The head as it came, without what belongs to a connection."""
    own = {"connection", "transfer-encoding", "content-length", "date", "host", "x-forwarded-proto"}
    return {each for each in answer.fields if each[0] not in own}


@MODES
@pytest.mark.parametrize("name", BODIES)
def test_a_body_passes_octet_for_octet_both_ways_and_would_have_been_refused(name: str, mode: Mode) -> None:
    kind, body, more = BODIES[name]

    async def run() -> None:
        async with stage(policy(OBSERVED, mode.name.lower()), mode=mode) as one:
            tagged = f'{more}etag: "1"\r\naccept-ranges: bytes\r\ncontent-digest: sha-256=:AAAA:\r\n'
            one.shop.says["/orders"] = [response(body, kind, more=tagged)]
            answer = await one.ask("POST", "/orders", body, kind, more)
            assert (answer.status, answer.body) == (200, body)
            assert one.shop.requests[-1].body == body
            for field in ("etag", "accept-ranges", "content-digest"):
                assert answer.value(field) is not None, field
            would = [entry["would"] for entry in one.notes.bodies if entry["kind"] != "opened"]
            assert would == [WOULD[name]] * 2
            assert {entry["mode"] for entry in one.notes.bodies} == {"observe"}
            async with asyncio.timeout(20):
                while not sum(one.gate.counts.outcomes.values()):  # noqa: ASYNC110 (the gate tells nobody)
                    await asyncio.sleep(0.01)
            assert one.gate.counts.outcomes[Outcome.PASSED] == 1
            assert one.told == []

    asyncio.run(run())


@MODES
def test_heads_pass_as_they_came_with_what_asks_for_a_part_or_a_coding(mode: Mode) -> None:
    sent = {
        ("range", "bytes=3-9"),
        ("if-range", '"1"'),
        ("accept-encoding", "gzip, br"),
        ("x-who", MAIL),
        ("cookie", f"sid={MAIL}; card={CARD}"),
        ("referer", f"https://shop.example/?mail={MAIL}"),
    }
    said = f"x-who: {MAIL}\r\nset-cookie: a={MAIL}\r\nlocation: /c?m={MAIL}\r\naccept-ranges: bytes\r\n"

    async def run() -> None:
        async with stage(policy(OBSERVED, mode.name.lower()), mode=mode) as one:
            path = f"/c/{MAIL}"
            one.shop.says[path] = [response(b"\x00\x01", "application/octet-stream", "206 Partial Content", said)]
            answer = await one.ask(
                "GET", f"{path}?q={CARD.replace(' ', '+')}", more="".join(f"{k}: {v}\r\n" for k, v in sent)
            )
            assert answer.status == 206
            assert (answer.value("x-who"), answer.value("set-cookie")) == (MAIL, f"a={MAIL}")
            assert answer.value("location") == f"/c?m={MAIL}"
            asked = one.shop.requests[-1]
            assert asked.raw.split(b" ")[1] == f"{path}?q=4111+1111+1111+1111".encode()
            assert fields_of(asked) == sent
            request, answered, body = one.notes.bodies
            assert (request["would"], body["would"]) == ("category-denied", "undecodable")
            found = answered["found"]
            assert isinstance(found, list)
            assert {fact["form"] for fact in found} == {"mask"}  # it would have been

    asyncio.run(run())


def test_a_stream_passes_as_it_comes_with_its_trailers() -> None:
    async def run() -> None:
        async with stage(policy(OBSERVED)) as one:
            lines = [JSON.replace(b"\r\n", b"") + b"\n"] * 2000
            one.shop.says["/a"] = chunked(lines, "application/x-ndjson", b"x-who: ada@example.com\r\n")
            answer = await one.ask("GET", "/a", more="te: trailers\r\n")
            assert answer.body == b"".join(lines)
            assert b"x-who: ada@example.com" in answer.raw
            kinds = one.notes.kinds()
            assert kinds[0] in ("opened", "crossed")
            assert any("would" in entry for entry in one.notes.bodies)

    asyncio.run(run())


@MODES
def test_a_ledger_that_fails_holds_nothing_up_where_a_flow_observes(mode: Mode) -> None:
    async def run() -> None:
        async with stage(policy(OBSERVED, mode.name.lower()), mode=mode) as one:
            one.notes.fails = True
            one.shop.says["/a"] = [response(JSON)]
            assert (await one.ask("GET", "/a")).body == JSON

    asyncio.run(run())
