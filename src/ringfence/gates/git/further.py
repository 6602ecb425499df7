"""Findings of one item beyond those that are told one by one: counted, with those that are alike as one.

The rule: none is dropped. Alike are those that a policy, an ignore file and a baseline cannot tell apart. A comment in the file can
tell them apart, by their lines: so the lines are kept, eight bytes each.
"""

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from ringfence.gates.git.model import Found

Alike: TypeAlias = tuple[object, ...]
"""What findings that are alike have in common."""

Lines: TypeAlias = Mapping[Alike, "array[int]"]
"""Where those stand that are told as one."""


def alike(found: Found) -> Alike:
    """Name what a finding has in common with others."""
    settled = (found.standing, found.rule, found.why, found.reason)
    return (found.entity, found.category, *settled, found.digest, bool(found.members))


class Further:
    """Takes findings as they come. As many are held as kinds of them, and, with a baseline, as different values."""

    def __init__(self) -> None:
        self._first: dict[Alike, Found] = {}
        self.lines: dict[Alike, array[int]] = {}

    def take(self, found: Found) -> None:
        """Count one."""
        key = alike(found)
        if key not in self._first:
            self._first[key], self.lines[key] = found, array("Q")
        self.lines[key].append(found.line)

    def found(self) -> Iterator[Found]:
        """Give the first of each kind, with how many there are."""
        for key, first in self._first.items():
            yield replace(first, count=len(self.lines[key]))


def told_apart(found: Found, lines: "array[int]", settle: Callable[[Found], Found]) -> Iterator[Found]:
    """Settle findings that were told as one, each by its line; give those as one that are alike afterwards."""
    again: dict[Alike, Found] = {}
    for line in lines:
        one = settle(found if line == found.line else replace(found, line=line, end_line=line))
        before = again.get(key := alike(one))
        again[key] = replace(one, count=1) if before is None else replace(before, count=before.count + 1)
    yield from again.values()
