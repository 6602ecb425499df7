"""Formats that are only read: what stands in files, archives and documents, taken out as texts with their places.

The rule: readers read and judge nothing. They take foreign bytes: whatever comes, they end, within bounds, with a clear word for
what could not be read.
"""

from ringfence.extract.extracting import extract
from ringfence.extract.model import Bounds, Budget, Extracted, LeftOut, Source, Text, Unreadable, Values

__all__ = ["Bounds", "Budget", "Extracted", "LeftOut", "Source", "Text", "Unreadable", "Values", "extract"]
