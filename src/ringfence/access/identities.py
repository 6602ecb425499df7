"""All sources of identities that a policy names, opened: users files, key sets, certificates, and who has failed too often.

The rule: which source is asked is settled by the policy and by what the client says it brings, never by whether a name is known:
otherwise the kind of the question would tell which names there are. In order: the source that the start-up parameter
``ringfence.principals`` names; a certificate, where the client showed one and the policy takes them; the only source; else SCRAM.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ringfence.access.api_keys import find_holder
from ringfence.access.attempts import Attempts
from ringfence.access.certificates import names_of
from ringfence.access.faults import AccessFault, BadUsersFile, Denied, ReadableByOthers, Reason
from ringfence.access.files import Watched, is_readable_by_all
from ringfence.access.keysets import KeySource, Log, key_source
from ringfence.access.principal import Principal, VerifiedBy, asked_of
from ringfence.access.tokens import TokenRules, holder_of, rules_of
from ringfence.access.users import MOST_CHARACTERS, UserList, read_users, users_file
from ringfence.policy.model import Gate, Policy, Principals, ZoneName


class Users:
    """The users of one file, as it is now."""

    def __init__(self, file: Path, log: Log) -> None:
        self._watched = Watched(file, lambda raw: read_users(_decode(raw, file), str(file)), MOST_CHARACTERS)
        self._file = file
        self._log = log

    def now(self) -> UserList:
        """Give the list. Raises `Denied` where the file cannot be read as one; the log then hears why."""
        try:
            return self._watched.value()
        except AccessFault as error:
            self._log(error)
        except OSError:
            self._log(BadUsersFile(f"{self._file} cannot be read", "check its path, owner and mode"))
        raise Denied(Reason.UNREADABLE)

    def caution(self) -> None:
        """Let the log hear of it where everybody can read verifiers."""
        with suppress(Denied, OSError):  # it has been read before: what is wrong since is told when it is asked
            if self.now().shapes and is_readable_by_all(self._file):
                what = f"{self._file} can be read by everybody, who can try passwords against its verifiers"
                self._log(ReadableByOthers(what, f"chmod o-r {self._file}"))


@dataclass(frozen=True, slots=True)
class ScramSource:
    """Users with passwords."""

    name: str
    zone: ZoneName
    users: Users


@dataclass(frozen=True, slots=True)
class CertificateSource:
    """Users with certificates that the gate's `tls.clients` authority gave them."""

    name: str
    zone: ZoneName
    users: Users

    def holder(self, certificate: bytes, user: str, now: datetime) -> Principal:
        """Give the principal of a verified certificate. Raises `Denied`.

        `user` says which of the certificate's names is meant; "": the one of them that the file lists.
        """
        names, until = names_of(certificate)
        users = self.users.now().users
        meant = [user] if user else [name for name in names if name in users]
        listed = users.get(meant[0]) if len(meant) == 1 and meant[0] in names else None
        if listed is None:
            raise Denied(Reason.NO_CERTIFICATE)
        if listed.has_expired(now) or now >= until:
            raise Denied(Reason.EXPIRED)
        ends = min(until, listed.until) if listed.until is not None else until
        return Principal(listed.name, self.zone, frozenset(listed.groups), self.name, VerifiedBy.CERTIFICATE, ends)


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Whoever has a token of one issuer."""

    name: str
    zone: ZoneName
    keys: KeySource
    rules: TokenRules
    at: str = ""  # where the policy says that the key set is

    def holder(self, token: bytes, now: datetime) -> Principal:
        """Give the principal of a token. Raises `Denied`."""
        keys = self.keys.keys()
        if keys is None:
            self.keys.wanted()
            raise Denied(Reason.NO_KEYS)
        try:
            holder = holder_of(token, keys, self.rules, now)
        except Denied as denied:
            if denied.reason is Reason.UNKNOWN_KEY:
                self.keys.wanted()
            raise
        return Principal(holder.name, self.zone, holder.groups, self.name, VerifiedBy.TOKEN, holder.expires)


@dataclass(frozen=True, slots=True)
class ApiKeySource:
    """Users with API keys."""

    name: str
    zone: ZoneName
    users: Users

    def holder(self, key: str, now: datetime) -> Principal:
        """Give the principal of an API key. Raises `Denied`."""
        user = find_holder(self.users.now(), key)
        if user.has_expired(now):
            raise Denied(Reason.EXPIRED)
        return Principal(user.name, self.zone, frozenset(user.groups), self.name, VerifiedBy.API_KEY, user.until)


Source = ScramSource | CertificateSource | TokenSource | ApiKeySource


class Identities:
    """The sources of one gate, and the failures of its clients. Owned by the gate; `run` is awaited by a task of the gate's."""

    def __init__(self, sources: Sequence[Source], attempts: Attempts | None = None) -> None:
        self._sources: Mapping[str, Source] = {source.name: source for source in sources}
        self.attempts = attempts if attempts is not None else Attempts()

    @property
    def sources(self) -> tuple[Source, ...]:
        """All sources, in the policy's order."""
        return tuple(self._sources.values())

    def choose(self, asked: str, certificate: bytes) -> Source | None:
        """Choose the source to ask: see the module's rule. None where there is none."""
        if asked:
            return self._sources.get(asked)
        sources = list(self._sources.values())
        if certificate:
            for source in sources:
                if isinstance(source, CertificateSource):
                    return source
        if len(sources) == 1:
            return sources[0]
        return next((source for source in sources if isinstance(source, ScramSource)), None)

    def check(self) -> None:
        """Read every users file once, so that a gate does not start with a broken one. Raises `BadUsersFile`."""
        for source in self._sources.values():
            if isinstance(source, TokenSource):
                continue
            try:
                source.users.now()
            except Denied:
                raise BadUsersFile(
                    f"the users file of principals {source.name} cannot be used",
                    "the message above says why; make one with `ringfence user add`",
                ) from None

    def caution(self) -> None:
        """Let the log hear of users files whose verifiers everybody can read. They are used all the same."""
        for source in self._sources.values():
            if not isinstance(source, TokenSource):
                source.users.caution()

    async def first_look(self) -> None:
        """Wait for the end of the first look at every key set, whatever came of it, while something else awaits `run`."""
        for source in self._sources.values():
            if isinstance(source, TokenSource):
                await source.keys.first_look()

    async def run(self) -> None:
        """Keep the key sets fresh until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for source in self._sources.values():
                if isinstance(source, TokenSource):
                    tasks.create_task(source.keys.run())


def open_identities(
    policy: Policy,
    gate: Gate,
    folder: Path,
    log: Callable[[AccessFault], None],
    before: Identities | None = None,
) -> Identities:
    """Open the sources that a gate asks. `folder` is the policy file's; `log` hears what cannot be told a client.

    After a reload of the policy what was known `before` is handed on: who has failed, and key sets that stay where they were.
    Raises `BadPrincipals`.
    """
    there = before.sources if before is not None else ()
    key_sets = {each.at: each.keys for each in there if isinstance(each, TokenSource)}
    opened = [_open(each, folder, log, key_sets) for each in asked_of(policy, gate)]
    return Identities(opened, before.attempts if before is not None else None)


def _open(principals: Principals, folder: Path, log: Log, key_sets: Mapping[str, KeySource]) -> Source:
    if principals.kind == "jwks":
        keys = key_sets.get(principals.at) or key_source(principals.at, principals.name, folder, log)
        return TokenSource(principals.name, principals.zone, keys, rules_of(principals), principals.at)
    users = Users(users_file(principals, folder), log)
    return _OF_USERS[principals.kind](principals.name, principals.zone, users)


_OF_USERS: Mapping[str, type[ScramSource] | type[CertificateSource] | type[ApiKeySource]] = {
    "scram": ScramSource,
    "certificate": CertificateSource,
    "api_key": ApiKeySource,
}


def _decode(raw: bytes, file: Path) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadUsersFile(f"{file}:{line}: not UTF-8", "save the file as UTF-8 text") from None
