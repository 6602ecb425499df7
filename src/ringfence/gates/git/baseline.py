"""The baseline: what was found once and may stay, known again by keyed fingerprints.

The rule: no value, no file, no line stands in it. A fingerprint is an HMAC of entity and value under a key of one's own
(`scan_key`), so a moved line or a renamed file changes nothing, and who has the file and every address in the world learns nothing.
Of each there is how often it occurs: more of it is found again, less of it is told as spare. What was taken down from a history has
no count, for there every version of a file holds it anew. A person may write a `reason` beside an entry; it stays when the file is
written again.

The file is JSON, an entry a line, in order, so that two branches that add to it merge::

    {
      "ringfence-baseline": 1,
      "key": {"name": "k-scan", "version": 1, "check": "<32 digits>"},
      "findings": [
        {"entity": "EMAIL_ADDRESS", "fingerprint": "<32 digits>", "count": 2, "reason": "our own imprint"}
      ]
    }
"""

import hmac
import json
import os
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import re2

from ringfence.gates.git.model import Allowance, By, Found, Scanned, Standing
from ringfence.transform import KeyHandle

VERSION: Final = 1
LONGEST: Final = 64 << 20  # bytes
_MARK: Final = "ringfence-baseline"
_CHECK_BYTES: Final = 16
_MOST_COUNTED: Final = 10**9
_REASON_MOST: Final = 1_000  # characters
_DIGITS = re2.compile(r"[0-9a-f]{32}")
_ENTITY = re2.compile(r"[A-Za-z][A-Za-z0-9_.]{0,127}")
_KEY_NAME = re2.compile(r"[a-z][a-z0-9-]{0,62}")
_FIELDS: Final = frozenset(("entity", "fingerprint", "count", "reason"))
_AGAIN: Final = "mend the line, or take the file from git; or remove it, and write it again with --write-baseline"

Key = tuple[str, str]  # entity, fingerprint


