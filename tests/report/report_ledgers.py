"""Ledgers for reports: real files, with entries of the shape that crossings write."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from ringfence.ledger import JsonValue, Ledger, SigningKey, create_ledger
from ringfence.stamps import stamp

BEGAN = datetime(2031, 1, 2, tzinfo=UTC)

Body = dict[str, JsonValue]


class Story:
    """Entries in order, a second apart."""

    def __init__(self) -> None:
        self.bodies: list[Body] = []
        self._seconds = count()

    def add(self, kind: str, crossing: str, found: Sequence[tuple[str, str, int]] = (), **more: JsonValue) -> None:
        """Add an entry. `found`: category, form and number of values."""
        body: Body = {
            "v": 1,
            "id": f"{crossing}.{len(self.bodies)}",
            "kind": kind,
            "at": stamp(BEGAN + timedelta(seconds=next(self._seconds))),
            "crossing": crossing,
            "flow": "reads",
            "gate": "pg",
            "from": "core",
            "to": "staff",
            "mode": "enforce",
            "policy": "0" * 64,
            "principal": "users:ann",
            "role": "support",
            "client": {"application_name": "psql"},
            **more,
        }
        facts: list[Mapping[str, JsonValue]] = [
            {"category": category, "entity": "", "form": form, "rule": "r", "how": "declared", "count": times}
            for category, form, times in found
        ]
        if facts:
            body["found"] = facts
        self.bodies.append(body)

    def write(self, folder: Path, key: SigningKey) -> Path:
        """Write a ledger of it."""
        file = folder / "ledger.db"
        create_ledger(file, key)
        with Ledger(file, key) as ledger:
            ledger.append(self.bodies)
        return file
