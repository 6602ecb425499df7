"""The crossing: a payload goes in, effects come out, and no byte is released before its record.

>>> from ringfence.crossing import Crossing, Ending, Head
"""

from ringfence.crossing.crossing import Crossing, Summary
from ringfence.crossing.effects import (
    Body,
    CrossingId,
    Effect,
    EffectId,
    Effects,
    Ending,
    Head,
    Json,
    Reason,
    Record,
    Recorded,
    Refusal,
    Refuse,
    Release,
    Reply,
    Resolve,
    Resolved,
    Trace,
)
from ringfence.crossing.entries import Fact, scrub
from ringfence.crossing.exchange import Exchange
from ringfence.crossing.restoring import Issued, Surrogates
from ringfence.crossing.tally import Tally

__all__ = [
    "Body",
    "Crossing",
    "CrossingId",
    "Effect",
    "EffectId",
    "Effects",
    "Ending",
    "Exchange",
    "Fact",
    "Head",
    "Issued",
    "Json",
    "Reason",
    "Record",
    "Recorded",
    "Refusal",
    "Refuse",
    "Release",
    "Reply",
    "Resolve",
    "Resolved",
    "Summary",
    "Surrogates",
    "Tally",
    "Trace",
    "scrub",
]
