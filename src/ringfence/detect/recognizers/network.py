"""Addresses of devices: IPv4, IPv6 and hardware addresses."""

from collections.abc import Sequence
from ipaddress import AddressValueError, IPv6Address

from ringfence.detect._bytes import is_digit, is_word_after, is_word_before, line_start
from ringfence.detect._checks import stands_free
from ringfence.detect._engine import prefix, searcher
from ringfence.detect.recognizer import Certainty, Example, Hit, Pattern, Recognizer

_VERSIONED = tuple(
    b"applewebkit browser build camino chrome chromium coolnovo crios edg edge epiphany firefox flock fxios galeon gecko "
    b"iceweasel iron java konqueror libwww maxthon minefield mozilla msie netscape opera opr php presto release rev rv "
    b"safari samsungbrowser seamonkey thunderbird trident v ver version vivaldi webkit yabrowser firmware release "
    b"part lot batch ticket position article invoice "
    b"section sect sec chapter clause appendix paragraph figure fig table area area_id area-id".split()
)
"""Words right before four numbers that make them a version, a place in a book, a thing's number, or the area of a router."""

_WORD_MOST = 24  # bytes in which such a word must stand
_COLONS = 6  # in an address of full length that ends in an IPv4 address
_LONGEST_V6 = 45  # characters, with an IPv4 address in it
_HEXADECIMAL = b"0123456789ABCDEFabcdef"
_RANGE_MOST = len("255.255.255.255:65535")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"


def _check_v4(data: bytes, start: int, end: int) -> Sequence[Hit]:
    if is_word_before(data, start) or is_word_after(data, end):
        return ()
    before, after = data[max(0, start - 1) : start], data[end : end + 1]
    joined = before in (b".", b"-") and is_word_before(data, start - 1)
    if joined and start and (before == b"." or not _ends_range(data, start - 1)):
        return ()
    if after in (b".", b"-") and is_digit(data, end + 1) and (after == b"." or _address(data, end + 1, len(data)) < 0):
        return ()
    if before and before in b"/ :=\"'(" and (_is_version(data, start) or _speaks_of_versions(data, start, end)):
        return ()
    text = data[start:end]
    if text in _EVERYBODYS:
        return (Hit(start, end, doubtful=b"mask" in data[max(0, start - _WORD_MOST) : start].lower()),)
    nobodys = text[:2] == b"0." or text[:3] in _NOBODYS
    network = after != b"/" and not text.startswith(_PRIVATE) and _is_round(text)
    return (Hit(start, end, doubtful=nobodys or network or _is_name_of_a_type(data, start, end)),)


_VERSION = searcher(r"(?i)versions?")
_VERSION_MOST = len("99.99.0.0")
_SPEAKS_MOST = 40  # bytes before four small numbers in which a version is spoken of
_PRIVATE = (b"10.", b"127.")


def _is_round(text: bytes) -> bool:
    """Tell what is rather a version than a network of sixteen million: ``9.0.0.0``, ``8.5.1.0``."""
    return (len(text) <= _VERSION_MOST and text.endswith(b".0.0")) or (
        len(text) == len("8.5.1.0") and text[-2:] == b".0"
    )


def _speaks_of_versions(data: bytes, start: int, end: int) -> bool:
    """Tell a version from an address by the text before: ``supported versions start from '2.3.5.3'``."""
    text = data[start:end]
    if len(text) > len("99.99.99.99") or text.startswith(_PRIVATE) or any(len(part) > 2 for part in text.split(b".")):
        return False
    low = line_start(data, start, _SPEAKS_MOST)
    return _VERSION(data, low, start)[0] >= 0


def _is_name_of_a_type(data: bytes, start: int, end: int) -> bool:
    """Tell an object identifier of X.500, as certificates have, that is not part of a wider network's address."""
    return data[start : start + 6] in (b"2.5.4.", b"2.5.29") and data[end : end + 1] != b"/"


_EVERYBODYS = (b"0.0.0.0", b"255.255.255.255")
_NOBODYS = frozenset(str(first).encode() for first in range(240, 256))
"""First numbers of what is no host's address, as is 0: reserved and masks, https://www.iana.org/assignments/iana-ipv4-special-registry"""

_address = prefix(_OCTET + r"(?:\." + _OCTET + r"){3}\b")


def _ends_range(data: bytes, at: int) -> bool:
    """Tell whether an address, perhaps with a port, ends at a hyphen: then what follows is the end of a range."""
    begin = at
    while begin > max(0, at - _RANGE_MOST) and (data[begin - 1] in b".:" or is_digit(data, begin - 1)):
        begin -= 1
    return not is_word_before(data, begin) and _address(data, begin, at) > 0


