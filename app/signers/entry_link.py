"""A new link to the entry, for a lost e-mail. The page always queues one row; the worker looks for the entry."""

from sqlalchemy import select

from app import clock
from app.db import transaction
from app.email.address import canonical
from app.models import Occasion, Petition, Signature
from app.outbox.enqueue import new_letter
from app.outbox.mailbox_limit import counted_mailbox
from app.signing.email_key import email_key


def request_entry_link(petition: Petition, address: str) -> None:
    """Queue the letter with a new link to the entry of this deliverable address, if it has one.

    The statements are the same whether there is an entry or not, and whatever its state, so that nobody learns it.
    """
    mailbox = canonical(address)
    key = email_key(petition, mailbox)
    of_mailbox = (Signature.petition_id == petition.id) & (Signature.email_key == key)
    signature_id = select(Signature.id).where(of_mailbox).scalar_subquery()
    counted = counted_mailbox(mailbox)
    letter = new_letter(Occasion.ENTRY, clock.now(), petition.id, signature_id=signature_id, mailbox=counted)
    with transaction() as session:
        session.execute(letter)
