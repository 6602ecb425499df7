"""The linear engine: every recognizer's patterns are compiled and run here, and only here, by RE2.

The rule: the work is linear in the input, whatever the input. A first pass looks for triggers, all of them in one alternation:
short pieces without which nothing can match, and the words of the vocabulary. Around the triggers found, and only there, the
patterns that they belong to are run, each over the union of its own stretches, so that no entity hides behind another's match. A
pattern reads each byte at most once, and `Work` counts what was read. A pattern is compiled when it is first run: most never are.
A user's lists of values are automata of their own (`_listed`), as linear as these.

Measured with google-re2 1.1 on two shared cores: 500 MB/s for the first pass on sparse logs, against 40 where every pattern ran
over everything.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import re2

if TYPE_CHECKING:
    from ringfence.detect._words import Vocabulary

_MEMORY: Final = (
    64 << 20
)  # bytes for RE2's automata; its default of 8 MB is used up by large alternations, which then crawl
_TRIGGER_MOST: Final = 24  # bytes of a trigger; also how near two triggers must stand to be looked at together
_CLOSE: Final = (
    3  # so many triggers on one heap, and the next bytes belong to it unseen: each costs as much as 300 bytes
)
_LEAP: Final = 192
_HEAP: Final = 2048  # bytes of a heap that is looked at as one: a trigger in it has its pattern run over all of it
_WORD_MOST: Final = 96  # bytes of the longest word that is a trigger

Search = Callable[[bytes, int, int], tuple[int, int]]
"""The first match in a buffer between two offsets, or (-1, -1). What stands outside of them is seen by ``\\b`` alone."""


@dataclass(slots=True)
class Work:
    """How much was done: the measure by which tests hold the engine to its rule."""

    scanned: int = 0  # bytes that a pattern was run over, the first pass included
    triggers: int = 0
    candidates: int = 0  # spans handed to a check
    decoded: int = 0  # bytes that came out of disguises, all layers together


Match = Callable[[object, bytes, int, int], Sequence[tuple[int, int]]]
"""RE2's own function, as its binding gives it: what holds the loops calls it without anything in between."""

UNANCHORED: Final[object] = re2._Anchor.UNANCHORED  # noqa: SLF001 (see `matcher`)


def _options(*, unicode: bool) -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.UTF8 if unicode else re2.Options.Encoding.LATIN1
    options.max_mem = _MEMORY
    options.log_errors = False
    return options


def _encoded(pattern: str) -> bytes:
    """Encode a pattern: ASCII, with any other character as the bytes that it is in UTF-8."""
    return pattern.encode()


def matcher(pattern: str, *, unicode: bool = False) -> Match:
    """Compile a pattern into RE2's own function.

    The binding's `search` builds an object for each match and costs twice the search itself.
    """
    match: Match = re2.compile(_encoded(pattern), _options(unicode=unicode))._regexp.Match  # noqa: SLF001
    return match


def searcher(pattern: str, *, unicode: bool = False) -> Search:
    """Make a pattern into a function that finds its first match; it is compiled when it is first called: most never are."""
    match: Match | None = None
    unanchored = UNANCHORED

    def search(data: bytes, start: int, end: int) -> tuple[int, int]:
        nonlocal match
        if match is None:
            match = matcher(pattern, unicode=unicode)
        return match(unanchored, data, start, end)[0]

    return search


def prefix(pattern: str, *, unicode: bool = False) -> Callable[[bytes, int, int], int]:
    """Make a pattern into a function that gives the end of its match at an offset, or -1; compiled as `searcher` does."""
    match: Match | None = None
    anchored = re2._Anchor.ANCHOR_START  # noqa: SLF001 (as in `matcher`)

    def end_of(data: bytes, start: int, end: int) -> int:
        nonlocal match
        if match is None:
            match = matcher(pattern, unicode=unicode)
        return match(anchored, data, start, end)[0][1]

    return end_of


