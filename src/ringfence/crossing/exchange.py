"""A request and its answer: two crossings that share what the first replaced.

What goes out as a token or surrogate may come back inside the answer; where the answer's plan carries its category clear, it is
turned back into what it stood for. The clear values live only as long as the exchange (see `restoring`).
"""

from ringfence.carriers import Carrier, RowsCarrier
from ringfence.crossing.crossing import Crossing
from ringfence.crossing.effects import Head
from ringfence.crossing.restoring import Surrogates
from ringfence.policy.plan import Plan
from ringfence.transform import Keyring


class Exchange:
    """Two directions of one conversation: `out` first, then `back`, over the same surrogates."""

    __slots__ = ("back", "out", "surrogates")

    def __init__(
        self,
        out: tuple[Plan, Head, Carrier | RowsCarrier],
        back: tuple[Plan, Head, Carrier | RowsCarrier],
        keys: Keyring,
    ) -> None:
        self.surrogates = Surrogates()
        plan, head, carrier = out
        self.out = Crossing(plan, head, keys, carrier, issued=self.surrogates)
        plan, head, carrier = back
        self.back = Crossing(plan, head, keys, carrier, restored=self.surrogates)

    def __repr__(self) -> str:
        return f"<exchange with {len(self.surrogates)} surrogates>"
