"""Transforms per second on e-mail addresses, one core; keyed forms beside the library's own call on the same bytes."""

import hmac
import statistics
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from benchmarks._rows import Row
from ringfence.policy.model import Form, FormKind, KeyName
from ringfence.transform import About, KeyHandle, Keyring, apply, reverse

VALUES = [f"person{number:05}@example.com" for number in range(5_000)]
ROUNDS = 7
KEY = KeyName("k-contact")


def run() -> list[Row]:
    key = KeyHandle(KEY, 1, bytes(range(32)))
    about = About("EMAIL_ADDRESS", "user.contact.email", "zone:analytics", Keyring([key]))
    token, hashed = Form("token", FormKind.TOKEN, key=KEY), Form("hash", FormKind.HASH, key=KEY)
    masked, domain = Form("mask", FormKind.MASK, keep_last=4), Form("domain", FormKind.MASK, keep_domain=True)
    siv, mac_key = AESSIV(bytes(range(64))), bytes(range(32))
    bound = [b"ringfence token 1", b"user.contact.email", b"zone:analytics"]
    tokens = [str(apply(token, value, about)) for value in VALUES]
    raw_siv = _per_second(lambda value: siv.encrypt(value.encode(), bound))
    raw_hmac = _per_second(lambda value: hmac.digest(mac_key, value.encode(), "sha256").hex())
    return [
        Row("token", _shown(_per_second(lambda value: apply(token, value, about))), f"bare AES-SIV {_shown(raw_siv)}"),
        Row("token reversed", _shown(_per_second(lambda text: reverse(text, about), tokens))),
        Row(
            "hash",
            _shown(_per_second(lambda value: apply(hashed, value, about))),
            f"bare HMAC-SHA-256 {_shown(raw_hmac)}",
        ),
        Row("mask, last four kept", _shown(_per_second(lambda value: apply(masked, value, about)))),
        Row("mask, domain kept", _shown(_per_second(lambda value: apply(domain, value, about)))),
    ]


def _per_second(call: Callable[[str], object], values: list[str] = VALUES) -> float:
    """Give the median rate of several rounds over all values."""
    rates = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for value in values:
            call(value)
        rates.append(len(values) / (time.perf_counter() - began))
    return statistics.median(rates)


def _shown(rate: float) -> str:
    return f"{rate:,.0f}/s"
