"""Reading the policy's files, as every command does it (`ringfence.policy_files`).

The rule: what reads policies (a parser and a schema, half a second to load) is loaded when one is read, so that a command which
needs none begins at once.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringfence.policy_files import OVERLAY_FILE, load_located, load_policy, overlay_of, texts

__all__ = ["OVERLAY_FILE", "load_located", "load_policy", "overlay_of", "texts"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ringfence import policy_files

    return getattr(policy_files, name)
