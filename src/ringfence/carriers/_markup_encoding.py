"""What a page says of its own charset, in its first bytes: XML's declaration, HTML's ``meta``."""

import re2

_IN_XML = re2.compile(rb"""<\?xml\s[^>?]*\bencoding\s*=\s*["']([A-Za-z0-9._:\-]+)""")
_IN_HTML = re2.compile(rb"""(?i)<meta\s[^>]*charset\s*=\s*["']?\s*([A-Za-z0-9._:\-]+)""")


def declared_in_xml(head: bytes) -> str | None:
    """Give the charset of a declaration.

    >>> declared_in_xml(b'<?xml version="1.0" encoding="ISO-8859-1"?>')
    'ISO-8859-1'
    """
    found = _IN_XML.match(head)
    return None if found is None else found[1].decode("ascii")


def declared_in_html(head: bytes) -> str | None:
    """Give the charset of the first ``meta`` that names one."""
    found = _IN_HTML.search(head)
    return None if found is None else found[1].decode("ascii")
