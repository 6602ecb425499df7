"""The table of commands, how one is found and called, and what happens to its errors.

The root takes one word only, so it needs no parser; each command is a Typer application of its own, imported when it is called.
"""

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from ringfence.cli._errors import Problem, in_words

FOUND = 1
ERROR = 2
INTERRUPTED = 130

COMMANDS = {
    "init": "Write a first policy, its keys and its ledger.",
    "pipe": "Take standard input to standard output across a flow's boundary.",
    "run": "Run a program with its output taken across a flow's boundary.",
    "detect": "Find personal data in files or standard input.",
    "policy": "Check, show, ask and describe policies.",
    "key": "Make, list and rotate keys.",
    "ledger": "Read, verify, sign and save the ledger.",
    "explain": "Say why a crossing was decided as it was.",
    "entities": "List what detection knows, with its categories.",
    "categories": "List the kinds of personal data, with the regulations that name them.",
    "demo": "Show the main job on an embedded example.",
    "version": "Print the version.",
}


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name.ljust(width)}  {what}" for name, what in COMMANDS.items()]
    return "\n".join(
        [
            "Usage: ringfence COMMAND [OPTIONS] [ARGUMENTS]...",
            "",
            "  Keep personal data inside the zones where it belongs.",
            "",
            "Commands:",
            *lines,
            "",
            "Example: my-service 2>&1 | ringfence pipe --flow app-logs",
            "`ringfence COMMAND --help` shows a command's options with an example.",
        ]
    )


def _call(name: str, arguments: Sequence[str]) -> int:
    import typer
    import typer.main

    if name not in COMMANDS:
        from difflib import get_close_matches

        near = get_close_matches(name, COMMANDS, n=1)
        mend = f"did you mean `ringfence {near[0]}`?" if near else "`ringfence --help` lists the commands"
        raise Problem("no such command", mend)
    command = typer.main.get_command(import_module(f"ringfence.cli.{name}").app)
    try:
        result = command.main(list(arguments), prog_name=f"ringfence {name}", standalone_mode=False)
    except typer.Exit as stop:
        return stop.exit_code
    except typer.TyperException as error:
        if not error.format_message():
            return ERROR  # a group called without a command has shown its help
        raise Problem(error.format_message(), f"`ringfence {name} --help` shows the options with an example") from error
    except typer.Abort:
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def run(arguments: Sequence[str]) -> int:
    """Run one command; give its exit code. Nothing that it raises reaches the user as a traceback."""
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(_help())
        return 0 if arguments else ERROR
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a terminal that cannot show a character is no reason to fail
    name = "version" if arguments[0] == "--version" else arguments[0]
    try:
        code = _call(name, arguments[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone. What is still buffered has nowhere to go, and Python must not complain of it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FOUND
    except Exception as error:  # noqa: BLE001 (the program's rim: an error becomes two lines, or is named by its type alone)
        print(f"ringfence: {in_words(error)}", file=sys.stderr)
        return ERROR
    return code
