"""The users file as text: one user a line, its password only as a verifier.

The rule: a line is read strictly or the whole file is refused, with file and line in the error and nothing of the line's content.
An edit changes one line and leaves every other byte, comments included, as it was.

    # who                 PostgreSQL's own verifier (pg_authid.rolpassword)           groups          last day
    ana:SCRAM-SHA-256$4096:<salt>$<stored key>:<server key>:support,oncall:2031-12-31
    batch:-:etl                                          no password: a client certificate only
    shop:SHA-256$<hash in base64>:partners               no password: an API key, of which this is the hash
    !mock <32 bytes in base64>                           what unknown names' salts are derived from

A verifier does not give the password back, but whoever reads it can try passwords against it: the file is kept from others. The
hash of an API key gives nothing to try: a key has 256 random bits, for ringfence makes it (`ringfence.access.api_keys`).
"""

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import re2

from ringfence.access.faults import BadPrincipals, BadUser, BadUsersFile, NoSuchUser, UserExists
from ringfence.policy.model import Principals

MOST_CHARACTERS = 16 * 1024 * 1024
MECHANISM = "SCRAM-SHA-256"
NO_PASSWORD = "-"  # noqa: S105 (the file's mark for none)
KEY_BYTES = 32  # of SHA-256
LEAST_ITERATIONS = 4096  # RFC 7677, section 4
MOST_ITERATIONS = 1_000_000  # the client has to run them; more is a typing error
_SALT_BYTES = range(12, 65)  # PostgreSQL makes 16
_NAME_BYTES = 63  # PostgreSQL's NAMEDATALEN - 1: a longer start-up user never arrives whole
_GROUP_CHARACTERS = 128
_MOST_GROUPS = 200
_VERIFIER = re2.compile(r"SCRAM-SHA-256\$([1-9][0-9]{0,7}):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)")
_DAY = re2.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOCK = "!mock "
_API_KEY = "SHA-256$"


@dataclass(frozen=True, slots=True, repr=False)
class Verifier:
    """What a password is checked against (RFC 5802). Does not show itself."""

    iterations: int
    salt: bytes
    stored: bytes
    server: bytes

    def spelt(self) -> str:
        """Spell it as PostgreSQL does."""
        salt, stored, server = (b64encode(part).decode() for part in (self.salt, self.stored, self.server))
        return f"{MECHANISM}${self.iterations}:{salt}${stored}:{server}"


@dataclass(frozen=True, slots=True)
class User:
    """One line of the file."""

    name: str = field(repr=False)
    verifier: Verifier | None = field(repr=False)  # None: no password opens it
    groups: tuple[str, ...] = field(default=(), repr=False)
    until: datetime | None = None  # from then on the user is refused
    until_spelt: str = ""  # as the file says it
    api_key: bytes = field(default=b"", repr=False)  # the hash of its API key; b"": it has none

    def has_expired(self, now: datetime) -> bool:
        """Whether its last moment has passed."""
        return self.until is not None and now >= self.until


@dataclass(frozen=True, slots=True, repr=False)
class UserList:
    """A users file that was read."""

    users: Mapping[str, User]
    mock: bytes  # the secret behind unknown names
    shapes: tuple[
        tuple[int, int, int], ...
    ] = ()  # of verifiers: iterations, bytes of salt, how many users have such a one
    by_api_key: Mapping[bytes, User] = field(default_factory=dict)  # by the hash of the key

    def __contains__(self, name: object) -> bool:
        return name in self.users


def users_file(principals: Principals, folder: Path) -> Path:
    """Say where a source's users file is. Raises `BadPrincipals`."""
    path = principals.at.removeprefix("file:")
    if not path or path == principals.at:
        raise BadPrincipals(
            f"principals {principals.name} name no users file", "write scram: file:users.scram, beside the policy"
        )
    return folder / path


