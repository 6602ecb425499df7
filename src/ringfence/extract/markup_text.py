"""The text of a piece of a page that is no file of its own: what a notebook shows, what a message says.

The rule: lines stay where they are, so that what is found can be told by its line.
"""

from html import unescape
from typing import Final

import re2

_TAG: Final = re2.compile(rb"<[^<>]*>")


def page_text(value: bytes) -> bytes:
    """Give the text of a piece of HTML, a space in place of each tag.

    >>> page_text(b"<td>Ada &amp; Bo</td>")
    b' Ada & Bo '
    """
    value = _TAG.sub(lambda tag: b" " + b"\n" * tag[0].count(b"\n"), value)
    return unescape(value.decode("utf-8", "replace")).encode("utf-8", "replace") if b"&" in value else value
