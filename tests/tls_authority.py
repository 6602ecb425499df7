"""An authority for tests: certificates of every kind of key, for a host or a client."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path
    der: bytes

    def server_context(self, clients: Path | None = None) -> ssl.SSLContext:
        """Give a server's side; client certificates are asked for where an authority for them is named."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=clients)
        context.load_cert_chain(self.certificate, self.key)
        if clients is not None:
            context.verify_mode = ssl.CERT_OPTIONAL
        return context


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


class Authority:
    """Signs what it is asked to; its keys are made for the test and go with it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._keys = {
            "rsa": rsa.generate_private_key(65537, 2048),
            "ec": ec.generate_private_key(ec.SECP256R1()),
            "ed25519": ed25519.Ed25519PrivateKey.generate(),
        }
        self.file = folder / "authority.pem"
        self._count = 0
        self._roots = {kind: self._root(kind) for kind in self._keys}
        self.file.write_bytes(b"".join(_pem(root) for root in self._roots.values()))

    def _root(self, kind: str) -> x509.Certificate:
        key = self._keys[kind]
        return self._builder(f"authority {kind}", f"authority {kind}", key.public_key(), is_authority=True).sign(
            key, None if kind == "ed25519" else hashes.SHA256()
        )

    def _builder(
        self, subject: str, issuer: str, key: object, *, is_authority: bool, days: float = 1
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name(issuer))
            .public_key(key)  # type: ignore[arg-type]
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )

    def issue(
        self, name: str, kind: str = "ec", *, days: float = 1, also: list[x509.GeneralName] | None = None
    ) -> Issued:
        """Issue for a name; an address or a host stands in subjectAltName too. `kind`: rsa, ec, ec-sha384, ed25519."""
        root = kind.partition("-")[0]
        key = {
            "rsa": lambda: rsa.generate_private_key(65537, 2048),
            "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
            "ed25519": ed25519.Ed25519PrivateKey.generate,
        }[root]()
        try:
            alternative: list[x509.GeneralName] = [x509.IPAddress(ip_address(name))]
        except ValueError:
            alternative = [x509.DNSName(name)] if "@" not in name else []
        builder = self._builder(name, f"authority {root}", key.public_key(), is_authority=False, days=days)
        alternative += also or []
        if alternative:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
        hashed = None if root == "ed25519" else hashes.SHA384() if kind.endswith("384") else hashes.SHA256()
        made = builder.sign(self._keys[root], hashed)
        self._count += 1
        certificate, secret = self._folder / f"{self._count}.pem", self._folder / f"{self._count}.key"
        certificate.write_bytes(_pem(made))
        secret.touch(0o600)
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return Issued(certificate, secret, made.public_bytes(serialization.Encoding.DER))


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