def parse_verifier(text: str) -> Verifier | None:
    """Read PostgreSQL's spelling; None where it is not one, or weaker than RFC 7677 allows."""
    match = _VERIFIER.fullmatch(text) if text.isascii() else None
    if match is None or not LEAST_ITERATIONS <= int(match[1]) <= MOST_ITERATIONS:
        return None
    try:
        salt, stored, server = (b64decode(part, validate=True) for part in match.groups()[1:])
    except ValueError:
        return None
    if len(salt) not in _SALT_BYTES or {len(stored), len(server)} != {KEY_BYTES}:
        return None
    return Verifier(int(match[1]), salt, stored, server)


def parse_until(text: str) -> datetime:
    """Read a last day (to its end, UTC), or a moment with its offset. Raises `BadUser`."""
    try:
        if text.isascii() and _DAY.fullmatch(text) is not None:
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC)
        moment = datetime.fromisoformat(text) if text.isascii() else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadUser("this is not a day or moment on which to expire", "write 2031-12-31, or 2031-12-31T18:00:00Z")


def check_name(name: str) -> str:
    """Give the name back where a user can have it. Raises `BadUser`."""
    usable = name.isprintable() and name == name.strip() and ":" not in name and name[:1] not in ("#", "!")
    if not name or not usable or len(name.encode()) > _NAME_BYTES:
        raise BadUser(
            "this is not a name for a user",
            "take up to 63 bytes without colons and control characters, not beginning with # or !",
        )
    return name


def check_groups(groups: Iterable[str]) -> tuple[str, ...]:
    """Give the groups back, each once, where a user can be in them. Raises `BadUser`."""
    each_once = tuple(dict.fromkeys(groups))
    for group in each_once:
        usable = group.isprintable() and group == group.strip() and not set(group) & {":", ","}
        if not group or not usable or len(group) > _GROUP_CHARACTERS:
            raise BadUser("this is not a name for a group", "take up to 128 characters without commas and colons")
    if len(each_once) > _MOST_GROUPS:
        raise BadUser(f"more than {_MOST_GROUPS} groups", "name fewer groups")
    return each_once


def read_users(text: str, where: str) -> UserList:
    """Read a whole file. Raises `BadUsersFile` with file and line."""
    if len(text) > MOST_CHARACTERS:
        raise BadUsersFile(f"{where} is too long for a users file", "put the file back from a backup")
    users: dict[str, User] = {}
    mock = b""
    for number, line in enumerate(text.split("\n"), 1):
        written = line.strip()
        if not written or written.startswith("#"):
            continue
        place = f"{where}:{number}"
        if written.startswith("!"):
            if mock:
                raise BadUsersFile(f"{place}: a second !mock line", "remove one of them")
            mock = _parse_mock(written, place)
            continue
        user = _parse_line(written, place)
        if user.name in users:
            raise BadUsersFile(f"{place}: a user of this name stands above", "remove one of the two lines")
        users[user.name] = user
    held = [user.verifier for user in users.values() if user.verifier is not None]
    shapes = Counter((verifier.iterations, len(verifier.salt)) for verifier in held)
    by_api_key = {user.api_key: user for user in users.values() if user.api_key}
    if len(by_api_key) < sum(bool(user.api_key) for user in users.values()):
        raise BadUsersFile(f"{where}: two users have the same API key", "remove one of them, and add it again")
    known = tuple((*shape, share) for shape, share in sorted(shapes.items()))
    return UserList(users, mock or _mock_of(users), known, by_api_key)


def spell(user: User) -> str:
    """Spell a user as its line."""
    shown = NO_PASSWORD if user.verifier is None else user.verifier.spelt()
    if user.api_key:
        shown = f"{_API_KEY}{b64encode(user.api_key).decode()}"
    line = f"{user.name}:{shown}:{','.join(user.groups)}"
    return f"{line}:{user.until_spelt}" if user.until_spelt else line


def with_user(text: str, user: User, where: str) -> str:
    """Give the file's text with a new user at its end. Raises `UserExists`, and what `read_users` raises."""
    if user.name in read_users(text, where):
        raise UserExists(f"{where} has a user of this name", "change its password with `ringfence user passwd`")
    gap = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{gap}{spell(user)}\n"


