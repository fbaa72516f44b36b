"""Base64 for URLs: each value has one encoding, and no other is accepted."""

import os

import pytest

from app.crypto.base64url import decode_base64url, encode_base64url


@pytest.mark.parametrize("length", range(20))
def test_decoding_reverses_encoding(length: int) -> None:
    raw = os.urandom(length)
    assert decode_base64url(encode_base64url(raw)) == raw


@pytest.mark.parametrize("text", ["AB", "AA==", "AA\n", "A", "A+/A", "AA AA", "Aé"])
def test_other_encodings_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind Python's decoder raises
        decode_base64url(text)
