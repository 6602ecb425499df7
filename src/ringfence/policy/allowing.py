"""What `detect: allow` lets pass by a pattern: whole entities, where it is wider than was meant.

The rule: a pattern that fits nearly every value of an entity's own examples turns it off, and `lint` says so. One that fits a
company's own numbers fits none of the examples, or few.
"""

from collections.abc import Iterator
from typing import Final, Literal

from ringfence.detect import RECOGNIZERS, AllowList
from ringfence.detect._listed import Allowed
from ringfence.policy.model import Policy
from ringfence.policy.tree import Step

_FEWEST: Final = 2  # examples that tell a pattern of all values from one of some
_MOST: Final = 0.75  # of the examples: an encoded one among them fits no pattern that was meant for plain ones
_SHOWN: Final = 3  # entities that are named; the rest are counted


def allowed_whole(policy: Policy) -> Iterator[tuple[tuple[Step, ...], Literal["warning"], str, str, str]]:
    """Find the patterns by which next to nothing of an entity is found any more."""
    for number, one in enumerate(policy.detect.allow):
        off = _turned_off(one) if one.patterns else []
        if not off:
            continue
        more = f" and {len(off) - _SHOWN} more" if len(off) > _SHOWN else ""
        yield (
            ("detect", "allow", number),
            "warning",
            "allows-all",
            f"the pattern fits the examples of {', '.join(off[:_SHOWN])}{more}: next to nothing of that is found any more",
            "narrow it to values that are nobody's, and name their `entity`",
        )


def _turned_off(one: AllowList) -> list[str]:
    allowed = Allowed([one])
    off: list[str] = []
    for each in RECOGNIZERS:
        values = {value for example in each.examples for value in example.found if value}
        if (
            one.entity in ("", each.entity)
            and len(values) >= _FEWEST
            and sum(allowed.covers(each.entity, value.encode()) for value in values) >= _MOST * len(values)
        ):
            off.append(each.entity)
    return off
