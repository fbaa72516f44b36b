"""Sealing: what says who signed is encrypted before it reaches the database (AES-256-GCM, NIST SP 800-38D).

A sealed value is: version (1 byte), key id (4), nonce (12), ciphertext with its tag. Inside: version (1), salt (32),
number of fields (1), then each field as its length (2 bytes, big-endian) and its UTF-8, zero-padded to 256-byte steps.
What the value is for and the random public id of its row are bound in as associated data, so that a sealed value
moved to another row does not open.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Config, current_app

VERSION = b"\x01"
KEY_ID_BYTES = 4
NONCE_BYTES = 12
SALT_BYTES = 32
STEP = 256
HEAD = 1 + KEY_ID_BYTES + NONCE_BYTES
COUNT = 1 + SALT_BYTES


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
    return _encrypt(_pack(salt or os.urandom(SALT_BYTES), fields), purpose, public_id)


def unseal(purpose: str, public_id: bytes, sealed: bytes) -> Opened:
    """Return what `seal` was given; raise CannotOpen when it was not sealed here for this purpose and row."""
    salt, fields = opener(purpose)(public_id, sealed)
    return Opened(salt, tuple(fields))


def opener(purpose: str) -> Callable[[bytes, bytes], tuple[bytes, list[str]]]:
    """Return what opens many values of one purpose: it takes a public id and a sealed value, gives salt and fields.

    It keeps the keys ready, so it is faster than `unseal` and works outside the app's context too. It raises CannotOpen
    in the same cases.
    """
    decrypt = _decrypter(purpose)

    def open_one(public_id: bytes, sealed: bytes) -> tuple[bytes, list[str]]:
        packed = decrypt(public_id, sealed)
        at = COUNT + 1
        fields = []
        for _ in range(packed[COUNT]):
            end = at + 2 + (packed[at] << 8 | packed[at + 1])  # int.from_bytes would take three times as long
            fields.append(packed[at + 2 : end].decode())
            at = end
        return packed[1:COUNT], fields

    return open_one


def resealer(purpose: str) -> Callable[[bytes, bytes], bytes]:
    """Return what seals many values of one purpose anew: it takes a public id and a sealed value, gives it re-sealed.

    What is inside, salt and all, goes under the newest key as it is. It raises CannotOpen where `unseal` would.
    """
    decrypt = _decrypter(purpose)
    return lambda public_id, sealed: _encrypt(decrypt(public_id, sealed), purpose, public_id)


def seal_bytes(purpose: str, public_id: bytes, content: bytes, key: bytes | None = None) -> bytes:
    """Return a whole file sealed for this purpose and row, under the newest key or under `key`; its length shows."""
    return _encrypt(VERSION + content, purpose, public_id, key)


def unseal_bytes(purpose: str, public_id: bytes, sealed: bytes) -> bytes:
    """Return the file that `seal_bytes` was given; raise CannotOpen when it was not sealed here for this purpose."""
    return _decrypter(purpose)(public_id, sealed)[1:]


def key_id(key: bytes) -> bytes:
    """Return the 4 bytes that name `key` in what it sealed, and tell nothing else about it."""
    return hashlib.sha256(b"countersign.key-id" + key).digest()[:KEY_ID_BYTES]


def prefix(key: bytes) -> bytes:
    """Return the 5 bytes that every value sealed under `key` begins with: the version, then the key's id."""
    return VERSION + key_id(key)


def data_keys() -> list[bytes]:
    """Return the keys in use at this moment, the newest first."""
    return _keys_of(current_app.config)


def _keys_of(config: Config) -> list[bytes]:
    keys: list[bytes] = config["DATA_KEYS_FILE"].keys() if config["DATA_KEYS_FILE"] else config["DATA_KEYS"]
    return keys


def _encrypt(packed: bytes, purpose: str, public_id: bytes, key: bytes | None = None) -> bytes:
    key = key or data_keys()[0]
    nonce = os.urandom(NONCE_BYTES)
    return prefix(key) + nonce + AESGCM(key).encrypt(nonce, packed, _bound(purpose, public_id))


def _decrypter(purpose: str) -> Callable[[bytes, bytes], bytes]:
    config = current_app.config
    ciphers: dict[bytes, AESGCM] = {}
    bound = _bound(purpose, b"")

    def decrypt(public_id: bytes, sealed: bytes) -> bytes:
        head = sealed[: 1 + KEY_ID_BYTES]
        cipher = ciphers.get(head)
        if cipher is None:  # at first, and when a new key came while values were being read
            # Of two keys that are named alike the newest.
            ciphers.update((prefix(key), AESGCM(key)) for key in reversed(_keys_of(config)))
            cipher = ciphers.get(head)
        if cipher is None:
            raise CannotOpen("no key in DATA_KEYS opens this value: put back the key that it was sealed with")
        try:
            packed = cipher.decrypt(sealed[1 + KEY_ID_BYTES : HEAD], sealed[HEAD:], bound + public_id)
        except (InvalidTag, ValueError) as error:  # ValueError: cut so short that no nonce is left
            raise CannotOpen("the sealed value was altered or moved") from error
        if packed[0] != VERSION[0]:
            raise CannotOpen("this value was sealed by a newer version of the site")
        return packed

    return decrypt


def _bound(purpose: str, public_id: bytes) -> bytes:
    return purpose.encode() + b"\0" + public_id


def _pack(salt: bytes, fields: Sequence[str]) -> bytes:
    parts = [VERSION, salt, bytes([len(fields)])]
    for field in fields:
        raw = field.encode()
        parts += [len(raw).to_bytes(2, "big"), raw]
    packed = b"".join(parts)
    return packed + bytes(-len(packed) % STEP)
