"""What is known of statements, and for how long: the cache in front of tracing.

The rule: a statement's text says what it means only together with everything else that settles it, which is a `Key`: the search
path, the user, and the catalogue's `Epoch`. A key is compared by identity. A session whose meaning is its own (temporary tables,
DDL that is not committed) has a key that nobody shares. An epoch ends when DDL goes through the gate, when the poll sees any, and
when the poll fails (see `epoch`); with `origins: strict` nothing is ever known by its text, only by its tree (see `remembering`).

`Hot` is the innermost table: for one key and one standing, whole messages to verdicts. A point read with an integer in its text is
known by the text around its integers.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import re2

from ringfence.sql.catalogue import Catalogue

if TYPE_CHECKING:
    from ringfence.gates.postgres.standing import Standing
    from ringfence.gates.postgres.statements import Known
    from ringfence.gates.postgres.verdicts import Verdict

MOST_KNOWN = 5_000  # statements of one key, and of one hot table
MOST_KEYS = 500
MOST_TEMPLATES = 2_000
LONGEST_KNOWN = 16 * 1024  # bytes of a text that is remembered

_DIGITS = b"0123456789"
# An integer of at most nine digits (always int4) after a comparison of a name or bracket. `->` and `=>` are no comparisons.
_INTEGER = re2.compile(rb"(?:[A-Za-z0-9_)] ?(?:=|<|>|<=|>=|<>|!=) ?)([0-9]{1,9})(?:[ ;)]|$)")
_OPAQUE = (b"'", b'"', b"$", b"--", b"/*")


class Epoch:
    """A time in which the catalogue's objects did not change, as far as the gate knows."""

    __slots__ = ("catalogue", "keys", "number")

    def __init__(self, number: int, catalogue: Catalogue) -> None:
        self.number = number
        self.keys: dict[tuple[str, str], Key] = {}
        self.catalogue = catalogue

    def key(self, search_path: str, user: str) -> "Key":
        """Give the key of sessions without a meaning of their own."""
        found = self.keys.get((search_path, user))
        if found is None:
            if len(self.keys) >= MOST_KEYS:
                self.keys.clear()
            found = self.keys[search_path, user] = Key(self, self.catalogue.fork())
        return found


class Key:
    """Everything but its text that settles what a statement means. Compared by identity."""

    __slots__ = ("catalogue", "epoch", "hot", "known")

    def __init__(self, epoch: Epoch, catalogue: Catalogue) -> None:
        self.epoch = epoch
        self.catalogue = catalogue
        self.known: dict[bytes, Known] = {}  # Parse's text and types
        self.hot: dict[Standing, Hot] = {}

    def remember(self, tail: bytes, known: "Known") -> None:
        """Keep what was found out about a statement."""
        if len(tail) > LONGEST_KNOWN:
            return
        if len(self.known) >= MOST_KNOWN:
            self.known.clear()
        self.known[tail] = known

    def hot_for(self, standing: "Standing") -> "Hot":
        """Give the table of verdicts for one standing."""
        found = self.hot.get(standing)
        if found is None:
            if len(self.hot) >= MOST_KEYS:
                self.hot.clear()
            found = self.hot[standing] = Hot()
        return found


class Hot:
    """Verdicts by whole messages: a Query, or what follows the name in a Parse."""

    __slots__ = ("parses", "queries", "templates")

    def __init__(self) -> None:
        self.queries: dict[bytes, Verdict] = {}
        self.parses: dict[bytes, Verdict] = {}
        self.templates: dict[bytes, Template] = {}  # a text without its digits -> the one text that had these

    def find(self, frame: bytes) -> "Verdict | None":
        """Look a Query up whose text was not seen before, by the text around its integers."""
        if not self.templates:
            return None
        template = self.templates.get(frame[5:].translate(None, _DIGITS))
        return template.verdict if template is not None and template.fits(frame) else None

    def remember_query(self, frame: bytes, verdict: "Verdict", *, by_shape: bool) -> None:
        """Keep a Query's verdict; `by_shape`: for other integers in its text as well."""
        if len(frame) > LONGEST_KNOWN:
            return
        pieces = list(_pieces(frame)) if by_shape else []
        if len(pieces) > 1:
            if len(self.templates) >= MOST_TEMPLATES:
                self.templates.clear()
            self.templates[frame[5:].translate(None, _DIGITS)] = Template(pieces, verdict)
            return
        if len(self.queries) >= MOST_KNOWN:
            self.queries.clear()
        self.queries[frame] = verdict

    def remember_parse(self, tail: bytes, verdict: "Verdict") -> None:
        """Keep a Parse's verdict."""
        if len(tail) > LONGEST_KNOWN:
            return
        if len(self.parses) >= MOST_KNOWN:
            self.parses.clear()
        self.parses[tail] = verdict


class Template:
    """A text with integers left out."""

    __slots__ = ("_pieces", "verdict")

    def __init__(self, pieces: list[bytes], verdict: "Verdict") -> None:
        self._pieces = pieces
        self.verdict = verdict

    def fits(self, frame: bytes) -> bool:
        """Whether a Query is this text with integers of up to nine digits in the gaps."""
        pieces = self._pieces
        first = pieces[0]
        if not frame.startswith(first, 5):
            return False
        at = 5 + len(first)
        for piece in pieces[1:]:
            end = frame.find(piece, at)
            if not 0 < end - at <= 9 or not frame[at:end].isdigit():
                return False
            at = end + len(piece)
        return at == len(frame)


def _pieces(frame: bytes) -> Iterator[bytes]:
    """Cut a Query's text at its integers; one piece where there is none, or where a quote makes the cut unsure."""
    text = frame[5:-1]
    if any(mark in text for mark in _OPAQUE):
        yield text
        return
    at = 0
    for found in _INTEGER.finditer(text):
        start, end = found.span(1)
        yield text[at:start]
        at = end
    yield text[at:] + b"\0"
