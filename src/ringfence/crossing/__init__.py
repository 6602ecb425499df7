"""The crossing: a payload goes in, effects come out, and no byte is released before its record.

>>> from ringfence.crossing import Crossing, Ending, Head

Names are loaded when they are first used: who only looks at texts (`inspecting`), or takes personal data out of names (`scrub`),
loads no carrier.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from ringfence.crossing.entries import Fact
    from ringfence.crossing.exchange import Exchange
    from ringfence.crossing.restoring import Issued, Surrogates
    from ringfence.crossing.scrubbing import scrub
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

_HOMES = {
    "Body": "ringfence.crossing.effects",
    "Crossing": "ringfence.crossing.crossing",
    "CrossingId": "ringfence.crossing.effects",
    "Effect": "ringfence.crossing.effects",
    "EffectId": "ringfence.crossing.effects",
    "Effects": "ringfence.crossing.effects",
    "Ending": "ringfence.crossing.effects",
    "Exchange": "ringfence.crossing.exchange",
    "Fact": "ringfence.crossing.entries",
    "Head": "ringfence.crossing.effects",
    "Issued": "ringfence.crossing.restoring",
    "Json": "ringfence.crossing.effects",
    "Reason": "ringfence.crossing.effects",
    "Record": "ringfence.crossing.effects",
    "Recorded": "ringfence.crossing.effects",
    "Refusal": "ringfence.crossing.effects",
    "Refuse": "ringfence.crossing.effects",
    "Release": "ringfence.crossing.effects",
    "Reply": "ringfence.crossing.effects",
    "Resolve": "ringfence.crossing.effects",
    "Resolved": "ringfence.crossing.effects",
    "Summary": "ringfence.crossing.crossing",
    "Surrogates": "ringfence.crossing.restoring",
    "Tally": "ringfence.crossing.tally",
    "Trace": "ringfence.crossing.effects",
    "scrub": "ringfence.crossing.scrubbing",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'ringfence.crossing' has no attribute {name!r}")
    return getattr(import_module(home), name)
