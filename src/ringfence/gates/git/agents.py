"""Tool calls of coding agents: what of them would go to a model, a server or anybody else, and how each agent is told no.

The rule: what an agent is asked, what a tool is given and what a file holds that it is about to read is looked at; what it writes
on this machine is not, for that is looked at when it is committed. A form that nobody knows here is looked at in all its strings.

What is looked at of a command: its text, and the files that it names, from where it begins or changes to, and whose content its
programs print or send (`READERS`).
What is not: what a program opens by itself, variables, what is made while it runs, whole folders. Whoever needs that takes the
agent's own sandbox, and a gate in front of where it sends to.
"""

import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from glob import escape, iglob
from itertools import islice, pairwise
from pathlib import Path
from typing import Final, TypeAlias

import re2

from ringfence.home import Problem

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

LARGEST: Final = 16 << 20  # bytes of a call
MOST_FILES: Final = 64  # of one call
_MOST_FOLDERS: Final = 16  # that a command may run in
_MOST_LOOKED_UP: Final = (
    400_000  # words of a command, in each of its folders: ten seconds, and an agent lets pass what takes longer
)
_DEEPEST: Final = 64  # of JSON in JSON, and of what it holds
_LONGEST_PATH: Final = 4096

READERS: Final = frozenset((
    "awk", "base32", "base64", "bat", "batcat", "bzcat", "cat", "cmp", "column", "comm", "csvcut", "csvlook", "cut", "dd", "diff",
    "egrep", "expand", "fgrep", "fmt", "fold", "gawk", "gc", "get-content", "grep", "hd", "head", "hexdump", "iconv", "join", "jq",
    "less", "more", "nl", "od", "openssl", "paste", "pr", "rev", "rg", "sed", "select-string", "shuf", "sort", "split", "strings",
    "tac", "tail", "tee", "type", "uniq", "xargs", "xxd", "xzcat", "yq", "zcat", "zgrep", "zstdcat",
    "aws", "az", "curl", "ftp", "gcloud", "gh",
    "glab", "gsutil", "http", "https", "httpie", "kubectl", "lp", "mail", "mailx", "mutt", "nc", "ncat", "netcat",
    "pbcopy", "psql", "rclone", "rsync", "s3cmd", "scp", "sendmail", "sftp", "socat", "sqlite3", "ssh", "telnet",
    "twine", "wget", "xclip",
))  # fmt: skip
"""Programs that print, copy out or send what is in the files that they name."""

_SHELLS: Final = frozenset(
    ("bash", "cmd", "dash", "eval", "ksh", "parallel", "powershell", "pwsh", "sh", "ssh", "su", "watch", "zsh")
)
"""Programs that are given a command in one word."""

_WRITERS: Final = frozenset((
    "write", "edit", "multiedit", "notebookedit", "write_file", "replace", "create", "str_replace", "apply_patch",
    "edit_file", "create_file", "todowrite",
))  # fmt: skip
_ENVELOPE: Final = frozenset((
    "session_id", "transcript_path", "cwd", "permission_mode", "hook_event_name", "tool_use_id", "conversation_id",
    "generation_id", "model", "cursor_version", "workspace_roots", "user_email", "timestamp", "tool_name", "toolName",
    "tool_call_id", "turn_id", "agent_id", "agent_type", "mcp_context",
))  # fmt: skip
"""What an agent says of itself and of where it runs, not of what goes out."""
_PATHS: Final = frozenset((
    "file_path", "filePath", "path", "paths", "file_paths", "filePaths", "absolute_path", "notebook_path", "filename",
    "file", "files", "include",
))  # fmt: skip
_MENTIONED: Final = re2.compile(r"""(?:^|[^\pL\pN_.+-])@(?:"([^"\n]+)"|(\S+))""")
"""A file that a prompt names: no part of an address."""
_COMMANDS: Final = frozenset(("command", "cmd", "script", "commands"))
_CHANGING: Final = frozenset(("cd", "pushd"))


class Agent(StrEnum):
    """Whose form a call has, and so the answer."""

    CLAUDE = "claude"  # and those that take its form: Codex, VS Code
    GEMINI = "gemini"
    CURSOR = "cursor"
    COPILOT = "copilot"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text that would go out: what it is called, and its bytes. A name with an ending says how it is read."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call: its texts, and the files that it would read or send."""

    agent: Agent
    event: str
    tool: str
    folder: str
    texts: tuple[Spoken, ...]
    files: tuple[Path, ...]


