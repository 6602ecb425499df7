"""The tamper-evident record: append, verify, query.

The rule: an entry is durable before there is a receipt for it, and what was written cannot be changed without `verify` seeing
it. How that is kept: `store` says why no byte can precede its record, `entry` what is committed to, `tree` and `note` how a
whole history is one signed line, `verifying` what that proves and against whom.

What is exported is imported when it is first used: a client needs neither the cryptography nor the store.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringfence.ledger.blocking import BlockingClient
    from ringfence.ledger.client import LedgerClient
    from ringfence.ledger.entry import JsonValue, Receipt, canonical
    from ringfence.ledger.faults import Fault, LedgerError, LedgerTooNew, LedgerUnavailable, LedgerUnreadable
    from ringfence.ledger.keys import make_keys, new_origin, read_public_key, read_signing_key
    from ringfence.ledger.local import Ledger
    from ringfence.ledger.note import Checkpoint, NoteError, PublicKey, SigningKey, open_checkpoint
    from ringfence.ledger.reading import Entry, Query, Reader
    from ringfence.ledger.store import create_ledger
    from ringfence.ledger.verifying import Problem, ProblemCode, Report, verify

__all__ = [
    "BlockingClient",
    "Checkpoint",
    "Entry",
    "Fault",
    "JsonValue",
    "Ledger",
    "LedgerClient",
    "LedgerError",
    "LedgerTooNew",
    "LedgerUnavailable",
    "LedgerUnreadable",
    "NoteError",
    "Problem",
    "ProblemCode",
    "PublicKey",
    "Query",
    "Reader",
    "Receipt",
    "Report",
    "SigningKey",
    "canonical",
    "create_ledger",
    "make_keys",
    "new_origin",
    "open_checkpoint",
    "read_public_key",
    "read_signing_key",
    "verify",
]

_HOMES = {
    "blocking": ("BlockingClient",),
    "client": ("LedgerClient",),
    "entry": ("JsonValue", "Receipt", "canonical"),
    "faults": ("Fault", "LedgerError", "LedgerTooNew", "LedgerUnavailable", "LedgerUnreadable"),
    "keys": ("make_keys", "new_origin", "read_public_key", "read_signing_key"),
    "local": ("Ledger",),
    "note": ("Checkpoint", "NoteError", "PublicKey", "SigningKey", "open_checkpoint"),
    "reading": ("Entry", "Query", "Reader"),
    "store": ("create_ledger",),
    "verifying": ("Problem", "ProblemCode", "Report", "verify"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
