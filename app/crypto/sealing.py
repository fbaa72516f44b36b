"""Sealing: personal data is encrypted before it reaches the database (AES-256-GCM, NIST SP 800-38D).

A sealed value is: version (1 byte), key id (4), nonce (12), ciphertext with its tag. Its plaintext is: version (1),
salt (32), number of fields (1), then each field as its length (2 bytes, big-endian) and its UTF-8, zero-padded to a
multiple of 256 bytes. The associated data are the purpose and the random public id of the row, so that a sealed value
does not open for another purpose or in another row.
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


class AlteredValue(CannotOpen):
    """The key is here, and yet it does not open: the value was altered, or moved from another row."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The content of a sealed value: its random 32-byte salt, for later proofs, and its fields."""

    salt: bytes
    fields: tuple[str, ...]


def seal(
    purpose: str, public_id: bytes, fields: Sequence[str], salt: bytes | None = None, key: bytes | None = None
) -> bytes:
    """Return `fields` (each at most 65,535 bytes of UTF-8) sealed for this purpose and row, under the newest key.

    Without `salt` a random one is made; give the old one to keep it. With `key` (32 bytes) it is sealed under that
    alone, so that DATA_KEYS do not open it.
    """
    return _encrypt(_pack(salt or os.urandom(SALT_BYTES), fields), purpose, public_id, key)


def unseal(purpose: str, public_id: bytes, sealed: bytes, key: bytes | None = None) -> Opened:
    """Return what `seal` was given; raise CannotOpen if it was not sealed here for this purpose and row."""
    salt, fields = opener(purpose, key)(public_id, sealed)
    return Opened(salt, tuple(fields))


def opener(purpose: str, key: bytes | None = None) -> Callable[[bytes, bytes], tuple[bytes, list[str]]]:
    """Return a fast function that unseals values of one purpose: from public id and sealed value to salt and fields.

    It keeps the keys ready, and works outside the app's context too. It raises CannotOpen where `unseal` would.
    """
    decrypt = _decrypter(purpose, key)

    def open_one(public_id: bytes, sealed: bytes) -> tuple[bytes, list[str]]:
        packed = decrypt(public_id, sealed)
        start = COUNT + 1
        fields = []
        for _ in range(packed[COUNT]):
            end = start + 2 + (packed[start] << 8 | packed[start + 1])  # int.from_bytes would take three times as long
            fields.append(packed[start + 2 : end].decode())
            start = end
        return packed[1:COUNT], fields

    return open_one


def resealer(purpose: str) -> Callable[[bytes, bytes], bytes]:
    """Return a function that reseals values of one purpose with the newest key: from public id and sealed value.

    The plaintext, salt included, stays the same. It raises CannotOpen where `unseal` would.
    """
    decrypt, newest = _decrypter(purpose), data_keys()[0]
    cipher, head, purpose_data = AESGCM(newest), prefix(newest), _associated_data(purpose, b"")

    def reseal(public_id: bytes, sealed: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return head + nonce + cipher.encrypt(nonce, decrypt(public_id, sealed), purpose_data + public_id)

    return reseal


def seal_bytes(purpose: str, public_id: bytes, content: bytes, key: bytes | None = None) -> bytes:
    """Return a file sealed for this purpose and row, under the newest key or `key`. It is not padded."""
    return _encrypt(VERSION + content, purpose, public_id, key)


def unseal_bytes(purpose: str, public_id: bytes, sealed: bytes) -> bytes:
    """Return the file that `seal_bytes` was given; raise CannotOpen where `unseal` would."""
    return _decrypter(purpose)(public_id, sealed)[1:]


def key_id(key: bytes) -> bytes:
    """Return the id of `key`, 4 bytes of a hash of it."""
    return hashlib.sha256(b"countersign.key-id" + key).digest()[:KEY_ID_BYTES]


def prefix(key: bytes) -> bytes:
    """Return the 5 bytes with which every value sealed under `key` begins: version and key id."""
    return VERSION + key_id(key)


def data_keys() -> list[bytes]:
    """Return the data keys, the newest first."""
    return _keys_of(current_app.config)


def _keys_of(config: Config) -> list[bytes]:
    keys: list[bytes] = config["DATA_KEYS_FILE"].keys() if config["DATA_KEYS_FILE"] else config["DATA_KEYS"]
    return keys


def _encrypt(packed: bytes, purpose: str, public_id: bytes, key: bytes | None = None) -> bytes:
    key = key or data_keys()[0]
    nonce = os.urandom(NONCE_BYTES)
    return prefix(key) + nonce + AESGCM(key).encrypt(nonce, packed, _associated_data(purpose, public_id))


def _decrypter(purpose: str, key: bytes | None = None) -> Callable[[bytes, bytes], bytes]:
    config = current_app.config
    ciphers = {prefix(key): AESGCM(key)} if key else {}
    purpose_data = _associated_data(purpose, b"")

    def decrypt(public_id: bytes, sealed: bytes) -> bytes:
        head = sealed[: 1 + KEY_ID_BYTES]
        cipher = ciphers.get(head)
        if cipher is None:  # the first value, or a key that was added meanwhile
            # If two keys have the same id, the newest one is used.
            ciphers.update((prefix(key), AESGCM(key)) for key in reversed(_keys_of(config)))
            cipher = ciphers.get(head)
        if cipher is None:
            raise CannotOpen("no key in DATA_KEYS opens this value: put back the key that it was sealed with")
        try:
            packed = cipher.decrypt(sealed[1 + KEY_ID_BYTES : HEAD], sealed[HEAD:], purpose_data + public_id)
        except (InvalidTag, ValueError) as error:  # ValueError: too short to hold a nonce
            raise AlteredValue("the sealed value was altered or moved") from error
        if packed[0] != VERSION[0]:
            raise CannotOpen("this value was sealed by a newer version of the site")
        return packed

    return decrypt


def _associated_data(purpose: str, public_id: bytes) -> bytes:
    return purpose.encode() + b"\0" + public_id


def _pack(salt: bytes, fields: Sequence[str]) -> bytes:
    parts = [VERSION, salt, bytes([len(fields)])]
    for field in fields:
        raw = field.encode()
        parts += [len(raw).to_bytes(2, "big"), raw]
    packed = b"".join(parts)
    return packed + bytes(-len(packed) % STEP)
