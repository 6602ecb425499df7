"""`ringfence history`: what to do about personal data that is in a repository's history already.

The rule: nothing here changes a repository. A plan is written for people, for programs and for `git filter-repo`, without a value.
"""

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._files import write_private
from ringfence.cli._home import HomeOption, OverlayOption, PolicyOption, home
from ringfence.cli._scan_options import (
    Asking,
    FlowOption,
    IgnoreFileOption,
    ProcessesOption,
    PurposeOption,
    RoleOption,
    listed_of,
    scan_of,
)
from ringfence.cli._scan_process import end_without_a_trace
from ringfence.gates.git.ignoring import FILE as IGNORE_FILE

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Plan what to do about personal data in history.\n\nExample: ringfence history plan",
)

_FOUND, _UNREAD = 1, 2
_FILES = ("plan.md", "plan.json", "blob.py", "message.py", "remove.txt", ".gitignore", "rewritten.git")


@app.callback()
def _group() -> None:
    """Keep `plan` a word of its own."""


@app.command(
    name="plan",
    help="Scan all history, and write what takes out of it what may not be there: a page of steps in their order (rotate, notify, "
    "rewrite, publish, empty copies), the same as JSON, and the callbacks for `git filter-repo`. No value is written.\n\n"
    "Exit code: 0 there is nothing to do, 1 a plan was written, 2 an error, or nothing was found and something could not be "
    "read.\n\nExample: ringfence history plan -o ../plan",
)
def plan(
    out: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to write it.")] = Path(
        "ringfence-plan"
    ),
    everything: Annotated[
        bool, typer.Option("--everything", help="Also vendored, minified and generated files.")
    ] = False,
    flow: FlowOption = "",
    role: RoleOption = None,
    purpose: PurposeOption = None,
    ignore_file: IgnoreFileOption = None,
    processes: ProcessesOption = None,
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
) -> int:
    """Scan history and write the plan."""
    from dataclasses import replace

    from ringfence.cli._rewriting import PLAN, asked_of, mender_of
    from ringfence.gates.git.history_plan import HistoryPlan
    from ringfence.gates.git.opening import Opener
    from ringfence.gates.git.scan_key import key_or_passing
    from ringfence.gates.git.scanning import Digests
    from ringfence.report import history_plan as written
    from ringfence.report.scan_words import Names
    from ringfence.transform import Keyring

    end_without_a_trace()
    place = home(policy, folder)
    asking = Asking(
        history=True,
        everything=everything,
        flow=flow,
        role=role,
        purpose=purpose,
        ignore_file=ignore_file,
        processes=processes,
        by_policy=policy is not None or bool(flow),
        place=place,
        overlay=overlay,
    )
    _free(out)
    listed, repository = listed_of(asking)
    if repository is None:
        raise Problem("there is no repository here", "change to one")
    if ignore_file is None and repository.top and Path(repository.top, IGNORE_FILE).is_file():
        asking = replace(asking, ignore_file=Path(repository.top, IGNORE_FILE))
    made = scan_of(asking, listed, repository)
    handle = key_or_passing(place, os.environ)
    made.scan.scanner.digests = Digests(Keyring([handle]), handle.name)
    names = Names(made.detector)
    result = HistoryPlan()
    with Opener(repository) as opener:  # the scan's own reads ahead
        result.take(made.scan.run(), mender_of(made.scan.scanner, handle), opener)
    if not result.objects and not result.messages:
        if result.failed:
            _say(
                f"{len(result.failed):,} parts could not be read, and may hold something: `ringfence scan --history` names them"
            )
            return _UNREAD
        _say("nothing that is in history has to be taken out")
        return 0
    result.place(repository)
    where = os.fspath(out.absolute())
    files = {
        "plan.md": written.page(result, names, shlex.quote(where), "".join(_by_the_same_rules(asking))),
        PLAN: written.document(result, names, asked_of(asking)),
        "blob.py": written.BLOB.format(folder=repr(where)),
        "message.py": written.MESSAGE.format(folder=repr(where)),
        "remove.txt": written.removed(result),
        ".gitignore": "*\n",
    }
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in files.items():
        (out / name).unlink(missing_ok=True)
        write_private(out / name, text.encode("utf-8", "backslashreplace").decode())
    total = sum(result.categories.values())
    _say(f"{total:,} findings in {len(result.objects):,} versions of files and {len(result.messages):,} messages")
    _say(f"wrote the plan: {names.shown(os.fspath(out / 'plan.md'))}; read it before you run anything")
    return _FOUND


def _by_the_same_rules(asking: Asking) -> Iterator[str]:
    """Give the options by which a scan decides as the plan did."""
    chosen = {
        "ignore-file": asking.ignore_file,
        "policy": asking.place.policy if asking.by_policy else None,
        "overlay": asking.overlay,
        "flow": asking.flow,
        "role": asking.role,
        "purpose": asking.purpose,
    }
    for name, value in chosen.items():
        if value:
            yield f" --{name} {shlex.quote(os.fspath(value.absolute()) if isinstance(value, Path) else value)}"
    if asking.everything:
        yield " --everything"


def _free(out: Path) -> None:
    """See that nothing is overwritten but an earlier plan."""
    if not out.exists():
        return
    if not out.is_dir():
        raise Problem(f"{os.fspath(out)}: it is no folder", "name another with --output")
    others = [one.name for one in out.iterdir() if one.name not in _FILES]
    if others:
        raise Problem(f"{os.fspath(out)}: something else is in it", "name another folder with --output")


def _say(line: str) -> None:
    print(f"ringfence: {line}", file=sys.stderr)
