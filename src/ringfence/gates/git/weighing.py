"""What a finding is worth in the place where it stands: data of a person, or an example, a notice, a part of a program.

The rule: only what the place says is weighed here, and it can only lower what was found; what it lowers it names.
"""

from bisect import bisect_right
from collections.abc import Sequence

from ringfence.crossing.inspecting import Seen
from ringfence.extract.model import Kind, Part, Text
from ringfence.gates.canary import is_canary

_CANARY = "known:canary"
_DOCUMENTATION = "known:documentation"


def stands_in_data(text: Text, parts: Sequence[Part], one: Seen) -> bool:
    """Whether it stands where a program holds data: in a string or a comment. Everything else is data throughout."""
    if text.kind is not Kind.CODE or text.parts is None:
        return True
    at = bisect_right(parts, one.start, key=lambda part: part.start) - 1
    return at >= 0 and one.end <= parts[at].end


def lowered(text: Text, one: Seen) -> str:
    """Say why a finding is told lower than others; "" where it is not."""
    if one.entity == "EMAIL_ADDRESS" and is_canary(bytes(text.value[one.start : one.end])):
        return _CANARY
    if _DOCUMENTATION in one.evidence:
        return _DOCUMENTATION
    from ringfence.transform.alike import is_made_up  # few scans find something

    value = bytes(text.value[one.start : one.end]).decode("utf-8", "replace")
    return _DOCUMENTATION if is_made_up(one.category, one.entity, value) else ""
