"""Returned: an e-mail came back, or was refused at once, for good: its mailbox may get no more; the count stays."""

import re
from collections import Counter
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.db import db
from app.models import Draft, Occasion, OutboxRow, Returned, ReturnedEmail, Signature
from app.models.signer import AlteredRow, signer_of
from app.outbox import bounced, unwanted

ENDING = {Returned.HARD, Returned.COMPLAINT}
CAME_BACK = {Returned.SOFT, Returned.BLOCKED, Returned.FULL, Returned.HARD}
# What was answered to the recipient's address at sending (RFC 3463, 3.2): no such mailbox, system or syntax, moved
# away, or a domain that takes no mail (RFC 7505).
_NO_MAILBOX = re.compile(r"5\d\d 5\.1\.(1|2|3|6|10):")
_IN_ORDER = list(Returned)


def record_returned(session: Session, row: OutboxRow, kind: Returned, now: datetime) -> bool:
    """Record why the e-mail of a locked row came back; return whether that is news. The caller commits.

    HARD and COMPLAINT end e-mails to the mailbox that it went to; COMPLAINT also unsubscribes it. What came back before
    for a graver reason stays as it is, so a report that comes again changes nothing; nor does one about a signer whose
    address nobody can tell any more. Letters to organisers are only counted.
    """
    before = session.get(ReturnedEmail, row.public_id, populate_existing=True)
    if before is not None and _IN_ORDER.index(kind) <= _IN_ORDER.index(before.kind):
        return False
    address = _address(session, row, kind) if kind in ENDING else None
    if kind in ENDING and address is None and row.occasion != Occasion.ORGANISER:
        return False
    shown_at = now if kind == Returned.HARD and address else None
    if before is None:
        new = ReturnedEmail(public_id=row.public_id, petition_id=row.petition_id, kind=kind, at=now, shown_at=shown_at)
        session.add(new)
    else:
        before.kind, before.at, before.shown_at = kind, now, before.shown_at or shown_at
    if address:
        bounced.end_emails(session, address, kind, now, now - (row.ended_at or row.allowed_at or now))
    if address and kind == Returned.COMPLAINT:
        unwanted.stop_emails(session, unwanted.mailbox_of(session, address), now)
    return True


def says_no_mailbox(reply: str) -> bool:
    """Tell whether a mail server's reply, as the outbox keeps it, says for good that there is no such mailbox."""
    return _NO_MAILBOX.match(reply) is not None


def came_back(public_id: bytes) -> bool:
    """Tell whether the e-mail with this random id came back, for the page of its form."""
    shown = select(ReturnedEmail.public_id).where(
        ReturnedEmail.public_id == public_id, ReturnedEmail.shown_at <= clock.now()
    )
    return db.session.scalars(shown).first() is not None


def number_returned(petition_id: int | None = None) -> Counter[Returned]:
    """Return how many e-mails of a petition, or of the whole site, came back for each reason in the last 7 days."""
    was_sent = ReturnedEmail.kind != Returned.UNSENT
    number = select(ReturnedEmail.kind, func.count()).where(was_sent).group_by(ReturnedEmail.kind)
    if petition_id is not None:
        number = number.where(ReturnedEmail.petition_id == petition_id)
    return Counter({kind: int(many) for kind, many in db.session.execute(number)})


def _address(session: Session, row: OutboxRow, kind: Returned) -> str | None:
    """Return the address that the e-mail of a row went to; None if nobody can tell any more, as once it was erased.

    A draft that was confirmed is gone. Then the e-mail arrived, so that only a complaint can be about it: it has the id
    of the signature that was made of that.
    """
    said: Draft | Signature | None = None
    if row.signature_id is not None:
        said = session.get(Signature, row.signature_id)
    elif row.draft_id is not None:
        said = session.get(Draft, row.draft_id)
        if said is not None and said.signature_id and kind == Returned.COMPLAINT:  # another draft of it was confirmed
            said = session.get(Signature, said.signature_id)
    elif kind == Returned.COMPLAINT:
        said = session.scalars(select(Signature).where(Signature.public_id == row.public_id)).one_or_none()
    if said is None or said.sealed is None:
        return None
    try:
        return signer_of(said).email or None
    except AlteredRow:
        return None
