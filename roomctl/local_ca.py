"""The room's own certificate authority: HTTPS on a network with no internet, with nothing bought and nothing sent out.

A tablet trusts the room once `DATA/tls/ca.pem` is installed on it. The authority's key never leaves the data folder. Server
certificates are short-lived and renewed at start.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from roomctl.errors import RoomError

CA_DAYS: Final = 3650
SERVER_DAYS: Final = 397
"""The longest that Apple's devices accept of a server certificate."""

RENEW_DAYS: Final = 30
_Name = x509.DNSName | x509.IPAddress


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """What the panel's server needs, and what a tablet does."""

    certificate: Path
    key: Path
    authority: Path


def room_certificate(data: Path, names: Sequence[str], now: datetime.datetime | None = None) -> TlsFiles:
    """A certificate for `names` (host names and addresses), made where it is missing, too old, or for other names.

    Raises RoomError where the data folder cannot be written.
    """
    now = now or datetime.datetime.now(datetime.UTC)
    folder = data / "tls"
    files = TlsFiles(folder / "room.pem", folder / "room.key", folder / "ca.pem")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        authority, authority_key = _authority(folder, now)
        if not _still_good(files, authority, names, now):
            key = ec.generate_private_key(ec.SECP256R1())
            _keep(files.key, _pem_of_key(key))
            _keep(
                files.certificate, _server(names, key, authority, authority_key, now).public_bytes(serialization.Encoding.PEM)
            )
    except (OSError, ValueError) as problem:
        raise RoomError(
            f"{folder}: the room's certificate cannot be made ({problem}); move the folder away and start again"
        ) from problem
    return files


def own_names(host: str, extra: Sequence[str]) -> tuple[str, ...]:
    """What tablets may call this machine: its host name, its address on its network, loopback, and what the room file adds."""
    found = ["localhost", "127.0.0.1", socket.gethostname(), f"{socket.gethostname().split('.')[0]}.local", *extra]
    if host in ("0.0.0.0", "::", ""):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))
                found.append(str(probe.getsockname()[0]))
            except OSError:  # no network: loopback is all there is
                found.append("127.0.0.1")
    else:
        found.append(host)
    return tuple(dict.fromkeys(found))


def _authority(folder: Path, now: datetime.datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate_path, key_path = folder / "ca.pem", folder / "ca.key"
    if certificate_path.exists() and key_path.exists():
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
        if isinstance(key, ec.EllipticCurvePrivateKey) and certificate.not_valid_after_utc > now:
            return certificate, key
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "roomctl room")])
    certificate = (
        _builder(subject, subject, key.public_key(), now, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _keep(key_path, _pem_of_key(key))
    _keep(certificate_path, certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, key


def _server(
    names: Sequence[str],
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    return (
        _builder(subject, authority.subject, key.public_key(), now, SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> _Name:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _still_good(files: TlsFiles, authority: x509.Certificate, names: Sequence[str], now: datetime.datetime) -> bool:
    """Whether the certificate at hand is this authority's, for these names, and lasts a while yet."""
    if not (files.certificate.exists() and files.key.exists()):
        return False
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = set(named.get_values_for_type(x509.DNSName)) | {str(each) for each in named.get_values_for_type(x509.IPAddress)}
    return set(names) <= known and certificate.not_valid_after_utc - now > datetime.timedelta(days=RENEW_DAYS)


def _pem_of_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _keep(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    part.replace(path)
