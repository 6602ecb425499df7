"""Which stand-in a value has: the same one wherever it is met, and no two values one.

The rule: no value is remembered, only its digest under the key that stand-ins are drawn by. Where a scan would refuse a stand-in,
the value's next one is taken from then on; that is told, so that what was mended with the one before can be mended again.
"""

from dataclasses import dataclass, field
from typing import Final

from ringfence.detect import Detector
from ringfence.transform import KeyHandle
from ringfence.transform.alike import Drawing, alike, is_made_up, kind_of, same

_SHARED: Final = frozenset(("day", "given", "family", "card", "mac"))
"""Kinds of which there are so few stand-ins that values may share one."""

_MOST: Final = 1_000_000  # values that are remembered


def drawing_by(handle: KeyHandle) -> Drawing:
    """Give what draws stand-ins under a key."""
    return Drawing(handle.derive("stand-ins of files", "git"))


@dataclass(slots=True)
class StandIns:
    """The stand-ins of one run."""

    drawing: Drawing
    detector: Detector
    changed: int = 0
    _turns: dict[bytes, int] = field(default_factory=dict)
    _taken: dict[bytes, bytes] = field(default_factory=dict)

    def name(self, category: str, entity: str, value: str) -> bytes:
        """Name a value, without saying what it is."""
        kind = kind_of(category, entity)
        return self.drawing.digest(kind, same(kind, value))

    def of(self, category: str, entity: str, value: str, path: str) -> str | None:
        """Give a value's stand-in; None where there is none that a scan would let be."""
        kind = kind_of(category, entity)
        name = self.drawing.digest(kind, same(kind, value))
        first = self._turns.get(name, 0)
        for turn, made in enumerate(alike(kind, value, self.drawing)):
            if turn < first or made == value:
                continue
            if kind not in _SHARED and not self._is_free(kind, made, name):
                continue
            if name in self._turns or self._passes(made, path):
                if turn > first or name not in self._turns:
                    self._remember(name, turn)
                self._take(kind, made, name)
                return made
        return None

    def spoil(self, category: str, entity: str, value: str) -> None:
        """Take note that a scan refused a value's stand-in in its place."""
        name = self.name(category, entity, value)
        self._turns[name] = self._turns.get(name, 0) + 1
        self.changed += 1

    def _remember(self, name: bytes, turn: int) -> None:
        if len(self._turns) < _MOST:
            self._turns[name] = turn

    def _is_free(self, kind: str, made: str, name: bytes) -> bool:
        """Whether no other value has a stand-in. Those of nothing but zeros are everybody's."""
        if not any(c in "123456789" or c.isalpha() for c in made.replace("x", "").replace("X", "")):
            return True
        return self._taken.get(self._mark(kind, made), name) == name

    def _take(self, kind: str, made: str, name: bytes) -> None:
        if len(self._taken) < _MOST:
            self._taken[self._mark(kind, made)] = name

    def _mark(self, kind: str, made: str) -> bytes:
        return self.drawing.digest("made", f"{kind} {same(kind, made)}")[:8]

    def _passes(self, made: str, path: str) -> bool:
        """Whether a scan would let a stand-in be where it stands alone."""
        return all(
            "known:documentation" in one.evidence or is_made_up(one.category, one.entity, made[one.start : one.end])
            for where in {"", path}
            for one in self.detector.find(made, field=where)
        )
