"""A new link to the entry, for a lost e-mail. The page always queues one row; the worker looks for the entry."""

from sqlalchemy import select

from app import clock
from app.crypto import tokens
from app.db import transaction
from app.email.address import canonical, without_tag
from app.models import Occasion, Petition, Signature
from app.outbox.enqueue import enqueue
from app.signing.email_key import email_key


def request_entry_link(petition: Petition, address: str) -> None:
    """Queue the letter with a new link to the entry of this deliverable address, if it has one.

    The statements are the same whether there is an entry or not, and whatever its state, so that nobody learns it.
    """
    mailbox = canonical(address)
    key = email_key(petition, mailbox)
    of_mailbox = (Signature.petition_id == petition.id) & (Signature.email_key == key)
    # Locked for sharing, so that the signature is not deleted between this look and the insert that points at it.
    signature_id = select(Signature.id).where(of_mailbox).with_for_update(read=True, key_share=True).scalar_subquery()
    site_wide = tokens.keyed_hash("mailbox", without_tag(mailbox))
    petition_id = petition.id
    with transaction() as session:
        enqueue(session, Occasion.ENTRY, petition_id, signature_id, clock.now(), site_wide)
