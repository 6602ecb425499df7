"""Alerts, as a policy says them: which events are told, of which flows and categories, to whom, and how often at most.

The rule: an alert decides about no crossing, so that nothing here enters a policy's hash. Addresses and credentials are an
environment's.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class AlertKind(StrEnum):
    """What an alert is about."""

    REFUSED = "refused"  # a crossing was refused
    UNDECLARED = "undeclared"  # a category was found where the map says nothing of it, and the flow does not name it
    DRIFT = "drift"  # assets are no longer as the map that was accepted says
    PROBE_LEAK = "probe-leak"  # a synthetic person came through
    VOLUME = "volume"  # a principal got far more of a category than usual


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who is told. `at` is an address, `secret` says where a credential is (``env:NAME``, ``file:PATH``)."""

    name: str
    kind: Literal["webhook", "apprise", "syslog", "stdout"]
    at: str = field(default="", repr=False)
    secret: str = ""
    link: str = ""  # an address to which a crossing's id is added


@dataclass(frozen=True, slots=True)
class AlertRule:
    """What is told to whom. Empty flows or categories stand for all."""

    on: frozenset[AlertKind]
    to: tuple[str, ...]
    flows: frozenset[str] = frozenset()
    categories: tuple[str, ...] = ()  # each with all under it
    within: float = 300.0  # seconds in which the same alert is told once
    most: int = 60  # alerts in `per` seconds
    per: float = 3600.0