def _is_version(data: bytes, end: int) -> bool:
    text = data[max(0, end - _WORD_MOST) : end].rstrip(b".: /=<>!~^\"'(").lower()
    if not text.endswith(_VERSIONED):
        return False
    if text.endswith(b"version"):
        return True  # softwareVersion=17.9.3.23
    return any(text.endswith(word) and not text[: -len(word)][-1:].isalpha() for word in _VERSIONED)


def _behind_name(data: bytes, start: int, end: int) -> int:
    """Give where an address begins that stands right behind a name and a colon: ``client:2001:db8::1``."""
    colon = data.find(b":", start, end)
    ends_name = is_word_before(data, start) and not data[start:colon][-2:].isdigit()
    if not ends_name or data[colon + 1 : colon + 2] == b":" != data[colon + 2 : colon + 3]:
        return start
    return colon + 1


def _check_v6(data: bytes, start: int, end: int) -> Sequence[Hit]:
    named = _behind_name(data, start, end)
    if named == start and (is_word_before(data, start) or data[max(0, start - 1) : start] == b":"):
        return ()
    start = named + (data[named : named + 1] == b":" != data[named + 1 : named + 2])
    zone = data.find(b"%", start, end)
    last = end if zone < 0 else zone
    if zone < 0:
        while last > start and data[last - 1] in b".:" and data[max(0, last - 2) : last] != b"::":
            last -= 1
    if is_word_after(data, last) or (data[last : last + 1] == b"." and is_digit(data, last + 1)):
        return ()
    if (
        data[last : last + 1] == b":"
        and data[last + 1 : last + 2].strip(_HEXADECIMAL) == b"" != data[last + 1 : last + 2]
    ):
        return ()  # it has more groups
    address = data[start:last]
    if zone < 0 and address.count(b":") == _COLONS + 2 and b"::" not in address:
        last = data.rindex(b":", start, last)  # a port behind an address of full length
        address = data[start:last]
    if address.count(b":") < _COLONS and b"::" not in address:
        return ()  # a time of day, a hardware address
    if len(address) > _LONGEST_V6 or not any(0x30 <= byte <= 0x39 for byte in address):
        return ()  # without a digit it is a name such as Ada::Face
    if len(address) <= _STEP_MOST and (_is_slice(data, start) or _is_markup(data, start, last)):
        return ()
    try:
        IPv6Address(address.decode("ascii"))
    except AddressValueError:
        return ()
    return (Hit(start, last if zone < 0 else end),)


_STEP_MOST = len("-100::100")  # the longest slice that is looked at
_SLICES_MOST = 32  # bytes before one in which its bracket opens


def _is_slice(data: bytes, start: int) -> bool:
    """Tell the steps of a slice, as in ``rows[::2, 1::2]``, from an address in brackets, as in ``http://[::1]``."""
    low = line_start(data, start, _SLICES_MOST)
    opened = data.rfind(b"[", low, start)
    if opened <= low or data.find(b"]", opened, start) >= 0:
        return False
    if b":," in data[opened:start]:
        return True  # a view of memory: [:, ::1]
    return is_word_before(data, opened) or data[max(0, opened - 1) : opened] in (b"]", b")", b"_")


def _is_markup(data: bytes, start: int, end: int) -> bool:
    """Tell a number at the end of a line, with the two colons that announce a block, from an address: ``a score of 1.0::``."""
    ends_line = data[end : end + 1] in (b"", b"\n", b"\r") and data[max(0, end - 2) : end] == b"::"
    return ends_line and data[start : end - 2].isdigit()


def _is_group(data: bytes, start: int, end: int) -> bool:
    """Tell whether just these are hexadecimal digits, as a group of an address is: then it has more groups than it should."""
    if start < 0 or end > len(data) or data[start:end].strip(_HEXADECIMAL):
        return False
    return not is_word_before(data, start) and not is_word_after(data, end)


def _runs_on(data: bytes, start: int, end: int) -> bool:
    """Tell whether a digit stands beyond the sign on either side."""
    before = data[start - 1 : start] == b"-" and is_digit(data, start - 2)
    return before or (data[end : end + 1] == b"-" and is_digit(data, end + 1))


_MASK_MOST = len("mac_mask: '")  # bytes before a mask in which it is called one


