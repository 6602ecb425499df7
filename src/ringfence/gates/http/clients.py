"""What Envoy says of a client: its address, and the certificate whose chain Envoy has verified.

The rule: only what Envoy itself attests is believed, in the attributes of its message, which no client can write. Attributes hold
a certificate's hash and not the certificate; that comes in `x-forwarded-client-cert`, which a client can write where Envoy is told
to pass it on. So of what stands there only the certificate of the attested hash is taken.
"""

import hmac
import ssl
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final, Protocol, TypeAlias
from urllib.parse import unquote_to_bytes

from ringfence.gates.http.asking import CLIENT_CERTIFICATE, Client
from ringfence.gates.http.media import Fields, values

ADDRESS: Final = "source.address"
SHOWN: Final = "connection.mtls"
HASH: Final = "connection.sha256_peer_certificate_digest"
ATTRIBUTES: Final = (ADDRESS, SHOWN, HASH)
"""What Envoy has to be asked for."""

_CERTIFICATE: Final = "cert="
_MOST: Final = 16  # elements of the field that are looked at: proxies before Envoy


class _Value(Protocol):
    string_value: str
    bool_value: bool


class _Struct(Protocol):
    @property
    def fields(self) -> Mapping[str, _Value]:
        """The attributes by name."""
        ...


Attributes: TypeAlias = Mapping[str, _Struct]
"""As they stand in a message: by the filter that asked for them."""


def client_of(attributes: Attributes, fields: Fields) -> Client:
    """Say what Envoy attests of a client."""
    given = {name: value for struct in attributes.values() for name, value in struct.fields.items()}
    address = given[ADDRESS].string_value if ADDRESS in given else ""
    if SHOWN not in given or not given[SHOWN].bool_value:
        return Client(_without_port(address))
    attested = given[HASH].string_value if HASH in given else ""
    return Client(_without_port(address), _certificate(fields, attested))


def _certificate(fields: Fields, attested: str) -> bytes:
    """Give the certificate (DER) of a hash; b"" where it was not passed on."""
    for certificate in _certificates(fields):
        if hmac.compare_digest(sha256(certificate).hexdigest().encode(), attested.lower().encode()):
            return certificate
    return b""


def _certificates(fields: Fields) -> Iterator[bytes]:
    """Read ``Hash=...;Cert="%2D..."``: elements by commas, pairs by semicolons; a percent-encoded PEM has neither."""
    elements = [element for value in values(fields, CLIENT_CERTIFICATE) for element in value.split(",")]
    for element in elements[-_MOST:]:
        for pair in element.split(";"):
            spelt = pair.strip()
            if not spelt.lower().startswith(_CERTIFICATE):
                continue
            pem = unquote_to_bytes(spelt[len(_CERTIFICATE) :].strip('"').encode("utf-8", "surrogateescape"))
            try:
                yield ssl.PEM_cert_to_DER_cert(pem.decode("ascii").strip())
            except ValueError:
                continue


def _without_port(address: str) -> str:
    """Give an address as `ip_address` reads it: Envoy writes ``192.0.2.7:5000`` and ``[2001:db8::7]:5000``."""
    host, colon, port = address.rpartition(":")
    return host.strip("[]") if colon and port.isdecimal() else address
