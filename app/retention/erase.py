"""Erase: some days after a petition has closed, its signers' data is erased, as they were promised.

A signature's state, month and the version of the text that was signed stay, and so does the count.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from app import clock
from app.db import db, insert, is_one_of, month, transaction
from app.export.recall import recall_deliveries
from app.models import (
    Change,
    Draft,
    Erasure,
    FormCopy,
    HandOver,
    HandOverBlock,
    Petition,
    PetitionText,
    PrivacyNotice,
    Signature,
)
from app.models.journal import enter, moment_to_bytes
from app.models.locking import signatures_in_lock_order
from app.models.signature import ERASED
from app.models.suspicion import forget_suspicions
from app.retention.purge import purge_forms_of

BATCH_SIZE = 1000


def erase_after_closing() -> int:
    """Erase the signatures whose privacy notice says that they are kept no longer; return how many.

    Each signature's own notice counts, whatever a later version promises. Once anything was erased, the petition never
    opens again.
    """
    now = clock.now()
    is_done = exists().where(Erasure.notice_id == PrivacyNotice.id)
    notices = (
        select(Petition.id, Petition.closes_at, PrivacyNotice.id, PrivacyNotice.erase_after_days)
        .join(PrivacyNotice, PrivacyNotice.petition_id == Petition.id)
        .where(Petition.closes_at <= now, ~is_done)
    )
    due = [
        (petition_id, notice_id, timedelta(days=days))
        for petition_id, closes_at, notice_id, days in db.session.execute(notices).all()
        if closes_at and closes_at + timedelta(days=days) <= now
    ]
    return sum(_erase_all(petition_id, notice_id, kept_for, now) for petition_id, notice_id, kept_for in due)


def _erase_all(petition_id: int, notice_id: int, kept_for: timedelta, now: datetime) -> int:
    """Erase the signatures under one notice, in batches ordered by id; stop if the petition was opened again.

    What forms said goes first, in batches too, so that the last transaction deletes only what came in meanwhile.
    """
    with transaction() as session:
        if not _is_closed_for_good(session, petition_id, kept_for, now):
            return 0
    purge_forms_of(petition_id, notice_id)
    erased, last = 0, 0
    while True:
        with transaction() as session:
            if not _is_closed_for_good(session, petition_id, kept_for, now):
                return erased
            remaining = (
                (Signature.petition_id == petition_id) & (Signature.notice_id == notice_id) & (Signature.id > last)
            )
            ids = session.scalars(select(Signature.id).where(remaining).order_by(Signature.id).limit(BATCH_SIZE)).all()
            if not ids:
                for table in (Draft, FormCopy):
                    forms = delete(table).where(table.petition_id == petition_id, table.notice_id == notice_id)
                    session.execute(forms.execution_options(synchronize_session=False))
                _forget_lists(session, petition_id)
                session.execute(insert(Erasure).values(notice_id=notice_id, done_at=now).on_conflict_do_nothing())
                return erased
            _erase(session, list(ids))
            recall_deliveries(session, petition_id)
        erased, last = erased + len(ids), ids[-1]


def _forget_lists(session: Session, petition_id: int) -> None:
    """Delete which rows each list had, once nobody is left to be told: a list of one country tells a row's country."""
    left = select(Signature.id).where(Signature.petition_id == petition_id, Signature.sealed.is_not(None)).limit(1)
    if session.scalars(left).first() is None:
        lists = select(HandOver.id).where(HandOver.petition_id == petition_id)
        blocks = delete(HandOverBlock).where(HandOverBlock.hand_over_id.in_(lists))
        session.execute(blocks.execution_options(synchronize_session=False))


def _is_closed_for_good(session: Session, petition_id: int, kept_for: timedelta, now: datetime) -> bool:
    """Lock the petition; tell whether its days are over, and if so mark it, so that it never opens again."""
    query = select(Petition).where(Petition.id == petition_id).with_for_update(key_share=True)
    petition = session.scalars(query.execution_options(populate_existing=True)).one()
    if petition.closes_at is None or petition.closes_at + kept_for > now:
        return False
    if petition.erased_at is None:
        petition.erased_at = now
        enter(session, Change.ENDED, petition.public_id + moment_to_bytes(petition.closes_at))
    return True


def _erase(session: Session, ids: list[int]) -> None:
    lock = select(Signature.id).where(is_one_of(Signature.id, ids)).with_for_update()
    session.execute(signatures_in_lock_order(lock))
    forget_suspicions(session, ids)
    language = select(PetitionText.language).where(PetitionText.id == Signature.text_id).scalar_subquery()
    values = {
        **ERASED,
        "email_key": None,  # signing is over
        "language": language,
        "hidden_name": False,
        "hidden_comment": False,
        "signed_at": month(Signature.signed_at),
        "verified_at": month(Signature.verified_at),
    }
    change = update(Signature).where(is_one_of(Signature.id, ids)).values(values)
    session.execute(change.execution_options(synchronize_session=False))