def _check_mac(data: bytes, start: int, end: int) -> Sequence[Hit]:
    size = 4 if data[start + 4 : start + 5] == b"." else 2
    mark = data[start + size : start + size + 1]
    if is_word_before(data, start) and data[end : end + 1] == mark and _is_group(data, end + 1, end + 1 + size):
        start, end = start + size + 1, end + size + 1  # the first group was the end of a name: node:00:1a:...
    elif is_word_before(data, start) or is_word_after(data, end):
        return ()
    if data[end : end + 1] == mark and _is_group(data, end + 1, end + 1 + size):
        return ()
    if data[max(0, start - 1) : start] == mark and _is_group(data, start - 1 - size, start - 1):
        return ()
    if mark == b"." and (data[start:end].replace(b".", b"").isdigit() or not stands_free(data, start, end)):
        return ()  # groups of four digits are a number's, and so are three of many
    if data[max(0, start - 1) : start] == b"/" and _is_group(data, start - 1 - size, start - 1):
        return ()  # the mask behind an address
    if b"mask" in data[max(0, start - _MASK_MOST) : start].lower():
        return ()
    if mark == b"-" and data[start:end].replace(b"-", b"").isdigit() and _runs_on(data, start, end):
        return ()  # one of many numbers with their signs, as pictures are drawn by
    digits = set(data[start:end].lower()) - set(b":-.")
    if digits in ({0x30}, {0x66}):
        return ()  # all zeros or the broadcast address: nobody's
    return (Hit(start, end),)


NETWORK: tuple[Recognizer, ...] = (
    Recognizer(
        entity="IP_ADDRESS",
        certainty=Certainty.SHAPE,
        source="https://www.rfc-editor.org/rfc/rfc791 and https://www.rfc-editor.org/rfc/rfc4291#section-2.2",
        patterns=(
            Pattern(
                code="ipv4",
                pattern=_OCTET + r"(?:\." + _OCTET + r"){3}",
                trigger=r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",
                alone=0.85,
                beside=0.85,
                doubtful=(0.3, 0.3),
                check=_check_v4,
            ),
            Pattern(
                code="ipv6",
                pattern=r"(?:[0-9A-Fa-f]{0,4}:){2,8}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{1,4})?"
                r"(?:%[0-9A-Za-z]{1,15})?",
                # `std::cout` and `note::` are none of it: what stands beside two colons is a whole group.
                trigger=r"(?:\b|_)[0-9A-Fa-f]{1,4}::|::[0-9A-Fa-f]{1,4}(?:[^0-9A-Za-z]|\z)|(?:[0-9A-Fa-f]{1,4}:){4}[0-9A-Fa-f]",
                alone=0.85,
                beside=0.85,
                before=64,
                after=64,
                check=_check_v6,
            ),
        ),
        examples=(
            Example("83.149.9.216 - - [17/May/2015:10:05:50 +0000]", ("83.149.9.216",)),
            Example(
                "host.example/10.0.0.7:5432, [2001:db8::8a2e:370:7334]:443", ("10.0.0.7", "2001:db8::8a2e:370:7334")
            ),
            Example("::ffff:192.0.2.1 fe80::1%eth0 ::1.", ("::ffff:192.0.2.1", "fe80::1%eth0", "::1")),
            Example("2345:0425:2CA1:0000:0000:0567:5673:23b5", ("2345:0425:2CA1:0000:0000:0567:5673:23b5",)),
            Example("Firefox/3.0.0.19 version 1.2.3.4 v1.2.3.4 1.2.3.4.5 256.1.1.1 1.2.3"),
            Example('softwareVersion=17.9.3.23, version <= "2.3.7.9", section 7.9.2.2, OID 2.5.4.32, 8.5.0.0'),
            Example("double[:, ::1] out, a score of 10::"),
            Example("rows[::2, 1::2] area 0.0.0.2, netmask 255.255.255.0"),
            Example("http://[::1]:8080/", ("::1",)),
            Example("std::cout Ada::Face 12:34:56 10:20:30:40 :: 1:2:3:4:5:6:7 fe80::1text"),
        ),
    ),
    Recognizer(
        entity="MAC_ADDRESS",
        certainty=Certainty.SHAPE,
        source="IEEE 802, https://standards.ieee.org/products-programs/regauth/",
        patterns=(
            Pattern(
                code="mac",
                pattern=r"[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})",
                trigger=r"[0-9A-Fa-f]{2}:(?:[0-9A-Fa-f]{2}:){4}[0-9A-Fa-f]|[0-9A-Fa-f]{2}-(?:[0-9A-Fa-f]{2}-){4}[0-9A-Fa-f]",
                alone=0.85,
                beside=0.85,
                check=_check_mac,
            ),
            Pattern(
                code="mac-dotted",
                pattern=r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}",
                trigger=r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}",
                alone=0.7,
                beside=0.7,
                check=_check_mac,
            ),
        ),
        examples=(
            Example("from 00:1A:2B:3C:4D:5E", ("00:1A:2B:3C:4D:5E",)),
            Example("AA-BB-CC-DD-EE-F0 and 0012.3456.789A", ("AA-BB-CC-DD-EE-F0", "0012.3456.789A")),
            Example("ff:ff:ff:ff:ff:ff ZZ:ZZ:ZZ:ZZ:ZZ:ZZ 00:11:22:33:44:55:66 00:11-22:33-44:55"),
            Example("lot 0279.0434.9094, 9aa1.9987.2646.5694"),
        ),
    ),
)
