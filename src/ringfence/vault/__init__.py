"""The vault: versioned keys in files, handed to crossings as a `Keyring`; and the store of stand-ins, sealed with them.

The rule: clear secrets leave these files only inside key handles. The folder has mode 0700 and its files 0600, or nothing is
read. Who owns the machine owns the keys: files keep other users out, not root.

>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as home:
...     keys = Path(home) / "keys"
...     _ = create(keys, "k-contact"), rotate(keys, "k-contact")
...     load(keys).current("k-contact")
<key k-contact version 2>
"""

from ringfence.vault.asking import STAND_INS, Vault
from ringfence.vault.faults import BadKeyFile, BadKeyName, KeyExists, KeyFault, NoSuchKey, UnsafeKeyFile, VaultFault
from ringfence.vault.keys import KeyFile, create, handle_of, list_keys, load, rotate
from ringfence.vault.stand_ins import Recall, Resolution, StandIns

__all__ = [
    "STAND_INS",
    "BadKeyFile",
    "BadKeyName",
    "KeyExists",
    "KeyFault",
    "KeyFile",
    "NoSuchKey",
    "Recall",
    "Resolution",
    "StandIns",
    "UnsafeKeyFile",
    "Vault",
    "VaultFault",
    "create",
    "handle_of",
    "list_keys",
    "load",
    "rotate",
]
