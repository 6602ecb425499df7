"""API keys: what they look like, how they are made, and what is kept of them.

The rule: a key is made here, of 256 random bits, and nothing is taken for one that does not look like it: so its plain hash gives
nothing to try, and no word that a person thought of can become a key. Only the hash is kept. It is looked up, and then compared in
constant time; whoever measures the look-up learns of a hash that he cannot steer.
"""

import hmac
import secrets
from hashlib import sha256
from typing import Final

import re2

from ringfence.access.faults import Denied, Reason
from ringfence.access.users import User, UserList

PREFIX: Final = "rfk_"
"""What every key begins with, so that it is found where it should not be: in code, in logs."""

_BYTES: Final = 32
_SHAPE: Final = re2.compile(PREFIX + r"[A-Za-z0-9_-]{43}")


def make_api_key() -> str:
    """Make a key."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def hash_of(key: str) -> bytes:
    """Give what is kept of a key. Raises `Denied` where it is none."""
    if _SHAPE.fullmatch(key) is None:
        raise Denied(Reason.MALFORMED)
    return sha256(key.encode("ascii")).digest()


def find_holder(users: UserList, key: str) -> User:
    """Give the user whose key it is. Raises `Denied`."""
    hashed = hash_of(key)
    user = users.by_api_key.get(hashed)
    if user is None or not hmac.compare_digest(user.api_key, hashed):
        raise Denied(Reason.UNKNOWN_API_KEY)
    return user
