"""What the commands that show the ledger's entries share: how they are written, how they are followed.

The rule: whatever is shown comes from entries, which hold no value; even so it is printed without control characters, for a
ledger may come from elsewhere.
"""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli._session import notify
from ringfence.ledger import Entry, JsonValue
from ringfence.ledger.following import Follower

LedgerOption = Annotated[
    Path | None, typer.Option("--ledger", help="The ledger's file.", show_default="ledger.db in --home")
]


def clean(text: str) -> str:
    """Take out what would move a terminal's cursor."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def facts(found: JsonValue) -> Iterable[str]:
    """Say each fact of an entry as category and form."""
    for fact in found if isinstance(found, list) else []:
        if isinstance(fact, dict):
            yield clean(f"{fact.get('category', '?')}={fact.get('form', '?')}x{fact.get('count', '?')}")


def as_json(entry: Entry) -> dict[str, JsonValue]:
    """Give an entry as it is written in JSON."""
    return {"index": entry.index, "commitment": entry.commitment.hex(), "body": entry.body}


def print_json(entry: Entry) -> None:
    """Write an entry as one line."""
    print(json.dumps(as_json(entry), ensure_ascii=False))


def show_all(follower: Follower, show: Callable[[Entry], None], *, follow: bool) -> None:
    """Show what follows: to the end of the ledger, or with `follow` whatever is written, until interrupted."""
    replacements = follower.replacements
    for batch in follower.follow():
        for entry in batch:
            show(entry)
        sys.stdout.flush()
        if follower.replacements > replacements:
            replacements = follower.replacements
            notify("the ledger was replaced by another file: going on with that")
        if not follow and follower.is_at_end:
            return
