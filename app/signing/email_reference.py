"""The reference in the URL of the check-your-email page: the petition, the typed address and the draft, encrypted.

It is padded and does not depend on the mailbox's state, so it tells a stranger nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from app import clock
from app.crypto import sealing
from app.crypto.base64url import decode_base64url, encode_base64url
from app.signing.sign import CORRECTABLE_FOR, FormIds

PURPOSE = "check-your-email"


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent: on a page in which language, with which address, as which draft and when."""

    language: str
    address: str
    ids: FormIds
    at: datetime

    def can_be_readdressed(self) -> bool:
        """Tell whether the form can still be sent out again to another address. It goes by the time alone."""
        return clock.now() < self.at + CORRECTABLE_FOR


def make_reference(slug: str, language: str, address: str, ids: FormIds) -> str:
    """Return the reference for somebody who has just signed `slug` with `address` on a page in `language`."""
    sealed = sealing.seal(PURPOSE, slug.encode(), (language, address, b"".join(ids).hex(), clock.iso(clock.now())))
    return encode_base64url(sealed)


def read_reference(slug: str, reference: str) -> Sent:
    """Return what a reference made for `slug` says; raise CannotOpen for any other."""
    try:
        raw = decode_base64url(reference)
    except ValueError as error:
        raise sealing.CannotOpen("not a reference") from error
    fields = sealing.unseal(PURPOSE, slug.encode(), raw).fields
    if len(fields) != 4:
        raise sealing.CannotOpen("made by an older version")
    language, address, joined, at = fields
    ids = bytes.fromhex(joined)
    return Sent(language, address, FormIds(ids[:16], ids[16:]), datetime.fromisoformat(at))
