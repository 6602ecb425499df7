"""Keccak-256, as Ethereum's addresses are checked by: the winner's padding, not that of SHA-3, which hashlib has.

The rule: it hashes 40 bytes of a candidate, and nothing secret; https://keccak.team/keccak_specs_summary.html.
"""

_MASK = (1 << 64) - 1
_RATE = 136  # bytes taken in at a time, for 256 bits of output


def _constants() -> tuple[int, ...]:
    """Calculate the round constants by their shift register."""
    register, constants = 1, []
    for _ in range(24):
        constant = 0
        for bit in range(7):
            if register & 1:
                constant ^= 1 << ((1 << bit) - 1)
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return tuple(constants)


def _turns() -> tuple[tuple[int, int, int], ...]:
    """Give, along the path of the permutation, the lanes and how far each is rotated."""
    x, y, turns = 1, 0, []
    for step in range(24):
        x, y = y, (2 * x + 3 * y) % 5
        turns.append((x, y, (step + 1) * (step + 2) // 2 % 64))
    return tuple(turns)


_CONSTANTS, _TURNS = _constants(), _turns()


def _rotated(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & _MASK


def _permuted(state: list[list[int]]) -> None:
    for constant in _CONSTANTS:
        columns = [state[x][0] ^ state[x][1] ^ state[x][2] ^ state[x][3] ^ state[x][4] for x in range(5)]
        for x in range(5):
            mixed = columns[x - 1] ^ _rotated(columns[(x + 1) % 5], 1)
            for y in range(5):
                state[x][y] ^= mixed
        carried = state[1][0]
        for x, y, by in _TURNS:
            carried, state[x][y] = state[x][y], _rotated(carried, by)
        for y in range(5):
            line = [state[x][y] for x in range(5)]
            for x in range(5):
                state[x][y] = line[x] ^ (~line[(x + 1) % 5] & line[(x + 2) % 5] & _MASK)
        state[0][0] ^= constant


def keccak_256(data: bytes) -> bytes:
    """Hash a few bytes.

    >>> keccak_256(b"").hex()[:16]
    'c5d2460186f7233c'
    """
    padded = bytearray(data + b"\x01" + bytes(-(len(data) + 1) % _RATE))
    padded[-1] |= 0x80
    state = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            at = start + 8 * lane
            state[lane % 5][lane // 5] ^= int.from_bytes(padded[at : at + 8], "little")
        _permuted(state)
    return b"".join(state[lane % 5][lane // 5].to_bytes(8, "little") for lane in range(4))
