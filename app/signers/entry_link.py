"""The link to the entry: whether it still works, and a new one for a lost e-mail.

The page always queues one row; the worker looks for the entry.
"""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.db import transaction
from app.email.address import canonical
from app.models import Occasion, OutboxRow, Petition, Signature
from app.outbox.enqueue import new_letter
from app.outbox.mailbox_limit import counted_mailbox
from app.signing.email_key import email_key

# A newer link ends older ones, but not at once: or any stranger who asks for one would end a page that is being read.
WORKS_ON_FOR = timedelta(hours=1)


def still_works(session: Session, signature: Signature, generation: int) -> bool:
    """Tell whether a link of that generation opens the entry: the newest does, and one that was just replaced."""
    if generation == signature.generation:
        return True
    is_next = (OutboxRow.signature_id == signature.id) & (OutboxRow.generation == (generation + 1) % 2**16)
    lately = select(OutboxRow.id).where(is_next, OutboxRow.ended_at > clock.now() - WORKS_ON_FOR)
    return session.scalars(lately.limit(1)).first() is not None


def request_entry_link(petition: Petition, address: str) -> None:
    """Queue the letter with a new link to the entry of this deliverable address, if it has one.

    The statements are the same whether there is an entry or not, and whatever its state, so that nobody learns it.
    """
    key = email_key(petition, canonical(address))
    of_mailbox = (Signature.petition_id == petition.id) & (Signature.email_key == key)
    signature_id = select(Signature.id).where(of_mailbox).scalar_subquery()
    counted = counted_mailbox(address)
    letter = new_letter(Occasion.ENTRY, clock.now(), petition.id, signature_id=signature_id, mailbox=counted)
    with transaction() as session:
        session.execute(letter)
