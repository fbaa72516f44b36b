"""Drafts of a mailbox: found, locked, closed once it has confirmed one of them or declined, and deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import ColumnElement, Select, Table, bindparam, delete, func, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.db import UtcDateTime, db, is_one_of, transaction
from app.models import Change, Declined, Draft, OutboxRow, Petition, PetitionText, PrivacyNotice, Signature
from app.models.draft import CLOSED
from app.models.journal import enter
from app.models.signer import AlteredRow, signer_of
from app.signing.expiry import LINK_WORKS_FOR, confirmable_until


@dataclass(frozen=True, slots=True)
class DraftEntry:
    """A draft, its petition, and the text and privacy notice that were on the form."""

    draft: Draft
    petition: Petition
    text: PetitionText
    notice: PrivacyNotice

    @property
    def language(self) -> str:
        """The language of the page that was signed on."""
        return self.draft.language

    def is_confirmable(self, now: datetime) -> bool:
        """Tell whether its data is here and its links still work."""
        return self.draft.sealed is not None and confirmable_until(self.petition, self.draft.expires_at) > now


def find_draft(public_id: bytes) -> DraftEntry | None:
    """Return the draft with this random id; None if there is none."""
    row = db.session.execute(_FIND, {"this_draft": public_id}).first()
    return DraftEntry(*row) if row else None


class LockedDraft(NamedTuple):
    """A draft that is locked: its id, its expiry as it is now, and whether its data is here."""

    public_id: bytes
    expires_at: datetime | None
    is_open: bool


def lock_mailbox(session: Session, public_id: bytes) -> list[LockedDraft]:
    """Return all drafts of the mailbox whose draft has this random id, locked by the lock order; empty without it."""
    session.execute(_LOCK_LETTERS, {"this_draft": public_id})
    return [LockedDraft(*row) for row in session.execute(_LOCK_DRAFTS, {"this_draft": public_id})]


def delete_draft(session: Session, public_id: bytes) -> None:
    """Delete a locked draft, of which a signature was made."""
    session.execute(_DELETE, {"this_draft": public_id})


def close_drafts(session: Session, public_ids: Sequence[bytes], now: datetime, **also: object) -> None:
    """Erase what these locked drafts say, and set `also`; their links work on for as long, to tell why."""
    if not public_ids:
        return
    kept_until = func.coalesce(Draft.expires_at, literal(now + LINK_WORKS_FOR, UtcDateTime()))
    close = update(Draft).where(Draft.public_id.in_(public_ids))
    changed = close.values({**CLOSED, "expires_at": kept_until, **also})
    session.execute(changed.execution_options(synchronize_session=False))


def delete_open_drafts(session: Session, which: ColumnElement[bool]) -> bool:
    """Delete those of these drafts that say something; return whether there were any. The caller commits.

    Their letters, if they still wait, go to nobody, and their links say that they have expired.
    """
    of_open = select(Draft.public_id).where(which, Draft.sealed.is_not(None))
    letters = select(OutboxRow.id).where(OutboxRow.draft_id.in_(of_open)).order_by(OutboxRow.id).with_for_update()
    session.execute(letters)
    ids = session.scalars(of_open.order_by(Draft.public_id).with_for_update()).all()
    session.execute(delete(Draft).where(is_one_of(Draft.public_id, ids)).execution_options(synchronize_session=False))
    return bool(ids)


def delete_again(public_id: bytes) -> bool:
    """Delete a draft that was sent on, in a database that was restored from before; return whether it said anything."""
    entry = find_draft(public_id)
    if entry is None or not _has_words(entry.draft):
        return False
    with transaction() as session:
        delete_open_drafts(session, Draft.public_id == public_id)
        enter(session, Change.DRAFT, public_id)
    return True


def signature_of_mailbox(session: Session, petition_id: int, email_key: bytes | None) -> Signature | None:
    """Return the signature that the mailbox with this key has in a petition; None if it has none."""
    same = (Signature.petition_id == petition_id) & (Signature.email_key == email_key)
    return session.scalars(select(Signature).where(same)).one_or_none()


def declined_mark(session: Session, draft: Draft) -> Declined | None:
    """Return the mark of a draft's mailbox that told us that it was not them; None if it did not."""
    return session.get(Declined, draft.email_key, populate_existing=True) if draft.email_key else None


def was_sent(now: datetime) -> ColumnElement[bool]:
    """Return the condition for drafts that a letter went out for and that can still be confirmed."""
    return Draft.code_hash.is_not(None) & (Draft.expires_at > now)


def locked_letters() -> Select[int]:
    """Select and lock the letters to the mailbox whose draft has the id that is bound in: they are locked first."""
    return select(OutboxRow.id).where(OutboxRow.draft_id.in_(_of_mailbox())).order_by(OutboxRow.id).with_for_update()


def locked_drafts() -> Select[bytes, datetime | None, bool]:
    """Select and lock the drafts of the mailbox whose draft has the id that is bound in; columns as in LockedDraft."""
    return (
        select(Draft.public_id, Draft.expires_at, Draft.sealed.is_not(None).label("is_open"))
        .where(Draft.public_id.in_(_of_mailbox()))
        .order_by(Draft.public_id)
        .with_for_update()
    )


def may_have_arrived(now: datetime) -> ColumnElement[bool]:
    """Return the condition for drafts as in `was_sent`, and for those whose letter was tried or is in hand right now.

    That one can be read before it is marked as sent.
    """
    return Draft.code_hash.is_not(None) & or_(Draft.expires_at.is_(None), Draft.expires_at > now)


def _has_words(draft: Draft) -> bool:
    """Tell whether it is neither closed nor an empty form, which is left of one that was sent on."""
    try:
        return draft.sealed is not None and signer_of(draft).name != ""
    except AlteredRow:
        return True


def _of_mailbox() -> Select[bytes]:
    """Select the ids of all drafts of the mailbox whose draft has the id that is bound in."""
    same = aliased(Draft)
    is_same = (same.petition_id == Draft.petition_id) & (same.email_key == Draft.email_key)
    return select(Draft.public_id).join(same, is_same).where(same.public_id == bindparam("this_draft"))


# Made once: making them takes longer than the database does.
_FIND = (
    select(Draft, Petition, PetitionText, PrivacyNotice)
    .join(Petition, Petition.id == Draft.petition_id)
    .join(PetitionText, PetitionText.id == Draft.text_id)
    .join(PrivacyNotice, PrivacyNotice.id == Draft.notice_id)
    .where(Draft.public_id == bindparam("this_draft"))
    .execution_options(populate_existing=True)
)
_LOCK_LETTERS = locked_letters()
_LOCK_DRAFTS = locked_drafts()
_DELETE = delete(cast(Table, Draft.__table__)).where(Draft.public_id == bindparam("this_draft"))
