"""Bytes in addresses: each value has one spelling, and nothing else is taken for it."""

import os

import pytest

from app.crypto.base64url import decode_base64url, encode_base64url


@pytest.mark.parametrize("length", range(20))
def test_what_is_written_is_read(length: int) -> None:
    raw = os.urandom(length)
    assert decode_base64url(encode_base64url(raw)) == raw


@pytest.mark.parametrize("text", ["AB", "AA==", "AA\n", "A", "A+/A", "AA AA", "Aé"])
def test_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind Python's decoder raises
        decode_base64url(text)
