"""Wallets: addresses of Bitcoin and Ethereum, each with the checksum of its own kind."""

from collections.abc import Sequence

from ringfence.detect._bytes import is_word_after, is_word_before
from ringfence.detect._keccak import keccak_256
from ringfence.detect.recognizer import Hit, Pattern, Recognizer, row

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def is_base58(address: str) -> bool:
    """Tell whether an address in Base58 ends in the first four bytes of its payload's hash, hashed twice."""
    from hashlib import sha256

    value = 0
    for sign in address:
        value = value * 58 + _BASE58.index(sign)
    zeros = len(address) - len(address.lstrip("1"))
    body = value.to_bytes((value.bit_length() + 7) // 8, "big")
    data = bytes(zeros) + body
    return len(data) == 25 and sha256(sha256(data[:-4]).digest()).digest().startswith(data[-4:])


def is_bech32(address: str) -> bool:
    """Check a segwit address: BIP 173 for version 0, BIP 350 (bech32m) for those after it."""
    if address not in (address.lower(), address.upper()):
        return False
    address = address.lower()
    human, _, data = address.rpartition("1")
    values = [ord(sign) >> 5 for sign in human] + [0] + [ord(sign) & 31 for sign in human]
    values += [_BECH32.index(sign) for sign in data]
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            check ^= generator if top >> bit & 1 else 0
    return check == (1 if data[0] == "q" else 0x2BC830A3)


def is_eip55(address: str) -> bool:
    """Tell whether an Ethereum address's capitals are its checksum; one without capitals has none."""
    digits = address[2:]
    if digits in (digits.lower(), digits.upper()):
        return False
    hashed = keccak_256(digits.lower().encode()).hex()
    return all(not sign.isalpha() or sign.isupper() == (hashed[at] >= "8") for at, sign in enumerate(digits))


def _wallet(data: bytes, start: int, end: int) -> Sequence[Hit]:
    if is_word_before(data, start) or is_word_after(data, end):
        return ()
    address = data[start:end].decode("ascii")
    match address[:2].lower():
        case "0x":
            if is_eip55(address):
                return (Hit(start, end, ("checksum:eip55",)),)
            return (Hit(start, end, doubtful=True),)
        case "bc" | "tb":
            return (Hit(start, end, ("checksum:bech32",)),) if is_bech32(address) else ()
    return (Hit(start, end, ("checksum:base58",)),) if is_base58(address) else ()


WALLETS: tuple[Recognizer, ...] = (
    row(
        "CRYPTO",
        "BIP 173 and 350, https://github.com/bitcoin/bips; EIP-55, https://eips.ethereum.org/EIPS/eip-55",
        (
            Pattern(
                "bitcoin",
                r"[13][1-9A-HJ-NP-Za-km-z]{25,34}",
                *(0.9, 0.97),
                trigger=r"\b[13][1-9A-HJ-NP-Za-km-z]{22}",
                before=1,
                after=16,
                check=_wallet,
            ),
            Pattern(
                "bitcoin-segwit",
                r"(?:bc|tb)1[02-9ac-hj-np-z]{11,71}|(?:BC|TB)1[02-9AC-HJ-NP-Z]{11,71}",
                *(0.95, 0.97),
                trigger=r"\b(?:(?:bc|tb)1[02-9ac-hj-np-z]{11}|(?:BC|TB)1[02-9AC-HJ-NP-Z]{11})",
                before=1,
                after=64,
                check=_wallet,
            ),
            Pattern(
                "ethereum",
                r"0x[0-9A-Fa-f]{40}",
                *(0.95, 0.97),
                doubtful=(0.3, 0.8),
                trigger=r"\b0x[0-9A-Fa-f]{20}",
                before=1,
                after=24,
                check=_wallet,
            ),
        ),
        "bitcoin, btc, ethereum, eth, wallet, crypto, wallet address, crypto address",
        "[16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ] [3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy]",
        "[bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq]",
        "[0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed]",
        "ETH wallet [0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed]",
        "16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ2 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
    ),
)
