"""`ringfence git`: hooks in a repository that look for personal data before it is committed, pushed, and taken by a server."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._git_hooks import ALLOW, OPTION, Call, rules_for, run_hook
from ringfence.cli._git_ledger import home_in, make_ledger
from ringfence.cli._home import HOME_FOLDER
from ringfence.gates.git.hook_settings import HookSettings, forget_settings, read_settings, write_settings
from ringfence.gates.git.hooks import LOCAL_HOOKS, SERVER_HOOKS, Place, look, place_of, uninstall
from ringfence.gates.git.hooks import install as install_hook
from ringfence.gates.git.repository import Repository, find
from ringfence.home import Home

app = typer.Typer(add_completion=False, no_args_is_help=True)

_ServerOption = Annotated[
    Path | None,
    typer.Option("--server", metavar="REPO.git", help="A repository that others push to: a pre-receive hook there."),
]


@app.callback(
    help="Hooks of git that refuse personal data: before a commit, before a push, on a server.\n\n"
    "Example: ringfence git install"
)
def git() -> None:
    """Group the commands."""


@app.command(
    "install",
    help="Write the hooks: pre-commit, commit-msg and pre-push; or, with --server, pre-receive. Hooks that are there are kept, "
    "and run first. Each refusal, and each that was overridden, is an entry in the ledger: that of --home, of .ringfence at the "
    "repository's top, or one of their own in its .git folder.\n\n"
    "Run again, it writes what was asked for last.\n\n"
    "Example: ringfence git install --policy ringfence.yaml --flow push",
)
def install(
    server: _ServerOption = None,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", help="The policy that decides. Without it nothing personal may be in the repository."),
    ] = None,
    flow: Annotated[str, typer.Option("--flow", "-f", help="The flow that decides.", show_default=False)] = "",
    gate: Annotated[
        str,
        typer.Option("--gate", help="The gate whose flows decide, each by its ref and path.", show_default=False),
    ] = "",
    role: Annotated[str, typer.Option("--role", help="The role to ask as.", show_default=False)] = "",
    purpose: Annotated[str, typer.Option("--purpose", help="Why: one of the flow's.", show_default=False)] = "",
    baseline: Annotated[
        str,
        typer.Option(
            "--baseline",
            metavar="FILE",
            help="What may stay; HEAD:FILE takes it from the default branch.",
            show_default=False,
        ),
    ] = "",
    ignore_file: Annotated[
        Path | None,
        typer.Option(
            "--ignore-file",
            metavar="FILE",
            help="Instead of .ringfenceignore, which a server takes from the default branch.",
            show_default=False,
        ),
    ] = None,
    inline: Annotated[
        bool, typer.Option("--inline", help="On a server: comments in files count, whoever writes them.")
    ] = False,
    override: Annotated[
        bool,
        typer.Option("--allow-override", help=f"On a server: `git push -o {OPTION}=REASON` goes, and is recorded."),
    ] = False,
    everything: Annotated[
        bool, typer.Option("--everything", help="Also vendored, minified and generated files.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("--home", help="The folder of keys and ledger.", show_default=HOME_FOLDER)
    ] = None,
) -> int:
    """Write hooks, their settings and, where there is none, a ledger; say what was done."""
    if server is None and (inline or override):
        raise Problem("--inline and --allow-override are of a server", "add --server REPO.git")
    if (flow or gate or role or purpose) and policy is None:
        raise Problem("--flow, --gate, --role and --purpose are of a policy", "name it with --policy")
    if flow and gate:
        raise Problem("--flow and --gate are asked for at once", "ask for one of them")
    repository = _repository(server)
    place = place_of(repository)
    home = Home(Path(), folder) if folder is not None else home_in(repository)
    settings = HookSettings(
        home=_whole(home.folder),
        policy=_whole(policy) if policy is not None else "",
        flow=flow,
        gate=gate,
        role=role,
        purpose=purpose,
        baseline=baseline if not baseline or baseline.startswith("HEAD:") else _whole(Path(baseline)),
        ignoring=_whole(ignore_file) if ignore_file is not None else "",
        inline=inline,
        overriding=override,
        everything=everything,
        server=server is not None,
    )
    refused = rules_for(settings, "refs/heads/main").plan_for("").refused if not gate else None
    if gate:
        rules_for(settings)
    if refused is not None:
        raise Problem(f"flow {flow}: {refused.why or refused.denial.value}", refused.mend)
    if make_ledger(home):
        print(f"made  {home.ledger}")
    write_settings(repository, settings)
    if override:
        repository.run("config", "--local", "receive.advertisePushOptions", "true")
    for name in SERVER_HOOKS if server is not None else LOCAL_HOOKS:
        before = look(place, name)
        made = install_hook(place, name)
        kept = f"; what was there runs first: {made.kept.name}" if made.kept is not None else ""
        print(f"{'kept' if before.is_ours else 'made'}  {made.file}{kept}")
    print(f"records in {home.ledger}")
    _warn(place)
    return 0


@app.command(
    "uninstall",
    help="Take the hooks away, and put back those that were there before. The ledger stays.\n\n"
    "Example: ringfence git uninstall",
)
def remove(server: _ServerOption = None) -> int:
    """Take hooks and settings away; say what was done."""
    repository = _repository(server)
    settings = read_settings(repository)
    place = place_of(repository)
    for name in (*LOCAL_HOOKS, *SERVER_HOOKS):
        if uninstall(place, name):
            print(f"took away  {place.folder / name}")
    forget_settings(repository)
    if settings.home:
        print(f"left       {Home(Path(), Path(settings.home)).ledger}")
    return 0


@app.command(
    "status",
    help="Say which hooks stand, by what they decide, and where they record.\n\n"
    "Exit code: 0, 1 where one is missing.\n\nExample: ringfence git status",
)
def status(server: _ServerOption = None) -> int:
    """Print how the hooks stand; give the exit code."""
    repository = _repository(server)
    settings, place = read_settings(repository), place_of(repository)
    missing = 0
    for name in SERVER_HOOKS if settings.server or server is not None else LOCAL_HOOKS:
        hook = look(place, name)
        gone = hook.is_ours and not os.access(hook.python, os.X_OK)
        stands = "its ringfence is gone" if gone else "stands" if hook.is_ours else "missing"
        missing += stands != "stands"
        kept = f", after {hook.kept.name}" if hook.is_ours and hook.kept is not None else ""
        print(f"{name:<12}{stands}{kept}")
    if settings.is_made:
        by = settings.flow or (f"gate {settings.gate}" if settings.gate else "")
        rule = f"{by} of {settings.policy}" if by else "nothing personal may be in the repository"
        print(f"{'decides':<12}{rule}")
        if settings.everything:
            print(f"{'looks at':<12}everything, also vendored, minified and generated files")
        print(f"{'records':<12}{Home(Path(), Path(settings.home)).ledger}")
    if missing:
        print("`ringfence git install` writes what is missing", file=sys.stderr)
    return 1 if missing or not settings.is_made else 0


@app.command(
    "hook",
    help="What the hooks call. Reads what git writes to them.\n\nExit code: 0 goes, 1 refused, 2 an error: refused, too.\n\n"
    f'Example: {ALLOW}="made up for the demo" git commit',
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
def hook(
    name: Annotated[str, typer.Argument(metavar="NAME", help="pre-commit, commit-msg, pre-push or pre-receive.")],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="ARGUMENT", help="What git gives it.")] = None,
) -> int:
    """Run one hook."""
    if name not in (*LOCAL_HOOKS, *SERVER_HOOKS):
        raise Problem("there is no such hook here", f"one of: {', '.join((*LOCAL_HOOKS, *SERVER_HOOKS))}")
    repository = find()
    return run_hook(Call(name, tuple(arguments or ()), repository, read_settings(repository), sys.stdin.buffer))


def _repository(server: Path | None) -> Repository:
    if server is None:
        return find()
    inner = server / ".git"
    return find(git_dir=os.fspath(inner if inner.exists() else server))


def _whole(path: Path) -> str:
    return os.fspath(path.absolute())


def _warn(place: Place) -> None:
    if place.folder.name == "_" and place.folder.parent.name == ".husky":
        print(
            "ringfence: husky writes this folder anew when it is installed: run `ringfence git install` after it",
            file=sys.stderr,
        )
    elif place.shared:
        print(
            f"ringfence: core.hooksPath is {place.setting}, in the working tree: what stands there may be committed, "
            "and names this machine's Python",
            file=sys.stderr,
        )
