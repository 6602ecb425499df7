"""Signed notes and checkpoints, as C2SP specifies them: text in, text out, and the keys for both.

The rule: nothing here reads a file or knows a ledger. Sources: https://c2sp.org/signed-note and
https://c2sp.org/tlog-checkpoint. A signed note "consists of a text ending in newline (U+000A), followed by a blank line (only a
newline), followed by one or more signature lines of this form: em dash (U+2014), space (U+0020), key name, space,
base64-encoded signature, newline"; a signature is the key id and the Ed25519 signature (RFC 8032) over the text; ``key ID =
SHA-256(key name || 0x0A || 0x01 || 32-byte Ed25519 public key)[:4]``. A checkpoint's text is origin, tree size in decimal and
root in base64, a line each. So any witness, and Go's `golang.org/x/mod/sumdb/note`, can read, check and cosign what ringfence
signs; the key texts are that package's, too.

What a signature shows: that whoever held the key signed the text. It shows nothing against the key's owner.
"""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ringfence.ledger.faults import LedgerError
from ringfence.ledger.tree import HASH_BYTES

ED25519 = b"\x01"  # the signature type's byte
DASH = "— "
PRIVATE_PREFIX = "PRIVATE+KEY+"
MOST_NOTE_CHARS = 100_000  # "Verifiers SHOULD apply a maximum limit"; 16 signatures of 5 kB fit
MOST_SIGNATURES = 100  # what Go's package takes
MOST_SIZE_DIGITS = 19  # sizes are 63-bit integers


class NoteError(LedgerError):
    """A note, checkpoint or key that is not what it should be."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key's name and public half: all that verifying needs."""

    name: str
    raw: bytes

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature line names its key."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_b64(ED25519 + self.raw)}"


class SigningKey:
    """A private key as a handle: it signs, and has a public half and a name; it cannot be printed."""

    __slots__ = ("_private", "public")

    def __init__(self, name: str, seed: bytes) -> None:
        _check_name(name)
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(name, self._private.public_key().public_bytes_raw())

    @property
    def name(self) -> str:
        """The key's name, which is the origin of the ledger that it signs."""
        return self.public.name

    def sign(self, text: str) -> str:
        """Give the text as a note with this key's signature."""
        _check_text(text)
        return f"{text}\n{self.signature_line(text)}"

    def signature_line(self, text: str) -> str:
        """Give the line that this key adds to a note of that text."""
        return f"{DASH}{self.name} {_b64(self.public.id + self._private.sign(text.encode()))}\n"

    def reveal(self) -> str:
        """Give the private key as text, for the one file that holds it."""
        return f"{PRIVATE_PREFIX}{self.name}+{self.public.id.hex()}+{_b64(ED25519 + self._private.private_bytes_raw())}"

    def __repr__(self) -> str:
        return f"<signing key of {self.name}>"

    def __reduce__(self) -> str:
        raise TypeError("a signing key is not copied into anything")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a tree: whose, how many leaves, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"


def parse_public_key(text: str) -> PublicKey:
    """Read a verifier key: ``name+hash+base64``."""
    name, key_id, raw = _key_parts(text.strip())
    key = PublicKey(name, raw)
    if key.id.hex() != key_id:
        raise NoteError("a public key whose id does not belong to it", "copy it again as one whole line")
    try:
        Ed25519PublicKey.from_public_bytes(raw)
    except ValueError as error:
        raise NoteError("a public key that is no Ed25519 key", "copy it again as one whole line") from error
    return key


def parse_signing_key(text: str) -> SigningKey:
    """Read a private key: ``PRIVATE+KEY+name+hash+base64``."""
    text = text.strip()
    mend = "restore the key's file, or make a new ledger with `ringfence init`"
    if not text.startswith(PRIVATE_PREFIX):
        raise NoteError("not a signing key", mend)
    name, key_id, seed = _key_parts(text.removeprefix(PRIVATE_PREFIX))
    key = SigningKey(name, seed)
    if key.public.id.hex() != key_id:
        raise NoteError("a signing key whose id does not belong to it", mend)
    return key


