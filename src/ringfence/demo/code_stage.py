"""What has happened when the scenes about code begin: a repository whose hook refused a commit, had it mended, and took it.

The rule: `git` is the one that is installed, hooks are those that `ringfence git install` writes, and every step is the command
that a developer types. Nobody's own settings of git count, and no repository but this one is touched. What was committed is read
out of git again.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ringfence.demo.people import Person, make_people
from ringfence.demo.place import PATIENCE, DemoProblem, Done, Place, surroundings
from ringfence.demo.place import PROGRAM as RINGFENCE
from ringfence.demo.planting import Kind, Planted, Sight
from ringfence.demo.running import stop_writer
from ringfence.ledger import Entry, Query, Reader

FIXTURE: Final = "tests/customers.csv"
PROGRAM: Final = "tests/test_invoice.py"
NOTEBOOK: Final = "analysis.ipynb"
CUSTOMERS: Final = 6  # one of each locale
_IN_TABLE: Final = (Kind.NAME, Kind.EMAIL, Kind.PHONE, Kind.CARD, Kind.BIRTH_DATE)
_PRINTED: Final = (Kind.EMAIL, Kind.PHONE)
_OLDEST: Final = (2, 30)

_TEST: Final = '''"""An invoice goes to the customer whom it is for."""

import csv
from pathlib import Path

CUSTOMERS = list(csv.DictReader(Path(__file__).with_name("customers.csv").open(encoding="utf-8")))


def test_an_invoice_goes_to_its_customer():
    [first] = [one for one in CUSTOMERS if one["email"] == "EMAIL"]
    assert first["card"] == "CARD"


test_an_invoice_goes_to_its_customer()
'''


class GitMissing(Exception):
    """There is no git, or one too old: the scenes about code are left out."""

    def __init__(self, what: str = "no git is here") -> None:
        self.what = what
        self.mend = "install git 2.30 or newer, of your system's packages"
        super().__init__(f"{self.what}\n  {self.mend}")


@dataclass(frozen=True, slots=True)
class Shop(Place):
    """The repository. Its keys and ledger lie where `ringfence git install` puts them: in `.git`."""

    @property
    def home(self) -> Path:
        """Keys and ledger."""
        return self.folder / ".git" / "ringfence"


@dataclass(frozen=True, slots=True)
class CodeStage:
    """What the scenes look at.

    Attributes
    ----------
    folder
        The working tree.
    planted
        What stood in the files of the refused commit.
    before, after
        Those files' bytes: as they were refused, and as git holds them now.
    tested
        What the program's own test said before and after.
    noted
        What was planted in the notebook's output.
    first
        The commit that brought the notebook with its output, and the one after, which took it out.
    kept
        The findings of `ringfence scan --history`.
    entries
        What the ledger says was refused.
    """

    folder: Path
    refused: Done
    fixed: Done
    taken: Done
    history: Done
    planted: Sequence[Planted] = field(repr=False)
    before: bytes = field(repr=False)
    after: bytes = field(repr=False)
    tested: tuple[int, int]
    refused_at: tuple[str, str]  # HEAD before the refused commit, and after it
    noted: Sequence[Planted] = field(repr=False)
    first: tuple[str, str]
    kept: Sequence[Mapping[str, object]]
    entries: Sequence[Entry]


def perform_code(folder: Path) -> CodeStage | GitMissing:
    """Make a repository, and go a developer's way in it. Where there is no git, give the words that say so."""
    missing = _missing()
    if missing is not None:
        return missing
    if folder.is_dir():  # of an earlier run
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True)
    shop, people = Shop(folder), make_people(2 * CUSTOMERS)
    try:
        return _perform(shop, people[:CUSTOMERS], people[CUSTOMERS:])
    finally:
        stop_writer(shop)


def _perform(shop: Shop, customers: Sequence[Person], debtors: Sequence[Person]) -> CodeStage:
    _begin(shop, debtors)
    installed = _call(shop, "git", "install")
    if installed.code:
        raise DemoProblem("the hooks could not be installed", installed.err.strip())
    _write(shop, FIXTURE, _table(customers))
    _write(shop, PROGRAM, _TEST.replace("EMAIL", customers[0].email).replace("CARD", customers[0].card))
    tested, before = _test(shop), _files(shop)
    head = _said(shop, "rev-parse", "HEAD")
    _git(shop, "add", "--all")
    refused = _git(shop, "commit", "--message", "Test invoices")
    still = _said(shop, "rev-parse", "HEAD")
    fixed = _call(shop, "scan", "--fix", "--yes")
    _git(shop, "add", "--all")
    taken = _git(shop, "commit", "--message", "Test invoices")
    history = _call(shop, "scan", "--history", "--format", "json")
    with Reader(shop.ledger) as reader:
        entries = list(reader.find(Query(kind="refused"), 2))
    return CodeStage(
        shop.folder,
        refused,
        fixed,
        taken,
        history,
        [one for person in customers for one in _planted(person, *_IN_TABLE)],
        before,
        b"".join(_said(shop, "show", f"HEAD:{name}").encode() for name in (FIXTURE, PROGRAM)),
        (tested, _test(shop)),
        (head, still),
        [one for person in debtors for one in _planted(person, *_PRINTED)],
        (_said(shop, "rev-parse", "HEAD~2"), _said(shop, "rev-parse", "HEAD~1")),
        [one for one in map(json.loads, history.out.splitlines()) if one["kind"] == "finding"],
        entries,
    )


