"""Guessing is made slow: failures are counted per source address, in bounded memory.

The rule: nothing is remembered of names, only of addresses. Each failure of an address makes its next answers wait longer, and
after `_BURST` failures in a row the address gets one attempt each `_REFILL` seconds; what is refused in between is not counted.
A success does not wipe what was counted, or one valid account would be a licence to guess others. Who shares an address with a
guesser waits with it.

Memory: at most `most` addresses (IPv6: networks of 64 bits, for that is what one customer gets). Beyond that the one that failed
longest ago is forgotten; who guesses from that many addresses is stopped by none of them being worth more than `_BURST` tries.
"""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

MOST_ADDRESSES = 10_000
_BURST = 20  # failures
_REFILL = 3.0  # seconds after which one failure is forgiven
_FIRST_HOLD = 0.2  # seconds
LONGEST_HOLD = 5.0
_NETWORK_BITS = 64


class Attempts:
    """Failures of source addresses. Times are seconds of any clock that goes forward."""

    def __init__(self, most: int = MOST_ADDRESSES) -> None:
        self._most = most
        self._failures: OrderedDict[str, tuple[float, float]] = OrderedDict()  # address -> failures left, at

    def __len__(self) -> int:
        return len(self._failures)

    def may_try(self, address: str, now: float) -> bool:
        """Whether an address may try at all now."""
        return self._left(_network(address), now) + 1 <= _BURST

    def failed(self, address: str, now: float) -> float:
        """Count a failure; give the seconds for which its answer is to be held back."""
        network = _network(address)
        failures = min(self._left(network, now) + 1, float(_BURST))
        self._failures[network] = (failures, now)
        self._failures.move_to_end(network)
        if len(self._failures) > self._most:
            self._failures.popitem(last=False)
        return float(min(LONGEST_HOLD, _FIRST_HOLD * 2 ** (failures - 1)))

    def _left(self, network: str, now: float) -> float:
        failures, at = self._failures.get(network, (0.0, now))
        return max(0.0, failures - max(0.0, now - at) / _REFILL)


def _network(address: str) -> str:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address  # a Unix socket
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return f"{int(parsed) >> (128 - _NETWORK_BITS):x}::/{_NETWORK_BITS}"
    return str(parsed)
