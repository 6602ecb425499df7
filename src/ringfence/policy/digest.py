"""What a policy's hash stands for.

The rule: two policies have the same hash exactly when they say the same of every crossing and of everything that can be proved.
So it covers the resolved content, with defaults filled in and mappings in the order of their keys; not the files' layout, names
or comments. Left out is what an environment chooses without changing what may cross: addresses (`at`, `listen`) and credentials
(`logins`, `scram`, `jwks`, `api_keys`, certificates), so that rotating a password does not change the hash and a secret never
enters it; and what a gate bears and how (`limits`, `workers`, `bodies`, `hosts`, the names in `headers`); who is told of what
(`receivers`, `alert`), for an alert decides nothing; how gates are probed (`probe`); and a recognizer's examples. `mode` is within,
and so are lists of values, with what the files hold that they name.
"""

import json
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from enum import Enum
from hashlib import sha256

from ringfence.detect.own import Detection, OwnRecognizer
from ringfence.policy.model import AskingFields, Asset, Gate, Policy, Principals, Tls

_FORMAT = "ringfence policy 1"
_LEFT_OUT = {
    (Asset, "at"),
    (Gate, "listen"),
    (Gate, "logins"),
    (Gate, "limits"),
    (Gate, "workers"),
    (Gate, "bodies"),
    (Gate, "hosts"),
    *(
        (AskingFields, each.name) for each in fields(AskingFields)
    ),  # their names; that a client says something of itself counts
    (Tls, "certificate"),
    (Tls, "key"),
    (Tls, "clients"),
    (Principals, "at"),
    (Detection, "_hash"),
    (OwnRecognizer, "title"),
    (OwnRecognizer, "found"),
    (OwnRecognizer, "not_found"),
    (Policy, "hash"),
    (Policy, "probe"),
    (Policy, "receivers"),
    (Policy, "alerts"),
}


def digest(policy: Policy) -> str:
    """Give the SHA-256, in hexadecimal, of the policy's canonical content."""
    content = json.dumps([_FORMAT, _plain(policy)], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(content.encode("ascii")).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, Set):
        return sorted(str(each) for each in value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        return {
            each.name: _plain(getattr(value, each.name)) for each in fields(value) if (kind, each.name) not in _LEFT_OUT
        }
    raise TypeError(f"a policy holds no {type(value).__name__}")
