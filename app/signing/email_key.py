"""The e-mail key: a keyed hash that stands for a mailbox within one petition."""

import hmac

from app.email.address import canonical
from app.models import Draft, Petition, Signature
from app.models.signer import signer_of


def email_key(petition: Petition, mailbox: str) -> bytes:
    """Return the keyed hash of a canonical address in this petition, 32 bytes.

    It cannot be made without the petition's sealed mailbox key, and differs between petitions.
    """
    return petition_hash(petition, mailbox)


def sealed_email_key(petition: Petition, row: Draft | Signature) -> bytes:
    """Return the key of the mailbox whose address is sealed in a row, whatever its column says; raise AlteredRow."""
    return email_key(petition, canonical(signer_of(row).email))


def petition_hash(petition: Petition, message: str) -> bytes:
    """Return the keyed hash of a message under the petition's mailbox key, 32 bytes (HMAC-SHA256, RFC 2104)."""
    return hmac.digest(petition.hash_key(), message.encode(), "sha256")
