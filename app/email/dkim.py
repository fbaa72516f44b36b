"""DKIM (RFC 6376): e-mails signed by the site itself, where no relay does it, with an RSA or Ed25519 key (RFC 8463).

What is signed are the bytes that go out; whatever changes them after that breaks the signature. It is made at the
hand-over, whose time says nothing of who gets a letter (see app/outbox/pace.py).
"""

import base64
from email.utils import parseaddr
from functools import lru_cache
from typing import Any, NamedTuple

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask import current_app

from app.email.domain import domain_of
from app.email.mime import ascii_address
from config import read_dkim_key

# Each is named once more than an e-mail has it, so that nobody adds one that mail programs would show instead.
SIGNED_AND_CLOSED = (b"from", b"reply-to", b"to", b"subject", b"date", b"content-type")
SIGNED = (
    *(b"message-id", b"mime-version", b"content-transfer-encoding", b"auto-submitted"),
    *(b"list-id", b"list-unsubscribe", b"list-unsubscribe-post"),  # RFC 8058 wants the last two signed
)


def sign(content: bytes) -> bytes:
    """Return an e-mail, as it is handed over, with its signature in front; as it is if there is no DKIM_KEY."""
    config = current_app.config
    if not config["DKIM_KEY"]:
        return content
    domain = domain_of(ascii_address(parseaddr(config["MAIL_DEFAULT_SENDER"])[1]))
    return _Message(content).header(_key(config["DKIM_KEY"]), config["DKIM_SELECTOR"], domain) + content


def record_of_key() -> str | None:
    """Return the TXT record by which receivers check what DKIM_KEY has signed; None if there is no such key."""
    if not current_app.config["DKIM_KEY"]:
        return None
    return _key(current_app.config["DKIM_KEY"]).record


class _Key(NamedTuple):
    private: RSAPrivateKey | Ed25519PrivateKey
    as_dkimpy_reads_it: bytes
    algorithm: bytes
    record: str


@lru_cache(maxsize=2)
def _key(pem: str) -> _Key:
    private = read_dkim_key(pem)
    if isinstance(private, RSAPrivateKey):
        spelt = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return _Key(private, spelt, b"rsa-sha256", f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}")
    raw = private.public_key().public_bytes_raw()
    spelt = base64.b64encode(private.private_bytes_raw())
    return _Key(private, spelt, b"ed25519-sha256", f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}")


class _Signed(NamedTuple):
    signature: bytes


class _Pen:
    """What dkimpy takes for an Ed25519 key: it signs digests, by OpenSSL, whichever kind the key is."""

    def __init__(self, private: RSAPrivateKey | Ed25519PrivateKey) -> None:
        self._private = private

    def sign(self, digest: bytes) -> _Signed:
        """Sign a SHA-256 digest."""
        if isinstance(self._private, RSAPrivateKey):
            return _Signed(self._private.sign(digest, PKCS1v15(), Prehashed(SHA256())))
        return _Signed(self._private.sign(digest))


class _Message(dkim.DKIM):  # type: ignore[misc]
    """dkimpy's message, signed by OpenSSL: dkimpy's own RSA, in Python, takes twenty times as long."""

    def header(self, key: _Key, selector: str, domain: str) -> bytes:
        """Return the signature as a header, with its line end."""
        self._private = key.private
        there = [name.lower() for name, _ in self.headers]
        present = (name for name in (*SIGNED_AND_CLOSED, *SIGNED) for _ in range(there.count(name)))
        header: bytes = self.sign(
            selector.encode(),
            domain.encode(),
            key.as_dkimpy_reads_it,
            signature_algorithm=key.algorithm,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[*present, *SIGNED_AND_CLOSED],
        )
        return header

    def gen_header(self, *given: Any, **options: Any) -> Any:
        """Let dkimpy make the header with our pen in the place of the key, the last that it is given."""
        self.signature_algorithm = b"ed25519-sha256"
        return super().gen_header(*given[:-1], _Pen(self._private), **options)
