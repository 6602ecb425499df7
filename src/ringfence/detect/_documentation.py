"""Values that were published as examples: ranges kept for documentation, and the card numbers that payment services print.

The rule: such a value is a finding as any other, since what it stands for may be real elsewhere; its evidence says what it is, so
that a reader may rank it lower.
"""

from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address

from ringfence.detect._bytes import digits_of

_RESERVED = (b".example", b".test", b".invalid", b".localhost")
_DOMAINS = (b"example.com", b"example.net", b"example.org")
"""RFC 2606 and RFC 6761."""

_LONGEST = len(b".example.com")

_NETWORKS = (b"192.0.2.", b"198.51.100.", b"203.0.113.")
"""RFC 5737."""

_CARDS = frozenset(
    b"4111111111111111 4012888888881881 4222222222222 4242424242424242 4000056655665556 4000000000000002 4000000000009995 "
    b"4917610000000000 4444333322221111 4462030000000000 4917300800000000 5555555555554444 5105105105105100 2223003122003222 "
    b"5200828282828210 5454545454545454 5431111111111111 2223000048400011 378282246310005 371449635398431 378734493671000 "
    b"343434343434343 6011111111111117 6011000990139424 6011000400000000 3056930009020004 36227206271667 30569309025904 "
    b"38520000023237 36148900647913 3530111333300000 3566002020360505 3566111111111113 6200000000000005 5019717010103742 "
    b"6331101999990016 6304000000000000 6759649826438453 6799990100000000019".split()
)
PUBLISHED_CARDS = frozenset(number.decode("ascii") for number in _CARDS)
"""Test numbers of Stripe, PayPal, Worldpay, Adyen and Braintree, as their documentation prints them."""

_LINE_FROM, _LINE_TO = "0100", "0199"
_NATIONAL = 10  # digits of a number of the North American plan, without its country


def _mail(value: bytes) -> bool:
    ending = value[-_LONGEST:].lower()
    if ending.endswith(_RESERVED):
        return True
    return ending.endswith(_DOMAINS) and ending[:1] in (b"@", b".", b"0")  # %40example.com


def _address(value: bytes) -> bool:
    if value.startswith(_NETWORKS):
        return True
    if b":" not in value or not value.lower().startswith((b"2001:", b"3fff:")):
        return False
    try:  # RFC 3849, RFC 9637
        number = int(IPv6Address(value.partition(b"%")[0].decode("ascii", "replace")))
    except AddressValueError:
        return False
    return number >> 96 == 0x20010DB8 or number >> 108 == 0x3FFF0


def _phone(value: bytes) -> bool:
    """Tell a number that the North American plan keeps for fiction: 555-0100 to 555-0199."""
    digits = digits_of(value.removeprefix(b"%2B").removeprefix(b"%2b"))
    if len(digits) == _NATIONAL + 1 and digits[:1] == "1":
        digits = digits[1:]
    return len(digits) == _NATIONAL and digits[3:6] == "555" and _LINE_FROM <= digits[6:] <= _LINE_TO


def _card(value: bytes) -> bool:
    return digits_of(value).encode() in _CARDS


_KNOWN: dict[str, Callable[[bytes], bool]] = {
    "CREDIT_CARD": _card,
    "EMAIL_ADDRESS": _mail,
    "IP_ADDRESS": _address,
    "PHONE_NUMBER": _phone,
}


def is_for_documentation(entity: str) -> Callable[[bytes], bool] | None:
    """Give the test of whether an entity's value was published as an example; None where there is none.

    >>> [is_for_documentation("IP_ADDRESS")(one) for one in (b"192.0.2.17", b"2001:DB8::1", b"10.0.0.7")]
    [True, True, False]
    """
    return _KNOWN.get(entity)