def whole_matcher(patterns: Sequence[str]) -> Callable[[bytes], Sequence[int]]:
    """Compile patterns into a function that gives the numbers of those which a whole value matches."""
    which = re2.Set.FullMatchSet(_options(unicode=False))
    for pattern in patterns:
        which.Add(_encoded(pattern))
    which.Compile()
    numbers: Callable[[bytes], Sequence[int]] = which._set.Match  # noqa: SLF001 (as in `matcher`)
    return numbers


@dataclass(frozen=True, slots=True)
class Wanted:
    """One pattern as the engine sees it: one of `triggers`, or a word of its own in the vocabulary, announces it.

    It starts at most `before` bytes before what announces it, and ends at most `after` bytes behind. `raw`: it is run over the
    bytes as they came, not over their view without escapes.
    """

    pattern: str
    unicode: bool
    triggers: tuple[str, ...]
    before: int
    after: int
    raw: bool = False


class Engine:
    """All patterns of a detector, compiled together."""

    def __init__(self, wanted: Sequence[Wanted], vocabulary: "Vocabulary") -> None:
        self.work = Work()
        self._wanted = tuple(wanted)
        self._matches: list[Match | None] = [None] * len(self._wanted)
        self._vocabulary = vocabulary
        triggers = list(dict.fromkeys(trigger for one in wanted for trigger in one.triggers))
        first = [*_factored(triggers), *vocabulary.triggers]
        self._first = matcher("|".join(first)) if first else None
        which = re2.Set.SearchSet(_options(unicode=False))
        for trigger in triggers:
            which.Add(_encoded(trigger))
        # The words are one pattern of the set, too: where it is silent, none has to be looked for.
        self._words: int = which.Add(_encoded("|".join(vocabulary.triggers))) if vocabulary.triggers else -1
        which.Compile()
        self._which: Callable[[bytes], Sequence[int]] = which._set.Match  # noqa: SLF001 (as in `matcher`)
        self._reach = tuple((one.before + _TRIGGER_MOST, one.after + _TRIGGER_MOST) for one in wanted)
        self._announced = tuple(
            tuple(number for number, one in enumerate(wanted) if trigger in one.triggers) for trigger in triggers
        )

    def _matcher(self, number: int) -> Match:
        one = self._wanted[number]
        match = self._matches[number] = matcher(one.pattern, unicode=one.unicode)
        return match

    def scan(
        self, data: bytes, view: bytes, start: int, end: int, always: Sequence[tuple[int, int, int]] = ()
    ) -> list[tuple[int, int, int]]:
        """Give (pattern, start, end) for every match; `always` are stretches (pattern, start, end) to try in any case.

        `view` is the same buffer without escapes; the two may be one object.
        """
        stretches = self._stretches(view, start, end)
        added: dict[int, list[tuple[int, int]]] = {}
        for number, begin, stop in always:
            added.setdefault(number, []).append((begin, stop))
        for number, more in added.items():
            stretches[number] = _with(stretches.get(number, ()), more)
        found: list[tuple[int, int, int]] = []
        scanned = 0
        for number, bounds in stretches.items():
            match = self._matches[number] or self._matcher(number)
            seen = data if self._wanted[number].raw else view
            for at in range(0, len(bounds), 3):
                begin, stop, last = bounds[at], bounds[at + 1], bounds[at + 2]
                scanned += stop - begin
                while begin < last:
                    low, high = match(UNANCHORED, seen, begin, stop)[0]
                    if low < 0:
                        break
                    found.append((number, low, high))
                    begin = high if high > low else low + 1
        self.work.scanned += scanned
        self.work.candidates += len(found)
        return found

    def _stretches(self, data: bytes, start: int, end: int) -> dict[int, list[int]]:
        """Run the first pass; give for each announced pattern the stretches in which it can match.

        A stretch is three numbers: where it begins, where it ends, and from where on no match begins in it, since what announced
        the pattern lies before. That spares the search behind the last match, which is half of all searches.
        """
        self.work.scanned += end - start
        stretches: dict[int, list[int]] = {}
        match = self._first
        if match is None:
            return stretches
        triggers, at, close = 0, start, 0
        begin = stop = -1
        while at < end:
            low, high = match(UNANCHORED, data, at, end)[0]
            if low < 0:
                break
            triggers += 1
            at = high
            is_near = begin >= 0 and low - stop <= _TRIGGER_MOST
            if not is_near or stop - begin > _HEAP:
                if begin >= 0:
                    self._announce(match, data, begin, stop, start, end, stretches)
                begin, stop, close = low, high, close if is_near else 0
                continue
            if high > stop:
                stop = high
            close += 1
            if close >= _CLOSE:  # what begins before `at` ends before `stop`, and the set sees it
                at = min(end, high + _LEAP)
                stop = min(end, at + _WORD_MOST)
        if begin >= 0:
            self._announce(match, data, begin, stop, start, end, stretches)
            self.work.triggers += triggers
        return stretches

    def _announce(
        self, match: Match, data: bytes, begin: int, stop: int, low: int, high: int, stretches: dict[int, list[int]]
    ) -> None:
        """Find out which triggers stand in a cluster, those that another one hides included, and whom they announce.

        `match` is the first pass.
        Every trigger in it begins before its end: one that begins behind is the first pass's next hit.
        """
        first, last = begin - _TRIGGER_MOST, stop + _WORD_MOST  # a word may begin in another trigger, and be longer
        if first < low:
            first = low
        if last > high:
            last = high
        for trigger in self._which(data[first:last]):
            spoken = trigger == self._words
            numbers = self._announced[trigger] if not spoken else self._vocabulary.announced(data, first, last, match)
            for number in numbers:
                before, after = self._reach[number]
                opens, closes = begin - before, stop + after
                if opens < low:
                    opens = low
                if closes > high:
                    closes = high
                behind = closes if spoken else stop  # a word announces what follows it, a trigger lies in its match
                known = stretches.get(number)
                if known is None:
                    stretches[number] = [opens, closes, behind]
                elif opens <= known[-2]:  # clusters come in order, so stretches do
                    if closes > known[-2]:
                        known[-2] = closes
                    if behind > known[-1]:
                        known[-1] = behind
                else:
                    known += (opens, closes, behind)


