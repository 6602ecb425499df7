"""Reading the policy's files, as every command does it (`ringfence.policy_files`)."""

from ringfence.policy_files import OVERLAY_FILE, load_located, load_policy, overlay_of, texts

__all__ = ["OVERLAY_FILE", "load_located", "load_policy", "overlay_of", "texts"]
