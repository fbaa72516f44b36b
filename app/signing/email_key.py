"""Which mailbox signed: known by a key of the petition's own, never by its address."""

import hmac

from app.crypto import sealing
from app.models import Petition


def email_key(petition: Petition, mailbox: str) -> bytes:
    """Return the 32 bytes that stand for a canonical address in this petition (HMAC-SHA256, RFC 2104).

    Only who opens the petition's sealed mailbox key can make them, and no two petitions make the same.
    """
    return keyed(petition, mailbox)


def keyed(petition: Petition, message: str) -> bytes:
    """Return the 32 bytes that stand for a message in this petition, under its sealed mailbox key."""
    opened = sealing.unseal("mailbox-key", petition.public_id, petition.mailbox_key)
    return hmac.digest(bytes.fromhex(opened.fields[0]), message.encode(), "sha256")
