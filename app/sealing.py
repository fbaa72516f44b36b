"""Sealing: what says who signed is encrypted before it reaches the database (AES-256-GCM, NIST SP 800-38D).

A sealed value is: version (1 byte), key id (4), nonce (12), ciphertext with its tag. Inside: version (1), salt (32),
number of fields (1), then each field as its length (2 bytes, big-endian) and its UTF-8, zero-padded to 256-byte steps.
What the value is for and the random public id of its row are bound in as associated data, so that a sealed value
moved to another row does not open.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

VERSION = b"\x01"
KEY_ID_BYTES = 4
NONCE_BYTES = 12
SALT_BYTES = 32
STEP = 256
HEAD = 1 + KEY_ID_BYTES + NONCE_BYTES


class CannotOpen(Exception):
    """The sealed value was altered or belongs elsewhere, or its key is not in DATA_KEYS."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What was inside a sealed value: its random 32-byte salt, for later proofs, and its fields."""

    salt: bytes
    fields: tuple[str, ...]


def seal(purpose: str, public_id: bytes, fields: Sequence[str], salt: bytes | None = None) -> bytes:
    """Return `fields` (each at most 65,535 bytes of UTF-8) sealed under the newest key, for this purpose and row.

    `salt` keeps the salt of a value that is sealed anew; without it a fresh one is drawn.
    """
    key = data_keys()[0]
    nonce = os.urandom(NONCE_BYTES)
    packed = AESGCM(key).encrypt(nonce, _pack(salt or os.urandom(SALT_BYTES), fields), _bound(purpose, public_id))
    return VERSION + key_id(key) + nonce + packed


def unseal(purpose: str, public_id: bytes, sealed: bytes) -> Opened:
    """Return what `seal` was given; raise CannotOpen when it was not sealed here for this purpose and row."""
    wanted = sealed[1 : 1 + KEY_ID_BYTES]
    nonce = sealed[1 + KEY_ID_BYTES : HEAD]
    for key in data_keys():
        if sealed[:1] == VERSION and key_id(key) == wanted:
            try:
                return _unpack(AESGCM(key).decrypt(nonce, sealed[HEAD:], _bound(purpose, public_id)))
            except (InvalidTag, ValueError) as error:  # ValueError: cut so short that no nonce is left
                raise CannotOpen("the sealed value was altered or moved") from error
    raise CannotOpen("no key in DATA_KEYS opens this value: put back the key that it was sealed with")


def key_id(key: bytes) -> bytes:
    """Return the 4 bytes that name `key` in what it sealed, and tell nothing else about it."""
    return hashlib.sha256(b"countersign.key-id" + key).digest()[:KEY_ID_BYTES]


def data_keys() -> list[bytes]:
    """Return the keys in use, the newest first."""
    keys: list[bytes] = current_app.config["DATA_KEYS"]
    return keys


def _bound(purpose: str, public_id: bytes) -> bytes:
    return purpose.encode() + b"\0" + public_id


def _pack(salt: bytes, fields: Sequence[str]) -> bytes:
    parts = [VERSION, salt, bytes([len(fields)])]
    for field in fields:
        raw = field.encode()
        parts += [len(raw).to_bytes(2, "big"), raw]
    packed = b"".join(parts)
    return packed + bytes(-len(packed) % STEP)


def _unpack(packed: bytes) -> Opened:
    if packed[:1] != VERSION:
        raise CannotOpen("this value was sealed by a newer version of the site")
    salt, count, at = packed[1 : 1 + SALT_BYTES], packed[1 + SALT_BYTES], 2 + SALT_BYTES
    fields = []
    for _ in range(count):
        length = int.from_bytes(packed[at : at + 2], "big")
        fields.append(packed[at + 2 : at + 2 + length].decode())
        at += 2 + length
    return Opened(salt, tuple(fields))