def read_call(raw: bytes) -> ToolCall:
    """Understand a call. Raises `Problem` where it is no JSON object, or more than is looked at."""
    if len(raw) > LARGEST:
        raise Problem(f"the call has more than {LARGEST} bytes", "send less at a time")
    try:
        said = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Problem(
            "the call is no JSON", "run it as an agent's hook: it reads a tool call from standard input"
        ) from None
    if not isinstance(said, dict):
        raise Problem(
            "the call is no JSON object", "run it as an agent's hook: it reads a tool call from standard input"
        )
    agent, event = _agent_of(said)
    tool = _text(said, "tool_name") or _text(said, "toolName") or _text(said, "tool")
    folder = _folder(said)
    given = {key: _unfolded(value) for key, value in said.items() if agent is Agent.OTHER or key not in _ENVELOPE}
    if tool.rpartition("__")[2].lower() in _WRITERS and not tool.startswith("mcp__"):
        return ToolCall(agent, event, tool, folder, (), ())
    texts = tuple(_texts(given))
    files = tuple(islice(dict.fromkeys(_files(given, folder)), MOST_FILES + 1))
    if len(files) > MOST_FILES:
        raise Problem(f"the call names more than {MOST_FILES} files", "have it take fewer at a time")
    return ToolCall(agent, event, tool, folder, texts, files)


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Make an object; of a key that comes twice nobody knows which value the agent takes."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise Problem("a key of the call comes twice", "send each key of an object once")
    return made


def refused(agent: Agent, event: str, message: str) -> tuple[str, int]:
    """Give how an agent is told no: what stands on standard output, and the exit code. The message goes to standard error, too."""
    match agent:
        case Agent.CURSOR if event == "beforeSubmitPrompt":
            return json.dumps({"continue": False, "user_message": message}), 0
        case Agent.CURSOR:
            return json.dumps({"permission": "deny", "user_message": message, "agent_message": message}), 0
        case Agent.COPILOT:
            return json.dumps({"permissionDecision": "deny", "permissionDecisionReason": message}), 0
        case Agent.OTHER:
            return json.dumps({"decision": "deny", "reason": message}), 2
        case _:
            return "", 2  # these read standard error


def allowed(agent: Agent, event: str) -> str:
    """Give what an agent reads where nothing is in the way: no more than that, so that it still asks whom it would ask."""
    if agent is Agent.CURSOR:
        return json.dumps({"continue": True} if event == "beforeSubmitPrompt" else {})
    return ""


def _agent_of(said: Mapping[str, Json]) -> tuple[Agent, str]:
    event = _text(said, "hook_event_name")
    if event.startswith(("BeforeTool", "BeforeAgent", "BeforeModel", "AfterTool", "AfterAgent", "AfterModel")):
        return Agent.GEMINI, event
    if event[:1].isupper():
        return Agent.CLAUDE, event
    if event:
        return Agent.CURSOR, event
    if "toolName" in said and "toolArgs" in said:
        return Agent.COPILOT, "preToolUse"
    if "prompt" in said and "timestamp" in said:
        return Agent.COPILOT, "userPromptSubmitted"
    return Agent.OTHER, ""


def _text(said: Mapping[str, Json], key: str) -> str:
    value = said.get(key)
    return value if isinstance(value, str) else ""


def _folder(said: Mapping[str, Json]) -> str:
    roots = said.get("workspace_roots")
    first = roots[0] if isinstance(roots, list) and roots else ""
    folder = _text(said, "cwd") or (first if isinstance(first, str) else "")
    return folder if folder and "\0" not in folder and os.path.isdir(folder) else os.getcwd()  # noqa: PTH109, PTH112


def _unfolded(value: Json) -> Json:
    """Give JSON that stands in a string as what it says: some agents send arguments so."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            unfolded: Json = json.loads(value, object_pairs_hook=_once)
        except (ValueError, RecursionError):
            return value
        return unfolded
    return value


def _texts(given: Mapping[str, Json]) -> Iterator[Spoken]:
    """Give what goes out in words: prompts and commands each by itself, a file's content under its name, and the rest as JSON."""
    rest = dict(given)
    content, name = rest.get("content"), _text(rest, "file_path")
    if isinstance(content, str) and name:
        del rest["content"]
        yield Spoken(Path(name).name, _bytes(content))
    prompt = rest.pop("prompt", None)
    if isinstance(prompt, str):
        yield Spoken("the prompt", _bytes(prompt))
    elif prompt is not None:
        rest["prompt"] = prompt
    yield from (Spoken("the command", _bytes(command)) for command in _commands(rest, 0))
    if rest:
        yield Spoken(
            "arguments.json", json.dumps(_without_commands(rest, 0), ensure_ascii=False).encode("utf-8", "replace")
        )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _deep(depth: int) -> None:
    if depth > _DEEPEST:
        raise Problem("the call is nested too deeply", "send it flatter")


