"""A certificate for TLS on loopback, which nobody trusts."""

from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app import clock


def self_signed(path: Path, days: int = 1) -> None:
    """Write a key and its self-signed certificate for 127.0.0.1 to `path`, as PEM; it ends after so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    now = clock.now()
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=days))
    host = x509.IPAddress(IPv4Address("127.0.0.1"))
    builder = builder.add_extension(x509.SubjectAlternativeName([host]), critical=False)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    kind = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(certificate + key.private_bytes(*kind))
