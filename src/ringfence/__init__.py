"""Ringfence keeps personal data inside the zones where it belongs.

>>> from ringfence import Detector
>>> [(found.entity, found.start, found.end) for found in Detector().find("write to ada@example.org")]
[('EMAIL_ADDRESS', 9, 24)]

Names are loaded when they are first used: importing the package itself pulls in no engine.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringfence.crossing import Crossing, Ending, Exchange, Head
    from ringfence.detect import Detector, Finding
    from ringfence.policy import Asker, Plan, Policy, Shape, plan

__all__ = [
    "Asker",
    "Crossing",
    "Detector",
    "Ending",
    "Exchange",
    "Finding",
    "Head",
    "Plan",
    "Policy",
    "Shape",
    "plan",
]

_HOMES = {
    "Asker": "ringfence.policy",
    "Crossing": "ringfence.crossing",
    "Detector": "ringfence.detect",
    "Ending": "ringfence.crossing",
    "Exchange": "ringfence.crossing",
    "Finding": "ringfence.detect",
    "Head": "ringfence.crossing",
    "Plan": "ringfence.policy",
    "Policy": "ringfence.policy",
    "Shape": "ringfence.policy",
    "plan": "ringfence.policy",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'ringfence' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
