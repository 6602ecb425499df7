"""Reading a policy: texts and variables are handed in, a `Policy` or a `PolicyError` comes out, and nothing else.

The rule: this module joins what belongs together and knows where everything stood; what it means is for `resolving`. In order:
every file becomes a tree; includes are merged under the file that names them; an overlay is laid over; variables are replaced,
only where an address or a credential stands; the whole is checked against `document`; the names are resolved.

Two includes may not say the same thing; what the including file says wins over both. Files are found beside the policy or in
folders below, never elsewhere, and each is read once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import ValidationError

from ringfence.policy.document import Document
from ringfence.policy.merging import clashes, lay_over, merge
from ringfence.policy.model import Policy
from ringfence.policy.problems import PolicyError, Position, Problem, quoted
from ringfence.policy.resolving import resolve
from ringfence.policy.saying import in_words
from ringfence.policy.tree import Node, Row, Scalar, Step, Table, parse, place, to_data
from ringfence.policy.variables import FORM_PLACES, fits, replaced

MAX_FILES = 64
MAX_TOGETHER = 16 << 20  # characters of all files: the map of a large database is split over several

Texts: TypeAlias = Callable[[str], str] | Mapping[str, str]


class UnreadableError(Exception):
    """What a callable that hands in texts raises where a file cannot be read: `what` is wrong with it, and the mend."""

    def __init__(self, what: str, mend: str = "") -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n  {mend}" if mend else what)


@dataclass(frozen=True, slots=True)
class Positions:
    """Where each part of a policy stands in its files."""

    root: Node

    def of(self, *path: Step, of_key: bool = False) -> Position:
        """Say where a path stands, such as ``("flows", "staff-reads", "else")``, or the nearest part of it that is there."""
        return place(self.root, path, of_key=of_key)


@dataclass(frozen=True, slots=True)
class Located:
    """A policy, and where its parts stand."""

    policy: Policy
    positions: Positions


def read(entry: str, texts: Texts, environment: Mapping[str, str], *, overlay: str | None = None) -> Policy:
    """Read a policy.

    Parameters
    ----------
    entry
        The policy's file, as `texts` knows it; other files are named beside it.
    texts
        Gives each file's text: a mapping, or a callable that raises `UnreadableError` (or `KeyError`) for a file that is not there.
    environment
        The variables that `at`, `listen` and credentials may name.
    overlay
        A file that changes only addresses, credentials and modes.

    Raises
    ------
    PolicyError
        With all that is wrong, each with file, line, column and mend. It quotes names, and never a value.
    """
    return read_located(entry, texts, environment, overlay=overlay).policy


def read_located(entry: str, texts: Texts, environment: Mapping[str, str], *, overlay: str | None = None) -> Located:
    """Read a policy as `read` does, and keep where everything stands."""
    files = _Files(entry, texts)
    tree = files.tree_of(entry, (), Position(entry, 1, 1))
    if files.problems:
        raise PolicyError(files.problems)
    if overlay is not None:
        tree = lay_over(files.table(overlay, Position(overlay, 1, 1)), tree)
    nulls = dict(_nulls(tree))
    tree, missing = replaced(tree, environment)
    problems = [*nulls.values(), *missing]
    document = _validated(tree, nulls, problems)
    if document is None:
        raise PolicyError(problems)
    policy, wrong = resolve(document, tree, files.lines_of)
    if policy is None or problems or files.problems:
        raise PolicyError([*problems, *wrong, *files.problems])
    return Located(policy, Positions(tree))


def _validated(tree: Table, nulls: Mapping[tuple[Step, ...], Problem], problems: list[Problem]) -> Document | None:
    try:
        return Document.model_validate(to_data(tree))
    except ValidationError as error:
        details = error.errors(include_url=False)
        said = {detail["loc"]: in_words(detail, tree) for detail in details}
        meant = {(where[:-1], problem.mend) for where, problem in said.items()}
        for where, problem in said.items():
            null = any(path[: len(where)] == where or where[: len(path)] == path for path in nulls)
            misspelt = (where[:-1], f'did you mean "{where[-1]}"?') in meant if where else False
            if not null and not misspelt:  # a key is not missing that stands there in another spelling
                problems.append(problem)
        return None


def _nulls(node: Node, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Problem]]:
    """Find values that are not there. YAML's null is not the form of that name, and a default is not asked for by a null."""
    match node:
        case Scalar(at=at, value=None):
            form = any(fits(path, pattern) for pattern in FORM_PLACES)
            mend = 'write "null" in quotes for the form of that name' if form else "give it a value, or remove the key"
            yield path, Problem(at.file, at.line, at.column, f"no value stands here{_under(path)}", mend)
        case Table(entries=entries):
            for key, entry in entries.items():
                yield from _nulls(entry.node, (*path, key))
        case Row(items=items):
            for number, item in enumerate(items):
                yield from _nulls(item, (*path, number))
        case _:
            return


