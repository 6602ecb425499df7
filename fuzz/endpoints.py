"""Paths of requests against declared endpoints: which one is meant is what a search through all of them says."""

import re
from urllib.parse import unquote_to_bytes

from ringfence.policy.endpoints import Endpoints
from ringfence.policy.model import Endpoint

TEMPLATES = (
    "/",
    "/a",
    "/a/{x}",
    "/a/b",
    "/{x}/b",
    "/a/{x}.json",
    "/a/{x}-{y}",
    "/a/v{x}.json",
    "/a/{x}/c/{y}",
    "/a/b/{x}/d",
    "/{x}/b/c/d",
    "/caf%C3%A9/{x}",
    "/{x}/",
)
SEEDS = [template.encode() for template in TEMPLATES] + [
    b"/a/b/c/d",
    b"/a/%62",
    b"/a/v1.json",
    b"/a/1-2-3",
    b"/a/..%2f",
    b"/x/\xff",
]

_ENDPOINTS = [Endpoint("GET", template) for template in TEMPLATES]
_ALL = Endpoints(_ENDPOINTS)


def _decoded(text: str) -> str:
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _pattern(template: str) -> "list[re.Pattern[str]]":
    made = []
    for segment in template[1:].split("/"):
        literals = [re.escape(_decoded(each)) for each in re.split(r"\{[^}]*\}", segment)]
        made.append(re.compile("(.+)".join(literals), re.DOTALL))
    return made


_PATTERNS = {each.name: _pattern(each.path) for each in _ENDPOINTS}


def _fits(name: str, read: list[str]) -> bool:
    patterns = _PATTERNS[name]
    return len(patterns) == len(read) and all(one.fullmatch(text) for one, text in zip(patterns, read, strict=True))


def _sample(name: str) -> list[str]:
    """Give a path that fits a template, and little else."""
    return [_decoded(each) for each in re.sub(r"\{[^}]*\}", "\N{SNOWMAN}", name.partition(" ")[2])[1:].split("/")]


def _meant(path: str) -> str | None:
    read = [_decoded(each) for each in path[1:].split("/")]
    if not path.startswith("/") or any(each in (".", "..") or set(each) & set("/\\\0") for each in read):
        return None
    fitting = [each.name for each in _ENDPOINTS if _fits(each.name, read)]
    within = [one for one in fitting if all(_fits(other, _sample(one)) for other in fitting)]
    return within[0] if within else None


def target(data: bytes) -> None:
    """Find what is meant, in two ways; the parameters stand in the path, in their order."""
    path = data.decode("utf-8", "surrogateescape")
    found = _ALL.find("GET", path)
    meant = _meant(path)
    if found is None:
        # Where encoding hides which of two parameters of one segment is which, nobody is meant.
        assert meant is None or ("%" in path and "}-{" in meant), meant
        return
    assert found.endpoint.name == meant, (found.endpoint.name, meant)
    at = 0
    for _, start, end in found.params:
        assert at < start < end <= len(path)
        at = end
