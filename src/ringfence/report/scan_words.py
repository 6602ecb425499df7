"""The words that every output of a scan is made of: names that are safe to show, places, severities, what to do next.

The rule: names of files, members, sheets and fields are foreign. They are scrubbed of personal data here, once, for every output
(the scan itself needs them as they are: to mend a file, to know it again), and then spelt so that they stand on one line and
command no terminal. What a program needs exactly, it gets percent-encoded.
"""

import os
from collections import Counter
from collections.abc import Iterator
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ringfence.gates.git.model import Failed, Found, Passed, Standing, by_reason
from ringfence.taxonomy import CATEGORIES, ENTITIES, Sensitivity

if TYPE_CHECKING:
    from ringfence.detect import Detector
    from ringfence.report.scan_summary import Summary

_MOST_NAME: Final = 4096  # bytes of a path, as operating systems bound it
_MOST_WORDS: Final = 1000
_MOST_REMEMBERED: Final = 4096  # names
_ADDRESS: Final = "IP_ADDRESS"
_MOST_IN_VERSION: Final = 32  # one public address in 4,096 has all four parts below
_LONGEST_ENDINGS: Final = 4  # of a name, cut off one after the other: anna@firma.de.csv.tar.gz

_FIX: Final = "mend: `ringfence scan --fix` puts synthetic values in their place, after it has shown the difference"
_PLAN: Final = "mend: `ringfence history plan` writes what takes them out of history, and whom to tell"
_KEEP: Final = (
    "keep: `ringfence: allow ENTITY reason` in a comment on the line, or a flow of the policy that carries the category"
)
MENDS: Final = (_FIX, _PLAN, _KEEP)
"""What may be done about findings."""

READ_MEND: Final = "what could not be read was not looked at: see each one's line"


def plain(text: str) -> str:
    r"""Spell what would break a line, move a cursor or turn the direction of writing; undecodable bytes as such.

    >>> plain("a\x1b[2J\nb"), plain("\u202egpj.exe"), plain("f\udcfcr"), plain("Müller")
    ('a\\x1b[2J\\nb', '\\u202egpj.exe', 'f\\xfcr', 'Müller')
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else _spelt(c) for c in text)


def _spelt(sign: str) -> str:
    code = ord(sign)
    if 0xDC80 <= code <= 0xDCFF:  # how Python holds a byte that it could not decode
        return f"\\x{code - 0xDC00:02x}"
    return sign.encode("unicode_escape").decode("ascii")


def cut(text: str, most: int = _MOST_WORDS) -> str:
    """Bound a text."""
    return text if len(text) <= most else text[: most - 1] + "…"


class Names:
    """Makes foreign names fit to be shown.

    Parameters
    ----------
    detector
        What they are searched with; None: one is made when the first name is shown, for that takes its time.
    """

    def __init__(self, detector: "Detector | None" = None) -> None:
        self._given = detector
        self._remembered = lru_cache(maxsize=_MOST_REMEMBERED)(self._scrubbed)

    def clean(self, name: str) -> str:
        """Take personal data out of a name or a note."""
        return self._remembered(name) if name else ""

    def shown(self, name: str) -> str:
        """Give a name as it is shown: clean, and plain."""
        return plain(self.clean(name))

    def uri(self, name: str) -> str:
        """Give a name as a reference (RFC 3986), byte for byte where it holds no personal data."""
        clean = self.clean(name)
        prefix = "file://" if clean.startswith("/") else ""
        return prefix + quote(os.fsencode(clean) if _is_native(clean) else clean.encode("utf-8", "replace"), safe="/")

    def members(self, names: tuple[str, ...]) -> str:
        """Give the archive members on the way to something."""
        return "!".join(map(self.shown, names))

    def inside(self, one: "Found | Failed | Passed") -> str:
        """Give the file with the archive members on the way."""
        return self.joined(one.file, one.members)

    def joined(self, file: str, members: tuple[str, ...]) -> str:
        """Give a file and the archive members on the way to something in it."""
        return "!".join(map(self.shown, (file, *members)))

    @cached_property
    def _detector(self) -> "Detector":
        from ringfence.detect import Detector

        return self._given or Detector()

    def _scrubbed(self, name: str) -> str:
        """Scrub a name, and parts of it with an ``@`` without their endings: what follows an address hides it."""
        return "/".join(
            self._without_endings(part) if "@" in part else part
            for part in self._searched(name[:_MOST_NAME]).split("/")
        )

    def _without_endings(self, part: str) -> str:
        stem, endings = part, ""
        for _ in range(_LONGEST_ENDINGS):
            stem, dot, ending = stem.rpartition(".")
            if not dot:
                break
            endings = f".{ending}{endings}"
            found = self._searched(stem)
            if found != stem:
                return found + endings
        return part

    def _searched(self, text: str) -> str:
        searched = text.encode("utf-8", "replace").decode("utf-8")  # one `?` for each byte that is none
        findings = self._detector.find(searched)
        parts, at = [], 0
        for one in findings:
            if one.entity == _ADDRESS and _is_version(text[one.start : one.end]):
                continue
            parts += [text[at : one.start], f"[redacted:{one.category.rpartition('.')[2]}]"]
            at = one.end
        return "".join([*parts, text[at:]])


def _is_version(text: str) -> bool:
    """Say whether what looks like an IP address is a version, as it is in the names of files: ``notes-1.7.0.6.txt``."""
    return all(part.isdecimal() and int(part) < _MOST_IN_VERSION for part in text.split("."))


def _is_native(name: str) -> bool:
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return True


def place(one: "Found | Failed", names: Names) -> str:
    """Give where it stands: file, archive members, line and column."""
    inside = names.inside(one)
    if not one.line:
        return inside
    column = getattr(one, "column", 0)
    return f"{inside}:{one.line}:{column}" if column else f"{inside}:{one.line}"


def further(one: Found, names: Names) -> Iterator[str]:
    """Give what else is known of the place: of the format, of the field, of history."""
    if one.where:
        yield names.shown(one.where)
    if one.field:
        yield f"field {names.shown(one.field)}"
    if one.commit and one.commit[:7] not in one.file:
        yield f"commit {plain(one.commit[:12])}"
    if one.count > 1:
        yield f"and {one.count - 1:,} more of these from here on"


def severity(category: str) -> Sensitivity:
    """Say how much harm a value of that category does; of one that nobody knows: as much as any."""
    info = CATEGORIES.get(category)
    return info.sensitivity if info is not None else Sensitivity.MEDIUM


def entity_title(entity: str) -> str:
    """Say what an entity is, in words; one of the policy's own has only its name."""
    info = ENTITIES.get(entity)
    return info.title if info is not None else entity


