"""Which conversation a request belongs to, and what is remembered of it.

The rule: a conversation is one of one asker: its name counts only together with who asks, or, where nobody is asked who he is, with
the credentials that he shows the service. So whoever learns a conversation's name, or guesses it, gets nothing of it back. One name
that two sources know is two people. Only those who are asked for nothing and show nothing are all one: nothing tells them apart.

A request that names none is a conversation of its own: its values are numbered as they first appear, so that a history that is sent
again with each request has the same stand-ins each time; nothing of it is kept.
"""

import json
from functools import partial
from typing import TYPE_CHECKING, Final

from ringfence.crossing import Surrogates
from ringfence.gates.http.asking import Asking
from ringfence.gates.http.media import Fields

if TYPE_CHECKING:
    from ringfence.gates.http.exchange import Side

_CREDENTIALS: Final = frozenset({"authorization", "x-api-key", "api-key"})


def remembered(side: "Side", who: Asking, fields: Fields) -> Surrogates:
    """Begin the memory of an exchange, by who asks and, where nobody is known, by its request's header fields."""
    words = side.conversation
    if not words:
        return Surrogates(alone=True)
    shown = [] if who.source else [value for name, value in fields if name in _CREDENTIALS]
    asker = [who.zone, who.principal, who.source, *shown]
    return Surrogates(alone=True, named_by={word: partial(_name, side, asker, word) for word in words})


def _name(side: "Side", asker: list[str], word: str, value: bytes) -> str:
    """Make the text by which the vault knows a conversation: only its keyed index is ever written."""
    return json.dumps([side.gate, side.asset, asker, word, value.decode("utf-8", "replace")])
