"""Cursors for keyset pagination: where a page of a list ends, as a moment and a row's id, in text for a URL."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from app.crypto import tokens
from app.crypto.base64url import decode_base64url, encode_base64url

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MOMENT_BYTES = 8
PUBLIC_ID_BYTES = 16


class BadCursor(ValueError):
    """The text is not a cursor."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in a list: after the row with this moment and id, or with `newer` before it.

    The id is what the list is ordered by: a random public id, or, if the cursor is encrypted, a serial number.
    """

    at: datetime
    row_id: bytes
    newer: bool = False

    def encode(self) -> str:
        """Return the cursor as readable text, for a list whose moments may be known."""
        return encode_base64url(bytes([self.newer]) + self._packed())

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the cursor that `encode` wrote, with a public id; raise BadCursor for anything else."""
        try:
            raw = decode_base64url(text)
        except ValueError as error:
            raise BadCursor from error
        if len(raw) != 1 + MOMENT_BYTES + PUBLIC_ID_BYTES or raw[0] > 1:
            raise BadCursor
        return cls._unpacked(raw[1:], newer=bool(raw[0]))

    def encrypt(self, purpose: str, about: bytes) -> str:
        """Return the cursor encrypted for this purpose and row; deterministic, so that pages can be cached."""
        return tokens.conceal(purpose, about, self._packed())

    @classmethod
    def decrypt(cls, purpose: str, about: bytes, text: str) -> Self:
        """Return the cursor that `encrypt` wrote for this purpose and row; raise BadCursor for anything else."""
        try:
            return cls._unpacked(tokens.reveal(purpose, about, text))
        except tokens.BadToken as error:
            raise BadCursor from error

    def _packed(self) -> bytes:
        return ((self.at - EPOCH) // MICROSECOND).to_bytes(MOMENT_BYTES, "big", signed=True) + self.row_id

    @classmethod
    def _unpacked(cls, raw: bytes, *, newer: bool = False) -> Self:
        try:
            at = EPOCH + int.from_bytes(raw[:MOMENT_BYTES], "big", signed=True) * MICROSECOND
        except OverflowError as error:
            raise BadCursor from error
        return cls(at, raw[MOMENT_BYTES:], newer)
