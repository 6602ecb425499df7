"""Which declared endpoint a request asks for: path templates, matched as OpenAPI means them.

The rule: concrete before templated. Where a path could mean two templates, and neither is the more concrete (`/{a}/me`,
`/orders/{id}`), it means none, for nobody can say which one the service takes; two that differ in names alone cannot be declared
together. What readers could read in two ways (an escaped slash, `..`) is no endpoint at all. A path is compared as the service
reads it, percent-encoding undone, and costs by its own length and not by how many endpoints there are.

Here HEAD asks for what GET says without its body (RFC 9110), and OPTIONS what may be done with a path: where only those are not
declared themselves, they belong to the path's others.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ringfence.policy.model import Endpoint

MOST_PATH: Final = 16 * 1024  # characters of a request's path that is compared; a longer one is nobody's

MOST_SEGMENTS: Final = 64  # of a template
_TWO_READINGS: Final = frozenset("/\\\0")  # in a segment, once it is decoded
_DOTS: Final = (".", "..")

Param: TypeAlias = tuple[str, int, int]
"""A path parameter's name, and where its value begins and ends in the request's path, in characters."""


class BadTemplate(ValueError):
    """A path that cannot be a template. `what` and `mend` are words of ringfence's own."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n  {mend}")


@dataclass(frozen=True, slots=True)
class Segment:
    """What stands between two slashes: literals around the parameters; none around a literal alone."""

    literals: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def is_free(self) -> bool:
        """Whether it is one parameter and nothing else."""
        return self.literals == ("", "")

    def spans(self, text: str) -> list[tuple[int, int]] | None:
        """Say where the parameters' values stand in a text; None where it does not fit. Each has a character at least."""
        first, *rest = self.literals
        if not rest:
            return [] if text == first else None
        if not text.startswith(first):
            return None
        found, at, end = list[tuple[int, int]](), len(first), len(text) - len(rest[-1])
        for literal in rest[:-1]:
            to = text.find(literal, at + 1, end)
            if to < 0:
                return None
            found.append((at, to))
            at = to + len(literal)
        if at >= end or not text.endswith(rest[-1]):
            return None
        return [*found, (at, end)]


def segments_of(path: str) -> tuple[Segment, ...]:
    """Read a template: ``/customers/{id}``. Raises `BadTemplate`."""
    if not path.startswith("/"):
        raise BadTemplate("a path that does not begin with a slash", "write `GET /customers/{id}`")
    if any(not c.isprintable() or c in " ?#\\" for c in path):
        raise BadTemplate("a path with a blank, a `?`, a `#` or what cannot be printed in it", "encode it: %20")
    made = tuple(_segment(each) for each in path[1:].split("/"))
    if len(made) > MOST_SEGMENTS:
        raise BadTemplate(f"a path of more than {MOST_SEGMENTS} segments", "shorten it")
    names = [name for each in made for name in each.names]
    if len(set(names)) < len(names):
        raise BadTemplate("two parameters of the path have one name", "give each a name of its own")
    if any(each.literals == ("",) for each in made[:-1]) or any(
        not each.names and each.literals[0] in _DOTS for each in made
    ):
        raise BadTemplate(
            "a path that no request has: `//`, `.` or `..` in it", "write it as the service is asked for it"
        )
    return made


def _segment(text: str) -> Segment:
    literals, names = [""], list[str]()
    at = 0
    while (start := text.find("{", at)) >= 0:
        end = text.find("}", start)
        name = text[start + 1 : end]
        if end < 0 or not name or "{" in name:
            raise BadTemplate("braces in the path that are no parameter", "write a parameter as {name}")
        if names and start == at:
            raise BadTemplate("two parameters of the path with nothing between them", "have them read as one")
        literals[-1] = text[at:start]
        literals.append("")
        names.append(name)
        at = end + 1
    literals[-1] = text[at:]
    if any("}" in literal for literal in literals):
        raise BadTemplate("braces in the path that are no parameter", "write a parameter as {name}")
    decoded = tuple(map(_decoded, literals))
    if any(not _TWO_READINGS.isdisjoint(literal) for literal in decoded):
        raise BadTemplate("an escaped slash in the path, which no request may have", "leave it out")
    return Segment(decoded, tuple(names))


