"""The PostgreSQL gate: it speaks the protocol to both sides, and every row and value takes a crossing.

The way of a query: `ends` (bytes into messages), `session` (the order), `querying` and `extended` (what may run), `pieces` and
`tracing` (what it means), `verdicts` (what the policy says), `inbound` and `copying` (what goes in), `results` (what comes out).

>>> from ringfence.gates.postgres import PostgresGate, World
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringfence.gates.postgres.rim import PostgresGate, Status
    from ringfence.gates.postgres.shared import World

__all__ = ["PostgresGate", "Status", "World"]

_HOMES = {"PostgresGate": "rim", "Status": "rim", "World": "shared"}


def __getattr__(name: str) -> object:
    """Load the gate when it is first named: its tests and tables do not need the whole of it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
