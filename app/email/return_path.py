"""The return path of an e-mail, to which it comes back if it cannot be delivered: an address for this e-mail alone.

That is a variable envelope return path (VERP). Its token is the encrypted random id of the e-mail's row in the outbox:
only mail servers that relay the e-mail and whoever gets it learn it, and neither a mail server's log nor a stolen
database can be joined by it. It is in base32, as mail servers may write the local part in lower case.
"""

import base64
import binascii
import re
from collections.abc import Iterator

from flask import current_app

from app.crypto import tokens
from app.crypto.base64url import decode_base64url, encode_base64url

PURPOSE = "return path"
LOCAL_PART = "bounce"
TOKEN_CHARACTERS = 52  # 16 bytes of the synthetic IV and 16 of the id, five bits in each
# Forwarders put the address into one of their own (SRS), so what stands around it is not looked at.
_IN_TEXT = re.compile(rf"(?i)\b{LOCAL_PART}\+([a-z2-7]{{{TOKEN_CHARACTERS}}})(?![a-z0-9])")


def return_path(public_id: bytes) -> str | None:
    """Return the return path of the e-mail whose row in the outbox has this random id; None without BOUNCE_DOMAIN."""
    domain = current_app.config["BOUNCE_DOMAIN"]
    return f"{LOCAL_PART}+{make_return_token(public_id)}@{domain}" if domain else None


def make_return_token(public_id: bytes) -> str:
    """Return the token in the return path of the e-mail whose row in the outbox has this random id."""
    return _spelt(decode_base64url(tokens.conceal(PURPOSE, b"", public_id)))


def read_return_token(token: str) -> bytes:
    """Return the id that a token was made of; raise tokens.BadToken for one that was not made here."""
    try:
        concealed = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError) as error:
        raise tokens.BadToken from error
    if _spelt(concealed) != token:  # its last character has bits that are not used
        raise tokens.BadToken
    return tokens.reveal(PURPOSE, b"", encode_base64url(concealed))


def tokens_in(text: str) -> Iterator[str]:
    """Yield what stands in a text as the token of a return path, in lower case, whether it was made here or not."""
    return (found[1].lower() for found in _IN_TEXT.finditer(text))


def _spelt(concealed: bytes) -> str:
    return base64.b32encode(concealed).decode().rstrip("=").lower()
