"""`ringfence user`: the users files of a policy, which keep of a password its verifier, and of an API key its hash.

The rule: a password comes from a terminal, typed twice, or from standard input; never from an argument, which everybody on the
machine can read. It is shown only where `--generate` made it, once; an API key, which is always made here, likewise.
"""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from secrets import token_bytes
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli._errors import Problem
from ringfence.cli._extras import PASSWORDS, need
from ringfence.cli._formats import Format
from ringfence.cli._home import OverlayOption, PolicyOption, home
from ringfence.cli._policy import load_policy
from ringfence.cli._table import show_table
from ringfence.policy import Policy
from ringfence.policy.problems import nearest, quoted

if TYPE_CHECKING:
    from ringfence.access.users import UserList, Verifier

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Add, list and remove users, and change their passwords.\n\nExample: ringfence user add ana --group support",
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The user's name, as a client logs in with it.")]
PrincipalsOption = Annotated[
    str | None,
    typer.Option("--principals", help="Which of the policy's principals, where several have a users file."),
]
GenerateOption = Annotated[bool, typer.Option("--generate", help="Make a password and print it.")]

_MOST_TYPED = 8192  # bytes of a password on standard input


@app.command(
    help=(
        "Add a user. The password is asked for, or read from standard input.\n\n"
        "With `--api-key` the user gets an API key for HTTP, which is shown once.\n\n"
        "Example: ringfence user add ana --group support --expires 2031-12-31"
    )
)
def add(
    name: NameArgument,
    group: Annotated[list[str] | None, typer.Option("--group", help="A group; may be given again.")] = None,
    expires: Annotated[str, typer.Option("--expires", help="The last day (UTC), or a moment with its offset.")] = "",
    generate: GenerateOption = False,
    certificate: Annotated[
        bool, typer.Option("--certificate", help="No password: the user shows a client certificate.")
    ] = False,
    api_key: Annotated[
        bool, typer.Option("--api-key", help="No password: make an API key for HTTP, and print it.")
    ] = False,
    principals: PrincipalsOption = None,
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
) -> int:
    """Add a user to the policy's users file, which is made where there is none."""
    from ringfence.access.api_keys import hash_of, make_api_key
    from ringfence.access.users import User, check_groups, check_name, parse_until, with_mock, with_user

    if [certificate, generate, api_key].count(True) > 1:
        what = "--certificate, --generate and --api-key exclude each other"
        raise Problem(what, "a user with a certificate or an API key has no password")
    file = _file(policy, overlay, principals, _API_KEYS if api_key else _NAMED)
    groups = check_groups(group or [])
    until = parse_until(expires) if expires else None
    _refuse_if_there(file, check_name(name))
    key = make_api_key() if api_key else ""
    password = None if certificate or api_key else _password(generate=generate)
    verifier = None if password is None else _verifier(password)
    user = User(name, verifier, groups, until, expires, hash_of(key) if key else b"")

    def change(text: str) -> str:
        return with_mock(with_user(text, user, str(file)), token_bytes(32), str(file))

    _edit(file, change)
    print(f"Added to {file}.")
    if key:
        print(f"Its API key, which is shown only now: {key}")
    _tell(password if generate else None)
    _warn_of_groups(load_policy(home(policy, None).policy, overlay=overlay), groups)
    return 0


