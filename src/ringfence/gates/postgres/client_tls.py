"""The TLS that a gate speaks with its clients, made of the policy's files.

The rule: whatever is wrong with one of them is said with the policy's key and the file. Nothing waits for a passphrase.
"""

import ssl
from pathlib import Path

from ringfence.access import AccessFault, end_point_of
from ringfence.policy.model import Tls

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_CHECK = "check its path, its owner and its mode"
_AS_PEM = "give it as PEM, as `openssl x509 -in FILE -inform DER` writes it"


class BadTlsFile(AccessFault):
    """A file under a gate's `tls` that cannot be used."""


def tls_of(gate: str, tls: Tls | None, base: Path) -> tuple[ssl.SSLContext | None, bytes]:
    """Make the context that clients meet, and its certificate's channel binding. Raises `BadTlsFile`."""
    if tls is None:
        return None, b""
    certificate, key = base / tls.certificate, base / tls.key
    shown, secret = f"gate {gate}: tls.certificate {certificate}", f"gate {gate}: tls.key {key}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    end_point = _end_point(shown, _read(shown, certificate))
    spelt = _read(secret, key)
    if "PRIVATE KEY-----" not in spelt:  # public: a mark of the format
        raise BadTlsFile(f"{secret} holds no private key", "give the certificate's key as PEM")
    if "ENCRYPTED" in spelt:
        raise BadTlsFile(
            f"{secret} is encrypted", "decrypt it with `openssl pkey`, and keep it from others (mode 0600)"
        )
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise BadTlsFile(f"{secret} is not the key of {certificate}", "name the two that belong together") from None
        raise BadTlsFile(
            f"{secret} cannot be used with {certificate}", "see what `openssl pkey -noout -in FILE` says"
        ) from None
    if tls.clients:
        _trust(context, f"gate {gate}: tls.clients {base / tls.clients}", base / tls.clients)
    return context, end_point


def _trust(context: ssl.SSLContext, shown: str, authorities: Path) -> None:
    _read(shown, authorities)
    try:
        context.load_verify_locations(authorities)
    except ssl.SSLError:
        raise BadTlsFile(f"{shown} holds no certificates", _AS_PEM) from None
    context.verify_mode = ssl.CERT_OPTIONAL


def _read(shown: str, file: Path) -> str:
    try:
        return file.read_text(encoding="latin-1")
    except OSError as error:
        raise BadTlsFile(f"{shown} cannot be read ({error.strerror})", _CHECK) from None


def _end_point(shown: str, pem: str) -> bytes:
    begin = pem.find(_BEGIN)
    end = pem.find(_END, begin)
    if begin < 0 or end < 0:
        raise BadTlsFile(f"{shown} holds no certificate", _AS_PEM)
    try:
        return end_point_of(ssl.PEM_cert_to_DER_cert(pem[begin : end + len(_END)]))
    except ValueError:
        raise BadTlsFile(f"{shown} holds a certificate that cannot be read", _AS_PEM) from None