def message(one: Found) -> str:
    """Say a finding in a sentence that holds no value."""
    said = f"{entity_title(one.entity)} ({one.category}), shaped {plain(one.shape)}" if one.shape else ""
    said = said or f"{entity_title(one.entity)} ({one.category})"
    match one.standing:
        case Standing.REFUSED:
            return cut(f"{said}: may not be in the repository" + (f", by {plain(one.rule)}" if one.rule else ""))
        case Standing.NOTED:
            return cut(f"{said}: noted only, {plain(one.why) or 'an example'}")
        case Standing.ALLOWED:
            return cut(
                f"{said}: allowed, {plain(one.why) or 'by a person'}{f': {plain(one.reason)}' if one.reason else ''}"
            )
        case Standing.CARRIED:
            return cut(f"{said}: carried" + (f", by {plain(one.rule)}" if one.rule else ""))


def unread(one: Failed, names: Names) -> str:
    """Say what could not be read, and what to do."""
    said = f"{'odd, but looked at' if one.looked_at else 'not read'} ({one.fault.value}): {names.shown(one.what)}"
    return cut(f"{said}; {names.shown(one.mend)}" if one.mend else said)


class Fingerprints:
    """Names findings so that they are known again in the next run.

    One with a keyed digest is known by it wherever it stands: moved lines and renamed files do not matter. Another is known by
    file, entity and the how-manieth it is; the name that is hashed is the scrubbed one, for a hash without a key hides no
    address. The digest is hashed once more, so that a report is no baseline.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._file: tuple[str, str] = ("", "")
        self._ordinals: Counter[tuple[str, ...]] = Counter()
        self._seen: Counter[str] = Counter()

    def lasting(self, one: Found) -> str:
        """Give the one that stays."""
        if one.digest:
            return _hashed("value", one.digest)
        if self._file != (one.commit, one.file):
            self._file = (one.commit, one.file)
            self._ordinals.clear()  # findings come file by file
        key = (self._names.inside(one), one.entity)
        self._ordinals[key] += 1
        return _hashed("place", *key, str(self._ordinals[key]))

    def unique(self, one: Found) -> str:
        """Give one that no other finding of this run has: that of the value, with its file, counted."""
        return self.unique_of("found", self._names.inside(one), self.lasting(one))

    def unique_of(self, *parts: str) -> str:
        """Give one that nothing else of this run has."""
        made = _hashed("unique", *parts)
        self._seen[made] += 1
        return made if self._seen[made] == 1 else _hashed("again", made, str(self._seen[made]))


def _hashed(*parts: str) -> str:
    return sha256("\0".join(("ringfence/v1", *parts)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def counted(number: int, noun: str, nouns: str = "") -> str:
    """Count things in words.

    >>> counted(1, "file"), counted(1_200, "file")
    ('1 file', '1,200 files')
    """
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def sized(size: int) -> str:
    """Write a number of bytes for people.

    >>> sized(999), sized(34_100_000)
    ('999 bytes', '34.1 MB')
    """
    if size < 1000:
        return counted(size, "byte")
    amount = float(size)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 1000 or unit == "GB":
            break
    return f"{amount:,.1f} {unit}"


def in_short(summary: "Summary") -> str:
    """Say what a scan comes to, in one line."""
    refused, standing = summary.refused, summary.standing
    said = (
        f"{counted(refused, 'finding')} in {counted(summary.files, 'file')}"
        if refused
        else "no personal data that may not be here" + (", as far as it could be read" if summary.failed else "")
    )
    others = [f"{standing[one]:,} {one.value}" for one in Standing if one is not Standing.REFUSED and standing[one]]
    return "; ".join([said, *([", ".join(others)] if others else [])])


def looked_at(summary: "Summary") -> str:
    """Say how much was looked at."""
    return f"{counted(summary.items, 'item')}, {sized(summary.size)}, {summary.seconds:.1f} s"


def mends(summary: "Summary") -> list[str]:
    """Say what to do about what was refused."""
    past = summary.past
    return [*([_FIX] if summary.refused > past else []), *([_PLAN] if past else []), _KEEP] if summary.refused else []


def left_out(summary: "Summary") -> str:
    """Say what was left out, by reason; "" if nothing was."""
    return by_reason(summary.passed)
