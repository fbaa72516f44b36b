"""Allow: an operator lets letters go again to a mailbox that had stopped them, at its owner's wish."""

from sqlalchemy import select

from app.audit.log import record
from app.db import transaction
from app.email.address import canonical, deliverable
from app.models import Act, Petition
from app.outbox import bounced, unwanted
from app.signers.decline import lift
from app.signing.email_key import email_key
from app.web.address_field import tidy_address


def allow_emails(address: str) -> bool:
    """Take back that the mailbox of an address unsubscribed, declined or bounced, everywhere; return whether it had.

    The audit log says that it was done, and not for whom. Raises NotAnAddress.
    """
    address = deliverable(tidy_address(address))
    with transaction() as session:
        mailbox = unwanted.mailbox_of(session, address)
        petitions = session.scalars(select(Petition)).all()
        keys = [email_key(petition, canonical(address)) for petition in petitions]
        had_bounced = bounced.lift(session, address)
        lifted = lift(session, keys) or had_bounced or unwanted.unwanted_since(session, mailbox) is not None
        if lifted:
            unwanted.resume_emails(session, mailbox)
            record(session, Act.ALLOWED, None, None)
    return lifted
