"""Signed tokens for links in letters (itsdangerous, one salt for each purpose), keyed hashes, and opaque URL values."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from functools import cache, lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, current_app
from itsdangerous import BadSignature, Signer

from app.crypto.base64url import decode_base64url, encode_base64url

EXTENSION = "countersign_site_secret"
OF_A_TEST = "test"  # how what stands for a token begins, in the links of a test e-mail
ID_BYTES = 16
KEY_BYTES = 32
GENERATION_BYTES = 2


def init_app(app: Flask, load_site_secret: Callable[[], bytes]) -> None:
    """Have keys made with the site's secret, which `load_site_secret` returns when it is first needed."""
    app.extensions[EXTENSION] = cache(load_site_secret)


class Purpose(StrEnum):
    """What a token is for. It is valid for one purpose only."""

    CONFIRM = "confirm"
    INVITATION = "invitation"
    ENTRY = "entry"
    NOT_ME = "not-me"
    UNSUBSCRIBE = "unsubscribe"


class BadToken(Exception):
    """The token was not made here for this purpose, or was altered."""


def make_token(purpose: Purpose, public_id: bytes, generation: int = 0) -> str:
    """Return the token for `purpose` that holds a row's random 16-byte id and a generation (0 to 65535)."""
    body = base64.urlsafe_b64encode(public_id + generation.to_bytes(GENERATION_BYTES, "big"))
    return _signer(purpose).sign(body).decode("ascii")


def read_token(purpose: Purpose, token: str) -> tuple[bytes, int]:
    """Return the row id and generation in a token made for `purpose`; raise BadToken for any other string."""
    try:
        raw = token.encode("ascii")
        body = base64.urlsafe_b64decode(_signer(purpose).unsign(raw))
        signature = raw.rpartition(b".")[2]
        # Base64 has unused bits in its last character: a token in which they are altered must not be accepted.
        canonical = base64.urlsafe_b64encode(base64.urlsafe_b64decode(signature + b"=" * (-len(signature) % 4)))
    except (BadSignature, UnicodeEncodeError, binascii.Error, ValueError) as error:
        raise BadToken from error
    if canonical.rstrip(b"=") != signature or len(body) != ID_BYTES + GENERATION_BYTES:
        raise BadToken
    return body[:ID_BYTES], int.from_bytes(body[ID_BYTES:], "big")


def keyed_hash(purpose: str, message: str) -> bytes:
    """Return the keyed hash of `message` for `purpose`: 32 bytes (HMAC-SHA256, RFC 2104)."""
    return hmac.digest(derived_keys(purpose)[0], message.encode(), "sha256")


def site_hash(purpose: str, message: bytes) -> bytes:
    """Return the keyed hash of `message` under a key of the site's secret alone, which outlives SECRET_KEY: 32 bytes.

    The secret lies sealed under DATA_KEYS in the database and in each backup of it, so that one hash holds in all.
    """
    site_secret = current_app.extensions[EXTENSION]()
    return hmac.digest(_derive("", site_secret, f"countersign.site.{purpose}"), message, "sha256")


def conceal(purpose: str, about: bytes, content: bytes) -> str:
    """Return `content` encrypted for use in a URL, for this purpose and row (AES-SIV, RFC 5297).

    It is deterministic, so that a page that holds it is the same for everyone.
    """
    concealed = AESSIV(derived_keys(purpose)[0]).encrypt(content, [about])
    return encode_base64url(concealed)


def reveal(purpose: str, about: bytes, text: str) -> bytes:
    """Return what `conceal` was given for this purpose and row; raise BadToken for any other string."""
    try:
        concealed = decode_base64url(text)
    except ValueError as error:
        raise BadToken from error
    for key in derived_keys(purpose):
        with suppress(InvalidTag, ValueError):  # ValueError: too short
            return AESSIV(key).decrypt(concealed, [about])
    raise BadToken


def derived_keys(purpose: str) -> list[bytes]:
    """Return the keys for this purpose, 32 bytes each: the one in use, then those of SECRET_KEY_FALLBACKS.

    Each is made of SECRET_KEY *and* the site's secret, which lies sealed in the database (HKDF-SHA256, RFC 5869; the
    site's secret is the salt). So neither SECRET_KEY alone nor a dump of the database makes any of them.
    """
    config = current_app.config
    site_secret = current_app.extensions[EXTENSION]()
    secrets = (config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"])
    return [_derive(secret, site_secret, f"countersign.{purpose}") for secret in secrets]


@lru_cache(maxsize=256)
def _derive(secret: str, site_secret: bytes, label: str) -> bytes:
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=site_secret, info=label.encode()).derive(secret.encode())


def _signer(purpose: Purpose) -> Signer:
    keys = derived_keys(f"token {purpose}")[::-1]  # itsdangerous wants the newest last
    return Signer(keys, salt=f"countersign.{purpose}", key_derivation="hmac", digest_method=hashlib.sha256)
