"""Signed tokens for links in letters (itsdangerous, one salt for each purpose), keyed hashes, and opaque URL values."""

import base64
import binascii
import hashlib
import hmac
from contextlib import suppress
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from flask import current_app
from itsdangerous import BadSignature, Signer

from app.crypto.base64url import decode_base64url, encode_base64url

ID_BYTES = 16
GENERATION_BYTES = 2


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
    """Return the keyed hash of `message` for `purpose`: 32 bytes (HMAC-SHA256 under SECRET_KEY, RFC 2104)."""
    return _keyed_hash(current_app.config["SECRET_KEY"], purpose, message)


def conceal(purpose: str, about: bytes, content: bytes) -> str:
    """Return `content` encrypted for use in a URL, for this purpose and row (AES-SIV, RFC 5297).

    It is deterministic, so that a page that holds it is the same for everyone.
    """
    concealed = AESSIV(keyed_hash(purpose, "")).encrypt(content, [about])
    return encode_base64url(concealed)


def reveal(purpose: str, about: bytes, text: str) -> bytes:
    """Return what `conceal` was given for this purpose and row; raise BadToken for any other string."""
    config = current_app.config
    try:
        concealed = decode_base64url(text)
    except ValueError as error:
        raise BadToken from error
    for secret in (config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]):
        with suppress(InvalidTag, ValueError):  # ValueError: too short
            return AESSIV(_keyed_hash(secret, purpose, "")).decrypt(concealed, [about])
    raise BadToken


def _keyed_hash(secret: str, purpose: str, message: str) -> bytes:
    key = hmac.digest(secret.encode(), f"countersign.{purpose}".encode(), "sha256")
    return hmac.digest(key, message.encode(), "sha256")


def _signer(purpose: Purpose) -> Signer:
    config = current_app.config
    keys = [*reversed(config["SECRET_KEY_FALLBACKS"]), config["SECRET_KEY"]]  # itsdangerous wants the newest last
    return Signer(keys, salt=f"countersign.{purpose}", key_derivation="hmac", digest_method=hashlib.sha256)
