"""One verdict (law 5): the same cases over a real Envoy, in applications and in clients' transports; what comes out is compared."""

import asyncio
import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from http_cases import CASES, Case, make_askers
from http_local_stage import KINDS, Local, Place, local_stage, make_place, shop_running
from http_stage import Answer, Shop, Stage, policy, stage

from ringfence.access import open_identities
from ringfence.vault import load

NOT_COMPARED = {  # what a server or a client says of itself, and how octets are framed
    *("connection", "content-length", "date", "host", "keep-alive", "server", "transfer-encoding", "user-agent", "via"),
    *("accept", "accept-encoding", "x-forwarded-proto", "x-request-id", "te"),
}


@dataclass(frozen=True)
class Seen:
    """What came out at either end, and what was recorded."""

    status: int
    whole: bool
    fields: Any
    body: Any
    length: bool  # whether `Content-Length` is right, where there is one
    heard: Any
    entries: Any


def _fields(answer: Answer) -> list[tuple[str, str]]:
    return sorted(each for each in answer.fields if each[0] not in NOT_COMPARED)


def _body(answer: Answer) -> Any:
    if answer.value("content-type") != "application/problem+json" or b"crossing" not in answer.body:
        return answer.body
    return {name: value for name, value in json.loads(answer.body).items() if name not in ("crossing", "instance")}


def _entry(body: Mapping[str, Any]) -> Any:
    left_out = ("id", "crossing", "at", "v", "policy", "bytes_in", "bytes_out")
    told = {name: value for name, value in body.items() if name not in left_out}
    if body["kind"] in ("opened", "closed", "widened"):  # where a long body was cut between two pieces
        return {name: told[name] for name in ("kind", "flow", "mode", "principal")}
    if "found" in told:
        told["found"] = [_without_place(each) for each in told["found"]]
    return told


def _without_place(found: Mapping[str, Any]) -> Any:
    """Leave out where something stands in a head: what is counted from is what had to be looked at beside it."""
    in_head = all(each.startswith(("header.", "cookie.", "path", "query")) for each in found["fields"])
    return {name: value for name, value in found.items() if name != "places" or not in_head}


def _seen(case: Case, answer: Answer, shop: Shop, entries: Iterable[Mapping[str, Any]]) -> Seen:
    length = answer.value("content-length")
    heard = [
        (each.raw.split(b" ", 2)[:2], _fields(each), each.body)  # method and target
        for each in shop.requests
    ]
    is_right = length is None or case.method == "HEAD" or int(length) == len(answer.body)
    whole = answer.whole or case.method == "HEAD"
    recorded = [_entry(each) for each in entries]
    return Seen(answer.status, whole, _fields(answer), _body(answer), is_right, heard, recorded)


async def _ask(case: Case, shop: Shop, one: Stage | Local) -> Answer:
    shop.requests.clear()
    shop.says = {case.path.partition("?")[0]: case.says, "/orders/a%20b": case.says}
    answer: Answer = await one.ask(case.method, case.path, case.body, case.kind, case.more)
    return answer


def _by_policy() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, case in CASES.items():
        found.setdefault(case.policy, []).append(name)
    return found


@cache
def _behind_envoy() -> dict[str, Seen]:
    """Ask everything over Envoy, once."""
    seen: dict[str, Seen] = {}

    async def run(text: str, names: list[str], folder: Path) -> None:
        decided, keys = policy(text), load(folder / ".ringfence" / "keys")
        access = open_identities(decided, decided.gates["api"], folder, lambda _fault: None)
        async with stage(decided, access=access, asks=True, keys=keys) as one:
            for name in names:
                before = len(one.notes.bodies)
                answer = await _ask(CASES[name], one.shop, one)
                seen[name] = _seen(CASES[name], answer, one.shop, one.notes.bodies[before:])

    for text, names in _by_policy().items():
        with tempfile.TemporaryDirectory(prefix="rf-") as made:
            make_askers(Path(made))
            asyncio.run(run(text, names, Path(made)))
    return seen


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_out_is_what_comes_out_behind_envoy(kind: str) -> None:
    wrong: list[str] = []

    async def run(folder: Path, text: str, names: list[str]) -> Place:
        async with shop_running() as (shop, port):
            place = make_place(folder, policy_text(text, port))
            make_askers(folder)
            async with local_stage(kind, place, shop, port) as one:
                for name in names:
                    before = len(place.entries())
                    answer = await _ask(CASES[name], shop, one)
                    seen = _seen(CASES[name], answer, shop, place.entries()[before:])
                    wrong.extend(_differences(name, seen, _behind_envoy()[name]))
        return place

    # Envoy's are asked first: nothing of the loop here is to wait for it.
    asked = {name for name, seen in _behind_envoy().items() if seen.status and kind not in CASES[name].not_in}
    assert len(asked) > 250
    for text, names in _by_policy().items():
        with tempfile.TemporaryDirectory(prefix="rf-") as folder:
            asyncio.run(run(Path(folder), text, [name for name in names if name in asked])).end()
    assert not wrong, "\n".join(wrong[:20])


def policy_text(text: str, port: int) -> str:
    return text.replace("BODIES", "streamed").replace("http://127.0.0.1:1", f"http://127.0.0.1:{port}")


def _differences(name: str, own: Seen, envoys: Seen) -> list[str]:
    return [
        f"{name}: {part}\n  own    {str(getattr(own, part))[:600]}\n  envoys {str(getattr(envoys, part))[:600]}"
        for part in Seen.__dataclass_fields__
        if getattr(own, part) != getattr(envoys, part)
    ]