def with_changed(text: str, user: User, where: str) -> str:
    """Give the file's text with one user's line replaced. Raises `NoSuchUser`, and what `read_users` raises."""
    return _with_line(text, user.name, where, [spell(user)])


def without_user(text: str, name: str, where: str) -> str:
    """Give the file's text without one user's line. Raises `NoSuchUser`, and what `read_users` raises."""
    return _with_line(text, name, where, [])


def with_mock(text: str, secret: bytes, where: str) -> str:
    """Give the file's text with a secret for unknown names at its beginning, unless it has one."""
    read_users(text, where)
    if any(line.strip().startswith("!") for line in text.split("\n")):
        return text
    return f"{_MOCK}{b64encode(secret).decode()}\n{text}"


def find_user(users: UserList, name: str, where: str) -> User:
    """Give a user. Raises `NoSuchUser`."""
    user = users.users.get(name)
    if user is None:
        raise NoSuchUser(f"{where} has no user of this name", "`ringfence user list` shows those that it has")
    return user


def _with_line(text: str, name: str, where: str, new: list[str]) -> str:
    find_user(read_users(text, where), name, where)
    lines = text.split("\n")
    place = next(at for at, line in enumerate(lines) if line.strip().startswith(f"{name}:"))
    lines[place : place + 1] = new
    return "\n".join(lines)


def _parse_line(line: str, place: str) -> User:
    name, _, rest = line.partition(":")
    api_key = b""
    if rest.startswith(_API_KEY):
        spelt, _, rest = rest.partition(":")
        api_key = _parse_api_key(spelt.removeprefix(_API_KEY), place)
        spelt = NO_PASSWORD
    elif rest.startswith(f"{NO_PASSWORD}:"):
        spelt, rest = NO_PASSWORD, rest.removeprefix(f"{NO_PASSWORD}:")
    else:
        parts = rest.split(":", 3)
        if len(parts) < 4:
            raise BadUsersFile(
                f"{place}: this is not a user", "write NAME:VERIFIER:GROUP,GROUP, or use `ringfence user add`"
            )
        spelt, rest = ":".join(parts[:3]), parts[3]
    verifier = None if spelt == NO_PASSWORD else parse_verifier(spelt)  # public: a mark in the file
    if verifier is None and spelt != NO_PASSWORD:  # public: the same mark
        raise BadUsersFile(
            f"{place}: the verifier is not one of SCRAM-SHA-256 with at least {LEAST_ITERATIONS} iterations",
            "paste pg_authid.rolpassword, or set a password with `ringfence user passwd`",
        )
    groups, has_end, until = rest.partition(":")
    try:
        listed = check_groups(group.strip() for group in groups.split(",")) if groups.strip() else ()
        moment = parse_until(until.strip()) if has_end else None
        return User(check_name(name), verifier, listed, moment, until.strip(), api_key)
    except BadUser as error:
        raise BadUsersFile(f"{place}: {error.what}", error.mend) from None


def _parse_api_key(spelt: str, place: str) -> bytes:
    try:
        hashed = b64decode(spelt, validate=True) if spelt.isascii() else b""
    except ValueError:
        hashed = b""
    if len(hashed) != KEY_BYTES:  # public: a length
        raise BadUsersFile(
            f"{place}: after SHA-256$ stand 32 bytes in base64",
            "remove the line, and use `ringfence user add --api-key`",
        )
    return hashed


def _parse_mock(line: str, place: str) -> bytes:
    try:
        secret = b64decode(line.removeprefix(_MOCK), validate=True) if line.isascii() else b""
    except ValueError:
        secret = b""
    if not line.startswith(_MOCK) or len(secret) != KEY_BYTES:  # public: a length
        raise BadUsersFile(
            f"{place}: after ! only `mock` and 32 bytes in base64 are known",
            "remove the line: `ringfence user` writes a new one",
        )
    return secret


def _mock_of(users: Mapping[str, User]) -> bytes:
    """Give a secret for a file that has none: of one verifier, so that it stays the same while that one does."""
    keys = (user.verifier.server for _, user in sorted(users.items()) if user.verifier is not None)
    return next(keys, bytes(KEY_BYTES))
