"""Bytes as they stand in addresses: base64 with the URL-safe alphabet and without padding (RFC 4648, 5)."""

import base64


def encode_base64url(raw: bytes) -> str:
    """Return `raw` as text for an address."""
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def decode_base64url(text: str) -> bytes:
    """Return the bytes that `encode_base64url` was given; raise ValueError for any other string.

    One value has one spelling, or a page would have many addresses: Python's own decoder passes over characters that it
    does not know, and over bits at the end that mean nothing.
    """
    raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if encode_base64url(raw) != text:
        raise ValueError("not the one spelling")
    return raw
