"""`truncate`: the beginning of a value; of an IP address, its network."""

from ipaddress import IPv6Interface, ip_interface, ip_network

from ringfence.policy.model import Form
from ringfence.taxonomy import is_within
from ringfence.transform.model import About

IPV4_KEPT = 24  # bits; with IPV6_KEPT what Google Analytics' IP masking keeps
IPV6_KEPT = 48


def truncate(form: Form, value: str, about: About) -> str | None:
    """Keep the first `keep_first` characters and drop the rest; of an IP address, where `keep_first` is 0, keep its network.

    Null where nothing would be dropped, or nothing kept. Cuts between code points, so an accent written as a character of its own
    may be lost.

    Hides what is dropped, and how much it was. Does not hide what is kept, and gives the rest away where few values begin so:
    beside another form of the same value (its hash) it is as good as clear. A network of a small provider is a person's own.
    """
    if form.keep_first == 0 and is_within(about.category, "user.device.ip_address"):
        return truncate_address(form, value, about)
    if not 0 < form.keep_first < len(value):
        return None
    return value[: form.keep_first]


def truncate_address(form: Form, value: str, about: About) -> str | None:  # noqa: ARG001 (one signature for all transforms)
    """Zero the host part of an IP address: /24 stays of IPv4, /48 of IPv6.

    Null where the text is no address, and where the form keeps characters: a network may tell more than those would. An address
    written with a prefix keeps one, no longer than what stays. Hides the host; see `truncate` for what it does not.
    """
    if form.keep_first:
        return None
    try:
        address = ip_interface(value.strip())
    except ValueError:
        return None
    kept = IPV6_KEPT if isinstance(address, IPv6Interface) else IPV4_KEPT
    kept = min(kept, address.network.prefixlen)
    network = ip_network((int(address.ip).to_bytes(address.max_prefixlen // 8), kept), strict=False)
    return str(network) if "/" in value else str(network.network_address)
