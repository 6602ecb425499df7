"""The lines by which a program takes ringfence in, as the page shows them, each tried with the page's own policies."""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from docs_pages import DOCS, blocks

sys.path.insert(0, str(Path(__file__).parents[1] / "gates" / "http"))

from http_local_stage import Place, make_place

PAGE = DOCS / "http.md"
BODY = b'{"id": 7, "customer": {"name": "Ada Lovelace", "email": "ada@example.com"}}'
MASKED = b'{"id": 7, "customer": {"name": "Ada Lovelace", "email": "***************"}}'
JSON = [("content-type", "application/json")]


def shown(module: str) -> str:
    """Give the one example of a module."""
    [found] = [block.text for block in blocks(PAGE) if f"ringfence.integrations.{module} import" in block.text]
    return found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    [first, *_] = [block.text for block in blocks(PAGE) if block.kind == "yaml" and not block.said]
    [second] = [block.text for block in blocks(PAGE) if block.kind == "yaml" and "upstreams: [mailer]" in block.text]
    made = make_place(tmp_path, f"version: 1\ninclude: [base.yaml]\n{second}")
    (tmp_path / "base.yaml").write_text(first)
    monkeypatch.chdir(tmp_path)
    yield made
    made.end()


def test_the_lines_for_asgi_put_the_gate_before_an_application(place: Place) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": BODY})

    names: dict[str, Any] = {"app": app}
    exec(shown("asgi"), names)  # noqa: S102 (what the page shows is run)

    async def ask() -> bytes:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(names["app"]), base_url="http://shop") as client:
            return (await client.get("/orders/7")).content

    assert asyncio.run(ask()) == MASKED


def test_the_lines_for_wsgi_put_the_gate_before_an_application(place: Place) -> None:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", JSON)
        return [BODY]

    names: dict[str, Any] = {"app": app}
    exec(shown("wsgi"), names)  # noqa: S102 (what the page shows is run)
    with httpx.Client(transport=httpx.WSGITransport(names["app"]), base_url="http://shop") as client:
        assert client.get("/orders/7").content == MASKED


@pytest.mark.parametrize("module", ["httpx", "requests"])
def test_the_lines_for_a_client_let_it_ask_nobody_else(place: Place, module: str) -> None:
    names: dict[str, Any] = {"httpx": httpx, "requests": requests}
    exec(shown(module), names)  # noqa: S102 (what the page shows is run)
    with names.get("client") or names["session"] as client:
        answer = client.get("https://elsewhere.example.com/")
        assert (answer.status_code, answer.json()["reason"]) == (403, "not-allowed")
