"""Receivers and alerts of a document, resolved: names looked up, durations counted, addresses looked at.

The rule: an address is never quoted; it may hold a credential.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol

import re2

from ringfence.policy.alerts import AlertKind, AlertRule, Receiver
from ringfence.policy.document_alerts import AlertDocument, ReceiverDocument
from ringfence.policy.tree import Step
from ringfence.taxonomy import CATEGORIES

_HTTP = re2.compile(r"(https?)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?][!-~]*)?")
_PLACES = ("env:", "file:")


class Known(Protocol):
    """Reports a name that is none of the valid ones."""

    def __call__(
        self, name: str, valid: Collection[str], kind: str, path: tuple[Step, ...], *, of_key: bool = False
    ) -> None:
        """Look a name up."""


@dataclass(frozen=True, slots=True)
class AlertResolver:
    """Resolves the two sections; what is wrong goes to `known` and `wrong`."""

    known: Known
    wrong: Callable[[tuple[Step, ...], str, str], None]
    seconds: Callable[[str], float]
    flows: Collection[str]

    def receivers(self, written: Mapping[str, ReceiverDocument]) -> Mapping[str, Receiver]:
        """Give the receivers by their names."""
        return {name: self._receiver(name, each) for name, each in written.items()}

    def rules(
        self, written: AlertDocument | list[AlertDocument], receivers: Mapping[str, ReceiverDocument]
    ) -> tuple[AlertRule, ...]:
        """Give the rules, in their order."""
        if isinstance(written, AlertDocument):
            return (self._rule(written, receivers, ("alert",)),)
        return tuple(self._rule(each, receivers, ("alert", number)) for number, each in enumerate(written))

    def _receiver(self, name: str, each: ReceiverDocument) -> Receiver:
        path: tuple[Step, ...] = ("receivers", name)
        if each.webhook is not None:
            if not _is_guarded(each.webhook):
                mend = 'write an https address; plain http is for this machine only: "http://127.0.0.1:8080/hook"'
                self.wrong((*path, "webhook"), "a webhook's address that is not https", mend)
            self._place(each.secret, (*path, "secret"))
            return Receiver(name, "webhook", each.webhook, each.secret, each.link)
        if each.apprise is not None:
            self._place(each.apprise, (*path, "apprise"))
            return Receiver(name, "apprise", "", each.apprise, each.link)
        if each.syslog is not None:
            if not _is_syslog(each.syslog):
                mend = 'write "unix:/dev/log" or "udp:logs.example.com:514"'
                self.wrong((*path, "syslog"), "not the address of a syslog", mend)
            return Receiver(name, "syslog", each.syslog, "", each.link)
        return Receiver(name, "stdout", "", "", each.link)

    def _place(self, place: str, path: tuple[Step, ...]) -> None:
        if not any(place.startswith(kind) and place != kind for kind in _PLACES):
            mend = 'write "env:NAME" or "file:PATH": where it is, not what it is'
            self.wrong(path, "neither env:NAME nor file:PATH", mend)

    def _rule(
        self, rule: AlertDocument, receivers: Mapping[str, ReceiverDocument], path: tuple[Step, ...]
    ) -> AlertRule:
        for number, name in enumerate(rule.to):
            self.known(name, receivers, "receiver", (*path, "to", number))
        for number, name in enumerate(rule.flows):
            self.known(name, self.flows, "flow", (*path, "flows", number))
        for number, name in enumerate(rule.categories):
            self.known(name, CATEGORIES, "category", (*path, "categories", number))
        most, _, per = rule.most.partition(" per ")
        return AlertRule(
            frozenset(map(AlertKind, rule.on)),
            tuple(dict.fromkeys(rule.to)),
            frozenset(rule.flows),
            tuple(rule.categories),
            self.seconds(rule.within),
            int(most),
            self.seconds(per),
        )


def _is_guarded(address: str) -> bool:
    """Whether nobody can listen on the way, or stand in it. A user or password inside an address is none that is used."""
    found = _HTTP.fullmatch(address)
    if found is None:
        return False
    scheme, host = found.group(1), found.group(2).strip("[]")
    return scheme == "https" or host == "localhost" or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_syslog(address: str) -> bool:
    kind, _, rest = address.partition(":")
    if kind == "unix":
        return rest.startswith("/")
    host, _, port = rest.rpartition(":")
    return kind == "udp" and bool(host) and port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536