_OCTETS: Final = {b"%02x" % octet: bytes([octet]) for octet in range(256)}


def _decoded(text: str) -> str:
    """Undo percent-encoding (RFC 3986). What only looks like it stays as it is."""
    first, *rest = text.encode("utf-8", "surrogateescape").split(b"%")
    read = [first]
    for part in rest:
        octet = _OCTETS.get(part[:2].lower())
        read += (b"%", part) if octet is None else (octet, part[2:])
    return b"".join(read).decode("utf-8", "surrogateescape")


def shape_of(path: str) -> str:
    """Give a template without its parameters' names: two of one shape are the same endpoint.

    >>> shape_of("/customers/{id}/orders/{no}.json")
    '/customers/{}/orders/{}.json'
    """
    return "/" + "/".join("{}".join(each.literals) for each in segments_of(path))


@dataclass(slots=True)
class _Node:
    """What may follow a beginning of a path: literals, segments with literals in them, any segment."""

    literal: "dict[str, _Node]" = field(default_factory=dict)
    partial: "dict[tuple[str, ...], tuple[Segment, _Node]]" = field(default_factory=dict)
    free: "_Node | None" = None
    ends: tuple[Endpoint, tuple[Segment, ...]] | None = None

    def made(self, segment: Segment) -> "_Node":
        """Give the node behind a segment, made where there is none."""
        if not segment.names:
            return self.literal.setdefault(segment.literals[0], _Node())
        if segment.is_free:
            self.free = self.free or _Node()
            return self.free
        return self.partial.setdefault(segment.literals, (segment, _Node()))[1]


@dataclass(frozen=True, slots=True)
class Found:
    """The endpoint that a request asks for, and where the parameters stand in its path."""

    endpoint: Endpoint
    params: tuple[Param, ...] = ()


