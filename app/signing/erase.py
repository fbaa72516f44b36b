"""Erase: some days after a petition has closed, who signed it is forgotten for good, as its signers were promised.

What stays of a signature is its state, the month, and the words that it was put under; so the count stays.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update

from app import clock
from app.db import db, month, transaction
from app.export.recall import recall
from app.models import Petition, PetitionText, PrivacyNotice, Signature, State, Suspicion, Visibility

AT_ONCE = 1000


def erase_after_closing() -> int:
    """Erase the data of the signatures whose notice said that it is kept no longer; return how many.

    Each signature's own notice counts: who was promised 30 days is forgotten after 30, whatever was promised later. A
    petition of which anything was erased never opens again.
    """
    now = clock.now()
    told = (
        select(Petition.id, Petition.closes_at, PrivacyNotice.id, PrivacyNotice.erase_after_days)
        .join(PrivacyNotice, PrivacyNotice.petition_id == Petition.id)
        .where(Petition.closes_at <= now)
    )
    erased = 0
    for petition_id, closes_at, notice_id, days in db.session.execute(told).all():
        if closes_at and closes_at + timedelta(days=days) <= now and _is_left(petition_id, notice_id):
            while some := _erase_some(petition_id, notice_id, days, now):
                erased += some
    return erased


def _kept(petition_id: int, notice_id: int) -> tuple[ColumnElement[bool], ...]:
    says_who = or_(Signature.sealed.is_not(None), Signature.email_key.is_not(None))
    return Signature.petition_id == petition_id, Signature.notice_id == notice_id, says_who


def _is_left(petition_id: int, notice_id: int) -> bool:
    # Asked first, so that an idle worker never takes SQLite's one write lock.
    return db.session.scalars(select(Signature.id).where(*_kept(petition_id, notice_id)).limit(1)).first() is not None


def _erase_some(petition_id: int, notice_id: int, days: int, now: datetime) -> int:
    """Erase up to a thousand, unless the petition was opened again in the meantime; return how many."""
    with transaction() as session:
        named = select(Petition).where(Petition.id == petition_id).with_for_update(key_share=True)
        petition = session.scalars(named.execution_options(populate_existing=True)).one()
        if petition.closes_at is None or petition.closes_at + timedelta(days=days) > now:
            return 0
        petition.erased_at = petition.erased_at or now
        mine = select(Signature.id).where(*_kept(petition_id, notice_id)).limit(AT_ONCE)
        ids = session.scalars(mine.with_for_update()).all()
        never_confirmed = delete(Signature).where(Signature.id.in_(ids), Signature.state == State.PENDING)
        session.execute(never_confirmed.execution_options(synchronize_session=False))
        suspected = delete(Suspicion).where(Suspicion.signature_id.in_(ids))
        session.execute(suspected.execution_options(synchronize_session=False))
        erased = update(Signature).where(Signature.id.in_(ids)).values(_nobody())
        session.execute(erased.execution_options(synchronize_session=False))
        recall(session, petition_id)
    return len(ids)


def _nobody() -> dict[str, object]:
    """Return what the columns of a signature say of which nobody can tell any more whose it is."""
    language = select(PetitionText.language).where(PetitionText.id == Signature.text_id).scalar_subquery()
    return {
        **dict.fromkeys(("sealed", "note_sealed", "email_key", "code_hash", "expires_at", "network_key", "domain_key")),
        "country": "",
        "language": language,
        "visibility": Visibility.ORGANISERS,
        "updates": False,
        "hidden_name": False,
        "hidden_comment": False,
        "signed_at": month(Signature.signed_at),
        "verified_at": month(Signature.verified_at),
    }
