"""Addresses of machines: ranges that lead to nobody, networks, public services; and numbers of four parts that are no addresses.

The rule: an address that can reach no person is nobody's wherever it stands. One that reaches a machine in a private network is a
machine's in a program and its documents; in data it may be that of whoever sat at it. A global address is data, in a program too.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address
from typing import Final

import re2

from ringfence.gates.git.standing import At, words

_SPECIAL = "known:special-use"
_NETWORK = "known:network"
_PUBLIC = "known:public-service"
_EXAMPLE = "known:placeholder"
_NUMBER = "known:section-or-version"

_SERVICES: Final = words(
    "8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 149.112.112.112 208.67.222.222 208.67.220.220 4.2.2.1 4.2.2.2 "
    "64.6.64.6 76.76.2.0 94.140.14.14 185.228.168.9 77.88.8.8 114.114.114.114 223.5.5.5 119.29.29.29 "
    "2001:4860:4860::8888 2001:4860:4860::8844 2606:4700:4700::1111 2606:4700:4700::1001 2620:fe::fe 168.63.129.16"
)
"""Resolvers that anybody may ask, from their operators' pages, and Azure's own address for its machines."""

_SEQUENCES: Final = words(
    "1.2.3.4 2.3.4.5 3.4.5.6 4.5.6.7 5.6.7.8 6.7.8.9 9.8.7.6 8.7.6.5 4.3.2.1 1.2.3.5 12.34.56.78 11.22.33.44 123.45.67.89 "
    "123.123.123.123 111.111.111.111 1.2.3.0 12.1.2.3 1.2.3.255 123.456.789.0 111.222.33.44 11.12.13.14 123.4.5.6 12.3.4.5"
)
_SMALL: Final = 32
"""Four numbers below it: of all addresses one in four thousand, of sections and versions nearly all."""

_LENGTH: Final = re2.compile(rb"/[0-9]{1,3}\b")
_OBJECT_IDENTIFIER: Final = re2.compile(rb"(?i)oid|object.?identifier|asn1|asn\.1|x509")
_NOBODYS_MAC: Final = re2.compile(
    rb"(?i)(?:00[:-]){3}|(?:00:11:22|11:22:33|12:34:56|aa:bb:cc|de:ad:be|01:23:45|0a:0b:0c|01:02:03)"
)


def address(at: At) -> str:
    """Tell what is no person's address."""
    text = at.value.decode("ascii", "replace").partition("%")[0]
    try:
        number = ip_address(text)
    except ValueError:
        return ""
    if _leads_nowhere(number):
        return _SPECIAL
    if _is_network(at, number):
        return _NETWORK
    if text.lower() in _SERVICES:
        return _PUBLIC
    if text in _SEQUENCES or (isinstance(number, IPv4Address) and len(set(number.packed)) == 1):
        return _EXAMPLE
    if not (at.is_code or at.is_document):
        return ""
    mapped = number.ipv4_mapped if isinstance(number, IPv6Address) else None
    if not (mapped or number).is_global:
        return _SPECIAL
    if isinstance(number, IPv4Address):
        if max(number.packed) < _SMALL:
            return _NUMBER
        if number.packed[0] < 3 and _OBJECT_IDENTIFIER.search(at.line()):
            return _NUMBER
    return ""


def hardware(at: At) -> str:
    """Tell a hardware address that counts up, or of no maker, as examples do; in a program."""
    return _EXAMPLE if (at.is_code or at.is_document) and _NOBODYS_MAC.match(at.value) else ""


def _leads_nowhere(number: IPv4Address | IPv6Address) -> bool:
    """Tell what is this machine, everybody, nobody yet: https://www.iana.org/assignments/iana-ipv4-special-registry."""
    if number.is_loopback or number.is_unspecified or number.is_multicast or number.is_reserved:
        return not (isinstance(number, IPv6Address) and number.ipv4_mapped and not _leads_nowhere(number.ipv4_mapped))
    return isinstance(number, IPv4Address) and number in _THIS


_THIS: Final = IPv4Network("0.0.0.0/8")


def _is_network(at: At, number: IPv4Address | IPv6Address) -> bool:
    """Tell a network by its length, with no host in it: ``10.20.0.0/16``."""
    behind = _LENGTH.match(at.text.value[at.one.end : at.one.end + 5])
    if not behind:
        return False
    length = int(behind.group()[1:])
    bits = number.max_prefixlen - length
    least = 2 if number.version == 4 else 60
    return bits >= least and not int(number) & ((1 << bits) - 1)
