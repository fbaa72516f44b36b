"""Base64 for URLs: with the URL-safe alphabet and without padding (RFC 4648, section 5)."""

import base64


def encode_base64url(raw: bytes) -> str:
    """Return `raw` as text for a URL."""
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def decode_base64url(text: str) -> bytes:
    """Return the bytes that `encode_base64url` was given; raise ValueError for any other string.

    Only the canonical encoding is accepted, or a page would have many URLs: Python's decoder ignores unknown characters
    and unused bits at the end.
    """
    raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if encode_base64url(raw) != text:
        raise ValueError("not the canonical encoding")
    return raw