def open_note(note: str, key: PublicKey) -> str:
    """Give a note's text, once this key's signature on it has been verified.

    Signatures of other keys are ignored, whatever they are; a signature of this key that does not verify rejects the note.
    """
    text, lines = _parts(note)
    mine = False
    for line in lines:
        name, signature = _signature(line)
        if name != key.name or signature[:4] != key.id:  # public: the id of a public key
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.raw).verify(signature[4:], text.encode())
        except (InvalidSignature, ValueError) as error:
            raise NoteError(f"the signature of {key.name} does not fit the note's text") from error
        mine = True
    if not mine:
        raise NoteError(
            f"no signature of {key.name} with key {key.id.hex()}", "verify with the key that signs this ledger"
        )
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a note's text as a checkpoint; extension lines are refused, for nothing here writes them."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise NoteError("a checkpoint is three lines: origin, size, root")
    origin, digits, encoded = lines[:3]
    if (
        not (digits.isascii() and digits.isdigit())
        or len(digits) > MOST_SIZE_DIGITS
        or (digits[0] == "0" and digits != "0")
    ):
        raise NoteError("a checkpoint's size is a decimal number without leading zeroes")
    root = _unb64(encoded)
    if len(root) != HASH_BYTES:
        raise NoteError("a checkpoint's root is 32 bytes in base64")
    return Checkpoint(origin, int(digits), root)


def open_checkpoint(note: str, key: PublicKey) -> Checkpoint:
    """Verify a checkpoint's signature and read it. Its origin must be the key's name."""
    checkpoint = parse_checkpoint(open_note(note, key))
    if checkpoint.origin != key.name:
        raise NoteError("a checkpoint of another ledger", "take one of this ledger, or this ledger's key")
    return checkpoint


def _parts(note: str) -> tuple[str, list[str]]:
    if len(note) > MOST_NOTE_CHARS:
        raise NoteError(f"a note of more than {MOST_NOTE_CHARS} characters")
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise NoteError("a note is a text, an empty line and signature lines, each ended by a newline")
    text += "\n"
    _check_text(text)
    lines = signatures[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise NoteError(f"a note with more than {MOST_SIGNATURES} signatures")
    return text, lines


def _signature(line: str) -> tuple[str, bytes]:
    name, space, encoded = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not space:
        raise NoteError("a signature line is a dash, the key's name and the signature")
    _check_name(name)
    signature = _unb64(encoded)
    if len(signature) <= 4:
        raise NoteError("a signature is a key id and what the key signed")
    return name, signature


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(char < " " and char != "\n" for char in text):
        raise NoteError("a note's text ends with a newline and has no other control characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NoteError("a note's text is Unicode without lone surrogates") from None


def _check_name(name: str) -> None:
    if not name or "+" in name or any(char.isspace() or char < " " for char in name) or not _is_unicode(name):
        raise NoteError("a key's name is not empty and has no spaces and no plus sign")


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _key_parts(text: str) -> tuple[str, str, bytes]:
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise NoteError(
            "a key is its name, its id and its base64, joined by plus signs", "copy it again as one whole line"
        )
    name, key_id, encoded = parts
    _check_name(name)
    raw = _unb64(encoded)
    if len(raw) != 1 + HASH_BYTES or raw[:1] != ED25519:
        raise NoteError("a key that is not Ed25519", "use the key that `ringfence init` made")
    return name, key_id, raw[1:]


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _unb64(text: str) -> bytes:
    """Decode standard base64, in its one spelling only."""
    try:
        raw = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (binascii.Error, ValueError):
        raise NoteError("not base64") from None
    if _b64(raw) != text:
        raise NoteError("not base64 in its canonical spelling")
    return raw
