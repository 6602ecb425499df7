"""`hash`: a keyed hash, and the blind index, which is one under a key of its own."""

import hmac
from typing import NewType
from unicodedata import normalize

from ringfence.policy.model import Form
from ringfence.transform.keys import Keyring
from ringfence.transform.model import About

BlindIndex = NewType("BlindIndex", str)

INDEX_DIGITS = 32  # 128 bits: two of a billion people share one with a chance below 1 in 10**20


def keyed_hash(form: Form, value: str, about: About) -> str:
    """Give the first `length` hexadecimal digits of HMAC-SHA-256 of category and value, under the key derived for the scope.

    Equal values of one category give equal hashes in one scope, and in no other; the value is taken as it is, so ``Ada`` and
    ``ada`` differ. Hides the value and its length from everybody without the key, and cannot be reversed with it.

    Does not hide whether two values are equal, nor how often each occurs. Whoever holds the key can try values: a small domain
    (birth dates, postcodes, card numbers) is then as good as clear. Neither key nor version is in the text: after
    `ringfence key rotate` equal values no longer meet those hashed before.
    """
    return _digest(form, value, about).hex()[: form.length]


def hash_to_uuid(form: Form, value: str, about: About) -> str:
    """Give the keyed hash as a UUID of version 8 (RFC 9562 section 5.8): 122 of its bits. See `keyed_hash` for what it hides."""
    octets = bytearray(_digest(form, value, about)[:16])
    octets[6] = octets[6] & 0x0F | 0x80
    octets[8] = octets[8] & 0x3F | 0x80
    text = octets.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def blind_index(keys: Keyring, key_name: str, value: str) -> BlindIndex:
    """Give what a record may keep of a person, so that the records about that person can be found: 32 hexadecimal digits.

    HMAC-SHA-256 of the value in Unicode's NFC without surrounding white space, under a key derived for nothing else; the same in
    every scope, so that one search finds all. Hides the value from everybody without the key. Does not hide which records are
    about the same person, and whoever holds the key can try values. Rotating the key parts new records from old ones.

    Raises `MissingKey` where the keyring does not hold the key.
    """
    message = normalize("NFC", value).strip().encode("utf-8", "surrogatepass")
    return BlindIndex(hmac.digest(keys.current(key_name).derive("index", ""), message, "sha256").hex()[:INDEX_DIGITS])


def _digest(form: Form, value: str, about: About) -> bytes:
    # A category holds no NUL, so no two pairs give one message. Lone surrogates, which JSON can spell, must hash too.
    message = b"\x00".join((about.category.encode(), value.encode("utf-8", "surrogatepass")))
    return hmac.digest(about.key(form).derive("hash", about.scope), message, "sha256")
