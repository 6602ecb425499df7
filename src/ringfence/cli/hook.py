"""`ringfence hook`: a coding agent's tool call, refused where it would send personal data out."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli._errors import Problem, in_words
from ringfence.gates.git.agents import LARGEST, Agent, ToolCall, allowed, read_call, refused
from ringfence.home import Home
from ringfence.traces import leave_no_image

if TYPE_CHECKING:
    from ringfence.gates.git.pushing import Judging
    from ringfence.gates.git.rules import Rules

app = typer.Typer(add_completion=False)

_LARGEST_FILE = 16 << 20  # bytes: more takes longer than an agent waits
_MOST_TOGETHER = 64 << 20  # bytes of all files of a call: the same


@app.command(
    help="Refuse a coding agent's prompt, file read or command that would send personal data out. Reads a tool call as JSON from "
    "standard input, as Claude Code, Codex, Cursor, Gemini CLI and Copilot send it to their hooks, and answers in that agent's "
    "form; of another form all strings are looked at. Each refusal is an entry in the ledger.\n\n"
    "Exit code: 0 goes (or refused in the answer's JSON), 2 refused.\n\n"
    'Example: echo \'{"tool": "shell", "arguments": {"command": "ls"}}\' | ringfence hook'
)
def hook(
    policy: Annotated[
        Path | None,
        typer.Option("--policy", help="The policy that decides. Without it nothing personal may go out."),
    ] = None,
    flow: Annotated[str, typer.Option("--flow", "-f", help="The flow that decides.", show_default=False)] = "",
    folder: Annotated[
        Path | None,
        typer.Option("--home", help="The folder of keys and ledger.", show_default="the repository's, else the user's"),
    ] = None,
) -> int:
    """Judge one call; give the exit code."""
    leave_no_image()
    call: ToolCall | None = None
    try:
        call = read_call(sys.stdin.buffer.read(LARGEST + 1))
        lines = _judged(call, policy, flow, folder)
    except Exception as error:  # noqa: BLE001 (the rim: whatever breaks refuses, in the form that the agent understands)
        lines = [f"refused: {line}" if not number else line for number, line in enumerate(in_words(error).split("\n"))]
    agent, event = (call.agent, call.event) if call is not None else (Agent.OTHER, "")
    if not lines:
        print(allowed(agent, event), end="")
        return 0
    message = "\n".join(["ringfence: " + lines[0], *lines[1:]])
    print(message, file=sys.stderr)
    out, code = refused(agent, event, message)
    print(out, end="")
    return code


def _judged(call: ToolCall, policy: Path | None, flow: str, folder: Path | None) -> list[str]:
    """Look at a call and record what is refused; give what the agent is told, nothing where it goes."""
    from ringfence.cli._git_hooks import gate_of, rules_for, settled
    from ringfence.cli._git_ledger import home_in, home_of_user, make_ledger
    from ringfence.detect import detector_for
    from ringfence.gates.git.hook_settings import HookSettings
    from ringfence.gates.git.pushing import Asked, Judging
    from ringfence.gates.git.repository import NoRepository, find
    from ringfence.report.scan_refusal import Hint, said
    from ringfence.report.scan_words import Names

    if flow and policy is None:
        raise Problem("--flow is of a policy", "name it with --policy")
    settings = HookSettings(policy=os.fspath(policy) if policy is not None else "", flow=flow)
    rules = rules_for(settings)
    judging = Judging()
    try:
        repository = find(call.folder)
    except (NoRepository, Problem):
        repository = None
    _look(call, rules, judging, repository.top if repository is not None else "")
    client = {"agent": call.agent.value, "event": call.event, "tool": call.tool}
    asked = Asked(gate_of(rules, "agent"), "", {key: value for key, value in client.items() if value}, every=False)
    home = Home(Path(), folder) if folder is not None else home_in(repository) if repository else home_of_user()
    if judging.needs_ledger(asked):
        make_ledger(home)
    verdict = settled(judging, asked, home)
    if verdict.passes:
        return []
    return list(said(judging, verdict, Hint("call", place=home.folder), Names(detector_for(rules.policy.detect))))


def _look(call: ToolCall, rules: "Rules", judging: "Judging", top: str) -> None:
    """Look at all that a call would send: at files under the allowances of their repository, at texts under none."""
    from io import BytesIO

    from ringfence.extract.model import Fault
    from ringfence.gates.git.allowing import Allowances
    from ringfence.gates.git.ignoring import FILE, read_ignoring
    from ringfence.gates.git.model import Failed, Item, Origin, Scanned
    from ringfence.gates.git.naming import Names
    from ringfence.gates.git.scanning import Scanner

    plain = Scanner(rules, allowances=Allowances(inline=False))
    for text in call.texts:
        item = Item(text.name, Origin.COMMIT, len(text.content))
        judging.take(plain.scan(item, lambda content=text.content: BytesIO(content)), rules)  # type: ignore[misc]
    if not call.files:
        return
    names = Names.of(rules.policy.detect)
    ignore = Path(top, FILE)
    ignoring = read_ignoring(ignore, names, shown=FILE, top=top) if top and ignore.is_file() else None
    scanner = Scanner(rules, allowances=Allowances(names, ignoring))
    together = 0
    for file in call.files:
        size = file.stat().st_size
        together += size
        shown = os.path.relpath(file, call.folder) if file.is_relative_to(call.folder) else os.fspath(file)
        item = Item(shown, Origin.FILE, size, path=os.fspath(file))
        if size > _LARGEST_FILE or together > _MOST_TOGETHER:
            one = f"more than {_LARGEST_FILE} bytes"
            what = one if size > _LARGEST_FILE else f"with the files before it more than {_MOST_TOGETHER} bytes"
            failed = Failed(shown, Fault.BOMB, what, "have the agent read a part of it")
            judging.take(Scanned(item, failed=(failed,)), rules)
        elif os.access(file, os.R_OK):  # else the agent cannot read it either
            judging.take(scanner.scan(item, lambda file=file: file.open("rb")), rules)  # type: ignore[misc]
