"""A gate's TLS files: what is wrong with one is said with the policy's key, the file and a mend."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from ringfence.gates.postgres.client_tls import BadTlsFile, tls_of
from ringfence.policy.model import Tls
from tls_authority import Authority


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    authority = Authority(tmp_path / "authority")
    for name in ("good", "other"):
        issued = authority.issue("localhost")
        issued.certificate.rename(tmp_path / f"{name}.pem")
        issued.key.rename(tmp_path / f"{name}.key")
    secret = serialization.load_pem_private_key((tmp_path / "good.key").read_bytes(), None)
    (tmp_path / "encrypted.key").write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    (tmp_path / "garbage").write_bytes(b"\xff\x00 no PEM at all")
    mark = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"
    (tmp_path / "broken.pem").write_text(mark.format("AAAA"))
    (tmp_path / "odd.pem").write_text(mark.format("*"))
    (tmp_path / "broken.key").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    return tmp_path


@pytest.mark.parametrize(
    ("certificate", "key", "clients", "named", "wrong"),
    [
        ("gone.pem", "good.key", "", "tls.certificate {}/gone.pem", "No such file"),
        (".", "good.key", "", "tls.certificate {}", "Is a directory"),
        ("garbage", "good.key", "", "tls.certificate {}/garbage", "no certificate"),
        ("broken.pem", "good.key", "", "tls.certificate {}/broken.pem", "cannot be read"),
        ("odd.pem", "good.key", "", "tls.certificate {}/odd.pem", "cannot be read"),
        ("good.pem", "gone.key", "", "tls.key {}/gone.key", "No such file"),
        ("good.pem", "garbage", "", "tls.key {}/garbage", "no private key"),
        ("good.pem", "broken.key", "", "tls.key {}/broken.key", "cannot be used"),
        ("good.pem", "encrypted.key", "", "tls.key {}/encrypted.key", "is encrypted"),
        ("good.pem", "other.key", "", "tls.key {}/other.key", "is not the key of"),
        ("good.pem", "good.key", "gone.pem", "tls.clients {}/gone.pem", "No such file"),
        ("good.pem", "good.key", "garbage", "tls.clients {}/garbage", "no certificates"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_its_key_and_a_mend(
    folder: Path, certificate: str, key: str, clients: str, named: str, wrong: str
) -> None:
    with pytest.raises(BadTlsFile) as caught:
        tls_of("db", Tls(certificate, key, clients), folder)
    assert caught.value.what.startswith(f"gate db: {named.format(folder)}")
    assert wrong in caught.value.what
    assert caught.value.mend


def test_good_files_make_a_context(folder: Path) -> None:
    context, end_point = tls_of("db", Tls("good.pem", "good.key", "other.pem"), folder)
    assert context is not None
    assert len(end_point) == 32
    assert tls_of("db", None, folder) == (None, b"")
