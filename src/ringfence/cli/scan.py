"""`ringfence scan`: personal data in files, in what is about to be committed, in changes and in all of a repository's history.

The rule: this file reads options and shows what comes; what is looked at, how, and by which rule is decided in `gates/git`. What a
usual commit needs is imported at once, everything else when it is asked for.
"""

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._home import HomeOption, OverlayOption, PolicyOption, home
from ringfence.cli._scan_options import (
    Asking,
    FlowOption,
    IgnoreFileOption,
    ProcessesOption,
    PurposeOption,
    RoleOption,
    ScanFormat,
    listed_of,
    resume,
    scan_of,
)
from ringfence.cli._scan_process import end_without_a_trace
from ringfence.report.scan_outputs import write_scan
from ringfence.report.scan_summary import Asked, Summary

if TYPE_CHECKING:
    from ringfence.gates.git.scans import Scan

app = typer.Typer(add_completion=False)

_Paths = Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Files and folders; - is standard input.")]


@app.command(
    help="Find personal data in files (what git ignores is left out), in what is about to be committed, in a diff, or in all "
    "history. A value is shown by its shape only. Without a policy nothing personal may stand anywhere; with --flow a flow "
    "decides.\n\nExit code: 0 clean, 1 found, 2 an error, or something could not be read.\n\n"
    "Example: ringfence scan --staged"
)
def scan(
    paths: _Paths = None,
    staged: Annotated[bool, typer.Option("--staged", help="What `git commit` would commit: new lines only.")] = False,
    diff: Annotated[
        str | None, typer.Option("--diff", metavar="A..B", help="What changed between two revisions: new lines only.")
    ] = None,
    history: Annotated[
        bool,
        typer.Option(
            "--history",
            help="Everything that the repository holds, each object once, also what is dangling; goes on where it was ended.",
        ),
    ] = False,
    since: Annotated[
        str,
        typer.Option("--since", metavar="DATE|REV", help="Of history: only what came after, as 2031-05-01 or v1.2."),
    ] = "",
    authors: Annotated[bool, typer.Option("--authors", help="Of history: who wrote each commit, too.")] = False,
    max_size: Annotated[
        str, typer.Option("--max-size", metavar="SIZE", help="Leave larger files out, as 10M. Said so.")
    ] = "",
    everything: Annotated[
        bool,
        typer.Option("--everything", help="Also vendored, minified and generated files, and those that git ignores."),
    ] = False,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Of standard input: a file's name, which says what it is.")
    ] = "",
    flow: FlowOption = "",
    role: RoleOption = None,
    purpose: PurposeOption = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="FILE", help="What was found before, and may stay.")
    ] = None,
    write_baseline: Annotated[
        Path | None, typer.Option("--write-baseline", metavar="FILE", help="Write what is found as a baseline.")
    ] = None,
    ignore_file: IgnoreFileOption = None,
    output: Annotated[ScanFormat, typer.Option("--format", help="How to write it.")] = ScanFormat.TEXT,
    out: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there, whole or not at all.")
    ] = None,
    allowed: Annotated[bool, typer.Option("--allowed", help="Show what is allowed, too, and by what.")] = False,
    carried: Annotated[bool, typer.Option("--carried", help="Show what the policy lets through, too.")] = False,
    every: Annotated[
        bool, typer.Option("--every", help="Show each finding; else noted ones, and more of a kind, are counted.")
    ] = False,
    mend: Annotated[
        bool,
        typer.Option(
            "--fix", help="Put synthetic values in the place of what is refused, after showing the difference."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --fix: do not ask.")] = False,
    processes: ProcessesOption = None,
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    folder: HomeOption = None,
) -> int:
    """Scan, write what is found, and give the exit code."""
    end_without_a_trace()
    place = home(policy, folder)
    asking = Asking(
        place=place,
        paths=tuple(paths or ()),
        staged=staged,
        diff=diff,
        history=history,
        since=since,
        authors=authors,
        max_size=max_size,
        everything=everything,
        name=name,
        flow=flow,
        role=role,
        purpose=purpose,
        baseline=baseline,
        write_baseline=write_baseline,
        ignore_file=ignore_file,
        processes=processes,
        by_policy=policy is not None or bool(flow),
        overlay=overlay,
        tells_version=output is not ScanFormat.TEXT,
    )
    if mend:
        from ringfence.cli._scan_fix import fix

        fix(asking, yes=yes, to=sys.stdout if output is ScanFormat.TEXT and out is None else sys.stderr)
    elif yes:
        raise Problem("--yes is of --fix", "add --fix")
    listed, repository = listed_of(asking)
    made = scan_of(asking, listed, repository)
    resume(made)
    summary = Summary(made.about, allowances=made.allowances)
    shown = Asked(allowed, carried, every)
    with _progress(made.scan, history=history), _written(out) as stream:
        code = write_scan(output.value, made.taken(made.scan.run()), summary, stream, shown, made.detector)
    _tell(made.ended())
    return code


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        print(f"ringfence: {line}", file=sys.stderr)


@contextmanager
def _written(file: Path | None) -> Iterator[TextIO]:
    """Give where to write: standard output, or a file that is there when all of it is; a device or a pipe as it is."""
    if file is None:
        yield sys.stdout
        return
    target = file.resolve()  # behind a link the file itself is replaced, not the link
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(file))
    if target.exists() and not target.is_file():
        with file.open("w", encoding="utf-8", errors="backslashreplace", newline="") as opened:
            yield opened
        return
    draft = target.with_name(f".{target.name}.{os.urandom(8).hex()}.draft")
    try:
        with draft.open("x", encoding="utf-8", errors="backslashreplace", newline="") as opened:
            yield opened
        draft.replace(target)
    except OSError as error:
        if error.filename == os.fspath(draft):
            error.filename = os.fspath(file)
        raise
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _progress(scan: "Scan", *, history: bool) -> Iterator[None]:
    """Show how far a scan is, where somebody watches standard error and it takes long."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    from ringfence.cli._scan_progress import watched

    with watched(scan, history=history):
        yield
