"""A certificate authority for the tests' servers."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)

_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Files:
    """A certificate and its key in PEM."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """The TLS context of a server with this certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context


class CertificateAuthority:
    """Signs certificates; `bundle` is the file with its own certificate."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("authority of the tests")
        extensions = [
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (_SIGNS_CERTIFICATES, True),
        ]
        certificate = _signed(self._name, self._name, self._key, self._key, extensions)
        self.bundle = folder / "authority.pem"
        self.bundle.write_bytes(certificate.public_bytes(Encoding.PEM))

    def certify(self, *hosts: str) -> Files:
        """Sign a certificate for names and addresses, with a new key."""
        key = ec.generate_private_key(ec.SECP256R1())
        stem = self._folder / hosts[0]
        files = Files(stem.with_suffix(".crt"), stem.with_suffix(".key"))
        files.certificate.write_bytes(self._certificate(key, hosts).public_bytes(Encoding.PEM))
        files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return files

    def chain_for(self, key: Key) -> list[str]:
        """The `x5c` of a JSON Web Token: the certificate of the key that signs it."""
        der = self._certificate(key, ["token-server.test"]).public_bytes(Encoding.DER)
        return [b64encode(der).decode()]

    def _certificate(self, key: Key, hosts: tuple[str, ...] | list[str]) -> x509.Certificate:
        names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
        return _signed(_name(hosts[0]), self._name, key, self._key, [(names, False)])


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _signed(
    name: x509.Name,
    issuer: x509.Name,
    key: Key,
    issuer_key: ec.EllipticCurvePrivateKey,
    extensions: Iterable[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    """Sign a certificate with the identifiers of both keys: Python 3.13 requires them."""
    now = dt.datetime.now(dt.UTC)
    issued_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issued_by, critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())
