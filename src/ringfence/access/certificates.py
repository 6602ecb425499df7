"""Client certificates: the names that one gives its holder.

The rule: only a certificate whose chain the gate's TLS layer has verified against the gate's `tls.clients` comes here. It names
its holder by its common name and by the e-mail addresses, host names and URIs of its subjectAltName; which of them is meant,
the start-up message's user says, and it must be in the users file, for the groups stand there.
"""

from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from ringfence.access.faults import Denied, Reason

_MOST_NAMES = 100


@lru_cache(maxsize=256)  # over HTTP a certificate comes with each request; reading it takes 50 µs
def names_of(certificate: bytes) -> tuple[frozenset[str], datetime]:
    """Give the names of a certificate (DER), and when it ends. Raises `Denied` where it cannot be read."""
    try:
        loaded = x509.load_der_x509_certificate(certificate)
        names = {str(each.value) for each in loaded.subject.get_attributes_for_oid(NameOID.COMMON_NAME)}
        try:
            also = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            also = None
        if also is not None:
            for kind in (x509.RFC822Name, x509.DNSName, x509.UniformResourceIdentifier):
                names.update(also.get_values_for_type(kind))
        until = loaded.not_valid_after_utc
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise Denied(Reason.NO_CERTIFICATE) from None
    if len(names) > _MOST_NAMES:
        raise Denied(Reason.NO_CERTIFICATE)
    return frozenset(names), until
