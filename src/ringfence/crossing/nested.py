"""Values that are JSON themselves: the arguments of a tool's call, which are a JSON text inside a JSON string.

The rule: what is put into such a value is spelt as its inner text spells a string's content, and what is taken out of one is read
so. The carrier escapes once more, for the outer text, as it does for every value.
"""

import json
from typing import Final

NAMES: Final = frozenset({"arguments", "partial_json"})
"""Fields of models' APIs that hold such a text, or a piece of one."""

_BEGINS: Final = 64  # octets of a value that are looked at
_AFTER_BRACE: Final = b'"}'
_AFTER_BRACKET: Final = b'"[{'
_SPACES: Final = b" \t\r\n"


def is_json(name: str, begin: bytes) -> bool:
    """Say whether a field of this name, whose value begins so, holds JSON.

    >>> is_json("arguments", b""), is_json("content", b' {"to": "..."}'), is_json("content", b"[EMAIL_1] wrote")
    (True, True, False)
    """
    return name in NAMES or begins_json(begin)


def begins_json(begin: bytes) -> bool:
    """Say whether a text begins as an object or array of JSON does; of arrays, those that hold no bare words or numbers."""
    text = begin[:_BEGINS].lstrip(_SPACES)
    after = text[1:].lstrip(_SPACES)[:1]
    return bool(after) and (
        (text[:1] == b"{" and after in _AFTER_BRACE) or (text[:1] == b"[" and after in _AFTER_BRACKET)
    )


def spell(text: str) -> str:
    r"""Spell a text as the content of a string of JSON.

    >>> spell('Ada "Countess"')
    'Ada \\"Countess\\"'
    """
    return json.dumps(text, ensure_ascii=False)[1:-1]


def unspell(content: str) -> str:
    r"""Read the content of a string of JSON; what is none is taken as it is.

    >>> unspell("M\\u00fcller")
    'Müller'
    """
    if "\\" not in content:
        return content
    try:
        return str(json.loads(f'"{content}"'))
    except ValueError:
        return content