def _commands(value: Json, depth: int) -> Iterator[str]:
    _deep(depth)
    match value:
        case dict():
            for key, each in value.items():
                if key in _COMMANDS and isinstance(each, str):
                    yield each
                elif key in _COMMANDS and isinstance(each, list) and all(isinstance(part, str) for part in each):
                    yield shlex.join(map(str, each))
                else:
                    yield from _commands(each, depth + 1)
        case list():
            for each in value:
                yield from _commands(each, depth + 1)
        case _:
            return


def _without_commands(value: Json, depth: int) -> Json:
    _deep(depth)
    match value:
        case dict():
            return {
                key: _without_commands(each, depth + 1)
                for key, each in value.items()
                if key not in _COMMANDS or not isinstance(each, str)
            }
        case list():
            return [_without_commands(each, depth + 1) for each in value]
        case _:
            return value


def _files(given: Mapping[str, Json], folder: str) -> Iterator[Path]:
    """Give the files on disk that a call would read or send."""
    whole = "content" in given  # their content comes along
    for named in _named(dict(given), 0):
        if not whole:
            yield from _there(named, folder)
    for command in _commands(dict(given), 0):
        yield from _of_command(command, folder)
    for named in _MENTIONED.finditer(_text(given, "prompt")):
        yield from _there(named[1] or named[2].strip("\"'").rstrip(".,;:!?)]}\"'"), folder)


def _named(value: Json, depth: int) -> Iterator[str]:
    _deep(depth)
    match value:
        case dict():
            for key, each in value.items():
                if key in _PATHS and isinstance(each, str):
                    yield each
                elif key in _PATHS and isinstance(each, list):
                    yield from (one for one in each if isinstance(one, str))
                    yield from _named([one for one in each if not isinstance(one, str)], depth + 1)
                else:
                    yield from _named(each, depth + 1)
        case list():
            for each in value:
                yield from _named(each, depth + 1)
        case _:
            return


def _of_command(command: str, folder: str) -> Iterator[Path]:
    """Give the files that a command names, where it runs a program that prints or sends what is in them."""
    words = _words(command.replace("\\\n", ""))
    if not any(_program(word) in READERS for word in words) and "<" not in command:
        return
    folders, distinct = _folders(words, folder), dict.fromkeys(words)
    if len(distinct) * len(folders) > _MOST_LOOKED_UP:
        raise Problem("a command has too many words to look for files", "have it do less at a time")
    for word in distinct:
        # -d @file, --form=file=@file;type=text/csv, -Tfile, dev:file, <file
        form = word.rpartition("@")[2]
        parts = (word, form, form.partition(";")[0], word.rpartition("=")[2], word.lstrip("<"), word[2:])
        for part in dict.fromkeys(parts):
            for each in folders:
                yield from _there(part, each)


def _words(command: str) -> Sequence[str]:
    """Give the words of a command: as they stand, and with what a shell parts words by taken for white space."""
    parted = command
    for sign in "|&;<>()`\n":
        parted = parted.replace(sign, f" {sign} ")
    bare = parted.replace('"', " ").replace("'", " ").split()
    try:
        words = [*shlex.split(command), *shlex.split(parted)]
    except ValueError:  # a quote that is not closed: the shell will complain; what it would name is looked at
        return bare
    return [*words, *bare] if any(_program(word) in _SHELLS for word in words) else words


def _program(word: str) -> str:
    return word.rpartition("/")[2].lower()


def _folders(words: Sequence[str], folder: str) -> Sequence[str]:
    """Give the folders that a command may run its programs in: where it begins, and those that it changes to from there."""
    folders = {folder: None}
    for word, to in pairwise(words):
        if word in _CHANGING:
            reached = [os.path.normpath(os.path.join(each, os.path.expanduser(to))) for each in folders]  # noqa: PTH111, PTH118
            folders |= dict.fromkeys(filter(os.path.isdir, reached))
            if len(folders) > _MOST_FOLDERS:
                raise Problem(f"a command changes to more than {_MOST_FOLDERS} folders", "have it do less at a time")
    return list(folders)


def _there(named: str, folder: str) -> Iterator[Path]:
    """Give a named file, where it is one; the files that a pattern stands for."""
    if not named or "\0" in named or len(named) > _LONGEST_PATH:
        return
    name = os.path.expanduser(named.removeprefix("file://"))  # noqa: PTH111
    path = Path(folder, name)
    if _is_file(path):
        yield path
    elif any(sign in named for sign in "*?["):
        matched = map(Path, iglob(os.path.join(escape(folder), name)))  # noqa: PTH118, PTH207
        yield from islice(filter(_is_file, matched), MOST_FILES + 1)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
