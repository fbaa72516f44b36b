"""End consent: a mailbox that wants no more e-mails does not agree to updates any more, whatever it signed."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import select, update

from app.db import db, transaction
from app.models import Petition, Signature, Unwanted
from app.models.locking import signatures_in_lock_order
from app.models.signer import AlteredRow, salt_and_signer
from app.outbox import unwanted

BATCH_SIZE = 500


def end_consent() -> int:
    """End the consent to updates in the signatures of mailboxes that have unsubscribed; return how many had it.

    Which signatures are a mailbox's cannot be told without opening them, so all that have consented are looked through
    once for all mailboxes that have unsubscribed since the last time.
    """
    new = db.session.scalars(select(Unwanted.mailbox).where(~Unwanted.consent_ended)).all()
    if not new:
        return 0
    ended, last = 0, 0
    while ids := _consented_after(last):
        ended += _end(ids, frozenset(new))
        last = ids[-1]
    with transaction() as session:
        done = update(Unwanted).where(Unwanted.mailbox.in_(new)).values(consent_ended=True)
        session.execute(done.execution_options(synchronize_session=False))
    return ended


def _consented_after(last: int) -> list[int]:
    consented = select(Signature.id).where(Signature.updates, Signature.id > last)
    return list(db.session.scalars(consented.order_by(Signature.id).limit(BATCH_SIZE)))


def _end(ids: Collection[int], mailboxes: Collection[bytes]) -> int:
    with transaction() as session:
        is_among = unwanted.is_among(session, mailboxes)
        consented = select(Signature).where(Signature.id.in_(ids), Signature.updates, Signature.sealed.is_not(None))
        ended = 0
        for signature in session.scalars(signatures_in_lock_order(consented).with_for_update()):
            try:
                salt, signer = salt_and_signer(signature)
            except AlteredRow:
                continue  # `count audit` tells of it
            if is_among(signer.email):
                petition = session.get_one(Petition, signature.petition_id)
                without = replace(signer, updates=False)
                signature.sealed = without.sealed_for(signature.public_id, petition.public_id, salt)
                signature.updates = False
                ended += 1
    return ended
