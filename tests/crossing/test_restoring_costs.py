"""What a hostile answer can make of the search: more work for more octets, and no more than that."""

import time

import pytest

from ringfence.crossing import Surrogates

SIZE = 40_000


def known() -> Surrogates:
    memory = Surrogates()
    for number in range(200):
        memory.remember(f"[EMAIL_{number}]", "user.contact.email", "x")
        memory.remember(f"tok_q4w2bs_1_{'a' * (26 + number % 40)}", "user.name", "x")
    return memory


def seconds(memory: Surrogates, value: bytes) -> float:
    best = 9.0
    for _ in range(3):
        began = time.process_time()
        memory.spans(value)
        memory.opening(value)
        best = min(best, time.process_time() - began)
    return best


@pytest.mark.parametrize(
    "unit", [b"[", b"[ ", b"\\_", b"\\[ ", b"[em", b"[email_", b"tok_q4w2bs_1_", b"[EMAIL_1]", b"[EMAIL_1\\"]
)
def test_four_times_as_much_takes_about_four_times_as_long(unit: bytes) -> None:
    memory = known()
    small, large = (unit * (size // len(unit)) for size in (SIZE // 4, SIZE))
    seconds(memory, small)
    assert seconds(memory, large) < 16 * max(seconds(memory, small), 0.0005)
