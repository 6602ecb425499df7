"""What in a policy's own recognizers costs more than it says: patterns that nothing announces, looked for everywhere.

The rule: whoever pays for a pattern is told so by `lint`, with what it takes to pay less.
"""

from collections.abc import Iterator
from typing import Literal

from ringfence.detect.own import has_trigger
from ringfence.policy.model import Policy
from ringfence.policy.tree import Step


def everywhere(policy: Policy) -> Iterator[tuple[tuple[Step, ...], Literal["warning"], str, str, str]]:
    """Find the recognizers whose patterns are run over all that crosses."""
    for number, one in enumerate(policy.detect.recognizers):
        bare = sum(not has_trigger(each.pattern) for each in one.patterns)
        if not bare or not one.everywhere:
            continue
        each = "a pattern is" if bare == 1 else f"{bare} patterns are"
        yield (
            ("detect", "recognizers", number),
            "warning",
            "everywhere",
            f"{each} run over every byte that crosses: {one.entity} has no text of its own that would announce it",
            "about a nanosecond a byte for each; give it a prefix, or `words` in place of `everywhere`",
        )
