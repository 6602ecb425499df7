"""What a scan looks at and what it says: items, findings with where they stand, and what became of each item.

The rule: values of this module cross between processes and end in reports, so none of them holds a value that was found. A
finding says where, what, how sure, and by which rule of the policy; its `shape` is drawn, its `digest` is keyed.
"""

from dataclasses import dataclass
from enum import StrEnum

from ringfence.extract.model import Fault, Why


class Origin(StrEnum):
    """Where an item comes from."""

    FILE = "file"  # on disk
    INPUT = "standard input"
    INDEX = "index"
    BLOB = "blob"
    COMMIT = "commit"  # a commit's message, and, where asked for, its authors
    TAG = "tag"  # an annotated tag's message
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to look at.

    Attributes
    ----------
    name
        Its path from the repository's top (or as it was named), with ``/``; undecodable bytes as surrogates.
    size
        Bytes; -1 where nobody knows yet.
    object
        The id of the git object that holds it; "" for a file on disk.
    path
        Where on disk it is; "" for an object.
    commit
        Of history: a commit that has it; for a message, its own.
    lines
        Where only some lines are meant (a diff): half-open spans of lines from 1, in order; None: all.
    before
        Of a diff: the name that a renamed file had; "" where it was not renamed.
    """

    name: str
    origin: Origin
    size: int = -1
    object: str = ""
    path: str = ""
    commit: str = ""
    lines: tuple[tuple[int, int], ...] | None = None
    before: str = ""


class Standing(StrEnum):
    """What a finding comes to."""

    REFUSED = "refused"  # may not cross
    NOTED = "noted"  # an example, a canary of one's own, a published notice: told lower, and no reason to refuse
    ALLOWED = "allowed"  # a person has said that it may stay
    CARRIED = "carried"  # the policy lets its category cross as it is


@dataclass(frozen=True, slots=True)
class Found:
    """One piece of personal data in an item.

    Attributes
    ----------
    file, members, where
        The item's name, the archive members on the way, and the place in the format's own words (``sheet Kunden``).
    line, column, end_line, end_column
        From 1, columns in bytes, the end behind the last byte; 0 where the format has no lines.
    units, end_units
        The same two columns in UTF-16 code units, as editors and SARIF count them (`units_in`); 0 where nobody counted.
    start, end
        Where it stands in the item's own bytes, if it stands there as it was read; else -1.
    field
        The path of its field, personal data in it redacted; "" in running text.
    rule
        The rule that decided: ``flows.push.carry[user.contact.email][0]``.
    why
        Of those that are noted or allowed, what says so: ``known:documentation``, ``inline``, ``ignored``, ``baseline``.
    reason
        Of those that are allowed, why in the words of whoever allowed it, personal data in them redacted; "" where none are given.
    shape
        The value drawn: ``x`` for a letter, ``9`` for a digit.
    digest
        Keyed hash of entity and value, 16 bytes in hexadecimal; "" where there is no key.
    commit, object
        Of history: where it was found.
    """

    file: str
    entity: str
    category: str
    score: float
    evidence: tuple[str, ...]
    standing: Standing
    rule: str = ""
    why: str = ""
    reason: str = ""
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    units: int = 0
    end_units: int = 0
    start: int = -1
    end: int = -1
    field: str = ""
    where: str = ""
    members: tuple[str, ...] = ()
    shape: str = ""
    digest: str = ""
    commit: str = ""
    object: str = ""

    @property
    def counts(self) -> bool:
        """Whether it is a reason to refuse."""
        return self.standing is Standing.REFUSED


def units_in(text: bytes) -> int:
    r"""Count the UTF-16 code units of a piece of a line: one for most characters, two for those beyond U+FFFF.

    A finding whose line begins with `before` has `units` 1 + units_in(before).

    >>> units_in(b"mail: "), units_in("für 🙂".encode()), units_in(b"f\xfcr")
    (6, 6, 3)
    """
    return len(text) if text.isascii() else len(text.decode("utf-8", "replace").encode("utf-16-le")) // 2


@dataclass(frozen=True, slots=True)
class Passed:
    """Something that was not looked into, by rule."""

    file: str
    why: Why
    members: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """Something that could not be read: a clear error each, and the scan's exit code is 2; told only where it was looked at."""

    file: str
    fault: Fault
    what: str
    mend: str = ""
    members: tuple[str, ...] = ()
    line: int = 0
    looked_at: bool = False  # all the same: something about it is odd


class By(StrEnum):
    """How a person says that something may stay."""

    INLINE = "inline"  # a comment beside it
    IGNORED = "ignored"  # a line of `.ringfenceignore`
    BASELINE = "baseline"  # an entry of a baseline


@dataclass(frozen=True, slots=True)
class Allowance:
    """A person's word that something may stay, and what became of it.

    Attributes
    ----------
    file, line
        Where it is said; 0 where the format has no lines.
    names
        The entities and categories that it is said of, as it spells them; none: of everything.
    reason
        Why, in that person's words, personal data in them redacted.
    used
        How many findings (or, of a line of ``.ringfenceignore``, files) it covers.
    spare
        Of a baseline's entry: how many more it would have covered.
    wrong, mend
        Where it allows nothing: what is wrong with it, and what to do.
    """

    by: By
    file: str
    line: int
    names: tuple[str, ...] = ()
    reason: str = ""
    used: int = 0
    spare: int = 0
    wrong: str = ""
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What became of one item. `allowances`: what it says itself may stay, and the ignore file's lines that it used."""

    item: Item
    found: tuple[Found, ...] = ()
    passed: tuple[Passed, ...] = ()
    failed: tuple[Failed, ...] = ()
    size: int = 0  # bytes looked at
    allowances: tuple[Allowance, ...] = ()

    @property
    def unread(self) -> tuple[Failed, ...]:
        """What was not looked at, because it could not be read."""
        return tuple(one for one in self.failed if not one.looked_at) if self.failed else ()
