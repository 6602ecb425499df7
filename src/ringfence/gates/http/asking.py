"""Who asks over HTTP, as what and what for: out of a request's head, before anything of the request is decided.

The rule: nothing here knows of Envoy. What comes in is a head, and what whoever took the connection knows of the client; what comes
out is one asker in one zone, or why there is none. Where a gate has no principals nobody is asked. A wrong credential is refused,
and never taken for none; all wrong ones look the same from outside. What a client says of itself is either a word of the policy's
or is not kept: a purpose that there is not stands as `NO_WORD`.

Header fields that are the gate's own (`Asking.taken`) are no payload: they are not looked at for values, and go no further.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ringfence.access import Brought, Doorkeeper, NoRole, Principal, Unknown, one_role, roles_of
from ringfence.access.faults import Reason
from ringfence.gates.http.media import Fields, values
from ringfence.policy import Asker, Denial, Gate, Plan, Policy, PurposeName, Refused, RoleName, ZoneName
from ringfence.policy.model import AskingFields
from ringfence.policy.plan import turned_away

ANYONE: Final = "anyone"
"""Who asks, where nobody is asked who he is, or somebody brings no credential."""

CLIENT_CERTIFICATE: Final = "x-forwarded-client-cert"
"""The field in which a proxy passes a client's certificate on: never the client's own, and never the service's."""

NO_WORD: Final = "(unknown)"  # in the place of what is no word of the policy's; no name has brackets
_BEARER: Final = "bearer"
_NOBODY: Final = Asker()
_SEVERAL: Final = ""  # no credential looks so


@dataclass(frozen=True, slots=True, repr=False)
class Client:
    """What is known of a client by whoever took its connection, and not by what it says.

    `certificate` (DER) has a chain that was verified against the gate's `tls.clients`; None: it showed none; b"": it did, and
    which one was not passed on.
    """

    address: str = ""
    certificate: bytes | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Asking:
    """Somebody who may ask. `challenge` is for when his credential ends before what he asked for has come."""

    principal: str
    zone: ZoneName
    asker: Asker = _NOBODY
    reason: str = ""
    expires: datetime | None = None
    taken: frozenset[str] = frozenset()  # header fields that are the gate's own
    challenge: str = ""
    source: str = ""  # which of the policy's principals knows him: two sources may have the same name for two people


