"""What a client says when it opens a session: user, database, settings, purpose and reason.

The rule: everything is read into typed values once, here. A setting that would change what the gate sees (another encoding, a
setting that is on no list) is refused in words, before anybody is connected upstream.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ringfence.gates.postgres import errors
from ringfence.sql.refusals import allowed_at_start
from ringfence.wire.postgres.requests import StartupMessage

_OWN = "ringfence."
_UTF8 = frozenset({"utf8", "unicode", "sqlascii"})  # the last one means bytes as they are: of a UTF-8 database, UTF-8
_TAKEN = frozenset({"user", "database", "options", "replication", "client_encoding"})
_NOT_RECORDED = frozenset({"user", "database", "options"})
RECORDED = ("application_name",)  # of what the client says of itself


class Refused(Exception):
    """A client that is not let in; `error` is what it is told."""

    def __init__(self, error: bytes) -> None:
        self.error = error
        super().__init__("a client was not let in")


@dataclass(frozen=True, slots=True, repr=False)
class Opening:
    """What a client asked for."""

    user: str
    database: str
    purpose: str = ""
    reason: str = ""
    role: str = ""
    principals: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)  # for the server
    client: Mapping[str, str] = field(default_factory=dict)  # what it says of itself


def read_opening(startup: StartupMessage) -> Opening:
    """Read a start-up message. Raises `Refused`."""
    if startup.asks_for_replication:
        raise _refused(errors.NOT_SUPPORTED, "replication does not go through a gate", "replicate between servers")
    given: dict[str, str] = {}
    for raw_name, raw_value in startup.parameters:
        try:
            given[raw_name.decode()] = raw_value.decode()
        except UnicodeDecodeError:
            raise _refused(errors.PROTOCOL_VIOLATION, "a start-up parameter is not UTF-8", "send UTF-8") from None
    for name, value in _options(given.get("options", "")):
        given.setdefault(name, value)
    user = given.get("user", "")
    if not user:
        raise _refused("28000", "no user was named", "name one")
    _check_encoding(given.get("client_encoding", "UTF8"))
    own = {name.removeprefix(_OWN): value for name, value in given.items() if name.startswith(_OWN)}
    unknown = own.keys() - {"purpose", "reason", "role", "principals"}
    if unknown:
        raise _refused("42704", "a ringfence setting that there is not", "there are purpose, reason, role, principals")
    return Opening(
        user,
        given.get("database", user),
        own.get("purpose", ""),
        own.get("reason", ""),
        own.get("role", ""),
        own.get("principals", ""),
        _settings(given),
        {name: given[name] for name in RECORDED if given.get(name)},
    )


def _settings(given: Mapping[str, str]) -> dict[str, str]:
    settings = {"client_encoding": "UTF8", "standard_conforming_strings": "on"}
    for name, value in given.items():
        lowered = name.lower()
        if name in _TAKEN or name.startswith((_OWN, "_pq_.")) or lowered in settings:
            continue
        if not allowed_at_start(lowered, value):
            hint = "leave it out; a role's own settings are made upstream: ALTER ROLE ... SET"
            raise _refused(
                errors.INSUFFICIENT_PRIVILEGE, f"refused by ringfence: start-up setting {_named(name)}", hint
            )
        settings[lowered] = value
    return settings


def _named(name: str) -> str:
    return name if name.replace("_", "").replace(".", "").isalnum() and len(name) <= 63 else "of an odd name"


def _check_encoding(encoding: str) -> None:
    plain = "".join(letter for letter in encoding.lower() if letter.isalnum())
    if plain not in _UTF8:
        raise _refused(
            errors.NOT_SUPPORTED,
            "refused by ringfence: the session's encoding has to be UTF8",
            "ask for client_encoding=UTF8",
        )


def _options(text: str) -> Iterator[tuple[str, str]]:
    """Read ``options``: ``-c name=value``, ``-cname=value`` and ``--name=value``; a backslash keeps a space."""
    words = iter(_words(text))
    for word in words:
        if word == "-c":
            word = next(words, "")
        elif word.startswith("-c"):
            word = word[2:]
        elif word.startswith("--"):
            word = word[2:].replace("-", "_", word[2:].find("=") if "=" in word else -1)
        else:
            raise _refused(errors.NOT_SUPPORTED, "a start-up option that is no setting", "write -c name=value")
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise _refused(errors.PROTOCOL_VIOLATION, "a start-up option without a value", "write -c name=value")
        yield name, value


def _words(text: str) -> Iterator[str]:
    word: list[str] = []
    begun = False
    letters = iter(text)
    for letter in letters:
        if letter == "\\":
            word.append(next(letters, ""))
            begun = True
        elif letter.isspace():
            if begun:
                yield "".join(word)
            word, begun = [], False
        else:
            word.append(letter)
            begun = True
    if begun:
        yield "".join(word)


def _refused(code: str, what: str, hint: str) -> Refused:
    return Refused(errors.error(code, what, hint=hint, fatal=True))
