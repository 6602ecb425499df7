"""The certificate that Envoy shows to clients, and the authorities whose clients it lets in, as data.

The rule: where certificates can change while Envoy runs, they are told to it in a file of their own; the listener only names them.
"""

from dataclasses import dataclass
from typing import Final

from ringfence.gates.http.clusters import TYPE, watched
from ringfence.gates.http.routes import Json, Object

_CERTIFICATE: Final = "certificate"
_AUTHORITIES: Final = "authorities"


@dataclass(frozen=True, slots=True)
class Certificate:
    """The files of a certificate that is shown, and of the authorities whose clients are let in ("": none is asked for one).

    `required`: a client that shows none is not let in.
    """

    chain: str
    key: str
    clients: str = ""
    required: bool = True


def shown(certificate: Certificate, secrets_at: str) -> Object:
    """Make what a listener shows; `secrets_at` is the path of the file in which certificates are told, "" where they are fixed."""
    common: dict[str, Json] = {
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
    }
    if secrets_at:
        told = {name: {"name": name, "sds_config": watched(secrets_at)} for name in (_CERTIFICATE, _AUTHORITIES)}
        common["tls_certificate_sds_secret_configs"] = [told[_CERTIFICATE]]
        if certificate.clients:
            common["validation_context_sds_secret_config"] = told[_AUTHORITIES]
    else:
        common["tls_certificates"] = [_pair(certificate)]
        if certificate.clients:
            common["validation_context"] = {"trusted_ca": {"filename": certificate.clients}}
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{TYPE}extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "require_client_certificate": bool(certificate.clients) and certificate.required,
            "common_tls_context": common,
        },
    }


def secrets(certificate: Certificate, version: int) -> Object:
    """Make what the file of certificates says. Envoy reads those that are named otherwise than before."""
    kind = {"@type": f"{TYPE}extensions.transport_sockets.tls.v3.Secret"}
    told: list[Json] = [{**kind, "name": _CERTIFICATE, "tls_certificate": _pair(certificate)}]
    if certificate.clients:
        trusted: Json = {"trusted_ca": {"filename": certificate.clients}}
        told.append({**kind, "name": _AUTHORITIES, "validation_context": trusted})
    return {"version_info": str(version), "resources": told}


def _pair(certificate: Certificate) -> Json:
    return {"certificate_chain": {"filename": certificate.chain}, "private_key": {"filename": certificate.key}}