def _begin(shop: Shop, debtors: Sequence[Person]) -> None:
    """Make the repository: a notebook was committed with its output, and then without."""
    _git(shop, "init", "--quiet", "--template=", "--initial-branch=main")
    _write(shop, "README.md", "# The shop's invoices\n")
    rows = [f"{number} {one.email} {one.phone}\n" for number, one in enumerate(debtors)]
    for output, message in ((rows, "Who pays late"), ([], "Clear the notebook")):
        _write(shop, NOTEBOOK, _notebook(output))
        _git(shop, "add", "--all")
        done = _git(shop, "commit", "--quiet", "--message", message)
        if done.code:
            raise DemoProblem("git could not commit", done.err.strip().partition("\n")[0])


def _notebook(output: Sequence[str]) -> str:
    printed = [{"name": "stdout", "output_type": "stream", "text": ["  email phone\n", *output]}] if output else []
    cell: dict[str, object] = {
        "cell_type": "code",
        "execution_count": 1 if output else None,
        "id": "late",
        "metadata": {},
        "outputs": printed,
        "source": ["print(late[['email', 'phone']])"],
    }
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def _table(people: Sequence[Person]) -> str:
    rows = [
        f"{number},{one.first_name},{one.last_name},{one.email},{one.phone},{one.card},{one.birth_date}"
        for number, one in enumerate(people, 1)
    ]
    return "\n".join(["id,first_name,last_name,email,phone,card,birth_date", *rows, ""])


def _planted(person: Person, *kinds: Kind) -> Sequence[Planted]:
    values = {
        Kind.NAME: person.last_name,
        Kind.EMAIL: person.email,
        Kind.PHONE: person.phone,
        Kind.CARD: person.card,
        Kind.BIRTH_DATE: str(person.birth_date),
    }
    return [Planted(kind, values[kind]) for kind in kinds]


def seen_in(raw: bytes, planted: Sequence[Planted]) -> int:
    """Count the planted values that can be read off."""
    return sum(map(Sight(raw).shows, planted))


def _test(shop: Shop) -> int:
    return _run(shop, [sys.executable, "-P", PROGRAM]).code


def _files(shop: Shop) -> bytes:
    return b"".join(shop.folder.joinpath(name).read_bytes() for name in (FIXTURE, PROGRAM))


def _write(shop: Shop, name: str, text: str) -> None:
    file = shop.folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")


def _call(shop: Shop, *arguments: str) -> Done:
    return _run(shop, [*RINGFENCE, *arguments])


def _git(shop: Shop, *arguments: str) -> Done:
    return _run(shop, ["git", *arguments])


def _said(shop: Shop, *arguments: str) -> str:
    return _git(shop, *arguments).out.strip()


_ALONE: Final = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A developer",
    "GIT_AUTHOR_EMAIL": "developer@shop.example",
    "GIT_COMMITTER_NAME": "A developer",
    "GIT_COMMITTER_EMAIL": "developer@shop.example",
}
"""Nobody's settings, and an author who is nobody."""


def _run(shop: Shop, command: Sequence[str]) -> Done:
    kept = {name: value for name, value in surroundings().items() if not name.startswith(("GIT_", "RINGFENCE_"))}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=shop.folder,
            env={**kept, **_ALONE},
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DemoProblem(f"`{command[0]}` did not end", "run the demo again on a machine that is less busy") from None
    return Done(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def _missing() -> GitMissing | None:
    if shutil.which("git") is None:
        return GitMissing()
    with suppress(OSError, subprocess.SubprocessError, ValueError, IndexError):
        said = subprocess.run(["git", "version"], capture_output=True, timeout=PATIENCE, check=True).stdout.split()
        numbers = tuple(int(number) for number in said[2].split(b".")[:2])
        return None if numbers >= _OLDEST else GitMissing(f"git {numbers[0]}.{numbers[1]} is here")
    return GitMissing("git does not say its version")