@app.command(
    name="list",
    help="List the users, their groups and last days.\n\nExample: ringfence user list --format json",
)
def list_(
    principals: PrincipalsOption = None,
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
    output: Annotated[Format, typer.Option("--format", help="How to write the list.")] = Format.TEXT,
) -> int:
    """List the users of a file. Verifiers and hashes are not shown."""
    file = _file(policy, overlay, principals)
    now = datetime.now(UTC)
    users = _read(file).users.values()
    if output is Format.JSON:
        rows = [
            {
                "name": user.name,
                "groups": list(user.groups),
                "password": user.verifier is not None,
                "api_key": bool(user.api_key),
                "expires": user.until_spelt or None,
                "expired": user.has_expired(now),
            }
            for user in users
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    elif users:
        cells = [
            [
                user.name,
                ", ".join(user.groups),
                "API key" if user.api_key else "password" if user.verifier is not None else "certificate",
                user.until_spelt,
                "expired" if user.has_expired(now) else "",
            ]
            for user in users
        ]
        show_table(["user", "groups", "by", "expires", ""], cells)
    else:
        print("There are no users; add one with `ringfence user add NAME`.")
    return 0


@app.command(help="Remove a user. Sessions that are open go on.\n\nExample: ringfence user remove ana")
def remove(
    name: NameArgument,
    principals: PrincipalsOption = None,
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
) -> int:
    """Take a user's line out of the file."""
    from ringfence.access.users import without_user

    file = _file(policy, overlay, principals)
    _must_exist(file)
    _edit(file, partial(without_user, name=name, where=str(file)))
    print(f"Removed from {file}.")
    return 0


@app.command(
    help=(
        "Change a user's password. It is asked for, or read from standard input.\n\n"
        "Example: ringfence user passwd ana --generate"
    )
)
def passwd(
    name: NameArgument,
    generate: GenerateOption = False,
    principals: PrincipalsOption = None,
    policy: PolicyOption = None,
    overlay: OverlayOption = None,
) -> int:
    """Give a user another verifier; groups and last day stay."""
    from dataclasses import replace

    from ringfence.access.users import find_user, read_users, with_changed

    file = _file(policy, overlay, principals)
    if find_user(_read(file), name, str(file)).api_key:
        mend = "to change it, remove the user, and add it again: `ringfence user add NAME --api-key`"
        raise Problem("the user has an API key, and no password", mend)
    password = _password(generate=generate)
    verifier = _verifier(password)

    def change(text: str) -> str:
        user = find_user(read_users(text, str(file)), name, str(file))
        return with_changed(text, replace(user, verifier=verifier), str(file))

    _must_exist(file)
    _edit(file, change)
    print(f"Changed in {file}.")
    _tell(password if generate else None)
    return 0


_TAKE = {"scram": "passwords", "certificate": "certificates", "api_key": "API keys"}
_NAMED = ("scram", "certificate")
_API_KEYS = ("api_key",)
_ADD = {
    _NAMED: "add them: principals: {users: {scram: file:users.scram, zone: ...}}",
    _API_KEYS: "add them: principals: {partners: {api_keys: file:partners.users, zone: ...}}",
}


def _file(
    policy: Path | None, overlay: Path | None, wanted: str | None, kinds: tuple[str, ...] = (*_NAMED, *_API_KEYS)
) -> Path:
    """Find the users file that is meant: of principals of these kinds."""
    from ringfence.access import users_file

    place = home(policy, None).policy
    named = [
        each
        for each in load_policy(place, overlay=overlay).principals.values()
        if each.kind in (*_NAMED, *_API_KEYS) and wanted in (None, each.name)
    ]
    listed = [each for each in named if each.kind in kinds]
    files = {users_file(each, place.parent) for each in listed}
    if not files and named:
        given = "give --api-key" if kinds == _NAMED else "leave --api-key out, or name others with --principals"
        raise Problem(f"principals {named[0].name} take {_TAKE[named[0].kind]}", given)
    if not files:
        raise Problem(
            "the policy has no principals with a users file" + (" by that name" if wanted else ""),
            _ADD.get(kinds, _ADD[_NAMED]),
        )
    if len(files) > 1:
        names = ", ".join(each.name for each in listed)
        raise Problem(f"several principals have a users file: {names}", "say which with --principals")
    return files.pop()


def _read(file: Path) -> "UserList":
    from ringfence.access.files import read_safely
    from ringfence.access.users import MOST_CHARACTERS, read_users

    try:
        raw = read_safely(file, MOST_CHARACTERS)
    except FileNotFoundError:
        raw = b""
    try:
        return read_users(raw.decode(), str(file))
    except UnicodeDecodeError:
        raise Problem(f"{file} is not UTF-8", "save it as UTF-8 text") from None


def _edit(file: Path, change: Callable[[str], str]) -> None:
    from ringfence.access.files import edit
    from ringfence.access.users import MOST_CHARACTERS

    edit(file, change, MOST_CHARACTERS)


def _must_exist(file: Path) -> None:
    if not file.exists():
        raise Problem(f"{file}: there is no users file yet", "add a first user with `ringfence user add NAME`")


def _refuse_if_there(file: Path, name: str) -> None:
    """Say so before a password is typed; `with_user` looks again when the file is held."""
    from ringfence.access.faults import UserExists

    if name in _read(file):
        raise UserExists(f"{file} has a user of this name", "change its password with `ringfence user passwd`")


def _verifier(password: str) -> "Verifier":
    from ringfence.access.scram import make_verifier

    return make_verifier(password)


def _password(*, generate: bool) -> str:
    """Get a password: made, typed twice, or the first line of standard input."""
    need("postgres", PASSWORDS)
    from ringfence.access.scram import generate_password, prepare_password

    if generate:
        return generate_password()
    if sys.stdin.isatty():
        return prepare_password(_typed())
    line = sys.stdin.buffer.readline(_MOST_TYPED)
    try:
        return prepare_password(line.decode().removesuffix("\n").removesuffix("\r"))
    except UnicodeDecodeError:
        raise Problem("the password on standard input is not UTF-8", "send it as UTF-8 text, in one line") from None


def _typed() -> str:
    from getpass import getpass

    try:
        first, again = getpass("Password: "), getpass("Again: ")
    except EOFError:
        raise Problem("no password was typed", "type it, or let --generate make one") from None
    if first != again:
        raise Problem("the two passwords differ", "type the same one twice")
    return first


def _warn_of_groups(policy: Policy, groups: Sequence[str]) -> None:
    """Say that a user can take no role, or that a group is none of the policy's: a slip that shows only when somebody connects."""
    known = sorted({role.group for role in policy.roles.values()})
    strange = [group for group in groups if group not in known]
    if known and not groups:
        what, mend = "the user is in no group, so it has no role", f"roles are for: {', '.join(known)}; give --group"
    elif known and strange:
        what, mend = f"no role of the policy names the group{quoted(strange[0])}", nearest(strange[0], known)
    else:
        return
    print(f"ringfence: warning: {what}\n  {mend}", file=sys.stderr)


def _tell(password: str | None) -> None:
    if password is not None:
        print(f"Its password, which is shown only now: {password}")