class Endpoints:
    """An asset's declared endpoints, to be found by method and path."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._roots: dict[str, _Node] = {}
        self.words: set[str] = set()  # the segments without a parameter: words of the policy
        self._rivals: dict[str, list[tuple[Segment, ...]]] = {}  # of an endpoint, by its name
        endpoints = list(endpoints)
        for first, second in rivals(endpoints):
            self._rivals.setdefault(first.name, []).append(segments_of(second.path))
            self._rivals.setdefault(second.name, []).append(segments_of(first.path))
        for each in endpoints:
            segments = segments_of(each.path)
            self.words.update(one.literals[0] for one in segments if not one.names)
            node = self._roots.setdefault(each.method, _Node())
            for segment in segments:
                node = node.made(segment)
            node.ends = node.ends or (each, segments)

    def find(self, method: str, path: str) -> Found | None:
        """Give the endpoint of a request, by its path as it came, without a query. None: nobody declared it."""
        if not path.startswith("/") or len(path) > MOST_PATH:
            return None
        raw = path[1:].split("/")
        try:
            read = [_decoded(each) if "%" in each else each for each in raw]
        except UnicodeEncodeError:  # half a character, which came from nowhere
            return None
        if any(each in _DOTS or not _TWO_READINGS.isdisjoint(each) for each in read):
            return None
        found = self._found(method, read)
        if found is None and method == "HEAD":
            found = self._found("GET", read)
        if found is None and method == "OPTIONS":
            other = next(filter(None, (self._found(each, read) for each in self._roots)), None)
            found = (Endpoint("OPTIONS", other[0].path), other[1]) if other is not None else None
        if found is None:
            return None
        params = _params(raw, found[1])
        return Found(found[0], params) if params is not None else None

    def _found(self, method: str, read: list[str]) -> tuple[Endpoint, tuple[Segment, ...]] | None:
        root = self._roots.get(method)
        found = _walk(root, read, 0) if root is not None else None
        if found is not None and self._rivals:
            others = self._rivals.get(found[0].name, ())
            if any(all(one.spans(text) is not None for one, text in zip(each, read, strict=True)) for each in others):
                return None
        return found


def _walk(node: _Node, read: list[str], at: int) -> tuple[Endpoint, tuple[Segment, ...]] | None:
    """Follow a path, the most concrete way first. Each node is come by once at most; templates have few segments."""
    if at == len(read):
        return node.ends
    text = read[at]
    below = node.literal.get(text)
    found = _walk(below, read, at + 1) if below is not None else None
    if found is None and node.partial:
        fitting = ((segment, next_) for segment, next_ in node.partial.values() if segment.spans(text) is not None)
        for _, next_ in sorted(fitting, key=lambda each: -sum(map(len, each[0].literals))):
            found = found or _walk(next_, read, at + 1)
    if found is None and node.free is not None and text:
        found = _walk(node.free, read, at + 1)
    return found


def _params(raw: list[str], segments: tuple[Segment, ...]) -> tuple[Param, ...] | None:
    """Say where the parameters stand in a path as it came; None where its encoding hides which is which."""
    found: list[Param] = []
    at = 1
    for text, segment in zip(raw, segments, strict=True):
        if segment.is_free:
            found.append((segment.names[0], at, at + len(text)))
        elif segment.names:
            spans = segment.spans(text)
            if spans is None and len(segment.names) > 1:
                return None
            spans = spans if spans is not None else [(0, len(text))]
            found += [(name, at + start, at + end) for name, (start, end) in zip(segment.names, spans, strict=True)]
        at += len(text) + 1
    return tuple(found)


# ---------------------------------------------------------------- what may not be declared together


def clashes(endpoints: Iterable[Endpoint]) -> Iterator[tuple[Endpoint, Endpoint]]:
    """Give the pairs that differ in the names of parameters alone."""
    known: dict[tuple[object, ...], Endpoint] = {}
    for each in endpoints:
        first = known.setdefault((each.method, *(one.literals for one in segments_of(each.path))), each)
        if first is not each:
            yield first, each


def rivals(endpoints: Iterable[Endpoint]) -> Iterator[tuple[Endpoint, Endpoint]]:
    """Give the pairs that some request could mean both of, with neither more concrete than the other."""
    roots: dict[str, _Node] = {}
    for each in endpoints:
        segments = segments_of(each.path)
        node = roots.setdefault(each.method, _Node())
        for other, theirs in _overlapping(node, segments, 0):
            if not _is_within(segments, theirs) and not _is_within(theirs, segments):
                yield other, each
        for segment in segments:
            node = node.made(segment)
        node.ends = node.ends or (each, segments)


def _overlapping(node: _Node, segments: tuple[Segment, ...], at: int) -> Iterator[tuple[Endpoint, tuple[Segment, ...]]]:
    if at == len(segments):
        if node.ends is not None:
            yield node.ends
        return
    segment = segments[at]
    if not segment.names:
        text = segment.literals[0]
        if text in node.literal:
            yield from _overlapping(node.literal[text], segments, at + 1)
        partial = [next_ for other, next_ in node.partial.values() if other.spans(text) is not None]
        free = [node.free] if node.free is not None and text else []
        for next_ in (*partial, *free):
            yield from _overlapping(next_, segments, at + 1)
        return
    for text, next_ in node.literal.items():
        if segment.spans(text) is not None:
            yield from _overlapping(next_, segments, at + 1)
    for other, next_ in node.partial.values():
        if _may_meet(segment, other):
            yield from _overlapping(next_, segments, at + 1)
    if node.free is not None:
        yield from _overlapping(node.free, segments, at + 1)


def _may_meet(one: Segment, other: Segment) -> bool:
    """Whether a text could fit both: as far as their beginnings and ends say."""
    first, last = (one.literals[0], other.literals[0]), (one.literals[-1], other.literals[-1])
    return (first[0].startswith(first[1]) or first[1].startswith(first[0])) and (
        last[0].endswith(last[1]) or last[1].endswith(last[0])
    )


def _is_within(one: tuple[Segment, ...], other: tuple[Segment, ...]) -> bool:
    """Whether all that fits one template fits the other, too."""
    return all(map(_is_segment_within, one, other))


def _is_segment_within(one: Segment, other: Segment) -> bool:
    if not one.names:
        return other.spans(one.literals[0]) is not None
    if len(other.names) > 1:
        return one.literals == other.literals
    if not other.names:
        return False
    return one.literals[0].startswith(other.literals[0]) and one.literals[-1].endswith(other.literals[-1])
