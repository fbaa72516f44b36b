"""A lost letter: the page writes one row whoever asks; the worker looks whether that mailbox signed, and answers it."""

from sqlalchemy import select

from app import clock
from app.crypto import tokens
from app.db import transaction
from app.email.address import canonical, without_tag
from app.models import Occasion, Petition, Signature
from app.outbox.enqueue import enqueue
from app.signing.email_key import email_key


def request_entry_link(petition: Petition, address: str) -> None:
    """Queue the letter with a new link to the entry that the mailbox of a deliverable address has here, if it has one.

    The statements are the same whether it has one, and in whatever state.
    """
    mailbox = canonical(address)
    key = email_key(petition, mailbox)
    mine = (Signature.petition_id == petition.id) & (Signature.email_key == key)
    # Held, so that one which is being deleted is either there until the letter is queued, or is not found.
    named = select(Signature.id).where(mine).with_for_update(read=True, key_share=True).scalar_subquery()
    site_wide = tokens.keyed_hash("mailbox", without_tag(mailbox))
    petition_id = petition.id
    with transaction() as session:
        enqueue(session, Occasion.ENTRY, petition_id, named, clock.now(), site_wide)
