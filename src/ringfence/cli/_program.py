"""The table of commands, how one is found and called, and what happens to its errors.

The root takes one word only, so it needs no parser; each command is a Typer application of its own, imported when it is called.
What was typed wrongly is not repeated, unless it looks like a name: it may be a value that stands in the wrong place.
"""

import gc
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from ringfence.cli._errors import Problem, in_words

if TYPE_CHECKING:
    import typer

FOUND = 1
ERROR = 2
FAILED = 125  # of `ringfence run`, whose other codes are its program's
INTERRUPTED = 130
READER_GONE = 141  # what a shell shows of a program that SIGPIPE ended

COMMANDS = {
    "init": "Write a first policy, its keys and its ledger.",
    "map": "Find where personal data is in databases, files, services and logs.",
    "openapi": "Say what a change of a service's description newly exposes.",
    "pipe": "Take standard input to standard output across a flow's boundary.",
    "run": "Run a program with its output taken across a flow's boundary.",
    "up": "Run the gates of a policy.",
    "status": "Show how the running gates are.",
    "tail": "Show what crosses and what is refused, as it happens.",
    "probe": "Attack the running gates, and show what holds and what leaks.",
    "envoy": "Show what Envoy is configured with.",
    "reload": "Have the running gates read their policy again.",
    "enforce": "Have a flow's verdicts bind.",
    "observe": "Have a flow only observe.",
    "close": "Shut a flow at once.",
    "report": "Say what crossed, what would have been refused, what a breach reaches.",
    "endpoints": "List a service's endpoints: called, never called, never declared.",
    "try": "Show which columns a query would give, in which form, and why, without running it.",
    "alerts": "Send alerts, list them, acknowledge them, try their receivers.",
    "user": "Add, list and remove users of the gates.",
    "scan": "Find personal data in files, commits and all of a repository's history.",
    "git": "Refuse personal data in commits and pushes, by hooks of git.",
    "hook": "Refuse personal data in what a coding agent reads, runs and sends.",
    "history": "Plan what to do about personal data in a repository's history.",
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


_MODULES = {"try": "trying"}  # whose name is a word of Python

ALIASES = {"--version": "version", "--help": "help", "-h": "help"}


def module_of(command: str) -> str:
    """Name the module that a command stands in."""
    return f"ringfence.cli.{_MODULES.get(command, command)}"


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
    if name == "help":
        print(_help())
        return 0
    import typer
    import typer.main

    from ringfence.cli._coercing import coerce_late

    if name not in COMMANDS:
        from difflib import get_close_matches

        near = get_close_matches(name, COMMANDS, n=1)
        mend = f"did you mean `ringfence {near[0]}`?" if near else "`ringfence --help` lists the commands"
        raise Problem("no such command", mend)
    _name_kinds_plainly()
    coerce_late()
    command = typer.main.get_command(import_module(module_of(name)).app)
    gc.freeze()
    gc.enable()
    try:
        result = command.main(list(arguments), prog_name=f"ringfence {name}", standalone_mode=False)
    except typer.Exit as stop:
        return stop.exit_code
    except typer.TyperException as error:
        if not error.format_message():
            return ERROR  # a group called without a command has shown its help
        context = getattr(error, "ctx", None)
        path = f"ringfence {name}" if context is None else context.command_path
        raise Problem(_what_is_wrong(error), f"`{path} --help` shows the options with an example") from None
    except typer.Abort:
        return INTERRUPTED
    except SystemExit:
        raise BrokenPipeError from None  # typer's way to say it, with the code of a command that found something
    return result if isinstance(result, int) else 0


_KINDS = {
    "str": "TEXT",
    "path": "PATH",
    "file": "PATH",
    "dir": "FOLDER",
    "int": "NUMBER",
    "float": "NUMBER",
    "bool": "",
}


def _name_kinds_plainly() -> None:
    """Have help say what an option takes in words, not as Python's types: typer has no setting for it, and a flag takes nothing."""
    from typer.core import TyperArgument, TyperOption

    def plainly(one: "TyperArgument | TyperOption", ctx: object) -> str | None:
        shown = one.metavar or one.display_type(ctx)  # type: ignore[arg-type]
        kind = str(shown or "").strip("<>").removeprefix("list[").removesuffix("]").removesuffix(" range")
        return _KINDS.get(kind, kind) or None

    TyperArgument.display_type_rich = plainly  # type: ignore[method-assign,assignment]
    TyperOption.display_type_rich = plainly  # type: ignore[method-assign,assignment]


def _what_is_wrong(error: "typer.TyperException") -> str:
    """Say what the parser found wrong, without the words that were typed."""
    from ringfence.policy.problems import quoted

    message = error.format_message().removesuffix(".")
    option = getattr(error, "option_name", "")
    near = getattr(error, "possibilities", None)
    if message.startswith("No such option"):
        dashes = "-" * (len(option) - len(option.lstrip("-")))
        shown = f" {dashes}{option.lstrip('-')}" if quoted(option.lstrip("-")) else " of that name"
        return f"no option{shown}" + (f"; did you mean {' or '.join(near)}?" if near else "")
    if message.startswith("No such command"):
        typed, is_near, names = message.removeprefix("No such command ").partition(". Did you mean ")
        shown = quoted(typed.strip("'")) or " of that name"
        return f"no command{shown}" + (f"; did you mean {names}" if is_near else "")
    if message.startswith("Got unexpected extra argument"):
        return "more arguments than the command takes"
    where, is_choice, choices = message.rpartition(" is not one of ")
    if is_choice:
        option, _, typed = where.partition(": ")
        return (
            f"{option}:{quoted(typed.removeprefix('Value error, ').strip(chr(39))) or ' this'} is not one of {choices}"
        )
    return message


def _fill_gaps() -> None:
    """Put something in the place of standard streams that the caller has closed.

    Otherwise the next file to be opened gets the number, and the ledger's socket is read as standard input, or a policy is written
    over. Input and output are opened the wrong way round, so that using them is an error, as it should be; messages just vanish.
    """
    for number, name, opened in ((0, "stdin", os.O_WRONLY), (1, "stdout", os.O_RDONLY), (2, "stderr", os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, opened)  # takes the lowest number that is free: this one
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


def _forget_output() -> None:
    """Drop what standard output still holds: it has nowhere to go, and Python must not complain of it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def run(arguments: Sequence[str]) -> int:
    """Run one command; give its exit code. Nothing that it raises reaches the user as a traceback."""
    _fill_gaps()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a terminal that cannot show a character is no reason to fail
    name = arguments[0] if arguments else "help"
    try:
        code = _call(ALIASES.get(name, name), arguments[1:])
        _flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return READER_GONE
    except Exception as error:  # noqa: BLE001 (the program's rim: an error becomes two lines, or is named by its type alone)
        with suppress(OSError):
            print(f"ringfence: {in_words(error)}", file=sys.stderr)
        try:
            _flush()
        except OSError:
            _forget_output()
        return FAILED if name == "run" else ERROR
    return code if arguments else ERROR


def _flush() -> None:
    try:
        sys.stdout.flush()
    except OSError as error:
        error.filename = "standard output"
        raise
