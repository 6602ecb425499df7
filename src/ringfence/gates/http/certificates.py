"""The certificate that Envoy shows to clients, and the authorities whose clients it lets in, as data.

The rule: where certificates can change while Envoy runs, each is told to it in a file of its own, which the listener only names:
of a file with two of them Envoy takes neither, and lets nobody in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ringfence.gates.http.clusters import TYPE, watched
from ringfence.gates.http.routes import Json, Object

_CERTIFICATE: Final = "certificate"
_AUTHORITIES: Final = "authorities"
_FILES: Final = {name: f"{name}.json" for name in (_CERTIFICATE, _AUTHORITIES)}


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
    """Make what a listener shows; `secrets_at` is the folder in which certificates are told, "" where they are fixed."""
    common: dict[str, Json] = {
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
    }
    if secrets_at:
        told = {
            name: {"name": name, "sds_config": watched(str(Path(secrets_at) / file))} for name, file in _FILES.items()
        }
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


def secrets(certificate: Certificate, version: int) -> Mapping[str, Object]:
    """Make what files of certificates say, by their names. Envoy reads what is named otherwise than before."""
    kind = {"@type": f"{TYPE}extensions.transport_sockets.tls.v3.Secret"}
    told: dict[str, Object] = {_CERTIFICATE: {"tls_certificate": _pair(certificate)}}
    if certificate.clients:
        told[_AUTHORITIES] = {"validation_context": {"trusted_ca": {"filename": certificate.clients}}}
    return {
        _FILES[name]: {"version_info": str(version), "resources": [{**kind, "name": name, **what}]}
        for name, what in told.items()
    }


def _pair(certificate: Certificate) -> Json:
    return {"certificate_chain": {"filename": certificate.chain}, "private_key": {"filename": certificate.key}}
