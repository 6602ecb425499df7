"""Evidence out of the ledger: what crossed, what would have been changed or refused, and what a breach of a zone reaches.

The rule: a report says nothing that the ledger does not; each figure names the entries that it was counted from, and the report
the checkpoint that covers them, so that whoever has that checkpoint can verify what the report rests on. It holds no value, for
the ledger holds none.

Names are loaded when they are first used: what a scan says needs no ledger.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringfence.report.basis import Basis, Span, basis_of, in_seconds
    from ringfence.report.breach import Reach, report_breach
    from ringfence.report.crossings import report_crossings
    from ringfence.report.document import Column, Document, Table
    from ringfence.report.endpoints import Standing, Usage, Usages, endpoint_usage
    from ringfence.report.observing import report_observed
    from ringfence.report.passing import Outcome, Passage, passages
    from ringfence.report.writing import WRITERS, Written

__all__ = [
    "WRITERS",
    "Basis",
    "Column",
    "Document",
    "Outcome",
    "Passage",
    "Reach",
    "Span",
    "Standing",
    "Table",
    "Usage",
    "Usages",
    "Written",
    "basis_of",
    "endpoint_usage",
    "in_seconds",
    "passages",
    "report_breach",
    "report_crossings",
    "report_observed",
]

_HOMES = {
    "Basis": "ringfence.report.basis",
    "Column": "ringfence.report.document",
    "Document": "ringfence.report.document",
    "Outcome": "ringfence.report.passing",
    "Passage": "ringfence.report.passing",
    "Reach": "ringfence.report.breach",
    "Span": "ringfence.report.basis",
    "Standing": "ringfence.report.endpoints",
    "Table": "ringfence.report.document",
    "Usage": "ringfence.report.endpoints",
    "Usages": "ringfence.report.endpoints",
    "WRITERS": "ringfence.report.writing",
    "Written": "ringfence.report.writing",
    "basis_of": "ringfence.report.basis",
    "endpoint_usage": "ringfence.report.endpoints",
    "in_seconds": "ringfence.report.basis",
    "passages": "ringfence.report.passing",
    "report_breach": "ringfence.report.breach",
    "report_crossings": "ringfence.report.crossings",
    "report_observed": "ringfence.report.observing",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'ringfence.report' has no attribute {name!r}")
    return getattr(import_module(home), name)
