"""The reference in the URL of the check-your-email page: the petition and the typed address, encrypted.

It is padded and does not depend on the mailbox's state, so it tells a stranger nothing.
"""

from app.crypto import sealing
from app.crypto.base64url import decode_base64url, encode_base64url

PURPOSE = "check-your-email"


def make_reference(slug: str, language: str, address: str) -> str:
    """Return the reference for somebody who has just signed `slug` with `address` on a page in `language`."""
    sealed = sealing.seal(PURPOSE, slug.encode(), (language, address))
    return encode_base64url(sealed)


def read_reference(slug: str, reference: str) -> tuple[str, str]:
    """Return the language and the address in a reference made for `slug`; raise CannotOpen for any other."""
    try:
        raw = decode_base64url(reference)
    except ValueError as error:
        raise sealing.CannotOpen("not a reference") from error
    language, address = sealing.unseal(PURPOSE, slug.encode(), raw).fields
    return language, address