_LEADS: Final = (r"(?:\b|_)", r"\b")
"""What triggers begin with: the longer one first."""


def _factored(triggers: Sequence[str]) -> Iterator[str]:
    """Write triggers as ways of one pattern, those that begin alike together.

    RE2 takes out what neighbours begin with, but no choice, and no lead of those. Each place of a text is one where a trigger
    might begin; with a fifth of the ways to try there, its automaton takes a third of the time to be made: that is most of the time
    that a new detector takes over its first megabytes.
    """
    ways: dict[str, list[str]] = {}
    for trigger in triggers:
        lead = next((lead for lead in _LEADS if trigger.startswith(lead)), "")
        if lead and _has_ways(trigger):
            lead = ""
        ways.setdefault(lead, []).append(trigger[len(lead) :])
    for lead, rests in ways.items():
        yield lead + "(?:" + "|".join(f"(?:{rest})" for rest in sorted(rests)) + ")"


def _has_ways(pattern: str) -> bool:
    """Tell whether a pattern is several, parted by bars outside of all groups."""
    depth, at, in_class = 0, 0, -1
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            at += 1
        elif in_class >= 0:
            if sign == "]" and at > in_class:
                in_class = -1
        elif sign == "[":
            in_class = at + (2 if pattern[at + 1 : at + 2] == "^" else 1)  # a bracket there is a sign of the class
        elif sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
        elif sign == "|" and not depth:
            return True
        at += 1
    return False


def _with(bounds: Sequence[int], added: Sequence[tuple[int, int]]) -> list[int]:
    """Add stretches to others that are in order and apart, so that they still are; in one pass, however many there are."""
    together = [(bounds[at], bounds[at + 1], bounds[at + 2], False) for at in range(0, len(bounds), 3)]
    together += [(begin, stop, stop, True) for begin, stop in added]
    together.sort()
    result: list[int] = []
    reach = -1  # up to where what was added goes, of the last one
    for begin, stop, last, is_added in together:
        if result and begin <= (result[-2] if is_added else reach):
            result[-2:] = max(stop, result[-2]), max(last, result[-1])
        else:
            result += (begin, stop, last)
            reach = -1
        reach = max(reach, stop) if is_added else reach
    return result
