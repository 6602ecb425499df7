"""An alert as it is written: the entry of the ledger, and the message that receivers get.

The rule (law 4): kind, times, names out of policy and ledger, categories, counts and ids; never a value. Names have passed the
detector where they were taken from an entry (`deriving`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ringfence.alert.raising import SUMMARY, Alert
from ringfence.crossing.entries import VERSION
from ringfence.ledger import JsonValue
from ringfence.policy.alerts import AlertKind
from ringfence.stamps import stamp

KIND = "alert"  # of the ledger's entry
ACKNOWLEDGED = "acknowledged"
TEST = "test"

_SAID: Mapping[str, str] = {
    AlertKind.REFUSED: "refused",
    AlertKind.UNDECLARED: "found where nothing declares it",
    AlertKind.DRIFT: "drift: no longer as the accepted map says",
    AlertKind.PROBE_LEAK: "a probe leaked",
    AlertKind.VOLUME: "far more than usual",
    SUMMARY: "further alerts, summed up",
    TEST: "a test: nothing has happened",
}


@dataclass(frozen=True, slots=True)
class Message:
    """What a receiver gets. `id` is the same however often it is sent."""

    id: str
    kind: str
    at: str
    crossing: str
    body: str = field(repr=False)  # a JSON object in one line

    def linked(self, link: str) -> "Message":
        """Give the message with a link to its crossing, where there are both."""
        if not link or not self.crossing:
            return self
        body = {**json.loads(self.body), "link": f"{link}{self.crossing}"}
        return Message(self.id, self.kind, self.at, self.crossing, json.dumps(body, ensure_ascii=False))

    @property
    def text(self) -> str:
        """Say it in one line."""
        return str(json.loads(self.body).get("text", self.kind))


def entry_of(alert: Alert, at: datetime) -> dict[str, JsonValue]:
    """Write an alert down for the ledger."""
    return {
        "v": VERSION,
        "id": alert.id,
        "kind": KIND,
        "at": stamp(at),
        "alert": alert.kind,
        "by": alert.rule,
        "receivers": list(alert.to),
        **_about(alert, "last"),
    }


def message_of(alert: Alert, at: datetime) -> Message:
    """Write an alert down for its receivers."""
    about = _about(alert, "last_crossing")
    crossing = str(about.get("crossing", ""))
    body: dict[str, JsonValue] = {
        "id": alert.id,
        "kind": alert.kind,
        "at": stamp(at),
        "text": _in_words(alert, about),
        **about,
    }
    if crossing:
        body["explain"] = f"ringfence explain {crossing}"
    return Message(alert.id, alert.kind, stamp(at), crossing, json.dumps(body, ensure_ascii=False))


def _about(alert: Alert, last: str) -> dict[str, JsonValue]:
    about = alert.about
    names = {
        "crossing": about.first,
        last: about.last if about.last != about.first else "",
        "flow": about.flow,
        "gate": about.gate,
        "from": about.source,
        "to": about.sink,
        "principal": about.principal,
        "role": about.role,
        "category": about.category,
        "reason": about.reason,
        "rule": about.rule,
    }
    body: dict[str, JsonValue] = {name: text for name, text in names.items() if text}
    body |= {"count": about.count, "since": about.since, "until": about.until}
    if alert.kind == AlertKind.VOLUME:
        body["usual"] = about.usual
    if alert.kind == SUMMARY:
        body["alerts"] = alert.alerts
    return body


def _in_words(alert: Alert, about: Mapping[str, JsonValue]) -> str:
    parts = [f"ringfence: {_SAID.get(alert.kind, alert.kind)}"]
    if alert.kind == SUMMARY:
        parts.append(f"{alert.alerts} alerts")
    parts += [str(about[name]) for name in ("category", "reason") if name in about]
    parts.append(f"{alert.about.count} x" + (f" (usual: {alert.about.usual})" if alert.about.usual else ""))
    parts += [f"{name} {about[name]}" for name in ("flow", "principal", "role") if name in about]
    return ", ".join(parts)
