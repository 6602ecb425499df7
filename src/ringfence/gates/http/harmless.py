"""Parts of heads in which nothing was found: they say the same with every request, and are not looked at again.

The rule: only what would be found, declared and decided of a part alone is remembered, and only that it is nothing. A part whose
name comes twice may be told by its neighbours, and a path goes with its query: those are looked at together, or not at all. Kept
is a digest of name and octets, never the octets, in the memory of one worker; bounded, and gone with the policy.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from ringfence.gates.http.heads import Kind, Part

_MOST: Final = 4096  # digests of each of two generations: half a megabyte together
_TARGET: Final = frozenset((Kind.PATH, Kind.QUERY))


class Harmless:
    """What all heads under one policy have in common."""

    __slots__ = ("_new", "_old")

    def __init__(self) -> None:
        self._new: set[bytes] = set()
        self._old: set[bytes] = set()  # those that were used lately are taken over before it is let go

    def others(self, parts: Sequence[Part], under: str = "") -> list[Part]:
        """Give the parts that have to be looked at. `under` says by which fields they are judged, where there are several sets."""
        alone = _alone(parts)
        target = all(self._knows(part, under) for part in parts if part.kind in _TARGET)
        return [
            part
            for part in parts
            if not (target if part.kind in _TARGET else part.name in alone and self._knows(part, under))
        ]

    def learn(self, parts: Sequence[Part], under: str = "") -> None:
        """Take parts of one head that were looked at together, and in which nothing was found."""
        alone = _alone(parts)
        for part in parts:
            if part.kind in _TARGET or part.name in alone:
                self._add(_digest(part, under))

    def _knows(self, part: Part, under: str) -> bool:
        digest = _digest(part, under)
        if digest in self._new:
            return True
        if digest not in self._old:
            return False
        self._add(digest)
        return True

    def _add(self, digest: bytes) -> None:
        if len(self._new) >= _MOST:
            self._old, self._new = self._new, set()
        self._new.add(digest)


def _alone(parts: Sequence[Part]) -> set[str]:
    """Give the names that come once."""
    names = [part.name for part in parts]
    distinct = set(names)
    return distinct if len(distinct) == len(names) else {name for name, count in Counter(names).items() if count == 1}


def _digest(part: Part, under: str) -> bytes:
    named = f"{under}\n{part.kind.value} {part.name}\n".encode("utf-8", "surrogateescape")
    return blake2b(named + part.raw, digest_size=16).digest()
