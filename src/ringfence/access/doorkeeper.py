"""Who asks, where credentials come with each request (HTTP): a token, an API key, or the certificate of the connection.

The rule: what is brought is right, or nobody is let in: a wrong credential is never taken for none. A token or an API key of the
request says who asks, and comes before the certificate of the connection, which may be a proxy's; both at once are refused, for
they may be of two people. Only credentials of kinds that the sources take are looked at.

Guessing is counted per address, as at every gate (`ringfence.access.attempts`). What was right before is not kept out by what
others of its address try: behind a proxy all share one. So a credential that has just been verified is remembered, by its hash, in
bounded memory; a token's principal with it, for a signature costs more than the rest of a request's way in. It is taken again only
while the key set is the one that it was verified with and it has not expired.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from joserfc.jwk import KeySet

from ringfence.access.faults import Denied, Reason
from ringfence.access.identities import ApiKeySource, CertificateSource, Identities, Source, TokenSource
from ringfence.access.principal import Principal
from ringfence.access.tokens import MOST_TOKEN, claimed_by

MOST_REMEMBERED: Final = 10_000
_NOT_COUNTED: Final = frozenset(  # nothing was tried, or what was brought was right, but not now
    {
        *(Reason.TOO_MANY, Reason.UNREADABLE, Reason.NO_KEYS, Reason.UNKNOWN_KEY, Reason.EXPIRED),
        *(Reason.NOT_YET, Reason.SEVERAL),
    }
)


@dataclass(frozen=True, slots=True, repr=False)
class Brought:
    """The credentials of a request, as they came. None: not there. A certificate (DER) has a verified chain; b"": a wrong one."""

    token: str | None = None
    api_key: str | None = None
    certificate: bytes | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Somebody is not let in. `reason` is for log and ledger, never for the client; `source` is "" where none was asked."""

    reason: Reason
    source: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class _Verified:
    principal: Principal
    keys: KeySet | None = None


class Doorkeeper:
    """Knows the principals of one gate."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities
        sources = identities.sources
        self._tokens = [each for each in sources if isinstance(each, TokenSource)]
        self._api_keys = [each for each in sources if isinstance(each, ApiKeySource)]
        self._certificates = [each for each in sources if isinstance(each, CertificateSource)]
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()

    @property
    def takes_tokens(self) -> bool:
        """Whether a bearer token says who asks here."""
        return bool(self._tokens)

    @property
    def takes_api_keys(self) -> bool:
        """Whether an API key says who asks here."""
        return bool(self._api_keys)

    def know(self, brought: Brought, address: str, now: datetime) -> Principal | Unknown | None:
        """Say who asks; None where nothing was brought that is taken here. `address` is the client's, `now` aware."""
        token = brought.token if self._tokens else None
        api_key = brought.api_key if self._api_keys else None
        if token is not None and api_key is not None:
            return Unknown(Reason.SEVERAL)
        if token is not None:
            octets = _octets(token)
            return self._know(b"token", octets, self._issuers_of(octets), address, now)
        if api_key is not None:
            return self._know(b"api key", _octets(api_key), self._api_keys, address, now)
        if brought.certificate is not None and self._certificates:
            return self._know(b"certificate", brought.certificate, self._certificates, address, now)
        return None

    def _know(
        self, kind: bytes, octets: bytes, sources: Sequence[Source], address: str, now: datetime
    ) -> Principal | Unknown:
        """Ask sources for the holder of a credential. One that was right a moment ago is asked whatever its address has tried."""
        name = sha256(kind + b"\0" + octets).digest()
        before = self._verified.get(name)
        attempts = self._identities.attempts
        if before is None and not attempts.may_try(address, now.timestamp()):
            return Unknown(Reason.TOO_MANY)
        if before is not None and _still_holds(before, sources, now):
            return before.principal
        failed = Unknown(Reason.WRONG_ISSUER)
        for source in sources:
            keys = source.keys.keys() if isinstance(source, TokenSource) else None
            try:
                principal = _holder(source, octets, now)
            except Denied as denied:
                failed = Unknown(denied.reason, source.name)
                continue
            self._remember(name, _Verified(principal, keys))
            return principal
        self._verified.pop(name, None)
        if failed.reason not in _NOT_COUNTED:
            attempts.failed(address, now.timestamp())
        return failed

    def _issuers_of(self, token: bytes) -> Sequence[TokenSource]:
        """Choose whose keys a token is verified with, where there are several: by what it claims, which is verified then."""
        if len(self._tokens) == 1 or len(token) > MOST_TOKEN:
            return self._tokens[:1]
        issuer, audiences = claimed_by(token)
        issued = [each for each in self._tokens if each.rules.issuer == issuer]
        meant = [each for each in issued if each.rules.audience in audiences]
        return (meant or issued)[:1]

    def _remember(self, name: bytes, verified: _Verified) -> None:
        self._verified[name] = verified
        self._verified.move_to_end(name)
        if len(self._verified) > MOST_REMEMBERED:
            self._verified.popitem(last=False)


def _still_holds(before: _Verified, sources: Sequence[Source], now: datetime) -> bool:
    """Whether what was verified before needs no verifying: a token, by the same key set, that has not expired."""
    if before.keys is None or before.principal.expires is None or now >= before.principal.expires:
        return False
    return any(
        isinstance(each, TokenSource) and each.name == before.principal.source and each.keys.keys() is before.keys
        for each in sources
    )


def _holder(source: Source, octets: bytes, now: datetime) -> Principal:
    match source:
        case TokenSource():
            return source.holder(octets, now)
        case ApiKeySource():
            return source.holder(octets.decode("utf-8", "replace"), now)
        case CertificateSource():
            return source.holder(octets, "", now)
        case _:
            raise Denied(Reason.NO_SOURCE)


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
