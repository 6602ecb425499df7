"""Hooks of a repository: where git looks for them, and ours among them.

The rule: what was there before runs first, as git would run it, with the same arguments and the same standard input, and where it
fails, ours does not run. Ours calls the interpreter that installed it, by its path; where that is gone, or ringfence is, nothing
passes, and it is said how to mend it. Nothing of the repository's own is imported: `-P` keeps the current folder out.
"""

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ringfence.gates.git.repository import Repository
from ringfence.gates.git.running import GitFailed
from ringfence.home import Problem

LOCAL_HOOKS: Final = ("pre-commit", "commit-msg", "pre-push")
SERVER_HOOKS: Final = ("pre-receive",)
_READING: Final = frozenset({"pre-push", "pre-receive"})  # hooks that git writes something to

_MARK: Final = "# ringfence git hook"
_KEPT: Final = ".before-ringfence"
_MODE: Final = 0o755

_HEAD: Final = """#!/bin/sh
{mark} 1: written by `ringfence git install`; `ringfence git uninstall` takes it away.
python={python}
kept="$0{kept}"
"""
_PLAIN: Final = """if [ -x "$kept" ]; then
    "$kept" "$@" || exit $?
fi
"""
_FED: Final = """given=$(cat && printf .) || exit 1
given=${given%.}
if [ -x "$kept" ]; then
    printf %s "$given" | "$kept" "$@" || exit $?
fi
"""
_CHECK: Final = """if ! [ -x "$python" ]; then
    printf 'ringfence: %s is gone, by which this hook looks for personal data; nothing passes\\n' "$python" >&2
    printf '  install ringfence again, and run `ringfence git install`; or take this hook away: %s\\n' "$0" >&2
    exit 1
fi
"""
_PROGRAM: Final = """import sys
try:
    from ringfence.cli import main
except ModuleNotFoundError as error:
    print(f"ringfence: it is gone from {sys.executable} (no module {error.name}); nothing passes", file=sys.stderr)
    print("  install it there again, and run `ringfence git install`", file=sys.stderr)
    sys.exit(1)
main()
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where git looks for a repository's hooks.

    Attributes
    ----------
    shared
        Whether the folder is in the working tree: others may get what is written there.
    setting
        ``core.hooksPath`` as it is set; "" where it is not.
    """

    folder: Path
    shared: bool = False
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook as it stands."""

    name: str
    file: Path
    is_ours: bool
    kept: Path | None  # what was there before, and runs first
    python: str = ""  # that it calls, of one of ours


def place_of(repository: Repository) -> Place:
    """Find the folder of hooks. Raises `Problem` where all of a user's repositories share it."""
    scope, setting = _hooks_path(repository)
    if not setting:
        return Place(Path(repository.shared, "hooks"))
    if scope not in {"local", "worktree"}:
        raise Problem(
            f"core.hooksPath is set for all repositories ({scope}), not for this one",
            "give this one its own: `git config core.hooksPath .git/hooks`",
        )
    folder = Path(repository.top or repository.folder, setting)
    is_inside = bool(repository.top) and Path(os.path.normpath(folder)).is_relative_to(repository.top)
    is_gits = Path(os.path.normpath(folder)).is_relative_to(repository.shared)
    return Place(folder, is_inside and not is_gits, setting)


def _hooks_path(repository: Repository) -> tuple[str, str]:
    """Give where core.hooksPath is set, and to what: what is set for this command alone does not count."""
    try:
        said = repository.run("config", "--show-scope", "--null", "--type=path", "--get-all", "core.hooksPath")
    except GitFailed as failed:
        if failed.code == 1:
            return "", ""
        raise
    parts = said.decode("utf-8", "surrogateescape").split("\0")
    found = [(scope, value) for scope, value in zip(parts[::2], parts[1::2], strict=False) if scope != "command"]
    return found[-1] if found else ("", "")


def script(name: str, python: str = sys.executable) -> str:
    """Write a hook."""
    head = _HEAD.format(mark=_MARK, python=shlex.quote(python), kept=_KEPT)
    call = f'"$python" -P -c {shlex.quote(_PROGRAM)} git hook {name} "$@"'
    if name in _READING:
        return f'{head}{_FED}{_CHECK}printf %s "$given" | {call}\n'
    return f"{head}{_PLAIN}{_CHECK}exec {call}\n"


def look(place: Place, name: str) -> Hook:
    """Say how a hook stands."""
    file = place.folder / name
    kept = file.with_name(name + _KEPT)
    text = _text(file)
    is_ours = _MARK in text
    return Hook(name, file, is_ours, kept if os.path.lexists(kept) else None, _python_of(text) if is_ours else "")


def _python_of(text: str) -> str:
    """Give the interpreter that a hook of ours calls; "" where somebody has changed its line so that no shell reads it."""
    python = text.partition("\npython=")[2].partition("\nkept=")[0]  # it may have a line feed
    try:
        return "".join(shlex.split(python))
    except ValueError:
        return ""


def install(place: Place, name: str) -> Hook:
    """Write a hook; keep what is there, as what runs first. Run again, it changes nothing."""
    place.folder.mkdir(parents=True, exist_ok=True)
    found = look(place, name)
    if os.path.lexists(found.file) and not found.is_ours:
        _keep(found)
    draft = found.file.with_name(f".{name}.{os.getpid()}.draft")
    try:
        draft.write_text(script(name), encoding="utf-8", errors="surrogateescape")
        draft.chmod(_MODE)
        draft.replace(found.file)  # there is a hook at every moment: the old one, or ours
    finally:
        draft.unlink(missing_ok=True)
    return look(place, name)


def _keep(found: Hook) -> None:
    """Have what stands in our place run first. What was kept before was called by nobody since then: it is put aside."""
    kept = found.file.with_name(found.name + _KEPT)
    if found.kept is not None:
        number = 1
        while os.path.lexists(aside := kept.with_name(f"{kept.name}.{number}")):
            number += 1
        kept.rename(aside)
    os.link(found.file, kept, follow_symlinks=False)


def uninstall(place: Place, name: str) -> bool:
    """Take a hook of ours away, and put back what was there before; say whether there was one."""
    found = look(place, name)
    if not found.is_ours:
        return False
    if found.kept is not None:
        found.kept.replace(found.file)
    else:
        found.file.unlink()
    return True


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(4096).decode("utf-8", "surrogateescape")
    except (FileNotFoundError, IsADirectoryError):
        return ""
