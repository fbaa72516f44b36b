"""End consent: a mailbox that wants no more e-mails does not agree to updates any more, whatever it signed."""

from collections.abc import Collection
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import db, transaction
from app.models import Change, Draft, Petition, Signature, Unwanted
from app.models.journal import enter
from app.models.signer import AlteredRow, Signer, opener, salt_and_signer
from app.outbox import unwanted

BATCH_SIZE = 500
Said = TypeVar("Said", Draft, Signature)


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


def end_consent_again(public_id: bytes) -> bool:
    """End the consent in a signature where it had ended, in a database that was restored from before; return if it did.

    There it may be a draft still. Raises AlteredRow if it was altered.
    """
    with transaction() as session:
        said = _consented(session, Draft, public_id) or _consented(session, Signature, public_id)
        if said is None:
            return False
        _end_one(session, said, *salt_and_signer(said))
    return True


def _consented(session: Session, table: type[Said], public_id: bytes) -> Said | None:
    consented = select(table).where(table.public_id == public_id, table.updates, table.sealed.is_not(None))
    return session.scalars(consented.with_for_update()).one_or_none()


def _consented_after(last: int) -> list[int]:
    consented = select(Signature.id).where(Signature.updates, Signature.id > last)
    return list(db.session.scalars(consented.order_by(Signature.id).limit(BATCH_SIZE)))


def _end(ids: Collection[int], mailboxes: Collection[bytes]) -> int:
    """End it in those of these signatures that are of these mailboxes. Only they are locked: most are of others."""
    columns = (Signature.public_id, Signature.petition_id, Signature.sealed, Signature.country, Signature.visibility)
    found = db.session.execute(select(*columns).where(Signature.id.in_(ids), Signature.sealed.is_not(None))).all()
    open_row = {one: opener(db.session.get_one(Petition, one)) for one in {row.petition_id for row in found}}
    is_among = unwanted.is_among(db.session(), mailboxes)
    theirs = []
    for public_id, petition_id, sealed, country, visibility in found:
        assert sealed is not None
        try:
            _, fields = open_row[petition_id](public_id, sealed, country, visibility.value, True)
        except AlteredRow:
            continue  # `count audit` tells of it; or it was taken back just now
        if is_among(fields[3]):
            theirs.append(public_id)
    return sum(end_consent_again(public_id) for public_id in theirs)


def _end_one(session: Session, said: Draft | Signature, salt: bytes, signer: Signer) -> None:
    petition = session.get_one(Petition, said.petition_id)
    said.sealed = replace(signer, updates=False).sealed_for(said.public_id, petition.public_id, salt)
    said.updates = False
    if isinstance(said, Signature):
        said.updates_at = None
    enter(session, Change.CONSENT, said.public_id)
