"""A lost letter: the page writes one row whoever asks; the worker looks whether that mailbox signed, and answers it."""

from sqlalchemy import select

from app import clock, tokens
from app.db import transaction
from app.email_address import canonical
from app.models import Occasion, Petition, Signature
from app.outbox.enqueue import enqueue
from app.signing.mailbox import email_key


def ask(petition: Petition, address: str) -> None:
    """Queue the letter with a new link to the entry that the mailbox of a deliverable address has here, if it has one.

    The statements are the same whether it has one, and in whatever state.
    """
    mailbox = canonical(address)
    key = email_key(petition, mailbox)
    mine = (Signature.petition_id == petition.id) & (Signature.email_key == key)
    named = select(Signature.id).where(mine).scalar_subquery()
    petition_id = petition.id
    with transaction() as session:
        enqueue(session, Occasion.ENTRY, petition_id, named, clock.now(), tokens.keyed_hash("mailbox", mailbox))