class BadBaseline(Exception):
    """A baseline that cannot be used. `what` says what is wrong and where, `mend` what to do."""

    def __init__(self, what: str, mend: str = _AGAIN) -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n  {mend}")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that may stay. `count`: how often; None: wherever it is."""

    entity: str
    fingerprint: str
    count: int | None = None
    reason: str = field(default="", repr=False)
    line: int = 0

    @property
    def key(self) -> Key:
        """Give what it is known by."""
        return self.entity, self.fingerprint


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a file of them holds. It says which key it was made under, and does not hold it."""

    key_name: str
    key_version: int
    check: str
    entries: Mapping[Key, Entry]
    file: str = ""

    def opened_by(self, handle: KeyHandle) -> None:
        """See that a key is the one that it was made under. Raises `BadBaseline`."""
        if not hmac.compare_digest(check_of(handle), self.check):
            raise BadBaseline(
                f"{self.file}: it was made under another key than this {self.key_name} version {self.key_version}",
                "give the key that it was made under; or remove it, and write it again with --write-baseline",
            )


def check_of(handle: KeyHandle) -> str:
    """Give what tells one key from another. It is derived for this alone, and nothing else can be known by it."""
    return handle.derive("baseline check", "", _CHECK_BYTES).hex()


def label_of(found: Found) -> str:
    """Give what a finding is called in a baseline: its entity, or, of a field that a policy declares, its category."""
    return found.entity or found.category


# --- read ----------------------------------------------------------------------------------------------------------------


def read_baseline(file: Path) -> Baseline:
    """Read a baseline. Raises `BadBaseline`, and `OSError`."""
    with file.open("rb") as opened:
        content = opened.read(LONGEST + 1)
    return parse_baseline(content, os.fspath(file))


def parse_baseline(content: bytes, file: str) -> Baseline:
    """Understand a baseline's content. Raises `BadBaseline`."""
    if len(content) > LONGEST:
        raise BadBaseline(f"{file}: it has more than {LONGEST} bytes", "scan folders apart, each with one of its own")
    if b"\n<<<<<<< " in content or b"\n>>>>>>> " in content:
        line = content.count(b"\n", 0, max(content.find(b"\n<<<<<<< "), 0)) + 2
        raise BadBaseline(
            f"{file}:{line}: two versions of it were not merged", "keep the lines of both, or write it again"
        )
    try:
        text = content.decode("utf-8-sig")
        held = json.loads(text)
    except UnicodeDecodeError:
        raise BadBaseline(f"{file}: it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise BadBaseline(f"{file}:{error.lineno}: it is not JSON from here on") from None
    except (RecursionError, ValueError):
        raise BadBaseline(f"{file}: it is not JSON that anybody would write") from None
    if not isinstance(held, dict) or _MARK not in held:
        raise BadBaseline(f"{file}: it is no baseline", "name a file that --write-baseline wrote")
    version = held[_MARK]
    if type(version) is not int or version != VERSION:
        raise BadBaseline(f"{file}: it has another version than {VERSION}", "update ringfence, or write it again")
    name, number, check = _key(held.get("key"), file)
    findings = held.get("findings")
    if not isinstance(findings, list):
        raise BadBaseline(f"{file}: findings is not a list")
    lines = _lines(text)
    entries = dict[Key, Entry]()
    for at, each in enumerate(findings, 1):
        entry = _entry(each, at, lines, file)
        other = entries.get(entry.key)
        entries[entry.key] = entry if other is None else _merged(other, entry)
    return Baseline(name, number, check, entries, file)


def _key(key: object, file: str) -> tuple[str, int, str]:
    if not isinstance(key, dict):
        raise BadBaseline(f"{file}: key is missing")
    name, version, check = key.get("name"), key.get("version"), key.get("check")
    if not isinstance(name, str) or not name.isascii() or _KEY_NAME.fullmatch(name) is None:
        raise BadBaseline(f"{file}: key.name is not a key's name")
    if type(version) is not int or not 1 <= version < _MOST_COUNTED:
        raise BadBaseline(f"{file}: key.version is not a key's version")
    if not _is_digits(check):
        raise BadBaseline(f"{file}: key.check is not 32 hexadecimal digits")
    return name, version, str(check)


def _is_digits(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and _DIGITS.fullmatch(value) is not None


def _lines(text: str) -> dict[str, int]:
    """Give the line on which each fingerprint stands first."""
    lines = dict[str, int]()
    for number, line in enumerate(text.split("\n"), 1):
        at = line.find('"fingerprint"')
        if at >= 0 and line.isascii():
            match = _DIGITS.search(line[at:])
            if match is not None:
                lines.setdefault(match[0], number)
    return lines


def _entry(each: object, at: int, lines: Mapping[str, int], file: str) -> Entry:
    where = f"{file}: finding {at}"
    if not isinstance(each, dict):
        raise BadBaseline(f"{where} is not an object")
    fingerprint = each.get("fingerprint")
    if not _is_digits(fingerprint):
        raise BadBaseline(f"{where}: fingerprint is not 32 hexadecimal digits")
    line = lines.get(str(fingerprint), 0)
    if line:
        where = f"{file}:{line}"
    entity, count, reason = each.get("entity"), each.get("count"), each.get("reason", "")
    if not isinstance(entity, str) or not entity.isascii() or _ENTITY.fullmatch(entity) is None:
        raise BadBaseline(f"{where}: entity is no name of an entity or category")
    if count is not None and (type(count) is not int or not 1 <= count <= _MOST_COUNTED):
        raise BadBaseline(f"{where}: count is not a number from 1")
    if (
        not isinstance(reason, str)
        or len(reason) > _REASON_MOST
        or any("\ud800" <= char <= "\udfff" for char in reason)
    ):
        raise BadBaseline(f"{where}: reason is not a text of at most {_REASON_MOST} characters")
    if not _FIELDS.issuperset(each):
        raise BadBaseline(f"{where}: it has a field that is not known", f"known are: {', '.join(sorted(_FIELDS))}")
    return Entry(entity, str(fingerprint), count, reason, line)


def _merged(one: Entry, other: Entry) -> Entry:
    """Take what two branches wrote of the same thing as one."""
    count = None if one.count is None or other.count is None else max(one.count, other.count)
    return replace(one, count=count, reason=one.reason or other.reason)


# --- apply ---------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Applying:
    """A baseline while a scan runs: what is left of each entry. In the order of the items, so always the same."""

    baseline: Baseline
    counting: bool = True  # of a history nothing is counted: every version of a file holds the same anew
    used: Counter[Key] = field(default_factory=Counter)

    def allowing(self, found: Found) -> Entry | None:
        """Give the entry by which a finding may stay, and use it."""
        if not found.digest:
            return None
        entry = self.baseline.entries.get((label_of(found), found.digest))
        if entry is None or (self.counting and entry.count is not None and self.used[entry.key] >= entry.count):
            return None
        self.used[entry.key] += 1
        return entry

    def spare(self) -> Iterable[tuple[Entry, int]]:
        """Give the entries that would have covered more, and how much more."""
        for key, entry in self.baseline.entries.items():
            used = self.used[key]
            wanted = entry.count if self.counting and entry.count is not None else 1
            if used < wanted:
                yield entry, wanted - used

    def told(self, entry: Entry, spare: int, reason: str) -> Allowance:
        """Tell an entry."""
        return Allowance(
            By.BASELINE, self.baseline.file, entry.line, (entry.entity,), reason, self.used[entry.key], spare
        )


# --- write ---------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Recording:
    """Takes down what a scan finds. `missed`: whether something could not be read."""

    missed: bool = False
    counts: Counter[Key] = field(default_factory=Counter)

    def take(self, scanned: Scanned) -> Scanned:
        """Take down what one item holds that nothing else allows; give it as what it is from now on: allowed."""
        self.missed = self.missed or bool(scanned.unread)
        return (
            replace(scanned, found=tuple(self._taken(found) for found in scanned.found)) if scanned.found else scanned
        )

    def _taken(self, found: Found) -> Found:
        if found.standing is not Standing.REFUSED or not found.digest:
            return found
        self.counts[label_of(found), found.digest] += found.count
        return replace(found, standing=Standing.ALLOWED, why=By.BASELINE.value)

    def baseline(
        self, handle: KeyHandle, *, counting: bool = True, old: Baseline | None = None, whole: bool = True
    ) -> Baseline:
        """Give what was taken down, with the reasons that stood beside the same things before.

        Where not all was looked at, everything that `old` has stays, as often as it says.
        """
        known = old.entries if old is not None else {}
        entries = {
            key: Entry(*key, count if counting else None, known[key].reason if key in known else "")
            for key, count in self.counts.items()
        }
        if not whole or self.missed:
            entries |= {key: _merged(entry, entries.get(key, entry)) for key, entry in known.items()}
        return Baseline(handle.name, handle.version, check_of(handle), entries)


def written(baseline: Baseline) -> str:
    """Spell a baseline: the same things give the same text."""
    key = {"name": baseline.key_name, "version": baseline.key_version, "check": baseline.check}
    lines = [_spelt(baseline.entries[each]) for each in sorted(baseline.entries)]
    findings = "[\n    " + ",\n    ".join(lines) + "\n  ]" if lines else "[]"
    return f'{{\n  "{_MARK}": {VERSION},\n  "key": {json.dumps(key)},\n  "findings": {findings}\n}}\n'


def _spelt(entry: Entry) -> str:
    told: dict[str, str | int] = {"entity": entry.entity, "fingerprint": entry.fingerprint}
    if entry.count is not None:
        told["count"] = entry.count
    if entry.reason:
        told["reason"] = entry.reason
    return json.dumps(told, ensure_ascii=False)


def write_baseline(file: Path, baseline: Baseline) -> None:
    """Write a baseline: whole or not at all. Of two who write at once one is the last, and its file is whole. Raises `OSError`."""
    target = file.resolve()  # behind a link the file itself is replaced, not the link
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}.draft")
    try:
        with draft.open("x", encoding="utf-8", newline="\n") as opened:
            with suppress(FileNotFoundError):  # a new file gets the rights that new files have
                os.fchmod(opened.fileno(), target.stat().st_mode & 0o777)
            opened.write(written(baseline))
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(target)
    except OSError as error:
        error.filename = os.fspath(file)
        raise
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