def _under(path: tuple[Step, ...]) -> str:
    return f" (key{quoted(path[-1])})" if path and quoted(path[-1]) else ""


class _Files:
    """The texts that were asked for, each once, and what was wrong with them."""

    def __init__(self, entry: str, texts: Texts) -> None:
        self.problems: list[Problem] = []
        self._folder = entry[: entry.rfind("/") + 1]
        self._texts = texts
        self._read: set[str] = set()
        self._characters = 0

    def tree_of(self, file: str, path: tuple[str, ...], at: Position) -> Table:
        """Give a file's tree with its includes merged under it. `at` is where the file is named, `path` who includes it."""
        table = self.table(file, at)
        if path:
            self._check_version(table)
        below: Table | None = None
        for name, at in self._includes(table):
            included = self._beside(file, name, at)
            if included is None:
                continue
            if included in (*path, file):
                self._wrong(
                    at, "this include leads back to the file itself", "remove one of the includes of the circle"
                )
                continue
            if included in self._read:
                continue
            tree = self._included(included, (*path, file), at)
            if below is not None:
                self.problems.extend(clashes(below, tree))
            below = tree if below is None else merge(below, tree)
        return table if below is None else merge(table, below)

    def table(self, file: str, at: Position) -> Table:
        """Read one file, which is named at that place."""
        if len(self._read) >= MAX_FILES:
            raise PolicyError([_problem(at, f"more than {MAX_FILES} files", "join some")])
        self._read.add(file)
        text = self._counted(file, at)
        node = parse(file, text)
        if isinstance(node, Table):
            return node
        if isinstance(node, Scalar) and node.value is None:
            raise PolicyError(
                [_problem(Position(file, 1, 1), "the file says nothing", "`ringfence init` writes a first policy")]
            )
        raise PolicyError([_problem(node.at, "this is not a mapping", "a policy begins with a key: `version: 1`")])

    def lines_of(self, name: str, at: Position) -> tuple[str, ...]:
        """Give the lines of a text file that a policy's file names: values, which are never quoted."""
        file = self._beside(at.file, name, at, "a file")
        try:
            return tuple(self._counted(file, at).splitlines()) if file is not None else ()
        except PolicyError as error:
            self.problems.extend(error.problems)
            return ()

    def _counted(self, file: str, at: Position) -> str:
        text = self._text(file, at)
        self._characters += len(text)
        if self._characters > MAX_TOGETHER:
            raise PolicyError(
                [_problem(at, f"the policy's files have more than {MAX_TOGETHER} characters", "shorten them")]
            )
        return text

    def _text(self, file: str, at: Position) -> str:
        try:
            return self._texts(file) if callable(self._texts) else self._texts[file]
        except UnreadableError as error:
            raise PolicyError([_problem(at, error.what, error.mend)]) from None
        except KeyError:
            raise PolicyError([_problem(at, "there is no such file", "files are named beside the policy")]) from None

    def _included(self, file: str, path: tuple[str, ...], at: Position) -> Table:
        try:
            return self.tree_of(file, path, at)
        except PolicyError as error:
            self.problems.extend(error.problems)
            return Table(at)

    def _includes(self, table: Table) -> Iterator[tuple[str, Position]]:
        entry = table.entries.get("include")
        if entry is None:
            return
        if not isinstance(entry.node, Row):
            self._wrong(entry.node.at, "include is not a list", "write `include: [file.yaml]`")
            return
        for item in entry.node.items:
            if isinstance(item, Scalar) and isinstance(item.value, str) and item.value:
                yield item.value, item.at
            else:
                self._wrong(item.at, "an include that is not a file's name", "write `include: [file.yaml]`")

    def _check_version(self, table: Table) -> None:
        entry = table.entries.get("version")
        if entry is not None and (
            not isinstance(entry.node, Scalar) or entry.node.value != 1 or entry.node.value is True
        ):
            self._wrong(entry.node.at, "a version that this ringfence does not read", "write `version: 1`")

    def _beside(self, file: str, name: str, at: Position, what: str = "an include") -> str | None:
        """Give the name of an include as `texts` knows it, or None where it leads out of the policy's folder."""
        steps = file[len(self._folder) : file.rfind("/") + 1].split("/")[:-1]
        for step in name.split("/"):
            if step == ".." and steps:
                steps.pop()
            elif step == ".." or (step == "" and name.startswith("/")) or "\\" in step or "\x00" in step:
                self._wrong(at, f"{what} outside of the policy's folder", "name a file beside the policy, or below it")
                return None
            elif step not in ("", "."):
                steps.append(step)
        return self._folder + "/".join(steps)

    def _wrong(self, at: Position, what: str, mend: str) -> None:
        self.problems.append(_problem(at, what, mend))


def _problem(at: Position, what: str, mend: str) -> Problem:
    return Problem(at.file, at.line, at.column, what, mend)
