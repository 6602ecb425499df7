"""Addresses of machines: ranges that lead to nobody, networks, public services; and numbers of four parts that are no addresses.

The rule: an address that can reach no person is nobody's wherever it stands. One that reaches a machine in a private network is a
machine's in a program and its documents; in data it may be that of whoever sat at it. A global address is data, in a program too.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
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
    "169.254.169.254 169.254.169.253 169.254.169.123 169.254.170.2 fd00:ec2::254 fd00:ec2::253 "
    "64.6.64.6 76.76.2.0 94.140.14.14 185.228.168.9 77.88.8.8 114.114.114.114 223.5.5.5 119.29.29.29 "
    "2001:4860:4860::8888 2001:4860:4860::8844 2606:4700:4700::1111 2606:4700:4700::1001 2620:fe::fe 168.63.129.16"
)
"""Resolvers that anybody may ask, from their operators' pages, and what clouds answer their own machines under."""

_SEQUENCES: Final = words(
    "1.2.3.4 2.3.4.5 3.4.5.6 4.5.6.7 5.6.7.8 6.7.8.9 9.8.7.6 8.7.6.5 4.3.2.1 1.2.3.5 12.34.56.78 11.22.33.44 123.45.67.89 "
    "123.123.123.123 111.111.111.111 1.2.3.0 12.1.2.3 1.2.3.255 123.456.789.0 111.222.33.44 11.12.13.14 123.4.5.6 12.3.4.5"
)
_SMALL: Final = 32
"""Four numbers below it: of all addresses one in four thousand, of sections and versions nearly all."""

_LENGTH: Final = re2.compile(rb"/[0-9]{1,3}\b")
_OBJECT_IDENTIFIER: Final = re2.compile(rb"(?i)oid|object.?identifier|asn1|asn\.1|x509")
_NOBODYS_MAC: Final = re2.compile(
    rb"(?i)(?:00:){3}|(?:00:11:22|11:22:33|12:34:56|aa:bb:cc|de:ad:be|01:23:45|0a:0b:0c|01:02:03)"
)


def address(at: At) -> str:
    """Tell what is no person's address."""
    text = at.value.decode("ascii", "replace").partition("%")[0]
    try:
        number = ip_address(text)
    except ValueError:
        return ""
    if isinstance(number, IPv6Address):
        inner = _within(number)
        if inner is not None:
            number, text = inner, str(inner)
    elif at.text.value[at.one.end : at.one.end + len(_REVERSED)].lower() == _REVERSED:
        number = IPv4Address(number.packed[::-1])
        text = str(number)
    elif _is_numbered(at):
        return _NUMBER
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
    if not number.is_global:
        return _SPECIAL
    if isinstance(number, IPv4Address):
        if max(number.packed) < _SMALL:
            return _NUMBER
        if number.packed[0] < 3 and _OBJECT_IDENTIFIER.search(at.line()):
            return _NUMBER
    return ""


def hardware(at: At) -> str:
    """Tell a hardware address that counts up, or of no maker, as examples do; in a program."""
    return _EXAMPLE if (at.is_code or at.is_document) and _NOBODYS_MAC.match(at.value.replace(b"-", b":")) else ""


def _leads_nowhere(number: IPv4Address | IPv6Address) -> bool:
    """Tell what is this machine, everybody, nobody yet: https://www.iana.org/assignments/iana-ipv4-special-registry."""
    if number.is_loopback or number.is_unspecified or number.is_multicast or number.is_reserved:
        return True
    return isinstance(number, IPv4Address) and number in _THIS


def _within(number: IPv6Address) -> IPv4Address | None:
    """Give the address that one of another kind is made of: mapped, translated (RFC 6052), of 6to4 without a host (RFC 3056)."""
    if number.ipv4_mapped is not None:
        return number.ipv4_mapped
    if number in _TRANSLATED:
        return IPv4Address(int(number) & 0xFFFFFFFF)
    if number.sixtofour is not None and not int(number) & _SIXTOFOUR_HOST:
        return number.sixtofour
    return None


_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
_SIXTOFOUR_HOST: Final = (1 << 80) - 1


def _is_numbered(at: At) -> bool:
    """Tell four numbers that are a version that something is asked for in, a section of a standard, or strokes of a drawing."""
    before = at.text.value[max(0, at.one.start - _BEFORE) : at.one.start]
    behind = at.text.value[at.one.end : at.one.end + _BEFORE]
    needed = _NEEDED.search(before)
    if needed and not _OF_MACHINES.search(needed.group(1)):
        return True
    return bool(_VERSION_BEHIND.match(behind) or _SECTION.search(before)) or _is_drawn(before, behind)


def _is_drawn(before: bytes, behind: bytes) -> bool:
    """Tell strokes, ``.07-.75.75.74.74 0 0 1``: numbers that run into each other, and letters between them."""
    before, behind = _QUOTES.split(before[-_DRAWN:])[-1], _QUOTES.split(behind[:_DRAWN])[0]
    if len(before) + len(behind) < _DRAWN or not (_STROKES.fullmatch(before) and _STROKES.fullmatch(behind)):
        return False
    return bool(_JOINED.search(before) or _JOINED.search(behind))


_REVERSED: Final = b".in-addr.arpa"
"""https://www.rfc-editor.org/rfc/rfc1035#section-3.5"""
_BEFORE: Final = 48  # bytes
_NEEDED: Final = re2.compile(
    rb"([A-Za-z][A-Za-z0-9_.-]*)(?:\[[A-Za-z0-9_,-]+\])? ?\(?(?:[<>=!~]{1,3}[0-9.*]{1,12} ?, ?){0,3}(?:[<>~]= ?|[=!]=|===)$"
)
_OF_MACHINES: Final = re2.compile(
    rb"(?i)(?:ip|ipv4|addr|address|host|src|dst|source|destination|remote|client|server|peer|gateway|from|to|for|user|login|session|visitor|sender|caller|origin|node|hosts|addresses)$"
)
"""What is asked for in a version (https://peps.python.org/pep-0440/#version-specifiers); names that addresses are compared with."""
_VERSION_BEHIND: Final = re2.compile(
    rb"\.v[0-9]|\$[A-Z]| (?:NAME|DESC|SUP|SYNTAX|EQUALITY) | \((?:unreleased|(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})\)\r?\n"
)
"""``11.2.0.2.v3``, a headline of changes, ``LibreOffice/5.1.6.2$Linux``, and a schema's identifiers (https://www.rfc-editor.org/rfc/rfc4512#section-4.1)."""
_SECTION: Final = re2.compile(rb"(?i)(?:\[MS-[A-Z]+\]|\xc2\xa7|\bsections?|\bclauses?|\bsec\.|\bspec) ?$")
"""``[MS-XLS] 2.5.198.57``: https://learn.microsoft.com/openspecs."""
_DRAWN: Final = 20  # bytes on each side that are strokes, as far as the drawing goes
_QUOTES: Final = re2.compile(rb"[\"'>]")
_STROKES: Final = re2.compile(rb"[0-9. ,MmLlHhVvCcSsQqTtAaZz\n-]*")
_JOINED: Final = re2.compile(rb"[ ,MmLlHhVvCcSsQqTtAaZz-]\.[0-9]|[0-9][MmLlHhVvCcSsQqTtAaZz]-?[0-9]")
"""https://www.w3.org/TR/SVG2/paths.html#PathDataBNF"""


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
