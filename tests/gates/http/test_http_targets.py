"""Paths in process are spelt as Envoy spells them before its gate, or refused as it refuses them."""

import asyncio
import random
import re

import pytest
from http_stage import Stage, stage

from ringfence.gates.http.targets import BadTarget, normalised

PARTS = [
    "/",
    "/",
    "/",
    ".",
    "..",
    "a",
    "b",
    "%2e",
    "%2E",
    "%61",
    "%41",
    "%2f",
    "%5c",
    "%00",
    "%20",
    "%zz",
    "%",
    "\\",
    ";x",
]
PARTS += [
    "{",
    "}",
    "|",
    "^",
    '"',
    "<",
    "%C3%A9",
    "~",
    "%7e",
    "+",
    ":",
    "@",
    "&",
    "=",
    "!",
    "$",
    "'",
    "(",
    "*",
    ",",
    "-",
    "_",
]
STRICTER = re.compile(r"%(%32|2%46|%35|5%43)|[/\\](\.|%2e){1,2};", re.IGNORECASE)
KNOWN = ["/a/./b", "/a/../b", "/../b", "/a//b", "//a", "/a/b/..", "/a/.", "/a\\b", "/...", "/a/...//"]


def _own(path: str) -> str | None:
    try:
        return normalised(path)
    except BadTarget:
        return None


async def _envoys(one: Stage, path: str) -> str | None:
    heard = len(one.shop.requests)
    await one.ask("GET", path)
    return one.shop.requests[-1].raw.split(b" ", 2)[1].decode() if len(one.shop.requests) > heard else None


def test_envoy_and_the_middleware_make_the_same_of_a_path() -> None:
    chance = random.Random(7)
    made = ["/" + "".join(chance.choices(PARTS, k=chance.randint(1, 7))) for _ in range(400)]
    octets = [f"/a%{octet:02x}b" for octet in range(256)]

    async def run() -> None:
        async with stage() as one:
            for path in [*KNOWN, *octets, *made]:
                own, envoys = _own(path), await _envoys(one, path)
                if own is None:
                    assert envoys is None or STRICTER.search(path), path
                else:
                    # Of three slashes at the beginning Envoy leaves two.
                    assert envoys is not None, path
                    assert envoys.replace("//", "/") == own, path

    asyncio.run(run())


@pytest.mark.parametrize("path", ["", "*", "a", "/a#b", "/a%2fb", "/a%5Cb", "/a%00", "/%%32fb", "/a/..;x/b", "/.;"])
def test_a_path_that_is_read_in_two_ways_is_refused(path: str) -> None:
    with pytest.raises(BadTarget):
        normalised(path)


@pytest.mark.parametrize("path", ["/a/%2e%2e;/b", "/a/.%2e;x=1/b", "/a/%2E;", "/a/%2e%2E;"])
def test_dots_with_a_parameter_reach_no_service_over_envoy(path: str) -> None:
    """Envoy follows `..;` and leaves `%2e%2e;`, which some services follow: to another path than the verdict was made for."""

    async def run() -> None:
        async with stage() as one:
            answer = await one.ask("GET", path)
            assert answer.status == 403
            assert b"dots that have a parameter" in answer.body
            assert one.shop.requests == []

    asyncio.run(run())


def test_what_is_spelt_well_stays_as_it_is_and_twice_is_once() -> None:
    chance = random.Random(8)
    for path in ("/", "/a", "/a/", "/a%20b/c;x=1", "/%C3%A9", "/a..b/..c"):
        assert normalised(path) == path
    for _ in range(2000):
        once = _own("/" + "".join(chance.choices(PARTS, k=chance.randint(1, 9))))
        assert once is None or normalised(once) == once