@dataclass(frozen=True, slots=True, repr=False)
class TurnedAway:
    """Somebody who may not ask: nothing of the request goes on. The plan says why; `challenge` what to bring."""

    plan: Plan
    principal: str = ANYONE
    challenge: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Door:
    """Where a gate's clients come in, under one policy. `doorkeeper` is None where nobody is asked."""

    policy: Policy
    gate: Gate
    doorkeeper: Doorkeeper | None = None
    _kinds: frozenset[str] = field(init=False)  # of the gate's principals
    _if_none: str = field(init=False)  # the challenge to who brings nothing
    _if_wrong: str = field(init=False)

    def __post_init__(self) -> None:
        kinds = {self.policy.principals[name].kind for name in self.gate.principals}
        object.__setattr__(self, "_kinds", frozenset(kinds))
        object.__setattr__(self, "_if_none", _challenge(self.gate.name, kinds, wrong=False))
        object.__setattr__(self, "_if_wrong", _challenge(self.gate.name, kinds, wrong=True))

    def ask(self, fields: Fields, client: Client, at: datetime) -> Asking | TurnedAway:
        """Say who asks."""
        said = self.gate.asking
        token = _token(fields)
        api_key = _one(fields, said.api_key) if said is not None else None
        known: Principal | Unknown | None = None
        if self.doorkeeper is not None:
            known = self.doorkeeper.know(Brought(token, api_key, client.certificate), client.address, at)
        match known:
            case Unknown(reason=Reason.TOO_MANY):
                mend = "wait a few seconds before you try again"
                refused = Refused(
                    Denial.TOO_MANY, self._rule(), mend, why="too many wrong credentials from one address"
                )
                return TurnedAway(turned_away(self.policy, refused))
            case Unknown(reason=Reason.UNREADABLE | Reason.NO_KEYS as reason, source=source):
                mend = "try again: the gate cannot look credentials up now"
                refused = Refused(Denial.NO_IDENTITIES, f"principals.{source}", mend, why=reason.value)
                return TurnedAway(turned_away(self.policy, refused))
            case Unknown(reason=reason, source=source):
                return self._unknown(reason.value, source, self._if_wrong)
            case Principal():
                return self._as_what(known, fields)
        if self.gate.clients is None:
            return self._unknown("no credential", "", self._if_none)
        return self._anybody(self.gate.clients, fields)

    # ---------------------------------------------------------------- somebody

    def _as_what(self, principal: Principal, fields: Fields) -> Asking | TurnedAway:
        said = self.gate.asking or AskingFields()
        roles = roles_of(self.policy, principal)
        try:
            role = self._role(roles, fields, said)
        except NoRole as fault:
            refused = Refused(Denial.NO_ROLE, "roles", fault.mend, why=fault.what)
            return TurnedAway(turned_away(self.policy, refused), principal.name)
        reason = _reason(fields, said)
        return Asking(
            principal.name,
            principal.zone,
            Asker(role, self._purpose(fields, said), has_reason=bool(reason)),
            reason,
            principal.expires,
            self._taken(fields),
            self._if_wrong,
            principal.source,
        )

    def _role(self, roles: tuple[RoleName, ...], fields: Fields, said: AskingFields) -> RoleName | None:
        """Choose the role. Where the policy has none nobody needs one. Raises `NoRole`."""
        asked = _one(fields, said.role)
        asked = NO_WORD if asked == _SEVERAL else asked or ""
        if not roles:
            if self.policy.roles or asked:
                raise NoRole("none of your groups has a role", "ask for a group that one of the policy's roles names")
            return None
        return one_role(roles, asked, f"the header field {said.role}: {{}}")

    def _anybody(self, zone: ZoneName, fields: Fields) -> Asking | TurnedAway:
        """Let somebody in who brings no credential: in no role."""
        said = self.gate.asking
        if said is None:
            return Asking(ANYONE, zone)
        if self.doorkeeper is not None and _one(fields, said.role) is not None:
            refused = Refused(
                Denial.NO_ROLE, "roles", f"say who asks; {self._brings()}", why="a role without a principal"
            )
            return TurnedAway(turned_away(self.policy, refused), challenge=self._if_none)
        reason = _reason(fields, said)
        asker = Asker(None, self._purpose(fields, said), has_reason=bool(reason))
        return Asking(ANYONE, zone, asker, reason, None, self._taken(fields))

    def _purpose(self, fields: Fields, said: AskingFields) -> PurposeName | None:
        stated = _one(fields, said.purpose)
        if stated is None:
            return None
        return PurposeName(stated if stated in self.policy.purposes else NO_WORD)

    def _taken(self, fields: Fields) -> frozenset[str]:
        said = self.gate.asking
        if said is None:
            return frozenset()
        taken = {said.role, said.purpose, said.reason}
        if self.doorkeeper is not None and self.doorkeeper.takes_api_keys:
            taken.add(said.api_key)
        takes_token = self.doorkeeper is not None and self.doorkeeper.takes_tokens and not self.gate.forward_token
        if takes_token and _token(fields) is not None:
            taken.add("authorization")
        return frozenset(taken)

    # ---------------------------------------------------------------- nobody

    def _unknown(self, why: str, source: str, challenge: str) -> TurnedAway:
        """Turn somebody away. `why` is for the ledger; outside all that is wrong looks the same."""
        rule = f"principals.{source}" if source else self._rule()
        refused = Refused(
            Denial.NO_PRINCIPAL, rule, f"say who asks; {self._brings()}", why=f"it is not known who asks: {why}"
        )
        return TurnedAway(turned_away(self.policy, refused), challenge=challenge)

    def _rule(self) -> str:
        return f"gates.{self.gate.name}.principals"

    def _brings(self) -> str:
        """Say what may be brought."""
        said = self.gate.asking or AskingFields()
        words = {
            "jwks": "a bearer token in the header field authorization",
            "api_key": f"an API key in the header field {said.api_key}",
            "certificate": "a client certificate",
        }
        return f"bring {' or '.join(word for kind, word in words.items() if kind in self._kinds)} that is in force"


def _challenge(realm: str, kinds: Container[str], *, wrong: bool) -> str:
    """Say what a gate takes, as `WWW-Authenticate` does (RFC 9110, 11.6.1; RFC 6750, 3)."""
    schemes = {
        "jwks": f'Bearer realm="{realm}"' + (', error="invalid_token"' if wrong else ""),
        "api_key": f'ApiKey realm="{realm}"',
        "certificate": f'Certificate realm="{realm}"',
    }
    return ", ".join(scheme for kind, scheme in schemes.items() if kind in kinds)


def _token(fields: Fields) -> str | None:
    """Give the bearer token; None where there is none: another scheme is the service's.

    Several are joined by commas on the way: Envoy does so. A token has no comma in it.
    """
    found = [each.strip(" \t") for value in values(fields, "authorization") for each in value.split(",")]
    bearers = [each.split() for each in found if each.lower().startswith(_BEARER)]
    if not bearers:
        return None
    return bearers[0][1] if len(found) == 1 and len(bearers[0]) == 2 and bearers[0][0].lower() == _BEARER else _SEVERAL


def _one(fields: Iterable[tuple[str, str]], name: str) -> str | None:
    """Give the value of a field that may come once; None where it is not there."""
    found = values(fields, name)
    if not found:
        return None
    return found[0].strip(" \t") if len(found) == 1 else _SEVERAL


def _reason(fields: Fields, said: AskingFields) -> str:
    stated = ", ".join(values(fields, said.reason)).strip(" \t,")
    return stated.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
