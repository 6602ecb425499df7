"""Evidence out of the ledger: what crossed, what would have been changed or refused, and what a breach of a zone reaches.

The rule: a report says nothing that the ledger does not; each figure names the entries that it was counted from, and the report
the checkpoint that covers them, so that whoever has that checkpoint can verify what the report rests on. It holds no value, for
the ledger holds none.
"""

from ringfence.report.basis import Basis, Span, basis_of, in_seconds
from ringfence.report.breach import Reach, report_breach
from ringfence.report.crossings import report_crossings
from ringfence.report.document import Column, Document, Table
from ringfence.report.endpoints import Standing, Usage, Usages, endpoint_usage
from ringfence.report.observing import report_observed
from ringfence.report.passages import Outcome, Passage, passages
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
